//! Texts of workloads that may name what they connect to: environment variables, arguments, commands, and the ConfigMaps
//! that they read. Secrets are never read.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::config_files;
use super::{Found, Source};
use crate::diag::Span;
use crate::yaml::{Node, Object, Value};

/// One value that a workload is configured with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Namespace of the object that has the pod template.
    pub namespace: Arc<str>,
    /// Its kind.
    pub kind: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Equal for the values of one container, or of one file: host and port may be in two of them.
    pub group: usize,
    /// What it is: `env`, `args`, `ConfigMap shop/settings`.
    pub place: Arc<str>,
    /// The name of the variable, option or key; empty if it has none.
    pub key: String,
    /// The value, with `$(NAME)` replaced where the variable is known.
    pub text: String,
    /// The value in the manifest.
    pub span: Span,
    /// Whether it is in a file of a ConfigMap that is mounted.
    pub in_file: bool,
}

/// The values that workloads are configured with, in the order of the objects; `namespace` is that of objects that name
/// none.
pub fn mentions(found: &Found, sources: &[Source], namespace: Option<&str>) -> Vec<Mention> {
    let texts = sources.iter().map(|s| (&*s.name, s.text.as_str()));
    let mut reader = Reader {
        texts: texts.collect(),
        namespace: namespace.unwrap_or("default"),
        maps: BTreeMap::new(),
        group: 0,
        found: Vec::new(),
    };
    for object in &found.objects {
        if object.group().is_empty() && object.kind == "ConfigMap" {
            let key = (reader.namespace_of(object), object.name.as_str());
            reader.maps.insert(key, object);
        }
    }
    for object in &found.objects {
        if let Some(spec) = pod_spec(object) {
            reader.workload(object, spec);
        }
    }
    reader.found
}

/// The `spec` of a Pod, or of a pod template.
pub(super) fn pod_spec(object: &Object) -> Option<&Node> {
    let spec = object.node.get("spec")?;
    if object.group().is_empty() && object.kind == "Pod" {
        return Some(spec);
    }
    let job = spec.get("jobTemplate").and_then(|job| job.get("spec"));
    job.unwrap_or(spec).get("template")?.get("spec")
}

struct Reader<'a> {
    texts: BTreeMap<&'a str, &'a str>,
    namespace: &'a str,
    /// ConfigMaps by namespace and name.
    maps: BTreeMap<(&'a str, &'a str), &'a Object>,
    group: usize,
    found: Vec<Mention>,
}

/// The object whose pod template is read.
struct Owner<'a> {
    namespace: &'a str,
    kind: Arc<str>,
    name: Arc<str>,
}

/// A variable of a container.
struct Variable {
    place: Arc<str>,
    name: String,
    text: String,
    span: Span,
    in_file: bool,
}

impl<'a> Reader<'a> {
    fn namespace_of(&self, object: &'a Object) -> &'a str {
        object.namespace.as_deref().unwrap_or(self.namespace)
    }

    fn workload(&mut self, object: &'a Object, spec: &'a Node) {
        let owner = Owner {
            namespace: self.namespace_of(object),
            kind: object.kind.as_str().into(),
            name: object.name.as_str().into(),
        };
        for key in ["initContainers", "containers"] {
            for container in items(spec, key) {
                self.container(object, &owner, container);
            }
        }
        for volume in items(spec, "volumes") {
            let projected = volume.get("projected");
            let sources = projected.into_iter().flat_map(|p| items(p, "sources"));
            for source in std::iter::once(volume).chain(sources) {
                if let Some(map) = source.get("configMap") {
                    self.files(&owner, map);
                }
            }
        }
    }

    fn push(&mut self, owner: &Owner, variable: Variable) {
        self.found.push(Mention {
            namespace: owner.namespace.into(),
            kind: owner.kind.clone(),
            name: owner.name.clone(),
            group: self.group,
            place: variable.place,
            key: variable.name,
            text: variable.text,
            span: variable.span,
            in_file: variable.in_file,
        });
    }

    fn container(&mut self, object: &'a Object, owner: &Owner<'a>, container: &'a Node) {
        self.group += 1;
        let mut known: BTreeMap<String, String> = BTreeMap::new();
        for mut variable in self.variables(object, owner, container) {
            variable.text = expanded(&variable.text, &known);
            known.insert(variable.name.clone(), variable.text.clone());
            self.push(owner, variable);
        }
        for place in ["command", "args"] {
            // The option that the next word is the value of.
            let mut option = String::new();
            for word in items(container, place) {
                let Some(text) = scalar(word) else { continue };
                let text = expanded(&text, &known);
                let (name, value) = match text.split_once('=') {
                    Some((name, value)) if is_option(name) => (name, value),
                    _ => (option.as_str(), text.as_str()),
                };
                let variable = Variable {
                    place: place.into(),
                    name: name.to_owned(),
                    text: value.to_owned(),
                    span: object.span(word.mark),
                    in_file: false,
                };
                option = match text.starts_with('-') && !text.contains(['=', ' ']) {
                    true => text.clone(),
                    false => String::new(),
                };
                self.push(owner, variable);
            }
        }
    }

    /// The variables of a container whose values are in the manifests: those of `envFrom` first, as `env` replaces them.
    fn variables(&self, object: &Object, owner: &Owner, container: &Node) -> Vec<Variable> {
        let mut found: Vec<Variable> = Vec::new();
        for source in items(container, "envFrom") {
            let prefix = source.get("prefix").and_then(Node::as_str).unwrap_or("");
            for mut variable in self.of_map(owner, source.get("configMapRef")) {
                variable.name = format!("{prefix}{}", variable.name);
                // Of two sources with one name the last counts.
                found.retain(|earlier: &Variable| earlier.name != variable.name);
                found.push(variable);
            }
        }
        for entry in items(container, "env") {
            let Some(name) = entry.get("name").and_then(Node::as_str) else {
                continue;
            };
            found.retain(|earlier| earlier.name != name);
            if let Some(value) = entry.get("value") {
                found.extend(scalar(value).map(|text| Variable {
                    place: "env".into(),
                    name: name.to_owned(),
                    text,
                    span: object.span(value.mark),
                    in_file: false,
                }));
                continue;
            }
            let from = entry
                .get("valueFrom")
                .and_then(|v| v.get("configMapKeyRef"));
            let wanted = from.and_then(|from| from.get("key")).and_then(Node::as_str);
            let values = self.of_map(owner, from).into_iter();
            let one = values.filter(|value| Some(value.name.as_str()) == wanted);
            found.extend(one.map(|value| Variable {
                name: name.to_owned(),
                ..value
            }));
        }
        found
    }

    fn map(&self, owner: &Owner, reference: Option<&Node>) -> Option<&'a Object> {
        let name = reference?.get("name")?.as_str()?;
        self.maps.get(&(owner.namespace, name)).copied()
    }

