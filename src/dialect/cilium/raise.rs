//! Turns a CiliumNetworkPolicy into rules as they are planned: those that allow or deny pods by labels and namespaces,
//! address blocks and domain names. What else a policy has is the reason why it has no such form.

use super::peers::{Peers, Written};
use super::ports::{Number, Port};
use super::read::{CiliumPolicy, Entry, Spec};
use super::selector::{NAMESPACE, NAMESPACE_LABELS, SERVICE_ACCOUNT, is_special};
use crate::cluster::{NAMESPACE_NAME_LABEL, is_identity_label};
use crate::dialect::cidr;
use crate::dialect::selector::{self, LabelSelector};
use crate::policy::{
    Accounts, Direction, Entity, Match, Network, PlanNamespaces, PlanPeer, PortMatch, RaisedPolicy,
    RaisedRule, Unraised,
};
use crate::sets::{DomainPattern, LabelOp, Requirement, Selector};
use crate::yaml::{Node, Object};

/// Raises a policy that the agent accepts.
pub fn raise(object: &Object, policy: &CiliumPolicy) -> Result<RaisedPolicy, String> {
    let [spec] = policy.rules.as_slice() else {
        return Err("it has several `specs`, each with its own pods".to_owned());
    };
    if spec.host {
        return Err("it is for nodes".to_owned());
    }
    let ((namespace, across), subject, accounts) = match policy.clusterwide {
        true => {
            let (namespaces, pods, accounts) = parts(&spec.subject)?;
            (selector::one_or_several(namespaces), pods, accounts)
        }
        false => {
            let (pods, accounts) = subject(spec)?;
            let own = object.namespace_or_default().to_owned();
            ((own, None), pods, accounts)
        }
    };
    let mut isolates = Vec::new();
    let (mut rules, mut unraised) = (Vec::new(), Vec::new());
    let mut denials = Vec::new();
    for direction in Direction::BOTH {
        denials.extend(denied(spec, direction, policy.clusterwide)?);
        let entries = &spec.allow[direction as usize];
        match spec.isolates(direction) {
            true => isolates.push(direction),
            false if entries.is_empty() => continue,
            false => {
                let name = direction.name();
                return Err(format!(
                    "it allows and does not isolate: {name} is not denied by default"
                ));
            }
        }
        let written = written(object, direction);
        for (index, entry) in entries.iter().enumerate() {
            let raised = match written.get(index).and_then(condition) {
                Some(what) => Err(format!(
                    "it has `{what}`, a condition beyond addresses and ports"
                )),
                None => rule(
                    direction,
                    direction.field(),
                    index,
                    entry,
                    policy.clusterwide,
                ),
            };
            match raised {
                Ok(rule) => rules.extend(rule),
                Err(why) => unraised.push(Unraised {
                    direction,
                    index,
                    why,
                }),
            }
        }
    }
    if isolates.is_empty() && denials.is_empty() {
        return Err("it isolates no pods, and none of its rules matches anything".to_owned());
    }
    Ok(RaisedPolicy {
        namespace,
        across,
        subject,
        accounts,
        isolates,
        rules,
        denials,
        unraised,
    })
}

/// The rules that deny in a direction (C2). Without one of them more would be allowed.
fn denied(spec: &Spec, direction: Direction, clusterwide: bool) -> Result<Vec<RaisedRule>, String> {
    let list = match direction {
        Direction::Ingress => "ingressDeny",
        Direction::Egress => "egressDeny",
    };
    let mut found = Vec::new();
    for (index, entry) in spec.deny[direction as usize].iter().enumerate() {
        match rule(direction, list, index, entry, clusterwide) {
            Ok(rule) => found.extend(rule),
            Err(why) => return Err(format!("`{list}[{index}]` denies, and {why}")),
        }
    }
    Ok(found)
}

fn items<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    node.get(key).and_then(Node::items).unwrap_or_default()
}

/// The rules that allow in a direction, as written, of a policy with one list of them.
fn written(object: &Object, direction: Direction) -> &[Node] {
    let spec = object.node.get("spec");
    let spec = spec.or_else(|| items(&object.node, "specs").first());
    spec.map_or(&[], |spec| items(spec, direction.field()))
}

