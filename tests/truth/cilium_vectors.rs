//! The vectors of `cilium.vectors`, by the fast analysis and by the plain evaluator.

use drawbridge::analysis::oracle::{Probe, probe};
use drawbridge::analysis::{Analysis, Endpoint};
use drawbridge::cluster::{Assumptions, Enforcer};
use drawbridge::load::{Loaded, Settings, load};
use drawbridge::manifest::Source;
use drawbridge::query::explain::ends;
use drawbridge::sets::Protocol;

const CLUSTER: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: s, labels: {team: a}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: o, labels: {team: b}}}
---
{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {addresses: [{type: InternalIP, address: 192.0.2.1}]}}
---
{apiVersion: v1, kind: Node, metadata: {name: n2}, status: {addresses: [{type: InternalIP, address: 192.0.2.2}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: svc, namespace: s, labels: {tier: front}}, spec: {selector: {app: p}, ports: [{port: 80}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: ext, namespace: s}, spec: {ports: [{port: 80}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, metadata: {name: ext-1, namespace: s, labels: {kubernetes.io/service-name: ext}}, endpoints: [{addresses: [203.0.113.50]}], ports: [{port: 80}]}
---
{apiVersion: cilium.io/v2, kind: CiliumCIDRGroup, metadata: {name: g, labels: {kind: x}}, spec: {externalCIDRs: [198.51.100.0/24]}}
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: s, labels: {app: p}}
spec: {nodeName: n1, containers: [{name: c, ports: [{name: web, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: q, namespace: s, labels: {app: q, env: prod, pod-template-hash: h1, app.kubernetes.io/name: q, topology.kubernetes.io/zone: z}}
spec: {serviceAccountName: robot, containers: [{name: c, ports: [{name: web, containerPort: 9090, protocol: UDP}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: multi, namespace: s, labels: {app: multi}}
spec:
  initContainers: [{name: side, restartPolicy: Always, ports: [{name: side, containerPort: 9100}]}]
  containers:
  - {name: a, ports: [{name: web, containerPort: 9001}]}
  - {name: b, ports: [{name: web, containerPort: 9002}, {name: Upper, containerPort: 9300}]}
---
apiVersion: v1
kind: Pod
metadata: {name: host, namespace: s, labels: {app: host}}
spec: {nodeName: n1, hostNetwork: true, containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: r, namespace: o, labels: {app: r}}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: p2, namespace: o, labels: {app: p}}
spec: {containers: [{name: c, ports: [{name: web, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: o, labels: {app: agent}}
spec: {nodeName: n2, hostNetwork: true, containers: [{name: c}]}
---
";

/// The manifest of a line, if it is a policy.
fn policy(at: usize, line: &str) -> Option<String> {
    let (kind, text) = line.split_once(' ')?;
    let cilium = |kind: &str, body: &str| {
        format!(
            "apiVersion: cilium.io/v2\nkind: {kind}\nmetadata: {{name: v{at}, namespace: s}}\n{body}: {text}\n---\n"
        )
    };
    Some(match kind {
        "cnp" => cilium("CiliumNetworkPolicy", "spec"),
        "specs" => cilium("CiliumNetworkPolicy", "specs"),
        "ccnp" => cilium("CiliumClusterwideNetworkPolicy", "spec").replace(", namespace: s", ""),
        "np" => format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: v{at}, namespace: s}}\nspec: {text}\n---\n"
        ),
        _ => return None,
    })
}

fn probe_of(word: &str) -> Probe {
    let (protocol, port) = word.split_once('/')?;
    let protocol = Protocol::parse(protocol).expect("a protocol");
    Some((protocol, port.parse().expect("a port")))
}

fn end(loaded: &Loaded, word: &str) -> Endpoint {
    if let Some(domain) = word.strip_prefix("domain:") {
        return Endpoint::Domain(domain.to_owned());
    }
    let mut found = ends(&loaded.snapshot, word).expect("an end");
    found.swap_remove(0)
}

/// What is wrong with one vector.
fn wrong(title: &str, lines: &[&str]) -> Vec<String> {
    let policies = lines.iter().enumerate();
    let policies: Vec<String> = policies.filter_map(|(at, line)| policy(at, line)).collect();
    let settings = Settings {
        enforcer: Some(Enforcer::Cilium),
        assumptions: Assumptions::default(),
    };
    let text = format!("{CLUSTER}{}", policies.concat());
    let loaded = load(&[Source::new("vector.yaml", text)], &settings);
    let mut wrong = Vec::new();
    let errors = loaded.diagnostics.iter();
    let mut fatal =
        errors.filter(|d| d.message.ends_with("is not judged") && d.code != "cilium-host");
    if fatal.next().is_some() != lines.contains(&"refused") {
        wrong.push(format!("{title}: {:#?}", loaded.diagnostics));
    }
    let analysis = Analysis::new(&loaded.snapshot);
    for line in lines.iter().filter(|line| line.contains(" > ")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [from, ">", to, port, answer @ ("yes" | "no")] = words[..] else {
            panic!("{title}: {line}");
        };
        let (from, to, port) = (end(&loaded, from), end(&loaded, to), probe_of(port));
        let plain = probe(&loaded.snapshot, &from, &to, port).allowed;
        // The fast analysis has no single nodes.
        let open = analysis.open(&from, &to);
        let fast = open.map_or(plain, |open| match port {
            Some((protocol, port)) => open.contains(protocol, port),
            None => open.has_other(),
        });
        if [plain, fast] != [answer == "yes"; 2] {
            wrong.push(format!("{title}: {line}: plain {plain}, fast {fast}"));
        }
    }
    wrong
}

#[test]
fn cilium_vectors_hold() {
    let lines = include_str!("cilium.vectors").lines();
    let lines: Vec<&str> = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let titles = lines.iter().filter(|line| line.starts_with("== "));
    let bodies = lines.split(|line| line.starts_with("== ")).skip(1);
    let vectors: Vec<(&&str, &[&str])> = titles.zip(bodies).collect();
    assert!(vectors.len() > 90);
    let wrong = vectors.iter().flat_map(|(title, body)| wrong(title, body));
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
