//! From a drawing to NetworkPolicies (DESIGN 11, "What is emitted"): least privilege only, stable
//! names and order, so that a small edit is a small diff.

mod base;
mod draft;
mod flows;
mod parts;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

pub use draft::MANAGED_BY;

use crate::diag::{Diagnostic, apply};
use crate::model::dns::Resolver;
use crate::model::{Document, End, FlowId, WorkloadId, is_system_namespace};
use crate::plan::context::Context;
use crate::plan::expressibility::{self, Unsaid};
use crate::policy::Direction;
use crate::yaml::patch::{self, Step};

/// Everything that is written for a drawing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generated {
    /// The policies: by namespace, base first, then DNS, then by name.
    pub policies: Vec<Written>,
    /// Policies that are not written because a kept policy `replaces` them; same order.
    pub replaced: Vec<Written>,
    /// The same with the texts of the kept policies that stand in their places.
    pub by_hand: Vec<Written>,
    /// What of the drawing is left out, by flow.
    pub unsaid: Vec<Unsaid>,
    /// What else is worth telling.
    pub diagnostics: Vec<Diagnostic>,
}

impl Generated {
    /// What is exported: the policies, and those edited by hand in the places of what they replace.
    pub fn to_export(&self) -> Vec<&Written> {
        let mut all: Vec<&Written> = self.policies.iter().chain(&self.by_hand).collect();
        all.sort_by_cached_key(|written| written.order());
        all
    }

    /// All policies in one text: documents parted by `---`.
    pub fn text(&self) -> String {
        let texts: Vec<&str> = self.policies.iter().map(|p| p.text.as_str()).collect();
        texts.join("---\n")
    }
}

/// One written policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// The directions of its `policyTypes`.
    pub directions: Vec<Direction>,
    /// The flows that it carries, in id order; none for base and DNS policies.
    pub flows: Vec<FlowId>,
    /// The workloads that it selects, in id order.
    pub workloads: Vec<WorkloadId>,
    /// One YAML document, without `---`.
    pub text: String,
    /// Which lines (from 1) of `text` carry which flow.
    pub lines: Vec<(RangeInclusive<u32>, FlowId)>,
}

impl Written {
    /// By namespace, base first, then DNS, then by name.
    fn order(&self) -> (String, Role, String) {
        let role = self.role.min(Role::Flow);
        (self.namespace.clone(), role, self.name.clone())
    }

    /// `NAMESPACE/NAME`, as a kept policy `replaces` it.
    pub fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// The text without `metadata.namespace`, for those who set it when they apply.
    pub fn text_without_namespace(&self) -> String {
        let namespace = [Step::Key("metadata"), Step::Key("namespace")];
        let patches = patch::change(&self.text, 0, &namespace, None);
        patches
            .and_then(|patches| apply(&self.text, &patches))
            .unwrap_or_else(|| self.text.clone())
    }
}

/// What a written policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Isolates every pod of its namespace.
    Base,
    /// Lets every pod of its namespace resolve names, or the DNS pods answer.
    Dns,
    /// One direction of the flows between two ends.
    Flow,
    /// Everything of one subject.
    Workload,
}

/// Writes the policies of a drawing; what cannot be said is left out and reported.
pub fn generate(document: &Document) -> Generated {
    write(&Context::new(document))
}

pub(crate) fn write(context: &Context) -> Generated {
    let document = context.document;
    let mut generated = Generated::default();
    let resolver = Resolver::of(&document.settings.dns.profile);
    let mut drafts = Vec::new();
    for namespace in document.namespaces.ids() {
        drafts.extend(base::base(context, namespace));
        drafts.extend(base::dns(context, namespace, &resolver));
        drafts.extend(base::dns_clients(context, namespace, &resolver));
    }
    let mut halves = flows::Halves::default();
    for (id, flow) in document.flows.iter() {
        let said = expressibility::say(context, id, flow);
        halves.add(context, id, flow, &said);
        generated.unsaid.extend(said.unsaid);
        generated.diagnostics.extend(said.diagnostics);
    }
    drafts.extend(halves.drafts(context));

    let replaced: BTreeSet<&str> = document
        .policies
        .iter()
        .filter_map(|(_, kept)| kept.replaces.as_deref())
        .collect();
    let is_replaced = |name: &str| replaced.contains(name);
    let taken: BTreeSet<(String, String)> = context
        .kept
        .iter()
        .flat_map(|kept| &kept.policies)
        .filter_map(|p| Some((p.namespace.clone()?, p.name.clone())))
        .filter(|(namespace, name)| !is_replaced(&format!("{namespace}/{name}")))
        .collect();
    let all = draft::finish(context, drafts, &taken);
    (generated.replaced, generated.policies) = all.into_iter().partition(|w| is_replaced(&w.key()));
    generated.by_hand = by_hand(document, &generated.replaced);
    generated
        .diagnostics
        .extend(context.kept.iter().flat_map(|k| k.diagnostics.clone()));
    generated.diagnostics.extend(warnings(context));
    generated.diagnostics.sort();
    generated.diagnostics.dedup();
    generated
}

/// The replaced policies with the texts that replace them.
fn by_hand(document: &Document, replaced: &[Written]) -> Vec<Written> {
    let one = |written: &Written| {
        let key = written.key();
        let kept = document.policies.iter();
        let texts: Vec<&str> = kept
            .filter(|(_, kept)| kept.replaces.as_ref() == Some(&key))
            .map(|(_, kept)| kept.text.as_str())
            .collect();
        let end = |text: &&str| format!("{}\n", text.trim_end_matches('\n'));
        let texts: Vec<String> = texts.iter().map(end).collect();
        Written {
            text: texts.join("---\n"),
            lines: Vec::new(),
            ..written.clone()
        }
    };
    replaced.iter().map(one).collect()
}

/// Namespaces that one had better not close, and namespaces that somebody else must open.
fn warnings(context: &Context) -> Vec<Diagnostic> {
    let document = context.document;
    let mut found = Vec::new();
    for (id, namespace) in document.namespaces.iter() {
        let closed = Direction::BOTH
            .into_iter()
            .any(|d| context.base_closes(id, d));
        if closed && is_system_namespace(&namespace.name) {
            let message = format!(
                "`{}` runs the cluster itself, and its base closes it",
                namespace.name
            );
            let diagnostic = Diagnostic::warning("system-namespace", message);
            found.push(diagnostic.help("set its base to none, unless you know all of its traffic"));
        }
    }
    for (_, flow) in document.flows.iter().filter(|(_, f)| !f.muted) {
        for (end, other, verb) in [(&flow.to, &flow.from, "from"), (&flow.from, &flow.to, "to")] {
            let End::Workload(id) = end else { continue };
            let namespace = document
                .workloads
                .get(*id)
                .and_then(|w| context.namespace(w.namespace));
            let Some(namespace) = namespace.filter(|n| !n.managed) else {
                continue;
            };
            let ports = crate::model::validate::flow_ports_text(&flow.ports);
            let (name, other) = (document.end_name(end), document.end_name(other));
            let message = format!(
                "nothing is written for `{}`, which is not managed",
                namespace.name
            );
            let help =
                format!("its owner must let `{name}` have connections {verb} `{other}` on {ports}");
            found.push(Diagnostic::info("unmanaged", message).help(help));
        }
    }
    found
}
