//! Metrics that the monitoring cannot read, and webhooks that the API server cannot call.
//!
#![doc = include_str!("l36_scrape_or_webhook_blocked.md")]

use std::net::{IpAddr, Ipv4Addr};

use crate::analysis::oracle::{any_port_matches, gate, probe};
use crate::analysis::{Direction, Endpoint};
use crate::cluster::{Caller, Pod, Snapshot, scrapes};
use crate::diag::{Diagnostic, Severity, Span};
use crate::lint::clients::{Port, pods_of, targets};
use crate::lint::ends::{namespace_of, workload_of};
use crate::lint::{Input, Rule};
use crate::policy::{self, Action, Match, Peer};
use crate::sets::{Labels, Protocol};

pub const RULE: Rule = Rule {
    code: "L36",
    name: "scrape-or-webhook-blocked",
    severity: Severity::Info,
    qualifies_verdict: false,
    page: include_str!("l36_scrape_or_webhook_blocked.md"),
    check,
};

/// An address outside, as that of an API server whose address nobody knows.
const OUTSIDE: Endpoint = Endpoint::Address(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 254)));

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let search = Search::new(input);
    for client in &input.snapshot.clients {
        let targets = targets(input.snapshot, client).into_iter();
        let blocked = targets.filter(|(pod, port)| !search.reaches(client.caller, *pod, *port));
        if let Some((pod, port)) = blocked.into_iter().next() {
            let found = search.finding(rule, client.caller, pod, port);
            out.push(found.on(client.title.as_str()).at(client.span.clone()));
        }
    }
    for (title, span, pod, ports) in search.annotated() {
        let is_blocked = |port: &Port| !search.reaches(Caller::Monitoring, pod, *port);
        // Which of several ports has the metrics is not known.
        if let Some(port) = ports
            .first()
            .copied()
            .filter(|_| ports.iter().all(is_blocked))
        {
            let found = search
                .finding(rule, Caller::Monitoring, pod, port)
                .on(title);
            out.push(match span {
                Some(span) => found.at(span.clone()),
                None => found,
            });
        }
    }
}

struct Search<'a> {
    input: &'a Input<'a>,
    snapshot: &'a Snapshot,
    /// The pods that scrape.
    scrapers: Vec<usize>,
}

impl<'a> Search<'a> {
    fn new(input: &'a Input<'a>) -> Self {
        let pods = input.snapshot.pods.iter().enumerate();
        Self {
            input,
            snapshot: input.snapshot,
            scrapers: pods
                .filter(|(_, p)| scrapes(&p.labels))
                .map(|(at, _)| at)
                .collect(),
        }
    }

    /// Workloads and Services whose annotations ask to scrape, each with a pod and its ports.
    fn annotated(&self) -> Vec<(String, Option<&'a Span>, usize, Vec<Port>)> {
        let workloads = self.snapshot.workloads.iter().map(|workload| {
            let title = format!("{} {}/{}", workload.kind, workload.namespace, workload.name);
            let pod = workload.pods.clone().next();
            (title, workload.span.as_ref(), &workload.annotations, pod)
        });
        let services = self.snapshot.services.iter().map(|service| {
            let title = format!("Service {}/{}", service.namespace, service.name);
            let pod = pods_of(self.snapshot, service).next().map(|(pod, _)| pod);
            (title, service.span.as_ref(), &service.annotations, pod)
        });
        let scraped = workloads.chain(services);
        let scraped = scraped.filter(|(_, _, annotations, _)| is_scraped(annotations));
        let found = scraped.filter_map(|(title, span, annotations, pod)| {
            let own = self.snapshot.pods.get(pod?)?;
            Some((title, span, pod?, scraped_ports(annotations, own)))
        });
        found.collect()
    }

    fn reaches(&self, caller: Caller, pod: usize, port: Port) -> bool {
        let to = Endpoint::Pod(pod);
        let open = gate(self.snapshot, Direction::Ingress, &OUTSIDE, &to, Some(port));
        if caller == Caller::Monitoring && !self.scrapers.is_empty() {
            let mut all = self.scrapers.iter();
            return all.any(|at| {
                probe(self.snapshot, &Endpoint::Pod(*at), &to, Some(port)).allowed
                    || self.reaches_from_node(*at, pod, port)
            });
        }
        open.allowed || self.may_reach(caller, pod, port)
    }

