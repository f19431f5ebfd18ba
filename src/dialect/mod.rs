//! Wire formats: parse, validate as the API server does, lower to [`crate::policy::Policy`], write.
//!
//! A wire format is a `Dialect`; the registry has one of each. Nothing outside this folder names one:
//! [`kinds`], [`read`], [`write()`] and [`tiers`] are its interface.

mod approximate;
mod calico;
pub mod cidr;
mod cilium;
mod cluster_policy;
mod context;
pub mod fields;
pub mod metadata;
mod network_policy;
mod numbering;
pub mod refusal;
mod schema;
pub mod selector;
mod unjudged_kinds;
mod writing;

pub use calico::policy::AddressSet;
pub use context::{CidrGroup, Context, Resources, ServiceAccount, Tiers};
pub use writing::join;

use std::fmt;
use std::ops::RangeInclusive;

use crate::cluster::{Enforcer, Service, Snapshot};
use crate::diag::{Diagnostic, Severity, Span};
use crate::policy::{
    Approximation, FlowKey, Kind, Loss, OrderedPolicy, Place, PlanPolicy, Policy, RaisedOrdered,
    RaisedPolicy, Reading, Resolution, Selects, Target,
};
use crate::sets::DomainPattern;
use crate::yaml::Object;

/// All dialects. Policies are lowered in this order, and within a dialect in input order.
const DIALECTS: &[&dyn Dialect] = &[
    &network_policy::NetworkPolicies,
    &cluster_policy::ClusterPolicies,
    &cilium::CiliumPolicies,
    &calico::CalicoPolicies,
];

/// Ends the message of an error that refuses a policy.
const NOT_ANALYSED: &str = "; this policy is not judged";

/// Why a policy is none that only allows.
pub const DENIES: &str = "it has rules that deny";

/// Writes planned policies in one dialect.
struct Writer {
    /// The kinds of its policies, the written one among them.
    kinds: &'static [Kind],
    /// See [`write()`].
    write: fn(&PlanPolicy, Resolution) -> Expressed,
    /// See [`write_ordered()`].
    write_ordered: fn(&OrderedPolicy) -> Result<Expressed, String>,
}

/// A wire format.
trait Dialect: Sync {
    /// The kinds of policies that it reads.
    fn kinds(&self) -> &'static [Kind];
    /// Whether an enforcer implements its policies.
    fn enforced_by(&self, enforcer: Enforcer) -> bool;
    /// What its policies mean and what is refused in them: Markdown, a page for each code.
    fn manual(&self) -> &'static [&'static str];
    /// Decodes and validates a policy of one of its kinds.
    fn read(&self, object: &Object) -> Parsed;
    /// Fields that narrow what a rule matches and that lowering leaves out of account.
    fn conditions(&self) -> &'static [&'static str] {
        &[]
    }
    /// Whether its selectors match sets of addresses by their labels, too (G23).
    fn selects_sets(&self) -> bool {
        false
    }
    /// What is probably not meant in a policy that it accepts, in a cluster.
    fn lint(&self, _object: &Object, _cluster: &Snapshot) -> Vec<Diagnostic> {
        Vec::new()
    }
    /// Whether its rules name Services by their names that are not among these, so that it is not known what they allow.
    fn lacks_services(&self, _object: &Object, _services: &[Service]) -> bool {
        false
    }
    /// For each policy that an object is lowered to, what makes the addresses of domain names known; none if that takes no
    /// policy (C35).
    fn dns_rules(&self, _object: &Object) -> Option<Vec<Vec<DnsRule>>> {
        None
    }
    /// Reads an object that its policies name, and returns what is wrong with it.
    fn resource(&self, _object: &Object, _into: &mut Resources) -> Vec<Diagnostic> {
        Vec::new()
    }
}

/// A policy as its dialect decoded it.
pub trait Lower: fmt::Debug + Send + Sync {
    /// Lowers it; `object` is the object it was decoded from.
    fn lower(&self, object: &Object, context: &Context) -> Vec<Policy>;

    /// The policy in the terms in which policies are planned, exactly but for its `unraised` rules; `object` is the object it
    /// was decoded from. Err: why it has no such form, as a clause about the policy.
    fn raise(&self, _object: &Object) -> Result<RaisedPolicy, String> {
        Err("its rules are for the whole cluster, and allow, deny or pass in an order".to_owned())
    }

    /// The same of a policy of the whole cluster whose rules hold in order; none if it is no such policy.
    fn raise_ordered(&self, _object: &Object) -> Option<Result<RaisedOrdered, String>> {
        None
    }

