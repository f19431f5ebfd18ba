//! Text is measured through a trait, so that the same layout serves the window and a file.

use super::tokens;

/// How a piece of text on the canvas is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextStyle {
    /// A node's or a namespace's name: sans, semibold.
    Title,
    /// A node's second line: mono.
    Label,
    /// Ports on an arrow: mono.
    Chip,
    /// Count and badges in a namespace's header: sans.
    Badge,
}

impl TextStyle {
    /// Size in points.
    pub fn size(self) -> f32 {
        match self {
            Self::Title => tokens::TEXT_NORMAL,
            Self::Label | Self::Chip | Self::Badge => tokens::TEXT_TINY,
        }
    }

    /// Whether it is set in the mono face.
    pub fn mono(self) -> bool {
        matches!(self, Self::Label | Self::Chip)
    }

    /// Whether it is set semibold.
    pub fn semibold(self) -> bool {
        matches!(self, Self::Title)
    }
}

/// Measures text.
pub trait Measure {
    /// Width of one line of text, in points.
    fn width(&self, text: &str, style: TextStyle) -> f32;
}

/// Measures without a font: close to Inter and JetBrains Mono, slightly too wide.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApproxMeasure;

impl Measure for ApproxMeasure {
    fn width(&self, text: &str, style: TextStyle) -> f32 {
        let em: f32 = text
            .chars()
            .map(|c| match c {
                _ if style.mono() => 0.6,
                'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.29,
                'f' | 'r' | 't' | ' ' | '(' | ')' | '[' | ']' | '/' => 0.38,
                'm' | 'w' | 'M' | 'W' | '@' => 0.88,
                'A'..='Z' | '0'..='9' => 0.68,
                c if !c.is_ascii() => 0.9,
                _ => 0.59,
            })
            .sum();
        em * style.size() * if style.semibold() { 1.04 } else { 1.0 }
    }
}

/// The text itself, or as much of its start as fits in `width`, followed by an ellipsis.
pub fn elide(text: &str, style: TextStyle, width: f32, measure: &dyn Measure) -> String {
    if measure.width(text, style) <= width {
        return text.to_string();
    }
    let chars: Vec<char> = text.chars().collect();
    let cut = |n: usize| chars.iter().take(n).chain(['…'].iter()).collect::<String>();
    let (mut low, mut high) = (0, chars.len());
    while low + 1 < high {
        let middle = (low + high) / 2;
        if measure.width(&cut(middle), style) <= width {
            low = middle;
        } else {
            high = middle;
        }
    }
    cut(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elided_text_fits_and_keeps_its_start() {
        let name = "recommendation-service-with-a-very-long-name";
        let short = elide(name, TextStyle::Title, 120.0, &ApproxMeasure);
        assert!(ApproxMeasure.width(&short, TextStyle::Title) <= 120.0);
        assert!(short.ends_with('…') && name.starts_with(short.trim_end_matches('…')));
        assert!(short.chars().count() > 10);
        assert_eq!(elide("web", TextStyle::Title, 120.0, &ApproxMeasure), "web");
    }
}
