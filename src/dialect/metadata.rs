//! `metadata` of an object: parsed with source positions, validated as the API does.

use super::refusal::{Quoted, Refusals};
use super::selector::{self, Label};
use crate::diag::Diagnostic;
use crate::policy::names;
use crate::yaml::decode::{Decoded, Spanned, deep, spanned, string};
use crate::yaml::{Mark, Node};

/// The most bytes that the keys and values of all annotations may have.
const LONGEST_ANNOTATIONS: usize = 256 * 1024;

/// The most characters of a prefix that go into a name the API server generates.
const LONGEST_PREFIX: usize = 58;

/// The validated fields of `metadata`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// `name`.
    pub name: Option<Spanned<String>>,
    /// `generateName`.
    pub generate_name: Option<Spanned<String>>,
    /// `namespace`.
    pub namespace: Option<Spanned<String>>,
    /// `labels`.
    pub labels: Vec<Label>,
    /// `annotations`.
    pub annotations: Vec<Label>,
    /// Its position.
    pub mark: Mark,
}

/// Reads `metadata` of an object.
pub fn read(object: &Node) -> Decoded<Metadata> {
    let text = |key| deep(object, &["metadata", key], spanned(string));
    let labels = |key| deep(object, &["metadata", key], selector::labels);
    Ok(Metadata {
        name: text("name")?,
        generate_name: text("generateName")?,
        namespace: text("namespace")?,
        labels: labels("labels")?.unwrap_or_default(),
        annotations: labels("annotations")?.unwrap_or_default(),
        mark: object.get("metadata").unwrap_or(object).mark,
    })
}

impl Metadata {
    /// `metadata` of a cluster-wide object: a namespace is dropped before validation.
    pub fn cluster_wide(self) -> Self {
        Self {
            namespace: None,
            ..self
        }
    }

    /// Refuses what the API server does (V1, V20), in its order.
    pub fn validate(&self, out: &mut Refusals) {
        self.validate_names(out);
        selector::validate_labels(&self.labels, "metadata.labels", out);
        self.validate_annotations(out);
    }

    fn validate_names(&self, out: &mut Refusals) {
        let given = |text: &Option<Spanned<String>>| text.clone().filter(|t| !t.value.is_empty());
        let mut refuse = |path, text: &Spanned<String>, refused: &[String]| {
            out.invalid("V1", path, text.mark, Quoted(&text.value), refused);
        };
        let generate = given(&self.generate_name);
        if let Some(text) = &generate {
            let refused = names::subdomain(&masked(&text.value));
            refuse("metadata.generateName", text, &refused);
        }
        let generated = generate.map(|text| Spanned {
            value: generated(&text.value),
            mark: text.mark,
        });
        let name = given(&self.name).or(generated);
        if let Some(text) = &name {
            refuse("metadata.name", text, &names::subdomain(&text.value));
        }
        if let Some(text) = given(&self.namespace) {
            refuse("metadata.namespace", &text, &names::label(&text.value));
        }
        if name.is_none() {
            let message = "Required value: name or generateName is required";
            out.add("V1", "metadata.name", self.mark, message.into());
        }
    }

    fn validate_annotations(&self, out: &mut Refusals) {
        let path = "metadata.annotations";
        for annotation in &self.annotations {
            let refused = names::label_key(&annotation.key.to_ascii_lowercase());
            out.invalid(
                "V20",
                path,
                annotation.mark,
                Quoted(&annotation.key),
                &refused,
            );
        }
        let entries = self.annotations.iter();
        let bytes: usize = entries.map(|a| a.key.len() + a.value.len()).sum();
        if let Some(first) = self.annotations.first()
            && bytes > LONGEST_ANNOTATIONS
        {
            let message = format!("Too long: may not be more than {LONGEST_ANNOTATIONS} bytes");
            out.add("V20", path, first.mark, message);
        }
    }
}

/// Whether a refusal is one of [`Metadata::validate`], which leaves the meaning of the object clear.
pub fn is_about(refusal: &Diagnostic) -> bool {
    let path = refusal.path.as_deref().unwrap_or_default();
    path.starts_with("metadata.") && matches!(refusal.code, "V1" | "V20" | "V21")
}

/// A prefix as it is validated: a suffix follows, so it may end in a hyphen.
fn masked(prefix: &str) -> String {
    let mut masked = prefix.to_owned();
    if masked.chars().nth(1).is_some() && masked.ends_with('-') {
        masked.pop();
        masked.pop();
        masked.push('a');
    }
    masked
}

/// A name as the API server generates it from a prefix: the prefix, shortened to fit, and five characters.
fn generated(prefix: &str) -> String {
    let fits: String = prefix.chars().take(LONGEST_PREFIX).collect();
    fits + "xxxxx"
}
