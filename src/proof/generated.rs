//! Writes a plan: the texts of the policies of a document, with those edited by hand.

#[cfg(test)]
mod account_tests;
#[cfg(test)]
mod approximation_tests;
#[cfg(test)]
mod beyond_tests;
#[cfg(test)]
mod cluster_wide_tests;
mod domain_names;
#[cfg(test)]
mod host_network_tests;
#[cfg(test)]
mod isolation_tests;
#[cfg(test)]
mod node_tests;
#[cfg(test)]
mod target_tests;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;
use std::sync::Arc;

use rayon::prelude::*;

use crate::diag::{Diagnostic, Span, apply};
use crate::dialect;
use crate::load::imported;
use crate::model::{Document, FlowId, WorkloadId};
use crate::plan::{Plan, plan};
use crate::policy::{
    Approximation, Direction, Imported, Loss, PlanPolicy, Resolution, Role, Target,
};
use crate::yaml::patch::{self, Step};
use domain_names::DomainNames;

/// The code of a `replaces` that names no generated policy.
pub const REPLACES_NOTHING: &str = "replaces-nothing";

/// Everything that is generated for a document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generated {
    /// The policies: by namespace, default deny first, then DNS, then by name.
    pub policies: Vec<Arc<Written>>,
    /// Policies that are not written because an imported policy `replaces` them; same order.
    pub replaced: Vec<Arc<Written>>,
    /// The same with the texts of the imported policies that replace them.
    pub by_hand: Vec<Written>,
    /// What is left out, by flow.
    pub losses: Vec<Loss>,
    /// What is written in a wider form, by flow.
    pub approximations: Vec<Approximation>,
    /// Notes and warnings.
    pub diagnostics: Vec<Diagnostic>,
}

impl Generated {
    /// What is exported: the policies, and those edited by hand in place of what they replace.
    pub fn to_export(&self) -> Vec<&Written> {
        let policies = self.policies.iter().map(|written| &**written);
        let mut all: Vec<&Written> = policies.chain(&self.by_hand).collect();
        all.sort_by(|a, b| a.order().cmp(&b.order()));
        all
    }

    /// All policies in one text: documents separated by `---`.
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
    /// The flows that it carries, in id order; none for default-deny and DNS policies.
    pub flows: Vec<FlowId>,
    /// The workloads that it selects, in id order.
    pub workloads: Vec<WorkloadId>,
    /// YAML without a `---` before it; several documents where the dialect needs several objects.
    pub text: String,
    /// Which lines (from 1) of `text` carry which flow.
    pub lines: Vec<(RangeInclusive<u32>, FlowId)>,
}

impl Written {
    fn new(planned: &PlanPolicy, text: dialect::Text) -> Self {
        let mut flows: Vec<FlowId> = text.lines.iter().map(|(_, flow)| (*flow).into()).collect();
        flows.sort_unstable();
        flows.dedup();
        let lines = text.lines.into_iter();
        Self {
            namespace: planned.namespace.clone(),
            name: planned.name.clone(),
            role: planned.role,
            directions: planned.directions.clone(),
            flows,
            workloads: planned.workloads.iter().copied().map(Into::into).collect(),
            text: text.text,
            lines: lines.map(|(range, flow)| (range, flow.into())).collect(),
        }
    }

    /// By namespace, default deny first, then DNS, then by name.
    pub(crate) fn order(&self) -> (&str, Role, &str) {
        (&self.namespace, self.role.min(Role::Flow), &self.name)
    }

    /// `NAMESPACE/NAME`, as an imported policy `replaces` it.
    pub fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// The text without `metadata.namespace`, for namespaces that are set on apply.
    pub fn text_without_namespace(&self) -> String {
        let namespace = [Step::Key("metadata"), Step::Key("namespace")];
        let patches = patch::change(&self.text, 0, &namespace, None);
        patches
            .and_then(|patches| apply(&self.text, &patches))
            .unwrap_or_else(|| self.text.clone())
    }
}

/// Writes the policies of a document; what cannot be expressed is left out and reported.
pub fn generate(document: &Document) -> Generated {
    write(document, &imported::imported(document))
}

/// The policies that were written last, for reuse of those that did not change.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    /// In the order of the plan.
    known: Vec<Entry>,
    /// How many policies were written anew the last time.
    pub(crate) written: usize,
}

/// A planned policy, with its text and losses.
#[derive(Clone, Debug)]
struct Entry {
    planned: Arc<PlanPolicy>,
    target: Target,
    resolution: Resolution,
    written: Option<Arc<Written>>,
    losses: Arc<[Loss]>,
    approximations: Arc<[Approximation]>,
}

impl Entry {
    fn new(planned: Arc<PlanPolicy>, target: Target, resolution: Resolution) -> Self {
        let ((text, losses), approximations) = dialect::write_drawn(target, &planned, resolution);
        Self {
            written: text.map(|text| Arc::new(Written::new(&planned, text))),
            target,
            resolution,
            planned,
            losses: losses.into(),
            approximations: approximations.into(),
        }
    }
}

