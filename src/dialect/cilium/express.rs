//! Splits a planned policy into a CiliumNetworkPolicy and the losses that Cilium cannot express. Never widens:
//! peers that cannot be expressed are omitted, and rules that have no peers left.
//!
//! A rule has one kind of peers (C17), so a planned one may become several. Where the pods resolve names that rules
//! use, the DNS policy has Cilium read the answers: it knows the addresses of a domain from nothing else.
//!
//! A policy of the whole cluster whose rules hold in order is a CiliumClusterwideNetworkPolicy that isolates nothing, if
//! they do not pass: in Cilium those that deny come first, whatever their order.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::regexp;
use super::selector::{NAMESPACE, NAMESPACE_LABELS, SERVICE_ACCOUNT, is_special};
use super::write::{Name, Peers, Policy, Ports, Rule, write};
use crate::cluster::{NAMESPACE_NAME_LABEL, is_identity_label};
use crate::dialect::writing::{
    directions, in_order, label_selector, losses, object_meta, ordered_meta, peer_losses,
    selector_losses,
};
use crate::dialect::{Expressed, Text};
use crate::policy::{
    Accounts, Action, Direction, FlowKey, Loss, Match, Network, OrderedPolicy, OrderedRule, Part,
    PlanNamespaces, PlanPeer, PlanPolicy, PlanRule, PortMatch, Resolution, Role,
};
use crate::sets::{LabelOp, Protocol, Requirement, Selector};

/// Most ports, or types of ICMP, of one item (C40, C42).
const MOST_PORTS: usize = 40;
/// Most characters of the part of a label key behind its `/`, and of a value.
const LONGEST_NAME: usize = 63;
/// Most characters of the part of a label key before its `/`.
const LONGEST_PREFIX: usize = 253;

/// Writes a planned policy. None: nothing of it can be expressed.
pub(super) fn express(plan: &PlanPolicy, resolution: Resolution) -> (Option<Text>, Vec<Loss>) {
    let mut lost = Vec::new();
    let subject = match subject(plan) {
        Ok(subject) => subject,
        Err(why) => {
            let all = plan.rules.iter();
            lost.extend(all.flat_map(|rule| why.losses(rule, &plan.subject)));
            return (None, lost);
        }
    };
    let denies = plan.role == Role::Deny;
    let how = How {
        observed: plan.role == Role::Dns && resolution == Resolution::DomainNames,
        denies,
        unlearnt: resolution == Resolution::Unlearnt,
    };
    let mut rules = Vec::new();
    for direction in &plan.directions {
        let planned = plan.rules.iter().filter(|r| r.direction == *direction);
        for rule in planned {
            match request_losses(rule) {
                none if none.is_empty() => expressed(rule, how, &mut rules, &mut lost),
                found => lost.extend(found),
            }
        }
    }
    if rules.is_empty() && !plan.isolates {
        return (None, lost);
    }
    let flows: Vec<&[FlowKey]> = rules.iter().map(|rule| rule.flows).collect();
    let policy = Policy {
        metadata: object_meta(plan),
        comment: &plan.comment,
        subject,
        directions: &plan.directions,
        isolates: plan.isolates || !denies,
        rules: &rules,
    };
    (Some(Text::new(write(&policy), &flows)), lost)
}

/// The pods of a planned policy, which are of its own namespace unless it has a selector of these.
fn subject(plan: &PlanPolicy) -> Result<LabelSelector, Unselectable> {
    let (mut all, source) = match &plan.across {
        Some(namespaces) => (in_namespaces(namespaces)?, "k8s:"),
        None => (Selector::everything(), ""),
    };
    let accounts = by_account(&plan.accounts, source)?;
    all.requirements.extend(accounts.requirements);
    labels_in(all, &plan.subject, source)
}

