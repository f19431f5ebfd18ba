//! Selectors that select no pods of namespaces whose pods are known, and the labels that were probably meant.

use super::Input;
use crate::cluster::{NAMESPACE_NAME_LABEL, Pod, UnknownPods, Workload};
use crate::diag::{Diagnostic, Severity, Span, edit_distance};
use crate::manifest::is_of_kubernetes;
use crate::policy::{Direction, Match, Peer};
use crate::sets::{LabelOp, Labels, Requirement, Selector};

/// Keys that charts use for the name of an application.
const NAME_KEYS: [&str; 4] = ["app", "app.kubernetes.io/name", "k8s-app", "name"];

/// A selector that selects no pods.
pub struct Unmatched<'a> {
    /// Its policy.
    pub policy: usize,
    /// Whether it says which pods the policy selects; else it is a peer.
    pub is_subject: bool,
    /// The conditions on namespaces.
    namespace_parts: Vec<&'a Peer>,
    /// The conditions on the labels of pods.
    pub labels: Selector,
    /// The service accounts, one of which its pods run as; none: any.
    accounts: Vec<&'a str>,
    /// The namespaces that it selects, by their places.
    namespaces: Vec<usize>,
    /// Whether more namespaces or pods may be selected than the input shows.
    pub is_open: bool,
    /// Where it stands.
    pub span: Option<Span>,
}

/// A label that was probably meant.
pub struct Near {
    /// What is written: `app=chekout`.
    pub written: String,
    /// What was probably meant: `app=checkout`.
    pub meant: String,
    /// Who has it, in words: `` `shop/checkout` has `app=checkout` ``.
    pub note: String,
}

/// What a peer says of namespaces and of pods.
struct Parts<'a> {
    namespaces: Vec<&'a Peer>,
    labels: Selector,
    accounts: Vec<&'a str>,
}

fn parts(peer: &Peer) -> Option<Parts<'_>> {
    let mut found = Parts {
        namespaces: Vec::new(),
        labels: Selector::everything(),
        accounts: Vec::new(),
    };
    collect(peer, &mut found).then_some(found)
}

fn collect<'a>(peer: &'a Peer, into: &mut Parts<'a>) -> bool {
    match peer {
        Peer::All(all) => return all.iter().all(|part| collect(part, into)),
        Peer::Namespace(_) | Peer::NamespaceLabels(_) => into.namespaces.push(peer),
        Peer::PodLabels(selector) => {
            let more = selector.requirements.iter().cloned();
            into.labels.requirements.extend(more);
        }
        Peer::Pods => {}
        Peer::Not(inner) if **inner == Peer::HostNetwork => {}
        Peer::ServiceAccount(_) => return collect_accounts(std::slice::from_ref(peer), into),
        Peer::AnyOf(any) => match any.as_slice() {
            [only] => return collect(only, into),
            [_, ..] if any.iter().all(is_of_namespaces) => into.namespaces.push(peer),
            any => return collect_accounts(any, into),
        },
        _ => return false,
    }
    true
}

fn is_of_namespaces(peer: &Peer) -> bool {
    matches!(peer, Peer::Namespace(_) | Peer::NamespaceLabels(_))
}

/// The requirements of a condition on namespaces.
fn requirements(part: &Peer) -> Vec<&Requirement> {
    match part {
        Peer::NamespaceLabels(selector) => selector.requirements.iter().collect(),
        Peer::AnyOf(any) => any.iter().flat_map(requirements).collect(),
        _ => Vec::new(),
    }
}

/// Whether a condition on namespaces is their name.
fn is_by_name(part: &Peer) -> bool {
    match part {
        Peer::Namespace(_) => true,
        Peer::AnyOf(any) => any.iter().all(is_by_name),
        _ => false,
    }
}

/// Takes a list of service accounts, one of which is asked for. A second list is not understood.
fn collect_accounts<'a>(any: &'a [Peer], into: &mut Parts<'a>) -> bool {
    let name = |peer: &'a Peer| match peer {
        Peer::ServiceAccount(name) => Some(name.as_str()),
        _ => None,
    };
    let names: Option<Vec<&str>> = any.iter().map(name).collect();
    let names = names.filter(|names| !names.is_empty() && into.accounts.is_empty());
    names.map(|names| into.accounts = names).is_some()
}

