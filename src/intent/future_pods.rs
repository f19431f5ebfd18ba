//! Pods that are not in the document and that policies tell apart from all that are: they have gates, too.

mod known;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cluster::{ContainerPort, Pod};
use crate::model::{Document, FlowPort, NamespaceId, Workload, naming};
use crate::policy::{Accounts, Match, Policy, PortMatch, WorkloadKey};
use crate::sets::hash::{HashMap, HashMapExt};
use crate::sets::{LabelOp, LabelSet, Labels, PortSet, Protocol, Requirement, Selector};

pub(crate) use known::Known;

/// At most this many pods are made up.
const MOST: usize = 1_000;

/// Pods that are not in the document.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FuturePods {
    /// By namespace.
    pub(crate) pods: Vec<(NamespaceId, FuturePod)>,
    /// Whether there would be more than are compared.
    pub(crate) more: bool,
    /// The ports that each of them declares: one for each name that a policy or a flow mentions.
    pub(crate) ports: Vec<ContainerPort>,
}

/// A pod that is not in the document.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FuturePod {
    pub(crate) labels: Labels,
    /// Its service account.
    pub(crate) account: String,
}

impl Default for FuturePod {
    /// One without labels.
    fn default() -> Self {
        Self {
            labels: Labels::new(),
            account: Accounts::DEFAULT.to_owned(),
        }
    }
}

/// Pods by their labels and their service accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PodSelector {
    pub(crate) labels: Selector,
    pub(crate) accounts: Accounts,
}

impl PodSelector {
    fn is_everything(&self) -> bool {
        self.labels.is_everything() && self.accounts.is_any()
    }

    fn matches(&self, labels: &Labels, account: &str) -> bool {
        self.labels.matches(labels) && self.accounts.has(account)
    }

    /// The pods that match both; none where these plainly contradict each other.
    fn and(&self, other: &Self) -> Option<Self> {
        // Most pairs contradict each other, so nothing is copied before.
        if contradict(&self.labels, &other.labels) {
            return None;
        }
        let accounts = self.accounts.common(&other.accounts)?;
        let mut labels = self.labels.clone();
        let more = other.labels.requirements.iter().cloned();
        labels.requirements.extend(more);
        Some(Self { labels, accounts })
    }
}

impl From<Selector> for PodSelector {
    fn from(labels: Selector) -> Self {
        Self {
            labels,
            accounts: Accounts::default(),
        }
    }
}

/// For each selector of a subject, of a workload or of a group, and for each two of them, a pod of a managed
/// namespace with just the labels and the service account that they ask for; without those to which the same selectors apply as to
/// a pod of the document. `further`: other selectors. Two are enough: what one policy allows is too much only
/// where another one isolates.
pub(crate) fn future_pods(
    document: &Document,
    policies: &[Arc<Policy>],
    further: Vec<(NamespaceId, PodSelector)>,
) -> FuturePods {
    let mut known = Known::default();
    known.select(document, policies);
    known.add(further);
    known.pods(document, policies)
}

/// A port for each protocol and name that a policy or a flow mentions, with a number of its own.
fn ports(document: &Document, policies: &[Arc<Policy>]) -> Vec<ContainerPort> {
    let mut names: BTreeSet<(Protocol, &str)> = BTreeSet::new();
    let sides = policies
        .iter()
        .flat_map(|policy| policy.ingress.iter().chain(&policy.egress));
    for rule in sides.flat_map(|side| &side.rules) {
        let Match::Only(items) = &rule.ports else {
            continue;
        };
        for item in items {
            match &item.port {
                PortMatch::Named { protocol, name } => {
                    names.insert((protocol.unwrap_or(Protocol::Tcp), name));
                }
                PortMatch::FromNamed { protocol, name, .. } => {
                    names.insert((*protocol, name));
                }
                PortMatch::Range { .. } | PortMatch::AllPorts(_) => {}
            }
        }
    }
    for (_, flow) in document.flows.iter() {
        for port in &flow.ports {
            if let FlowPort::Named(protocol, name) = port {
                names.insert((*protocol, name));
            }
        }
    }
    let numbered = names.into_iter().zip(FIRST_PORT..);
    let port = |((protocol, name), port): ((Protocol, &str), u16)| ContainerPort {
        name: Some(name.to_owned()),
        port,
        protocol,
    };
    numbered.map(port).collect()
}

/// The first of the numbers of ports that future pods declare.
const FIRST_PORT: u16 = 40_000;