/// The field of a rule that restricts more than addresses and ports (C43-C45).
fn condition(entry: &Node) -> Option<&'static str> {
    let mode = entry
        .get("authentication")
        .and_then(|node| node.get("mode"));
    let authenticates = mode.is_some_and(|mode| mode.as_str() != Some("disabled"));
    let of_ports = items(entry, "toPorts").iter().find_map(condition_of_ports);
    authenticates.then_some("authentication").or(of_ports)
}

/// The same of an item of `toPorts`. DNS rules for every name restrict nothing.
fn condition_of_ports(item: &Node) -> Option<&'static str> {
    const FIELDS: [&str; 4] = [
        "terminatingTLS",
        "originatingTLS",
        "serverNames",
        "listener",
    ];
    if let Some(field) = FIELDS.into_iter().find(|key| item.get(key).is_some()) {
        return Some(field);
    }
    let rules = item.get("rules")?;
    let every = |name: &Node| name.get("matchPattern").and_then(Node::as_str) == Some("*");
    let (http, dns) = (items(rules, "http"), items(rules, "dns"));
    match (http.is_empty(), dns.is_empty() || dns.iter().any(every)) {
        (false, _) => Some("http"),
        (true, false) => Some("dns"),
        (true, true) => None,
    }
}

/// The pods of its namespace that a rule selects. In `matchLabels` a namespace is overwritten (C5).
fn subject(spec: &Spec) -> Result<(Selector, Accounts), String> {
    let mut selector = spec.subject.clone();
    let own = format!("k8s:{NAMESPACE}");
    selector.labels.retain(|label| label.key != own);
    match parts(&selector)? {
        (namespaces, pods, accounts) if namespaces.is_everything() => Ok((pods, accounts)),
        _ => Err("it selects its pods by their namespace, too".to_owned()),
    }
}

/// A rule; none if it allows nothing (C10-C16).
fn rule(
    direction: Direction,
    list: &'static str,
    index: usize,
    entry: &Entry,
    clusterwide: bool,
) -> Result<Option<RaisedRule>, String> {
    let ports = ports(entry, direction)?;
    let peers = match &entry.peers {
        Peers::Nobody => return Ok(None),
        Peers::Missing | Peers::Unguarded if ports == Match::Any => return Ok(None),
        Peers::Missing | Peers::Unguarded => Match::Any,
        Peers::Of(_) => peers(entry, clusterwide)?,
    };
    let nothing = ports == Match::Only(Vec::new());
    Ok((!nothing).then_some(RaisedRule {
        direction,
        list,
        index,
        peers,
        ports,
    }))
}

fn peers(entry: &Entry, clusterwide: bool) -> Result<Match<PlanPeer>, String> {
    let mut found = Vec::new();
    for (written, _) in entry.written() {
        match written {
            Written::Entity(name) if name == "all" => return Ok(Match::Any),
            Written::Entity(name) => {
                let unknown = || format!("it has the entity `{name}`");
                let entity = Entity::parse(name).ok_or_else(unknown)?;
                found.push(PlanPeer::Entity(entity));
            }
            Written::Endpoints(labels) => found.push(endpoints(labels, clusterwide)?),
            Written::Block { cidr, except } => found.push(PlanPeer::Block(block(cidr, except)?)),
            Written::Domain(pattern) => found.push(PlanPeer::Domain(domain(pattern)?)),
            Written::Group { .. } | Written::Groups { .. } => {
                return Err("it has groups of address blocks".to_owned());
            }
            Written::Service { .. } | Written::Services { .. } => {
                return Err("it has `toServices`".to_owned());
            }
            Written::Nodes => return Err("it has nodes".to_owned()),
            Written::Cloud => return Err("it has groups of a cloud provider".to_owned()),
        }
    }
    Ok(Match::Only(found))
}

/// Pods by a selector; one that names no namespace is for the policy's own (C21), if it has one (C22).
fn endpoints(selector: &LabelSelector, clusterwide: bool) -> Result<PlanPeer, String> {
    let own = !clusterwide && !names_namespaces(selector);
    let (mut namespaces, pods, accounts) = parts(selector)?;
    // Every pod has a namespace.
    let always = |r: &Requirement| r.key == NAMESPACE_NAME_LABEL && r.op == LabelOp::Exists;
    namespaces.requirements.retain(|r| !always(r));
    let namespaces = match own {
        true => PlanNamespaces::Own,
        false => PlanNamespaces::Labelled(namespaces),
    };
    Ok(PlanPeer::pods(namespaces, pods, accounts))
}

