//! One walk over an object: what it collects, and label selectors.

use super::selector::CLUSTER_NAME;
use crate::diag::Diagnostic;
use crate::dialect::refusal::Quoted;
use crate::dialect::schema::{At, Schema};
use crate::dialect::selector::{self, LabelSelector};
use crate::yaml::Object;

/// Code of what only the agent refuses.
pub const REFUSED: &str = "cilium";

const OPERATORS: [&str; 4] = ["In", "NotIn", "Exists", "DoesNotExist"];
const LABEL_VALUE: &str = "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$";
const LONGEST_VALUE: usize = 63;

/// One walk over an object.
pub struct Reader<'a> {
    pub clusterwide: bool,
    /// Whether the rule that is read applies to nodes.
    pub host: bool,
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

    /// Refuses a text that does not match the pattern of the schema.
    pub fn unmatched(&mut self, at: &At, text: &str, pattern: &str) {
        let detail = format!("{} in body should match '{pattern}'", at.path);
        self.schema.invalid(at, &Quoted(text), &detail);
    }

    /// A note about something that is accepted.
    pub fn note(&mut self, at: &At, code: &'static str, message: &str) {
        let note = Diagnostic::info(code, message).path(at.path.as_str());
        self.notes.push(self.object.about(note, at.node.mark));
    }

    /// The items of a list; none if there is no such field.
    pub fn items(&mut self, at: &At<'a>, key: &str, most: usize) -> Vec<At<'a>> {
        let list = self.schema.get(at, key);
        list.map_or_else(Vec::new, |list| self.schema.list(&list, 0, most))
    }

    /// A text that is not empty.
    pub fn filled(&mut self, at: &At<'a>, key: &str) -> Option<String> {
        let field = self.schema.get(at, key)?;
        self.schema.text(&field).filter(|text| !text.is_empty())
    }

    /// A Boolean.
    pub fn boolean(&mut self, at: &At<'a>, key: &str) -> Option<bool> {
        let field = self.schema.get(at, key)?;
        self.schema.boolean(&field)
    }

    /// The one of these fields that is used. The schema refuses none and several of them; the agent says why.
    pub fn exactly_one(
        &mut self,
        at: &At<'a>,
        keys: &[&'static str],
        [none, several]: [&str; 2],
    ) -> Option<(&'static str, At<'a>)> {
        self.schema.map(at)?;
        let used = keys.iter().filter_map(|key| {
            let field = self.schema.get(at, key)?;
            Some((*key, field))
        });
        let mut used: Vec<_> = used.collect();
        let since = self.schema.out.found.len();
        match (used.len(), keys.first()) {
            (1, _) => return used.pop(),
            (0, Some(first)) => {
                self.schema.required(at, first);
                self.schema.out.help(since, none);
            }
            (count, _) => {
                let detail = format!(
                    "\"{}\" must validate one and only one schema (oneOf). Found {count} valid alternatives",
                    at.path
                );
                self.schema.invalid(at, &Quoted(""), &detail);
                self.schema.out.help(since, several);
            }
        }
        None
    }

    /// A label selector; keys may have the prefix of a source.
    pub fn selector(&mut self, at: &At<'a>) -> Option<LabelSelector> {
        let since = self.schema.out.found.len();
        self.selector_schema(at);
        if self.schema.out.found.len() > since {
            return None;
        }
        let selector = self.schema.selector(at, "crd")?;
        self.validate(&selector, at);
        self.other_clusters(&selector, at);
        Some(selector)
    }

    /// Reports the names of clusters that are not the assumed one (C26).
    fn other_clusters(&mut self, selector: &LabelSelector, at: &At) {
        for (name, mark) in super::selector::other_clusters(selector) {
            let message = format!(
                "this cluster is assumed to be called `{CLUSTER_NAME}`, so none of its pods are in the cluster `{name}`"
            );
            let note = Diagnostic::warning("C26", message)
                .path(at.path.as_str())
                .help("if that is the name of this cluster, remove the label: without it the local cluster is meant");
            self.notes.push(self.object.about(note, mark));
        }
    }

    /// What the schema refuses in a selector.
    fn selector_schema(&mut self, at: &At<'a>) {
        self.schema.map(at);
        if let Some(labels) = self.schema.get(at, "matchLabels") {
            for key in self.schema.map(&labels).unwrap_or_default() {
                if let Some(value) = self.schema.get(&labels, key) {
                    self.label_value(&value);
                }
            }
        }
        for expression in self.items(at, "matchExpressions", usize::MAX) {
            let key = self.schema.required(&expression, "key");
            key.map(|at| self.schema.text(&at));
            let operator = self.schema.required(&expression, "operator");
            operator.map(|at| self.schema.word(&at, &OPERATORS));
            for value in self.items(&expression, "values", usize::MAX) {
                self.schema.text(&value);
            }
        }
    }

    fn label_value(&mut self, at: &At) {
        let Some(text) = self.schema.short_text(at, LONGEST_VALUE) else {
            return;
        };
        let inner = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        let edge = |b: Option<u8>| b.is_none_or(|b| b.is_ascii_alphanumeric());
        let (first, last) = (text.bytes().next(), text.bytes().last());
        if !(text.bytes().all(inner) && edge(first) && edge(last)) {
            self.unmatched(at, &text, LABEL_VALUE);
        }
    }

    /// What the agent refuses of that.
    fn validate(&mut self, selector: &LabelSelector, at: &At) {
        // The agent asks what the API server asks of selectors, with `.` in place of the `:` behind a source.
        let mut plain = selector.clone();
        let mut colons = Vec::new();
        let mut unprefixed = |key: &mut String, mark, path: String| {
            if let Some((source, rest)) = key.split_once(':') {
                if rest.contains(':') || rest.is_empty() || source.is_empty() {
                    colons.push((key.clone(), mark, path));
                }
                *key = rest.replace(':', ".");
            }
        };
        for label in &mut plain.labels {
            let path = format!("{}.matchLabels", at.path);
            unprefixed(&mut label.key, label.mark, path);
        }
        for (i, expression) in plain.expressions.iter_mut().enumerate() {
            let path = format!("{}.matchExpressions[{i}].key", at.path);
            let mark = expression.key.mark;
            unprefixed(&mut expression.key.value, mark, path);
        }
        let since = self.schema.out.found.len();
        for (key, mark, path) in colons {
            let message = format!(
                "Invalid value: {key:?}: a valid label key only support ':' character as a source separator with non empty value"
            );
            self.schema.out.add(REFUSED, path, mark, message);
        }
        selector::validate(&plain, at.path.as_str(), &mut self.schema.out);
        for refusal in self.schema.out.found.iter_mut().skip(since) {
            refusal.code = REFUSED;
            refusal.message = format!("invalid label selector: {}", refusal.message);
        }
    }
}
