//! One walk over an object: what it collects, and label selectors.

use crate::diag::Diagnostic;
use crate::dialect::schema::{At, Schema};
use crate::dialect::selector::{self, LabelSelector};
use crate::yaml::Object;

/// Code of what only the agent refuses.
pub const REFUSED: &str = "cilium";

/// One walk over an object.
pub struct Reader<'a> {
    pub clusterwide: bool,
    pub schema: Schema<'a>,
    /// Notes about what is accepted and not modelled.
    pub notes: Vec<Diagnostic>,
    pub object: &'a Object,
}

impl<'a> Reader<'a> {
    /// Refuses what the agent does not parse.
    pub fn refuse(&mut self, at: &At, message: String) {
        self.schema
            .out
            .add(REFUSED, &at.path, at.node.mark, message);
    }

    /// A note about something that is accepted.
    pub fn note(&mut self, at: &At, code: &'static str, message: &str) {
        let note = Diagnostic::info(code, message).path(at.path.as_str());
        self.notes.push(self.object.about(note, at.node.mark));
    }

    /// A label selector; keys may have the prefix of a source.
    pub fn selector(&mut self, at: &At<'a>) -> Option<LabelSelector> {
        let selector = self.schema.selector(at, "crd")?;
        self.validate(&selector, at);
        Some(selector)
    }

    fn validate(&mut self, selector: &LabelSelector, at: &At) {
        // The agent asks what the API server asks of selectors, with `.` in place of the `:` behind a source.
        let mut plain = selector.clone();
        let mut colons = Vec::new();
        let mut unprefixed = |key: &mut String, mark| {
            if let Some((source, rest)) = key.split_once(':') {
                if rest.contains(':') || rest.is_empty() || source.is_empty() {
                    colons.push((key.clone(), mark));
                }
                *key = rest.replace(':', ".");
            }
        };
        for label in &mut plain.labels {
            unprefixed(&mut label.key, label.mark);
        }
        for expression in &mut plain.expressions {
            let mark = expression.key.mark;
            unprefixed(&mut expression.key.value, mark);
        }
        for (key, mark) in colons {
            let message = format!(
                "invalid label selector: Invalid value: {key:?}: a valid label key only support ':' character as a source separator with non empty value"
            );
            self.schema.out.add(REFUSED, &at.path, mark, message);
        }
        let since = self.schema.out.found.len();
        selector::validate(&plain, at.path.as_str(), &mut self.schema.out);
        for refusal in self.schema.out.found.iter_mut().skip(since) {
            refusal.code = REFUSED;
            refusal.message = format!("invalid label selector: {}", refusal.message);
        }
    }
}
