//! Metrics that the monitoring cannot read, and webhooks that the API server cannot call.
//!
#![doc = include_str!("l36_scrape_or_webhook_blocked.md")]

use std::net::{IpAddr, Ipv4Addr};

use crate::analysis::oracle::{any_port_matches, gate, probe};
use crate::analysis::{Direction, Endpoint};
use crate::cluster::{Caller, Snapshot, scrapes};
use crate::diag::{Diagnostic, Severity, Span};
use crate::lint::clients::{Port, pods_of, targets};
use crate::lint::ends::{labelled, namespace_of, workload_of};
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
    for (title, span, pod, port) in search.annotated() {
        if !search.reaches(Caller::Monitoring, pod, port) {
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

    /// Workloads and Services whose annotations name a port to scrape.
    fn annotated(&self) -> Vec<(String, Option<&'a Span>, usize, Port)> {
        let mut found = Vec::new();
        for workload in self.snapshot.workloads.iter() {
            if let Some(port) = scraped_port(&workload.annotations) {
                let title = format!("{} {}/{}", workload.kind, workload.namespace, workload.name);
                found.push((title, workload.span.as_ref(), workload.pods.start, port));
            }
        }
        for service in self.snapshot.services.iter() {
            let port = scraped_port(&service.annotations);
            if let Some((port, (pod, _))) = port.zip(pods_of(self.snapshot, service).next()) {
                let title = format!("Service {}/{}", service.namespace, service.name);
                found.push((title, service.span.as_ref(), pod, port));
            }
        }
        found.retain(|(_, _, pod, _)| self.snapshot.pods.get(*pod).is_some());
        found
    }

    fn reaches(&self, caller: Caller, pod: usize, port: Port) -> bool {
        let to = Endpoint::Pod(pod);
        let open = gate(self.snapshot, Direction::Ingress, &OUTSIDE, &to, Some(port));
        if caller == Caller::Monitoring && !self.scrapers.is_empty() {
            let mut all = self.scrapers.iter().map(|at| Endpoint::Pod(*at));
            return all.any(|from| probe(self.snapshot, &from, &to, Some(port)).allowed);
        }
        open.allowed || self.may_reach(caller, pod, port)
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
        let unknown = self.input.unknown_pods(own).next().is_some();
        items
            .iter()
            .any(|item| match (caller, labelled(&item.peer)) {
                (Caller::Monitoring, Some(parts)) => unknown || parts.namespace != Some(own),
                (Caller::ApiServer, Some(_)) => false,
                // Some peers of some enforcers are known there only.
                (_, None) if item.peer == Peer::Nothing => true,
                (Caller::Monitoring, None) => false,
                (Caller::ApiServer, None) => {
                    let mut outside = false;
                    item.peer.leaves(&mut |leaf| {
                        outside |= matches!(leaf, Peer::Everything | Peer::Addresses(_));
                        outside |= matches!(leaf, Peer::Nodes(_) | Peer::Entity(_));
                    });
                    outside
                }
            })
    }
}

/// The port that annotations ask to scrape.
fn scraped_port(annotations: &Labels) -> Option<Port> {
    let wanted = annotations.get("prometheus.io/scrape")?;
    let port = annotations.get("prometheus.io/port")?.parse().ok()?;
    (wanted == "true").then_some((Protocol::Tcp, port))
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
    fn webhooks_that_are_not_let_in() {
        let hook = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: v}\nwebhooks:\n- clientConfig: {service: {name: api, namespace: shop}}\n";
        let found = |from: &str| of_code("L36", &text("", from, hook));
        assert_eq!(found("{from: [{podSelector: {}}]}"), [24]);
        assert_eq!(found("{ports: [{port: 9102}]}"), NONE);
        assert_eq!(found("{ports: [{port: 443}]}"), [24]);
        assert_eq!(found("{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}"), NONE);
    }
}