/// Whether a label is put on pods by a platform, so that manifests do not show who has it.
fn is_platform(requirement: &Requirement) -> bool {
    let key = requirement.key.as_str();
    let dns = || LabelOp::In(["kube-dns".to_owned()].into());
    key != NAMESPACE_NAME_LABEL && key.starts_with("kubernetes.io/")
        || key.starts_with("policy-group.network.openshift.io/")
        || key == "network.openshift.io/policy-group"
        || key == "k8s-app" && requirement.op == dns()
}

/// The subjects and peers of all policies that select no pods, although the pods of their namespaces are known.
pub fn unmatched<'a>(input: &Input<'a>) -> Vec<Unmatched<'a>> {
    let mut found = Vec::new();
    for (at, policy) in input.snapshot.policies.iter().enumerate() {
        if input.subjects(at).is_empty() {
            let subject = judge(input, at, &policy.subject);
            found.extend(subject.map(|subject| Unmatched {
                is_subject: true,
                span: input.subject_span(at),
                ..subject
            }));
        }
        let rules = Direction::BOTH.into_iter().flat_map(|d| policy.rules(d));
        for rule in rules {
            let Match::Only(items) = &rule.peers else {
                continue;
            };
            for item in items.iter().filter(|i| input.pods(&i.peer).is_empty()) {
                let peer = judge(input, at, &item.peer);
                let peer = peer.filter(|peer| !peer.selects_a_set(input));
                found.extend(peer.map(|peer| Unmatched {
                    span: Some(item.span.clone()),
                    ..peer
                }));
            }
        }
    }
    found
}

/// A selector that selects no pods, unless nothing can be said about it.
fn judge<'a>(input: &Input<'a>, policy: usize, peer: &'a Peer) -> Option<Unmatched<'a>> {
    let Parts {
        namespaces,
        labels,
        accounts,
    } = parts(peer)?;
    let asked = namespaces.iter().flat_map(|part| requirements(part));
    let asked: Vec<&Requirement> = asked.collect();
    if asked
        .iter()
        .copied()
        .chain(&labels.requirements)
        .any(is_platform)
    {
        return None;
    }
    let all = input.snapshot.namespaces.iter().enumerate();
    let selected = all.filter(|(_, n)| selects(&namespaces, &n.name, &n.labels));
    let selected: Vec<usize> = selected.map(|(at, _)| at).collect();
    let names = selected
        .iter()
        .filter_map(|at| input.snapshot.namespaces.get(*at));
    let unknown: Vec<&UnknownPods> = names.flat_map(|n| input.unknown_pods(&n.name)).collect();
    let mut shown = unknown.iter().flat_map(|pods| &pods.labels);
    if shown.any(|shown| labels.matches(shown)) {
        return None;
    }
    let by_labels = asked.iter().any(|r| r.key != NAMESPACE_NAME_LABEL);
    let by_name = namespaces.iter().any(|part| is_by_name(part));
    let undeclared = input.snapshot.namespaces.iter().any(|n| !n.declared);
    let found = Unmatched {
        policy,
        is_subject: false,
        is_open: !by_name && (asked.is_empty() || by_labels && undeclared)
            || !unknown.is_empty()
            || has_other_controllers(input, &selected),
        namespace_parts: namespaces,
        labels,
        accounts,
        namespaces: selected,
        span: None,
    };
    let known = |at: &usize| {
        let namespace = input.snapshot.namespaces.get(*at);
        namespace.is_some_and(|n| input.has_workloads(&n.name))
    };
    // Its labels are right: it is the network of their node that these pods are not selected for (L29).
    let on_host = |pod: &Pod| {
        pod.host_network
            && found.namespaces.contains(&pod.namespace)
            && found.labels.matches(&pod.labels)
            && (found.accounts.is_empty() || found.accounts.contains(&&*pod.service_account))
    };
    if input.snapshot.pods.iter().any(on_host) {
        return None;
    }
    match found.namespaces.is_empty() {
        // Only what a namespace is called can be judged then.
        true => (!asked.is_empty() || by_name).then_some(found),
        false => {
            let wanted = !found.labels.is_everything() || !found.accounts.is_empty();
            (wanted && found.namespaces.iter().all(known)).then_some(found)
        }
    }
}

