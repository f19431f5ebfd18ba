//! The policies in force: the generated texts read back and the imported policies; and the document with
//! them as a cluster snapshot, for queries.

use std::sync::Arc;

use rayon::prelude::*;

use crate::cluster::Snapshot;
use crate::diag::{Diagnostic, Severity};
use crate::intent::snapshot::{self, DocumentSnapshot, Snapshots};
use crate::load::imported::{self, Surroundings};
use crate::load::{self, Loaded};
use crate::manifest::Source;
use crate::model::{Document, ImportedPolicy, PolicyId};
use crate::policy::{Imported, Policy};
use crate::proof::generate;
use crate::proof::{Generated, Written};
use crate::sets::hash::HashMap;

/// A project as if it had been read from manifests: its workloads, with the generated and the imported
/// policies.
pub fn loaded(document: &Document) -> Loaded {
    loaded_with(document, &generate(document))
}

/// The same, where the policies are generated already.
pub fn loaded_with(document: &Document, generated: &Generated) -> Loaded {
    let texts = generated
        .policies
        .iter()
        .map(|w| (format!("{}/{}", w.namespace, w.name), w.text.clone()));
    let kept = document
        .policies
        .iter()
        .map(|(_, kept)| (kept.file.clone(), kept.text.clone()));
    let sources: Vec<Source> = texts
        .chain(kept)
        .map(|(name, text)| Source::new(name, text))
        .collect();
    loaded_from(document, &sources)
}

/// The same with the policies of these texts.
pub fn loaded_from(document: &Document, sources: &[Source]) -> Loaded {
    let read = load::load_drawn(sources, document);
    let cluster = snapshot::snapshot(document, read.snapshot.tiers, read.snapshot.policies);
    let mut snapshot = cluster.snapshot;
    snapshot.left_out = read.snapshot.left_out;
    snapshot.network_sets = read.snapshot.network_sets;
    // Notes about undeclared things do not apply: the document declares them.
    let keep = |d: &Diagnostic| d.severity != Severity::Info;
    Loaded {
        snapshot,
        policies: read.policies,
        staged: read.staged,
        resources: read.resources,
        named: read.named,
        diagnostics: read.diagnostics.into_iter().filter(keep).collect(),
        objects: read.objects,
        project: Some(document.clone()),
        mentions: Vec::new(),
        facts: Vec::new(),
    }
}

/// Where a policy in force came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Place in `Generated::policies`.
    Generated(usize),
    /// An imported policy.
    Imported(PolicyId),
    /// Given from outside, in place of the generated and the imported ones.
    Given,
}

/// A document with its policies in force. Indices of policies are those of `cluster.snapshot.policies`.
#[derive(Clone, Debug, Default)]
pub struct InForce {
    /// Only what is drawn, with all policies in force.
    pub cluster: DocumentSnapshot,
    /// Where each policy came from.
    pub origins: Vec<Origin>,
    /// What the API server would refuse of the written texts, and what could not be read back.
    pub diagnostics: Vec<Diagnostic>,
}

/// The written texts that were read last, for reuse of those that did not change.
#[derive(Debug, Default)]
pub(crate) struct ReadBack {
    surroundings: Surroundings,
    known: Vec<(Arc<Written>, Arc<Imported>)>,
    /// How many texts were read the last time.
    pub(crate) read: usize,
    pub(crate) snapshots: Snapshots,
}

impl ReadBack {
    /// What each text means, in order; forgets all others.
    fn read_each(
        &mut self,
        written: &[Arc<Written>],
        surroundings: &Surroundings,
    ) -> impl Iterator<Item = &Imported> {
        let mut last = std::mem::take(&mut self.known);
        if self.surroundings != *surroundings {
            self.surroundings.clone_from(surroundings);
            last.clear();
        }
        let by_text: HashMap<*const Written, &Arc<Imported>> = last
            .iter()
            .map(|(w, read)| (Arc::as_ptr(w), read))
            .collect();
        // The ids of flows, which a written policy has and its text does not, may have changed.
        let same_text = |written: &Written| {
            let at = last.binary_search_by(|(known, _)| known.order().cmp(&written.order()));
            let (known, read) = last.get(at.ok()?)?;
            (known.text == written.text).then_some(read)
        };
        let known: Vec<_> = (written.iter())
            .map(|w| (by_text.get(&Arc::as_ptr(w)).copied()).or_else(|| same_text(w)))
            .collect();
        self.read = known.iter().filter(|known| known.is_none()).count();
        let texts = written.par_iter().with_min_len(16).zip(known);
        let read = texts.map(|(written, known)| {
            let read = || imported::lower(&written.key(), &written.text, surroundings).into();
            (Arc::clone(written), known.map_or_else(read, Arc::clone))
        });
        self.known = read.collect();
        self.known.iter().map(|(_, read)| &**read)
    }
}