    /// Whether a pod on the network of its node reaches a port with an address of the node, known or not.
    fn reaches_from_node(&self, from: usize, pod: usize, port: Port) -> bool {
        let Some(own) = self.input.pod(from).filter(|pod| pod.host_network) else {
            return false;
        };
        let node = self.snapshot.node_of(own);
        let addresses = node.map_or(&[][..], |node| &node.addresses);
        let to = Endpoint::Pod(pod);
        let open = |address: &IpAddr| {
            let from = Endpoint::Address(*address);
            gate(self.snapshot, Direction::Ingress, &from, &to, Some(port)).allowed
        };
        match addresses.is_empty() {
            true => self.may_reach(Caller::ApiServer, pod, port),
            false => addresses.iter().any(open),
        }
    }

    /// Whether a rule lets in something that may be the caller, which is not in the input.
    fn may_reach(&self, caller: Caller, pod: usize, port: Port) -> bool {
        let Some(own) = self.snapshot.pods.get(pod) else {
            return true;
        };
        let own = namespace_of(self.snapshot, own);
        let policies = self.snapshot.policies.iter().enumerate();
        let mut rules = policies
            .filter(|(at, _)| self.input.subjects(*at).binary_search(&pod).is_ok())
            .flat_map(|(_, policy)| policy.rules(Direction::Ingress));
        rules.any(|rule| {
            rule.action == Action::Accept
                && any_port_matches(self.snapshot, &rule.ports, &Endpoint::Pod(pod), Some(port))
                && self.may_be(caller, rule, own)
        })
    }

    /// Whether the pods let in something that scrapes, so that its own egress is what denies.
    fn is_let_in(&self, pod: usize, port: Port) -> bool {
        let to = Endpoint::Pod(pod);
        let mut all = self.scrapers.iter().map(|at| Endpoint::Pod(*at));
        all.any(|from| gate(self.snapshot, Direction::Ingress, &from, &to, Some(port)).allowed)
    }

    fn finding(&self, rule: &Rule, caller: Caller, pod: usize, port: Port) -> Diagnostic {
        let by_egress = caller == Caller::Monitoring && self.is_let_in(pod, port);
        let pod = self.snapshot.pods.get(pod);
        let name = pod.map_or_else(String::new, |pod| workload_of(self.snapshot, pod));
        let scraper = self
            .scrapers
            .first()
            .and_then(|at| self.snapshot.pods.get(*at));
        let who = match (caller, scraper) {
            (Caller::ApiServer, _) => "the API server".to_owned(),
            (Caller::Monitoring, Some(pod)) => format!("`{}`", workload_of(self.snapshot, pod)),
            (Caller::Monitoring, None) => "whatever scrapes the metrics".to_owned(),
        };
        let port = format!("{} {}", port.0.name(), port.1);
        let message = format!("policies deny {who} connections to `{name}` on {port}");
        let help = match caller {
            Caller::Monitoring if by_egress => {
                format!("allow egress from {who} to `{name}` on {port}")
            }
            Caller::Monitoring => {
                format!("allow ingress to {port} from the namespace of the monitoring")
            }
            Caller::ApiServer => {
                format!("allow ingress to {port} from the addresses of the API server")
            }
        };
        rule.finding(message).help(help)
    }

    /// Whether a rule has a peer that may be the caller.
    fn may_be(&self, caller: Caller, rule: &policy::Rule, own: &str) -> bool {
        let Match::Only(items) = &rule.peers else {
            return true;
        };
        // Monitoring of the same namespace would be in the input, unless an operator makes it.
        let anywhere = self.input.unknown_pods(own).next().is_some();
        items.iter().any(|item| match caller {
            Caller::Monitoring => may_scrape(&item.peer, (!anywhere).then_some(own)),
            Caller::ApiServer => {
                // Some peers of some enforcers are known there only.
                item.peer == Peer::Nothing
                    || item.peer.has_leaf(|leaf| {
                        matches!(leaf, Peer::Everything | Peer::Addresses(_))
                            || matches!(leaf, Peer::Nodes(_) | Peer::Entity(_))
                    })
            }
        })
    }
}

/// Whether a peer may match pods that scrape and are not in the input: those of any namespace but one, with any labels and
/// service account.
fn may_scrape(peer: &Peer, but: Option<&str>) -> bool {
    match peer {
        Peer::All(parts) => parts.iter().all(|part| may_scrape(part, but)),
        // Without alternatives it is for service accounts by labels that the input does not have.
        Peer::AnyOf(parts) => parts.is_empty() || parts.iter().any(|part| may_scrape(part, but)),
        Peer::Namespace(name) => Some(name.as_str()) != but,
        Peer::Addresses(_) | Peer::Nodes(_) | Peer::Domain(_) | Peer::Entity(_) => false,
        Peer::PodAddresses(_) | Peer::HostAddresses(_) | Peer::HostsOn(_) => false,
        // Some peers of some enforcers are known there only.
        _ => true,
    }
}

