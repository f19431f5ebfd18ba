//! What the writers of several dialects share: metadata, label selectors, the lines of flows, and losses.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ipnet::{Ipv4Net, Ipv6Net};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    LabelSelector, LabelSelectorRequirement, ObjectMeta,
};

use super::Text;
use crate::diag::Severity;
use crate::policy::{
    ADD_NETWORKS, Action, Direction, Entity, FlowKey, Loss, Match, Network, OrderedPolicy,
    OrderedRule, Part, PlanPeer, PlanPolicy, PlanRule, PortMatch,
};
use crate::sets::{LabelOp, Labels, Requirement, Selector};
use crate::yaml::write::{Node, Output};

/// The keys of a map, in the order in which they are written.
pub type Map = Vec<(Cow<'static, str>, Node)>;

/// The metadata of a planned policy.
pub fn object_meta(plan: &PlanPolicy) -> ObjectMeta {
    ObjectMeta {
        namespace: plan.across.is_none().then(|| plan.namespace.clone()),
        ..cluster_meta(&plan.name, &plan.labels, &plan.annotations)
    }
}

/// The metadata of a policy of the whole cluster.
pub fn ordered_meta(policy: &OrderedPolicy) -> ObjectMeta {
    cluster_meta(&policy.name, &policy.labels, &policy.annotations)
}

fn cluster_meta(name: &str, labels: &Labels, annotations: &Labels) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        labels: (!labels.is_empty()).then(|| labels.clone()),
        annotations: (!annotations.is_empty()).then(|| annotations.clone()),
        ..ObjectMeta::default()
    }
}

/// The directions of these rules, each once, ingress first.
pub fn directions(rules: impl Iterator<Item = Direction> + Clone) -> Vec<Direction> {
    let has = |direction: &Direction| rules.clone().any(|one| one == *direction);
    Direction::BOTH.into_iter().filter(has).collect()
}

/// Calls `express` with each rule of a policy whose rules hold in order. Only those that allow may lose something: without
/// a part of one that denies or passes, more would be allowed.
pub fn in_order<'a>(
    policy: &'a OrderedPolicy,
    mut express: impl FnMut(&'a OrderedRule<PlanRule>, &mut Vec<Loss>),
) -> Result<Vec<Loss>, String> {
    let mut lost = Vec::new();
    let nothing = |rule: &PlanRule| {
        rule.peers == Match::Only(Vec::new()) || rule.ports == Match::Only(Vec::new())
    };
    for one in policy.rules.iter().filter(|one| !nothing(&one.rule)) {
        let before = lost.len();
        express(one, &mut lost);
        if let Some(loss) = lost.get(before).filter(|_| one.action != Action::Accept) {
            return Err(format!(
                "`{}` does not allow, so that nothing of it may be left out: {}",
                one.rule.other, loss.why
            ));
        }
    }
    Ok(lost)
}

/// `metadata`.
pub fn metadata(meta: &ObjectMeta) -> Node {
    let mut map: Map = Vec::new();
    for (key, value) in [("name", &meta.name), ("namespace", &meta.namespace)] {
        if let Some(value) = value {
            map.push((key.into(), Node::text(value)));
        }
    }
    for (key, value) in [("labels", &meta.labels), ("annotations", &meta.annotations)] {
        if let Some(value) = value {
            map.push((key.into(), Node::texts(value)));
        }
    }
    Node::Map(map)
}

/// The API's form of a selector; none if the API's label selectors cannot express it.
pub fn label_selector(selector: &Selector) -> Option<LabelSelector> {
    let mut labels = BTreeMap::new();
    let mut expressions = Vec::new();
    for Requirement { key, op } in &selector.requirements {
        let (operator, values) = match op {
            LabelOp::In(values) => match values.first() {
                Some(value) if values.len() == 1 && !labels.contains_key(key) => {
                    labels.insert(key.clone(), value.clone());
                    continue;
                }
                Some(_) => ("In", Some(values)),
                None => return None,
            },
            LabelOp::NotIn(values) if values.is_empty() => continue,
            LabelOp::NotIn(values) => ("NotIn", Some(values)),
            LabelOp::Exists => ("Exists", None),
            LabelOp::DoesNotExist => ("DoesNotExist", None),
            LabelOp::StartsWith(_) | LabelOp::EndsWith(_) | LabelOp::Contains(_) => return None,
        };
        expressions.push(LabelSelectorRequirement {
            key: key.clone(),
            operator: operator.to_owned(),
            values: values.map(|v| v.iter().cloned().collect()),
        });
    }
    Some(LabelSelector {
        match_labels: (!labels.is_empty()).then_some(labels),
        match_expressions: (!expressions.is_empty()).then_some(expressions),
    })
}

