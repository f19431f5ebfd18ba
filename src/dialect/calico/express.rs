//! Splits a planned policy into a Calico NetworkPolicy and the losses that Calico cannot express. Never widens:
//! peers that cannot be expressed are omitted, and rules that have no peers left.
//!
//! Policies that allow are in the default tier. Among themselves their order means nothing and none is written; beside
//! other policies of Calico they have the order of a NetworkPolicy (G2). What none of their rules allows is denied at the
//! end of the tier. Policies that deny come before them; where these must not isolate their pods, they are in the tier
//! before, which passes on what is left (G1).
//!
//! A rule has one protocol, one peer by labels, and blocks of one address family, so a planned rule may become several.
//!
//! A policy of the whole cluster whose rules hold in order is a GlobalNetworkPolicy of the tier where Calico puts those of
//! the Network Policy API (G1), with their priority as its order.

use ipnet::IpNet;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::raise::ADMIN_TIER;
use super::write::{Entity, Policy, Port, Rule, write};
use crate::cluster::NAMESPACE_NAME_LABEL;
use crate::dialect::writing::{
    directions, http_losses, in_order, is_named, losses, object_meta, ordered_meta, peer_losses,
    type_losses, world,
};
use crate::dialect::{Expressed, Text};
use crate::policy::{
    self, Accounts, Action, FlowKey, Loss, Match, Network, OrderedPolicy, Part, PlanNamespaces,
    PlanPeer, PlanPolicy, PlanRule, PortMatch, Resolution, Role,
};
use crate::sets::{LabelOp, Protocol, Requirement, Selector};

/// Most ports of one rule.
const MOST_PORTS: usize = 50;
/// Most address blocks of one rule.
const MOST_BLOCKS: usize = 256;
/// The order of policies that deny: before the 1000 of a NetworkPolicy, and before those without one (G3).
const DENY_ORDER: i64 = 100;
/// The order that a NetworkPolicy has among policies of Calico (G2).
const NETWORK_POLICY_ORDER: i64 = 1000;
/// Why HTTP rules are not written (G29).
const HTTP: &str = "HTTP rules of Calico need its Envoy add-on, and are not written";
/// The label with the name of an object, as selectors of service accounts see it.
const ACCOUNT_NAME: &str = "projectcalico.org/name";
/// Most characters of a selector.
const LONGEST_SELECTOR: usize = 1024;

/// Writes a planned policy. None: nothing of it can be expressed.
pub(super) fn express(plan: &PlanPolicy, _: Resolution) -> (Option<Text>, Vec<Loss>) {
    let mut lost = Vec::new();
    let namespaces = plan.across.as_ref().map(in_namespaces);
    if namespaces == Some(None) {
        let all = plan.rules.iter().zip(plan.across.iter().cycle());
        lost.extend(all.flat_map(|(rule, across)| selector_losses(rule, across)));
        return (None, lost);
    }
    let Some(subject) = selector(&plan.subject) else {
        let all = plan.rules.iter();
        lost.extend(all.flat_map(|rule| selector_losses(rule, &plan.subject)));
        return (None, lost);
    };
    let Some(accounts) = by_account(&plan.accounts) else {
        let why = "the names of the service accounts are too long for a selector of Calico";
        let help = "use fewer or shorter service accounts";
        let all = plan.rules.iter();
        lost.extend(all.flat_map(|rule| losses(rule, &Part::Gate(rule.direction), why, help)));
        return (None, lost);
    };
    let denies = plan.role == Role::Deny;
    // Every policy of the default tier isolates the pods that it selects (G13).
    let passes = denies && !plan.isolates && !plan.isolated;
    let action = if denies { Action::Deny } else { Action::Accept };
    let mut rules = Vec::new();
    for direction in &plan.directions {
        let planned = plan.rules.iter().filter(|r| r.direction == *direction);
        for rule in planned {
            match http_losses(rule, HTTP) {
                none if none.is_empty() => expressed(action, rule, &mut rules, &mut lost),
                found => lost.extend(found),
            }
        }
    }
    if rules.is_empty() && !plan.isolates {
        return (None, lost);
    }
    let flows: Vec<&[FlowKey]> = rules.iter().map(|rule| rule.flows).collect();
    let policy = Policy {
        metadata: named(object_meta(plan)),
        comment: &plan.comment,
        tier: passes.then_some(ADMIN_TIER),
        order: match (denies, passes) {
            (true, true) => None,
            (true, false) => Some(DENY_ORDER),
            (false, _) => plan.beside.any.then_some(NETWORK_POLICY_ORDER),
        },
        namespaces: namespaces.flatten(),
        subject,
        accounts,
        directions: &plan.directions,
        rules: &rules,
    };
    (Some(Text::new(write(&policy), &flows)), lost)
}

