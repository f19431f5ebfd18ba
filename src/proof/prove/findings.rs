//! Turns differences at gates into findings: the ends, the flow, and the policies that cause it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::denials::Allowing;
use super::describer::Describer;
use super::gate::Gate;
use super::summary;
use super::witness::{self, port_words};
use super::{About, Culprit, Finding, Kind};
use crate::analysis::Endpoint;
use crate::analysis::compare::{GateDifference, PeerClass};
use crate::analysis::oracle::{self, Decision};

use crate::diag::Severity;
use crate::intent::gates::Reason;
use crate::model::dns::Resolver;
use crate::model::{Document, End, FlowId, FlowPort, Words, WorkloadId};
use crate::policy::Role;
use crate::policy::{Direction, Loss, Policy, distinct};
use crate::proof::Generated;
use crate::proof::Origin;

impl Describer<'_> {
    pub(super) fn findings(&self, differences: &[GateDifference]) -> Vec<Finding> {
        let mut found: BTreeMap<About, Finding> = BTreeMap::new();
        let mut by_imported: BTreeMap<About, Vec<&GateDifference>> = BTreeMap::new();
        let mut open: BTreeMap<About, (&GateDifference, BTreeSet<usize>)> = BTreeMap::new();
        let mut at: BTreeMap<About, BTreeSet<WorkloadId>> = BTreeMap::new();
        // Witnesses are ends of the document where possible.
        let mut differences: Vec<&GateDifference> = differences.iter().collect();
        differences.sort_by_key(|d| self.distance_from_document(d));
        for difference in differences {
            let described = match difference.wider {
                true => Some(self.wider(difference, &mut by_imported)),
                false => self.narrower(difference),
            };
            let Some((about, mut finding)) = described else {
                continue;
            };
            let of_finding = at.entry(about.clone()).or_default();
            of_finding.extend(self.drawn(difference.workload));
            if finding.open {
                let of_gate = open
                    .entry(about.clone())
                    .or_insert((difference, BTreeSet::new()));
                of_gate.1.insert(difference.workload);
            }
            if let Entry::Vacant(place) = found.entry(about) {
                if difference.wider && !finding.open && finding.message.is_empty() {
                    finding.message = summary::one(self, difference);
                }
                place.insert(finding);
            }
        }
        for (about, workloads) in at {
            if let Some(finding) = found.get_mut(&about) {
                finding.workloads = workloads.into_iter().collect();
            }
        }
        for (about, (difference, workloads)) in open {
            if let Some(finding) = found.get_mut(&about) {
                finding.message = self.open_message(difference, &workloads);
            }
        }
        for (about, differences) in by_imported {
            if let (Some(finding), Some(message)) = (
                found.get_mut(&about),
                summary::all(self, &about.policies, &differences),
            ) {
                finding.message = message;
            }
        }
        found.into_values().collect()
    }

    fn distance_from_document(&self, difference: &GateDifference) -> (bool, u8) {
        let drawn = |workload: usize| self.drawn(workload).is_some();
        let other = match &difference.peer {
            PeerClass::Pod(at) => {
                let pod = self.cluster.snapshot.pods.get(*at);
                match pod.map(|pod| pod.workload) {
                    // Another replica of the same workload shows little.
                    Some(workload) if workload == difference.workload => 1,
                    Some(workload) if drawn(workload) => 0,
                    _ => 2,
                }
            }
            PeerClass::Addresses { .. }
            | PeerClass::Domain(_)
            | PeerClass::Entity(_)
            | PeerClass::Node(_) => 3,
            PeerClass::NewPod(_) => 4,
        };
        (!drawn(difference.workload), other)
    }

    /// A drawn connection is denied. None if no policy has to allow it.
    fn narrower(&self, difference: &GateDifference) -> Option<(About, Finding)> {
        let gate = Gate::new(difference, &self.cluster.snapshot, self.bounds);
        let reasons = self.reasons(&gate);
        let mut flows: Vec<FlowId> = reasons
            .iter()
            .filter_map(|reason| match reason {
                Reason::Flow(id) => Some(*id),
                _ => None,
            })
            .collect();
        flows.sort_unstable();
        flows.dedup();
        if flows.is_empty() && !reasons.is_empty() && !reasons.contains(&Reason::Dns) {
            return None;
        }
        let mut policies = self.carriers(&flows, difference);
        if policies.is_empty() && !reasons.contains(&Reason::Dns) {
            policies = self.closing(&gate, difference);
        }
        let denying = self.denying(difference);
        policies = denying.map_or(policies, |policy| vec![policy.full_name()]);
        let (from, to) = witness::ends(self, difference);
        let ports = port_words(self, difference);
        let by = denying.map_or(String::new(), |policy| format!(" by {}", policy.title()));
        let (message, mut help) = match (flows.first(), reasons.is_empty()) {
            (Some(_), _) => {
                let which = match difference.direction {
                    Direction::Egress => format!("egress from {from}"),
                    Direction::Ingress => format!("ingress to {to}"),
                };
                let message = format!("{from} cannot reach {to} on {ports}: {which} is denied{by}");
                (message, self.owner_help(difference, "allow"))
            }
            (None, false) => (
                format!("{from} cannot resolve names: {to} on {ports} is denied{by}"),
                Some(self.dns_help()),
            ),
            // No flow is drawn, but the document does not isolate the gate either.
            (None, true) if denying.is_some() => (
                format!("{from} cannot reach {to} on {ports}: denied{by}, but not by the project"),
                None,
            ),
            (None, true) => (
                format!("{from} cannot reach {to}: isolated by a policy, but not by the project"),
                Some(
                    "remove the isolating policy, or set a default deny for the namespace"
                        .to_owned(),
                ),
            ),
        };
        if denying.is_some() {
            help = Some("change that rule: it comes before the policies of the project".to_owned());
        }
        Some(self.finding(difference, Kind::Blocked, message, help, flows, policies))
    }

    /// What to do about DNS that is denied.
    fn dns_help(&self) -> String {
        let settings = &self.document.settings;
        let resolver = Resolver::of(&settings.dns.profile);
        let named = |port: &FlowPort| matches!(port, FlowPort::Named(..));
        match settings.target().is_cluster_wide() && resolver.ports.iter().any(named) {
            true => format!(
                "give the DNS profile port numbers: {} has no port name of one protocol",
                settings.target().kind()
            ),
            false => "allow DNS there, or turn DNS off for the namespace".to_owned(),
        }
    }

    /// The policy from elsewhere whose rule denies the connection at this gate, rather than that nothing allows it. What
    /// is generated denies only what nothing allows.
    fn denying(&self, difference: &GateDifference) -> Option<&Policy> {
        let own = Endpoint::Pod(difference.pod);
        let other = difference.peer.example();
        let (from, to) = match difference.direction {
            Direction::Egress => (&own, &other),
            Direction::Ingress => (&other, &own),
        };
        let probe = difference.ports.example();
        let trace = oracle::gate(self.real, difference.direction, from, to, probe);
        match trace.decision {
            Decision::Rule { policy, .. } if !trace.allowed => {
                let generated = matches!(self.origins.get(policy), Some(Origin::Generated(_)));
                let policy = self.real.policies.get(policy).map(|policy| &**policy);
                policy.filter(|_| !generated)
            }
            _ => None,
        }
    }

    /// Why the connection is intended: for certain, or else possibly, by a port name.
    fn reasons(&self, gate: &Gate) -> Vec<Reason> {
        let intents = self.intents.iter();
        let sure = intents.filter(|i| gate.surely_allowed_by(&i.policy).next().is_some());
        let sure: Vec<Reason> = sure.map(|intent| intent.reason).collect();
        if !sure.is_empty() {
            return sure;
        }
        let intents = self.intents.iter();
        let may = intents.filter(|i| gate.allowed_by(&i.policy).next().is_some());
        may.map(|intent| intent.reason).collect()
    }

    /// That nothing isolates these workloads, with the first connection that shows it.
    fn open_message(&self, difference: &GateDifference, workloads: &BTreeSet<usize>) -> String {
        let what = match difference.direction {
            Direction::Egress => "egress",
            Direction::Ingress => "ingress",
        };
        let others = workloads
            .iter()
            .filter(|at| **at != difference.workload && self.drawn(**at).is_some());
        let all = [difference.workload].into_iter().chain(others.copied());
        let names: Vec<String> = all.map(|at| witness::workload_words(self, at)).collect();
        let whose = match &names[..] {
            [one, two] => format!("{one} and {two}"),
            [one, _, _, ..] => format!("{one} and {} more", names.len() - 1),
            _ => names.concat(),
        };
        let example = summary::one(self, difference);
        match self.outside_the_dialect(difference) {
            true => format!(
                "{} cannot deny the {what} of {whose} from outside the cluster or from nodes: {example}",
                self.document.settings.target().kind()
            ),
            false => format!("no policy isolates the {what} of {whose}: {example}"),
        }
    }

    /// A connection is allowed but not drawn. The caller writes the message, once for each finding.
    fn wider<'d>(
        &self,
        difference: &'d GateDifference,
        by_imported: &mut BTreeMap<About, Vec<&'d GateDifference>>,
    ) -> (About, Finding) {
        let gate = Gate::new(difference, self.real, self.bounds);
        let mut flows = Vec::new();
        let mut policies = Vec::new();
        let (mut kept, mut generated) = (false, false);
        let mut culprits = Vec::new();
        for (policy, origin) in self.real.policies.iter().zip(self.origins) {
            let mut rules = gate.allowed_by(policy).peekable();
            if rules.peek().is_none() {
                continue;
            }
            policies.push(policy.full_name());
            culprits.extend(gate.allowed_by(policy).map(|rule| Culprit {
                origin: *origin,
                span: rule.span.clone(),
            }));
            match *origin {
                Origin::Generated(at) => {
                    generated = true;
                    let written = self.generated.policies.get(at);
                    let lines = written.map_or(&[][..], |w| &w.lines);
                    flows.extend(rules.flat_map(|rule| {
                        let carried = lines
                            .iter()
                            .filter(|(range, _)| range.contains(&rule.span.line));
                        carried.map(|(_, flow)| *flow)
                    }));
                }
                Origin::Given => kept = true,
                Origin::Imported(id) => {
                    kept = true;
                    let replaces = self.document.policies.get(id);
                    let replaces = replaces.and_then(|kept| kept.replaces.as_ref());
                    let replaced = self.generated.replaced.iter();
                    let of_replaced = replaced
                        .filter(|w| replaces == Some(&format!("{}/{}", w.namespace, w.name)));
                    flows.extend(of_replaced.flat_map(|w| w.flows.clone()));
                }
            }
        }
        // A flow that should deny this.
        let intents = self.intents.iter();
        let denials = intents.filter(|i| gate.denied_by(&i.policy).next().is_some());
        let denied = denials.filter_map(|intent| match intent.reason {
            Reason::Flow(id) => Some(id),
            _ => None,
        });
        let denied: BTreeSet<FlowId> = denied.collect();
        let allowing: BTreeSet<FlowId> = flows.iter().copied().collect();
        flows.extend(&denied);
        flows.sort_unstable();
        flows.dedup();
        policies.dedup();
        if let Some(flow) = denied.first() {
            let allowing = Allowing {
                flows: allowing,
                policies,
                imported: kept,
            };
            return self.not_denied(difference, (*flow, flows), allowing);
        }
        let open = policies.is_empty();
        let help = if open {
            policies = self.missing_isolation(difference);
            match self.outside_the_dialect(difference) {
                true => {
                    "deny it in a NetworkPolicy beside these policies, or write another dialect"
                }
                false => self.missing_isolation_help(difference, policies.is_empty()),
            }
        } else if kept {
            "draw the flow, or narrow the imported policy"
        } else {
            "regenerate the policy"
        };
        let of_all_addresses = (!open && !kept).then(|| self.all_addresses(difference, &flows));
        let help = Some(
            of_all_addresses
                .flatten()
                .unwrap_or_else(|| help.to_owned()),
        );
        let (about, finding) = self.finding(
            difference,
            Kind::TooWide,
            String::new(),
            help,
            flows,
            policies,
        );
        if kept && !generated {
            let all = by_imported.entry(about.clone()).or_default();
            all.push(difference);
        }
        let finding = Finding { open, ..finding };
        match culprits.is_empty() {
            true => (about, finding),
            false => (
                about,
                Finding {
                    culprits,
                    ..finding
                },
            ),
        }
    }

    /// What to do where flows have all addresses of a family at the other end, which mean what is outside, and the
    /// policies that carry them match pods or nodes by them, too.
    fn all_addresses(&self, difference: &GateDifference, flows: &[FlowId]) -> Option<String> {
        let is_inside = matches!(
            difference.peer,
            PeerClass::Pod(_) | PeerClass::NewPod(_) | PeerClass::Node(_)
        );
        let flows = flows.iter().filter_map(|id| self.document.flows.get(*id));
        let others = flows.map(|flow| match difference.direction {
            Direction::Ingress => &flow.from,
            Direction::Egress => &flow.to,
        });
        let externals = others.filter_map(|end| match end {
            End::External(id) => self.document.externals.get(*id),
            _ => None,
        });
        let mut all = externals.flat_map(|external| {
            let networks = external.networks.iter();
            let whole = networks.filter(|network| network.is_whole_family());
            whole.map(move |network| (external, network))
        });
        let (external, network) = all.next().filter(|_| is_inside)?;
        Some(format!(
            "`{network}` matches pods, too, where `pod-addresses` is `known`: except the pods' addresses in external `{}`",
            external.name
        ))
    }

    /// Whether the other end is a source that no rule of the dialect matches (A5).
    fn outside_the_dialect(&self, difference: &GateDifference) -> bool {
        let is_pod = match &difference.peer {
            PeerClass::NewPod(_) => true,
            PeerClass::Pod(at) => {
                let pod = self.cluster.snapshot.pods.get(*at);
                pod.is_some_and(|pod| !pod.host_network)
            }
            PeerClass::Addresses { .. }
            | PeerClass::Domain(_)
            | PeerClass::Entity(_)
            | PeerClass::Node(_) => false,
        };
        let target = self.document.settings.target();
        // Policies given in place of the generated ones may be of another dialect.
        let given = &self.real.policies;
        let is_own = |policy: &Arc<Policy>| policy.kind.ends_with(target.kind());
        let is_written =
            !self.generated.policies.is_empty() || !given.is_empty() && given.iter().all(is_own);
        is_written
            && target.is_cluster_wide()
            && difference.direction == Direction::Ingress
            && !is_pod
    }

    pub(super) fn finding(
        &self,
        difference: &GateDifference,
        kind: Kind,
        message: String,
        help: Option<String>,
        flows: Vec<FlowId>,
        policies: Vec<String>,
    ) -> (About, Finding) {
        let (from, to) = witness::ends(self, difference);
        let workload = self.cluster.snapshot.workloads.get(difference.workload);
        let namespace = workload.map_or(String::new(), |w| w.namespace.clone());
        let finding = Finding {
            kind,
            message,
            from,
            to,
            ports: port_words(self, difference),
            witness: witness::of(self, difference),
            flow: flows.first().copied(),
            flows,
            workload: self.drawn(difference.workload),
            workloads: self.drawn(difference.workload).into_iter().collect(),
            culprits: self.culprits(&policies),
            policies,
            gate: Some((namespace, difference.direction)),
            open: false,
            help,
        };
        (finding.about(), finding)
    }

    /// The policies in force of these names.
    fn culprits(&self, names: &[String]) -> Vec<Culprit> {
        let policies = self.real.policies.iter().zip(self.origins);
        let named = policies.filter(|(policy, _)| names.contains(&policy.full_name()));
        let culprit = |(policy, origin): (&Arc<Policy>, &Origin)| Culprit {
            origin: *origin,
            span: policy.span.clone(),
        };
        named.map(culprit).collect()
    }

    /// The written policies that should carry the flows at this gate.
    fn carriers(&self, flows: &[FlowId], difference: &GateDifference) -> Vec<String> {
        let drawn = self.drawn(difference.workload);
        let workload = self.cluster.snapshot.workloads.get(difference.workload);
        let namespace = workload.map_or("", |w| &w.namespace);
        let all = self
            .generated
            .policies
            .iter()
            .chain(&self.generated.replaced);
        all.filter(|w| {
            w.namespace == namespace
                && w.directions.contains(&difference.direction)
                && drawn.is_none_or(|id| w.workloads.contains(&id))
                && w.flows.iter().any(|f| flows.contains(f))
        })
        .map(|w| format!("{}/{}", w.namespace, w.name))
        .collect()
    }

    /// The policies that isolate a gate that the document does not isolate.
    fn closing(&self, gate: &Gate, difference: &GateDifference) -> Vec<String> {
        let isolating = |policy: &&Arc<Policy>| {
            policy
                .side(difference.direction)
                .is_some_and(|s| s.isolates)
                && gate.selected_by(policy)
        };
        self.real
            .policies
            .iter()
            .filter(isolating)
            .map(|policy| policy.full_name())
            .collect()
    }

    /// The policies that should isolate the gate, if there are any: of its namespace or of its workload.
    fn missing_isolation(&self, difference: &GateDifference) -> Vec<String> {
        let drawn = self.drawn(difference.workload);
        let workload = self.cluster.snapshot.workloads.get(difference.workload);
        let namespace = workload.map_or("", |w| &w.namespace);
        let all = self
            .generated
            .policies
            .iter()
            .chain(&self.generated.replaced);
        all.filter(|w| {
            let of_workload = matches!(w.role, Role::Isolation | Role::Workload)
                && w.directions.contains(&difference.direction)
                && drawn.is_some_and(|id| w.workloads.contains(&id));
            w.namespace == namespace && (w.role == Role::Base || of_workload)
        })
        .map(|w| format!("{}/{}", w.namespace, w.name))
        .collect()
    }

    fn missing_isolation_help(&self, difference: &GateDifference, none: bool) -> &'static str {
        let id = self.drawn(difference.workload);
        let workload = id.and_then(|id| self.document.workloads.get(id));
        let by_itself = workload.is_some_and(|w| w.isolate.has(difference.direction));
        let by_group = workload.is_some_and(|w| {
            let mut groups = self.document.groups.iter().map(|(_, group)| group);
            let labels = self.document.namespace_labels(w.namespace);
            groups.any(|g| {
                g.isolate.has(difference.direction)
                    && g.namespaces.matches(&labels)
                    && g.has_pods_of(w)
            })
        });
        match (by_itself, none) {
            _ if by_group => "restore the policy that isolates the group",
            (true, true) => "give the workload a label that identifies it",
            (true, false) => "restore the policy that isolates the workload",
            (false, _) => "restore the policy that isolates the namespace",
        }
    }

    /// What to do at the gate; in an unmanaged namespace its owner has to.
    pub(super) fn owner_help(&self, difference: &GateDifference, verb: &str) -> Option<String> {
        let id = self.drawn(difference.workload)?;
        let workload = self.document.workloads.get(id)?;
        let namespace = self.document.namespaces.get(workload.namespace)?;
        let what = match difference.direction {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        };
        match namespace.managed {
            true => Some(format!(
                "regenerate the policies, or {verb} it in the policies that replace them"
            )),
            false => Some(format!(
                "`{}` is not managed: its owner must {verb} this {what} at `{}`",
                namespace.name, workload.name
            )),
        }
    }
}

/// The losses, as findings.
pub(super) fn losses(document: &Document, generated: &Generated) -> Vec<Finding> {
    let words = Words::new(document);
    let one = |loss: &Loss| {
        let id = FlowId::from(loss.flow);
        let flow = document.flows.get(id)?;
        let kind = match loss.severity {
            Severity::Error => Kind::Invalid,
            Severity::Warning | Severity::Info => Kind::CannotExpress,
        };
        let described = (kind, loss.message());
        Some(Finding::of_flow(
            &words,
            (id, flow),
            described,
            loss.help.clone(),
        ))
    };
    distinct(&generated.losses).iter().filter_map(one).collect()
}
