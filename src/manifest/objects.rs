//! Texts to single objects: documents, Lists flattened, everything else skipped.

use rayon::prelude::*;

use super::kinds::{self, Kind};
use super::{Source, duplicate_keys};
use crate::diag::{Diagnostic, RENDER, Severity, edit_distance};
use crate::policy;
use crate::yaml::decode::{self, deep};
use crate::yaml::{self, Map, Mark, Node, Object, Path, Problem, Value};

/// Lists in lists deeper than this are not read.
const MAX_LISTS: usize = 8;

/// What the texts contain.
#[derive(Default)]
pub(super) struct Objects {
    /// The objects of all sources, in order.
    pub objects: Vec<Object>,
    /// Those without a name, a namespace or a kind that can be read, and why.
    pub unreadable: Vec<(Object, Diagnostic)>,
    /// How many objects there are, lists and Secrets included.
    pub found: usize,
    /// About the rest.
    pub diagnostics: Vec<Diagnostic>,
}

/// The objects of all sources, in order, and diagnostics about the rest.
pub(super) fn objects(sources: &[Source], policies: &[policy::Kind]) -> Objects {
    let parts: Vec<_> = sources
        .par_iter()
        .with_max_len(1)
        .map(|source| of_source(source, policies))
        .collect();
    let mut all = Objects::default();
    for part in parts {
        all.objects.extend(part.objects);
        all.unreadable.extend(part.unreadable);
        all.found += part.found;
        all.diagnostics.extend(part.diagnostics);
    }
    all
}

fn of_source(source: &Source, policies: &[policy::Kind]) -> Objects {
    let parsed = yaml::parse(&source.text);
    let mut reader = Reader {
        source,
        policies,
        objects: Vec::new(),
        unreadable: Vec::new(),
        found: 0,
        diagnostics: Vec::new(),
    };
    for document in parsed.documents {
        let text = source.text.get(document.range).unwrap_or_default();
        reader.document(document.node, text);
    }
    reader
        .diagnostics
        .extend(parsed.problems.into_iter().map(|p| problem(source, p)));
    Objects {
        objects: reader.objects,
        unreadable: reader.unreadable,
        found: reader.found,
        diagnostics: reader.diagnostics,
    }
}

/// The key of the objects that a list holds; none for what is no list.
fn list_key(node: &Node, api_version: &str, kind: &str) -> Option<&'static str> {
    let named = || {
        node.get("metadata")
            .is_some_and(|m| m.get("name").is_some())
    };
    let template = kind == "Template" && api_version.starts_with("template.openshift.io/");
    match kind.ends_with("List") {
        _ if template => Some("objects"),
        // A named object without items is no list, whatever its kind is called.
        true if kind == "List" || node.get("items").is_some() || !named() => Some("items"),
        _ => None,
    }
}

fn problem(source: &Source, problem: Problem) -> Diagnostic {
    let span = problem.mark.span(source.name.clone());
    let skipped = match problem.fatal {
        true => "the rest of this file is not read",
        false => "this document is skipped",
    };
    let what = match problem.template {
        // In backticks, so that all templates are one kind of mistake, wherever their YAML ends.
        true => format!(
            "a template is no YAML: `{}`",
            problem.message.replace('`', "'")
        ),
        false => problem.message,
    };
    let diagnostic = Diagnostic::error("syntax", format!("{what}; {skipped}")).at(span);
    if problem.template {
        return diagnostic.help(RENDER);
    }
    // A mark before the first character of a line that begins with a tab may be on the line before.
    let near = source.text.get(problem.mark.bytes().start..);
    let line = near.and_then(|text| text.trim_start_matches('\n').lines().next());
    match line.is_some_and(|line| line.trim_start_matches(' ').starts_with('\t')) {
        true => diagnostic.help("indent with spaces: YAML allows no tabs there"),
        false => diagnostic,
    }
}

/// The kind and API version of a typed list's items, where they have none of their own.
#[derive(Clone, Copy, Default)]
struct Inherited<'a> {
    api_version: Option<&'a str>,
    kind: Option<&'a str>,
}