/// Writes a policy of the whole cluster whose rules hold in order.
pub(super) fn ordered(policy: &OrderedPolicy) -> Result<Expressed, String> {
    let selected = in_namespaces(&policy.namespaces).zip(selector(&policy.pods));
    let (namespaces, subject) =
        selected.ok_or("Calico cannot express the selectors of its pods")?;
    let mut rules = Vec::new();
    let lost = in_order(policy, |one, lost| {
        expressed(one.action, &one.rule, &mut rules, lost);
    })?;
    if rules.is_empty() {
        return Ok((None, lost));
    }
    let directions = directions(rules.iter().map(|rule| rule.direction));
    let flows: Vec<&[FlowKey]> = rules.iter().map(|rule| rule.flows).collect();
    let written = Policy {
        metadata: named(ordered_meta(policy)),
        comment: &policy.comment,
        tier: Some(match policy.place.baseline {
            true => "kube-baseline",
            false => ADMIN_TIER,
        }),
        order: Some(policy.place.priority.into()),
        namespaces: Some(namespaces),
        subject,
        accounts: None,
        directions: &directions,
        rules: &rules,
    };
    Ok((Some(Text::new(write(&written), &flows)), lost))
}

/// The metadata with a name that Calico accepts: one with more than one dot has hyphens instead.
fn named(mut metadata: ObjectMeta) -> ObjectMeta {
    if let Some(name) = &mut metadata.name
        && name.matches('.').count() > 1
    {
        *name = name.replace('.', "-");
    }
    metadata
}

/// Appends the rules that a planned one becomes: each peer at the ports of each protocol.
fn expressed<'a>(
    action: Action,
    rule: &'a PlanRule,
    rules: &mut Vec<Rule<'a>>,
    lost: &mut Vec<Loss>,
) {
    let ports = ports(rule, lost);
    let mut comments: &[String] = &rule.comments;
    for peer in peers(rule, lost) {
        for ports in &ports {
            rules.push(Rule {
                direction: rule.direction,
                action,
                // Once, above the first.
                comments: std::mem::take(&mut comments),
                flows: &rule.flows,
                peer: peer.clone(),
                protocol: ports.protocol,
                ports: ports.ports.clone(),
                icmp: ports.icmp,
            });
        }
    }
}

/// The peers that can be expressed, one for each rule; those of a list all have criteria, as without any they would
/// match everything.
fn peers(rule: &PlanRule, lost: &mut Vec<Loss>) -> Vec<Entity> {
    let Match::Only(listed) = &rule.peers else {
        return vec![Entity::Everything];
    };
    let mut found = Vec::new();
    let mut whole: Vec<IpNet> = Vec::new();
    lost.extend(peer_losses(rule, "Calico", is_named));
    for peer in listed {
        match peer {
            PlanPeer::Pods(namespaces, pods) => {
                match by_labels(namespaces, pods, &Accounts::default()) {
                    Ok(peer) => found.push(peer),
                    Err(selector) => lost.extend(selector_losses(rule, selector)),
                }
            }
            PlanPeer::Accounts(namespaces, pods, accounts) => {
                match by_labels(namespaces, pods, accounts) {
                    Ok(peer) => found.push(peer),
                    Err(selector) => lost.extend(selector_losses(rule, selector)),
                }
            }
            PlanPeer::Node(network) => whole.push(network.cidr),
            PlanPeer::Block(network) if network.except.is_empty() => whole.push(network.cidr),
            PlanPeer::Block(network) if network.except.len() <= MOST_BLOCKS => {
                found.push(Entity::Blocks(vec![network.cidr], network.except.clone()));
            }
            PlanPeer::Block(network) => lost.extend(too_many_exceptions(rule, network)),
            PlanPeer::Entity(policy::Entity::World) => {
                whole.extend(world().map(|network| network.cidr))
            }
            PlanPeer::Domain(_) | PlanPeer::Entity(_) => {}
        }
    }
    let (v4, v6): (Vec<_>, Vec<_>) = whole.into_iter().partition(|net| net.addr().is_ipv4());
    for family in [v4, v6] {
        let some = family.chunks(MOST_BLOCKS);
        found.extend(some.map(|nets| Entity::Blocks(nets.to_vec(), Vec::new())));
    }
    found
}

