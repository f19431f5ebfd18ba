//! Sentences of policies of every dialect, each read against its text.

use super::sentence;
use crate::load::{self, load};
use crate::manifest::Source;

/// The sentence of a policy: kind and metadata, and its `spec` in flow style.
fn of(kind: &str, spec: &str) -> String {
    let (version, namespaced) = match kind {
        "NetworkPolicy" => ("networking.k8s.io/v1", true),
        "CiliumNetworkPolicy" => ("cilium.io/v2", true),
        "CiliumClusterwideNetworkPolicy" => ("cilium.io/v2", false),
        "AdminNetworkPolicy" => ("policy.networking.k8s.io/v1alpha1", false),
        "ClusterNetworkPolicy" => ("policy.networking.k8s.io/v1alpha2", false),
        "CalicoPolicy" => ("projectcalico.org/v3", true),
        _ => ("projectcalico.org/v3", false),
    };
    let kind = kind.replace("CalicoPolicy", "NetworkPolicy");
    let namespace = if namespaced { ", namespace: shop" } else { "" };
    let text = format!(
        "apiVersion: {version}\nkind: {kind}\nmetadata: {{name: p{namespace}}}\nspec: {{{spec}}}\n"
    );
    let loaded = load(&[Source::new("p.yaml", text)], &load::Settings::default());
    let snapshot = &loaded.snapshot;
    let [policy] = snapshot.policies.as_slice() else {
        panic!("{spec}: {:?}", loaded.diagnostics);
    };
    sentence(policy, snapshot.tiers[policy.tier].combine)
}

fn check(kind: &str, cases: &[(&str, &str)]) {
    for (spec, expected) in cases {
        assert_eq!(of(kind, spec), *expected, "{kind} {spec}");
    }
}

#[test]
fn network_policies() {
    check(
        "NetworkPolicy",
        &[
            (
                "podSelector: {matchLabels: {app: db}}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}, podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]",
                "Pods with app=db accept TCP 5432 from app=web in shop.",
            ),
            (
                "podSelector: {}, policyTypes: [Ingress]",
                "Pods of shop accept nothing.",
            ),
            (
                "podSelector: {}, policyTypes: [Ingress, Egress]",
                "Pods of shop accept nothing and may connect to nothing.",
            ),
            (
                "podSelector: {}, ingress: [{}]",
                "Pods of shop accept everything.",
            ),
            (
                "podSelector: {}, policyTypes: [Egress], egress: [{}]",
                "Pods of shop may connect to anything.",
            ),
            (
                "podSelector: {matchLabels: {app: web}}, ingress: [{from: []}]",
                "Pods with app=web accept everything.",
            ),
            (
                "podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {}}]}]",
                "Pods with app=web accept everything from every pod in shop.",
            ),
            (
                "podSelector: {matchLabels: {app: web}}, ingress: [{from: [{namespaceSelector: {}}], ports: [{port: http}]}]",
                "Pods with app=web accept TCP http from every pod in any namespace.",
            ),
            (
                "podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: a}}}, {podSelector: {matchLabels: {app: b}}}, {podSelector: {matchLabels: {app: c}}}, {podSelector: {matchLabels: {app: d}}}, {podSelector: {matchLabels: {app: e}}}, {podSelector: {matchLabels: {app: f}}}], ports: [{port: 80}]}]",
                "Pods with app=web accept TCP 80 from app=a in shop, app=b in shop, app=c in shop and 3 more.",
            ),
            (
                "podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 80}, {port: 443}, {port: 8000, endPort: 8010}, {protocol: UDP}, {protocol: UDP, port: 53}]}]",
                "Pods with app=web accept TCP 80, TCP 443, TCP 8000-8010 and 2 more from anywhere.",
            ),
            (
                "podSelector: {matchLabels: {app: web}}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 192.168.0.0/16]}}], ports: [{port: 443}]}]",
                "Pods with app=web accept TCP 443 from 0.0.0.0/0 (except 10.0.0.0/8 and 192.168.0.0/16).",
            ),
            (
                "podSelector: {matchLabels: {app: web}}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: ops}}}, {podSelector: {matchLabels: {app: prometheus}}}]}]",
                "Pods with app=web accept everything from every pod in namespaces with team=ops and from app=prometheus in shop.",
            ),
            (
                "podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}}], ports: [{protocol: UDP, port: 53}, {port: 53}]}, {to: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 8080}]}]",
                "Pods with app=web may connect to k8s-app=kube-dns in kube-system on UDP 53 and TCP 53; and app=api in shop on TCP 8080.",
            ),
            (
                "podSelector: {matchExpressions: [{key: app, operator: In, values: [a, b]}, {key: canary, operator: DoesNotExist}]}, ingress: [{from: [{podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [db]}]}}]}]",
                "Pods with (app=a or b) and no label canary accept everything from pods with tier other than db in shop.",
            ),
            (
                "podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress, Egress], ingress: [{from: [{podSelector: {matchLabels: {app: lb}}}]}], egress: [{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}]",
                "Pods with app=web accept everything from app=lb in shop. They may connect to app=db in shop on TCP 5432.",
            ),
            (
                "podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.1.0.0/24}}, {ipBlock: {cidr: '2001:db8::/32'}}]}]",
                "Pods with app=web may connect to 10.1.0.0/24 and 2001:db8::/32.",
            ),
        ],
    );
}

