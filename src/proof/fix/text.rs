//! Fixes for typos in an imported policy: a label close to one of the document, or a port or protocol that
//! differs from the drawn one. Only the word is changed.

use std::collections::{BTreeMap, BTreeSet};

use super::{Candidates, Fix, named};
use crate::diag::{self, Patch, apply};
use crate::model::dns::Resolver;
use crate::model::words::distance;
use crate::model::{Document, Edit, Flow, FlowPort, ImportedPolicy, Item, PolicyId, Thing};
use crate::sets::{Labels, Protocol};
use crate::yaml::{self, Entry, Mark, Node, Value};

/// Every change of one word, in the imported policies that cause the finding, that could resolve it.
pub(super) fn near_misses(candidates: &Candidates) -> Vec<Fix> {
    let known = Known::of(candidates);
    let kept = candidates.imported().into_iter();
    kept.flat_map(|(id, kept)| of_policy(id, kept, &known))
        .collect()
}

/// Labels and ports of the document.
struct Known {
    pod_labels: Vocabulary,
    namespace_labels: Vocabulary,
    ports: BTreeSet<(Protocol, u16)>,
}

type Vocabulary = BTreeMap<String, BTreeSet<String>>;

impl Known {
    fn of(candidates: &Candidates) -> Self {
        let document = candidates.document;
        let workloads = document.workloads.iter().map(|(_, w)| w.labels.clone());
        let namespaces = document
            .namespaces
            .ids()
            .map(|id| document.namespace_labels(id));
        Self {
            pod_labels: vocabulary(workloads),
            namespace_labels: vocabulary(namespaces),
            ports: ports(document, candidates),
        }
    }
}

fn vocabulary(all: impl Iterator<Item = Labels>) -> Vocabulary {
    let mut words = Vocabulary::new();
    for (key, value) in all.flatten() {
        words.entry(key).or_default().insert(value);
    }
    words
}

/// The ports of the flows that the finding is about, or else those of DNS and of all flows that end
/// where its witness does.
fn ports(document: &Document, candidates: &Candidates) -> BTreeSet<(Protocol, u16)> {
    let [_, to] = candidates.ends();
    let own = &candidates.finding.flows;
    let dns = Resolver::of(&document.settings.dns.profile).ports;
    let about = |id, flow: &Flow| match own.is_empty() {
        true => Some(&flow.to) == to.as_ref(),
        false => own.contains(&id),
    };
    let flows = document.flows.iter().filter(|(id, flow)| about(*id, flow));
    let drawn = flows.flat_map(|(_, flow)| &flow.ports);
    let all = drawn.chain(dns.iter().filter(|_| own.is_empty()));
    let numbers = all.filter_map(|port| match port {
        FlowPort::Range(protocol, first, last) if first == last => Some((*protocol, *first)),
        _ => None,
    });
    numbers.collect()
}

/// A word of the text that could be another.
struct Word {
    mark: Mark,
    old: String,
    new: String,
    /// The text before it: `app: `.
    before: String,
    /// Whether it is read as a number.
    number: bool,
}

fn of_policy(id: PolicyId, kept: &ImportedPolicy, known: &Known) -> Vec<Fix> {
    let parsed = yaml::parse(&kept.text);
    let mut words = Vec::new();
    for document in &parsed.documents {
        walk(&document.node, false, known, &mut words);
    }
    let change = |word: Word| {
        let range = word.mark.bytes();
        let old = kept.text.get(range.clone())?;
        let quote = ["\"", "'"]
            .into_iter()
            .find(|q| old.starts_with(q))
            .unwrap_or_default();
        // A scalar whose text differs from its value (an anchor, a block) is left alone.
        if old.trim_matches(['"', '\'']) != word.old {
            return None;
        }
        let new = match (quote, word.number) {
            ("", false) => yaml::write::scalar(&word.new).into_owned(),
            _ => format!("{quote}{}{quote}", word.new),
        };
        let before = word.before;
        let fix = diag::Fix {
            title: format!("Change `{before}{}` to `{before}{}`", word.old, word.new),
            file: kept.file.as_str().into(),
            patches: vec![Patch { range, text: new }],
        };
        let mut changed = kept.clone();
        changed.text = apply(&kept.text, &fix.patches)?;
        Some(named(
            fix.title,
            Edit::Change(Item::Policy(id), Thing::Policy(changed)),
        ))
    };
    words.into_iter().filter_map(change).collect()
}