fn too_many_exceptions(rule: &PlanRule, network: &Network) -> Vec<Loss> {
    let why = format!(
        "a rule of Calico has at most {MOST_BLOCKS} exceptions, `{}` has {}",
        network.cidr,
        network.except.len()
    );
    let help = "split the network into smaller ones";
    losses(rule, &Part::Network(network.clone()), &why, help)
}

/// Pods by labels and service accounts. Without a namespace selector they are those of the policy's own.
fn by_labels<'a>(
    namespaces: &'a PlanNamespaces,
    pods: &'a Selector,
    accounts: &Accounts,
) -> Result<Entity, &'a Selector> {
    let namespaces = match namespaces {
        PlanNamespaces::Own => None,
        PlanNamespaces::Named(name) => {
            let named = Selector::label(NAMESPACE_NAME_LABEL, name);
            Some(selector(&named).ok_or(pods)?)
        }
        PlanNamespaces::Labelled(labels) => Some(in_namespaces(labels).ok_or(labels)?),
    };
    // Without a namespace selector nothing but `all()` says that they are pods.
    let needed = namespaces.is_none() || !pods.is_everything();
    Ok(Entity::Labels {
        pods: needed.then(|| selector(pods).ok_or(pods)).transpose()?,
        namespaces,
        accounts: accounts.names().map(str::to_owned).collect(),
    })
}

/// The selector of some service accounts; none inside: any. None if it is too long.
fn by_account(accounts: &Accounts) -> Option<Option<String>> {
    if accounts.is_any() {
        return Some(None);
    }
    let names = accounts.names().map(str::to_owned).collect();
    let text = condition(ACCOUNT_NAME, &LabelOp::In(names))?;
    (text.len() <= LONGEST_SELECTOR).then_some(Some(text))
}

/// Namespaces by labels. What is in no namespace passes negative requirements, so that one of them has to be
/// positive.
fn in_namespaces(labels: &Selector) -> Option<String> {
    let negative = |r: &Requirement| matches!(r.op, LabelOp::NotIn(_) | LabelOp::DoesNotExist);
    if labels.is_everything() || !labels.requirements.iter().all(negative) {
        return selector(labels);
    }
    let named = Requirement::new(NAMESPACE_NAME_LABEL, LabelOp::Exists);
    let requirements = [vec![named], labels.requirements.clone()].concat();
    selector(&Selector { requirements })
}

fn selector_losses(rule: &PlanRule, selector: &Selector) -> Vec<Loss> {
    let why = format!("Calico cannot express the selector `{selector}`");
    let help = "use fewer or shorter values, and no labels of Calico's own";
    losses(rule, &Part::Gate(rule.direction), &why, help)
}

/// A selector in Calico's language; none if it is too long or has a key or a value that cannot be written.
fn selector(selector: &Selector) -> Option<String> {
    let requirements = selector.requirements.iter();
    let always = |r: &&Requirement| matches!(&r.op, LabelOp::NotIn(values) if values.is_empty());
    let parts = requirements.filter(|r| !always(r)).map(requirement);
    let parts: Vec<String> = parts.collect::<Option<_>>()?;
    let text = match parts.is_empty() {
        true => "all()".to_owned(),
        false => parts.join(" && "),
    };
    (text.len() <= LONGEST_SELECTOR).then_some(text)
}

fn requirement(Requirement { key, op }: &Requirement) -> Option<String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-');
    if key.is_empty() || !key.chars().all(fine) || is_own_label(key) {
        return None;
    }
    condition(key, op)
}