/// Whether pods in some namespaces are made by controllers of kinds that are not Kubernetes' own: they may add labels.
fn has_other_controllers(input: &Input, namespaces: &[usize]) -> bool {
    let mut workloads = input.snapshot.workloads.iter();
    workloads.any(|workload| {
        let all = &input.snapshot.namespaces;
        let mut names = namespaces.iter().filter_map(|at| all.get(*at));
        !is_of_kubernetes(&workload.kind) && names.any(|n| n.name == workload.namespace)
    })
}

fn selects(parts: &[&Peer], name: &str, labels: &Labels) -> bool {
    parts.iter().all(|part| match part {
        Peer::Namespace(wanted) => wanted == name,
        Peer::NamespaceLabels(selector) => selector.matches(labels),
        Peer::AnyOf(any) => any.iter().any(|part| selects(&[part], name, labels)),
        _ => false,
    })
}

impl Unmatched<'_> {
    /// The finding of a rule about it.
    pub fn finding(&self, input: &Input, rule: &super::Rule, message: String) -> Diagnostic {
        let policy = input.snapshot.policies.get(self.policy);
        let mut found = rule.finding(message);
        if let Some(span) = &self.span {
            found = found.at(span.clone());
        }
        found.on(policy.map(|p| p.title()).unwrap_or_default())
    }

    /// The finding, as a note where the input does not show all that may be selected.
    pub fn possible(&self, input: &Input, rule: &super::Rule, message: String) -> Diagnostic {
        let mut found = self.finding(input, rule, message);
        if self.is_open {
            found.severity = Severity::Info;
            found.message = format!("possibly {}", found.message);
        }
        found
    }

    /// Whether a set of addresses has its labels, in one of its namespaces, or without one where it asks for none.
    fn selects_a_set(&self, input: &Input) -> bool {
        let parts = &self.namespace_parts;
        let is_here = |namespace: Option<&str>| match namespace {
            None => parts.is_empty(),
            Some(name) => {
                let mut known = input.snapshot.namespaces.iter();
                let known = known.find(|namespace| namespace.name == name);
                let by_name = || Labels::from([(NAMESPACE_NAME_LABEL.to_owned(), name.to_owned())]);
                selects(
                    parts,
                    name,
                    &known.map_or_else(by_name, |n| n.labels.clone()),
                )
            }
        };
        let mut sets = input.sets_of(self.policy).iter();
        // A set runs as no service account.
        self.accounts.is_empty()
            && sets.any(|set| self.labels.matches(&set.labels) && is_here(set.namespace.as_deref()))
    }

    /// Whether it selects a namespace.
    pub fn has_namespaces(&self) -> bool {
        !self.namespaces.is_empty()
    }

    /// What it asks of pods, in words: `` `app=web` ``.
    pub fn wanted(&self) -> String {
        let labels = (!self.labels.is_everything()).then(|| format!("`{}`", self.labels));
        let accounts = self.accounts.iter().map(|name| format!("`{name}`"));
        let accounts: Vec<String> = accounts.collect();
        let account = (!accounts.is_empty())
            .then(|| format!("the service account {}", accounts.join(" or ")));
        let all: Vec<String> = labels.into_iter().chain(account).collect();
        all.join(" and ")
    }

    /// What to do about it; `part` is what it is of, a policy or a peer.
    pub fn help(&self, part: &str) -> String {
        let how = match self.accounts.is_empty() {
            true => "by the labels of their pod template",
            false => "by the service account that they run as, and its namespace",
        };
        format!("select pods {how}, or remove the {part} if the workload is gone")
    }

    /// Whether the pods of a workload are as it asks, wherever they are.
    fn fits(&self, input: &Input, workload: &Workload) -> bool {
        let pods = input.snapshot.pods.get(workload.pods.clone());
        let mut pods = pods.unwrap_or_default().iter();
        let runs_as_one = pods.any(|pod| self.accounts.contains(&&*pod.service_account));
        self.labels.matches(&workload.labels) && (self.accounts.is_empty() || runs_as_one)
    }

    /// The namespaces that it selects, in words.
    pub fn where_it_looks(&self, input: &Input) -> String {
        let all = self.namespaces.iter();
        let mut names = all.filter_map(|at| input.snapshot.namespaces.get(*at));
        match (names.next(), names.count()) {
            (Some(one), 0) => format!("namespace `{}`", one.name),
            (Some(_), more) => format!("the {} namespaces that it selects", more + 1),
            (None, _) => "any namespace of the input".to_owned(),
        }
    }

    /// The workload whose own labels it matches, although one that it asks for does not reach its pods.
    pub fn own_labels<'a>(&self, input: &Input<'a>) -> Option<&'a Workload> {
        let mut in_place = self.workloads(input);
        in_place.find(|workload| {
            let mut asked = self.labels.requirements.iter();
            self.labels.matches(&workload.own_labels)
                && asked.any(|r| {
                    let is_positive = matches!(r.op, LabelOp::In(_) | LabelOp::Exists);
                    is_positive && !r.matches(&workload.labels)
                })
        })
    }

    /// Whether pods of another namespace have the labels, and it means those of its policy's namespace without selecting
    /// any: rules about the namespaces of policies find these.
    pub fn is_elsewhere(&self, input: &Input) -> bool {
        let is_own = |name: &str| self.own_namespace(input) == Some(name);
        let local =
            matches!(self.namespace_parts.as_slice(), [Peer::Namespace(name)] if is_own(name));
        local && self.accounts.is_empty() && self.outside(input).is_some()
    }

    /// The namespace of its policy.
    fn own_namespace<'a>(&self, input: &Input<'a>) -> Option<&'a str> {
        let policy = input.snapshot.policies.get(self.policy)?;
        policy.namespace.as_deref()
    }

    /// A workload whose pods have the labels; those of its own namespaces have not.
    fn outside<'a>(&self, input: &Input<'a>) -> Option<&'a Workload> {
        let mut all = input.snapshot.workloads.iter();
        all.find(|workload| self.has_namespaces() && self.fits(input, workload))
    }

    /// Who has the labels in a namespace that it does not select, or another value of one of the keys in one that it
    /// selects: `` `shop/web` has `app=web` ``.
    pub fn other_value(&self, input: &Input) -> Option<String> {
        if let Some(workload) = self.outside(input) {
            let (namespace, name) = (&workload.namespace, &workload.name);
            return Some(format!(
                "`{namespace}/{name}` has, in a namespace that is not selected"
            ));
        }
        self.workloads(input).find_map(|workload| {
            let mut wanted = self.labels.requirements.iter();
            wanted.find_map(|requirement| {
                let value = workload.labels.get(&*requirement.key)?;
                let LabelOp::In(_) = &requirement.op else {
                    return None;
                };
                (!requirement.matches(&workload.labels)).then(|| {
                    let (namespace, name) = (&workload.namespace, &workload.name);
                    format!("`{namespace}/{name}` has `{}={value}`", requirement.key)
                })
            })
        })
    }

    /// The workloads of the namespaces that it selects.
    fn workloads<'a>(&self, input: &Input<'a>) -> impl Iterator<Item = &'a Workload> {
        let namespaces = &input.snapshot.namespaces;
        let selected = self.namespaces.iter().filter_map(|at| namespaces.get(*at));
        let names: Vec<&str> = selected.map(|n| n.name.as_str()).collect();
        let workloads = input.snapshot.workloads.iter();
        workloads.filter(move |w| names.binary_search(&w.namespace.as_str()).is_ok())
    }

    /// The label that was probably meant: of a pod, or of a namespace where it selects none.
    pub fn near(&self, input: &Input) -> Option<Near> {
        if self.has_namespaces() {
            let mut in_place = self.workloads(input);
            return in_place.find_map(|workload| {
                let who = format!("`{}/{}`", workload.namespace, workload.name);
                meant(&self.labels, &workload.labels, &who)
            });
        }
        let own = self.own_namespace(input);
        let mut known = input.snapshot.namespaces.iter();
        known.find_map(|namespace| {
            let mut parts = self.namespace_parts.iter();
            parts.find_map(|part| match part {
                Peer::NamespaceLabels(selector) => {
                    let who = format!("namespace `{}`", namespace.name);
                    meant(selector, &namespace.labels, &who)
                }
                Peer::Namespace(name) if own != Some(name) => {
                    is_near(name, &namespace.name).then(|| Near {
                        written: name.clone(),
                        meant: namespace.name.clone(),
                        note: format!("there is a namespace `{}`", namespace.name),
                    })
                }
                _ => None,
            })
        })
    }
}