/// Writes a policy of the whole cluster whose rules hold in order.
pub(super) fn ordered(policy: &OrderedPolicy) -> Result<Expressed, String> {
    if policy.place.baseline {
        let why = "it holds only where no other policy isolates the pods, and every policy of Cilium holds beside all others";
        return Err(why.to_owned());
    }
    if policy.rules.iter().any(|one| one.action == Action::Pass) {
        return Err("it has rules that pass, which Cilium does not have".to_owned());
    }
    let selected = in_namespaces(&policy.namespaces)
        .and_then(|namespaces| labels_in(namespaces, &policy.pods, "k8s:"));
    let subject = selected.map_err(|_| "Cilium cannot express the selectors of its pods")?;
    let mut rules = Vec::new();
    let mut lost = in_order(policy, |one, lost| {
        let how = How {
            denies: one.action == Action::Deny,
            ..How::default()
        };
        expressed(&one.rule, how, &mut rules, lost);
    })?;
    lost.extend(overruled(policy));
    if rules.is_empty() {
        return Ok((None, lost));
    }
    let directions = directions(rules.iter().map(|rule| rule.direction));
    let flows: Vec<&[FlowKey]> = rules.iter().map(|rule| rule.flows).collect();
    let written = Policy {
        metadata: ordered_meta(policy),
        comment: &policy.comment,
        subject,
        directions: &directions,
        isolates: false,
        rules: &rules,
    };
    Ok((Some(Text::new(write(&written), &flows)), lost))
}

/// The rules that allow before one that denies in the same direction.
fn overruled(policy: &OrderedPolicy) -> Vec<Loss> {
    let mut found = Vec::new();
    for (at, OrderedRule { action, rule, .. }) in policy.rules.iter().enumerate() {
        let mut after = policy.rules.iter().skip(at);
        let denial =
            after.find(|one| one.action == Action::Deny && one.rule.direction == rule.direction);
        if let (Action::Accept, Some(denial)) = (action, denial) {
            let why = format!(
                "`{}` allows before `{}` denies, and in Cilium what denies comes first",
                rule.other, denial.rule.other
            );
            let help = "leave out of the rule that denies what is to be allowed";
            found.extend(losses(rule, &Part::Gate(rule.direction), &why, help));
        }
    }
    found
}

/// How the rules of one policy are written.
#[derive(Clone, Copy, Default)]
struct How {
    /// Cilium reads the DNS answers that they let through.
    observed: bool,
    /// They deny.
    denies: bool,
    /// No addresses of domain names are known to their pods.
    unlearnt: bool,
}

/// Appends the rules that a planned one becomes.
fn expressed<'a>(rule: &'a PlanRule, how: How, rules: &mut Vec<Rule<'a>>, lost: &mut Vec<Loss>) {
    let (ports, icmps) = (ports(rule, how.observed), icmps(rule));
    let mut parts = vec![(ports, Vec::new())];
    // Ports and types have to be in rules of their own (C42).
    if !icmps.is_empty() {
        parts.retain(|(ports, _)| !ports.is_empty());
        parts.push((Vec::new(), icmps));
    }
    let mut comments: &[String] = &rule.comments;
    for peers in peers(rule, how, lost) {
        rules.extend(parts.iter().map(|(ports, icmps)| Rule {
            direction: rule.direction,
            denies: how.denies,
            // Once, above the first.
            comments: std::mem::take(&mut comments),
            flows: &rule.flows,
            peers: peers.clone(),
            ports: ports.clone(),
            icmps: icmps.clone(),
        }));
    }
}

/// The losses of a rule whose HTTP rules are no regular expressions (C43).
fn request_losses(rule: &PlanRule) -> Vec<Loss> {
    let parts = rule.http.iter().flat_map(|http| [&http.method, &http.path]);
    let wrong = parts.flatten().find_map(|text| regexp::check(text).err());
    let help = "correct the HTTP rules";
    wrong.map_or_else(Vec::new, |why| losses(rule, &Part::Flow, &why, help))
}

