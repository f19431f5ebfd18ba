//! Questions in words: `shop/web` to `203.0.113.7` at `TCP/80`.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::analysis::ask::{addresses_of, one_of, open_ports};
use crate::analysis::eval::Probe;
use crate::analysis::explain::probe;
use crate::analysis::{End, Trace};
use crate::cluster::{Snapshot, Workload};
use crate::model::FlowPort;
use crate::model::validate::{Refusal, flow_port};
use crate::sets::{IpSet, PortSet, Protocol};

/// How much of what was asked is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All of it.
    All,
    /// Some of it.
    Some,
    /// Nothing.
    None,
}

/// The answer, with one connection that shows it, and another where the answer is mixed.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How much is allowed.
    pub verdict: Verdict,
    /// One allowed and one denied connection, as far as there are such.
    pub shown: Vec<Shown>,
}

/// One connection, and why it is allowed or not.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Who would open it.
    pub from: End,
    /// To whom.
    pub to: End,
    /// At which port; none: protocols other than TCP, UDP and SCTP.
    pub port: Probe,
    /// Why.
    pub trace: Trace,
}

/// Asks about every connection from one of `from` to one of `to` at one of `ports`. A pod's
/// connections to itself count only if there are no others.
pub fn ask(snapshot: &Snapshot, from: &[End], to: &[End], ports: &FlowPort) -> Answer {
    let pairs = || from.iter().flat_map(|a| to.iter().map(move |b| (a, b)));
    let others = pairs().any(|(a, b)| a != b);
    let (mut allowed, mut denied) = (None, None);
    for (a, b) in pairs().filter(|(a, b)| !others || a != b) {
        let wanted = match ports {
            FlowPort::Any => PortSet::all(),
            FlowPort::All(protocol) => PortSet::all_of(*protocol),
            FlowPort::Range(protocol, first, last) => PortSet::range(*protocol, *first, *last),
            FlowPort::Named(protocol, name) => resolve(snapshot, b, *protocol, name),
        };
        let open = open_ports(snapshot, a, b, &wanted);
        let closed = wanted.difference(&open);
        let shown = |ports: &PortSet| Shown {
            from: a.clone(),
            to: b.clone(),
            port: one_of(ports),
            trace: probe(snapshot, a, b, one_of(ports)),
        };
        if allowed.is_none() && !open.is_empty() {
            allowed = Some(shown(&open));
        }
        if denied.is_none() && !closed.is_empty() {
            denied = Some(shown(&closed));
        }
        if allowed.is_some() && denied.is_some() {
            break;
        }
    }
    Answer {
        verdict: match (&allowed, &denied) {
            (Some(_), None) => Verdict::All,
            (Some(_), Some(_)) => Verdict::Some,
            (None, _) => Verdict::None,
        },
        shown: allowed.into_iter().chain(denied).collect(),
    }
}

fn resolve(snapshot: &Snapshot, to: &End, protocol: Protocol, name: &str) -> PortSet {
    let End::Pod(at) = to else {
        return PortSet::empty();
    };
    let ports = snapshot
        .pods
        .get(*at)
        .into_iter()
        .flat_map(|p| p.ports.iter());
    let bears = ports.filter(|p| p.protocol == protocol && p.name.as_deref() == Some(name));
    bears.map(|p| PortSet::single(protocol, p.port)).collect()
}

/// The ends that a word stands for: `namespace/workload`, `namespace/workload[Kind]`, `namespace/pod`,
/// `namespace/*`, `*`, `node/name`, an address or a network. At least one.
///
/// # Errors
/// A word that stands for nothing, or for several workloads.
pub fn ends(snapshot: &Snapshot, word: &str) -> Result<Vec<End>, Refusal> {
    if let Ok(address) = word.parse::<IpAddr>() {
        return Ok(vec![End::Address(address)]);
    }
    if let Ok(net) = word.parse::<IpNet>() {
        let found = addresses_of(snapshot, &IpSet::net(net)).into_iter();
        return Ok(found.map(End::Address).collect());
    }
    let found = match word.split_once('/') {
        None if word == "*" => (0..snapshot.pods.len()).map(End::Pod).collect(),
        None => Vec::new(),
        Some(("node", name)) => {
            let nodes = snapshot.nodes.iter().enumerate();
            nodes
                .filter(|(_, n)| n.name == name)
                .map(|(at, _)| End::Node(at))
                .collect()
        }
        Some((namespace, name)) => {
            let namespace = namespace.strip_prefix("ns:").unwrap_or(namespace);
            pods(snapshot, namespace, name)?
        }
    };
    if found.is_empty() {
        let message = format!("nothing here is called `{word}`");
        let help = "an end is namespace/workload, namespace/pod, namespace/*, *, node/name, an address or a network";
        return Err(Refusal::new(message).help(help));
    }
    Ok(found)
}

