//! Which pods need the addresses of domain names, and which policies make these known to them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::analysis::Endpoint;
use crate::analysis::oracle::peer_matches;
use crate::intent::snapshot;
use crate::model::Document;
use crate::policy::{Direction, Imported, PlanPolicy, Policy, Resolution, Role, WorkloadKey};

/// The policies of a plan that concern the addresses of domain names.
pub(super) struct DomainNames {
    /// The namespaces of pods with rules that name a domain.
    named: BTreeSet<String>,
    /// The planned policies that let pods resolve names, but for those that imported ones replace.
    dns: Vec<Arc<PlanPolicy>>,
    /// The imported policies that make addresses known.
    imported: Vec<Arc<Policy>>,
    /// The known workloads to which one of these makes them known.
    learnt: BTreeSet<WorkloadKey>,
}

impl DomainNames {
    pub(super) fn of(
        document: &Document,
        imported: &[Imported],
        policies: &[Arc<PlanPolicy>],
    ) -> Self {
        let named = policies.iter().filter(|planned| planned.names_domains());
        let named: BTreeSet<String> = named.map(|planned| planned.namespace.clone()).collect();
        let mut found = Self {
            named,
            dns: Vec::new(),
            imported: Vec::new(),
            learnt: BTreeSet::new(),
        };
        if found.named.is_empty() {
            return found;
        }
        let replaced = document.replaced_policies();
        let is_dns = |planned: &&Arc<PlanPolicy>| {
            planned.role == Role::Dns
                && planned.directions.contains(&Direction::Egress)
                && !replaced.contains(planned.full_name().as_str())
        };
        found.dns = policies.iter().filter(is_dns).cloned().collect();
        let learning = imported.iter().flat_map(|one| &one.learning);
        found.imported = learning.cloned().collect();
        let selected = workloads_of(document, &found.imported);
        let dns = found.dns.iter().flat_map(|planned| &planned.workloads);
        found.learnt = dns.copied().chain(selected).collect();
        found
    }

    /// What the addresses that the pods of a policy look up are needed for.
    pub(super) fn resolution(&self, planned: &PlanPolicy) -> Resolution {
        match self.named.contains(&planned.namespace) {
            false => Resolution::Plain,
            true if planned.names_domains() && !self.are_known_to(planned) => Resolution::Unlearnt,
            true => Resolution::DomainNames,
        }
    }

    /// Whether some policy makes addresses known to the pods of this one: those that are known, if there are any.
    fn are_known_to(&self, planned: &PlanPolicy) -> bool {
        let selects_all = |dns: &Arc<PlanPolicy>| {
            dns.namespace == planned.namespace
                && (dns.subject.is_everything() && dns.accounts.is_any()
                    || (&dns.subject, &dns.accounts) == (&planned.subject, &planned.accounts))
        };
        if self.dns.iter().any(selects_all) {
            return true;
        }
        let mut imported = self.imported.iter();
        match planned.workloads.is_empty() {
            true => imported.any(|policy| {
                let namespace = policy.namespace.as_ref();
                namespace.is_none_or(|namespace| *namespace == planned.namespace)
            }),
            false => (planned.workloads.iter()).all(|workload| self.learnt.contains(workload)),
        }
    }
}

/// The workloads all of whose pods some of these policies select.
fn workloads_of(document: &Document, policies: &[Arc<Policy>]) -> BTreeSet<WorkloadKey> {
    if policies.is_empty() {
        return BTreeSet::new();
    }
    let cluster = snapshot::snapshot(document, Vec::new(), Vec::new());
    let snapshot = &cluster.snapshot;
    let is_selected = |pod: usize| {
        let mut policies = policies.iter();
        policies.any(|policy| peer_matches(snapshot, &policy.subject, &Endpoint::Pod(pod)))
    };
    let workloads = cluster.index.iter().filter(|(_, at)| {
        let workload = snapshot.workloads.get(**at);
        workload.is_some_and(|workload| workload.pods.clone().all(is_selected))
    });
    workloads.map(|(id, _)| WorkloadKey(id.0)).collect()
}
