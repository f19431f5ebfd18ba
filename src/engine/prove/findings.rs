//! From differences at gates to sentences: who is meant, which flow, at whose door.

use std::collections::BTreeMap;

use super::gate::Gate;
use super::{Finding, Kind};
use crate::analysis::compare::{GateDifference, PeerPiece};
use crate::cluster::Snapshot;
use crate::engine::generate::{Generated, Role};
use crate::engine::ground::Ground;
use crate::engine::in_force::Origin;
use crate::engine::intent::{Intent, Reason};
use crate::engine::kept::side;
use crate::engine::snapshot::{DNS_POD, OTHER_POD, Stage};
use crate::model::{Document, FlowId, Words, WorkloadId};
use crate::policy::{Direction, Policy};

/// All that is needed to tell what a difference is about.
pub(super) struct Teller<'a> {
    pub(super) ground: &'a Ground<'a>,
    pub(super) stage: &'a Stage,
    pub(super) intents: &'a [Intent],
    pub(super) real: &'a Snapshot,
    pub(super) origins: &'a [Origin],
    pub(super) generated: &'a Generated,
}

/// What makes two differences one finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct About {
    kind: Kind,
    flows: Vec<FlowId>,
    policies: Vec<String>,
    /// Where neither flow nor policy tells: the namespace and direction of the gate.
    gate: Option<(String, Direction)>,
}

