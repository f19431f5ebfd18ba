//! Translates one imported policy for adoption: what it isolates, and what it allows as ends and ports.

mod planner;

use std::collections::BTreeMap;

use crate::dialect;
use crate::manifest::{self, Source};
use crate::model::dns::Resolver;
use crate::model::{Base, FlowPort, NamespaceId, Network, PolicyId, WorkloadId};
use crate::plan::context::Context;
use crate::policy::{Accounts, Direction, Entity, Peer, PeerItem, Target, merged};
use crate::sets::{LabelSet, Selector};

/// An imported policy as parts of a document.
pub(super) struct Plan {
    pub(super) id: PolicyId,
    pub(super) namespace: NamespaceId,
    /// The labels of the pods that it selects.
    pub(super) subject: Selector,
    /// Their service accounts.
    pub(super) accounts: Accounts,
    pub(super) isolates: Vec<Direction>,
    /// The workloads that its subject consists of; empty: it is more or less than whole workloads.
    pub(super) workloads: Vec<WorkloadId>,
    /// How its subject is drawn.
    pub(super) own: DrawnAs,
    /// What it allows.
    pub(super) parts: Vec<Part>,
    /// Whether a group may isolate its subject.
    pub(super) by_group: bool,
    /// The dialect that it is of, if policies can be written in that.
    pub(super) target: Option<Target>,
    /// Whether its DNS rules make addresses of domain names known that policies of its namespace name.
    pub(super) learns_names: bool,
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

    /// Whether workloads or a group have to be isolated in a direction.
    pub(super) fn isolates_some(&self, base: Base, direction: Direction) -> bool {
        self.isolates_workloads(base, direction) || self.isolates_group(base, direction)
    }

    /// Whether it selects every pod of its namespace.
    pub(super) fn selects_all(&self) -> bool {
        self.subject.is_everything() && self.accounts.is_any()
    }

    /// Whether it allows connections to domain names.
    pub(super) fn names_domains(&self) -> bool {
        let named = |part: &Part| matches!(&part.other, DrawnAs::Outside { names, .. } if !names.is_empty());
        self.parts.iter().any(named)
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
        accounts: Accounts,
    },
    /// Address blocks and domain names.
    Outside {
        networks: Vec<Network>,
        names: Vec<String>,
    },
    Entity(Entity),
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
    let enforcer = document.settings.judged().enforcer;
    let read = manifest::read(&[source], &dialect::kinds(enforcer));
    let object = match read.policies.as_slice() {
        [object] if dialect::is_resource(object) => {
            return Err(format!(
                "it is no policy: policies name this {}",
                object.kind
            ));
        }
        [object] => object,
        [] => {
            return Err(match read.snapshot.left_out.first() {
                Some(policy) => {
                    let (enforcer, kind) = (enforcer.name(), &policy.kind);
                    format!("the enforcer `{enforcer}` does not implement {kind}")
                }
                None => "its text has no policy".to_owned(),
            });
        }
        _ => return Err("its text has several objects".to_owned()),
    };
    let raised = dialect::read(object).raise(object)?;
    let name = &raised.namespace;
    let Some(namespace) = document.namespace_named(name) else {
        return Err(format!("its namespace `{name}` is not in the project"));
    };
    if context.namespace(namespace).is_some_and(|n| !n.managed) {
        return Err(format!(
            "no policies are generated for `{name}`: it is not managed"
        ));
    }
    let mut targets = Target::ALL.into_iter();
    let target = targets.find(|target| dialect::is_of_target(object, *target));
    let planner = planner::Planner {
        context,
        known,
        namespace,
        resolver: Resolver::of(&document.settings.dns.profile),
        target,
    };
    let own = planner.pods(
        planner.own_namespace(),
        raised.subject.clone(),
        raised.accounts.clone(),
    );
    let mut parts = Vec::new();
    for rule in &planner.with_dns_in_one(merged(raised.rules)) {
        parts.extend(planner.rule(rule));
    }
    let learns = dialect::learns_names(object).is_some_and(|each| each.contains(&true));
    Ok(Plan {
        id,
        namespace,
        workloads: planner.workloads(&raised.subject, &raised.accounts),
        own: own.unwrap_or(DrawnAs::AnyPodOf(namespace)),
        isolates: raised.isolates,
        parts,
        by_group,
        target,
        learns_names: learns && names_domains(context, &raised.namespace),
        subject: raised.subject,
        accounts: raised.accounts,
    })
}

/// Whether pods of a namespace are allowed to connect to domain names: by an imported policy, or perhaps by a flow.
fn names_domains(context: &Context, namespace: &str) -> bool {
    let policies = context.imported.iter().flat_map(|i| &i.policies);
    let here = policies.filter(|p| p.namespace.as_deref().is_none_or(|name| name == namespace));
    let mut rules = here.flat_map(|policy| policy.rules(Direction::Egress));
    let is_name = |item: &PeerItem| matches!(item.peer, Peer::Domain(_));
    let mut externals = context.document.externals.iter();
    rules.any(|rule| rule.peers.listed().iter().any(is_name))
        || externals.any(|(_, external)| !external.domain_names.is_empty())
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