/// The peers that can be expressed, by kind; none of the lists is empty, as an empty one could match everything.
/// Denials have no domain names (C46).
fn peers(rule: &PlanRule, how: How, lost: &mut Vec<Loss>) -> Vec<Peers> {
    let Match::Only(listed) = &rule.peers else {
        return vec![Peers::Everything];
    };
    let (mut pods, mut blocks, mut names) = (Vec::new(), Vec::new(), Vec::new());
    let mut entities = Vec::new();
    let without_names = match (rule.direction, how.denies) {
        (Direction::Ingress, _) => Some("an ingress rule of Cilium"),
        (Direction::Egress, true) => Some("a rule of Cilium that denies"),
        (Direction::Egress, false) => None,
    };
    let is_domain = |peer: &PlanPeer| matches!(peer, PlanPeer::Domain(_));
    match without_names {
        Some(dialect) => lost.extend(peer_losses(rule, dialect, is_domain)),
        None if how.unlearnt => lost.extend(unlearnt_losses(rule)),
        None => {}
    }
    for peer in listed {
        match peer {
            PlanPeer::Pods(namespaces, selector) => {
                match endpoints(namespaces, selector, &Accounts::default()) {
                    Ok(labels) => pods.push(labels),
                    Err((why, selector)) => lost.extend(why.losses(rule, selector)),
                }
            }
            PlanPeer::Accounts(namespaces, selector, accounts) => {
                match endpoints(namespaces, selector, accounts) {
                    Ok(labels) => pods.push(labels),
                    Err((why, selector)) => lost.extend(why.losses(rule, selector)),
                }
            }
            PlanPeer::Block(network) => blocks.push(network.clone()),
            PlanPeer::Entity(entity) => entities.push(*entity),
            PlanPeer::Node(network) => lost.extend(node_losses(rule, network)),
            PlanPeer::Domain(_) if without_names.is_some() || how.unlearnt => {}
            PlanPeer::Domain(text) => match name(text) {
                Some(name) => names.push(name),
                None => lost.extend(losses(
                    rule,
                    &Part::Domain(text.clone()),
                    &format!("`{text}` is not a domain name"),
                    "write a name such as api.example.com, or *.example.com",
                )),
            },
        }
    }
    let pods = (!pods.is_empty()).then_some(Peers::Endpoints(pods));
    let entities = (!entities.is_empty()).then_some(Peers::Entities(entities));
    let plain = |network: &Network| network.except.is_empty();
    let blocks = (!blocks.is_empty()).then(|| match blocks.iter().all(plain) {
        true => Peers::Blocks(blocks.iter().map(|network| network.cidr).collect()),
        false => Peers::BlocksWithout(blocks),
    });
    let names = (!names.is_empty()).then_some(Peers::Names(names));
    [pods, entities, blocks, names]
        .into_iter()
        .flatten()
        .collect()
}

/// The domain names of a rule whose addresses Cilium does not learn (C35): all of a rule, where it has no other peers.
fn unlearnt_losses(rule: &PlanRule) -> Vec<Loss> {
    let names = rule.peers.listed().iter().filter_map(|peer| match peer {
        PlanPeer::Domain(name) => Some(name),
        _ => None,
    });
    let names: Vec<&String> = names.collect();
    let parts = match names.len() == rule.peers.listed().len() {
        true if !names.is_empty() => vec![Part::Gate(rule.direction)],
        _ => names.into_iter().cloned().map(Part::Domain).collect(),
    };
    let why = "Cilium learns the addresses of domain names from DNS answers, and no policy lets these pods resolve names";
    let help = "allow DNS in the namespace";
    let parts = parts.iter();
    parts
        .flat_map(|part| losses(rule, part, why, help))
        .collect()
}

/// No peer is a single node: `fromNodes` and `toNodes` need a flag of the agent. All of a rule, where it has no others.
fn node_losses(rule: &PlanRule, network: &Network) -> Vec<Loss> {
    let is_node = |peer: &PlanPeer| matches!(peer, PlanPeer::Node(_));
    let part = match &rule.peers {
        Match::Only(peers) if peers.iter().all(is_node) => Part::Gate(rule.direction),
        _ => Part::Network(network.clone()),
    };
    let why = format!(
        "only addresses of a node match `{}`, and Cilium matches no single node: its entity `remote-node` is all but the pod's own",
        rule.other
    );
    losses(
        rule,
        &part,
        &why,
        "use an external with the entity `remote-node`",
    )
}

/// A domain name. All names below one, however deep, are `**.` (C34); agents that do not know that prefix match one
/// label only.
fn name(text: &str) -> Option<Name> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let (below, rest) = match text.strip_prefix("*.") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let label = |label: &str| !label.is_empty() && label.chars().all(fine);
    let valid = rest.split('.').all(label) && rest.len() <= LONGEST_PREFIX;
    valid.then(|| match below {
        true => Name::Pattern(format!("**.{rest}")),
        false => Name::Exact(rest.to_owned()),
    })
}

/// Why a selector has no equal in Cilium.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Unselectable {
    /// No label selector of the API is equal.
    Selector,
    /// Cilium does not keep the label with this key, or keeps something else under it.
    Label(String),
    /// The name of this service account is too long for the value of a label.
    Account(String),
    /// With Cilium's prefix the key of this namespace label is too long.
    TooLong(String),
}