#[test]
fn cilium() {
    check(
        "CiliumNetworkPolicy",
        &[
            (
                "endpointSelector: {matchLabels: {app: web}}, ingress: [{fromEndpoints: [{matchLabels: {app: lb}}], toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{method: GET}]}}]}]",
                "Pods with app=web accept TCP 80 from app=lb in shop (only some HTTP requests).",
            ),
            (
                "endpointSelector: {matchLabels: {app: web}}, egress: [{toFQDNs: [{matchName: api.stripe.com}, {matchPattern: '*.stripe.network'}], toPorts: [{ports: [{port: '443', protocol: TCP}]}]}]",
                "Pods with app=web may connect to api.stripe.com and *.stripe.network on TCP 443.",
            ),
            (
                "endpointSelector: {}, ingress: [{fromEntities: [kube-apiserver, ingress]}]",
                "Pods of shop accept everything from the API server and the ingress proxy.",
            ),
            (
                "endpointSelector: {}, egress: [{toEntities: [world]}]",
                "Pods of shop may connect to any address outside the cluster.",
            ),
            (
                "endpointSelector: {}, ingress: [{fromEntities: [cluster]}]",
                "Pods of shop accept everything from everything in the cluster.",
            ),
            (
                "endpointSelector: {}, ingress: [{fromEntities: [host, remote-node]}]",
                "Pods of shop accept everything from the node of the pod and all other nodes.",
            ),
            (
                "endpointSelector: {matchLabels: {app: web}}, ingress: [{fromEndpoints: [{}]}], ingressDeny: [{fromEndpoints: [{matchLabels: {app: bad}}]}]",
                "Pods with app=web accept everything from every pod in shop, but refuse everything from app=bad in shop.",
            ),
            (
                "endpointSelector: {}, egressDeny: [{toCIDR: [169.254.169.254/32]}]",
                "Pods of shop may not connect to 169.254.169.254/32.",
            ),
            (
                "endpointSelector: {matchLabels: {app: web}}, ingress: [{fromEndpoints: [{matchLabels: {app: lb}}]}], ingressDeny: [{fromEntities: [all]}]",
                "Pods with app=web accept everything from app=lb in shop, but refuse everything.",
            ),
            (
                "endpointSelector: {}, ingress: [{}]",
                "Pods of shop accept nothing.",
            ),
            (
                "endpointSelector: {matchLabels: {app: web}}, enableDefaultDeny: {ingress: false}, ingress: [{fromEndpoints: [{matchLabels: {app: lb}}]}]",
                "Pods with app=web accept everything from app=lb in shop. All else is left to other policies.",
            ),
            (
                "endpointSelector: {matchLabels: {app: web}}, egress: [{toEndpoints: [{matchLabels: {'k8s:io.kubernetes.pod.namespace': kube-system, k8s-app: kube-dns}}], toPorts: [{ports: [{port: '53', protocol: ANY}], rules: {dns: [{matchPattern: '*'}]}}]}]",
                "Pods with app=web may connect to k8s-app=kube-dns in kube-system on TCP 53, UDP 53 and SCTP 53.",
            ),
        ],
    );
    check(
        "CiliumClusterwideNetworkPolicy",
        &[(
            "endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {app: lb}}]}]",
            "All pods accept everything from app=lb in any namespace.",
        )],
    );
}

