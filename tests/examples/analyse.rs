//! Reads manifests and answers who reaches whom, and why.
//!
//! ```text
//! cargo run --no-default-features --example analyse                      # on the manifests below
//! cargo run --no-default-features --example analyse -- PATH... FROM TO PORT
//! ```

use std::path::PathBuf;

use drawbridge::analysis::{self, Direction, Party, Places, reach};
use drawbridge::cluster::Snapshot;
use drawbridge::load::{Loaded, Settings, load};
use drawbridge::manifest::Source;
use drawbridge::project::sources;
use drawbridge::query::explain::{self, Verdict};
use drawbridge::sets::IpSet;

const MANIFESTS: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: db, ports: [{containerPort: 5432}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{protocol: TCP, port: 5432}]
";

fn main() {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let (loaded, question) = if words.len() < 4 {
        let sources = [Source::new("shop.yaml", MANIFESTS)];
        let question = ["203.0.113.7", "shop/db", "TCP/5432"].map(str::to_owned);
        (load(&sources, &Settings::default()), question.to_vec())
    } else {
        let question = words.split_off(words.len() - 3);
        let paths: Vec<PathBuf> = words.iter().map(PathBuf::from).collect();
        let (sources, told) = sources::collect(&paths);
        for diagnostic in &told {
            eprintln!("{diagnostic}");
        }
        (load(&sources, &Settings::default()), question)
    };
    // Objects that cannot be read or would be rejected are reported; the rest is analysed.
    for diagnostic in &loaded.diagnostics {
        eprintln!("{diagnostic}");
    }
    who_reaches_whom(&loaded.snapshot);
    let [from, to, port] = question.as_slice() else {
        return;
    };
    if let Err(refusal) = why(&loaded, from, to, port) {
        eprintln!("{}", refusal.message);
        std::process::exit(2);
    }
    blast_radius(&loaded.snapshot);
}

/// Every allowed connection, streamed: they are quadratic in the workloads and never all in memory.
fn who_reaches_whom(snapshot: &Snapshot) {
    analysis::for_each_connection(snapshot, |line| {
        let (src, dst) = (name(snapshot, line.src), name(snapshot, line.dst));
        println!("{src} => {dst}: {}", line.ports);
    });
}

/// One question, with what each gate says and the place of the rule that decides.
fn why(
    loaded: &Loaded,
    from: &str,
    to: &str,
    port: &str,
) -> Result<(), drawbridge::model::Refusal> {
    let snapshot = &loaded.snapshot;
    let (from_ends, to_ends) = (
        loaded.meaning(from)?.ends(snapshot),
        loaded.meaning(to)?.ends(snapshot),
    );
    let answer = explain::ask(
        snapshot,
        &from_ends,
        &to_ends,
        &explain::ports(port)?.into(),
    );
    let verdict = match answer.verdict {
        Verdict::All => "allowed",
        Verdict::Some => "allowed in part",
        Verdict::None => "denied",
    };
    println!("\n{from} => {to} at {port}: {verdict}");
    for shown in &answer.shown {
        for gate in [&shown.trace.egress, &shown.trace.ingress] {
            let side = match gate.direction {
                Direction::Egress => "the source",
                Direction::Ingress => "the destination",
            };
            println!("  the gate of {side}: {:?}", gate.decision);
            for policy in gate.tiers.iter().flat_map(|tier| &tier.policies) {
                let policy = &snapshot.policies[policy.policy];
                println!("    {} {} at {}", policy.kind, policy.name, policy.span);
            }
        }
    }
    Ok(())
}

/// Everything that can be reached from outside, by number of hops.
fn blast_radius(snapshot: &Snapshot) {
    let outside = Places {
        workloads: Vec::new(),
        outside: IpSet::all(),
        ..Places::default()
    };
    println!();
    for (number, layer) in reach(snapshot, &outside).layers.iter().enumerate() {
        for hop in layer {
            let (src, dst) = (name(snapshot, hop.src), name(snapshot, hop.dst));
            println!(
                "hop {} from outside: {src} => {dst}: {}",
                number + 1,
                hop.ports
            );
        }
    }
}

fn name(snapshot: &Snapshot, end: Party) -> String {
    match end {
        Party::Workload(at) => {
            let workload = &snapshot.workloads[at];
            format!("{}/{}", workload.namespace, workload.name)
        }
        Party::Addresses { first, last } => format!("{first}-{last}"),
        Party::IngressController => "the ingress controller".into(),
    }
}