/// How the labels of one object differ from a selector, if only one requirement fails and nearly holds.
fn meant(selector: &Selector, labels: &Labels, who: &str) -> Option<Near> {
    let mut failed = selector.requirements.iter().filter(|r| !r.matches(labels));
    let (requirement, None) = (failed.next()?, failed.next()) else {
        return None;
    };
    let LabelOp::In(values) = &requirement.op else {
        return None;
    };
    let key = requirement.key.as_str();
    let fits = |(own_key, own): &(&String, &String)| {
        let same_key = own_key.as_str() == key;
        let alias = NAME_KEYS.contains(&key) && NAME_KEYS.contains(&own_key.as_str());
        let respelt_key = plain(own_key) == plain(key);
        values
            .iter()
            .any(|value| same_key && is_near(value, own) || (alias || respelt_key) && value == *own)
    };
    let (own_key, own) = labels.iter().find(fits)?;
    Some(Near {
        written: requirement.to_string(),
        meant: format!("{own_key}={own}"),
        note: format!("{who} has `{own_key}={own}`"),
    })
}

/// A text without case, dashes, underscores and dots.
fn plain(text: &str) -> String {
    let kept = text.chars().filter(|c| !matches!(c, '-' | '_' | '.'));
    kept.flat_map(char::to_lowercase).collect()
}