#[test]
fn cluster_wide() {
    check(
        "AdminNetworkPolicy",
        &[
            (
                "priority: 1, subject: {namespaces: {matchLabels: {team: shop}}}, ingress: [{action: Deny, from: [{namespaces: {}}], ports: [{portNumber: {protocol: TCP, port: 22}}]}, {action: Pass, from: [{namespaces: {matchLabels: {team: ops}}}]}]",
                "Pods in namespaces with team=shop refuse TCP 22 from every pod in any namespace, then leave everything from every pod in namespaces with team=ops to the next tier. All else is left to other policies.",
            ),
            (
                "priority: 1, subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: db}}}}, ingress: [{action: Allow, from: [{pods: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}, podSelector: {matchLabels: {app: prometheus}}}}]}], egress: [{action: Deny, to: [{networks: [169.254.169.254/32]}]}]",
                "Pods with app=db in any namespace accept everything from app=prometheus in monitoring. They may not connect to 169.254.169.254/32. All else is left to other policies.",
            ),
        ],
    );
    check(
        "ClusterNetworkPolicy",
        &[(
            "tier: Admin, priority: 1, subject: {namespaces: {}}, egress: [{action: Accept, to: [{domainNames: ['*.example.com']}]}, {action: Deny, to: [{networks: [0.0.0.0/0, '::/0']}]}]",
            "Pods in any namespace may connect to *.example.com, then may not connect to 0.0.0.0/0, pods with an IPv4 address, ::/0 and 2 more. All else is left to other policies.",
        )],
    );
}

#[test]
fn calico() {
    check(
        "CalicoPolicy",
        &[
            (
                "selector: app == 'db', ingress: [{action: Allow, protocol: TCP, source: {selector: app == 'web'}, destination: {ports: [5432]}}]",
                "Pods with app=db accept TCP 5432 from app=web in shop.",
            ),
            (
                "selector: app == 'db', ingress: [{action: Allow, protocol: TCP, source: {selector: app == 'web' || has(trusted), namespaceSelector: all()}, destination: {ports: [5432]}}, {action: Deny}]",
                "Pods with app=db accept TCP 5432 from pods with app=web or the label trusted in any namespace, then refuse everything else.",
            ),
            (
                "selector: all(), types: [Ingress, Egress]",
                "Pods of shop accept nothing and may connect to nothing.",
            ),
            (
                "types: [Egress], egress: [{action: Deny, destination: {nets: [169.254.169.254/32]}}, {action: Allow}]",
                "Pods of shop may not connect to 169.254.169.254/32, then may connect to anything else.",
            ),
            (
                "types: [Egress], egress: [{action: Allow, protocol: TCP, destination: {notNets: [10.0.0.0/8], ports: [443]}}]",
                "Pods of shop may connect to 0.0.0.0/0 or pods with an IPv4 address (except 10.0.0.0/8) on TCP 443.",
            ),
            (
                "types: [Ingress], ingress: [{action: Allow, protocol: TCP, source: {serviceAccounts: {names: [web]}}, destination: {selector: app == 'db', notPorts: [22]}}]",
                "Pods of shop accept all TCP ports but TCP 22 from every pod with service account web in shop (only pods with app=db in shop).",
            ),
            (
                "types: [Ingress], ingress: [{action: Allow, http: {methods: [GET]}, source: {selector: app == 'web'}}]",
                "Pods of shop accept everything from app=web in shop (only some HTTP requests).",
            ),
            (
                "types: [Ingress], ingress: [{action: Allow, source: {notSelector: app == 'web'}}]",
                "Pods of shop accept everything from every pod in shop (except app=web).",
            ),
        ],
    );
    check(
        "GlobalNetworkPolicy",
        &[
            (
                "namespaceSelector: team == 'shop', types: [Ingress], ingress: [{action: Pass, source: {namespaceSelector: team == 'ops'}}, {action: Deny}]",
                "Pods in namespaces with team=shop leave everything from every pod in namespaces with team=ops to the next tier, then refuse everything else.",
            ),
            (
                "selector: all(), order: 5, types: [Egress], egress: [{action: Allow, destination: {namespaceSelector: global(), selector: role == 'x'}}]",
                "All pods may connect to nothing.",
            ),
        ],
    );
}
