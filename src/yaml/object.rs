//! A Kubernetes object: a document, or an item of a List, with its kind and name.

use std::sync::Arc;

use super::{Mark, Node};
use crate::diag::{Diagnostic, Span};

/// One Kubernetes object as it was written.
#[derive(Clone, Debug)]
pub struct Object {
    /// The file it is in.
    pub file: Arc<str>,
    /// `apiVersion`: `networking.k8s.io/v1`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.namespace`, if it is written.
    pub namespace: Option<String>,
    /// `metadata.name`, else one like `metadata.generateName`, else empty.
    pub name: String,
    /// The whole tree.
    pub node: Node,
    /// Its own text, comments included, an item of a list with the list's indentation removed; of
    /// policies and the objects that they name only, as no other text is stored verbatim.
    pub text: String,
}

impl Object {
    /// The API group: `networking.k8s.io`, empty for the core group.
    pub fn group(&self) -> &str {
        group_of(&self.api_version)
    }

    /// The span of a range of it.
    pub fn span(&self, mark: Mark) -> Span {
        mark.span(self.file.clone())
    }

    /// The span of the whole object.
    pub fn whole(&self) -> Span {
        self.span(self.node.mark)
    }

    /// Its namespace, `default` if none is written (W3).
    pub fn namespace_or_default(&self) -> &str {
        self.namespace.as_deref().unwrap_or("default")
    }

    /// How messages name it: `Deployment shop/web`, or `Namespace shop` for what has no namespace, `Deployment` without a name.
    pub fn title(&self) -> String {
        match &self.namespace {
            _ if self.name.is_empty() => self.kind.clone(),
            Some(namespace) => format!("{} {namespace}/{}", self.kind, self.name),
            None => format!("{} {}", self.kind, self.name),
        }
    }

    /// Adds to a diagnostic where it is and which object it is about.
    pub fn about(&self, diagnostic: Diagnostic, mark: Mark) -> Diagnostic {
        diagnostic.at(self.span(mark)).on(self.title())
    }
}

/// The API group of an apiVersion: `networking.k8s.io` of `networking.k8s.io/v1`, empty for the core group.
pub fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}
