//! What the criteria of `source` and `destination` match: pods by themselves, and addresses of pods and of
//! sets of addresses (G21-G25).

use std::collections::{BTreeMap, BTreeSet};

use ipnet::{IpNet, Ipv6Net};

use super::policy::{AddressSet, Entity, ServiceAccounts};
use super::selector::Expression;
use crate::cluster::NAMESPACE_NAME_LABEL;
use crate::dialect::Context;
use crate::policy::{Direction, Peer};
use crate::sets::{IpSet, LabelOp, Labels, Requirement, Selector};
use crate::yaml::Object;

const NAMESPACE: &str = "projectcalico.org/namespace";
const ORCHESTRATOR: &str = "projectcalico.org/orchestrator";
const SERVICE_ACCOUNT: &str = "projectcalico.org/serviceaccount";
const NAME: &str = "projectcalico.org/name";
/// What stands before keys of labels that pods have from their namespace.
const OF_NAMESPACE: &str = "pcns.";
/// What stands before keys of labels that pods have from their service account.
const OF_ACCOUNT: &str = "pcsa.";

/// One policy in its cluster.
pub struct Lowering<'a> {
    pub object: &'a Object,
    pub context: &'a Context<'a>,
    /// The namespace of a NetworkPolicy.
    pub namespace: Option<&'a str>,
}

/// Which end of a connection criteria are asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The pod that the policy selects.
    Subject,
    /// The other one.
    Peer,
}

impl Of {
    pub fn source(direction: Direction) -> Self {
        Self::destination(direction.other())
    }

    pub fn destination(direction: Direction) -> Self {
        match direction {
            Direction::Ingress => Self::Subject,
            Direction::Egress => Self::Peer,
        }
    }

    /// What an end matches by its IPv6 addresses. Two pods with addresses of both families connect by IPv4.
    pub fn by_ipv6(self, peer: Peer) -> Peer {
        let both = Peer::PodsOfFamilies { v4: true, v6: true };
        match self {
            Self::Subject => peer,
            Self::Peer => Peer::All(vec![not(both), peer]),
        }
    }
}

/// What an end matches: (`pods` or `sets`) and `rest`.
pub struct Owners {
    /// Pods that match by themselves; everything, where no criterion asks for endpoints.
    pub pods: Peer,
    /// What has an address in a set that matches.
    pub sets: Peer,
    /// What is asked of addresses.
    pub rest: Peer,
}

impl Owners {
    /// All that it matches.
    pub fn whole(self) -> Peer {
        let owners = match self.sets {
            Peer::Nothing => self.pods,
            sets => Peer::AnyOf(vec![self.pods, sets]),
        };
        match (owners, self.rest) {
            (one, Peer::Everything) | (Peer::Everything, one) => one,
            (owners, rest) => Peer::All(vec![owners, rest]),
        }
    }

    /// Adds a criterion that is asked of addresses.
    pub fn and(&mut self, criterion: Peer) {
        self.rest = match std::mem::replace(&mut self.rest, Peer::Everything) {
            Peer::Everything => criterion,
            Peer::All(mut all) => {
                all.push(criterion);
                Peer::All(all)
            }
            one => Peer::All(vec![one, criterion]),
        };
    }
}