impl Unselectable {
    fn losses(&self, rule: &PlanRule, selector: &Selector) -> Vec<Loss> {
        let (why, help) = match self {
            Self::Selector => return selector_losses(rule, selector),
            Self::Label(key) => (
                format!("Cilium does not select pods by the label `{key}`"),
                "select them by another label, such as `app`",
            ),
            Self::Account(name) => (
                format!("the service account `{name}` is too long for a selector of Cilium"),
                "use a service account of at most 63 characters",
            ),
            Self::TooLong(key) => (
                format!("the namespace label `{key}` is too long for a selector of Cilium"),
                "select the namespaces by name, or by a shorter label",
            ),
        };
        losses(rule, &Part::Gate(rule.direction), &why, help)
    }
}

/// The pods of some service accounts in some namespaces. Without a namespace they are those of the policy's own (C21); beside one, which
/// has to name its source, all labels name theirs.
fn endpoints<'a>(
    namespaces: &'a PlanNamespaces,
    pods: &'a Selector,
    accounts: &Accounts,
) -> Result<LabelSelector, (Unselectable, &'a Selector)> {
    let source = match namespaces {
        PlanNamespaces::Own => "",
        PlanNamespaces::Named(_) | PlanNamespaces::Labelled(_) => "k8s:",
    };
    let mut all = match namespaces {
        PlanNamespaces::Own => Selector::everything(),
        PlanNamespaces::Named(name) => Selector::label(namespace_key(), name),
        PlanNamespaces::Labelled(labels) => in_namespaces(labels).map_err(|why| (why, labels))?,
    };
    let accounts = by_account(accounts, source).map_err(|why| (why, pods))?;
    all.requirements.extend(accounts.requirements);
    labels_in(all, pods, source).map_err(|why| (why, pods))
}

/// Pods by their service accounts, which Cilium has as a label of each; its key is written with a `source`.
fn by_account(accounts: &Accounts, source: &str) -> Result<Selector, Unselectable> {
    if accounts.is_any() {
        return Ok(Selector::everything());
    }
    let mut names = accounts.names();
    if let Some(long) = names.find(|name| name.len() > LONGEST_NAME) {
        return Err(Unselectable::Account(long.to_owned()));
    }
    let names = accounts.names().map(str::to_owned).collect();
    let key = format!("{source}{SERVICE_ACCOUNT}");
    Ok(Selector {
        requirements: vec![Requirement::new(key, LabelOp::In(names))],
    })
}

fn namespace_key() -> String {
    format!("k8s:{NAMESPACE}")
}

/// Namespaces by their labels, as Cilium has them at each pod. One of the requirements always needs a namespace:
/// what is outside the cluster has none of the labels, and would pass negative ones (C21).
fn in_namespaces(labels: &Selector) -> Result<Selector, Unselectable> {
    let mut all = Vec::new();
    for Requirement { key, op } in &labels.requirements {
        let key = match key == NAMESPACE_NAME_LABEL {
            true => namespace_key(),
            false => format!("k8s:{}", namespace_label(key)?),
        };
        all.push(Requirement::new(key, op.clone()));
    }
    let needs_one = |r: &Requirement| matches!(r.op, LabelOp::In(_) | LabelOp::Exists);
    if !all.iter().any(needs_one) {
        all.insert(0, Requirement::new(namespace_key(), LabelOp::Exists));
    }
    Ok(Selector { requirements: all })
}

fn namespace_label(key: &str) -> Result<String, Unselectable> {
    let long = format!("{NAMESPACE_LABELS}{key}");
    let fits = match long.split_once('/') {
        Some((prefix, _)) => prefix.len() <= LONGEST_PREFIX,
        None => long.len() <= LONGEST_NAME,
    };
    match fits {
        true => Ok(long),
        false => Err(Unselectable::TooLong(key.to_owned())),
    }
}

/// Pods by their labels, whose keys are written with a `source`, of which these `requirements` hold, too.
fn labels_in(
    mut requirements: Selector,
    pods: &Selector,
    source: &str,
) -> Result<LabelSelector, Unselectable> {
    for Requirement { key, op } in &pods.requirements {
        if !is_identity_label(key) || is_special(key) {
            return Err(Unselectable::Label(key.clone()));
        }
        let key = format!("{source}{key}");
        requirements
            .requirements
            .push(Requirement::new(key, op.clone()));
    }
    label_selector(&requirements).ok_or(Unselectable::Selector)
}

