//! Traffic from Services and routes to workloads, and whether policies allow it; part of
//! `drawbridge exposure`.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::ends::{conn, display, peer_json};
use crate::analysis::service_exposure::{By, ServiceTraffic, TrafficSource};
use crate::cluster::Snapshot;

/// One line for each opening, in columns, with a heading; nothing if there are none.
///
/// # Errors
/// If `out` cannot be written.
pub(super) fn text(
    out: &mut impl Write,
    snapshot: &Snapshot,
    openings: &[ServiceTraffic],
) -> io::Result<()> {
    let rows: Vec<[String; 4]> = openings
        .iter()
        .map(|opening| {
            let workload = snapshot.workloads.get(opening.workload);
            let (by, to) = (
                by(snapshot, opening.by),
                workload.map_or_else(String::new, display),
            );
            let source = match opening.source {
                TrafficSource::Cluster => "pods in the cluster".to_owned(),
                TrafficSource::Outside => "addresses outside".to_owned(),
                TrafficSource::Controller => controller(snapshot, opening),
            };
            let answer = format!("{source}: {}", answer(opening));
            [by, to, opening.wanted.to_string(), answer]
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let (left, middle, right) = (width(0), width(1), width(2));
    writeln!(
        out,
        "\nServices and routes, and whether policies allow their traffic"
    )?;
    for [by, to, ports, answer] in &rows {
        writeln!(
            out,
            "{by:left$}  =>  {to:middle$}  {ports:right$}  {answer}"
        )?;
    }
    writeln!(out)
}

/// `Service shop/web (LoadBalancer)`, `Ingress shop/front`.
fn by(snapshot: &Snapshot, by: By) -> String {
    match by {
        By::Service(at) => snapshot.services.get(at).map_or_else(String::new, |s| {
            format!("Service {}/{} ({})", s.namespace, s.name, s.kind)
        }),
        By::Route(at) => snapshot.routes.get(at).map_or_else(String::new, |r| {
            format!("{} {}/{}", r.kind, r.namespace, r.name)
        }),
    }
}

/// The ingress controller, with its workloads where they are known.
fn controller(snapshot: &Snapshot, opening: &ServiceTraffic) -> String {
    let known = opening.controllers.iter();
    let known = known
        .filter_map(|at| snapshot.workloads.get(*at))
        .map(display);
    let known: Vec<String> = known.collect();
    match known.is_empty() {
        true => "the ingress controller".to_owned(),
        false => format!("the ingress controller {}", known.join(", ")),
    }
}

/// How many of the sources are allowed, split by port where the answer differs.
fn answer(opening: &ServiceTraffic) -> String {
    let ServiceTraffic {
        wanted,
        every,
        some,
        ..
    } = opening;
    let by = match opening.admitted_by.is_empty() {
        true => "some let in".to_owned(),
        false => format!("admitted by {}", opening.admitted_by.join("; ")),
    };
    let parts = [
        ("all let in", every.clone()),
        (by.as_str(), some.difference(every)),
        ("none let in", wanted.difference(every).difference(some)),
    ];
    let parts = parts.into_iter().filter(|(_, ports)| !ports.is_empty());
    let words = parts.map(|(words, ports)| match ports == *wanted {
        true => words.to_owned(),
        false => format!("{words} on {ports}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// `{"kind", "namespace", "name", "type"?, "workload", "from": "cluster|outside|ingress-controller", "controllers"?,
/// "admittedBy"?, "conn", "every", "some", "verdict": "all|some|none"}`: `conn` is the traffic sent, `every` the ports on
/// which all sources are allowed, `some` those on which at least one is.
pub(super) fn json(snapshot: &Snapshot, opening: &ServiceTraffic) -> Value {
    let mut value = match opening.by {
        By::Service(at) => snapshot.services.get(at).map_or(Value::Null, |s| {
            json!({"kind": "Service", "namespace": s.namespace, "name": s.name, "type": s.kind})
        }),
        By::Route(at) => snapshot.routes.get(at).map_or(Value::Null, |r| {
            json!({"kind": r.kind, "namespace": r.namespace, "name": r.name})
        }),
    };
    let workload = snapshot.workloads.get(opening.workload);
    value["workload"] = workload.map_or(Value::Null, peer_json);
    value["from"] = json!(match opening.source {
        TrafficSource::Cluster => "cluster",
        TrafficSource::Outside => "outside",
        TrafficSource::Controller => "ingress-controller",
    });
    if opening.source == TrafficSource::Controller {
        let known = opening.controllers.iter();
        let known = known.filter_map(|at| snapshot.workloads.get(*at));
        value["controllers"] = known.map(peer_json).collect();
        value["admittedBy"] = json!(opening.admitted_by);
    }
    value["conn"] = conn(&opening.wanted);
    value["every"] = conn(&opening.every);
    value["some"] = conn(&opening.some);
    value["verdict"] = json!(match opening.some.is_empty() {
        _ if opening.wanted.is_subset(&opening.every) => "all",
        true => "none",
        false => "some",
    });
    value
}

#[cfg(test)]
mod tests {
    use crate::analysis::Analysis;
    use crate::load::{Settings, load};
    use crate::manifest::Source;
    use crate::report::exposure;

    const CLUSTER: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop, labels: {app: db}}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}, {name: m, port: 9090}]}
---
apiVersion: v1
kind: Service
metadata: {name: web6, namespace: shop}
spec: {type: NodePort, ipFamilies: [IPv6], selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: None, externalIPs: [192.0.2.1], selector: {app: db}, ports: [{port: 5432}]}
---
{apiVersion: v1, kind: Service, metadata: {name: far, namespace: shop}, spec: {type: ExternalName, externalName: a.example}}
---
{apiVersion: v1, kind: Service, metadata: {name: own, namespace: shop}, spec: {ports: [{port: 1}]}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
  - from: [{ipBlock: {cidr: 0.0.0.0/0}}]
    ports: [{port: http}]
  - from: [{ipBlock: {cidr: 198.51.100.0/24}}]
    ports: [{port: 9090}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]
"#;

    #[test]
    fn traffic_of_services_and_routes_is_judged() {
        let sources = [Source::new("a.yaml", CLUSTER)];
        let snapshot = load(&sources, &Settings::default()).snapshot;
        let analysis = Analysis::new(&snapshot);
        let exposed = analysis.exposure();
        let mut out = Vec::new();
        let answer = exposure::Answer {
            snapshot: &snapshot,
            found: &exposed,
            domains: &analysis.to_domains(),
            published: &analysis.service_exposure(&exposed),
        };
        exposure::text(&mut out, answer).expect("a vector takes all");
        insta::assert_snapshot!(String::from_utf8_lossy(&out), @r"
        shop/db[Pod] ingress:
            pods with app=web of namespace shop: TCP 5432
        shop/db[Pod] egress (no policy selects it):
            every pod: any
        shop/web[Pod] ingress: denied for future pods
        shop/web[Pod] egress (no policy selects it):
            every pod: any

        Services and routes, and whether policies allow their traffic
        Service shop/db (ClusterIP)      =>  shop/db[Pod]   TCP 5432       pods in the cluster: some let in
        Service shop/db (ClusterIP)      =>  shop/db[Pod]   TCP 5432       addresses outside: none let in
        Service shop/web (LoadBalancer)  =>  shop/web[Pod]  TCP 8080,9090  pods in the cluster: none let in
        Service shop/web (LoadBalancer)  =>  shop/web[Pod]  TCP 8080,9090  addresses outside: all let in on TCP 8080, some let in on TCP 9090
        Service shop/web6 (NodePort)     =>  shop/web[Pod]  TCP 8080       pods in the cluster: none let in
        Service shop/web6 (NodePort)     =>  shop/web[Pod]  TCP 8080       addresses outside: none let in
        Ingress shop/front               =>  shop/web[Pod]  TCP 8080       the ingress controller: admitted by node addresses such as 10.0.0.0

        assuming enforcer=kubernetes, pod-addresses=unknown, host-network=pods
        ");
    }
}
