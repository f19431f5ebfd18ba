//! Wire formats: parse, validate as the API server does, lower to [`crate::policy::Policy`], write.
//!
//! A wire format is a `Dialect`; the registry has one of each. Nothing outside this folder names one:
//! [`kinds`], [`read`] and [`tiers`] are its interface.

pub mod cidr;
mod cilium;
mod cluster_policy;
pub mod fields;
pub mod metadata;
pub mod names;
mod network_policy;
pub mod refusal;
mod schema;
pub mod selector;
mod unread;

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::cluster::{Assumptions, Enforcer, HostNetwork, Pod, PodAddresses, Service};
use crate::diag::{Diagnostic, Severity};
use crate::policy::{
    Combine, FlowKey, Kind, Loss, PlanPolicy, Policy, RaisedPolicy, Reading, Tier,
};
use crate::sets::{IpSet, Labels};
use crate::yaml::Object;

/// Where AdminNetworkPolicy and the Admin tier of ClusterNetworkPolicy are judged, in [`tiers`].
pub const ADMIN: usize = 0;
/// Where NetworkPolicy is judged.
pub const NETWORK_POLICY: usize = 1;
/// Where BaselineAdminNetworkPolicy and the Baseline tier of ClusterNetworkPolicy are judged.
pub const BASELINE: usize = 2;

/// All dialects. Policies are lowered in this order, and within a dialect in input order.
const DIALECTS: &[&dyn Dialect] = &[
    &network_policy::NetworkPolicies,
    &cluster_policy::ClusterPolicies,
    &cilium::CiliumPolicies,
];

/// A wire format.
trait Dialect: Sync {
    /// The kinds of policies that it reads.
    fn kinds(&self) -> &'static [Kind];
    /// Whether an enforcer implements its policies.
    fn enforced_by(&self, enforcer: Enforcer) -> bool;
    /// What its policies mean and what is refused in them: Markdown, a page for each code.
    fn manual(&self) -> &'static [&'static str];
    /// Decodes and validates an object of one of its kinds.
    fn read(&self, object: &Object) -> Parsed;
}

/// A policy as its dialect decoded it.
pub trait Lower: fmt::Debug + Send + Sync {
    /// Lowers it; `object` is the object it was decoded from.
    fn lower(&self, object: &Object, context: &Context) -> Vec<Policy>;

    /// The policy in a form that flows can express; none if no flows express policies of its kind.
    fn raise(&self) -> Option<RaisedPolicy> {
        None
    }
}

/// What lowering a policy depends on besides its text.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Whose reading decides.
    pub enforcer: Enforcer,
    /// The assumptions of the answers.
    pub assumptions: Assumptions,
    /// The Services of the cluster, which some policies name.
    pub services: &'a [Service],
    /// The groups of addresses that some policies name.
    pub cidr_groups: &'a [CidrGroup],
}

impl Context<'_> {
    /// That of the Kubernetes API, whose policies name no other objects.
    pub fn kubernetes(assumptions: Assumptions) -> Self {
        Self {
            enforcer: Enforcer::Kubernetes,
            assumptions,
            services: &[],
            cidr_groups: &[],
        }
    }
}

/// A group of addresses that policies name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CidrGroup {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// The addresses.
    pub addresses: IpSet,
}

/// The result of reading an object.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The policy; none if it is refused.
    policy: Option<Box<dyn Lower>>,
    /// What the API server would refuse, in its own words, and fields without effect.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// A policy with its diagnostics. It is refused if one of them is an error whose code is not `lenient`;
    /// lenient errors leave the meaning clear.
    fn new(
        policy: Option<impl Lower + 'static>,
        mut diagnostics: Vec<Diagnostic>,
        lenient: &[&str],
    ) -> Self {
        let lenient = |d: &Diagnostic| lenient.contains(&d.code) || metadata::is_about(d);
        let fatal = |d: &Diagnostic| d.severity == Severity::Error && !lenient(d);
        let refused = diagnostics.iter().any(fatal);
        for diagnostic in diagnostics.iter_mut().filter(|d| fatal(d)) {
            diagnostic.message.push_str("; this policy is not judged");
        }
        let policy = policy.filter(|_| !refused);
        Self {
            policy: policy.map(|policy| Box::new(policy) as Box<dyn Lower>),
            diagnostics,
        }
    }

    /// Lowers the object; nothing if it is refused.
    pub fn lower(&self, object: &Object, context: &Context) -> Vec<Policy> {
        let policy = self.policy.as_ref();
        policy.map_or_else(Vec::new, |policy| policy.lower(object, context))
    }

    /// The policy in a form that flows can express; none if it is refused, or if no flows express policies of its kind.
    pub fn raise(&self) -> Option<RaisedPolicy> {
        self.policy.as_ref()?.raise()
    }
}

/// The known kinds of policies, including those that no dialect reads or that the enforcer does not implement.
pub fn kinds(enforcer: Enforcer) -> Vec<Kind> {
    let read = DIALECTS.iter().flat_map(|dialect| {
        let enforced = dialect.enforced_by(enforcer);
        dialect.kinds().iter().map(move |kind| Kind {
            reading: if enforced || kind.reading == Reading::Resource {
                kind.reading
            } else {
                Reading::LeftOut
            },
            ..*kind
        })
    });
    read.chain(unread::KINDS.iter().copied()).collect()
}