impl Lowering<'_> {
    /// What pods of Calico are: those that are not on the network of their host.
    pub fn pods(&self) -> Vec<Peer> {
        vec![Peer::Pods, Peer::Not(Box::new(Peer::HostNetwork))]
    }

    /// What an end matches by its criteria other than ports.
    pub fn owners(&self, entity: &Entity, of: Of) -> Owners {
        let accounts = entity.service_accounts.as_ref();
        let accounts = accounts.filter(|a| !a.names.is_empty() || a.selector.is_some());
        let scoped = self.namespace.is_some() && entity.not_selector.is_some();
        let positive = entity.selector.is_some()
            || entity.namespace_selector.is_some()
            || accounts.is_some()
            || scoped;
        let mut found = Owners {
            pods: Peer::Everything,
            sets: Peer::Nothing,
            rest: Peer::Everything,
        };
        if positive {
            found.pods = self.matching_pods(entity, accounts);
            let sets = self.context.resources.address_sets.iter();
            found.sets = self.addresses(
                sets.filter(|set| self.set_matches(set, entity, accounts)),
                of,
            );
        } else if let Some(negated) = &entity.not_selector {
            // Without anything positive it excludes addresses, whoever has them (G25).
            let mut pods = self.pods();
            pods.push(self.by_labels(negated));
            let sets = self.context.resources.address_sets.iter();
            let sets = self.addresses(sets.filter(|set| negated.matches(&self.labels_of(set))), of);
            found.and(not(Peer::AnyOf(vec![Peer::All(pods), sets])));
        }
        let union = |nets: &[IpNet]| {
            let all = nets.iter().map(|net| IpSet::net(*net));
            all.fold(IpSet::empty(), |all, net| all.union(&net))
        };
        let except = union(&entity.not_nets);
        if !entity.nets.is_empty() {
            found.and(self.block(&union(&entity.nets).difference(&except), of));
        } else if !except.is_empty() {
            found.and(not(self.block(&except, of)));
        }
        found
    }

    fn matching_pods(&self, entity: &Entity, accounts: Option<&ServiceAccounts>) -> Peer {
        let mut all = self.pods();
        match (&entity.namespace_selector, self.namespace) {
            (Some(Expression::All), _) => {}
            (Some(Expression::Global), _) => return Peer::Nothing,
            (Some(selector), _) => all.push(self.by_namespace(selector)),
            (None, Some(own)) => all.push(Peer::Namespace(own.to_owned())),
            (None, None) => {}
        }
        all.extend(entity.selector.as_ref().map(|s| self.by_labels(s)));
        if let Some(not) = &entity.not_selector {
            all.push(Peer::Not(Box::new(self.by_labels(not))));
        }
        if let Some(accounts) = accounts {
            if !accounts.names.is_empty() {
                let names = accounts.names.iter().cloned().map(Peer::ServiceAccount);
                all.push(Peer::AnyOf(names.collect()));
            }
            all.extend(accounts.selector.as_ref().map(|s| self.by_account(s)));
        }
        Peer::All(all)
    }

    fn set_matches(
        &self,
        set: &AddressSet,
        entity: &Entity,
        accounts: Option<&ServiceAccounts>,
    ) -> bool {
        let here = match (&entity.namespace_selector, self.namespace) {
            (Some(Expression::All), _) => set.namespace.is_some(),
            (Some(Expression::Global), _) => set.namespace.is_none(),
            (Some(selector), _) => selector.matches(&self.namespace_labels_of(set)),
            (None, Some(own)) => set.namespace.as_deref() == Some(own),
            (None, None) => true,
        };
        // A set runs as no service account.
        let account = accounts.is_none_or(|accounts| {
            let selector = accounts.selector.as_ref();
            accounts.names.is_empty() && selector.is_none_or(|s| s.matches(&Labels::new()))
        });
        let labels = self.labels_of(set);
        let matches = |selector: &Expression| selector.matches(&labels);
        here && account
            && entity.selector.as_ref().is_none_or(matches)
            && !entity.not_selector.as_ref().is_some_and(matches)
    }

    /// The labels of a set, those of its namespace included.
    fn labels_of(&self, set: &AddressSet) -> Labels {
        let mut labels = set.labels.clone();
        if let Some(namespace) = &set.namespace {
            labels.insert(NAMESPACE.to_owned(), namespace.clone());
            let inherited = self.namespace_labels_of(set).into_iter();
            labels.extend(inherited.map(|(key, value)| (format!("{OF_NAMESPACE}{key}"), value)));
        }
        labels
    }

    /// The labels that selectors of namespaces see at a set; none where it has no namespace.
    fn namespace_labels_of(&self, set: &AddressSet) -> Labels {
        let Some(name) = &set.namespace else {
            return Labels::new();
        };
        let mut namespaces = self.context.namespaces.iter();
        let known = namespaces.find(|namespace| namespace.name == *name);
        let mut labels = known.map(|known| known.labels.clone()).unwrap_or_default();
        labels.insert(NAMESPACE_NAME_LABEL.to_owned(), name.clone());
        labels.insert(NAME.to_owned(), name.clone());
        labels
    }

    /// What has one of the addresses of sets.
    fn addresses<'s>(&self, sets: impl Iterator<Item = &'s AddressSet>, of: Of) -> Peer {
        let nets = sets.flat_map(|set| &set.nets);
        let nets = nets.map(|net| IpSet::net(*net));
        let all = nets.fold(IpSet::empty(), |all, net| all.union(&net));
        self.block(&all, of)
    }

    /// What has one of these addresses.
    pub fn block(&self, all: &IpSet, of: Of) -> Peer {
        let v6 = all.intersection(&IpSet::net(Ipv6Net::default().into()));
        let v4 = all.difference(&v6);
        let block = |set: IpSet| self.context.assumptions.block(set);
        match v6.is_empty() {
            true => block(v4),
            false => Peer::AnyOf(vec![block(v4), of.by_ipv6(block(v6))]),
        }
    }

    /// Pods by what `selector` sees at them.
    pub fn by_labels(&self, selector: &Expression) -> Peer {
        self.walk(selector, &|key, op| match key {
            NAMESPACE => of_namespaces(NAMESPACE_NAME_LABEL, op),
            ORCHESTRATOR => match op_matches(&op, "k8s") {
                true => Peer::Pods,
                false => Peer::Nothing,
            },
            SERVICE_ACCOUNT => self.of_accounts(NAME, &op),
            _ => match (key.strip_prefix(OF_NAMESPACE), key.strip_prefix(OF_ACCOUNT)) {
                (Some(NAME), _) => of_namespaces(NAMESPACE_NAME_LABEL, op),
                (Some(key), _) => of_namespaces(key, op),
                (_, Some(key)) => self.of_accounts(key, &op),
                _ => Peer::PodLabels(one(key, op)),
            },
        })
    }

    /// Pods by what `namespaceSelector` sees at their namespaces.
    pub fn by_namespace(&self, selector: &Expression) -> Peer {
        self.walk(selector, &|key, op| match key {
            NAME => of_namespaces(NAMESPACE_NAME_LABEL, op),
            key => of_namespaces(key, op),
        })
    }

    /// Pods by what a selector sees at their service accounts.
    pub fn by_account(&self, selector: &Expression) -> Peer {
        self.walk(selector, &|key, op| self.of_accounts(key, &op))
    }

    /// Pods by a label of their service accounts. An account that nobody declares has no labels but its name, and a future
    /// pod may run as one that is asked for by name.
    fn of_accounts(&self, key: &str, op: &LabelOp) -> Peer {
        let wanted = one(key, op.clone());
        let plain = |name: &str| Labels::from([(NAME.to_owned(), name.to_owned())]);
        let mut names: BTreeSet<&str> = BTreeSet::from(["default"]);
        if let (NAME, LabelOp::In(asked)) = (key, op) {
            names.extend(asked.iter().map(String::as_str));
        }
        let mut differing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for account in &self.context.resources.service_accounts {
            names.insert(&account.name);
            let mut labels = account.labels.clone();
            labels.extend(plain(&account.name));
            if wanted.matches(&labels) != wanted.matches(&plain(&account.name)) {
                let namespaces = differing.entry(&account.name).or_default();
                namespaces.push(&account.namespace);
            }
        }
        let of_name = |name: &str| {
            let account = Peer::ServiceAccount(name.to_owned());
            let matches = wanted.matches(&plain(name));
            let Some(there) = differing.get(name) else {
                return matches.then_some(account);
            };
            let there = there.iter();
            let there = there.map(|namespace| Peer::Namespace((*namespace).to_owned()));
            let there = Peer::AnyOf(there.collect());
            Some(match matches {
                true => Peer::All(vec![account, not(there)]),
                false => Peer::All(vec![account, there]),
            })
        };
        Peer::AnyOf(names.into_iter().filter_map(of_name).collect())
    }

    /// An expression over pods, with `leaf` for what it asks of one key.
    fn walk(&self, expression: &Expression, leaf: &dyn Fn(&str, LabelOp) -> Peer) -> Peer {
        use Expression as E;
        let each = |all: &[Expression]| all.iter().map(|e| self.walk(e, leaf)).collect();
        let set = |values: &[String]| values.iter().cloned().collect::<BTreeSet<_>>();
        let value = |value: &String| BTreeSet::from([value.clone()]);
        match expression {
            E::All | E::Global => Peer::Pods,
            E::Not(inner) => Peer::Not(Box::new(self.walk(inner, leaf))),
            E::And(all) => Peer::All(each(all)),
            E::Or(any) => Peer::AnyOf(each(any)),
            E::Has(key) => leaf(key, LabelOp::Exists),
            E::Equal(key, text) => leaf(key, LabelOp::In(value(text))),
            E::NotEqual(key, text) => leaf(key, LabelOp::NotIn(value(text))),
            E::In(key, texts) => leaf(key, LabelOp::In(set(texts))),
            E::NotIn(key, texts) => leaf(key, LabelOp::NotIn(set(texts))),
            E::Contains(key, text) => leaf(key, LabelOp::Contains(text.clone())),
            E::StartsWith(key, text) => leaf(key, LabelOp::StartsWith(text.clone())),
            E::EndsWith(key, text) => leaf(key, LabelOp::EndsWith(text.clone())),
        }
    }
}

fn not(peer: Peer) -> Peer {
    Peer::Not(Box::new(peer))
}

fn one(key: &str, op: LabelOp) -> Selector {
    let requirement = Requirement {
        key: key.to_owned(),
        op,
    };
    Selector {
        requirements: vec![requirement],
    }
}

/// Pods by a label of their namespaces.
fn of_namespaces(key: &str, op: LabelOp) -> Peer {
    Peer::NamespaceLabels(one(key, op))
}

fn op_matches(op: &LabelOp, value: &str) -> bool {
    let labels = Labels::from([("k".to_owned(), value.to_owned())]);
    one("k", op.clone()).matches(&labels)
}
