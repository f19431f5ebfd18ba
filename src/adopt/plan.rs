//! Translates one imported policy for adoption: what it isolates, and what it allows as ends and ports.

use std::collections::BTreeMap;

use ipnet::IpNet;

use crate::cluster::{Enforcer, NAMESPACE_NAME_LABEL};
use crate::dialect;
use crate::manifest::{self, Source};
use crate::model::dns::Resolver;
use crate::model::validate::united;
use crate::model::{Base, FlowPort, NamespaceId, Network, PolicyId, WorkloadId};
use crate::plan::context::Context;
use crate::policy::{Direction, Match, PlanNamespaces, PlanPeer, PortMatch, RaisedRule};
use crate::sets::{LabelOp, LabelSet, Selector};
use crate::yaml::Object;

/// An imported policy as parts of a document.
pub(super) struct Plan {
    pub(super) id: PolicyId,
    pub(super) namespace: NamespaceId,
    /// The labels of the pods that it selects.
    pub(super) subject: Selector,
    pub(super) isolates: Vec<Direction>,
    /// The workloads that its subject consists of; empty: it is more or less than whole workloads.
    pub(super) workloads: Vec<WorkloadId>,
    /// How its subject is drawn.
    pub(super) own: DrawnAs,
    /// What it allows.
    pub(super) parts: Vec<Part>,
    /// Whether a group may isolate its subject.
    pub(super) by_group: bool,
}

/// One end and ports that a policy allows its subject.
pub(super) struct Part {
    pub(super) direction: Direction,
    pub(super) other: DrawnAs,
    pub(super) ports: Vec<FlowPort>,
    /// It belongs to a rule that equals the project's DNS policy.
    pub(super) dns: bool,
}

impl Plan {
    /// Whether the workloads of its subject have to isolate themselves in a direction, where their
    /// namespace has this default deny.
    pub(super) fn isolates_workloads(&self, base: Base, direction: Direction) -> bool {
        self.isolates.contains(&direction) && !closes(base, direction) && !self.workloads.is_empty()
    }

    /// Whether a group has to isolate its subject in a direction, where its namespace has this default deny.
    pub(super) fn isolates_group(&self, base: Base, direction: Direction) -> bool {
        let is_group = matches!(self.own, DrawnAs::Pods { .. }) && self.workloads.is_empty();
        self.by_group && is_group && self.isolates.contains(&direction) && !closes(base, direction)
    }
}

/// How a subject or a peer is drawn: as an end that exists, or as a group or external of this content, which has
/// no id before it is added.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum DrawnAs {
    AnyPod,
    AnyPodOf(NamespaceId),
    Workload(WorkloadId),
    Pods {
        namespaces: Selector,
        pods: Selector,
    },
    Networks(Vec<Network>),
}

/// What selects each workload, by namespace.
pub(super) struct Identities(BTreeMap<NamespaceId, Vec<(WorkloadId, LabelSet)>>);

impl Identities {
    pub(super) fn new(context: &Context) -> Self {
        let mut found: BTreeMap<NamespaceId, Vec<_>> = BTreeMap::new();
        for (id, workload) in context.document.workloads.iter() {
            if let Ok(selector) = context.identity(id) {
                let of = found.entry(workload.namespace).or_default();
                of.push((id, LabelSet::from(selector)));
            }
        }
        Self(found)
    }
}

/// The plan of an imported policy, or why there is none.
pub(super) fn plan(
    context: &Context,
    known: &Identities,
    id: PolicyId,
    by_group: bool,
) -> Result<Plan, String> {
    let document = context.document;
    let Some(imported) = document.policies.get(id) else {
        return Err("it no longer exists".to_owned());
    };
    let source = Source::new(imported.file.clone(), imported.text.clone());
    let read = manifest::read(&[source], &dialect::kinds(Enforcer::Kubernetes));
    let cluster_wide = |object: &&Object| dialect::kind(object).is_some_and(|k| !k.namespaced);
    if let Some(other) = read.policies.iter().find(cluster_wide) {
        return Err(format!(
            "its kind, {}, cannot be expressed as flows",
            other.kind
        ));
    }
    let [object] = read.policies.as_slice() else {
        return Err(match read.policies.len() {
            0 => "its text has no policy".to_owned(),
            _ => "its text has several policies".to_owned(),
        });
    };
    let name = object.namespace_or_default();
    let Some(namespace) = document.namespace_named(name) else {
        return Err(format!("its namespace `{name}` is not in the project"));
    };
    if context.namespace(namespace).is_some_and(|n| !n.managed) {
        return Err(format!(
            "no policies are generated for `{name}`: it is not managed"
        ));
    }
    let planner = Planner {
        context,
        known,
        namespace,
        by_group,
        resolver: Resolver::of(&document.settings.dns.profile),
    };
    planner.plan(object, id)
}

