//! Highlighting of YAML, a line at a time: keys, texts, numbers, comments. Made for policies; anything
//! else stays plain.

use egui::text::LayoutJob;
use egui::{FontId, TextFormat};

use super::theme::color;
use crate::scene::tokens::{Palette, Rgb};

/// Height of a line of text.
pub const LINE: f32 = 18.0;

/// A whole text, ready to be laid out.
pub fn text(text: &str, font: &FontId, palette: &Palette) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = f32::INFINITY;
    let format = |foreground: Rgb| TextFormat {
        line_height: Some(LINE),
        valign: egui::Align::Center,
        ..TextFormat::simple(font.clone(), color(foreground))
    };
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            job.append("\n", 0.0, format(palette.text));
        }
        for (text, foreground) in spans(line, palette) {
            job.append(text, 0.0, format(foreground));
        }
    }
    job
}

/// A line, ready to be laid out.
pub fn job(line: &str, font: &FontId, palette: &Palette) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = f32::INFINITY;
    job.break_on_newline = false;
    for (text, foreground) in spans(line, palette) {
        job.append(
            text,
            0.0,
            TextFormat::simple(font.clone(), color(foreground)),
        );
    }
    job
}

/// The parts of a line and their colours; together they are the line.
fn spans<'a>(line: &'a str, p: &Palette) -> Vec<(&'a str, Rgb)> {
    let body = line.trim_start();
    let mut spans = Vec::new();
    let mut rest = line;
    let mut take = |rest: &mut &'a str, length: usize, foreground: Rgb| {
        let (head, tail) = rest.split_at(length.min(rest.len()));
        if !head.is_empty() {
            spans.push((head, foreground));
        }
        *rest = tail;
    };
    take(&mut rest, line.len() - body.len(), p.text);
    if body.starts_with('#') || body == "---" {
        let all = rest.len();
        take(&mut rest, all, p.text_faint);
        return spans;
    }
    while rest.starts_with("- ") || rest == "-" {
        take(&mut rest, 2, p.text_secondary);
    }
    if let Some(colon) = key_end(rest) {
        take(&mut rest, colon, p.yaml_key);
        take(&mut rest, 1, p.text_secondary);
    }
    let comment = rest.find(" #").unwrap_or(rest.len());
    let value = rest[..comment].trim();
    let foreground = match value {
        "true" | "false" | "null" => p.yaml_number,
        _ if !value.is_empty() && value.parse::<f64>().is_ok() => p.yaml_number,
        _ => p.yaml_text,
    };
    take(&mut rest, comment, foreground);
    let all = rest.len();
    take(&mut rest, all, p.text_faint);
    spans
}

/// Where a key ends: at a colon before a space or at the end, outside quotes.
fn key_end(text: &str) -> Option<usize> {
    let mut quote = None;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), close) if open == *close => quote = None,
            (None, b':') if matches!(bytes.get(at + 1), None | Some(b' ')) => return Some(at),
            (None, b'#') => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::tokens::LIGHT;

    fn colors(line: &str) -> Vec<(&str, Rgb)> {
        let spans = spans(line, &LIGHT);
        let whole: String = spans.iter().map(|(text, _)| *text).collect();
        assert_eq!(whole, line);
        spans
    }

    #[test]
    fn keys_values_numbers_and_comments_have_their_colours() {
        let port = colors("    - port: 5050 # grpc");
        assert!(port.contains(&("port", LIGHT.yaml_key)));
        assert!(port.contains(&(" 5050", LIGHT.yaml_number)));
        assert!(port.contains(&(" # grpc", LIGHT.text_faint)));
        assert!(colors("# all").contains(&("# all", LIGHT.text_faint)));
        assert!(colors("  app: \"5050\"").contains(&(" \"5050\"", LIGHT.yaml_text)));
        assert!(colors("- Egress").contains(&("Egress", LIGHT.yaml_text)));
        assert!(colors("cidr: ::/0").contains(&(" ::/0", LIGHT.yaml_text)));
        assert!(colors("").is_empty());
    }
}
