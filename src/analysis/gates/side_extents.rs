//! One side of a policy, with its subjects and peers as sets of points of one universe.

use std::sync::Arc;

use crate::analysis::Direction;
use crate::analysis::space::extents::Extents;
use crate::policy::{Action, Match, Peer, Policy, PortItem, PortMatch, Rule, Side};
use crate::sets::{Bits, PortSet, Protocol, Requirement};

/// One direction of one policy.
pub(in crate::analysis) struct Extent {
    /// Tier, order, tie, place: the evaluation order of sides.
    pub rank: (usize, i64, String, usize),
    pub isolates: bool,
    /// The points that the policy selects.
    pub subject: Arc<Bits>,
    pub rules: Vec<RuleExtent>,
    /// Whether some rule has a named port of the subject, so that subjects may differ.
    pub names: bool,
    /// Whether some rule tells the node of the subject from others, so that subjects may differ.
    pub names_own_node: bool,
    /// Whether some rule narrows the subject.
    pub narrows: bool,
}

/// One rule.
pub(in crate::analysis) struct RuleExtent {
    pub action: Action,
    /// Where the rule narrows the subject: to these points.
    pub subject: Option<Arc<Bits>>,
    /// Which peers it matches at which ports.
    steps: Vec<(PortSet, Arc<Bits>)>,
    /// Named ports that the subject of an ingress gate resolves, with the peers.
    names: Vec<NamedPorts>,
    /// Ports that the rule does not match.
    left_out: PortSet,
    /// The same by names that the subject of an ingress gate resolves.
    except: Vec<NamedPorts>,
    peers: Arc<Bits>,
    /// For rules for egress that tell the node of the subject from others: the rule for what is on that node. This
    /// one is for everything else.
    on_own_node: Option<Box<RuleExtent>>,
}

/// The side of a policy in a direction.
pub(in crate::analysis) fn side(policy: &Policy, direction: Direction) -> Option<&Side> {
    match direction {
        Direction::Ingress => policy.ingress.as_ref(),
        Direction::Egress => policy.egress.as_ref(),
    }
}

impl Extent {
    /// None if the policy has no such side.
    pub fn of(
        policy: &Policy,
        at: usize,
        direction: Direction,
        extents: &mut Extents,
    ) -> Option<Self> {
        let side = side(policy, direction)?;
        let rules = side.rules.iter();
        let rules: Vec<_> = rules
            .map(|rule| RuleExtent::of(rule, direction, extents))
            .collect();
        Some(Self {
            rank: (policy.tier, policy.order, policy.tie.clone(), at),
            isolates: side.isolates,
            subject: extents.peer(&policy.subject),
            names: rules
                .iter()
                .any(|r| !r.names.is_empty() || !r.except.is_empty()),
            names_own_node: rules.iter().any(|r| r.on_own_node.is_some()),
            narrows: rules.iter().any(|r| r.subject.is_some()),
            rules,
        })
    }

    /// The rules that apply to a class, by their places; none: all of them.
    pub fn rules_of(&self, class: usize) -> Option<Vec<usize>> {
        let applies = |rule: &RuleExtent| rule.subject.as_ref().is_none_or(|s| s.contains(class));
        let rules = self.rules.iter().enumerate();
        self.narrows.then(|| {
            rules
                .filter(|(_, r)| applies(r))
                .map(|(at, _)| at)
                .collect()
        })
    }
}

impl RuleExtent {
    /// Which peers it matches at which ports, at a gate whose port names `resolve` resolves.
    /// `node`: what is on the node of the subject, if that is known.
    pub fn at(
        &self,
        node: Option<&Bits>,
        resolve: impl Fn(Option<Protocol>, &str) -> PortSet,
    ) -> Vec<(PortSet, Arc<Bits>)> {
        let (Some(there), Some(node)) = (&self.on_own_node, node) else {
            return self.steps_at(&resolve).collect();
        };
        let elsewhere = self.steps_at(&resolve).map(|(ports, mut peers)| {
            Arc::make_mut(&mut peers).subtract(node);
            (ports, peers)
        });
        let there = there.steps_at(&resolve).map(|(ports, mut peers)| {
            Arc::make_mut(&mut peers).intersect_with(node);
            (ports, peers)
        });
        elsewhere.chain(there).collect()
    }

    fn steps_at(
        &self,
        resolve: impl Fn(Option<Protocol>, &str) -> PortSet,
    ) -> impl Iterator<Item = (PortSet, Arc<Bits>)> {
        let resolved = |name: &NamedPorts| name.ports(&resolve(name.protocol, &name.name));
        let named: PortSet = self.except.iter().map(resolved).collect();
        let except = self.left_out.union(&named);
        let own = self.names.iter().map(resolved);
        let own: Vec<_> = own.map(|ports| (ports, self.peers.clone())).collect();
        let all = self.steps.iter().cloned().chain(own);
        all.map(move |(ports, peers)| match except.is_empty() {
            true => (ports, peers),
            false => (ports.difference(&except), peers),
        })
    }