/// Ports in words: those that a future pod declares by the names that stand for them.
pub(crate) fn port_words(destination: Option<&Pod>, ports: &PortSet) -> String {
    if ports.is_all() {
        return "any port".to_owned();
    }
    let declared = destination.filter(|pod| pod.key == WorkloadKey::UNKNOWN);
    let declared = declared.map_or(&[][..], |pod| &pod.ports);
    // A range that goes on below the first of them is more than names.
    let named = declared.iter().filter(|port| {
        ports.contains(port.protocol, port.port) && !ports.contains(port.protocol, FIRST_PORT - 1)
    });
    let (mut rest, mut words) = (ports.clone(), Vec::new());
    for port in named {
        rest = rest.difference(&PortSet::single(port.protocol, port.port));
        let name = port.name.as_deref().unwrap_or_default();
        words.push(format!("{} {name}", port.protocol));
    }
    let numbers = (!rest.is_empty()).then(|| rest.to_string());
    let all: Vec<String> = numbers.into_iter().chain(words).collect();
    all.join("; ")
}

/// Which future pods belong to a workload: its own `selector`, else its naming labels.
pub(crate) fn own_selector(workload: &Workload) -> Option<Selector> {
    let own = workload.selector.as_ref();
    let own = own.filter(|s| !s.requirements.is_empty());
    own.cloned().or_else(|| naming::of_labels(&workload.labels))
}

/// The selectors of one namespace, by a label that they ask for.
struct Selectors<'a> {
    all: &'a [PodSelector],
    by_label: HashMap<(&'a str, &'a str), Vec<usize>>,
    /// Those that ask for no one label.
    others: Vec<usize>,
    /// The values that they name, by key.
    values: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Selectors<'a> {
    fn new(all: &'a [PodSelector]) -> Self {
        let mut by_label: HashMap<_, Vec<usize>> = HashMap::new();
        let mut others = Vec::new();
        for (at, selector) in all.iter().enumerate() {
            match labels_of(&selector.labels).next() {
                Some(label) => by_label.entry(label).or_default().push(at),
                None => others.push(at),
            }
        }
        let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let requirements = all.iter().flat_map(|all| &all.labels.requirements);
        for requirement in requirements {
            if let LabelOp::In(named) | LabelOp::NotIn(named) = &requirement.op {
                let of_key = values.entry(&requirement.key).or_default();
                of_key.extend(named.iter().map(String::as_str));
            }
        }
        Self {
            all,
            by_label,
            others,
            values,
        }
    }

    /// Which of them match.
    fn matching(&self, labels: &Labels, account: &str) -> BTreeSet<usize> {
        let asked = labels
            .iter()
            .filter_map(|(key, value)| self.by_label.get(&(&**key, &**value)));
        let candidates = asked.flatten().chain(&self.others).copied();
        candidates
            .filter(|at| (self.all.get(*at)).is_some_and(|s| s.matches(labels, account)))
            .collect()
    }

    /// The pods that they tell apart from those with known labels and accounts, and from one without labels.
    fn pods(&self, known: Vec<(&Labels, &str)>) -> Vec<FuturePod> {
        let mut seen: BTreeSet<BTreeSet<usize>> = known
            .into_iter()
            .map(|(labels, account)| self.matching(labels, account))
            .collect();
        seen.insert(self.matching(&Labels::new(), Accounts::DEFAULT));
        let mut found = Vec::new();
        let mut see = |selector: &PodSelector| {
            for pod in self.examples(selector) {
                if seen.insert(self.matching(&pod.labels, &pod.account)) {
                    found.push(pod);
                }
            }
        };
        let excluded = self.excluded();
        let all: Vec<&PodSelector> = self.all.iter().chain(&excluded).collect();
        all.iter().for_each(|selector| see(selector));
        for (at, a) in all.iter().copied().enumerate() {
            let others = all.iter().skip(at + 1);
            others.filter_map(|b| a.and(b)).for_each(|both| see(&both));
        }
        found
    }

    /// Selectors of what the selectors exclude, label by label; and of another account than the one that pods have by
    /// default, where that is named.
    fn excluded(&self) -> Vec<PodSelector> {
        let requirements = self.all.iter().flat_map(|all| &all.labels.requirements);
        let excluded = requirements.flat_map(|r| match &r.op {
            LabelOp::NotIn(values) => {
                let one = |value: &String| Requirement::equals(&r.key, value);
                values.iter().map(one).collect()
            }
            LabelOp::DoesNotExist => vec![Requirement::new(&r.key, LabelOp::Exists)],
            _ => Vec::new(),
        });
        let excluded: BTreeSet<Requirement> = excluded.collect();
        let one = |requirement| {
            let requirements = vec![requirement];
            PodSelector::from(Selector { requirements })
        };
        let named = |selector: &PodSelector| {
            let mut names = selector.accounts.names();
            names.any(|name| name == Accounts::DEFAULT)
        };
        let other = self.all.iter().any(named).then(|| PodSelector {
            accounts: std::iter::once(OTHER.to_owned()).collect(),
            ..PodSelector::default()
        });
        excluded.into_iter().map(one).chain(other).collect()
    }

    /// Pods that a selector matches: with the labels of [`Self::labels`], as each of the accounts.
    fn examples(&self, selector: &PodSelector) -> Vec<FuturePod> {
        let mut accounts: Vec<&str> = selector.accounts.names().collect();
        if accounts.is_empty() {
            accounts.push(Accounts::DEFAULT);
        }
        let pods = self.labels(&selector.labels).into_iter();
        let pods = pods.flat_map(|labels| {
            let pod = move |account: &&str| FuturePod {
                labels: labels.clone(),
                account: (*account).to_owned(),
            };
            accounts.iter().map(pod).collect::<Vec<_>>()
        });
        pods.collect()
    }

    /// Labels that a selector matches: the fewest, and these with each other value that a selector names for a
    /// key of which several values match.
    fn labels(&self, selector: &Selector) -> Vec<Labels> {
        let Some(example) = LabelSet::from(selector).example() else {
            return Vec::new();
        };
        let mut found = vec![example.clone()];
        let open = |r: &&Requirement| r.label().is_none();
        for Requirement { key, .. } in selector.requirements.iter().filter(open) {
            let own = selector.requirements.iter().filter(|r| r.key == *key);
            let named = self.values.get(key.as_str()).into_iter().flatten();
            for value in named.copied().chain([OTHER]) {
                if own.clone().all(|r| r.op.matches(Some(value))) {
                    let mut labels = example.clone();
                    labels.insert(key.clone(), value.to_owned());
                    found.push(labels);
                }
            }
        }
        found
    }
}

