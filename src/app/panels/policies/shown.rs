//! Which policies are shown, as lines; made again only when something about it changes.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Scope;
use crate::engine::{Results, Role, Written};
use crate::model::{Document, FlowId, Item, NamespaceId, NodeRef};
use crate::policy::Direction;

/// One policy that is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownPolicy {
    /// `NAMESPACE/NAME`.
    pub key: String,
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// The flows that it carries.
    pub flows: Vec<FlowId>,
}

/// One line of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The text.
    pub text: String,
    /// The policy it belongs to; none for the line between two.
    pub key: Option<Arc<str>>,
    /// The flows that it carries.
    pub flows: Vec<FlowId>,
}

impl Line {
    /// Whether it carries one of these flows.
    pub fn is_of(&self, flows: &[FlowId]) -> bool {
        self.flows.iter().any(|flow| flows.contains(flow))
    }

    /// Whether it belongs to that policy.
    pub fn is_in(&self, key: &Option<String>) -> bool {
        self.key.as_deref() == key.as_deref()
    }
}

/// What is shown, and what it was made for.
#[derive(Default)]
pub struct Shown {
    /// The policies.
    pub policies: Vec<ShownPolicy>,
    /// Their lines.
    pub lines: Vec<Line>,
    /// The flows that the selection is about; empty: all.
    pub about: BTreeSet<FlowId>,
    made_for: Option<(u64, Scope, Vec<Item>)>,
}

impl Shown {
    /// Makes it again if needed; says whether the choice of policies is another one.
    pub fn keep(
        &mut self,
        document: &Document,
        results: &Results,
        number: u64,
        selection: &BTreeSet<Item>,
        scope: Scope,
    ) -> bool {
        let wish = (number, scope, selection.iter().copied().collect::<Vec<_>>());
        if self.made_for.as_ref() == Some(&wish) {
            return false;
        }
        let other = self
            .made_for
            .as_ref()
            .is_none_or(|had| (had.1, &had.2) != (wish.1, &wish.2));
        *self = shown(document, results, selection, scope);
        self.made_for = Some(wish);
        other
    }

    /// The first line of a policy.
    pub fn position(&self, key: &str) -> Option<usize> {
        self.lines
            .iter()
            .position(|line| line.key.as_deref() == Some(key))
    }

    /// As one text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            text.push_str(&line.text);
            text.push('\n');
        }
        text
    }
}

/// The policies of a scope.
pub fn shown(
    document: &Document,
    results: &Results,
    selection: &BTreeSet<Item>,
    scope: Scope,
) -> Shown {
    let mut shown = Shown::default();
    let everything = selection.is_empty() || scope == Scope::Everything;
    let about = About::new(document, selection, scope);
    if !everything {
        shown.about = about.flows.clone();
    }
    let mut written: Vec<&Written> = results
        .generated
        .policies
        .iter()
        .filter(|policy| everything || about.has(policy))
        .collect();
    if scope == Scope::Selection && !selection.is_empty() {
        // What was drawn comes first; what holds for the whole namespace after it.
        written.sort_by_key(|policy| {
            let base = matches!(policy.role, Role::Base | Role::Dns);
            let own = policy
                .workloads
                .iter()
                .any(|id| about.workloads.contains(id));
            let ingress = !policy.directions.contains(&Direction::Egress);
            (base, !own, ingress)
        });
    }
    for policy in written {
        shown.add(
            policy.namespace.clone(),
            policy.name.clone(),
            policy.flows.clone(),
            &policy.text,
            |line| {
                let of = policy
                    .lines
                    .iter()
                    .filter(|(lines, _)| lines.contains(&line));
                of.map(|(_, flow)| *flow).collect()
            },
        );
    }
    for (id, policy) in document.policies.iter() {
        let name = document.policy_name(id);
        let namespace = policy
            .identity()
            .and_then(|identity| identity.namespace)
            .unwrap_or_default();
        let wanted = everything
            || selection.contains(&Item::Policy(id))
            || (scope == Scope::Namespace && about.names.contains(&namespace));
        if wanted {
            shown.add(namespace, name, Vec::new(), &policy.text, |_| Vec::new());
        }
    }
    shown
}

impl Shown {
    fn add(
        &mut self,
        namespace: String,
        name: String,
        flows: Vec<FlowId>,
        text: &str,
        flows_of: impl Fn(u32) -> Vec<FlowId>,
    ) {
        if !self.lines.is_empty() {
            self.lines.push(Line {
                text: "---".into(),
                key: None,
                flows: Vec::new(),
            });
        }
        let key = format!("{namespace}/{name}");
        let shared: Arc<str> = key.as_str().into();
        let lines = (1u32..).zip(text.lines()).map(|(number, line)| Line {
            text: line.to_owned(),
            key: Some(Arc::clone(&shared)),
            flows: flows_of(number),
        });
        self.lines.extend(lines);
        self.policies.push(ShownPolicy {
            key,
            namespace,
            name,
            flows,
        });
    }
}

/// What a selection is about.
struct About {
    flows: BTreeSet<FlowId>,
    workloads: BTreeSet<crate::model::WorkloadId>,
    namespaces: BTreeSet<NamespaceId>,
    names: BTreeSet<String>,
    whole: bool,
}

impl About {
    fn new(document: &Document, selection: &BTreeSet<Item>, scope: Scope) -> Self {
        let mut about = Self {
            flows: BTreeSet::new(),
            workloads: BTreeSet::new(),
            namespaces: BTreeSet::new(),
            names: BTreeSet::new(),
            whole: scope == Scope::Namespace,
        };
        for item in selection {
            about.take(document, *item);
        }
        let names = about
            .namespaces
            .iter()
            .map(|id| document.node_name(NodeRef::Namespace(*id)).to_owned());
        about.names = names.collect();
        about
    }

    fn take(&mut self, document: &Document, item: Item) {
        match item {
            Item::Flow(id) => {
                self.flows.insert(id);
                let Some(flow) = document.flows.get(id) else {
                    return;
                };
                for end in [&flow.from, &flow.to] {
                    if self.whole {
                        let within = document
                            .workloads_at(end)
                            .into_iter()
                            .filter_map(|id| document.workloads.get(id));
                        self.namespaces
                            .extend(within.map(|workload| workload.namespace));
                    }
                }
            }
            Item::Workload(id) => {
                self.workloads.insert(id);
                self.flows.extend(document.flows_of(NodeRef::Workload(id)));
                self.namespaces.extend(
                    document
                        .workloads
                        .get(id)
                        .map(|workload| workload.namespace),
                );
            }
            Item::Namespace(id) => {
                self.namespaces.insert(id);
                self.whole = true;
            }
            Item::External(id) => self.flows.extend(document.flows_of(NodeRef::External(id))),
            Item::Group(id) => self.flows.extend(document.flows_of(NodeRef::Group(id))),
            Item::Service(_) | Item::Policy(_) | Item::Invariant(_) => {}
        }
    }

    fn has(&self, policy: &Written) -> bool {
        policy.flows.iter().any(|flow| self.flows.contains(flow))
            || policy
                .workloads
                .iter()
                .any(|id| self.workloads.contains(id))
            || (self.whole && self.names.contains(&policy.namespace))
    }
}