struct Reader<'a> {
    source: &'a Source,
    policies: &'a [policy::Kind],
    objects: Vec<Object>,
    unreadable: Vec<(Object, Diagnostic)>,
    found: usize,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn report(&mut self, diagnostic: Diagnostic, mark: Mark) {
        let span = mark.span(self.source.name.clone());
        self.diagnostics.push(diagnostic.at(span));
    }

    fn document(&mut self, node: Node, text: &str) {
        if let Some(format) = node.get("format").and_then(Node::as_str)
            && format.starts_with("drawbridge/")
        {
            let note = Diagnostic::info(
                "project-file",
                "a Drawbridge project is not a manifest: skipped",
            )
            .help("open it alone");
            return self.report(note, node.mark);
        }
        self.node(node, text, Inherited::default(), 0);
    }

    /// Two objects in one map, as when files are joined without `---`: only the last keys are used (V23).
    fn joined(&mut self, node: &Node, lists: usize) {
        let Value::Map(map) = &node.value else { return };
        let Some((key, mark)) = duplicate_keys::joined(map) else {
            return;
        };
        let (whole, help) = match lists {
            0 => ("document", "put a line `---` between two objects"),
            _ => ("item", "make two objects two items of the list"),
        };
        let message = format!("duplicate key `{key}` in one {whole}: the earlier value is lost");
        self.report(Diagnostic::error("V23", message).help(help), *mark);
    }

    /// Keys that a list has twice, of which only the last is used (V23).
    fn duplicates_of_list(&mut self, map: &Map) {
        if duplicate_keys::joined(map).is_some() {
            return;
        }
        for (key, mark) in &map.duplicates {
            let mut path = Path::default();
            path.enter_field(key);
            let duplicate = duplicate_keys::duplicate(&path, Severity::Error);
            self.report(duplicate, *mark);
        }
    }

    fn node(&mut self, node: Node, text: &str, inherited: Inherited, lists: usize) {
        if let (Value::Seq(_), 0) = (&node.value, lists) {
            return self.items(node, inherited, lists);
        }
        if matches!(node.value, Value::Seq(_)) {
            let message = "a list within a list is not a Kubernetes object: skipped";
            let problem = Diagnostic::error("decode", message);
            return self.report(
                problem.help("write its items into the outer list"),
                node.mark,
            );
        }
        if !matches!(node.value, Value::Map(_)) {
            let what = node.value.what();
            let message = format!("{what} is not a Kubernetes object: skipped");
            let note = Diagnostic::info("not-an-object", message);
            return self.report(note, node.mark);
        }
        self.joined(&node, lists);
        let word = |key: &str| node.get(key).and_then(Node::as_str);
        let api_version = word("apiVersion")
            .or(inherited.api_version)
            .map(str::to_owned);
        let kind = word("kind").or(inherited.kind).map(str::to_owned);
        match (api_version, kind) {
            (Some(api_version), Some(kind)) => {
                let list = list_key(&node, &api_version, &kind);
                if list.is_some() && lists >= MAX_LISTS {
                    let message = format!("lists nested more than {MAX_LISTS} deep: skipped");
                    let help = "put the items into one list";
                    let nested = Diagnostic::error("nested-lists", message).help(help);
                    self.report(nested, node.mark);
                } else if let Some(key) = list {
                    self.list(node, (&api_version, &kind), key, lists);
                } else {
                    self.object(node, text, api_version, kind);
                }
            }
            (None, None) => {
                let message = "a document with neither apiVersion nor kind is not a Kubernetes object: skipped";
                self.report(Diagnostic::info("not-an-object", message), node.mark);
            }
            (None, Some(kind)) if kind.ends_with("NetworkPolicy") => {
                self.object(node, text, String::new(), kind);
            }
            (None, Some(kind)) => {
                let message = format!("`{kind}` has no apiVersion: skipped");
                let help = "write apiVersion, as in `apiVersion: apps/v1`";
                self.report(
                    Diagnostic::error("no-api-version", message).help(help),
                    node.mark,
                );
            }
            (Some(_), None) => {
                let message = "the document has no kind: skipped";
                let help = "write kind, as in `kind: Deployment`";
                self.report(Diagnostic::error("no-kind", message).help(help), node.mark);
            }
        }
    }

    fn list(&mut self, node: Node, (api_version, kind): (&str, &str), key: &str, lists: usize) {
        self.found += 1;
        let mark = node.mark;
        let Value::Map(map) = node.value else { return };
        self.duplicates_of_list(&map);
        let keys: Vec<String> = map.entries.iter().map(|e| e.key.clone()).collect();
        let items = map.entries.into_iter().find(|e| e.key == key);
        let Some(items) = items.map(|e| e.value) else {
            let near = keys.iter().find(|other| edit_distance(other, key) <= 2);
            let help = near.map(|other| format!("write `{key}` instead of `{other}`"));
            let problem = Diagnostic::error("decode", format!("this {kind} has no `{key}`"));
            let help = help.unwrap_or_else(|| format!("write `{key}: []` if it is empty"));
            return self.report(problem.help(help), mark);
        };
        if kind == "Template" && keys.iter().any(|key| key == "parameters") {
            let message = "the parameters of this Template are not filled in: its objects are read as they are written";
            let help =
                "fill them in and read the result: `oc process --local -f FILE -o yaml > all.yaml`";
            self.report(Diagnostic::info("parameters", message).help(help), mark);
        }
        let typed = kind.strip_suffix("List").filter(|k| !k.is_empty());
        let inherited = match typed {
            Some(_) => Inherited {
                api_version: Some(api_version),
                kind: typed,
            },
            None => Inherited::default(),
        };
        if !matches!(items.value, Value::Seq(_) | Value::Null) {
            let message = format!("`{key}` of a {kind} is not a list: skipped");
            return self.report(Diagnostic::error("decode", message).path(key), items.mark);
        }
        self.items(items, inherited, lists);
    }

    fn items(&mut self, items: Node, inherited: Inherited, lists: usize) {
        let Value::Seq(items) = items.value else {
            return;
        };
        for item in items {
            if item.value != Value::Null {
                let text = self.item_text(&item);
                self.node(item, &text, inherited, lists + 1);
            }
        }
    }

    /// The text of an item of a list, without the list's indentation.
    fn item_text(&self, item: &Node) -> String {
        let text = self.source.text.get(item.mark.bytes()).unwrap_or_default();
        let indent = item.mark.column.saturating_sub(1) as usize;
        let mut lines = text.split('\n');
        let mut out = lines.next().unwrap_or_default().to_owned();
        for line in lines {
            let blank = line.bytes().take_while(|b| *b == b' ').count();
            out.push('\n');
            out.push_str(line.get(blank.min(indent)..).unwrap_or_default());
        }
        if !out.ends_with('\n') {
            out.push('\n');
        }
        out
    }

    fn object(&mut self, node: Node, text: &str, api_version: String, kind: String) {
        self.found += 1;
        if kind == "Secret" {
            return;
        }
        let mut object = Object {
            file: self.source.name.clone(),
            api_version,
            kind,
            namespace: None,
            name: String::new(),
            text: String::new(),
            node,
        };
        if let Err(problem) = name(&mut object) {
            return self.unreadable.push((object, *problem));
        }
        // Which enforcer judges it may not be known yet.
        if matches!(kinds::of(&object, self.policies), Kind::Policy(_)) {
            text.clone_into(&mut object.text);
        }
        self.objects.push(object);
    }
}