/// A label selector.
pub fn selector(selector: &LabelSelector) -> Node {
    let mut map: Map = Vec::new();
    if let Some(labels) = &selector.match_labels {
        map.push(("matchLabels".into(), Node::texts(labels)));
    }
    if let Some(expressions) = &selector.match_expressions {
        let items = expressions.iter().map(|requirement| {
            let mut item: Map = vec![
                ("key".into(), Node::text(&requirement.key)),
                ("operator".into(), Node::text(&requirement.operator)),
            ];
            if let Some(values) = &requirement.values {
                item.push(("values".into(), texts(values)));
            }
            Node::Map(item)
        });
        map.push(("matchExpressions".into(), Node::List(items.collect())));
    }
    Node::Map(map)
}

/// A list of strings.
pub fn texts(all: impl IntoIterator<Item = impl ToString>) -> Node {
    let all = all.into_iter();
    Node::List(all.map(|text| Node::text(text.to_string())).collect())
}

impl Text {
    /// A written document whose marks are the places in `flows` of the flows that the marked lines carry.
    pub(super) fn new(output: Output, flows: &[&[FlowKey]]) -> Self {
        let mut lines = Vec::new();
        for (mark, range) in output.marks {
            let carried = flows.get(mark).copied().unwrap_or_default();
            lines.extend(carried.iter().map(|flow| (range.clone(), *flow)));
        }
        Self {
            text: output.text,
            lines,
        }
    }
}

/// The texts of the objects that one policy becomes, as one; none if there are none.
pub fn join(texts: Vec<Text>) -> Option<Text> {
    let mut texts = texts.into_iter();
    let mut all = texts.next()?;
    for text in texts {
        all.text.push_str("---\n");
        let before = u32::try_from(all.text.lines().count()).unwrap_or(u32::MAX);
        let lines = text.lines.into_iter();
        let shifted = |line: u32| line.saturating_add(before);
        all.lines.extend(
            lines.map(|(range, flow)| (shifted(*range.start())..=shifted(*range.end()), flow)),
        );
        all.text.push_str(&text.text);
    }
    Some(all)
}

/// The loss of a part of every flow of a rule.
pub fn losses(rule: &PlanRule, part: &Part, why: &str, help: &str) -> Vec<Loss> {
    let one = |flow: &FlowKey| Loss {
        flow: *flow,
        part: part.clone(),
        severity: Severity::Warning,
        why: why.to_owned(),
        help: Some(help.to_owned()),
    };
    rule.flows.iter().map(one).collect()
}

/// The losses of a policy that denies, where `dialect` cannot.
pub fn deny_losses(plan: &PlanPolicy, dialect: &str) -> Vec<Loss> {
    let why = format!("{dialect} cannot deny: what no policy allows is denied where one isolates");
    let help = "delete it, or write for Cilium or Calico";
    let rules = plan.rules.iter();
    rules
        .flat_map(|rule| losses(rule, &Part::Flow, &why, help))
        .collect()
}

/// The losses of a rule for some HTTP requests, where these are not told apart.
pub fn http_losses(rule: &PlanRule, why: &str) -> Vec<Loss> {
    if rule.http.is_empty() {
        return Vec::new();
    }
    let help = "remove the HTTP rules, or write for Cilium";
    losses(rule, &Part::Flow, why, help)
}