    /// Where the rules of such a policy hold.
    fn ordered_place(&self) -> Option<Place> {
        None
    }
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
            diagnostic.message.push_str(NOT_ANALYSED);
        }
        let policy = policy.filter(|_| !refused);
        Self {
            policy: policy.map(|policy| Box::new(policy) as Box<dyn Lower>),
            diagnostics,
        }
    }

    /// Whether it is refused.
    pub fn is_refused(&self) -> bool {
        self.policy.is_none()
    }

    /// Lowers the object; nothing if it is refused.
    pub fn lower(&self, object: &Object, context: &Context) -> Vec<Policy> {
        let policy = self.policy.as_ref();
        let mut lowered = policy.map_or_else(Vec::new, |policy| policy.lower(object, context));
        numbering::number_rules(object, &mut lowered);
        lowered
    }

    /// A policy of one namespace that only allows in the terms in which policies are planned, exactly. Err: why it has no such form, as a
    /// clause about the policy.
    pub fn raise(&self, object: &Object) -> Result<RaisedPolicy, String> {
        let mut raised = self.raise_in_part(object)?;
        if let Some(namespaces) = &raised.across {
            return Err(selector::several(namespaces));
        }
        if !raised.denials.is_empty() {
            return Err(DENIES.to_owned());
        }
        match raised.unraised.pop() {
            None => Ok(raised),
            Some(last) => Err(raised.unraised.into_iter().next().unwrap_or(last).why),
        }
    }

    /// The same of one that may also deny, and be for several namespaces, without the rules that have no such form: it may allow less.
    pub fn raise_in_part(&self, object: &Object) -> Result<RaisedPolicy, String> {
        match &self.policy {
            Some(policy) => policy.raise(object),
            None => Err(self.refusal()),
        }
    }

    /// The same of a policy of the whole cluster whose rules hold in order; none if it is no such policy.
    pub fn raise_ordered(&self, object: &Object) -> Option<Result<RaisedOrdered, String>> {
        self.policy.as_ref()?.raise_ordered(object)
    }

    /// Where the rules of such a policy hold; none if it is no such policy.
    pub fn ordered_place(&self) -> Option<Place> {
        self.policy.as_ref()?.ordered_place()
    }

    /// Why it is refused.
    fn refusal(&self) -> String {
        let errors = self.diagnostics.iter();
        let errors = errors.filter(|d| d.severity == Severity::Error);
        let mut messages = errors.map(|d| d.message.as_str());
        // Of several, the one that prevents the policy from being analysed.
        match messages.find_map(|m| m.strip_suffix(NOT_ANALYSED)) {
            Some(why) => format!("the API server rejects it: {why}"),
            None => "the API server rejects it".to_owned(),
        }
    }
}

/// The known kinds of policies, including those that no dialect reads or that the enforcer does not implement.
pub fn kinds(enforcer: Enforcer) -> Vec<Kind> {
    let read = DIALECTS.iter().flat_map(|dialect| {
        let enforced = dialect.enforced_by(enforcer);
        dialect.kinds().iter().map(move |kind| Kind {
            reading: match kind.reading {
                Reading::Judged if !enforced => Reading::LeftOut(Selects::OwnNamespace),
                Reading::Resource if !enforced => Reading::ResourceOfOthers,
                reading => reading,
            },
            ..*kind
        })
    });
    read.chain(unjudged_kinds::KINDS.iter().copied()).collect()
}

/// Whether an object is no policy, but policies name it.
pub fn is_resource(object: &Object) -> bool {
    kind(object).is_some_and(|kind| kind.reading == Reading::Resource)
}

/// Whether an enforcer leaves a label of pods out of account, so that selectors do not see it (C0).
pub fn ignores_label(enforcer: Enforcer, key: &str) -> bool {
    enforcer == Enforcer::Cilium && cilium::is_ignored_label(key)
}

/// Whether an enforcer implements the policies of a kind; none where no dialect reads it.
pub fn is_enforced(enforcer: Enforcer, group: &str, kind: &str) -> Option<bool> {
    let reads = |dialect: &&&dyn Dialect| {
        let mut kinds = dialect.kinds().iter();
        kinds.any(|known| {
            known.group == group && known.name == kind && known.reading == Reading::Judged
        })
    };
    let dialect = DIALECTS.iter().find(reads)?;
    Some(dialect.enforced_by(enforcer))
}

/// Reads an object that policies name, and returns what is wrong with it.
pub fn resource(object: &Object, into: &mut Resources) -> Vec<Diagnostic> {
    let dialect = DIALECTS.get(place(object));
    dialect.map_or_else(Vec::new, |dialect| dialect.resource(object, into))
}