/// Reads the name and the namespace of an object. Err: why it cannot be used, which is a mistake where something depends
/// on its kind.
fn name(object: &mut Object) -> Result<(), Box<Diagnostic>> {
    let word = |key: &str| deep(&object.node, &["metadata", key], decode::string);
    let words = word("name").and_then(|name| Ok((name, word("generateName")?, word("namespace")?)));
    let kind = &object.kind;
    let (name, generate, namespace) = words.map_err(|error| {
        let message = format!("{}; this {kind} is skipped", error.message);
        let mut problem = Diagnostic::error("V22", message).path(error.path);
        problem.help = error.help;
        Box::new(problem.on(kind.as_str()).at(object.span(error.mark)))
    })?;
    let given = |word: Option<String>| word.filter(|w| !w.is_empty());
    let name = given(name).or(given(generate)).unwrap_or_default();
    let namespace = given(namespace);
    let templated = |text: &str| text.contains("{{");
    if templated(&name) || templated(kind) || namespace.as_deref().is_some_and(templated) {
        let message = format!("{kind} `{name}` is a template, not an object: skipped");
        let problem = Diagnostic::error("template", message).help(RENDER);
        return Err(Box::new(problem.at(object.span(object.node.mark))));
    }
    (object.name, object.namespace) = (name, namespace);
    Ok(())
}