struct Planner<'a> {
    context: &'a Context<'a>,
    known: &'a Identities,
    namespace: NamespaceId,
    by_group: bool,
    resolver: Resolver,
}

impl Planner<'_> {
    fn plan(&self, object: &Object, id: PolicyId) -> Result<Plan, String> {
        let raised = dialect::read(object).raise(object)?;
        let own = self.pods(self.own_namespace(), raised.subject.clone());
        let mut parts = Vec::new();
        for rule in &raised.rules {
            parts.extend(self.rule(rule)?);
        }
        Ok(Plan {
            id,
            namespace: self.namespace,
            workloads: self.workloads(&raised.subject),
            own: own.unwrap_or(DrawnAs::AnyPodOf(self.namespace)),
            subject: raised.subject,
            isolates: raised.isolates,
            parts,
            by_group: self.by_group,
        })
    }

    /// The workloads of its namespace that a selector consists of.
    fn workloads(&self, subject: &Selector) -> Vec<WorkloadId> {
        let subject = LabelSet::from(subject);
        let all = self.known.0.get(&self.namespace).into_iter().flatten();
        let within: Vec<_> = all.filter(|(_, own)| own.is_subset(&subject)).collect();
        let union = LabelSet::union_of(within.iter().map(|(_, own)| own));
        match subject.is_subset(&union) {
            true => within.into_iter().map(|(id, _)| *id).collect(),
            false => Vec::new(),
        }
    }

    fn rule(&self, rule: &RaisedRule) -> Result<Vec<Part>, String> {
        let (direction, ports) = (rule.direction, ports(&rule.ports));
        let mut networks: Vec<Network> = Vec::new();
        let mut ends = Vec::new();
        for peer in rule.peers.listed() {
            match peer {
                PlanPeer::Pods(namespaces, pods) => {
                    ends.extend(self.pods(self.namespaces(namespaces), pods.clone()));
                }
                PlanPeer::Block(network) | PlanPeer::Node(network) => {
                    let network = in_order(network);
                    if !networks.contains(&network) {
                        networks.push(network);
                    }
                }
                PlanPeer::Domain(name) => {
                    return Err(format!("it allows the domain name `{name}`"));
                }
                PlanPeer::Entity(entity) => {
                    return Err(format!("it allows the entity `{}`", entity.word()));
                }
            }
        }
        let dns =
            direction == Direction::Egress && self.is_dns(rule.peers.listed(), &networks, &ports);
        if rule.peers == Match::Any {
            ends.push(DrawnAs::AnyPod);
            networks = everywhere();
        }
        // An address has no port names: towards it they allow nothing.
        let mut numbered = ports.clone();
        numbered
            .retain(|port| direction == Direction::Ingress || !matches!(port, FlowPort::Named(..)));
        let part = |(other, ports)| Part {
            direction,
            other,
            ports,
            dns,
        };
        let mut found: Vec<(DrawnAs, Vec<FlowPort>)> =
            ends.into_iter().map(|end| (end, ports.clone())).collect();
        if !networks.is_empty() {
            found.push((DrawnAs::Networks(networks), numbered));
        }
        found.retain(|(_, ports)| !ports.is_empty());
        Ok(found.into_iter().map(part).collect())
    }

    /// Whether a rule with these peers lets names be resolved as the project's DNS policies do.
    fn is_dns(&self, peers: &[PlanPeer], networks: &[Network], ports: &[FlowPort]) -> bool {
        let resolver = &self.resolver;
        let mut pods = peers.iter().filter_map(|peer| match peer {
            PlanPeer::Pods(namespaces, labels) => Some((namespaces, labels)),
            PlanPeer::Block(_) | PlanPeer::Node(_) | PlanPeer::Domain(_) | PlanPeer::Entity(_) => {
                None
            }
        });
        let (Some((namespaces, labels)), None) = (pods.next(), pods.next()) else {
            return false;
        };
        let namespaces = self.namespaces(namespaces);
        united(ports.to_vec()) == united(resolver.ports.clone())
            && networks.len() == resolver.networks.len()
            && networks.iter().all(|n| resolver.networks.contains(n))
            && equal(&namespaces, &resolver.namespaces)
            && equal(labels, &resolver.pods)
    }

    fn namespaces(&self, namespaces: &PlanNamespaces) -> Selector {
        match namespaces {
            PlanNamespaces::Own => self.own_namespace(),
            PlanNamespaces::Named(name) => Selector::label(NAMESPACE_NAME_LABEL, name),
            PlanNamespaces::Labelled(selector) => selector.clone(),
        }
    }

    fn own_namespace(&self) -> Selector {
        let name = self.context.namespace_name(self.namespace);
        Selector::label(NAMESPACE_NAME_LABEL, name)
    }

    /// Pods by labels, in namespaces by labels, as a workload or a namespace if they are just that;
    /// none if there can be no such pods.
    fn pods(&self, namespaces: Selector, pods: Selector) -> Option<DrawnAs> {
        let (within, labels) = (LabelSet::from(&namespaces), LabelSet::from(&pods));
        if within.is_empty() || labels.is_empty() {
            return None;
        }
        if within.is_all() && labels.is_all() {
            return Some(DrawnAs::AnyPod);
        }
        if let Some(namespace) = self.namespace_meant(&namespaces, &within) {
            if labels.is_all() {
                return Some(DrawnAs::AnyPodOf(namespace));
            }
            let workloads = self.known.0.get(&namespace).into_iter().flatten();
            let mut same = workloads
                .filter(|(_, own)| own.is_subset(&labels) && labels.is_subset(own))
                .map(|(id, _)| *id);
            if let Some(id) = same.next() {
                return Some(DrawnAs::Workload(id));
            }
        }
        Some(DrawnAs::Pods { namespaces, pods })
    }

    fn namespace_meant(&self, selector: &Selector, within: &LabelSet) -> Option<NamespaceId> {
        let name = selector.requirements.iter().find_map(|r| match &r.op {
            LabelOp::In(values) if r.key == NAMESPACE_NAME_LABEL && values.len() == 1 => {
                values.first()
            }
            _ => None,
        })?;
        let named = LabelSet::from(&Selector::label(NAMESPACE_NAME_LABEL, name));
        let id = self.context.document.namespace_named(name)?;
        named.is_subset(within).then_some(id)
    }
}

