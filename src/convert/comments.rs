//! The comments in the text of a policy that stand above the whole of it or above a rule.

use crate::yaml::Object;

/// The lines of a policy's text.
pub(super) struct Comments<'a> {
    lines: Vec<&'a str>,
    /// Where the policy begins among them.
    start: usize,
    /// The line of its file at which it begins.
    first: u32,
}

impl<'a> Comments<'a> {
    pub fn of(object: &'a Object) -> Self {
        let lines: Vec<&str> = object.text.lines().map(str::trim).collect();
        let before = |line: &&&str| line.is_empty() || line.starts_with('#') || **line == "---";
        Self {
            start: lines.iter().take_while(before).count(),
            first: object.node.mark.line,
            lines,
        }
    }

    /// Those above the policy.
    pub fn head(&self) -> String {
        let before = self.lines.iter().take(self.start);
        let texts: Vec<&str> = before.filter_map(|line| comment(line)).collect();
        texts.join("\n")
    }

    /// Those right above a line of the file.
    pub fn above(&self, line: u32) -> Vec<String> {
        let Some(below) = line.checked_sub(self.first).filter(|below| *below > 0) else {
            return Vec::new();
        };
        let at = self.start.saturating_add(below as usize);
        let above = self.lines.get(..at).unwrap_or_default().iter().rev();
        let texts = above.map_while(|line| comment(line));
        let mut texts: Vec<String> = texts.map(str::to_owned).collect();
        texts.reverse();
        texts
    }
}

/// The text of a line that is a comment.
fn comment(line: &str) -> Option<&str> {
    let text = line.strip_prefix('#')?;
    Some(text.strip_prefix(' ').unwrap_or(text))
}