/// A policy's text as a person may read it. Lines of spans count from 1 in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Text<'a> {
    /// Generated; read-only.
    Generated(&'a Written),
    /// Imported, verbatim.
    Imported(PolicyId, &'a ImportedPolicy),
}

impl InForce {
    /// Reads the generated texts back like any other text, and the imported policies.
    pub fn read(document: &Document, generated: &Generated) -> Self {
        Self::of(document, &imported::imported(document), generated)
    }

    /// The same, where the imported policies are lowered already.
    pub(crate) fn of(document: &Document, imported: &[Imported], generated: &Generated) -> Self {
        let surroundings = Surroundings::of(document);
        Self::of_with(
            &mut ReadBack::default(),
            document,
            &surroundings,
            imported,
            generated,
        )
    }

    /// The same, with the surroundings of the document, without reading again what was read last.
    pub(crate) fn of_with(
        read_back: &mut ReadBack,
        document: &Document,
        surroundings: &Surroundings,
        imported: &[Imported],
        generated: &Generated,
    ) -> Self {
        let (mut policies, mut origins, mut diagnostics) = (Vec::new(), Vec::new(), Vec::new());
        let tiers = surroundings.tiers.all.clone();
        let written = read_back.read_each(&generated.policies, surroundings);
        for (at, read) in written.enumerate() {
            origins.extend(read.policies.iter().map(|_| Origin::Generated(at)));
            policies.extend(read.policies.iter().cloned());
            let notes = read.diagnostics.iter();
            diagnostics.extend(notes.filter(|d| d.severity != Severity::Info).cloned());
        }
        for (id, read) in document.policies.ids().zip(imported) {
            origins.extend(read.policies.iter().map(|_| Origin::Imported(id)));
            policies.extend(read.policies.iter().cloned());
        }
        Self {
            cluster: read_back.snapshots.drawn(document).with(tiers, policies),
            origins,
            diagnostics,
        }
    }

    /// The policies of another cluster, in its tiers.
    pub(crate) fn given(document: &Document, given: &Snapshot) -> Self {
        let (tiers, policies) = (given.tiers.clone(), given.policies.clone());
        Self {
            origins: policies.iter().map(|_| Origin::Given).collect(),
            cluster: snapshot::snapshot(document, tiers, policies),
            diagnostics: Vec::new(),
        }
    }

    /// Another cluster with these policies in force.
    pub(crate) fn on(&self, cluster: &DocumentSnapshot) -> Snapshot {
        let mut snapshot = cluster.snapshot.clone();
        snapshot.tiers.clone_from(&self.cluster.snapshot.tiers);
        snapshot
            .policies
            .clone_from(&self.cluster.snapshot.policies);
        snapshot
    }

    /// The imported policies among them.
    pub(crate) fn imported(&self) -> Vec<&Policy> {
        let policies = self.policies().iter().zip(&self.origins);
        let imported = policies.filter(|(_, origin)| matches!(origin, Origin::Imported(_)));
        imported.map(|(policy, _)| &**policy).collect()
    }

    /// The policies, in the order of `origins`.
    pub fn policies(&self) -> &[Arc<Policy>] {
        &self.cluster.snapshot.policies
    }

    /// The text that a policy in force was read from; none if it was given from outside.
    pub fn text<'a>(
        &self,
        policy: usize,
        document: &'a Document,
        generated: &'a Generated,
    ) -> Option<Text<'a>> {
        match *self.origins.get(policy)? {
            Origin::Generated(at) => generated.policies.get(at).map(|w| Text::Generated(w)),
            Origin::Imported(id) => document
                .policies
                .get(id)
                .map(|kept| Text::Imported(id, kept)),
            Origin::Given => None,
        }
    }
}