fn pods(snapshot: &Snapshot, namespace: &str, name: &str) -> Result<Vec<End>, Refusal> {
    let (bare, kind) = match name.strip_suffix(']').and_then(|n| n.split_once('[')) {
        Some((bare, kind)) => (bare, Some(kind)),
        None => (name, None),
    };
    let matches = |w: &Workload| {
        w.namespace == namespace
            && (name == "*" || w.name == bare && kind.is_none_or(|k| k == w.kind))
    };
    let workloads: Vec<&Workload> = snapshot.workloads.iter().filter(|w| matches(w)).collect();
    if workloads.len() > 1 && name != "*" {
        let kinds: Vec<String> = workloads
            .iter()
            .map(|w| format!("`{namespace}/{bare}[{}]`", w.kind))
            .collect();
        let message = format!("`{namespace}/{name}` may be {}", kinds.join(" or "));
        return Err(Refusal::new(message).help("write the kind behind it"));
    }
    if !workloads.is_empty() {
        return Ok(workloads
            .iter()
            .flat_map(|w| w.pods.clone())
            .map(End::Pod)
            .collect());
    }
    let of = |at: usize| {
        snapshot
            .namespaces
            .get(at)
            .is_some_and(|n| n.name == namespace)
    };
    let pods = snapshot.pods.iter().enumerate();
    Ok(pods
        .filter(|(_, p)| p.name == name && of(p.namespace))
        .map(|(at, _)| End::Pod(at))
        .collect())
}

/// The ports that a word stands for: `TCP/80`, `UDP/4000-4010`, `TCP/http`, `TCP`, `any`.
///
/// # Errors
/// A word that is none of these.
pub fn ports(word: &str) -> Result<FlowPort, Refusal> {
    flow_port(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Assumptions;
    use crate::engine::load::load;
    use crate::manifest::Source;

    const CLUSTER: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: other}
spec: {template: {metadata: {labels: {app: web}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: other}
spec: {template: {metadata: {labels: {app: web}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 5432}]
  - from: [{ipBlock: {cidr: 10.0.0.0/8}}]
";

    fn snapshot() -> Snapshot {
        load(&[Source::new("a.yaml", CLUSTER)], Assumptions::default()).snapshot
    }

    fn asked(snapshot: &Snapshot, from: &str, to: &str, port: &str) -> Answer {
        let ends = |word| ends(snapshot, word).expect("an end");
        ask(
            snapshot,
            &ends(from),
            &ends(to),
            &ports(port).expect("a port"),
        )
    }

    #[test]
    fn words_stand_for_ends() {
        let snapshot = snapshot();
        let count = |word| {
            ends(&snapshot, word)
                .map(|e| e.len())
                .map_err(|r| r.message)
        };
        assert_eq!(count("shop/web"), Ok(2));
        assert_eq!(count("shop/web-1"), Ok(1));
        assert_eq!(count("shop/web[Deployment]"), Ok(2));
        assert_eq!(count("ns:shop/db"), Ok(1));
        assert_eq!(count("shop/*"), Ok(3));
        assert_eq!(count("*"), Ok(7));
        assert_eq!(count("192.0.2.7"), Ok(1));
        assert_eq!(count("0.0.0.0/0"), Ok(3));
        assert_eq!(
            count("other/web"),
            Err("`other/web` may be `other/web[Deployment]` or `other/web[StatefulSet]`".into())
        );
        assert_eq!(count("other/web[Deployment]"), Ok(2));
        for wrong in ["shop/none", "none", "shop", "", "10.0.0.0/64", "shop/"] {
            assert_eq!(
                count(wrong),
                Err(format!("nothing here is called `{wrong}`"))
            );
        }
    }

    #[test]
    fn sets_are_all_some_or_none() {
        let snapshot = snapshot();
        let verdict = |from, to, port| asked(&snapshot, from, to, port).verdict;
        assert_eq!(verdict("shop/web", "shop/db", "TCP/5432"), Verdict::All);
        assert_eq!(
            verdict("shop/web", "shop/db", "TCP/5000-6000"),
            Verdict::Some
        );
        assert_eq!(verdict("shop/web", "shop/db", "UDP"), Verdict::None);
        assert_eq!(verdict("*", "shop/db", "TCP/5432"), Verdict::Some);
        assert_eq!(verdict("10.0.0.0/8", "shop/db", "any"), Verdict::All);
        assert_eq!(verdict("0.0.0.0/0", "shop/db", "TCP/80"), Verdict::Some);
        assert_eq!(verdict("shop/db", "shop/db", "TCP/80"), Verdict::All);
        assert_eq!(verdict("shop/db", "shop/web", "TCP/http"), Verdict::All);
        assert_eq!(verdict("shop/web", "shop/db", "TCP/http"), Verdict::None);
    }
}