/// A condition on a label whose key can be written.
fn condition(key: &str, op: &LabelOp) -> Option<String> {
    let list = |values: &std::collections::BTreeSet<String>| {
        let values: Option<Vec<String>> = values.iter().map(|value| literal(value)).collect();
        values.map(|values| format!("{{{}}}", values.join(", ")))
    };
    Some(match op {
        LabelOp::In(values) => match values.first().filter(|_| values.len() == 1) {
            Some(value) => format!("{key} == {}", literal(value)?),
            None => format!("{key} in {}", list(values)?),
        },
        LabelOp::NotIn(values) => match values.first().filter(|_| values.len() == 1) {
            Some(value) => format!("{key} != {}", literal(value)?),
            None => format!("{key} not in {}", list(values)?),
        },
        LabelOp::Exists => format!("has({key})"),
        LabelOp::DoesNotExist => format!("!has({key})"),
        LabelOp::StartsWith(text) => format!("{key} starts with {}", literal(text)?),
        LabelOp::EndsWith(text) => format!("{key} ends with {}", literal(text)?),
        LabelOp::Contains(text) => format!("{key} contains {}", literal(text)?),
    })
}

/// Whether Calico sets this label itself, whatever labels a pod or a namespace has.
fn is_own_label(key: &str) -> bool {
    let prefixes = ["projectcalico.org/", "pcns.", "pcsa."];
    prefixes.iter().any(|prefix| key.starts_with(prefix))
}

/// A text in quotes. The language has no escapes, so a text with a quote is in the other ones.
fn literal(text: &str) -> Option<String> {
    let quote = match (text.contains('\''), text.contains('"')) {
        _ if text.contains(['\n', '\r']) => return None,
        (false, _) => '\'',
        (true, false) => '"',
        (true, true) => return None,
    };
    Some(format!("{quote}{text}{quote}"))
}

/// The ports of one rule.
#[derive(Debug, PartialEq, Eq)]
struct Ports {
    /// None: any.
    protocol: Option<Protocol>,
    /// Empty: any.
    ports: Vec<Port>,
    /// The type of ICMP; none: any.
    icmp: Option<u16>,
}

impl Ports {
    fn new(protocol: Option<Protocol>, ports: Vec<Port>) -> Self {
        Self {
            protocol,
            ports,
            icmp: None,
        }
    }
}

/// The ports of each rule: one or more rules for each protocol, in the order in which they are planned.
fn ports(rule: &PlanRule, lost: &mut Vec<Loss>) -> Vec<Ports> {
    let Match::Only(ports) = &rule.ports else {
        return vec![Ports::new(None, Vec::new())];
    };
    let (types, ports): (Vec<_>, Vec<_>) = ports.iter().partition(|port| port.has_types());
    let mut protocols: Vec<Option<Protocol>> = Vec::new();
    for port in &ports {
        if !protocols.contains(&port.protocol()) {
            protocols.push(port.protocol());
        }
    }
    let mut found = Vec::new();
    for of in protocols {
        let of_protocol = ports.iter().filter(|port| port.protocol() == of);
        let all: Option<Vec<Port>> = of_protocol.map(|port| one(port)).collect();
        match all {
            None => found.push(Ports::new(of, Vec::new())),
            Some(all) => {
                let chunks = all.chunks(MOST_PORTS);
                found.extend(chunks.map(|some| Ports::new(of, some.to_vec())));
            }
        }
    }
    for port in types {
        match port {
            // The API has no type 255 (G26).
            PortMatch::Range { last: 255, .. } => lost.extend(type_losses(rule, port, "Calico")),
            PortMatch::Range { first, last, .. } => {
                found.extend((*first..=*last).map(|number| Ports {
                    icmp: Some(number),
                    ..Ports::new(port.protocol(), Vec::new())
                }));
            }
            _ => found.push(Ports::new(port.protocol(), Vec::new())),
        }
    }
    found
}