/// What policies mean and what is refused in them: Markdown, a page for each code.
pub fn manual() -> Vec<&'static str> {
    let all = DIALECTS.iter().flat_map(|dialect| dialect.manual());
    all.copied().collect()
}

/// The kind of a policy, if it is a known one.
pub fn kind(object: &Object) -> Option<Kind> {
    let known = DIALECTS.iter().flat_map(|dialect| dialect.kinds());
    let mut all = known.chain(unjudged_kinds::KINDS);
    all.find(|kind| is_of(object, kind)).copied()
}

/// Decodes and validates a policy. An object of no known kind is none.
pub fn read(object: &Object) -> Parsed {
    let dialect = DIALECTS.get(place(object));
    dialect.map_or_else(Parsed::default, |dialect| dialect.read(object))
}

/// Whether a policy has fields that narrow what its rules match and that lowering leaves out of account.
pub fn has_conditions(object: &Object) -> bool {
    let dialect = DIALECTS.get(place(object));
    let keys = dialect.map_or(&[][..], |dialect| dialect.conditions());
    let written = ["spec", "specs"]
        .iter()
        .filter_map(|key| object.node.get(key));
    !keys.is_empty() && written.into_iter().any(|node| node.has_field(keys))
}

/// Whether the selectors of a policy's peers match sets of addresses by their labels, too (G23).
pub fn selects_sets(object: &Object) -> bool {
    let dialect = DIALECTS.get(place(object));
    dialect.is_some_and(|dialect| dialect.selects_sets())
}

/// What is probably not meant in a policy that its dialect accepts, in a cluster.
pub fn lint(object: &Object, cluster: &Snapshot) -> Vec<Diagnostic> {
    let dialect = DIALECTS.get(place(object));
    dialect.map_or_else(Vec::new, |dialect| dialect.lint(object, cluster))
}

/// Whether the rules of a policy name Services that are not among these, so that it is not known what they allow.
pub fn lacks_services(object: &Object, services: &[Service]) -> bool {
    let dialect = DIALECTS.get(place(object));
    dialect.is_some_and(|dialect| dialect.lacks_services(object, services))
}

/// For each policy that an object is lowered to, whether it makes the addresses of domain names known to the pods that
/// it selects; none if its dialect needs no policy for that (C35).
pub fn learns_names(object: &Object) -> Option<Vec<bool>> {
    let rules = dns_rules(object)?;
    Some(rules.iter().map(|rules| !rules.is_empty()).collect())
}

/// For each policy that an object is lowered to, the rules by which it does so.
pub fn dns_rules(object: &Object) -> Option<Vec<Vec<DnsRule>>> {
    DIALECTS.get(place(object))?.dns_rules(object)
}

/// Ports of a rule whose DNS answers make the addresses of names known.
#[derive(Clone, Debug)]
pub struct DnsRule {
    /// Where the rule is written.
    pub rule: Span,
    /// Where its port items are written.
    pub ports: Vec<Span>,
    /// The names.
    pub names: Vec<DomainPattern>,
}

/// The index of an object's dialect in the order of lowering; objects of other kinds come last.
pub fn place(object: &Object) -> usize {
    let reads = |dialect: &&dyn Dialect| dialect.kinds().iter().any(|k| is_of(object, k));
    let place = DIALECTS.iter().position(reads);
    place.unwrap_or(DIALECTS.len())
}

fn is_of(object: &Object, kind: &Kind) -> bool {
    // Most kinds have another name, and the group has to be found.
    kind.name == object.kind && kind.group == object.group()
}

/// A written policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// YAML without a `---` before it: one document, or several where the dialect needs several objects.
    pub text: String,
    /// Which lines (from 1) of `text` carry which flow.
    pub lines: Vec<(RangeInclusive<u32>, FlowKey)>,
}

/// What is written of a policy, if anything can be, and what is left out.
pub type Expressed = (Option<Text>, Vec<Loss>);

fn writer(target: Target) -> Writer {
    match target {
        Target::Kubernetes => network_policy::WRITER,
        Target::Cilium => cilium::WRITER,
        Target::Calico => calico::WRITER,
        Target::AdminNetworkPolicy => cluster_policy::ADMIN_WRITER,
        Target::ClusterNetworkPolicy => cluster_policy::CLUSTER_WRITER,
    }
}

/// Whether an object is a policy of a dialect that policies can be written in.
pub fn is_of_target(object: &Object, target: Target) -> bool {
    let mut kinds = writer(target).kinds.iter();
    kinds.any(|kind| is_of(object, kind))
}

