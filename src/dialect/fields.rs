//! Unknown fields: refused with `fieldValidation=Strict`, otherwise dropped silently by the server (V23).

use crate::diag::{Change, Correction, Diagnostic, edit_distance};
use crate::yaml::{Entry, Map, Node, Object, Path, Value};

/// Which fields a value may have.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Anything: scalars, label maps, fields that are not checked.
    Any,
    /// These fields and no others.
    Fields(&'static [(&'static str, Shape)]),
    /// A list of these.
    List(&'static Shape),
}

/// `metadata` of every object.
pub const METADATA: Shape = Shape::Fields(&[
    ("name", Shape::Any),
    ("namespace", Shape::Any),
    ("labels", Shape::Any),
    ("annotations", Shape::Any),
    ("generateName", Shape::Any),
    ("creationTimestamp", Shape::Any),
    ("deletionGracePeriodSeconds", Shape::Any),
    ("deletionTimestamp", Shape::Any),
    ("finalizers", Shape::Any),
    ("generation", Shape::Any),
    ("managedFields", Shape::Any),
    ("ownerReferences", Shape::Any),
    ("resourceVersion", Shape::Any),
    ("selfLink", Shape::Any),
    ("uid", Shape::Any),
]);

/// A label selector.
pub const SELECTOR: Shape = Shape::Fields(&[
    ("matchLabels", Shape::Any),
    (
        "matchExpressions",
        Shape::List(&Shape::Fields(&[
            ("key", Shape::Any),
            ("operator", Shape::Any),
            ("values", Shape::Any),
        ])),
    ),
]);

/// Reports all unknown fields of an object.
pub fn strict(object: &Object, shape: Shape) -> Vec<Diagnostic> {
    let mut walk = Walk {
        object,
        path: Path::default(),
        out: Vec::new(),
    };
    walk.node(&object.node, shape);
    walk.out
}

struct Walk<'a> {
    object: &'a Object,
    /// That of the current node.
    path: Path<'a>,
    out: Vec<Diagnostic>,
}

impl<'a> Walk<'a> {
    fn node(&mut self, node: &'a Node, shape: Shape) {
        match &node.value {
            Value::Map(map) => self.map(map, shape),
            Value::Seq(items) => {
                let inner = match shape {
                    Shape::List(inner) => *inner,
                    _ => Shape::Any,
                };
                for (i, item) in items.iter().enumerate() {
                    self.path.enter_item(i);
                    self.node(item, inner);
                    self.path.leave();
                }
            }
            _ => {}
        }
    }

    fn map(&mut self, map: &'a Map, shape: Shape) {
        for entry in &map.entries {
            let known = match shape {
                Shape::Fields(fields) => fields.iter().find(|(name, _)| *name == entry.key),
                _ => Some(&("", Shape::Any)),
            };
            self.path.enter_field(&entry.key);
            match (known, shape) {
                (Some((_, inner)), _) => self.node(&entry.value, *inner),
                (None, Shape::Fields(fields)) => self.unknown(entry, fields),
                (None, _) => {}
            }
            self.path.leave();
        }
    }

    /// Reports the field of the current path, which is none of these.
    fn unknown(&mut self, entry: &Entry, fields: &[(&'static str, Shape)]) {
        let path = self.path.to_string();
        let message = format!("unknown field `{path}`; it is ignored");
        let mut diagnostic = Diagnostic::error("V23", message).path(path);
        diagnostic.help = meant(&entry.key, &entry.value, fields);
        let certain = certainly_meant(&entry.key, fields);
        diagnostic.correction = certain.map(|name| {
            Box::new(Correction {
                node: (entry.mark.start, entry.mark.end),
                change: Change::Rename(name.to_owned()),
            })
        });
        self.out.push(self.object.about(diagnostic, entry.mark));
    }
}

/// What to write in place of an unknown field: a similar name, or where the field belongs.
fn meant(key: &str, value: &Node, fields: &[(&'static str, Shape)]) -> Option<String> {
    let has = |name: &str| fields.iter().any(|(known, _)| *known == name);
    if let Some(name) = nearest(key, fields) {
        return Some(format!("did you mean `{name}`?"));
    }
    let peers = if has("to") { "to" } else { "from" };
    match key {
        "from" | "to" | "ports" if has("ipBlock") => Some(format!(
            "`{key}` belongs to a rule: make it a rule of its own, or move what is nested in it one level up"
        )),
        "podSelector" | "namespaceSelector" | "ipBlock" if has("ports") => Some(format!(
            "`{key}` belongs to a peer: put it into the list `{peers}`"
        )),
        "ports" if has("protocols") => Some("ports are listed in `protocols` here".to_owned()),
        "protocols" if has("ports") => Some("ports are listed in `ports` here".to_owned()),
        "to" if has("from") => Some("peers of an ingress rule are listed in `from`".to_owned()),
        "from" if has("to") => Some("peers of an egress rule are listed in `to`".to_owned()),
        _ if has("matchLabels") && is_scalar(value) => Some(format!(
            "labels go below `matchLabels`: `matchLabels: {{{key}: ...}}`"
        )),
        _ => None,
    }
}

/// The known field within an edit distance of two.
fn nearest(key: &str, fields: &[(&'static str, Shape)]) -> Option<&'static str> {
    let key = key.to_ascii_lowercase();
    let near = fields.iter().map(|(name, _)| {
        let distance = edit_distance(&key, &name.to_ascii_lowercase());
        (distance, *name)
    });
    near.min().filter(|(d, _)| *d <= 2).map(|(_, name)| name)
}

/// The only known field that is so near that nothing else can be meant.
fn certainly_meant(key: &str, fields: &[(&'static str, Shape)]) -> Option<&'static str> {
    let lower = key.to_ascii_lowercase();
    let most = usize::from(key.len() > 3) + usize::from(key.len() > 6);
    let distance = |name: &str| edit_distance(&lower, &name.to_ascii_lowercase());
    let mut near: Vec<_> = fields
        .iter()
        .map(|(name, _)| (distance(name), *name))
        .collect();
    near.sort_unstable();
    match near[..] {
        [(first, name), ref rest @ ..] => {
            let is_only = rest.first().is_none_or(|(second, _)| *second > first);
            (first <= most && is_only).then_some(name)
        }
        [] => None,
    }
}

fn is_scalar(node: &Node) -> bool {
    !matches!(node.value, Value::Map(_) | Value::Seq(_))
}
