//! Turns a NetworkPolicy of Calico into rules as they are planned: those that allow or deny pods by labels and namespaces,
//! and address blocks. What else a policy has is the reason why it has no such form.
//!
//! Where all policies of a tier only allow, their order means nothing. A rule that denies is raised as one that comes before
//! all that allow; those that hold before it in other policies are for the caller to compare.

use ipnet::IpNet;

use super::lower::whole;
use super::policy::{Action, CalicoPolicy, Entity, Ip, Kind, Number, Port, Rule};
use super::selector::Expression;
use crate::cluster::NAMESPACE_NAME_LABEL;
use crate::dialect::selector::{one_namespace, one_or_several};
use crate::policy::{
    Accounts, Direction, Match, Network, PlanNamespaces, PlanPeer, PortMatch, RaisedPolicy,
    RaisedRule, Unraised,
};
use crate::sets::{LabelOp, Protocol, Requirement, Selector};
use crate::yaml::Object;

/// The tier whose end denies what is left.
const DEFAULT_TIER: &str = "default";
/// The tier before it, which passes on what is left (G1).
pub(super) const ADMIN_TIER: &str = "kube-admin";
/// The label with the name of an object, as selectors of namespaces and of service accounts see it.
const NAME: &str = "projectcalico.org/name";
/// The label with the name of a pod's namespace.
const NAMESPACE: &str = "projectcalico.org/namespace";

/// Raises a policy that Calico accepts.
pub fn raise(object: &Object, policy: &CalicoPolicy) -> Result<RaisedPolicy, String> {
    let global = policy.kind == Kind::GlobalNetworkPolicy;
    if policy.host {
        return Err("it is for the traffic of hosts".to_owned());
    }
    let mut written = policy.rules.iter().flatten().peekable();
    let passes = policy.tier == ADMIN_TIER
        && written.peek().is_some()
        && written.all(|rule| rule.action == Action::Deny);
    if policy.tier != DEFAULT_TIER && !passes {
        return Err(format!("it is in the tier `{}`", policy.tier));
    }
    let accounts = match &policy.service_account_selector {
        Some(selector) => by_name(selector)?,
        None => Accounts::default(),
    };
    let (mut namespaces, subject) =
        both(policy.namespace_selector.as_ref(), policy.selector.as_ref())?;
    if !global {
        let own = Selector::label(NAMESPACE_NAME_LABEL, object.namespace_or_default());
        if !namespaces.is_everything() && namespaces != own {
            return Err("it selects its pods by their namespace, too".to_owned());
        }
        namespaces = own;
    }
    // Without a selector of namespaces it is for hosts, too (G11).
    let (namespace, across) = match policy.namespace_selector {
        Some(_) => one_or_several(namespaces),
        None => (one_namespace(&namespaces)?, None),
    };
    let mut raised = RaisedPolicy {
        namespace,
        across,
        subject,
        accounts,
        isolates: Vec::new(),
        rules: Vec::new(),
        denials: Vec::new(),
        unraised: Vec::new(),
    };
    for direction in Direction::BOTH {
        let at = direction as usize;
        if policy.types[at] {
            raised.isolates.extend((!passes).then_some(direction));
            add_rules(&mut raised, direction, &policy.rules[at], global)?;
        }
    }
    Ok(raised)
}

/// Adds the rules for a direction. One that allows and comes before one that denies is left out, as it would be denied.
fn add_rules(
    raised: &mut RaisedPolicy,
    direction: Direction,
    written: &[Rule],
    global: bool,
) -> Result<(), String> {
    let field = direction.field();
    let last_denial = written.iter().rposition(|rule| rule.action == Action::Deny);
    for (index, one) in written.iter().enumerate() {
        let mut found = rule(direction, index, one, global);
        if is_denial(one)? {
            let why = |why| format!("`{field}[{index}]` denies, and {why}");
            raised.denials.push(found.map_err(why)?);
            continue;
        }
        if let Some(denial) = last_denial.filter(|denial| *denial > index) {
            found = Err(format!(
                "it allows before `{field}[{denial}]` denies, and what denies would come first"
            ));
        }
        match found {
            Ok(rule) => raised.rules.push(rule),
            Err(why) => raised.unraised.push(Unraised {
                direction,
                index,
                why,
            }),
        }
    }
    Ok(())
}

/// Whether a rule denies rather than allows. Without one of another kind the policy could allow more.
fn is_denial(rule: &Rule) -> Result<bool, String> {
    let other = match rule.action {
        Action::Allow => return Ok(false),
        Action::Deny => return Ok(true),
        Action::Pass => "it has rules that pass to the next tier",
        Action::Log => "it has rules that log",
    };
    Err(other.to_owned())
}