/// A port; none: all of its protocol.
fn one(port: &PortMatch) -> Option<Port> {
    match port {
        PortMatch::AllPorts(_) => None,
        PortMatch::Range { first, last, .. } if first == last => Some(Port::Number(*first)),
        PortMatch::Range { first, last, .. } => Some(Port::Text(format!("{first}:{last}"))),
        // No plan has a range from a name: the name alone is never wider.
        PortMatch::Named { name, .. } | PortMatch::FromNamed { name, .. } => {
            Some(Port::Text(name.clone()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Direction;

    #[test]
    fn selectors_are_written_in_the_language() {
        let one = |key: &str, op| Requirement::new(key, op);
        let set = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect();
        let text = |requirements: Vec<Requirement>| selector(&Selector { requirements });
        let all = vec![
            one("app", LabelOp::In(set(&["web"]))),
            one("tier", LabelOp::In(set(&["a", "b"]))),
            one("x", LabelOp::DoesNotExist),
            one("in", LabelOp::Exists),
            one("on", LabelOp::NotIn(set(&["it's"]))),
            one("on", LabelOp::NotIn(set(&["", "y"]))),
            one("on", LabelOp::NotIn(set(&[]))),
            one("v", LabelOp::StartsWith("1".to_owned())),
        ];
        let want = "app == 'web' && tier in {'a', 'b'} && !has(x) && has(in) && on != \"it's\" \
                    && on not in {'', 'y'} && v starts with '1'";
        assert_eq!(text(all).as_deref(), Some(want));
        assert_eq!(text(Vec::new()).as_deref(), Some("all()"));
        for (key, value) in [
            ("a", "both ' and \""),
            ("a", "a\nb"),
            ("a b", ""),
            ("", ""),
            ("projectcalico.org/namespace", "x"),
            ("a", &"x".repeat(LONGEST_SELECTOR)),
        ] {
            let refused = text(vec![Requirement::equals(key, value)]);
            assert_eq!(refused, None, "{key} {value}");
        }
    }

    #[test]
    fn namespaces_by_negative_requirements_are_namespaces() {
        let not = |op| Selector {
            requirements: vec![Requirement::new("team", op)],
        };
        for (labels, want) in [
            (Selector::everything(), "all()"),
            (
                not(LabelOp::DoesNotExist),
                "has(kubernetes.io/metadata.name) && !has(team)",
            ),
            (not(LabelOp::Exists), "has(team)"),
        ] {
            assert_eq!(in_namespaces(&labels).as_deref(), Some(want));
        }
    }

    #[test]
    fn a_rule_has_one_protocol_and_at_most_fifty_ports() {
        let port = |first: u16| PortMatch::Range {
            protocol: Protocol::Tcp,
            first,
            last: first,
        };
        let mut many: Vec<PortMatch> = (1..=51).map(port).collect();
        many.push(PortMatch::AllPorts(Protocol::Udp));
        let written = ports(&rule(Match::Only(many)), &mut Vec::new());
        let counts: Vec<_> = (written.iter())
            .map(|p| (p.protocol, p.ports.len()))
            .collect();
        assert_eq!(
            counts,
            [
                (Some(Protocol::Tcp), 50),
                (Some(Protocol::Tcp), 1),
                (Some(Protocol::Udp), 0)
            ]
        );
        let any = ports(&rule(Match::Any), &mut Vec::new());
        assert_eq!(any, [Ports::new(None, Vec::new())]);
    }

    #[test]
    fn types_of_icmp_have_a_rule_each_and_255_has_none() {
        let types = |protocol, first, last| PortMatch::Range {
            protocol,
            first,
            last,
        };
        let all = vec![
            types(Protocol::Icmp, 0, 1),
            PortMatch::AllPorts(Protocol::Icmp6),
            types(Protocol::Icmp, 254, 255),
        ];
        let mut lost = Vec::new();
        let written = ports(&rule(Match::Only(all)), &mut lost);
        let found: Vec<_> = written.iter().map(|p| (p.protocol, p.icmp)).collect();
        assert_eq!(
            found,
            [
                (Some(Protocol::Icmp), Some(0)),
                (Some(Protocol::Icmp), Some(1)),
                (Some(Protocol::Icmp6), None)
            ]
        );
        let lost: Vec<_> = lost.iter().map(|loss| loss.part.clone()).collect();
        assert_eq!(lost, [Part::Port("ICMP/254-255".to_owned())]);
    }

    fn rule(ports: Match<PortMatch>) -> PlanRule {
        PlanRule {
            direction: Direction::Ingress,
            flows: vec![FlowKey(0)],
            comments: Vec::new(),
            other: "x".to_owned(),
            peers: Match::Any,
            ports,
            http: Vec::new(),
            filters: false,
            approximate: policy::Approximate::Never,
        }
    }
}
