//! Connections in recorded traffic.

use super::*;

/// A web server connects to a database, and to an address outside; the last line is cut.
const RECORDED: &str = r#"{"flow":{"time":"2026-11-03T09:00:00Z","verdict":"FORWARDED","IP":{"source":"10.0.0.1","destination":"10.0.0.2"},"l4":{"TCP":{"source_port":40000,"destination_port":5432,"flags":{"SYN":true}}},"source":{"ID":1,"namespace":"shop","pod_name":"web-7c9d8b6f5d-x2k4v","labels":["k8s:app=web"],"workloads":[{"name":"web","kind":"Deployment"}]},"destination":{"namespace":"shop","pod_name":"db-0","labels":["k8s:app=db"]},"node_name":"n1","is_reply":false}}
{"flow":{"time":"2026-11-03T09:00:05Z","verdict":"FORWARDED","IP":{"source":"10.0.0.1","destination":"203.0.113.7"},"l4":{"TCP":{"source_port":40001,"destination_port":443,"flags":{"SYN":true}}},"source":{"namespace":"shop","pod_name":"web-7c9d8b6f5d-x2k4v","labels":["k8s:app=web"]},"destination":{"labels":["reserved:world"]},"node_name":"n1","is_reply":false}}
{"lost_events":{"num_events_lost":"2"},"node_name":"n1"}
{"flow":{"ti"#;

const DENY: &str = "\
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c}]}}}}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: shop}, spec: {selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c}]}}}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: db, namespace: shop}, spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}}
";

#[test]
fn text_lists_connections_and_what_the_capture_is_worth() {
    let answer = drawbridge_with(&["flows", "-"], RECORDED);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let wanted = "\
shop/web  =>  203.0.113.7  TCP 443   1 forwarded
shop/web  =>  shop/db      TCP 5432  1 forwarded (workload guessed from pod name)
2 connections

recorded from 2026-11-03T09:00:00Z to 2026-11-03T09:00:05Z: 2 records of 1 file, 1 node, 2 events lost
1 malformed line
";
    assert_eq!(answer.out, wanted);
    assert!(
        answer.err.contains("1 line is no valid record"),
        "{}",
        answer.err
    );
}

#[test]
fn policies_are_asked_about_each_connection() {
    let folder = folder(&[("flows.jsonl", RECORDED), ("policies.yaml", DENY)]);
    let (flows, policies) = (path(&folder, "flows.jsonl"), path(&folder, "policies.yaml"));
    let answer = drawbridge(&["flows", &flows, "--against", &policies]);
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    let first = "1 of 2 recorded connections would be dropped: 1 kind\n\nwould be dropped:\nshop/web  =>  shop/db  TCP 5432  1 forwarded\n    ingress: no rule of the policies that select the pod allows it\n    NetworkPolicy shop/db (";
    assert!(answer.out.starts_with(first), "{}", answer.out);
    let answer = drawbridge(&["flows", &flows, "--against", &policies, "-o", "json"]);
    let json = answer.json();
    let verdicts: Vec<_> = json["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["replay"]["verdict"].clone())
        .collect();
    assert_eq!(verdicts, ["allow", "deny"]);
}

#[test]
fn json_has_the_capture_and_the_connections() {
    let answer = drawbridge_with(&["flows", "-", "-o", "json"], RECORDED);
    let json = answer.json();
    assert_eq!(json["format"], "drawbridge/flows/1");
    assert_eq!(json["capture"]["lost"], 2);
    assert_eq!(json["capture"]["sources"][0]["malformed"], 1);
    let connection = &json["connections"][1];
    assert_eq!(connection["destination"], "shop/db");
    assert_eq!(connection["verdicts"], serde_json::json!({"forwarded": 1}));
    assert_eq!(connection["guessed"], serde_json::json!(["destination"]));
}

#[test]
fn a_table_is_read_back_as_the_same_connections() {
    let table = drawbridge_with(&["flows", "-", "-o", "csv"], RECORDED);
    let wanted = "\
source,destination,protocol,port,count,first,last,verdict
shop/web,203.0.113.7,TCP,443,1,2026-11-03T09:00:05Z,2026-11-03T09:00:05Z,forwarded
shop/web,shop/db,TCP,5432,1,2026-11-03T09:00:00Z,2026-11-03T09:00:00Z,forwarded
";
    assert_eq!(table.out, wanted);
    let again = drawbridge_with(&["flows", "-", "-o", "csv"], wanted);
    assert_eq!((again.code, again.out.as_str()), (Some(0), wanted));
    let markdown = drawbridge_with(&["flows", "-", "-o", "md"], wanted);
    assert!(
        markdown
            .out
            .contains("| shop/web | shop/db | TCP | 5432 | 1 |"),
        "{}",
        markdown.out
    );
}

#[test]
fn a_file_without_flows_is_an_error() {
    let answer = drawbridge_with(&["flows", "-"], "level=info msg=hello\n");
    assert_eq!(answer.code, Some(2));
    assert!(
        answer.err.contains("no recorded flow was found"),
        "{}",
        answer.err
    );
    assert_eq!(drawbridge(&["flows", "/nowhere"]).code, Some(2));
}

/// The recording of the online shop.
const SHOP_FLOWS: &str = "assets/examples/online-shop.flows.jsonl";

#[test]
fn connections_have_classes_beside_a_project() {
    let project = example("online-shop").to_string_lossy().into_owned();
    let answer = drawbridge(&["flows", SHOP_FLOWS, "--against", &project, "-o", "json"]);
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    let json = answer.json();
    let connections = json["connections"].as_array().unwrap();
    let of = |source: &str, destination: &str| {
        let found = connections
            .iter()
            .find(|c| c["source"] == source && c["destination"] == destination);
        found.unwrap()
    };
    assert_eq!(of("shop/web", "shop/cart")["class"], "seen");
    assert_eq!(of("shop/checkout", "api.stripe.com")["class"], "drawn-cut");
    assert_eq!(of("shop/cart", "data/postgres")["class"], "denied");
    let cut = of("shop/web", "shop/orders");
    assert_eq!(cut["class"], "cut");
    let samples = cut["samples"].as_array().unwrap();
    let text = std::fs::read_to_string(SHOP_FLOWS).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(samples.len(), 3);
    for sample in samples {
        let line = lines[usize::try_from(sample["line"].as_u64().unwrap()).unwrap() - 1];
        let time = sample["time"].as_str().unwrap().trim_end_matches('Z');
        assert!(line.contains(time) && line.contains("\"destination_port\":8080"));
    }
    let unseen = serde_json::json!([{"from": "payments/reconcile", "to": "data/kafka", "ports": "TCP/9092"}]);
    assert_eq!(json["neverSeen"], unseen);
    let table = drawbridge(&["flows", SHOP_FLOWS, "--against", &project, "-o", "csv"]);
    let row = "shop/orders,hooks.slack.com,TCP,443,2,";
    let row = table
        .out
        .lines()
        .find(|line| line.starts_with(row))
        .unwrap();
    assert!(row.ends_with(",forwarded,deny,cut"), "{row}");
    let text = drawbridge(&["flows", SHOP_FLOWS, "--against", &project]).out;
    let unseen = "\ndrawn, never seen:\npayments/reconcile  =>  data/kafka  TCP/9092\n";
    assert!(text.contains(unseen), "{text}");
}

#[test]
fn limits_of_a_recording_are_reported() {
    let answer = drawbridge_with(&["flows", "-", "-o", "json"], RECORDED);
    let json = answer.json();
    let messages: Vec<&str> = json["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["message"].as_str().unwrap())
        .collect();
    let wanted = [
        "1 line is no valid record",
        "the recording covers less than a minute: nightly jobs may be missing",
        "2 events were lost beside 2 records: what was never seen may exist",
        "all records are of one node",
        "no dropped connection is recorded: a filter may have left them out",
    ];
    assert_eq!(messages, wanted);
}

#[test]
fn a_project_stands_for_its_recordings() {
    let project = |recordings: &str| {
        format!(
            "format: drawbridge/1\nnamespaces: [{{name: shop}}]\nworkloads:\n- {{name: web, namespace: shop, labels: {{app: web}}}}\n- {{name: db, namespace: shop, kind: StatefulSet, labels: {{app: db}}}}\n{recordings}"
        )
    };
    let named = project("recordings: [{file: flows.jsonl}]\n");
    let changed = project("recordings: [{file: flows.jsonl, sha256: '00'}]\n");
    let gone = project("recordings: [{file: gone.jsonl}]\n");
    let folder = folder(&[
        ("flows.jsonl", RECORDED),
        ("named.drawbridge.yaml", &named),
        ("changed.drawbridge.yaml", &changed),
        ("gone.drawbridge.yaml", &gone),
        ("none.drawbridge.yaml", &project("")),
    ]);
    let flows = |name: &str| drawbridge(&["flows", &path(&folder, name)]);
    let answer = flows("named.drawbridge.yaml");
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    let first = "2 of 2 recorded connections would be dropped";
    assert!(answer.out.starts_with(first), "{}", answer.out);
    let changed = flows("changed.drawbridge.yaml");
    assert_eq!(changed.out, answer.out);
    let words = "the recording has changed since the project referred to it";
    assert!(changed.err.contains(words), "{}", changed.err);
    let gone = flows("gone.drawbridge.yaml");
    assert_eq!(gone.code, Some(2));
    let words = "put the file back, or remove the recording from the project";
    assert!(gone.err.contains(words), "{}", gone.err);
    let none = flows("none.drawbridge.yaml");
    assert_eq!(none.code, Some(2));
    let words = "the project refers to no recordings";
    assert!(none.err.contains(words), "{}", none.err);
}

#[test]
fn only_connections_that_began_in_a_window_are_counted() {
    let asked = ["flows", "-", "--since", "2026-11-03T09:00:05Z"];
    let answer = drawbridge_with(&asked, RECORDED);
    let wanted = "shop/web  =>  203.0.113.7  TCP 443  1 forwarded\n1 connection\n";
    assert!(answer.out.starts_with(wanted), "{}", answer.out);
    let window = "counted: connections that began at 2026-11-03T09:00:05Z or later\n";
    assert!(answer.out.contains(window), "{}", answer.out);
    assert!(
        answer
            .out
            .contains("not counted as connections: other-time 1\n")
    );
    let asked = [
        "flows",
        "-",
        "-o",
        "json",
        "--until",
        "2026-11-03T09:00:05Z",
    ];
    let json = drawbridge_with(&asked, RECORDED).json();
    assert_eq!(json["connections"].as_array().map(Vec::len), Some(1));
    assert_eq!(json["connections"][0]["destination"], "shop/db");
    assert_eq!(json["capture"]["until"], "2026-11-03T09:00:05Z");
    let answer = drawbridge_with(&["flows", "-", "--since", "yesterday"], RECORDED);
    assert_eq!(answer.code, Some(2), "{}", answer.out);
    assert!(
        answer.err.contains("expected a time such as"),
        "{}",
        answer.err
    );
}
