//! The DNS profile of an import: as its policies allow DNS, else as its DNS pods are.

use crate::cluster::{NAMESPACE_NAME_LABEL, Pod, Snapshot};
use crate::dialect;
use crate::load::Loaded;
use crate::model::dns::{Resolver, likely_profile, profile_of};
use crate::model::{DnsProfile, FlowPort};
use crate::policy::{Direction, PlanNamespaces, PlanPeer, PortMatch, RaisedRule, merged};
use crate::sets::{PortSet, Protocol, Selector};

/// The ports that DNS pods listen on, in the order in which they are looked for.
const PORTS: [u16; 3] = [53, 5353, 8053];

/// The profile that most policies of the input allow, of those that allow the input's own DNS pods on UDP and TCP; else
/// the one that these pods fit; else that of most clusters.
pub(super) fn profile(loaded: &Loaded) -> DnsProfile {
    let own = profile_of(&loaded.snapshot);
    let mut counted: Vec<(DnsProfile, usize)> = Vec::new();
    for profile in loaded.policies.iter().filter_map(|policy| {
        let raised = dialect::read(&policy.object).raise(&policy.object).ok()?;
        allowed(&merged(raised.rules))
    }) {
        match counted.iter_mut().find(|(known, _)| *known == profile) {
            Some((_, count)) => *count += 1,
            None => counted.push((profile, 1)),
        }
    }
    counted.retain(|(profile, _)| own.is_none() || has_dns_pods(&loaded.snapshot, profile));
    // The first of those that are as frequent.
    let most = counted.iter().map(|(_, count)| *count).max();
    let chosen = counted.into_iter().find(|(_, count)| Some(*count) == most);
    let chosen = chosen.map(|(profile, _)| profile);
    chosen.unwrap_or_else(|| likely_profile(&loaded.snapshot))
}

/// The profile whose pods the egress rules of a policy allow; none if they allow no DNS, or only some of it.
fn allowed(rules: &[RaisedRule]) -> Option<DnsProfile> {
    let node_local = Resolver::of(&DnsProfile::NodeLocal).networks;
    let mut pods = None;
    let mut cache = false;
    for rule in rules
        .iter()
        .filter(|rule| rule.direction == Direction::Egress)
    {
        let ports = ports(rule);
        let Some(port) = PORTS.into_iter().find(|port| {
            let has = |protocol| ports.contains(protocol, *port);
            !ports.has_all_of(Protocol::Udp) && has(Protocol::Udp) && has(Protocol::Tcp)
        }) else {
            continue;
        };
        for peer in rule.peers.listed() {
            match peer {
                PlanPeer::Pods(PlanNamespaces::Labelled(namespaces), labels) => {
                    pods.get_or_insert((namespaces.clone(), labels.clone(), port));
                }
                PlanPeer::Pods(PlanNamespaces::Named(name), labels) => {
                    let namespaces = Selector::label(NAMESPACE_NAME_LABEL, name);
                    pods.get_or_insert((namespaces, labels.clone(), port));
                }
                PlanPeer::Block(network) | PlanPeer::Node(network) => {
                    cache |= node_local.contains(network);
                }
                _ => {}
            }
        }
    }
    // A rule for any pod is no statement about where the DNS pods are.
    let (namespaces, pods, port) =
        pods.filter(|(namespaces, pods, _)| !namespaces.is_everything() || !pods.is_everything())?;
    let custom = DnsProfile::Custom {
        namespaces,
        pods,
        ports: [Protocol::Udp, Protocol::Tcp]
            .map(|protocol| FlowPort::Range(protocol, port, port))
            .to_vec(),
    };
    let is = |profile: &DnsProfile| {
        let (known, own) = (Resolver::of(profile), Resolver::of(&custom));
        (&known.namespaces, &known.pods, &known.ports) == (&own.namespaces, &own.pods, &own.ports)
            && known.networks.is_empty() != cache
    };
    let known = [
        DnsProfile::Kubernetes,
        DnsProfile::OpenShift,
        DnsProfile::NodeLocal,
    ];
    Some(known.into_iter().find(is).unwrap_or(custom))
}

fn ports(rule: &RaisedRule) -> PortSet {
    let one = |port: &PortMatch| match port {
        PortMatch::Range {
            protocol,
            first,
            last,
        } => PortSet::range(*protocol, *first, *last),
        PortMatch::AllPorts(protocol) => PortSet::all_of(*protocol),
        PortMatch::Named { .. } | PortMatch::FromNamed { .. } => PortSet::empty(),
    };
    rule.ports.listed().iter().map(one).collect()
}

