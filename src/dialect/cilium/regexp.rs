//! What Go's `regexp` refuses, in its words.

use std::ops::Range;

/// The letters that may follow a backslash.
const ESCAPES: &str = "AbBCQEzdDsSwWpPafnrtvx";
/// The most that a repetition may count to.
const MOST: u32 = 1000;

/// Checks a regular expression; the error is that of `regexp.Compile`.
pub fn check(text: &str) -> Result<(), String> {
    let mut check = Check {
        text,
        at: 0,
        open: 0,
        repeatable: false,
    };
    let found = check.run();
    found.map_err(|(what, part)| format!("error parsing regexp: {what}: `{part}`"))
}

struct Check<'a> {
    text: &'a str,
    /// The place of the next character.
    at: usize,
    /// Open parentheses.
    open: usize,
    /// Whether something stands before, which a repetition can repeat.
    repeatable: bool,
}

/// What is wrong, and with which part of the text.
type Checked<'a> = Result<(), (&'static str, &'a str)>;

impl<'a> Check<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn run(&mut self) -> Checked<'a> {
        while let Some(c) = self.rest().chars().next() {
            if let Some(range) = self.repetition() {
                self.repeat(range)?;
                continue;
            }
            let from = self.at;
            self.at += c.len_utf8();
            self.repeatable = !matches!(c, '(' | '|');
            match c {
                '\\' => self.escape(from)?,
                '[' => self.class(from)?,
                '(' => self.group(from)?,
                ')' if self.open == 0 => return Err(("unexpected )", self.text)),
                ')' => self.open -= 1,
                _ => {}
            }
        }
        match self.open {
            0 => Ok(()),
            _ => Err(("missing closing )", self.text)),
        }
    }

    /// The repetition operator that comes next.
    fn repetition(&self) -> Option<Range<usize>> {
        let rest = self.rest();
        let length = match rest.chars().next()? {
            '*' | '+' | '?' => 1,
            '{' => {
                let inner = rest.get(1..rest.find('}')?)?;
                let (least, most) = inner.split_once(',').unwrap_or((inner, ""));
                let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
                let valid = !least.is_empty() && digits(least) && digits(most);
                valid.then_some(inner.len() + 2)?
            }
            _ => return None,
        };
        let lazy = rest.get(length..)?.starts_with('?');
        Some(self.at..self.at + length + usize::from(lazy))
    }

    fn repeat(&mut self, range: Range<usize>) -> Checked<'a> {
        let operator = self.text.get(range.clone()).unwrap_or_default();
        if !self.repeatable {
            let operator = operator.strip_suffix('?').filter(|o| !o.is_empty());
            let one = self.text.get(range).unwrap_or_default();
            return Err((
                "missing argument to repetition operator",
                operator.unwrap_or(one),
            ));
        }
        if let Some(counts) = operator.split(['{', '}']).nth(1) {
            let (least, most) = counts.split_once(',').unwrap_or((counts, counts));
            let number = |text: &str| text.parse().unwrap_or(u32::MAX);
            let (least, most) = (number(least), (!most.is_empty()).then(|| number(most)));
            if least > MOST || most.is_some_and(|most| most > MOST || most < least) {
                return Err(("invalid repeat count", operator));
            }
        }
        self.at = range.end;
        match self.repetition() {
            Some(next) => {
                let both = self.text.get(range.start..next.end).unwrap_or_default();
                Err(("invalid nested repetition operator", both))
            }
            None => Ok(()),
        }
    }

    fn escape(&mut self, from: usize) -> Checked<'a> {
        let Some(c) = self.rest().chars().next() else {
            return Err(("trailing backslash at end of expression", ""));
        };
        self.at += c.len_utf8();
        match c.is_ascii_alphabetic() && !ESCAPES.contains(c) {
            true => Err((
                "invalid escape sequence",
                self.text.get(from..self.at).unwrap_or_default(),
            )),
            false => Ok(()),
        }
    }

    /// A class of characters; a `]` in front is one of them.
    fn class(&mut self, from: usize) -> Checked<'a> {
        let rest = self.rest();
        let negated = usize::from(rest.starts_with('^'));
        let mut inner = rest.char_indices().skip(negated);
        let mut first = true;
        while let Some((at, c)) = inner.next() {
            match c {
                ']' if !first => {
                    self.at += at + 1;
                    return Ok(());
                }
                '\\' => drop(inner.next()),
                '[' if rest.get(at..).is_some_and(|r| r.starts_with("[:")) => {
                    let end = rest.get(at..).and_then(|r| r.find(":]")).unwrap_or(0);
                    let named = inner.by_ref().take_while(|(i, _)| *i <= at + end);
                    named.for_each(drop);
                }
                _ => {}
            }
            first = false;
        }
        let class = self.text.get(from..).unwrap_or_default();
        Err(("missing closing ]", class))
    }

    fn group(&mut self, from: usize) -> Checked<'a> {
        self.open += 1;
        let rest = self.rest();
        if rest.starts_with("?=") || rest.starts_with("?!") {
            let part = self.text.get(from..from + 3).unwrap_or_default();
            return Err(("invalid or unsupported Perl syntax", part));
        }
        if rest.starts_with('?') {
            // Flags or a name: up to what ends them.
            let end = rest.find([':', '>', ')']);
            let end = end.unwrap_or(rest.len());
            let closes = rest.get(end..).is_some_and(|r| r.starts_with(')'));
            self.at += end + usize::from(!closes && end < rest.len());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn expressions_are_refused_as_go_does() {
        for fine in [
            "",
            "/a.*",
            "GET|POST",
            "^/(a|b)?$",
            "[]a]+",
            "[^]]*?",
            "[[:alpha:]]{2,3}",
            "a{,3}",
            r"\(\d+\)",
            "(?i)x",
            "(?:ab)*",
            "(?P<n>a)+",
            r"[\]]",
            "a{2}?",
            "é+",
        ] {
            assert_eq!(check(fine), Ok(()), "{fine}");
        }
        for (text, want) in [
            ("a(", "missing closing ): `a(`"),
            ("a)", "unexpected ): `a)`"),
            ("x[a", "missing closing ]: `[a`"),
            ("*a", "missing argument to repetition operator: `*`"),
            ("(*a)", "missing argument to repetition operator: `*`"),
            ("a|?", "missing argument to repetition operator: `?`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("a\\", "trailing backslash at end of expression: ``"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("a{2,1}", "invalid repeat count: `{2,1}`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            (r"\y", "invalid escape sequence: `\\y`"),
        ] {
            let want = format!("error parsing regexp: {want}");
            assert_eq!(check(text), Err(want), "{text}");
        }
    }
}