/// Whether annotations ask to scrape.
fn is_scraped(annotations: &Labels) -> bool {
    annotations
        .get("prometheus.io/scrape")
        .is_some_and(|wanted| wanted == "true")
}

/// The ports of a pod that annotations ask to scrape: the one that they name, or all that it declares.
fn scraped_ports(annotations: &Labels, pod: &Pod) -> Vec<Port> {
    match annotations.get("prometheus.io/port") {
        Some(port) => port
            .parse()
            .map_or_else(|_| Vec::new(), |port| vec![(Protocol::Tcp, port)]),
        None => {
            let ports = pod.ports.iter().map(|port| (port.protocol, port.port));
            ports
                .filter(|(protocol, _)| *protocol == Protocol::Tcp)
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{NONE, of_code};

    const PODS: &str = "apiVersion: v1
kind: Pod
metadata:
  name: api
  namespace: shop
  labels: {app: api}
  annotations: {ANNOTATIONS}
spec: {containers: [{name: c, ports: [{name: m, containerPort: 9102}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: {selector: {app: api}, ports: [{name: metrics, port: 443, targetPort: m}]}
";

    fn text(annotations: &str, from: &str, more: &str) -> String {
        let pods = PODS.replace("ANNOTATIONS", annotations);
        format!(
            "{pods}---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: shop}}\nspec: {{podSelector: {{}}, ingress: [{from}]}}\n---\n{more}"
        )
    }

    #[test]
    fn metrics_that_are_not_let_in() {
        let scraped = "prometheus.io/scrape: 'true', prometheus.io/port: '9102'";
        let prometheus = "apiVersion: v1\nkind: Pod\nmetadata: {name: q, namespace: m, labels: {app: prometheus}}\n";
        let local = "{from: [{podSelector: {}}]}";
        let all = "{from: [{namespaceSelector: {}}], ports: [{port: 9102}]}";
        let found = |from: &str, more: &str| of_code("L36", &text(scraped, from, more));
        assert_eq!(found(local, prometheus), [1]);
        assert_eq!(found(local, ""), [1]);
        assert_eq!(found(all, prometheus), NONE);
        assert_eq!(found(all, ""), NONE);
        assert_eq!(of_code("L36", &text("", local, prometheus)), NONE);
        let monitor = "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: api, namespace: shop}\nspec: {selector: {matchLabels: {app: api}}, endpoints: [{port: metrics}]}\n---\n";
        let both = format!("{monitor}{prometheus}");
        assert_eq!(of_code("L36", &text("", local, &both)), [20]);
        assert_eq!(of_code("L36", &text("", all, &both)), NONE);
    }

    #[test]
    fn namespaces_of_cilium_policies_are_peers_like_others() {
        let monitor = "apiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {name: api, namespace: shop}\nspec: {selector: {matchLabels: {app: api}}, podMetricsEndpoints: [{port: m}]}\n---\n";
        let found = |namespace: &str| {
            let policy = format!(
                "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: c, namespace: shop}}\nspec: {{endpointSelector: {{}}, ingress: [{{fromEndpoints: [{{matchLabels: {{k8s:io.kubernetes.pod.namespace: {namespace}, k8s:app: prometheus}}}}]}}]}}\n"
            );
            of_code(
                "L36",
                &format!("{}---\n{monitor}{policy}", PODS.replace("ANNOTATIONS", "")),
            )
        };
        assert_eq!(found("monitoring"), NONE);
        assert_eq!(found("shop"), [15]);
    }

    #[test]
    fn help_names_the_gate_that_denies() {
        let scraped = "prometheus.io/scrape: 'true', prometheus.io/port: '9102'";
        let prometheus = "apiVersion: v1\nkind: Pod\nmetadata: {name: q, namespace: m, labels: {app: prometheus}}\n";
        let closed = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: e, namespace: m}\nspec: {podSelector: {}, policyTypes: [Egress]}\n";
        let help = |from: &str, more: &str| {
            let text = text(scraped, from, &format!("{prometheus}{more}"));
            let all = crate::lint::tests::all_of("L36", &text);
            all.into_iter().find_map(|found| found.help).unwrap()
        };
        let egress = help("{}", closed);
        assert_eq!(egress, "allow egress from `m/q` to `shop/api` on TCP 9102");
        let ingress = help("{from: [{podSelector: {}}]}", "");
        assert!(
            ingress.starts_with("allow ingress to TCP 9102"),
            "{ingress}"
        );
    }

    #[test]
    fn parts_of_prometheus_that_do_not_scrape_are_not_asked() {
        let scraped = "prometheus.io/scrape: 'true', prometheus.io/port: '9102'";
        let pod = |name: &str, more: &str| {
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: {name}, labels: {{app: prometheus{more}}}}}\n---\n"
            )
        };
        let others = pod("m", "") + &pod("a", ", component: alertmanager");
        let from = "{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: a}}}]}";
        assert_eq!(of_code("L36", &text(scraped, from, &others)), [1]);
    }

    #[test]
    fn an_operator_may_make_what_scrapes_in_the_same_namespace() {
        let monitor = "apiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {name: api, namespace: shop}\nspec: {selector: {matchLabels: {app: api}}, podMetricsEndpoints: [{port: m}]}\n---\n";
        let made = |namespace: &str| {
            format!(
                "{monitor}{{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, metadata: {{name: k, namespace: {namespace}}}}}\n"
            )
        };
        let local = "{from: [{podSelector: {matchLabels: {app: p}}}]}";
        assert_eq!(of_code("L36", &text("", local, &made("shop"))), NONE);
        assert_eq!(of_code("L36", &text("", local, &made("m"))), [20]);
    }

    #[test]
    fn what_scrapes_may_be_named_in_any_way() {
        let monitor = "apiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {name: api, namespace: shop}\nspec: {selector: {matchLabels: {app: api}}, podMetricsEndpoints: [{port: m}]}\n---\n";
        let found = |source: &str| {
            let policy = format!(
                "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {{name: c, namespace: shop}}\nspec: {{types: [Ingress], ingress: [{{action: Allow, protocol: TCP, source: {{{source}}}, destination: {{ports: [9102]}}}}]}}\n"
            );
            of_code(
                "L36",
                &format!("{}---\n{monitor}{policy}", PODS.replace("ANNOTATIONS", "")),
            )
        };
        for source in [
            "namespaceSelector: projectcalico.org/name == 'obs', serviceAccounts: {names: [scraper]}",
            "namespaceSelector: has(monitoring) || projectcalico.org/name == 'obs'",
            "namespaceSelector: all(), serviceAccounts: {selector: role == 'scraper'}",
        ] {
            assert_eq!(found(source), NONE, "{source}");
        }
        for source in ["selector: app == 'p'", "nets: [192.0.2.0/24]"] {
            assert_eq!(found(source), [15], "{source}");
        }
    }

    #[test]
    fn a_scraper_on_the_network_of_its_node_has_the_nodes_address() {
        let scraped = "prometheus.io/scrape: 'true', prometheus.io/port: '9102'";
        let block = "{from: [{ipBlock: {cidr: 192.168.20.0/24}}]}";
        let pod = |spec: &str| {
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: q, namespace: m, labels: {{app: prometheus}}}}\nspec: {{{spec}}}\n"
            )
        };
        let node = |address: &str| {
            format!(
                "---\napiVersion: v1\nkind: Node\nmetadata: {{name: n}}\nstatus: {{addresses: [{{type: InternalIP, address: {address}}}]}}\n"
            )
        };
        let found = |spec: &str, node: &str| {
            of_code(
                "L36",
                &text(scraped, block, &format!("{}{node}", pod(spec))),
            )
        };
        let hosted = "hostNetwork: true, nodeName: n, containers: [{name: c}]";
        assert_eq!(found(hosted, ""), NONE);
        assert_eq!(found(hosted, &node("192.168.20.4")), NONE);
        assert_eq!(found(hosted, &node("192.168.30.4")), [1]);
        assert_eq!(found("containers: [{name: c}]", ""), [1]);
    }

    #[test]
    fn without_a_port_all_declared_ports_are_scraped() {
        let scraped = "prometheus.io/scrape: 'true'";
        let found = |port: &str| {
            of_code(
                "L36",
                &text(scraped, &format!("{{ports: [{{port: {port}}}]}}"), ""),
            )
        };
        assert_eq!(found("9102"), NONE);
        assert_eq!(found("8080"), [1]);
    }

    #[test]
    fn webhooks_that_are_not_let_in() {
        let hook = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: v}\nwebhooks:\n- clientConfig: {service: {name: api, namespace: shop}}\n";
        let found = |from: &str| of_code("L36", &text("", from, hook));
        assert_eq!(found("{from: [{podSelector: {}}]}"), [24]);
        assert_eq!(found("{ports: [{port: 9102}]}"), NONE);
        assert_eq!(found("{ports: [{port: 443}]}"), [24]);
        assert_eq!(found("{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}"), NONE);
    }
}