/// Whether a profile selects the DNS pods of a cluster, and nothing outside their namespaces.
fn has_dns_pods(snapshot: &Snapshot, profile: &DnsProfile) -> bool {
    let Some(own) = profile_of(snapshot) else {
        return false;
    };
    let (own, wanted) = (Resolver::of(&own), Resolver::of(profile));
    let selected = |by: &Resolver, pod: &Pod| {
        let namespace = snapshot.namespaces.get(pod.namespace);
        by.pods.matches(&pod.labels) && namespace.is_some_and(|n| by.namespaces.matches(&n.labels))
    };
    let mut pods = snapshot.pods.iter().filter(|pod| selected(&own, pod));
    own.ports == wanted.ports && pods.all(|pod| selected(&wanted, pod))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Settings, load};
    use crate::manifest::Source;

    /// A policy with these egress rules.
    fn policy(name: &str, egress: &str) -> String {
        format!(
            "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: s}}\nspec: {{podSelector: {{}}, policyTypes: [Egress], egress: [{egress}]}}\n"
        )
    }

    fn rule(namespace: &str, pods: &str, ports: &[(&str, u16)]) -> String {
        let ports: Vec<String> = ports
            .iter()
            .map(|(protocol, port)| format!("{{protocol: {protocol}, port: {port}}}"))
            .collect();
        let ports = ports.join(", ");
        format!(
            "{{to: [{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}, podSelector: {{matchLabels: {{{pods}}}}}}}], ports: [{ports}]}}"
        )
    }

    fn of(text: &str) -> DnsProfile {
        profile(&load(&[Source::new("a.yaml", text)], &Settings::default()))
    }

    fn custom(namespace: &str, key: &str, value: &str, port: u16) -> DnsProfile {
        DnsProfile::Custom {
            namespaces: Selector::label(NAMESPACE_NAME_LABEL, namespace),
            pods: Selector::label(key, value),
            ports: [Protocol::Udp, Protocol::Tcp]
                .map(|protocol| FlowPort::Range(protocol, port, port))
                .to_vec(),
        }
    }

    const BOTH: [(&str, u16); 2] = [("UDP", 53), ("TCP", 53)];

    #[test]
    fn policies_show_where_the_dns_pods_are() {
        let kube_dns = rule("kube-system", "k8s-app: kube-dns", &BOTH);
        assert_eq!(of(&policy("dns", &kube_dns)), DnsProfile::Kubernetes);
        let own = rule("dns", "app: coredns", &[("UDP", 5353), ("TCP", 5353)]);
        assert_eq!(
            of(&policy("dns", &own)),
            custom("dns", "app", "coredns", 5353)
        );
        let any = "{to: [{namespaceSelector: {}}], ports: [{protocol: UDP, port: 53}, {port: 53}]}";
        assert_eq!(of(&policy("dns", any)), DnsProfile::Kubernetes);
        // UDP alone is not all of DNS.
        let half = rule("dns", "app: coredns", &[("UDP", 53)]);
        assert_eq!(of(&policy("dns", &half)), DnsProfile::Kubernetes);
        // The most frequent form counts.
        let all = [policy("a", &kube_dns), policy("b", &own), policy("c", &own)].concat();
        assert_eq!(of(&all), custom("dns", "app", "coredns", 5353));
    }

    #[test]
    fn a_rule_for_the_node_local_cache_beside_the_pods_is_that_profile() {
        let kube_dns = rule("kube-system", "k8s-app: kube-dns", &BOTH);
        let cache = "{to: [{ipBlock: {cidr: 169.254.20.10/32}}], ports: [{protocol: UDP, port: 53}, {port: 53}]}";
        let both = format!("{kube_dns}, {cache}");
        assert_eq!(of(&policy("dns", &both)), DnsProfile::NodeLocal);
    }

    #[test]
    fn dns_pods_and_their_service_show_the_profile() {
        let pods = |namespace: &str, labels: &str, port: u16| {
            format!(
                "{{apiVersion: v1, kind: Pod, metadata: {{name: dns, namespace: {namespace}, labels: {{{labels}}}}}, spec: {{containers: [{{name: c, ports: [{{name: dns, containerPort: {port}, protocol: UDP}}]}}]}}}}\n---\n{{apiVersion: v1, kind: Service, metadata: {{name: dns, namespace: {namespace}}}, spec: {{selector: {{{labels}}}, ports: [{{port: 53, targetPort: dns, protocol: UDP}}]}}}}\n"
            )
        };
        let stock = pods("kube-system", "k8s-app: kube-dns", 53);
        assert_eq!(of(&stock), DnsProfile::Kubernetes);
        let own = pods("kube-system", "k8s-app: coredns", 1053);
        assert_eq!(of(&own), custom("kube-system", "k8s-app", "coredns", 1053));
        let openshift = "dns.operator.openshift.io/daemonset-dns: default";
        assert_eq!(
            of(&pods("openshift-dns", openshift, 5353)),
            DnsProfile::OpenShift
        );
        // Resolvers of an application are not the cluster's.
        assert_eq!(
            of(&pods("s", "k8s-app: coredns", 53)),
            DnsProfile::Kubernetes
        );
        // A policy that allows other pods is not about these.
        let elsewhere = rule("dns", "app: coredns", &BOTH);
        let text = pods("kube-system", "k8s-app: kube-dns", 53) + &policy("dns", &elsewhere);
        assert_eq!(of(&text), DnsProfile::Kubernetes);
        let cache = "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: n, namespace: kube-system}, spec: {selector: {matchLabels: {k8s-app: node-local-dns}}, template: {metadata: {labels: {k8s-app: node-local-dns}}, spec: {hostNetwork: true, containers: [{name: c}]}}}}\n";
        assert_eq!(of(&(stock + "---\n" + cache)), DnsProfile::NodeLocal);
    }
}
