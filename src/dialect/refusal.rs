//! Collects what the API server would refuse, in the form of its messages: `path: Type: value: detail`.

use std::fmt::{self, Display};

use crate::diag::{Change, Correction, Diagnostic, RENDER};
use crate::yaml::decode::TypeError;
use crate::yaml::{Mark, Object};

/// Refusals of one object.
#[derive(Debug)]
pub struct Refusals<'a> {
    object: &'a Object,
    /// What has been refused so far, in the API's order.
    pub found: Vec<Diagnostic>,
}

impl<'a> Refusals<'a> {
    /// Nothing refused yet.
    pub fn new(object: &'a Object) -> Self {
        let found = Vec::new();
        Self { object, found }
    }

    /// Refuses the field at `path`, written at `mark`.
    pub fn add(&mut self, code: &'static str, path: impl Display, mark: Mark, message: String) {
        let is_template = message.contains("{{");
        let mut diagnostic = Diagnostic::error(code, message).path(path.to_string());
        diagnostic.help = is_template.then(|| RENDER.to_owned());
        self.found.push(self.object.about(diagnostic, mark));
    }

    /// `Invalid value: "x": detail`, once for each detail.
    pub fn invalid(
        &mut self,
        code: &'static str,
        path: impl Display + Copy,
        mark: Mark,
        value: impl Display,
        details: &[String],
    ) {
        for detail in details {
            self.add(
                code,
                path,
                mark,
                format!("Invalid value: {value}: {detail}"),
            );
        }
    }

    /// Refuses a value of the wrong type (V22).
    pub fn undecodable(&mut self, error: TypeError) {
        let mut diagnostic = Diagnostic::error("V22", error.message).path(error.path);
        diagnostic.help = error.help;
        self.found.push(self.object.about(diagnostic, error.mark));
    }

    /// Adds to all refusals from index `since` on what certainly mends the value at `mark`.
    pub fn correct(&mut self, since: usize, mark: Mark, change: &Change) {
        for diagnostic in self.found.iter_mut().skip(since) {
            diagnostic.correction = Some(Box::new(Correction {
                node: (mark.start, mark.end),
                change: change.clone(),
            }));
        }
    }

    /// Adds help to all refusals from index `since` on.
    pub fn help(&mut self, since: usize, help: &str) {
        for diagnostic in self.found.iter_mut().skip(since) {
            diagnostic.help = Some(help.to_owned());
        }
    }

    /// The same for a word that is one of `known` if case does not matter, to which the API is strict.
    pub fn help_with_case(&mut self, since: usize, word: &str, known: &[&str]) {
        if let Some(meant) = known.iter().find(|k| k.eq_ignore_ascii_case(word)) {
            self.help(since, &format!("write `{meant}`"));
        }
    }
}

/// A text as the API prints it.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}
