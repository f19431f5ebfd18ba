//! Routes whose pods deny the ingress controller.
//!
#![doc = include_str!("l35_route_broken.md")]

use std::net::IpAddr;

use crate::analysis::oracle::gate;
use crate::analysis::routes::{Reach, reaches};
use crate::analysis::service_backends::targets;
use crate::analysis::{Direction, Endpoint};
use crate::cluster::Service;
use crate::diag::{Diagnostic, Severity};
use crate::lint::{Input, Rule};
use crate::policy::Peer;
use crate::sets::{PortSet, Protocol};

pub const RULE: Rule = Rule {
    code: "L35",
    name: "route-broken",
    severity: Severity::Error,
    qualifies_verdict: true,
    page: include_str!("l35_route_broken.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    load_balancers(rule, input, out);
    let snapshot = input.snapshot;
    let reaches = reaches(snapshot);
    let denied = reaches.iter().filter(|r| r.admitted.is_empty());
    for reach in denied {
        let route = &snapshot.routes[reach.route];
        let workload = &snapshot.workloads[reach.workload];
        let known = reach
            .controllers
            .iter()
            .filter_map(|at| snapshot.workloads.get(*at));
        let known: Vec<String> = known
            .map(|w| format!("`{}/{}`", w.namespace, w.name))
            .collect();
        let message = format!(
            "it sends traffic to `{}/{}` on {}, but {}",
            workload.namespace,
            workload.name,
            reach.wanted,
            match known.is_empty() {
                true => "no policy allows the ingress controller".to_owned(),
                false => format!("policies deny its ingress controller {}", known.join(", ")),
            }
        );
        let help = match sending_denied(input, reach) {
            Some(controller) => format!(
                "allow egress from {controller} to `{}/{}` on {}",
                workload.namespace, workload.name, reach.wanted
            ),
            None => {
                "allow ingress to that port from the namespace of the ingress controller".to_owned()
            }
        };
        let found = rule
            .finding(message)
            .help(help)
            .on(format!("{} {}/{}", route.kind, route.namespace, route.name));
        out.push(match &route.span {
            Some(span) => found.at(span.clone()),
            None => found,
        });
    }
}

/// The controller that the pods let in, so that its own egress is what denies.
fn sending_denied(input: &Input, reach: &Reach) -> Option<String> {
    let snapshot = input.snapshot;
    let first = |workload: &usize| snapshot.workloads.get(*workload)?.pods.clone().next();
    let to = Endpoint::Pod(first(&reach.workload)?);
    let is_let_in = |workload: &usize| {
        let from = first(workload).map(Endpoint::Pod);
        let open = |from: &Endpoint, port| {
            gate(snapshot, Direction::Ingress, from, &to, Some(port)).allowed
        };
        from.is_some_and(|from| {
            let mut each = Protocol::ALL.into_iter();
            each.any(|protocol| {
                let mut ranges = reach.wanted.ranges(protocol);
                ranges.any(|(first, _)| open(&from, (protocol, first)))
            })
        })
    };
    let controller = reach.controllers.iter().find(|at| is_let_in(at))?;
    let controller = snapshot.workloads.get(*controller)?;
    Some(format!("`{}/{}`", controller.namespace, controller.name))
}

/// Load balancers with a port where their pods let in no outside address.
fn load_balancers(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let services = input.snapshot.services.iter();
    for service in services.filter(|s| s.kind == "LoadBalancer" && !s.selector.is_empty()) {
        let pods: Vec<usize> = backends(input, service).collect();
        let broken = input.one_of_each(&pods).into_iter().find_map(|pod| {
            let own = input.pod(pod)?;
            let wanted: PortSet = service
                .ports
                .iter()
                .map(|port| targets(port, own, false))
                .collect();
            let closed = closed_outside(input, pod, &wanted);
            (!closed.is_empty()).then_some((pod, closed))
        });
        let Some((pod, closed)) = broken else {
            continue;
        };
        let message = format!(
            "it sends traffic from outside to {} on {closed}, but no policy allows an address outside the cluster there",
            input.name_of(pod)
        );
        let found = rule
            .finding(message)
            .help("allow ingress to the port of the pods from the addresses of its clients")
            .on(format!("Service {}/{}", service.namespace, service.name));
        out.push(match &service.span {
            Some(span) => found.at(span.clone()),
            None => found,
        });
    }
}

fn backends<'a>(input: &'a Input, service: &'a Service) -> impl Iterator<Item = usize> + 'a {
    let pods = 0..input.snapshot.pods.len();
    pods.filter(move |pod| {
        input
            .services_of(*pod)
            .any(|own| std::ptr::eq(own, service))
    })
}

/// The ports on which a pod lets in no address outside the cluster.
fn closed_outside(input: &Input, pod: usize, wanted: &PortSet) -> PortSet {
    let outside = outside_addresses(input, pod);
    let to = Endpoint::Pod(pod);
    let is_open = |port: (Protocol, u16)| {
        outside.iter().any(|address| {
            let from = Endpoint::Address(*address);
            gate(input.snapshot, Direction::Ingress, &from, &to, Some(port)).allowed
        })
    };
    let each = Protocol::ALL.into_iter().flat_map(|protocol| {
        let ranges = wanted.ranges(protocol);
        ranges.flat_map(move |(first, last)| (first..=last).map(move |port| (protocol, port)))
    });
    each.filter(|port| !is_open(*port))
        .map(|(protocol, port)| PortSet::single(protocol, port))
        .collect()
}

/// Addresses outside the cluster that policies for a pod could tell apart: those that they name, and some others.
fn outside_addresses(input: &Input, pod: usize) -> Vec<IpAddr> {
    let mut outside = vec![
        IpAddr::from([192, 0, 2, 1]),
        IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]),
    ];
    for (at, policy) in input.snapshot.policies.iter().enumerate() {
        if input.subjects(at).binary_search(&pod).is_err() {
            continue;
        }
        let rules = policy.rules(Direction::Ingress).iter();
        for item in rules.flat_map(|rule| rule.peers.listed()) {
            item.peer.leaves(&mut |leaf| {
                if let Peer::Addresses(set) = leaf {
                    outside.extend(set.ranges().next().map(|(first, _)| first));
                }
            });
        }
    }
    outside
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{all_of, lines};

    #[test]
    fn routes_whose_pods_deny_the_controller() {
        let page = include_str!("l35_route_broken.md");
        let example = page.split("```yaml\n").nth(1).unwrap();
        let example = example.split("```").next().unwrap();
        assert_eq!(lines("L35", example), [15]);
        let open = example.replace(
            "{podSelector: {}}",
            "{podSelector: {}, ingress: [{ports: [{port: 8080}]}]}",
        );
        assert!(lines("L35", &open).is_empty());
        let other = example.replace(
            "{podSelector: {}}",
            "{podSelector: {}, ingress: [{ports: [{port: 80}]}]}",
        );
        assert_eq!(lines("L35", &other), [15]);
    }

    #[test]
    fn help_names_the_gate_that_denies() {
        let page = include_str!("l35_route_broken.md");
        let example = page.split("```yaml\n").nth(1).unwrap();
        let example = example.split("```").next().unwrap();
        let controller = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: c, namespace: edge}\nspec: {selector: {matchLabels: {app: ingress-nginx}}, template: {metadata: {labels: {app: ingress-nginx}}, spec: {containers: [{name: c}]}}}\n";
        let help = |text: &str| {
            let all = crate::lint::tests::all_of("L35", text);
            all.into_iter().find_map(|found| found.help).unwrap()
        };
        let by_ingress = help(&format!("{example}{controller}"));
        assert!(by_ingress.starts_with("allow ingress"), "{by_ingress}");
        let moved = example.replace(
            "metadata: {name: deny-all, namespace: shop}\nspec: {podSelector: {}}",
            "metadata: {name: deny-all, namespace: edge}\nspec: {podSelector: {}, policyTypes: [Egress]}",
        );
        assert_eq!(
            help(&format!("{moved}{controller}")),
            "allow egress from `edge/c` to `shop/web` on TCP 8080"
        );
    }

    #[test]
    fn load_balancers_whose_pods_let_in_no_outside_address() {
        let page = include_str!("l35_route_broken.md");
        let example = page.split("```yaml\n").nth(1).unwrap();
        let example = example.split("```").next().unwrap();
        let (before, after) = example
            .split_once("---\napiVersion: networking.k8s.io/v1\nkind: Ingress")
            .unwrap();
        let policy = after.split_once("---\n").unwrap().1;
        let made = format!("{before}---\n{policy}").replace(
            "spec: {selector: {app: web}, ports",
            "spec: {type: LoadBalancer, selector: {app: web}, ports",
        );
        assert_eq!(lines("L35", &made), [10]);
        for open in [
            "{podSelector: {}, ingress: [{ports: [{port: 8080}]}]}",
            "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24}}], ports: [{port: 8080}]}]}",
        ] {
            assert!(
                lines("L35", &made.replace("{podSelector: {}}", open)).is_empty(),
                "{open}"
            );
        }
        let port = "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24}}], ports: [{port: 80}]}]}";
        assert_eq!(lines("L35", &made.replace("{podSelector: {}}", port)), [10]);
    }

    #[test]
    fn each_port_of_a_load_balancer_is_asked_for() {
        let text = |open: &str| {
            format!(
                "
{{apiVersion: v1, kind: Pod, metadata: {{name: web, namespace: shop, labels: {{app: web}}}}}}
---
{{apiVersion: v1, kind: Service, metadata: {{name: web, namespace: shop}}, spec: {{type: LoadBalancer, selector: {{app: web}}, ports: [{{name: a, port: 80, targetPort: 8080}}, {{name: b, port: 443, targetPort: 8443}}]}}}}
---
{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: web, namespace: shop}}, spec: {{podSelector: {{}}, ingress: [{{ports: [{open}]}}]}}}}
"
            )
        };
        assert!(all_of("L35", &text("{port: 8080}, {port: 8443}")).is_empty());
        for (open, closed) in [("8080", "8443"), ("8443", "8080")] {
            let found = all_of("L35", &text(&format!("{{port: {open}}}")));
            let on = format!("on TCP {closed},");
            assert!(
                found.len() == 1 && found[0].message.contains(&on),
                "{found:?}"
            );
        }
    }

    #[test]
    fn an_unknown_controller_may_run_as_any_service_account() {
        let policy = |dialect: &str, rule: &str| {
            format!(
                "{INGRESS}---\napiVersion: {dialect}\nmetadata: {{name: more, namespace: shop}}\nspec: {rule}\n"
            )
        };
        let cilium = |labels: &str| {
            let rule = format!(
                "{{endpointSelector: {{}}, ingress: [{{fromEndpoints: [{{matchLabels: {{{labels}}}}}], toPorts: [{{ports: [{{port: '8080'}}]}}]}}]}}"
            );
            policy("cilium.io/v2\nkind: CiliumNetworkPolicy", &rule)
        };
        let calico = |source: &str| {
            let rule = format!(
                "{{types: [Ingress], ingress: [{{action: Allow, protocol: TCP, source: {{{source}}}, destination: {{ports: [8080]}}}}]}}"
            );
            policy("projectcalico.org/v3\nkind: NetworkPolicy", &rule)
        };
        let own = "{podSelector: {}}";
        let edge = "k8s:io.kubernetes.pod.namespace: edge";
        let account = "io.cilium.k8s.policy.serviceaccount";
        assert!(!cut_off(own, &cilium(&format!("{edge}, {account}: proxy"))));
        assert!(cut_off(
            own,
            &cilium(&format!("{edge}, {account}: prometheus"))
        ));
        let there = "namespaceSelector: projectcalico.org/name == 'edge'";
        let named = |name: &str| calico(&format!("{there}, serviceAccounts: {{names: [{name}]}}"));
        assert!(!cut_off(own, &named("proxy")));
        assert!(cut_off(own, &named("prometheus")));
    }

    /// An Ingress to `shop/web`, whose pods let in what `from` lists, beside other objects.
    fn cut_off(from: &str, others: &str) -> bool {
        let text = format!(
            "
{{apiVersion: v1, kind: Namespace, metadata: {{name: shop}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: web, ports: [{{containerPort: 8080}}]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec: {{selector: {{app: web}}, ports: [{{port: 80, targetPort: 8080}}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: web, namespace: shop}}
spec: {{podSelector: {{}}, ingress: [{{from: [{from}], ports: [{{port: 8080}}]}}]}}
---
{others}"
        );
        !lines("L35", &text).is_empty()
    }

    const INGRESS: &str = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec: {ingressClassName: public, defaultBackend: {service: {name: web, port: {number: 80}}}}
";

    const ROUTE: &str = "
apiVersion: route.openshift.io/v1
kind: Route
metadata: {name: web, namespace: shop}
spec: {to: {kind: Service, name: web}}
";

    /// A Deployment with these labels.
    fn pods(namespace: &str, labels: &str, spec: &str) -> String {
        format!(
            "---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: proxy, namespace: {namespace}}}
spec: {{selector: {{matchLabels: {labels}}}, template: {{metadata: {{labels: {labels}}}, spec: {{{spec}containers: [{{name: c}}]}}}}}}
"
        )
    }

    #[test]
    fn a_controller_in_the_input_is_judged_by_its_pods() {
        let nginx = "{app.kubernetes.io/name: ingress-nginx}";
        let input = format!("{INGRESS}{}", pods("edge", nginx, ""));
        let edge = "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: edge}}}";
        assert!(!cut_off(edge, &input));
        let labelled =
            format!("{{namespaceSelector: {{}}, podSelector: {{matchLabels: {nginx}}}}}");
        assert!(!cut_off(&labelled, &input));
        assert!(cut_off("{podSelector: {}}", &input));
        let elsewhere =
            "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: traefik}}}";
        assert!(cut_off(elsewhere, &input));
        // Its egress counts too.
        let closed = "---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: none, namespace: edge}
spec: {podSelector: {}, policyTypes: [Egress]}
";
        assert!(cut_off(edge, &format!("{input}{closed}")));
    }

    #[test]
    fn the_class_of_a_route_tells_which_controller_serves_it() {
        let class = "---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: public}
spec: {controller: traefik.io/ingress-controller}
";
        let both = [
            pods("edge", "{app.kubernetes.io/name: traefik}", ""),
            pods("inner", "{app.kubernetes.io/name: ingress-nginx}", ""),
        ];
        let input = format!("{INGRESS}{}{class}", both.concat());
        let from = |name: &str| {
            format!(
                "{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {name}}}}}}}"
            )
        };
        assert!(!cut_off(&from("edge"), &input));
        assert!(cut_off(&from("inner"), &input));
        // A controller of one's own, by the labels of its release.
        let release = "{app.kubernetes.io/name: front, app.kubernetes.io/instance: a}";
        let own = class.replace(
            "{name: public}",
            &format!("{{name: public, labels: {release}}}"),
        );
        let own = own.replace("traefik.io/ingress-controller", "example.com/front");
        let input = format!("{INGRESS}{}{own}", pods("edge", release, ""));
        assert!(!cut_off(&from("edge"), &input));
        assert!(cut_off("{podSelector: {}}", &input));
    }

    #[test]
    fn whatever_could_be_an_unknown_controller_may_be_let_in() {
        for from in [
            "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}",
            "{namespaceSelector: {matchLabels: {role: edge}}}",
            "{namespaceSelector: {}, podSelector: {matchLabels: {app: traefik}}}",
            "{podSelector: {matchLabels: {app.kubernetes.io/name: ingress-nginx}}}",
            "{ipBlock: {cidr: 10.0.0.0/16}}",
            "{ipBlock: {cidr: 0.0.0.0/0}}",
        ] {
            assert!(!cut_off(from, INGRESS), "{from}");
        }
        for from in [
            "{podSelector: {}}",
            "{podSelector: {matchLabels: {app: meter}}}",
            "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}",
            "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}",
            "{ipBlock: {cidr: 203.0.113.0/24}}",
        ] {
            assert!(cut_off(from, INGRESS), "{from}");
        }
        // All pods of the namespace are known, and none is a controller.
        let input = format!("{INGRESS}{}", pods("api", "{app: api}", ""));
        let api = "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: api}}}";
        assert!(cut_off(api, &input));
        for label in [
            "policy-group.network.openshift.io/ingress: \"\"",
            "network.openshift.io/policy-group: ingress",
            "policy-group.network.openshift.io/host-network: \"\"",
        ] {
            let from = format!("{{namespaceSelector: {{matchLabels: {{{label}}}}}}}");
            assert!(!cut_off(&from, ROUTE), "{label}");
        }
    }

    fn namespace(name: &str) -> String {
        format!("{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {name}}}}}}}")
    }

    #[test]
    fn a_workload_is_quoted_once() {
        let text = "
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}}
---
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: web, namespace: shop}, spec: {podSelector: {}}}
";
        let all = crate::lint::lint(&crate::lint::tests::of_text(text));
        let found = all.iter().find(|finding| finding.code == "L35").unwrap();
        assert!(
            found.message.contains("to `shop/web` on TCP 80,"),
            "{found}"
        );
    }

    #[test]
    fn a_controller_of_another_kind_than_the_known_ones_is_unknown() {
        let nginx = pods("edge", "{app.kubernetes.io/name: ingress-nginx}", "");
        let class = "---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: public}
spec: {controller: ingress.k8s.aws/alb}
";
        let block = "{ipBlock: {cidr: 10.0.0.0/16}}";
        let input = format!("{INGRESS}{nginx}");
        assert!(cut_off(block, &input));
        let alb = format!("{input}{class}");
        assert!(!cut_off(block, &alb));
        assert!(cut_off("{podSelector: {}}", &alb));
        for name in ["gce", "alb", "tailscale"] {
            let named = input.replace("public", name);
            assert!(!cut_off(block, &named), "{name}");
            assert!(!cut_off(&namespace("tailscale"), &named), "{name}");
        }
    }

    #[test]
    fn controllers_of_a_distribution_are_beside_other_pods() {
        let dns = pods("kube-system", "{k8s-app: kube-dns}", "");
        let tool = pods("tools", "{app: tool}", "");
        let input = format!("{INGRESS}{dns}{tool}").replace("public", "traefik");
        assert!(!cut_off(&namespace("kube-system"), &input));
        assert!(cut_off(&namespace("tools"), &input));
    }

    #[test]
    fn pods_of_a_gateway_may_be_in_its_namespace() {
        let gateway = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec: {parentRefs: [{name: edge, namespace: infra}], rules: [{backendRefs: [{name: web, port: 80}]}]}
";
        let tools = ["infra", "tools"].map(|name| pods(name, "{app: tool}", ""));
        let input = format!("{gateway}{}", tools.concat());
        assert!(!cut_off(&namespace("infra"), &input));
        assert!(cut_off(&namespace("tools"), &input));
    }

    #[test]
    fn a_router_on_the_network_of_its_node_is_named_by_a_label() {
        let label =
            "{ingresscontroller.operator.openshift.io/deployment-ingresscontroller: default}";
        let group = "{namespaceSelector: {matchLabels: {policy-group.network.openshift.io/host-network: ''}}}";
        let hosted = pods("openshift-ingress", label, "hostNetwork: true, ");
        assert!(!cut_off(group, &format!("{ROUTE}{hosted}")));
        let plain = pods("openshift-ingress", label, "");
        assert!(cut_off(group, &format!("{ROUTE}{plain}")));
    }

    #[test]
    fn a_controller_on_the_network_of_its_node_has_the_nodes_address() {
        let nginx = "{app.kubernetes.io/name: ingress-nginx}";
        let input = format!("{INGRESS}{}", pods("edge", nginx, "hostNetwork: true, "));
        let nodes = "---
apiVersion: v1
kind: Node
metadata: {name: n}
status: {addresses: [{type: InternalIP, address: 198.51.100.7}]}
";
        let known = format!("{input}{nodes}");
        assert!(!cut_off("{ipBlock: {cidr: 198.51.100.0/24}}", &known));
        assert!(cut_off("{ipBlock: {cidr: 10.0.0.0/8}}", &known));
        assert!(!cut_off("{ipBlock: {cidr: 10.0.0.0/8}}", &input));
        assert!(cut_off("{ipBlock: {cidr: 203.0.113.0/24}}", &input));
    }

    #[test]
    fn a_gateway_is_known_by_the_label_of_its_pods() {
        let gateway = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec: {gatewayClassName: c, listeners: [{name: a, port: 80, allowedRoutes: {namespaces: {from: All}}}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec: {parentRefs: [{name: front, namespace: edge}], rules: [{backendRefs: [{name: web, port: 80}]}]}
";
        let own = "{gateway.networking.k8s.io/gateway-name: front}";
        let input = format!("{gateway}{}", pods("edge", own, ""));
        let labelled = format!("{{namespaceSelector: {{}}, podSelector: {{matchLabels: {own}}}}}");
        assert!(!cut_off(&labelled, &input));
        assert!(!cut_off(&labelled, gateway));
        assert!(cut_off("{podSelector: {}}", &input));
    }

    #[test]
    fn the_proxy_of_cilium_is_an_entity() {
        let cilium = |entities: &str| {
            format!(
                "{INGRESS}---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {{name: more, namespace: shop}}
spec: {{endpointSelector: {{}}, ingress: [{{fromEntities: [{entities}], toPorts: [{{ports: [{{port: '8080'}}]}}]}}]}}
"
            )
        };
        assert!(!cut_off("{podSelector: {}}", &cilium("ingress")));
        assert!(cut_off(
            "{podSelector: {}}",
            &cilium("health").replace("'8080'", "'80'")
        ));
        // Where the class is Cilium's, only the proxy is the controller: no pod and no address is.
        let own = |entities: &str| cilium(entities).replace("public", "cilium");
        assert!(!cut_off("{podSelector: {}}", &own("ingress")));
        assert!(!cut_off("{podSelector: {}}", &own("cluster")));
        assert!(cut_off("{namespaceSelector: {}}", &own("world")));
        assert!(cut_off("{podSelector: {}}", &own("remote-node")));
    }
}