/// A rule that allows or denies.
fn rule(
    direction: Direction,
    index: usize,
    rule: &Rule,
    global: bool,
) -> Result<RaisedRule, String> {
    for (is_used, what) in [
        (rule.icmp_code, "codes of ICMP types"),
        (rule.not_icmp.is_some(), "`notICMP`"),
        (rule.http, "`http` rules"),
        (rule.not_protocol.is_some(), "`notProtocol`"),
        (rule.version.is_some(), "`ipVersion`"),
        (is_restricted(&rule.source), "source ports"),
        (!rule.destination.not_ports.is_empty(), "`notPorts`"),
    ] {
        if is_used {
            return Err(format!("it has {what}"));
        }
    }
    let (own, other) = match direction {
        Direction::Ingress => (&rule.destination, &rule.source),
        Direction::Egress => (&rule.source, &rule.destination),
    };
    if peers(own, global)? != Match::Any {
        return Err("it has rules for a part of its own pods".to_owned());
    }
    Ok(RaisedRule {
        direction,
        list: direction.field(),
        index,
        peers: peers(other, global)?,
        ports: ports(rule)?,
    })
}

fn is_restricted(source: &Entity) -> bool {
    !source.ports.is_empty() || !source.not_ports.is_empty()
}

/// What the criteria of an end match, other than ports; everything where there are none (G24). In a `global` policy
/// labels alone are for pods of every namespace (G23).
fn peers(entity: &Entity, global: bool) -> Result<Match<PlanPeer>, String> {
    let accounts = accounts(entity)?;
    if entity.not_selector.is_some() {
        return Err("it has `notSelector`".to_owned());
    }
    if entity.service.is_some() {
        return Err("it has `services`".to_owned());
    }
    let by_labels =
        entity.selector.is_some() || entity.namespace_selector.is_some() || !accounts.is_any();
    let by_address = !entity.nets.is_empty() || !entity.not_nets.is_empty();
    match (by_labels, by_address) {
        (false, false) => Ok(Match::Any),
        (true, false) => Ok(Match::Only(vec![pods(entity, accounts, global)?])),
        (false, true) => Ok(Match::Only(blocks(entity)?)),
        (true, true) => Err("it selects by labels and addresses at once".to_owned()),
    }
}

/// The service accounts of an end.
fn accounts(entity: &Entity) -> Result<Accounts, String> {
    let Some(written) = &entity.service_accounts else {
        return Ok(Accounts::default());
    };
    let named: Accounts = written.names.iter().cloned().collect();
    let Some(selector) = &written.selector else {
        return Ok(named);
    };
    let by_name = by_name(selector)?;
    if named.is_any() && by_name.is_any() {
        // It matches network sets, too (G23).
        return Err("it has every service account".to_owned());
    }
    let common = named.common(&by_name);
    common.ok_or_else(|| "it has service accounts that no pod can have".to_owned())
}

/// The service accounts that a selector names.
fn by_name(selector: &Expression) -> Result<Accounts, String> {
    match selector {
        Expression::All => Ok(Accounts::default()),
        Expression::Equal(key, name) if key == NAME => Ok([name.clone()].into_iter().collect()),
        Expression::In(key, names) if key == NAME && !names.is_empty() => {
            Ok(names.iter().cloned().collect())
        }
        _ => Err("it selects service accounts by their labels".to_owned()),
    }
}

fn pods(entity: &Entity, accounts: Accounts, global: bool) -> Result<PlanPeer, String> {
    let scope = entity.namespace_selector.as_ref();
    if scope == Some(&Expression::Global) {
        return Err("it selects what is in no namespace".to_owned());
    }
    let (namespaces, pods) = both(scope, entity.selector.as_ref())?;
    let own = !global && scope.is_none();
    let namespaces = match (own, namespaces.is_everything()) {
        (true, true) => PlanNamespaces::Own,
        (true, false) => return Err("it selects pods by their namespace, too".to_owned()),
        (false, _) => PlanNamespaces::Labelled(namespaces),
    };
    Ok(PlanPeer::pods(namespaces, pods, accounts))
}

/// What a selector of namespaces and one of pods ask of both.
fn both(
    namespaces: Option<&Expression>,
    pods: Option<&Expression>,
) -> Result<(Selector, Selector), String> {
    let requirements = |expression: Option<&Expression>, label| match expression {
        Some(expression) => Ok(selector(expression, label)?.requirements),
        None => Ok::<_, String>(Vec::new()),
    };
    let mut within = requirements(namespaces, &of_namespaces)?;
    let mut selected = requirements(pods, &of_pods)?;
    let by_name = selected.extract_if(.., |r| r.key == NAMESPACE);
    within.extend(by_name.map(|r| Requirement::new(NAMESPACE_NAME_LABEL, r.op)));
    Ok((
        Selector {
            requirements: within,
        },
        Selector {
            requirements: selected,
        },
    ))
}