impl Texts {
    /// Writes policies, in order, and drops cached results of all others.
    fn write_each(
        &mut self,
        policies: Vec<Arc<PlanPolicy>>,
        target: Target,
        names: &DomainNames,
    ) -> &[Entry] {
        let mut last = std::mem::take(&mut self.known).into_iter().peekable();
        let known = |planned: Arc<PlanPolicy>| {
            let resolution = names.resolution(&planned);
            while last
                .next_if(|known| known.planned.order() < planned.order())
                .is_some()
            {}
            let same = |known: &Entry| {
                (known.target, known.resolution) == (target, resolution) && known.planned == planned
            };
            (last.next_if(same), planned, resolution)
        };
        let policies: Vec<(Option<Entry>, Arc<PlanPolicy>, Resolution)> =
            policies.into_iter().map(known).collect();
        self.written = policies
            .iter()
            .filter(|(known, ..)| known.is_none())
            .count();
        let policies = policies.into_par_iter().with_min_len(16);
        let entries = policies.map(|(known, planned, resolution)| {
            known.unwrap_or_else(|| Entry::new(planned, target, resolution))
        });
        self.known = entries.collect();
        &self.known
    }
}

/// The same, where the imported policies are lowered already.
pub(crate) fn write(document: &Document, imported: &[Imported]) -> Generated {
    write_plan(document, imported, plan(document, imported))
}

/// Writes what is planned.
pub(crate) fn write_plan(document: &Document, imported: &[Imported], plan: Plan) -> Generated {
    write_with(&mut Texts::default(), document, imported, plan)
}

/// The same, reusing unchanged texts.
pub(crate) fn write_with(
    texts: &mut Texts,
    document: &Document,
    imported: &[Imported],
    plan: Plan,
) -> Generated {
    let mut generated = Generated {
        losses: plan.losses,
        diagnostics: plan.diagnostics,
        ..Generated::default()
    };
    let replaced = document.replaced_policies();
    let mut unmatched = replaced.clone();
    let names = DomainNames::of(document, imported, &plan.policies);
    for entry in texts.write_each(plan.policies, document.settings.target(), &names) {
        generated.losses.extend(entry.losses.iter().cloned());
        let approximations = entry.approximations.iter().cloned();
        generated.approximations.extend(approximations);
        let Some(written) = entry.written.clone() else {
            continue;
        };
        match !replaced.is_empty() && replaced.contains(written.key().as_str()) {
            true => {
                unmatched.remove(written.key().as_str());
                generated.replaced.push(written);
            }
            false => generated.policies.push(written),
        }
    }
    generated.losses.sort();
    generated.losses.dedup();
    generated.approximations.sort();
    generated.approximations.dedup();
    generated.by_hand = by_hand(document, &generated.replaced);
    for (at, found) in imported.iter().enumerate() {
        let faults = found.diagnostics.iter().cloned();
        generated
            .diagnostics
            .extend(faults.map(|fault| match fault.span {
                Some(_) => fault,
                None => fault.on(format!("imported policy {}", at + 1)),
            }));
    }
    let unmatched = unmatched.into_iter();
    generated
        .diagnostics
        .extend(unmatched.flat_map(|name| replaces_nothing(document, name)));
    generated.diagnostics.sort();
    generated.diagnostics.dedup();
    generated
}

/// A warning for each imported policy that would replace a generated policy of this name, which does not exist.
fn replaces_nothing(document: &Document, name: &str) -> Vec<Diagnostic> {
    let message = match name.split_once('/') {
        Some((namespace, policy)) if !namespace.is_empty() && !policy.is_empty() => {
            format!("no generated policy is named `{name}`, so nothing is replaced")
        }
        _ => format!("`replaces: {name}` is not NAMESPACE/NAME, so nothing is replaced"),
    };
    let help = "write the NAMESPACE/NAME of a generated policy, or remove `replaces`";
    let imported = document.policies.iter().enumerate();
    let imported = imported.filter(|(_, (_, kept))| kept.replaces.as_deref() == Some(name));
    imported
        .map(|(at, (_, kept))| {
            let found = Diagnostic::warning(REPLACES_NOTHING, message.clone()).help(help);
            match kept.file.is_empty() {
                true => found.on(format!("imported policy {}", at + 1)),
                false => found.at(Span::new(kept.file.as_str().into(), 1, 1)),
            }
        })
        .collect()
}

/// The replaced policies with the texts that replace them.
fn by_hand(document: &Document, replaced: &[Arc<Written>]) -> Vec<Written> {
    let one = |written: &Arc<Written>| {
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
            ..Written::clone(written)
        }
    };
    replaced.iter().map(one).collect()
}
