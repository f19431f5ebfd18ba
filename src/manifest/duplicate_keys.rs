//! Keys that a map has twice, in YAML or in JSON: refused with `fieldValidation=Strict`, otherwise the last one is
//! used (V23).

use std::collections::BTreeSet;

use super::kinds::{Kind, Template};
use crate::diag::{Diagnostic, Severity};
use crate::policy::Reading;
use crate::yaml::{Map, Mark, Node, Object, Path, Value};

/// What decides answers in a Pod.
const POD: &[&str] = &[
    "metadata",
    "spec.hostNetwork",
    "spec.dnsPolicy",
    "spec.dnsConfig",
    "spec.nodeName",
    "spec.serviceAccountName",
    "spec.containers.ports",
    "spec.initContainers.ports",
    "spec.initContainers.restartPolicy",
    "status",
];

/// What decides answers in the object that owns a template, beside that.
const OWNER: &[&str] = &[
    "metadata",
    "spec.selector",
    "spec.replicas",
    "spec.parallelism",
    "spec.suspend",
    "spec.jobTemplate.spec.parallelism",
    "spec.jobTemplate.spec.suspend",
];

/// The keys that an object has twice: errors where they decide answers, else warnings.
pub(super) fn duplicate_keys(object: &Object, kind: Kind) -> Vec<Diagnostic> {
    if !has_duplicates(&object.node) {
        return Vec::new();
    }
    let mut walk = Walk {
        path: Path::default(),
        seen: BTreeSet::new(),
        found: Vec::new(),
    };
    match &object.node.value {
        // Two objects in one document are reported as such.
        Value::Map(map) if joined(map).is_some() => walk.values(map),
        _ => walk.node(&object.node),
    }
    let about =
        |(path, mark): (Path, Mark)| object.about(duplicate(&path, severity(kind, &path)), mark);
    walk.found.into_iter().map(about).collect()
}

/// Whether a map at a node or below has a key twice.
fn has_duplicates(node: &Node) -> bool {
    match &node.value {
        Value::Map(map) => {
            let mut entries = map.entries.iter();
            !map.duplicates.is_empty() || entries.any(|entry| has_duplicates(&entry.value))
        }
        Value::Seq(items) => items.iter().any(has_duplicates),
        _ => false,
    }
}

/// The second `kind` or `apiVersion` of a map, which is that of another object.
pub(super) fn joined(map: &Map) -> Option<&(String, Mark)> {
    let mut again = map.duplicates.iter();
    again.find(|(key, _)| key == "kind" || key == "apiVersion")
}

/// A key that is written twice.
pub(super) fn duplicate(path: &Path, severity: Severity) -> Diagnostic {
    let path = path.to_string();
    let message = format!("duplicate field `{path}`; the last one is used");
    Diagnostic::new(severity, "V23", message)
        .path(path)
        .help("remove one of them")
}

fn severity(kind: Kind, path: &Path) -> Severity {
    let decides = match kind {
        Kind::Unknown | Kind::Misspelt(_) | Kind::OtherPolicy | Kind::PolicyMaker => false,
        Kind::Policy(policy) => !matches!(
            policy.reading,
            Reading::LeftOut(_) | Reading::LeftOutWith(_)
        ),
        Kind::Pod => POD.iter().any(|part| path.overlaps(part)),
        Kind::Owner(template) => {
            let at = match template {
                Template::CronJob => "spec.jobTemplate.spec.template",
                _ => "spec.template",
            };
            let mut in_pod = POD.iter().map(|part| format!("{at}.{part}"));
            OWNER.iter().any(|part| path.overlaps(part)) || in_pod.any(|part| path.overlaps(&part))
        }
        _ => true,
    };
    match decides {
        true => Severity::Error,
        false => Severity::Warning,
    }
}

struct Walk<'a> {
    path: Path<'a>,
    /// Aliases have what their anchors have, at the same places.
    seen: BTreeSet<Mark>,
    found: Vec<(Path<'a>, Mark)>,
}

impl<'a> Walk<'a> {
    fn node(&mut self, node: &'a Node) {
        match &node.value {
            Value::Map(map) => {
                for (key, mark) in &map.duplicates {
                    self.path.enter_field(key);
                    if self.seen.insert(*mark) {
                        self.found.push((self.path.clone(), *mark));
                    }
                    self.path.leave();
                }
                self.values(map);
            }
            Value::Seq(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.path.enter_item(index);
                    self.node(item);
                    self.path.leave();
                }
            }
            _ => {}
        }
    }

    fn values(&mut self, map: &'a Map) {
        for entry in &map.entries {
            self.path.enter_field(&entry.key);
            self.node(&entry.value);
            self.path.leave();
        }
    }
}