/// A key without its source; none if that is not Kubernetes (C20).
fn unprefixed(key: &str) -> Option<&str> {
    match key.split_once(':') {
        Some(("any" | "k8s", key)) => Some(key),
        Some(_) => None,
        None => Some(key),
    }
}

fn names_namespaces(selector: &LabelSelector) -> bool {
    let lowered = selector::lower(selector);
    let mut keys = lowered
        .requirements
        .iter()
        .filter_map(|r| unprefixed(&r.key));
    keys.any(|key| key == NAMESPACE || key.starts_with(NAMESPACE_LABELS))
}

/// What a selector asks of namespaces, of pods, and of their service accounts.
fn parts(selector: &LabelSelector) -> Result<(Selector, Selector, Accounts), String> {
    let mut accounts = Accounts::default();
    let (mut namespaces, mut pods) = (Selector::everything(), Selector::everything());
    for Requirement { key, op } in selector::lower(selector).requirements {
        let Some(plain) = unprefixed(&key) else {
            return Err(format!("it selects by `{key}`, which is no label of pods"));
        };
        if plain == NAMESPACE {
            let requirement = Requirement::new(NAMESPACE_NAME_LABEL, op);
            namespaces.requirements.push(requirement);
        } else if let Some(label) = plain.strip_prefix(NAMESPACE_LABELS) {
            namespaces.requirements.push(Requirement::new(label, op));
        } else if let (SERVICE_ACCOUNT, LabelOp::In(names)) = (plain, &op) {
            let named = names.iter().cloned().collect();
            let common = accounts.common(&named).filter(|_| !names.is_empty());
            let nobody = || "it has service accounts that no pod can have".to_owned();
            accounts = common.ok_or_else(nobody)?;
        } else if is_special(plain) || !is_identity_label(plain) {
            return Err(format!(
                "it selects by `{plain}`, which is no label of pods in Cilium"
            ));
        } else {
            pods.requirements.push(Requirement::new(plain, op));
        }
    }
    Ok((namespaces, pods, accounts))
}

fn block(whole: &str, except: &[String]) -> Result<Network, String> {
    let net = |text: &str| match cidr::parse(text) {
        Ok(block) => Ok(block.net),
        Err(why) => Err(format!("`{text}` {why}")),
    };
    let network = Network {
        cidr: net(whole)?,
        except: except
            .iter()
            .map(|text| net(text))
            .collect::<Result<_, _>>()?,
    };
    network.canonical()
}

/// The entity `world` as its address blocks.
/// A name, or all names below one. Other patterns have no such form (C34).
fn domain(pattern: &DomainPattern) -> Result<String, String> {
    let labels = pattern.labels();
    if labels.is_empty() || labels.iter().any(|label| label.contains('*')) {
        return Err(format!("it has the pattern `{pattern}` of domain names"));
    }
    let name = labels.join(".");
    Ok(match pattern.is_below() {
        true => format!("*.{name}"),
        false => name,
    })
}

fn ports(entry: &Entry, direction: Direction) -> Result<Match<PortMatch>, String> {
    let Some(rules) = &entry.ports else {
        let types = |(port, _): &(PortMatch, _)| port.clone();
        return Ok(match &entry.icmps {
            Some(icmps) => Match::Only(icmps.iter().map(types).collect()),
            None => Match::Any,
        });
    };
    let mut found = Vec::new();
    for item in rules.iter().flat_map(|rule| &rule.ports) {
        if item.protocols.is_empty() {
            return Err("it has a protocol without ports".to_owned());
        }
        found.extend(port(item, direction)?);
    }
    Ok(Match::Only(found))
}

/// A port, once for each of its protocols.
fn port(port: &Port, direction: Direction) -> Result<Vec<PortMatch>, String> {
    if let Number::Named(name, last) = &port.number
        && *last > 0
        && direction == Direction::Ingress
    {
        return Err(format!("it has a range of ports that starts at `{name}`"));
    }
    let one = |protocol| match &port.number {
        Number::All => PortMatch::AllPorts(protocol),
        Number::Range(first, last) => PortMatch::Range {
            protocol,
            first: *first,
            last: *last,
        },
        Number::Named(name, _) => PortMatch::Named {
            protocol: Some(protocol),
            name: name.clone(),
        },
    };
    Ok(port.protocols.iter().copied().map(one).collect())
}