/// Whether a value is probably a misspelling of another: letters differ, at most two and at most a third of them, or only
/// its case and its dashes do.
fn is_near(written: &str, other: &str) -> bool {
    if written == other {
        return false;
    }
    if plain(written) == plain(other) {
        return true;
    }
    let longer = written.chars().count().max(other.chars().count());
    let distance = edit_distance(written, other);
    distance <= 2 && distance * 3 <= longer && !are_siblings(written, other)
}

/// Whether two names differ on purpose: in a number, or in a short part between dashes.
fn are_siblings(a: &str, b: &str) -> bool {
    let letters = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
    let has_digit = |text: &str| text.contains(|c: char| c.is_ascii_digit());
    if letters(a) == letters(b) && (has_digit(a) || has_digit(b)) {
        return true;
    }
    let split =
        |text: &str| -> Vec<String> { text.split(['-', '_', '.']).map(Into::into).collect() };
    let (a, b) = (split(a), split(b));
    let mut differ = a.iter().zip(&b).filter(|(a, b)| a != b);
    let short = |text: &str| text.chars().count() <= 3;
    a.len() == b.len()
        && a.len() > 1
        && differ.all(|(a, b)| short(a) && short(b) && !are_swapped(a, b))
}

/// Whether two words have the same letters in another order: `bd` and `db`.
fn are_swapped(a: &str, b: &str) -> bool {
    let sorted = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    sorted(a) == sorted(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_values_are_near() {
        for (a, b) in [
            ("chekout", "checkout"),
            ("payments", "payment"),
            ("order-api", "order_api"),
            ("Web", "web"),
            ("kafak", "kafka"),
            ("orders-bd", "orders-db"),
        ] {
            assert!(is_near(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("shard-1", "shard-2"),
            ("web1", "web2"),
            ("team-a", "team-b"),
            ("red-app", "red-api"),
            ("db", "ui"),
            ("web", "wms"),
            ("prod", "test"),
            ("v1", "v2"),
        ] {
            assert!(!is_near(a, b), "{a} {b}");
        }
    }
}
