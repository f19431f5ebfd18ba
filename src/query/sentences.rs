//! One short text for each policy: which pods it selects, and what it allows and denies them.
//!
//! "Pods with app=db accept TCP 5432 from app=web in shop." It says what the policy does by itself; other policies
//! that select the same pods add to it. Long lists are cut: "and 3 more".

mod peers;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::analysis::near_miss::port_words;
use crate::policy::{
    Action, Combine, Condition, Direction, Match, Peer, Policy, PortItem, Rule, Side,
};
use crate::proof::{InForce, Origin};

/// The most items of a list.
const MOST: usize = 3;

/// The sentences of the policies of each text in force.
pub fn sentences(in_force: &InForce) -> BTreeMap<Origin, String> {
    let mut texts: BTreeMap<Origin, String> = BTreeMap::new();
    let tiers = &in_force.cluster.snapshot.tiers;
    for (policy, origin) in in_force.policies().iter().zip(&in_force.origins) {
        let combine = tiers.get(policy.tier).map(|tier| tier.combine);
        let sentence = sentence(policy, combine.unwrap_or(Combine::DenyOverAccept));
        let text = texts.entry(*origin).or_default();
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&sentence);
    }
    texts
}

/// What a policy does, in one to three short sentences. `combine`: how the rules of its tier combine.
pub fn sentence(policy: &Policy, combine: Combine) -> String {
    let Some(subject) = peers::subject(&policy.subject, policy.namespace.as_deref()) else {
        return "This policy selects no pods.".to_owned();
    };
    let sides = Direction::BOTH.map(|direction| {
        let side = policy.side(direction)?;
        clauses(side, direction, combine)
    });
    let nothing = Direction::BOTH.map(nothing);
    let mut text = match &sides {
        [Some(ingress), Some(egress)] if *ingress == nothing[0] && *egress == nothing[1] => {
            format!("{subject} {ingress} and {egress}.")
        }
        [Some(ingress), Some(egress)] => format!("{subject} {ingress}. They {egress}."),
        [Some(one), None] | [None, Some(one)] => format!("{subject} {one}."),
        [None, None] => return format!("{subject} are not restricted by this policy."),
    };
    let is_open = |direction| {
        let side = policy.side(direction);
        side.is_some_and(|side| !decides_all(side) && !effective(side).is_empty())
    };
    if Direction::BOTH.into_iter().any(is_open) {
        text.push_str(" All else is left to other policies.");
    }
    text
}

/// Whether every connection is decided: denied by default, or by a rule that matches everything.
fn decides_all(side: &Side) -> bool {
    let decides = |rule: &Rule| rule.action != Action::Pass && is_catch_all(rule);
    side.isolates || side.rules.iter().any(decides)
}

fn is_catch_all(rule: &Rule) -> bool {
    let everything = match &rule.peers {
        Match::Any => true,
        Match::Only(items) => items.iter().any(|item| item.peer == Peer::Everything),
    };
    let whole = rule.subject.is_none() && rule.conditions.is_empty() && rule.except.is_empty();
    everything && whole && rule.ports == Match::Any
}

fn nothing(direction: Direction) -> String {
    let text = match direction {
        Direction::Ingress => "accept nothing",
        Direction::Egress => "may connect to nothing",
    };
    text.to_owned()
}

/// The rules that match something.
fn effective(side: &Side) -> Vec<Phrase<'_>> {
    side.rules.iter().filter_map(Phrase::of).collect()
}

/// What a side does; none if it decides nothing.
fn clauses(side: &Side, direction: Direction, combine: Combine) -> Option<String> {
    let mut phrases = effective(side);
    if phrases.is_empty() {
        return side.isolates.then(|| nothing(direction));
    }
    if combine == Combine::DenyOverAccept {
        // Order means nothing here: what is denied is an exception to what is accepted.
        phrases.sort_by_key(|phrase| phrase.action == Action::Deny);
    }
    let mut groups: Vec<Vec<Phrase<'_>>> = Vec::new();
    for phrase in phrases {
        match groups.last_mut() {
            Some(group) if group[0].action == phrase.action => {
                let same = |other: &&mut Phrase<'_>| other.differs_in_peers(&phrase);
                match group.iter_mut().find(same) {
                    Some(other) => other.peers.extend(phrase.peers),
                    None => group.push(phrase),
                }
            }
            _ => groups.push(vec![phrase]),
        }
    }
    let between = match combine {
        Combine::FirstMatch => ", then ",
        Combine::DenyOverAccept => ", but ",
    };
    let left_out = groups.len().saturating_sub(MOST);
    let mut texts: Vec<String> = (groups.iter().enumerate().take(MOST))
        .map(|(at, group)| {
            // A denial that beats what is accepted is of everything, not of the rest.
            let is_rest = at > 0 && combine == Combine::FirstMatch;
            group_words(group, direction, is_rest)
        })
        .collect();
    if left_out > 0 {
        texts.push("further rules decide".to_owned());
    }
    Some(texts.join(between))
}