/// The losses of types of ICMP, which `dialect` cannot tell apart.
pub fn type_losses(rule: &PlanRule, port: &PortMatch, dialect: &str) -> Vec<Loss> {
    let words = match port {
        PortMatch::AllPorts(protocol) => protocol.name().to_owned(),
        PortMatch::Range {
            protocol,
            first,
            last,
        } if first == last => format!("{protocol}/{first}"),
        PortMatch::Range {
            protocol,
            first,
            last,
        } => format!("{protocol}/{first}-{last}"),
        PortMatch::Named { .. } | PortMatch::FromNamed { .. } => return Vec::new(),
    };
    let why = format!("{dialect} cannot express {}", words.replace('/', " type "));
    let help = "remove it from the ports, or write for Cilium or Calico";
    losses(rule, &Part::Port(words), &why, help)
}

/// The losses of a rule whose pods a label selector of the API cannot select.
pub fn selector_losses(rule: &PlanRule, selector: &Selector) -> Vec<Loss> {
    let why = format!("the selector `{selector}` is not valid in the API");
    losses(rule, &Part::Gate(rule.direction), &why, "use exact values")
}

/// The losses of a policy whose pods run as some service accounts, where `dialect` does not select pods by these.
pub fn subject_losses(plan: &PlanPolicy, dialect: &str) -> Vec<Loss> {
    let part = |direction| {
        let (labels, accounts) = (plan.subject.clone(), plan.accounts.clone());
        Part::Accounts(direction, plan.namespace.clone(), labels, accounts)
    };
    let rules = plan.rules.iter();
    let lost = rules.flat_map(|rule| lost_accounts(rule, &part(rule.direction), dialect));
    lost.collect()
}

/// The losses of a rule whose peers run as some service accounts, where `dialect` does not select pods by these.
pub fn account_losses(rule: &PlanRule, dialect: &str) -> Vec<Loss> {
    lost_accounts(rule, &Part::Gate(rule.direction), dialect)
}

fn lost_accounts(rule: &PlanRule, part: &Part, dialect: &str) -> Vec<Loss> {
    let why = format!("{dialect} does not select pods by service account");
    let help = "select the pods by labels instead, or write for Cilium or Calico";
    losses(rule, part, &why, help)
}

/// Whether a peer is named by what only some dialects know: a domain name, or an entity that is no set of addresses.
pub fn is_named(peer: &PlanPeer) -> bool {
    match peer {
        PlanPeer::Domain(_) => true,
        PlanPeer::Entity(entity) => *entity != Entity::World,
        PlanPeer::Pods(..) | PlanPeer::Accounts(..) | PlanPeer::Block(_) | PlanPeer::Node(_) => {
            false
        }
    }
}

/// All addresses, as blocks.
pub fn world() -> [Network; 2] {
    let whole = [Ipv4Net::default().into(), Ipv6Net::default().into()];
    whole.map(|cidr| Network {
        cidr,
        except: Vec::new(),
    })
}

/// The losses of the domain names and entities among a rule's peers that `dialect` cannot express.
pub fn peer_losses(rule: &PlanRule, dialect: &str, is_lost: fn(&PlanPeer) -> bool) -> Vec<Loss> {
    let peers = rule.peers.listed();
    let lost = peers.iter().filter(|peer| is_lost(peer));
    let lost = lost.filter_map(|peer| match peer {
        PlanPeer::Domain(name) => {
            let only = "a domain name".to_owned();
            Some((Part::Domain(name.clone()), only, "domain names"))
        }
        PlanPeer::Entity(entity) => {
            let only = format!("the entity `{}`", entity.word());
            Some((Part::Entity(*entity), only, "entities"))
        }
        PlanPeer::Pods(..) | PlanPeer::Accounts(..) | PlanPeer::Block(_) | PlanPeer::Node(_) => {
            None
        }
    });
    let lost: Vec<_> = lost.collect();
    if let [(_, kind, _), ..] = &lost[..]
        && lost.len() == peers.len()
    {
        let why = format!(
            "`{}` has only {kind}, which {dialect} cannot express",
            rule.other
        );
        return losses(rule, &Part::Flow, &why, ADD_NETWORKS);
    }
    let help = "use networks instead";
    let one = |(part, _, kinds): &(Part, String, &str)| {
        losses(rule, part, &format!("{dialect} has no {kinds}"), help)
    };
    lost.iter().flat_map(one).collect()
}