/// How an object is named where policies of several dialects are: `KIND NAMESPACE/NAME`, with the group of a kind
/// whose name another dialect has, too.
pub fn title(object: &Object) -> String {
    let all = DIALECTS.iter().flat_map(|dialect| dialect.kinds());
    let first = all.copied().find(|kind| kind.name == object.kind);
    let kind = match first {
        Some(first) if first.group != object.group() => {
            format!("{}.{}", object.kind, object.group())
        }
        _ => object.kind.clone(),
    };
    match is_namespaced(object) {
        true => format!("{kind} {}/{}", object.namespace_or_default(), object.name),
        false => format!("{kind} {}", object.name),
    }
}

/// Whether the objects of its kind have a namespace.
pub fn is_namespaced(object: &Object) -> bool {
    kind(object).is_some_and(|kind| kind.namespaced)
}

/// Writes a planned policy, and lists what of it the dialect cannot express. None: nothing of it can be expressed.
pub fn write(target: Target, plan: &PlanPolicy, resolution: Resolution) -> Expressed {
    (writer(target).write)(plan, resolution)
}

/// The same of a policy for drawn flows: of those that the dialect cannot express, it writes the wider form where the user
/// has chosen that, and lists these, too.
pub fn write_drawn(
    target: Target,
    plan: &PlanPolicy,
    resolution: Resolution,
) -> (Expressed, Vec<Approximation>) {
    let (widened, approximations) = approximate::widened(target, plan);
    let (text, mut losses) = write(target, &widened, resolution);
    approximate::offer(target, plan, &mut losses);
    let approximations = approximate::written(text.as_ref(), approximations);
    ((text, losses), approximations)
}

/// Writes a policy of the whole cluster, and lists what of it the dialect cannot express: rules that allow, or peers of
/// them. Err: why it cannot be written at all, as a clause about the policy.
pub fn write_ordered(target: Target, policy: &OrderedPolicy) -> Result<Expressed, String> {
    (writer(target).write_ordered)(policy)
}

/// Whether an object is a policy that is not in force: a staged one (G5).
pub fn is_staged(object: &Object) -> bool {
    kind(object).is_some_and(|kind| kind.reading == Reading::NotEnforced)
}

/// What the API server refuses in objects that are not in force: staged policies.
pub fn validate_staged(objects: &[Object]) -> Vec<Diagnostic> {
    objects.iter().flat_map(calico::validate_staged).collect()
}

/// Replaces staged policies by the policies that they become once they are promoted. `namespace`: that of objects that
/// name none. Returns what cannot be promoted, and why.
pub fn promote(objects: &mut Vec<Object>, namespace: Option<&str>) -> Vec<Diagnostic> {
    calico::promote(objects, namespace)
}

/// The tiers of a cluster with these policies.
pub fn tiers(enforcer: Enforcer, resources: &Resources, policies: &[Object]) -> Tiers {
    match enforcer {
        Enforcer::Kubernetes => Tiers::kubernetes(),
        Enforcer::Cilium => Tiers::cilium(),
        Enforcer::Calico => Tiers::calico(&resources.tiers, &calico::named_tiers(policies)),
    }
}

/// What is wrong with the tiers that policies name.
pub fn unknown_tiers(enforcer: Enforcer, policies: &[Object], tiers: &Tiers) -> Vec<Diagnostic> {
    match enforcer {
        Enforcer::Calico => calico::unknown_tiers(policies, tiers),
        Enforcer::Kubernetes | Enforcer::Cilium => Vec::new(),
    }
}

/// The enforcer whose policies are among these objects; Kubernetes where there are none of Cilium or Calico. Where
/// there are some of both, nothing decides whose rules hold: an error. Core objects, such as the service accounts whose
/// labels Calico reads, are in every cluster and decide nothing.
pub fn enforcer_of(objects: &[Object]) -> (Enforcer, Option<Diagnostic>) {
    let first_of = |enforcer| {
        let own = move |object: &&Object| {
            let dialect = DIALECTS.get(place(object));
            let only =
                |d: &&dyn Dialect| !d.enforced_by(Enforcer::Kubernetes) && d.enforced_by(enforcer);
            !object.group().is_empty() && dialect.is_some_and(only)
        };
        objects.iter().find(own)
    };
    let first = (first_of(Enforcer::Cilium), first_of(Enforcer::Calico));
    match first {
        (None, None) => (Enforcer::Kubernetes, None),
        (Some(_), None) => (Enforcer::Cilium, None),
        (None, Some(_)) => (Enforcer::Calico, None),
        (Some(_), Some(object)) => {
            let message = "the input has policies of Cilium and of Calico, and a cluster enforces one of them";
            let error = Diagnostic::error("enforcer", message)
                .help("choose with `--enforcer cilium` or `--enforcer calico`");
            (Enforcer::Kubernetes, Some(error.at(object.whole())))
        }
    }
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
}