/// The assumptions that hold under an enforcer: where it settles them, its own.
pub fn assumptions(enforcer: Enforcer, given: Assumptions) -> Assumptions {
    match enforcer {
        Enforcer::Cilium => Assumptions {
            pod_addresses: PodAddresses::Outside,
            host_network: HostNetwork::Nodes,
        },
        Enforcer::Kubernetes | Enforcer::Calico => given,
    }
}

/// Leaves each pod the port names that policies can refer to under an enforcer.
pub fn name_ports(enforcer: Enforcer, pods: &mut Arc<Vec<Pod>>) {
    if enforcer == Enforcer::Cilium {
        cilium::name_ports(Arc::make_mut(pods).as_mut_slice());
    }
}

/// A group of addresses, if the object is one, with what is wrong with it.
pub fn cidr_group(object: &Object) -> Option<(CidrGroup, Vec<Diagnostic>)> {
    let is_resource = kind(object).is_some_and(|kind| kind.reading == Reading::Resource);
    is_resource.then(|| cilium::cidr_group(object))
}

/// What policies mean and what is refused in them: Markdown, a page for each code.
pub fn manual() -> Vec<&'static str> {
    let all = DIALECTS.iter().flat_map(|dialect| dialect.manual());
    all.copied().collect()
}

/// The kind of a policy, if it is a known one.
pub fn kind(object: &Object) -> Option<Kind> {
    let known = DIALECTS.iter().flat_map(|dialect| dialect.kinds());
    let mut all = known.chain(unread::KINDS);
    all.find(|kind| is_of(object, kind)).copied()
}

/// Decodes and validates a policy. An object of no known kind is none.
pub fn read(object: &Object) -> Parsed {
    let dialect = DIALECTS.get(place(object));
    dialect.map_or_else(Parsed::default, |dialect| dialect.read(object))
}

/// The index of an object's dialect in the order of lowering; objects of other kinds come last.
pub fn place(object: &Object) -> usize {
    let reads = |dialect: &&dyn Dialect| dialect.kinds().iter().any(|k| is_of(object, k));
    let place = DIALECTS.iter().position(reads);
    place.unwrap_or(DIALECTS.len())
}

fn is_of(object: &Object, kind: &Kind) -> bool {
    kind.group == object.group() && kind.name == object.kind
}

/// A written policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// One YAML document, without `---`.
    pub text: String,
    /// Which lines (from 1) of `text` carry which flow.
    pub lines: Vec<(RangeInclusive<u32>, FlowKey)>,
}

/// Writes a planned policy, and lists what of it the dialect cannot express. None: nothing of it can be expressed.
pub fn write(plan: &PlanPolicy) -> (Option<Text>, Vec<Loss>) {
    network_policy::express(plan)
}

/// The tiers of an enforcer, in order of judgement. Enforcers that are not implemented have those of Kubernetes; see
/// [`unsupported`].
pub fn tiers(enforcer: Enforcer) -> Vec<Tier> {
    let tier = |name: &str, combine| Tier {
        name: name.into(),
        combine,
    };
    match enforcer {
        // All policies are one pool of rules (C2).
        Enforcer::Cilium => vec![tier("Cilium", Combine::DenyOverAccept)],
        Enforcer::Kubernetes | Enforcer::Calico => vec![
            tier("Admin", Combine::FirstMatch),
            tier("NetworkPolicy", Combine::DenyOverAccept),
            tier("Baseline", Combine::FirstMatch),
        ],
    }
}

/// An error if policies are not judged as an enforcer does; `project`: those of a project, whose generated
/// policies are judged by the rules of Kubernetes only.
pub fn unsupported(enforcer: Enforcer, project: bool) -> Option<Diagnostic> {
    if enforcer == Enforcer::Kubernetes || enforcer == Enforcer::Cilium && !project {
        return None;
    }
    let message = format!(
        "enforcer `{}` is not supported yet; policies are judged by the Kubernetes API's rules",
        enforcer.name()
    );
    let help = "use `--enforcer kubernetes`, or `enforcer: kubernetes` in the project's settings";
    Some(Diagnostic::error("enforcer", message).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Reading;
    use std::collections::BTreeSet;

    #[test]
    fn kinds_are_unique() {
        let all = kinds(Enforcer::Kubernetes);
        let names: BTreeSet<_> = all.iter().map(|kind| (kind.group, kind.name)).collect();
        assert_eq!(names.len(), all.len());
        let judged: Vec<_> = all
            .iter()
            .filter(|k| k.reading == Reading::Judged)
            .map(|k| k.name)
            .collect();
        assert!(judged.contains(&"NetworkPolicy") && judged.contains(&"ClusterNetworkPolicy"));
    }

    #[test]
    fn enforcers_without_rules_of_their_own_are_errors() {
        assert_eq!(unsupported(Enforcer::Kubernetes, true), None);
        assert_eq!(unsupported(Enforcer::Cilium, false), None);
        for enforcer in [Enforcer::Cilium, Enforcer::Calico] {
            let diagnostic = unsupported(enforcer, true).unwrap();
            assert_eq!(
                (diagnostic.severity, diagnostic.code),
                (Severity::Error, "enforcer")
            );
            assert!(diagnostic.message.contains(enforcer.name()));
        }
    }
}
