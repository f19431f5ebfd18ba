//! The vectors of `cilium.vectors` and `calico.vectors`, by the fast analysis and by the plain evaluator.

use drawbridge::analysis::oracle::{Probe, probe};
use drawbridge::analysis::{Analysis, Endpoint};
use drawbridge::cluster::{Assumptions, Enforcer};
use drawbridge::load::{Loaded, Settings, load};
use drawbridge::manifest::Source;
use drawbridge::policy::Entity;
use drawbridge::query::explain::ends;
use drawbridge::sets::Protocol;

use super::adopt::adopt_all;

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
status: {podIPs: [{ip: 10.9.0.1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: q, namespace: s, labels: {app: q, env: prod, pod-template-hash: h1, app.kubernetes.io/name: q, topology.kubernetes.io/zone: z}}
spec: {serviceAccountName: robot, containers: [{name: c, ports: [{name: web, containerPort: 9090, protocol: UDP}]}]}
status: {podIPs: [{ip: 10.9.0.2}]}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: robot, namespace: s, labels: {trust: low}}}
---
apiVersion: v1
kind: Pod
metadata: {name: multi, namespace: s, labels: {app: multi}}
spec:
  initContainers:
  - {name: side, restartPolicy: Always, ports: [{name: side, containerPort: 9100}]}
  - {name: once, ports: [{name: once, containerPort: 9200}]}
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
    let calico = |kind: &str, name: &str, spec: &str| {
        format!(
            "apiVersion: projectcalico.org/v3\nkind: {kind}\nmetadata: {{{name}}}\nspec: {spec}\n---\n"
        )
    };
    let own = format!("name: v{at}, namespace: s");
    Some(match kind {
        "calico" => calico("NetworkPolicy", &own, text),
        "global" => calico("GlobalNetworkPolicy", &format!("name: v{at}"), text),
        "staged" => calico("StagedNetworkPolicy", &own, text),
        "tier" => {
            let (name, spec) = text.split_once(' ')?;
            calico("Tier", &format!("name: {name}"), spec)
        }
        "set" | "globalset" => {
            let (labels, spec) = text.split_once("} ")?;
            let (kind, name) = match kind {
                "set" => ("NetworkSet", own),
                _ => ("GlobalNetworkSet", format!("name: v{at}")),
            };
            calico(kind, &format!("{name}, labels: {labels}}}"), spec)
        }
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
    if let Some(word) = word.strip_prefix("entity:") {
        let mut all = Entity::ALL.into_iter();
        let entity = all.find(|entity| entity.word() == word);
        return Endpoint::Entity(entity.expect("an entity"));
    }
    let mut found = ends(&loaded.snapshot, word).expect("an end");
    found.swap_remove(0)
}

/// The cluster with the policies of a vector.
fn loaded(enforcer: Enforcer, lines: &[&str]) -> Loaded {
    let policies = lines.iter().enumerate();
    let policies: Vec<String> = policies.filter_map(|(at, line)| policy(at, line)).collect();
    let settings = Settings {
        enforcer: Some(enforcer),
        assumptions: Assumptions::default(),
    };
    // The group belongs to Cilium.
    let cluster = match enforcer {
        Enforcer::Cilium => CLUSTER.to_owned(),
        _ => CLUSTER
            .lines()
            .filter(|line| !line.contains("cilium.io"))
            .collect::<Vec<_>>()
            .join("\n"),
    };
    let text = format!("{cluster}\n---\n{}", policies.concat());
    load(&[Source::new("vector.yaml", text)], &settings)
}

/// What is wrong with one vector.
fn wrong(enforcer: Enforcer, title: &str, lines: &[&str]) -> Vec<String> {
    let loaded = loaded(enforcer, lines);
    let mut wrong = Vec::new();
    let errors = loaded.diagnostics.iter();
    let mut fatal = errors.filter(|d| {
        d.message.ends_with("is not judged") && !["cilium-host", "not-judged"].contains(&d.code)
    });
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

/// The vectors of a file: titles and lines.
fn vectors(file: &str) -> Vec<(&str, Vec<&str>)> {
    let lines = file.lines();
    let lines: Vec<&str> = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let titles = lines.iter().filter(|line| line.starts_with("== "));
    let bodies = lines.split(|line| line.starts_with("== ")).skip(1);
    titles.copied().zip(bodies.map(<[&str]>::to_vec)).collect()
}

/// Asserts that all vectors of a file hold, and returns how many there are.
fn hold(enforcer: Enforcer, file: &str) -> usize {
    let vectors = vectors(file);
    let wrong = vectors
        .iter()
        .flat_map(|(title, body)| wrong(enforcer, title, body));
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    vectors.len()
}

/// Policies with every feature of a dialect become flows that change nothing, or stay imported. Returns how many
/// become flows.
fn adopted(enforcer: Enforcer, file: &str) -> usize {
    let vectors = vectors(file).into_iter();
    let each = vectors.map(|(title, body)| {
        let document = drawbridge::import::import(&loaded(enforcer, &body)).document;
        adopt_all(&document, title).1.adopted.len()
    });
    each.sum()
}

#[test]
fn vectors_of_cilium_hold() {
    assert!(hold(Enforcer::Cilium, include_str!("cilium.vectors")) > 90);
}

#[test]
fn vectors_of_calico_hold() {
    assert!(hold(Enforcer::Calico, include_str!("calico.vectors")) > 40);
}

#[test]
fn policies_of_vectors_are_adopted_or_stay() {
    assert!(adopted(Enforcer::Cilium, include_str!("cilium.vectors")) > 40);
    assert!(adopted(Enforcer::Calico, include_str!("calico.vectors")) > 20);
}