fn blocks(entity: &Entity) -> Result<Vec<PlanPeer>, String> {
    if entity.nets.is_empty() {
        return Err("it has `notNets` without `nets`".to_owned());
    }
    let block = |cidr: &IpNet| {
        let network = Network {
            cidr: *cidr,
            except: entity.not_nets.clone(),
        };
        network.canonical().map(PlanPeer::Block)
    };
    entity.nets.iter().map(block).collect()
}

fn ports(rule: &Rule) -> Result<Match<PortMatch>, String> {
    let protocol = match rule.protocol {
        None => None,
        Some(Ip::Ports(protocol)) => Some(protocol),
        Some(Ip::Other(number)) => {
            return Err(format!("it has the protocol {number}, which has no ports"));
        }
    };
    let listed = &rule.destination.ports;
    Ok(match (listed.as_slice(), protocol) {
        ([], None) => Match::Any,
        ([], Some(protocol)) => Match::Only(vec![whole(rule, protocol)]),
        (listed, Some(protocol)) => {
            Match::Only(listed.iter().map(|item| port(item, protocol)).collect())
        }
        // Names alone can be of any protocol (G26).
        (listed, None) => {
            let each = listed.iter();
            let each = each.flat_map(|item| Protocol::ALL.map(|protocol| port(item, protocol)));
            Match::Only(each.collect())
        }
    })
}

fn port(port: &Port, protocol: Protocol) -> PortMatch {
    match &port.number {
        Number::Range(first, last) => PortMatch::Range {
            protocol,
            first: *first,
            last: *last,
        },
        Number::Named(name) => PortMatch::Named {
            protocol: Some(protocol),
            name: name.clone(),
        },
    }
}

/// A key of a label of pods, as selectors of the API write it, or [`NAMESPACE`].
fn of_pods(key: &str) -> Option<&str> {
    let prefixes = ["projectcalico.org/", "pcns.", "pcsa."];
    let own = key != NAMESPACE && prefixes.iter().any(|prefix| key.starts_with(prefix));
    (!own).then_some(key)
}

/// The same of namespaces.
fn of_namespaces(key: &str) -> Option<&str> {
    match key {
        NAME => Some(NAMESPACE_NAME_LABEL),
        NAMESPACE => None,
        _ => of_pods(key),
    }
}

/// An expression as requirements that all hold, with `label` for the keys.
fn selector(
    expression: &Expression,
    label: &dyn Fn(&str) -> Option<&str>,
) -> Result<Selector, String> {
    let terms = match expression {
        Expression::All => &[][..],
        Expression::And(terms) => terms,
        one => std::slice::from_ref(one),
    };
    let mut requirements = Vec::new();
    for term in terms {
        match term {
            Expression::And(_) => requirements.extend(selector(term, label)?.requirements),
            Expression::All => {}
            _ => requirements.push(requirement(term, label)?),
        }
    }
    Ok(Selector { requirements })
}

fn requirement(
    expression: &Expression,
    label: &dyn Fn(&str) -> Option<&str>,
) -> Result<Requirement, String> {
    use Expression as E;
    let set = |values: &[String]| values.iter().cloned().collect();
    let one = |value: &String| std::iter::once(value.clone()).collect();
    let (key, op) = match expression {
        E::Has(key) => (key, LabelOp::Exists),
        E::Equal(key, value) => (key, LabelOp::In(one(value))),
        E::NotEqual(key, value) => (key, LabelOp::NotIn(one(value))),
        E::In(key, values) => (key, LabelOp::In(set(values))),
        E::NotIn(key, values) => (key, LabelOp::NotIn(set(values))),
        E::Contains(key, text) => (key, LabelOp::Contains(text.clone())),
        E::StartsWith(key, text) => (key, LabelOp::StartsWith(text.clone())),
        E::EndsWith(key, text) => (key, LabelOp::EndsWith(text.clone())),
        E::Not(inner) => {
            let (key, op) = match &**inner {
                E::Has(key) => (key, LabelOp::DoesNotExist),
                E::Equal(key, value) => (key, LabelOp::NotIn(one(value))),
                E::In(key, values) => (key, LabelOp::NotIn(set(values))),
                _ => return Err(no_labels(expression)),
            };
            return requirement_of(key, op, label);
        }
        E::All | E::Global | E::And(_) | E::Or(_) => return Err(no_labels(expression)),
    };
    requirement_of(key, op, label)
}

fn requirement_of(
    key: &str,
    op: LabelOp,
    label: &dyn Fn(&str) -> Option<&str>,
) -> Result<Requirement, String> {
    match label(key) {
        Some(key) => Ok(Requirement::new(key, op)),
        None => Err(format!("it selects by `{key}`, which is no label of pods")),
    }
}

fn no_labels(expression: &Expression) -> String {
    format!("it has the selector `{expression}`, which is no list of requirements")
}