/// A value, or a service account, that no selector names.
const OTHER: &str = "other-value";

/// The labels with one value that a selector asks for.
fn labels_of(selector: &Selector) -> impl Iterator<Item = (&str, &str)> {
    selector.requirements.iter().filter_map(Requirement::label)
}

/// Whether two selectors ask for different values of one label.
fn contradict(a: &Selector, b: &Selector) -> bool {
    labels_of(a).any(|(key, value)| labels_of(b).any(|(other, of)| key == other && value != of))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Group;
    use crate::model::fixture::Fixture;

    fn pods(fixture: &Fixture) -> Vec<String> {
        let found = future_pods(&fixture.document, &[], Vec::new());
        let text = |pod: &FuturePod| {
            let labels = (pod.labels.iter()).map(|(key, value)| format!("{key}={value}"));
            let labels = labels.collect::<Vec<_>>().join(", ");
            match pod.account.as_str() {
                Accounts::DEFAULT => labels,
                account => format!("{labels} as {account}"),
            }
        };
        found.pods.iter().map(|(_, pod)| text(pod)).collect()
    }

    #[test]
    fn only_pods_that_selectors_tell_from_those_of_the_document_are_made_up() {
        let mut fixture = Fixture::new();
        fixture.workload("shop/web", "app=web, tier=front");
        fixture.workload("shop/db", "app=db");
        assert_eq!(pods(&fixture), [""; 0]);
        let group = |values: [&str; 2]| Selector {
            requirements: vec![Requirement::new(
                "role",
                LabelOp::In(values.map(str::to_owned).into()),
            )],
        };
        fixture.group("g", Selector::everything(), group(["batch", "cron"]));
        assert_eq!(
            pods(&fixture),
            ["role=batch", "app=db, role=batch", "app=web, role=batch"]
        );
    }

    #[test]
    fn service_accounts_are_told_apart() {
        let mut fixture = Fixture::new();
        let web = fixture.workload("shop/web", "app=web");
        let group = |fixture: &mut Fixture, names: &[&str]| {
            let app = Selector::label("app", "web");
            let group = Group {
                accounts: names.iter().map(|name| (*name).to_owned()).collect(),
                ..Group::new("g", Selector::everything(), app)
            };
            fixture.document.groups.add(group)
        };
        let id = group(&mut fixture, &["robot"]);
        assert_eq!(pods(&fixture), ["app=web as robot"]);
        let workload = fixture.document.workloads.get_mut(web).unwrap();
        workload.service_account = Some("robot".to_owned());
        assert_eq!(pods(&fixture), ["app=web"]);
        fixture.document.groups.remove(id);
        group(&mut fixture, &["default"]);
        assert_eq!(pods(&fixture), ["app=web"]);
        let workload = fixture.document.workloads.get_mut(web).unwrap();
        workload.service_account = None;
        assert_eq!(pods(&fixture), ["app=web as other-value"]);
    }

    #[test]
    fn too_many_pods_are_cut_off_and_reported() {
        let mut fixture = Fixture::new();
        fixture.workload("shop/web", "app=web");
        for at in 0..=MOST {
            let selector = Selector::label("role", format!("r{at}"));
            fixture.group(&format!("g{at}"), Selector::everything(), selector);
        }
        let found = future_pods(&fixture.document, &[], Vec::new());
        assert!(found.more);
        assert_eq!(found.pods.len(), MOST);
    }
}