/// Whether a default deny isolates a direction.
pub(super) fn closes(base: Base, direction: Direction) -> bool {
    match base {
        Base::DenyAll => true,
        Base::DenyIngress => direction == Direction::Ingress,
        Base::DenyEgress => direction == Direction::Egress,
        Base::None => false,
    }
}

/// Whether two selectors pick the same labels.
pub(super) fn equal(a: &Selector, b: &Selector) -> bool {
    let (a, b) = (LabelSet::from(a), LabelSet::from(b));
    a.is_subset(&b) && b.is_subset(&a)
}

/// Both address families.
fn everywhere() -> Vec<Network> {
    let all = ["0.0.0.0/0", "::/0"].into_iter();
    all.filter_map(|text| text.parse::<IpNet>().ok())
        .map(|cidr| Network {
            cidr,
            except: Vec::new(),
        })
        .collect()
}

/// The network with its exceptions sorted, each once.
fn in_order(network: &Network) -> Network {
    let mut network = network.clone();
    network.except.sort();
    network.except.dedup();
    network
}

fn ports(ports: &Match<PortMatch>) -> Vec<FlowPort> {
    let Match::Only(items) = ports else {
        return vec![FlowPort::Any];
    };
    let one = |item: &PortMatch| match item {
        PortMatch::Range {
            protocol,
            first,
            last,
        } => Some(FlowPort::Range(*protocol, *first, *last)),
        PortMatch::Named { protocol, name } => Some(FlowPort::Named((*protocol)?, name.clone())),
        PortMatch::FromNamed { .. } => None,
        PortMatch::AllPorts(protocol) => Some(FlowPort::All(*protocol)),
    };
    united(items.iter().filter_map(one).collect())
}