/// What rules of one action do; `is_rest`: they get what others leave.
fn group_words(group: &[Phrase<'_>], direction: Direction, is_rest: bool) -> String {
    let action = group[0].action;
    if let [only] = group
        && only.is_everything()
        && is_rest
    {
        return match (direction, action) {
            (Direction::Ingress, Action::Accept) => "accept everything else",
            (Direction::Ingress, Action::Deny) => "refuse everything else",
            (Direction::Egress, Action::Accept) => "may connect to anything else",
            (Direction::Egress, Action::Deny) => "may connect to nothing else",
            (_, Action::Pass) => "leave everything else to the next tier",
        }
        .to_owned();
    }
    let objects: Vec<String> = group.iter().map(|p| p.words(direction)).collect();
    let objects = match objects.iter().any(|text| text.contains(" and ")) {
        true => joined(&objects, "; ", "; and "),
        false => joined(&objects, ", ", " and "),
    };
    match (direction, action) {
        (Direction::Ingress, Action::Accept) => format!("accept {objects}"),
        (Direction::Ingress, Action::Deny) => format!("refuse {objects}"),
        (Direction::Ingress, Action::Pass) => format!("leave {objects} to the next tier"),
        (Direction::Egress, Action::Accept) => format!("may connect to {objects}"),
        (Direction::Egress, Action::Deny) => format!("may not connect to {objects}"),
        (Direction::Egress, Action::Pass) => {
            format!("leave connections to {objects} to the next tier")
        }
    }
}

/// A rule in words, part by part.
#[derive(PartialEq)]
struct Phrase<'a> {
    action: Action,
    /// Empty: every peer.
    peers: Vec<String>,
    ports: Option<String>,
    /// The pods that it is about, if not all of the policy's.
    only: Option<String>,
    conditions: &'a [Condition],
}

impl<'a> Phrase<'a> {
    /// None if the rule matches nothing.
    fn of(rule: &'a Rule) -> Option<Self> {
        let peers = match &rule.peers {
            Match::Any => Vec::new(),
            Match::Only(items) => {
                let peers = items.iter().map(|item| item.peer.clone()).collect();
                peers::alternatives(&Peer::AnyOf(peers))?
            }
        };
        let only = match &rule.subject {
            Some(subject) => peers::narrowed(subject)?,
            None => None,
        };
        Some(Self {
            action: rule.action,
            peers,
            ports: ports(rule)?,
            only,
            conditions: &rule.conditions,
        })
    }

    fn differs_in_peers(&self, other: &Self) -> bool {
        let listed = !self.peers.is_empty() && !other.peers.is_empty();
        let same = self.ports == other.ports && self.only == other.only;
        listed && same && self.conditions == other.conditions
    }

    fn is_everything(&self) -> bool {
        self.peers.is_empty() && self.ports.is_none() && self.tail().is_empty()
    }

    fn words(&self, direction: Direction) -> String {
        let peers = self.peers_words(direction);
        let text = match (direction, self.peers.is_empty(), self.ports.as_deref()) {
            (Direction::Ingress, true, None) => "everything".to_owned(),
            (Direction::Ingress, true, Some(ports)) => format!("{ports} from anywhere"),
            (Direction::Ingress, false, None) => format!("everything from {peers}"),
            (Direction::Ingress, false, Some(ports)) => format!("{ports} from {peers}"),
            (Direction::Egress, true, None) => "anything".to_owned(),
            (Direction::Egress, true, Some(ports)) => format!("anything on {ports}"),
            (Direction::Egress, false, None) => peers,
            (Direction::Egress, false, Some(ports)) => format!("{peers} on {ports}"),
        };
        text + &self.tail()
    }

    /// The peers in a list. "with" reaches no further than to the next "from" or "to".
    fn peers_words(&self, direction: Direction) -> String {
        let is_long = |peer: &String| peer.contains(" with ");
        let last = match direction {
            _ if self.peers.len() > MOST || !self.peers.iter().any(is_long) => " and ",
            Direction::Ingress => " and from ",
            Direction::Egress => " and to ",
        };
        joined(&self.peers, ", ", last)
    }

    /// What else is needed: ` (only some HTTP requests)`.
    fn tail(&self) -> String {
        let conditions = self.conditions.iter().copied().map(condition_words);
        let mut needed: Vec<String> = conditions.map(str::to_owned).collect();
        needed.extend(self.only.iter().map(|pods| format!("only {pods}")));
        match needed.as_slice() {
            [] => String::new(),
            needed => format!(" ({})", needed.join(", ")),
        }
    }
}

fn condition_words(condition: Condition) -> &'static str {
    match condition {
        Condition::Http => "only some HTTP requests",
        Condition::Dns => "only some DNS queries",
        Condition::TlsServerName => "only some TLS server names",
        Condition::Tls => "a proxy handles TLS",
        Condition::Listener => "through a proxy listener",
        Condition::Authentication => "only with mutual authentication",
        Condition::SourcePorts => "only some source ports",
        Condition::Icmp => "only some ICMP types",
    }
}

/// The ports of a rule, the inner `None` if it has all; `None` if it has none.
fn ports(rule: &Rule) -> Option<Option<String>> {
    let words = |items: &[PortItem]| {
        let items: Vec<String> = items
            .iter()
            .map(|item| port_words(&item.port).replace('`', ""))
            .collect();
        joined(&items, ", ", " and ")
    };
    let except = match rule.except.as_slice() {
        [] => String::new(),
        except => format!(" but {}", words(except)),
    };
    match &rule.ports {
        Match::Any if except.is_empty() => Some(None),
        Match::Any => Some(Some(format!("all ports{except}"))),
        Match::Only(items) if items.is_empty() => None,
        Match::Only(items) => Some(Some(words(items) + &except)),
    }
}

/// The first items, each once, and how many more there are.
fn joined(items: &[String], comma: &str, last: &str) -> String {
    let mut different: Vec<&str> = Vec::new();
    for item in items {
        if !different.contains(&item.as_str()) {
            different.push(item);
        }
    }
    let more = different.len().saturating_sub(MOST);
    let rest = format!("{more} more");
    // "1 more" is no shorter than what it would replace.
    if more > 1 {
        different.truncate(MOST);
        different.push(&rest);
    }
    match different.split_last() {
        None => String::new(),
        Some((one, [])) => (*one).to_owned(),
        Some((end, before)) => format!("{}{last}{end}", before.join(comma)),
    }
}