/// The ports of a rule, in items of what fits; none: any. `observed`: Cilium reads the DNS answers of those ports
/// at which it can: no ranges, not SCTP (C43).
fn ports(rule: &PlanRule, observed: bool) -> Vec<Ports> {
    let Match::Only(all) = &rule.ports else {
        return Vec::new();
    };
    let observed = observed && rule.direction == Direction::Egress;
    let read = |port: &&PortMatch| match port {
        PortMatch::AllPorts(_) | PortMatch::FromNamed { .. } => false,
        PortMatch::Range {
            protocol,
            first,
            last,
        } => observed && first == last && *protocol != Protocol::Sctp,
        PortMatch::Named { protocol, .. } => observed && *protocol != Some(Protocol::Sctp),
    };
    let http = match rule.filters {
        true => rule.http.clone(),
        false => Vec::new(),
    };
    let filtered = !http.is_empty();
    let numbered_ports = all.iter().filter(|port| !port.has_types());
    let (with_dns, plain): (Vec<_>, Vec<_>) = numbered_ports.partition(read);
    let item = |dns: bool, ports: &[&PortMatch]| Ports {
        ports: ports.iter().map(|port| numbered(port, filtered)).collect(),
        dns,
        http: http.clone(),
    };
    let with_dns = with_dns.chunks(MOST_PORTS).map(|some| item(true, some));
    let plain = plain.chunks(MOST_PORTS).map(|some| item(false, some));
    with_dns.chain(plain).collect()
}

/// The types of ICMP of a rule, in items of what fits; none: it has none, or any port.
fn icmps(rule: &PlanRule) -> Vec<Vec<(Protocol, u16)>> {
    let types = rule.ports.listed().iter().filter(|port| port.has_types());
    let each = types.flat_map(|port| {
        let (protocol, (first, last)) = match port {
            PortMatch::Range {
                protocol,
                first,
                last,
            } => (*protocol, (*first, *last)),
            port => {
                let protocol = port.protocol().unwrap_or(Protocol::Icmp);
                (protocol, protocol.bounds())
            }
        };
        (first..=last).map(move |number| (protocol, number))
    });
    let each: Vec<_> = each.collect();
    each.chunks(MOST_PORTS).map(<[_]>::to_vec).collect()
}

/// A port as it is written. Requests are not filtered at port 0, which is all of a protocol (C43).
fn numbered(port: &PortMatch, filtered: bool) -> PortMatch {
    match port {
        PortMatch::AllPorts(protocol) if filtered => PortMatch::Range {
            protocol: *protocol,
            first: 1,
            last: u16::MAX,
        },
        port => port.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(ports: Vec<PortMatch>) -> PlanRule {
        PlanRule {
            direction: Direction::Egress,
            flows: Vec::new(),
            comments: Vec::new(),
            other: "x".to_owned(),
            peers: Match::Any,
            ports: Match::Only(ports),
            http: Vec::new(),
            filters: false,
            approximate: crate::policy::Approximate::Never,
        }
    }

    fn range(protocol: Protocol, first: u16, last: u16) -> PortMatch {
        PortMatch::Range {
            protocol,
            first,
            last,
        }
    }

    fn items(rule: &PlanRule, observed: bool) -> Vec<(usize, bool)> {
        let items = ports(rule, observed).into_iter();
        items.map(|item| (item.ports.len(), item.dns)).collect()
    }

    #[test]
    fn an_item_has_at_most_forty_ports() {
        let many = (1..=41).map(|port| range(Protocol::Tcp, port, port));
        let many = rule(many.collect());
        assert_eq!(items(&many, false), [(40, false), (1, false)]);
    }

    #[test]
    fn dns_answers_are_read_where_the_agent_can() {
        let some = rule(vec![
            range(Protocol::Udp, 53, 53),
            range(Protocol::Tcp, 5353, 5354),
            range(Protocol::Sctp, 53, 53),
            PortMatch::AllPorts(Protocol::Tcp),
        ]);
        assert_eq!(items(&some, true), [(1, true), (3, false)]);
        assert_eq!(items(&some, false), [(4, false)]);
    }

    #[test]
    fn names_are_never_wider() {
        let of = |text| match name(text) {
            Some(Name::Exact(text)) => text,
            Some(Name::Pattern(text)) => format!("pattern {text}"),
            None => "none".to_owned(),
        };
        for (text, want) in [
            ("api.example.com.", "api.example.com"),
            ("*.example.com", "pattern **.example.com"),
            ("*", "none"),
            ("*.*", "none"),
            ("a*.x", "none"),
            ("", "none"),
            ("a..b", "none"),
        ] {
            assert_eq!(of(text), want, "{text}");
        }
    }
}
