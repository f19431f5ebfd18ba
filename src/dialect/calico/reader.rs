//! One walk over an object: what it collects, and the fields that several parts have.

use super::parse::{LONGEST, parse};
use super::selector::Expression;
use super::{LENIENT, SERVED, STORED};
use crate::diag::{Diagnostic, Severity};
use crate::dialect::metadata::{self, Metadata};
use crate::dialect::refusal::Quoted;
use crate::dialect::schema::{At, Schema};
use crate::yaml::{Object, Value};

/// Code of what only Calico's own validation refuses.
const REFUSED: &str = "calico";
/// Code of what is accepted and not modelled.
pub const CONDITION: &str = "calico-condition";

/// One walk over an object.
pub struct Reader<'a> {
    pub schema: Schema<'a>,
    /// Notes about what is accepted and not modelled.
    pub notes: Vec<Diagnostic>,
    pub object: &'a Object,
}

impl<'a> Reader<'a> {
    pub fn new(object: &'a Object) -> Self {
        Self {
            schema: Schema::new(object),
            notes: Vec::new(),
            object,
        }
    }

    /// Whether the object is one of the stored form, which reaches the agent without defaults (G12, G32).
    pub fn is_stored(&self) -> bool {
        self.object.group() == STORED.0
    }

    /// Reads what all objects have; its `spec`, if it has one.
    pub fn head(&mut self, namespaced: bool) -> Option<At<'a>> {
        let (group, version) = if self.is_stored() { STORED } else { SERVED };
        let served = format!("{group}/{version}");
        if self.object.api_version != served {
            let (kind, found) = (&self.object.kind, &self.object.api_version);
            let message = format!("{kind} is not served in `{found}`");
            let since = self.schema.out.found.len();
            let mark = self.object.node.mark;
            (self.schema.out).add("api-version", "apiVersion", mark, message);
            let help = format!("write `apiVersion: {served}`");
            self.schema.out.help(since, &help);
        }
        match metadata::read(&self.object.node) {
            Ok(metadata) if namespaced => metadata.validate(&mut self.schema.out),
            Ok(metadata) => Metadata::cluster_wide(metadata).validate(&mut self.schema.out),
            Err(error) => self.schema.out.undecodable(error),
        }
        let root = At {
            node: &self.object.node,
            path: String::new(),
        };
        self.get(&root, "spec")
            .filter(|at| self.schema.map(at).is_some())
    }

    /// What has been found, in this order: `strict`, refusals, notes.
    pub fn finish(mut self, mut strict: Vec<Diagnostic>) -> Vec<Diagnostic> {
        strict.append(&mut self.schema.out.found);
        strict.append(&mut self.notes);
        strict
    }

    /// Refuses what Calico's own validation does, for its reason.
    pub fn refuse(&mut self, at: &At, reason: impl Into<String>) {
        let mark = at.node.mark;
        (self.schema.out).add(REFUSED, &at.path, mark, reason.into());
    }

    /// Refuses a text, which is printed before the reason.
    pub fn invalid(&mut self, at: &At, text: &str, reason: &str) {
        self.refuse(at, format!("Invalid value: {}: {reason}", Quoted(text)));
    }

    /// A note about something that is accepted.
    pub fn note(&mut self, at: &At, severity: Severity, code: &'static str, message: &str) {
        let note = match severity {
            Severity::Warning => Diagnostic::warning(code, message),
            _ => Diagnostic::info(code, message),
        };
        let note = note.path(at.path.as_str());
        self.notes.push(self.object.about(note, at.node.mark));
    }

    /// A field; null is as if it were missing.
    pub fn get(&self, at: &At<'a>, key: &str) -> Option<At<'a>> {
        let found = self.schema.get(at, key);
        found.filter(|at| at.node.value != Value::Null)
    }

    /// The items of a list with at most `most`; none if it is missing.
    pub fn list(&mut self, at: &At<'a>, key: &str, most: usize) -> Vec<At<'a>> {
        let list = self.get(at, key);
        let items = list.map(|at| self.schema.list(&at, 0, most));
        items.unwrap_or_default()
    }

    /// A text; none if it is empty or missing.
    pub fn text(&mut self, at: &At<'a>, key: &str) -> Option<String> {
        let field = self.get(at, key)?;
        self.schema.text(&field).filter(|text| !text.is_empty())
    }

    /// Whether a field is true.
    pub fn is_true(&mut self, at: &At<'a>, key: &str) -> bool {
        let field = self.get(at, key);
        field.is_some_and(|at| self.schema.boolean(&at) == Some(true))
    }

    /// A selector; none if it is empty or missing.
    pub fn selector(&mut self, at: &At<'a>, key: &str) -> Option<Expression> {
        let field = self.get(at, key)?;
        let text = self.schema.short_text(&field, LONGEST)?;
        if text.is_empty() || text.chars().count() > LONGEST {
            return None;
        }
        match parse(&text) {
            Ok(expression) => Some(expression),
            Err(why) => {
                self.invalid(&field, &text, &format!("invalid selector: {why}"));
                None
            }
        }
    }

    /// Refuses a selector of blanks: it is valid, but the agent cannot combine it with another and drops the policy.
    pub fn refuse_blank(&mut self, at: &At<'a>, key: &str) {
        let field = self.get(at, key);
        let blank = field.filter(|at| {
            let text = at.node.as_str().unwrap_or_default();
            !text.is_empty() && text.trim_matches([' ', '\t']).is_empty()
        });
        if let Some(at) = blank {
            let since = self.schema.out.found.len();
            self.refuse(
                &at,
                "a blank selector passes Calico's validation, but Felix drops the whole policy, so that the pods may be open",
            );
            let help = "write `all()`, or leave it out";
            self.schema.out.help(since, help);
        }
    }

    /// Refuses `global()` in these selectors.
    pub fn refuse_global(&mut self, at: &At<'a>, keys: &[&str]) {
        let has_global = |key: &&str| {
            let text = at.node.get(key).and_then(|node| node.as_str());
            text.is_some_and(|text| text.contains("global()"))
        };
        if keys.iter().any(has_global) {
            let message = "global() can only be used in an EntityRule namespaceSelector";
            self.schema.refuse(at, message.to_owned());
        }
    }
}

/// Whether a diagnostic refuses an object.
pub fn is_fatal(diagnostic: &Diagnostic) -> bool {
    let lenient = LENIENT.contains(&diagnostic.code) || metadata::is_about(diagnostic);
    diagnostic.severity == Severity::Error && !lenient
}