/// Collects labels and ports at any depth; `namespaces`: under a namespaceSelector.
fn walk(node: &Node, namespaces: bool, known: &Known, words: &mut Vec<Word>) {
    match &node.value {
        Value::Map(map) => {
            for entry in &map.entries {
                let vocabulary = match namespaces {
                    true => &known.namespace_labels,
                    false => &known.pod_labels,
                };
                match entry.key.as_str() {
                    "matchLabels" => match_labels(&entry.value, vocabulary, words),
                    "matchExpressions" => expressions(&entry.value, vocabulary, words),
                    "ports" => ports_of(&entry.value, known, words),
                    "namespaceSelector" => walk(&entry.value, true, known, words),
                    "podSelector" => walk(&entry.value, false, known, words),
                    "metadata" => {}
                    _ => walk(&entry.value, namespaces, known, words),
                }
            }
        }
        Value::Seq(items) => {
            for item in items {
                walk(item, namespaces, known, words);
            }
        }
        _ => {}
    }
}

fn match_labels(node: &Node, known: &Vocabulary, words: &mut Vec<Word>) {
    let Value::Map(map) = &node.value else { return };
    for entry in &map.entries {
        let before = format!("{}: ", entry.key);
        match known.get(&entry.key) {
            Some(values) => values_near(&entry.value, &before, values, words),
            None => keys_near(entry, known, words),
        }
    }
}

fn expressions(node: &Node, known: &Vocabulary, words: &mut Vec<Word>) {
    for item in node.items().unwrap_or_default() {
        let Some(key) = item.get("key") else { continue };
        let Some(values) = key.as_str().and_then(|key| known.get(key)) else {
            near(key, "key: ", known.keys(), words);
            continue;
        };
        for value in item.get("values").and_then(Node::items).unwrap_or_default() {
            values_near(value, "", values, words);
        }
    }
}

/// A value that nothing in the document has may be a typo of one that something has.
fn values_near(node: &Node, before: &str, known: &BTreeSet<String>, words: &mut Vec<Word>) {
    if node.as_str().is_some_and(|text| !known.contains(text)) {
        near(node, before, known.iter(), words);
    }
}

fn keys_near(entry: &Entry, known: &Vocabulary, words: &mut Vec<Word>) {
    let node = Node {
        value: Value::String(entry.key.clone()),
        mark: entry.mark,
    };
    near(&node, "", known.keys(), words);
}

/// At most two letters apart, and with other letters in common.
fn near<'k>(
    node: &Node,
    before: &str,
    known: impl Iterator<Item = &'k String>,
    words: &mut Vec<Word>,
) {
    let Some(old) = node.as_str() else { return };
    let allowed = 2.min(old.chars().count().div_ceil(3));
    let mut close: Vec<(usize, &String)> = known
        .map(|known| (distance(old, known), known))
        .filter(|(far, _)| (1..=allowed).contains(far))
        .collect();
    close.sort();
    words.extend(close.into_iter().map(|(_, new)| Word {
        mark: node.mark,
        old: old.to_owned(),
        new: new.clone(),
        before: before.to_owned(),
        number: false,
    }));
}

/// A port that is not a drawn one, or the drawn one of another protocol.
fn ports_of(node: &Node, known: &Known, words: &mut Vec<Word>) {
    for item in node.items().unwrap_or_default() {
        let protocol = item.get("protocol");
        let of = protocol.and_then(Node::as_str).unwrap_or("TCP");
        let Some(port) = item.get("port") else {
            continue;
        };
        let Value::Number(number, text) = &port.value else {
            continue;
        };
        for (drawn, new) in &known.ports {
            let same = (*number - f64::from(*new)).abs() < 0.5;
            let (node, old, new, before) = match (same, drawn.name() == of, protocol) {
                (false, true, _) => (port, &**text, new.to_string(), "port: "),
                (true, false, Some(node)) => (node, of, drawn.name().to_owned(), "protocol: "),
                _ => continue,
            };
            words.push(Word {
                mark: node.mark,
                old: old.to_owned(),
                new,
                before: before.to_owned(),
                number: true,
            });
        }
    }
}