impl Teller<'_> {
    pub(super) fn tell(&self, differences: &[GateDifference]) -> Vec<Finding> {
        let mut found: BTreeMap<About, Finding> = BTreeMap::new();
        // Witnesses are what is drawn, as far as possible.
        let mut differences: Vec<&GateDifference> = differences.iter().collect();
        differences.sort_by_key(|d| self.strangeness(d));
        for difference in differences {
            let told = match difference.wider {
                true => Some(self.wider(difference)),
                false => self.narrower(difference),
            };
            if let Some((about, finding)) = told {
                found.entry(about).or_insert(finding);
            }
        }
        found.into_values().collect()
    }

    fn strangeness(&self, difference: &GateDifference) -> (bool, u8) {
        let drawn = |workload: usize| self.drawn(workload).is_some();
        let other = match &difference.peer {
            PeerPiece::Pod(at) => {
                let pod = self.stage.snapshot.pods.get(*at);
                u8::from(!pod.is_some_and(|p| drawn(p.workload)))
            }
            PeerPiece::Addresses { .. } | PeerPiece::Domain(_) | PeerPiece::Node(_) => 2,
            PeerPiece::NewPod(_) => 3,
        };
        (!drawn(difference.workload), other)
    }

    /// Something drawn is not allowed. None: nobody has to allow it.
    fn narrower(&self, difference: &GateDifference) -> Option<(About, Finding)> {
        let gate = Gate::new(difference, &self.stage.snapshot);
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
        let (from, to) = self.ends(difference);
        let ports = port_words(difference);
        let (message, help) = match (flows.first(), reasons.is_empty()) {
            (Some(_), _) => {
                let which = match difference.direction {
                    Direction::Egress => format!("the egress of {from}"),
                    Direction::Ingress => format!("the ingress of {to}"),
                };
                let message = format!(
                    "{from} cannot open connections to {to} on {ports}: {which} does not allow it"
                );
                (message, self.owner_help(difference))
            }
            (None, false) => (
                format!("{from} cannot resolve names: {to} on {ports} is not allowed"),
                Some("allow DNS there, or turn DNS off for the namespace".to_owned()),
            ),
            // Nothing is drawn, but nothing should have closed the gate either.
            (None, true) => (
                format!(
                    "{from} cannot open connections to {to}, although nothing drawn closes that"
                ),
                Some("take the isolating policy away, or set the base of the namespace".to_owned()),
            ),
        };
        Some(self.finding(difference, Kind::Blocked, message, help, flows, policies))
    }

    /// Why the connection is intended; where nothing intends it outright, why it may be by a port name.
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

    /// Something is allowed that is not drawn.
    fn wider(&self, difference: &GateDifference) -> (About, Finding) {
        let gate = Gate::new(difference, self.real);
        let mut flows = Vec::new();
        let mut policies = Vec::new();
        let mut kept = false;
        for (policy, origin) in self.real.policies.iter().zip(self.origins) {
            let mut rules = gate.allowed_by(policy).peekable();
            if rules.peek().is_none() {
                continue;
            }
            policies.push(full_name(policy));
            match *origin {
                Origin::Generated(at) => {
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
                Origin::Kept(id) => {
                    kept = true;
                    let replaces = self.ground.document.policies.get(id);
                    let replaces = replaces.and_then(|kept| kept.replaces.as_ref());
                    let replaced = self.generated.replaced.iter();
                    let stood_for = replaced
                        .filter(|w| replaces == Some(&format!("{}/{}", w.namespace, w.name)));
                    flows.extend(stood_for.flat_map(|w| w.flows.clone()));
                }
            }
        }
        flows.sort_unstable();
        flows.dedup();
        policies.dedup();
        let (from, to) = self.ends(difference);
        let ports = port_words(difference);
        let mut message =
            format!("{from} may open connections to {to} on {ports}, which is not drawn");
        let help = if policies.is_empty() {
            let (whose, what) = match difference.direction {
                Direction::Egress => (&from, "egress"),
                Direction::Ingress => (&to, "ingress"),
            };
            message = format!("nothing isolates the {what} of {whose}: {message}");
            policies = self.missing_base(difference);
            "put back the policy that isolates the namespace"
        } else if kept {
            "draw the flow, or narrow the kept policy"
        } else {
            "generate the policy anew"
        };
        self.finding(
            difference,
            Kind::TooWide,
            message,
            Some(help.to_owned()),
            flows,
            policies,
        )
    }

    fn finding(
        &self,
        difference: &GateDifference,
        kind: Kind,
        message: String,
        help: Option<String>,
        flows: Vec<FlowId>,
        policies: Vec<String>,
    ) -> (About, Finding) {
        let (from, to) = self.ends(difference);
        let workload = self.stage.snapshot.workloads.get(difference.workload);
        let namespace = workload.map_or(String::new(), |w| w.namespace.clone());
        let told = !flows.is_empty() || !policies.is_empty();
        let about = About {
            kind,
            flows: flows.clone(),
            policies: policies.clone(),
            gate: (!told).then_some((namespace, difference.direction)),
        };
        let finding = Finding {
            kind,
            message,
            from,
            to,
            ports: port_words(difference),
            flow: flows.first().copied(),
            flows,
            workload: self.drawn(difference.workload),
            policies,
            help,
        };
        (about, finding)
    }

    fn drawn(&self, workload: usize) -> Option<WorkloadId> {
        self.stage.drawn.get(workload).copied().flatten()
    }

    /// The written policies that should carry the flows at this gate.
    fn carriers(&self, flows: &[FlowId], difference: &GateDifference) -> Vec<String> {
        let workload = self.stage.snapshot.workloads.get(difference.workload);
        let namespace = workload.map_or("", |w| &w.namespace);
        let all = self
            .generated
            .policies
            .iter()
            .chain(&self.generated.replaced);
        all.filter(|w| {
            w.namespace == namespace
                && w.directions.contains(&difference.direction)
                && w.flows.iter().any(|f| flows.contains(f))
        })
        .map(|w| format!("{}/{}", w.namespace, w.name))
        .collect()
    }

    /// The policies that isolate a gate although nothing drawn does.
    fn closing(&self, gate: &Gate, difference: &GateDifference) -> Vec<String> {
        let isolating = |policy: &&Policy| {
            side(policy, difference.direction).is_some_and(|s| s.isolates)
                && gate.selected_by(policy)
        };
        self.real
            .policies
            .iter()
            .filter(isolating)
            .map(full_name)
            .collect()
    }

    /// The base policy that should isolate the gate, if one is written.
    fn missing_base(&self, difference: &GateDifference) -> Vec<String> {
        let workload = self.stage.snapshot.workloads.get(difference.workload);
        let namespace = workload.map_or("", |w| &w.namespace);
        let all = self
            .generated
            .policies
            .iter()
            .chain(&self.generated.replaced);
        all.filter(|w| w.role == Role::Base && w.namespace == namespace)
            .map(|w| format!("{}/{}", w.namespace, w.name))
            .collect()
    }

    /// Where nothing is written, somebody else has to.
    fn owner_help(&self, difference: &GateDifference) -> Option<String> {
        let id = self.drawn(difference.workload)?;
        let workload = self.ground.document.workloads.get(id)?;
        let namespace = self.ground.namespace(workload.namespace)?;
        let what = match difference.direction {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        };
        match namespace.managed {
            true => Some(
                "allow it there: generate the policies anew, or change what stands in their place"
                    .to_owned(),
            ),
            false => Some(format!(
                "`{}` is not managed: its owner must allow this {what} at `{}`",
                namespace.name, workload.name
            )),
        }
    }

    /// Source and destination in words.
    fn ends(&self, difference: &GateDifference) -> (String, String) {
        let own = self.workload_words(difference.workload);
        let other = match &difference.peer {
            PeerPiece::Pod(pod) => {
                let pod = self.stage.snapshot.pods.get(*pod);
                pod.map_or(String::new(), |p| self.workload_words(p.workload))
            }
            PeerPiece::NewPod(pod) => {
                let known = pod
                    .namespace
                    .and_then(|at| self.stage.snapshot.namespaces.get(at));
                let place = match known {
                    Some(namespace) => namespace.name.clone(),
                    None => "a namespace that does not exist yet".to_owned(),
                };
                let labels: Vec<String> =
                    pod.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
                match labels.is_empty() {
                    true => format!("a new pod of {place}"),
                    false => format!("a new pod of {place} with {}", labels.join(", ")),
                }
            }
            PeerPiece::Addresses { first, last } if first == last => first.to_string(),
            PeerPiece::Addresses { first, last } => format!("{first} to {last}"),
            PeerPiece::Domain(name) => name.clone(),
            PeerPiece::Node(at) => {
                let node = self.stage.snapshot.nodes.get(*at);
                node.map_or(String::new(), |n| format!("node {}", n.name))
            }
        };
        match difference.direction {
            Direction::Egress => (own, other),
            Direction::Ingress => (other, own),
        }
    }

    fn workload_words(&self, at: usize) -> String {
        if let Some(id) = self.drawn(at) {
            return Words::new(self.ground.document).of(&crate::model::End::Workload(id));
        }
        match self.stage.snapshot.workloads.get(at) {
            Some(w) if w.name == OTHER_POD => format!("{OTHER_POD} of {}", w.namespace),
            _ => DNS_POD.to_owned(),
        }
    }
}

fn port_words(difference: &GateDifference) -> String {
    match difference.ports.is_all() {
        true => "any port".to_owned(),
        false => difference.ports.to_string(),
    }
}

fn full_name(policy: &Policy) -> String {
    match &policy.namespace {
        Some(namespace) => format!("{namespace}/{}", policy.name),
        None => policy.name.clone(),
    }
}

/// What is left out, as findings.
pub(super) fn unsaid(document: &Document, generated: &Generated) -> Vec<Finding> {
    let words = Words::new(document);
    let one = |unsaid: &crate::engine::Unsaid| {
        let flow = document.flows.get(unsaid.flow)?;
        Some(Finding {
            kind: Kind::CannotBeSaid,
            message: format!("{} is left out: {}", unsaid.what, unsaid.why),
            from: words.of(&flow.from),
            to: words.of(&flow.to),
            ports: crate::model::validate::flow_ports_text(&flow.ports),
            flow: Some(unsaid.flow),
            flows: vec![unsaid.flow],
            workload: None,
            policies: Vec::new(),
            help: unsaid.help.clone(),
        })
    };
    generated.unsaid.iter().filter_map(one).collect()
}
