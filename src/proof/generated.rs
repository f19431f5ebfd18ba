//! A plan, written: the texts of the policies of a drawing, with those edited by hand.

#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use crate::diag::Diagnostic;
use crate::dialect;
use crate::load::imported;
use crate::model::{Document, FlowId, WorkloadId};
use crate::plan::context::Context;
use crate::plan::plan;
use crate::policy::{Direction, Imported, Loss, PlanPolicy, Role};

/// Everything that is written for a drawing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generated {
    /// The policies: by namespace, base first, then DNS, then by name.
    pub policies: Vec<Written>,
    /// Policies that are not written because an imported policy `replaces` them; same order.
    pub replaced: Vec<Written>,
    /// The same with the texts of the imported policies that stand in their places.
    pub by_hand: Vec<Written>,
    /// What of the drawing is left out, by flow.
    pub losses: Vec<Loss>,
    /// Notes and warnings.
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
    fn new(planned: PlanPolicy, text: dialect::Text) -> Self {
        let mut flows: Vec<FlowId> = text.lines.iter().map(|(_, flow)| (*flow).into()).collect();
        flows.sort_unstable();
        flows.dedup();
        let lines = text.lines.into_iter();
        Self {
            namespace: planned.namespace,
            name: planned.name,
            role: planned.role,
            directions: planned.directions,
            flows,
            workloads: planned.workloads.into_iter().map(Into::into).collect(),
            text: text.text,
            lines: lines.map(|(range, flow)| (range, flow.into())).collect(),
        }
    }

    /// By namespace, base first, then DNS, then by name.
    fn order(&self) -> (String, Role, String) {
        let role = self.role.min(Role::Flow);
        (self.namespace.clone(), role, self.name.clone())
    }

    /// `NAMESPACE/NAME`, as an imported policy `replaces` it.
    pub fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// The text without `metadata.namespace`, for those who set it when they apply.
    pub fn text_without_namespace(&self) -> String {
        let line = format!(
            "  namespace: {}\n",
            crate::yaml::write::scalar(&self.namespace)
        );
        self.text.replacen(&line, "", 1)
    }
}

/// Writes the policies of a drawing; what cannot be expressed is left out and reported.
pub fn generate(document: &Document) -> Generated {
    write(document, &imported::imported(document))
}

/// The same, where the imported policies are lowered already.
pub(crate) fn write(document: &Document, imported: &[Imported]) -> Generated {
    let plan = plan(&Context::new(document, imported));
    let mut generated = Generated {
        losses: plan.losses,
        diagnostics: plan.diagnostics,
        ..Generated::default()
    };
    let replaced = document.replaced_policies();
    for planned in plan.policies {
        let (text, losses) = dialect::write(&planned);
        generated.losses.extend(losses);
        let Some(text) = text else { continue };
        let written = Written::new(planned, text);
        match replaced.contains(written.key().as_str()) {
            true => generated.replaced.push(written),
            false => generated.policies.push(written),
        }
    }
    generated.losses.sort();
    generated.losses.dedup();
    generated.by_hand = by_hand(document, &generated.replaced);
    let faults = imported.iter().flat_map(|i| i.diagnostics.iter().cloned());
    generated.diagnostics.extend(faults);
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