    /// The keys of a ConfigMap as variables.
    fn of_map(&self, owner: &Owner, reference: Option<&Node>) -> Vec<Variable> {
        let Some(map) = self.map(owner, reference) else {
            return Vec::new();
        };
        let place: Arc<str> = format!("ConfigMap {}/{}", owner.namespace, map.name).into();
        let entries = data(map).filter_map(|(key, value)| {
            Some(Variable {
                place: place.clone(),
                name: key.to_owned(),
                text: scalar(value)?,
                span: map.span(value.mark),
                in_file: false,
            })
        });
        entries.collect()
    }

    /// The files of a ConfigMap that is mounted.
    fn files(&mut self, owner: &Owner, reference: &Node) {
        let Some(map) = self.map(owner, Some(reference)) else {
            return;
        };
        let chosen: Vec<&str> = items(reference, "items")
            .filter_map(|item| item.get("key")?.as_str())
            .collect();
        for (file, node) in data(map) {
            let Some(text) = scalar(node) else { continue };
            if !chosen.is_empty() && !chosen.contains(&file) {
                continue;
            }
            self.group += 1;
            let lines = self.lines(map, node, &text);
            let place = format!("ConfigMap {}/{} {file}", owner.namespace, map.name);
            let place: Arc<str> = place.into();
            for entry in config_files::entries(file, &text) {
                let mut span = map.span(node.mark);
                span.line += lines.get(entry.line).copied().unwrap_or(0);
                let variable = Variable {
                    place: place.clone(),
                    name: entry.key,
                    text: entry.value,
                    span,
                    in_file: true,
                };
                self.push(owner, variable);
            }
        }
    }

    /// For each line of a text how many lines below the beginning of its value it is written.
    fn lines(&self, object: &Object, node: &Node, text: &str) -> Vec<u32> {
        let source = self.texts.get(&*object.file);
        let raw = source.and_then(|source| source.get(node.mark.bytes()));
        let raw: Vec<&str> = raw.unwrap_or_default().lines().collect();
        let mut at = 0;
        let mut next = 0;
        let mut lost = raw.len() < 2;
        let each = text.lines().map(|line| {
            let wanted = line.trim();
            let mut rest = raw.iter().enumerate().skip(next);
            if !lost && !wanted.is_empty() {
                match rest.find(|(_, raw)| raw.contains(wanted)) {
                    Some((found, _)) => (at, next) = (found, found + 1),
                    None => lost = true,
                }
            }
            u32::try_from(at).unwrap_or(0)
        });
        each.collect()
    }
}

pub(super) fn items<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = &'a Node> {
    let list = node.get(key).and_then(Node::items);
    list.unwrap_or_default().iter()
}

/// The entries of `data`.
fn data(map: &Object) -> impl Iterator<Item = (&str, &Node)> {
    let entries = match map.node.get("data").map(|data| &data.value) {
        Some(Value::Map(map)) => map.entries.as_slice(),
        _ => &[],
    };
    entries.iter().map(|e| (e.key.as_str(), &e.value))
}

/// A scalar as text.
pub(super) fn scalar(node: &Node) -> Option<String> {
    match &node.value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_, text) | Value::Bool(_, text) => Some(text.to_string()),
        _ => None,
    }
}

/// Whether what is before `=` names an option or a variable.
fn is_option(name: &str) -> bool {
    let word = name.trim_start_matches('-');
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !word.is_empty() && word.chars().all(fits)
}

/// The text with `$(NAME)` replaced by the values of variables; unknown ones stay, `$$` is an escape.
fn expanded(text: &str, known: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let inner = after.strip_prefix('(').and_then(|a| a.split_once(')'));
        let value = inner.and_then(|(name, rest)| Some((known.get(name)?, rest)));
        if let Some((value, after)) = value {
            out.push_str(value);
            rest = after;
        } else if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else {
            out.push('$');
            rest = after;
        }
        // Values of values are bounded by the text that a manifest may hold.
        if out.len() > MAX_TEXT {
            return text.to_owned();
        }
    }
    out.push_str(rest);
    out
}

/// The longest text that variables are replaced in: the limit of a ConfigMap.
const MAX_TEXT: usize = 1 << 20;