    pub fn of(rule: &Rule, direction: Direction, extents: &mut Extents) -> Self {
        let mut found = Self::for_peers(rule, direction, extents);
        if direction == Direction::Egress && rule.names_own_node() {
            let there = extents.on_own_node(|all| Self::for_peers(rule, direction, all));
            found.on_own_node = Some(Box::new(there));
        }
        found
    }

    fn for_peers(rule: &Rule, direction: Direction, extents: &mut Extents) -> Self {
        let mut found = Self {
            on_own_node: None,
            action: rule.action,
            subject: rule.subject.as_ref().map(|s| extents.peer(s)),
            steps: Vec::new(),
            names: Vec::new(),
            left_out: numbered(&rule.except),
            except: Vec::new(),
            peers: extents.peers(&rule.peers),
        };
        found.ports(&rule.ports, direction, extents);
        found.leave_out(&rule.except, direction, extents);
        found
    }

    fn ports(&mut self, ports: &Match<PortItem>, direction: Direction, extents: &mut Extents) {
        let Match::Only(items) = ports else {
            self.steps.push((PortSet::all(), self.peers.clone()));
            return;
        };
        for name in names(items) {
            if direction == Direction::Ingress {
                self.names.push(name);
                continue;
            }
            for (resolved, classes) in extents.bearers(name.protocol, &name.name).iter() {
                let mut bearers = (*self.peers).clone();
                bearers.intersect_with(classes);
                self.steps.push((name.ports(resolved), Arc::new(bearers)));
            }
        }
        self.steps.push((numbered(items), self.peers.clone()));
    }

    /// Removes named ports at the peers that declare them.
    fn leave_out(&mut self, except: &[PortItem], direction: Direction, extents: &mut Extents) {
        for name in names(except) {
            if direction == Direction::Ingress {
                self.except.push(name);
                continue;
            }
            for (resolved, classes) in extents.bearers(name.protocol, &name.name).iter() {
                let steps = std::mem::take(&mut self.steps).into_iter();
                self.steps = steps
                    .flat_map(|(ports, peers)| split(ports, &peers, &name.ports(resolved), classes))
                    .collect();
            }
        }
    }
}

/// A step in two: without `except` for the peers that are in `at`, and as it is for the others.
fn split(
    ports: PortSet,
    peers: &Arc<Bits>,
    except: &PortSet,
    at: &Bits,
) -> [(PortSet, Arc<Bits>); 2] {
    let (mut there, mut elsewhere) = ((**peers).clone(), (**peers).clone());
    there.intersect_with(at);
    elsewhere.subtract(at);
    [
        (ports.difference(except), Arc::new(there)),
        (ports, Arc::new(elsewhere)),
    ]
}

/// The namespace that all subjects of a policy are in, if its subject requires one by name.
pub(in crate::analysis) fn home(policy: &Policy) -> Option<&str> {
    fn name(peer: &Peer) -> Option<&str> {
        match peer {
            Peer::Namespace(name) => Some(name),
            _ => None,
        }
    }
    match &policy.subject {
        Peer::All(all) => all.iter().find_map(name),
        peer => name(peer),
    }
}

/// A label that all subjects of a policy have, if its subject requires one by its value.
pub(in crate::analysis) fn subject_label(policy: &Policy) -> Option<(&str, &str)> {
    fn label(peer: &Peer) -> Option<(&str, &str)> {
        let Peer::PodLabels(selector) = peer else {
            return None;
        };
        selector.requirements.iter().find_map(Requirement::label)
    }
    match &policy.subject {
        Peer::All(all) => all.iter().find_map(label),
        peer => label(peer),
    }
}

/// The numbered ports that items match, without named ports.
pub(in crate::analysis) fn numbered(items: &[PortItem]) -> PortSet {
    let one = |item: &PortItem| match &item.port {
        PortMatch::Range {
            protocol,
            first,
            last,
        } => Some(PortSet::range(*protocol, *first, *last)),
        PortMatch::AllPorts(protocol) => Some(PortSet::all_of(*protocol)),
        PortMatch::Named { .. } | PortMatch::FromNamed { .. } => None,
    };
    items.iter().filter_map(one).collect()
}

/// A port name among the ports of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::analysis) struct NamedPorts {
    /// The protocol it requires.
    pub protocol: Option<Protocol>,
    pub name: String,
    /// Where a range that it starts ends.
    last: Option<u16>,
}

impl NamedPorts {
    /// The ports that it matches where the name means `resolved`.
    pub fn ports(&self, resolved: &PortSet) -> PortSet {
        match (self.protocol, self.last) {
            (Some(protocol), Some(last)) => resolved.up_to(protocol, last),
            _ => resolved.clone(),
        }
    }
}

/// The port names among items.
pub(in crate::analysis) fn names(items: &[PortItem]) -> impl Iterator<Item = NamedPorts> {
    items.iter().filter_map(|item| {
        let (protocol, name, last) = match &item.port {
            PortMatch::Named { protocol, name } => (*protocol, name, None),
            PortMatch::FromNamed {
                protocol,
                name,
                last,
            } => (Some(*protocol), name, Some(*last)),
            _ => return None,
        };
        Some(NamedPorts {
            protocol,
            name: name.clone(),
            last,
        })
    })
}
