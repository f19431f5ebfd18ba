//! Readers and rules on small files, and the laws of all files.

use proptest::prelude::*;

use super::lines::found_in;
use super::*;

/// A record of Hubble: who to whom, on which ports, and more fields.
fn flow(second: u32, from: (&str, u16), to: (&str, u16), more: &str) -> String {
    let end = |(pod, _): (&str, u16)| match pod.parse::<std::net::IpAddr>() {
        Ok(_) => r#"{"labels":["reserved:world"]}"#.to_owned(),
        Err(_) => format!(r#"{{"namespace":"shop","pod_name":"{pod}","labels":["k8s:app=x"]}}"#),
    };
    let address = |(pod, _): (&str, u16)| match pod.parse::<std::net::IpAddr>() {
        Ok(_) => pod.to_owned(),
        Err(_) => format!(
            "10.0.0.{}",
            pod.bytes().map(u32::from).sum::<u32>() % 200 + 1
        ),
    };
    format!(
        r#"{{"flow":{{"time":"2026-11-03T09:{:02}:{:02}Z","IP":{{"source":"{}","destination":"{}"}},"l4":{{"PROTOCOL":{{"source_port":{},"destination_port":{}FLAGS}}}},"source":{},"destination":{},"Type":"L3_L4"{more}}},"node_name":"n1"}}"#,
        second / 60,
        second % 60,
        address(from),
        address(to),
        from.1,
        to.1,
        end(from),
        end(to),
    )
}

fn tcp(second: u32, from: (&str, u16), to: (&str, u16), flags: &str, more: &str) -> String {
    let flags: Vec<String> = flags
        .split_whitespace()
        .map(|f| format!(r#""{f}":true"#))
        .collect();
    let flags = format!(r#","flags":{{{}}}"#, flags.join(","));
    flow(second, from, to, more)
        .replace("PROTOCOL", "TCP")
        .replace("FLAGS", &flags)
}

fn udp(second: u32, from: (&str, u16), to: (&str, u16), more: &str) -> String {
    flow(second, from, to, more)
        .replace("PROTOCOL", "UDP")
        .replace("FLAGS", "")
}

const FORWARDED: &str = r#","verdict":"FORWARDED","is_reply":false"#;
const ANSWER: &str = r#","verdict":"FORWARDED","is_reply":true"#;
const DENIED: &str = r#","verdict":"DROPPED","drop_reason":133"#;

fn observed(files: &[&str]) -> Observed {
    observed_by(Reader::default(), files)
}

fn observed_by(mut reader: Reader, files: &[&str]) -> Observed {
    for (at, file) in files.iter().enumerate() {
        reader.read(&format!("{at}.json"), &mut file.as_bytes());
    }
    reader.finish(&|_, _, _| None)
}

/// `shop/web > shop/db TCP 5432: 1 forwarded 0 audited 0 dropped`.
fn words(observed: &Observed) -> Vec<String> {
    let all = observed.connections.iter();
    all.map(|c| {
        let Sums {
            forwarded,
            audited,
            dropped,
            ..
        } = c.sums;
        let port = c
            .key
            .port
            .map_or_else(String::new, |port| format!(" {port}"));
        format!(
            "{} > {} {}{port}: {forwarded} {audited} {dropped}",
            c.source,
            c.destination,
            c.key.protocol.name()
        )
    })
    .collect()
}

fn read(lines: &[String]) -> Vec<String> {
    words(&observed(&[&lines.join("\n")]))
}

#[test]
fn wrappers_of_lines_are_removed() {
    let records = |text: &str| found_in(text.as_bytes());
    let one = |text: &str| {
        assert_eq!(
            records(text),
            (vec![r#"{"a":1}"#.to_owned()], 0, 0),
            "{text}"
        )
    };
    one("{\"a\":1}");
    one("\u{feff}{\"a\":1}\r\n");
    one("{\n  \"a\":\n  1\n}");
    one("[\n {\"a\":1}\n]\n");
    one("[{\"a\":1}]");
    one("data: {\"a\":1}\n\n");
    one("[pod/cilium-x/cilium-agent] {\"a\":1}");
    one("2026-11-03T09:00:00Z stdout F {\"a\":1}");
    one("2026-11-03T09:00:00Z stdout P {\"a\"\n2026-11-03T09:00:00Z stdout F :1}");
    one("{\"log\":\"{\\\"a\\\":1}\\n\"}");
    one("{\"labels\":{},\"line\":\"{\\\"a\\\":1}\"}");
    one("{\"data\":{\"result\":[{\"values\":[[\"1\",\"{\\\"a\\\":1}\"]]}]}}");
    assert_eq!(records("{\"a\":1}\nlevel=info msg={x\nhello\n{\"a\":").1, 1);
    assert_eq!(records("level=info msg={x\nhello").2, 2);
}

#[test]
fn lists_that_are_cut_keep_their_complete_records() {
    for text in [
        "{\"items\":[{\"a\":1},{\"b\":2},{\"c\":{\"d\":3}}],\"x\":{\"y\":{}}}",
        "[{\"a\":1},\n{\"b\":2},{\"c\":3}]",
    ] {
        assert_eq!(
            found_in(format!("{text}\n").as_bytes()).0.len(),
            3,
            "{text}"
        );
        for cut in 2..text.len() {
            let (found, malformed, _) = found_in(&text.as_bytes()[..cut]);
            let whole = text[..cut].matches("},").count();
            assert!(
                found.iter().filter(|r| *r != "{\"items\":[]}").count() >= whole.min(2),
                "{cut}"
            );
            assert_eq!(malformed, 1, "{cut}");
        }
    }
}

#[test]
fn a_document_that_is_cut_or_followed_by_other_text_hides_no_other() {
    let pretty = |n: u32| {
        format!("{{\n  \"a\": {n},\n  \"b\": [\n    {{\n      \"c\": 1\n    }}\n  ]\n}}\n")
    };
    let count = |text: &str| {
        let (records, malformed, others) = found_in(text.as_bytes());
        (records.len(), malformed, others)
    };
    let line = r#"{"flow":{"time":"t","labels":["x","y"],"to":[{"name":"z"}]},"node":1}"#;
    for cut in 1..line.len() - 1 {
        for end in ["\n", "\r\n"] {
            let text = format!("{}{end}{line}{end}{line}{end}", &line[..cut]);
            assert_eq!(count(&text), (2, 1, 0), "{text}");
            let text = format!("{}{end}{}", &line[..cut], pretty(1));
            let (records, malformed, _) = count(&text);
            assert!(records <= 1 && malformed <= 2, "{text}");
        }
    }
    for noise in [
        "level=warn msg=\"hi [there]\"",
        "it is 5\" wide",
        "starting } up",
        "]",
        "[INFO] hello",
        "node_status: {",
    ] {
        let text = format!(
            "{}{noise}\n{}{}{noise}\n{line}\n",
            pretty(1),
            pretty(2),
            pretty(3)
        );
        assert_eq!(count(&text), (4, 0, 2), "{noise}");
    }
    // Without indentation it is a document still.
    let flat = pretty(1).replace("  ", "");
    assert_eq!(count(&format!("{flat}{flat}")), (2, 0, 0));
}

#[test]
fn an_answer_of_loki_that_is_cut_has_what_is_before() {
    let lines = [1, 2, 3].map(|n| format!("[\"{n}\",\"{{\\\"a\\\":{n}}}\"]"));
    for text in [
        format!(
            "{{\"data\":{{\"result\":[{{\"values\":[{}]}}]}}}}",
            lines.join(",")
        ),
        format!(
            "{{\n \"data\": {{\n  \"result\": [\n   {{\"values\": [\n{}\n]}}]}}}}",
            lines.join(",\n")
        ),
    ] {
        assert_eq!(found_in(text.as_bytes()).0.len(), 3);
        let third = text.find(&lines[2]).expect("the third");
        for cut in third..text.len() - 4 {
            let (records, malformed, _) = found_in(&text.as_bytes()[..cut]);
            let whole = 2 + usize::from(cut >= third + lines[2].len());
            assert_eq!((records.len(), malformed), (whole, 1), "{}", &text[..cut]);
        }
    }
}

#[test]
fn a_list_says_how_many_pages_there_are_before_or_behind_its_items() {
    let item = r#"{"source_name":"web-*","source_namespace":"shop","dest_name":"db-*","dest_namespace":"data","protocol":"tcp","dest_port":5432,"reporter":"Src","action":"Allow","start_time":"2026-11-03T09:00:00Z","end_time":"2026-11-03T09:00:15Z"}"#;
    let (items, total) = (
        format!("\"items\": [\n{item}\n]"),
        "\"total\": {\n\"totalPages\": 3\n}",
    );
    for text in [
        format!("{{\n{items},\n{total}\n}}"),
        format!("{{\n{total},\n{items}\n}}"),
    ] {
        let mut reader = Reader::default();
        let found = reader.read("flows", &mut text.as_bytes());
        let messages: Vec<&str> = found.iter().map(|one| one.message.as_str()).collect();
        assert_eq!(messages, ["the file has one of 3 pages of flows"], "{text}");
        let found = reader.finish(&|_, _, _| None);
        assert_eq!(words(&found), ["shop/web > data/db TCP 5432: 1 0 0"]);
    }
}

#[test]
fn direction_is_decided_by_the_best_evidence() {
    let (client, server) = (("web-0", 40_000), ("db-0", 5432));
    let expected = ["shop/web > shop/db TCP 5432: 1 0 0"];
    // Flags before claims: a recorder without connection tracking calls everything a request.
    let lines = [
        tcp(2, server, client, "ACK", FORWARDED),
        tcp(0, client, server, "SYN", FORWARDED),
        tcp(1, server, client, "SYN ACK", FORWARDED),
    ];
    assert_eq!(read(&lines), expected);
    // Claims that contradict: ports.
    assert_eq!(
        read(&[
            tcp(0, client, server, "ACK", FORWARDED),
            tcp(1, server, client, "ACK", FORWARDED)
        ]),
        expected
    );
    // Only the answer was captured.
    assert_eq!(read(&[tcp(0, server, client, "ACK", ANSWER)]), [""; 0]);
    // Nothing is known.
    assert_eq!(
        read(&[tcp(0, client, server, "ACK", r#","verdict":"FORWARDED""#)]),
        [""; 0]
    );
    // UDP: an answer that lacks its mark is none where others have it.
    let lines = [
        udp(0, ("web-0", 40_000), ("dns-0", 53), FORWARDED),
        udp(
            1,
            ("dns-0", 53),
            ("web-0", 40_000),
            r#","verdict":"FORWARDED""#,
        ),
        udp(
            2,
            ("dns-0", 53),
            ("web-1", 40_000),
            r#","verdict":"FORWARDED""#,
        ),
    ];
    assert_eq!(read(&lines), ["shop/web > shop/dns UDP 53: 1 0 0"]);
}

#[test]
fn silence_begins_another_connection() {
    let (client, server) = (("web-0", 40_000), ("db-0", 5432));
    let syn = |second| tcp(second, client, server, "SYN", FORWARDED);
    assert_eq!(
        read(&[syn(0), syn(120)]),
        ["shop/web > shop/db TCP 5432: 1 0 0"]
    );
    assert_eq!(
        read(&[syn(0), syn(121)]),
        ["shop/web > shop/db TCP 5432: 2 0 0"]
    );
    let late = tcp(600, client, server, "ACK", FORWARDED);
    assert_eq!(
        read(&[syn(0), late]),
        ["shop/web > shop/db TCP 5432: 1 0 0"]
    );
}

#[test]
fn only_drops_by_policy_are_dropped_connections() {
    let (client, server) = (("web-0", 40_000), ("db-0", 5432));
    let syn = |second, more: &str| tcp(second, client, server, "SYN", more);
    assert_eq!(
        read(&[syn(0, DENIED), syn(1, FORWARDED)]),
        ["shop/web > shop/db TCP 5432: 0 0 1"]
    );
    let full =
        r#","verdict":"DROPPED","drop_reason":155,"drop_reason_desc":"CT_MAP_INSERTION_FAILED""#;
    let lines = [
        syn(0, full),
        syn(1, r#","verdict":"AUDIT","is_reply":false"#),
    ];
    let found = observed(&[&lines.join("\n")]);
    assert_eq!(words(&found), ["shop/web > shop/db TCP 5432: 0 1 0"]);
    assert_eq!(
        found.capture.ignored.get("drop:CT_MAP_INSERTION_FAILED"),
        Some(&1)
    );
    for (more, name) in [
        (r#","drop_reason":155"#, "CT_MAP_INSERTION_FAILED"),
        (r#","drop_reason":999"#, "999"),
        (r#","drop_reason_desc":999"#, "999"),
        (
            r#","drop_reason":155,"drop_reason_desc":155"#,
            "CT_MAP_INSERTION_FAILED",
        ),
        (
            r#","drop_reason_desc":"DROP_REASON_UNKNOWN""#,
            "DROP_REASON_UNKNOWN",
        ),
    ] {
        let found = observed(&[&syn(0, &format!(r#","verdict":"DROPPED"{more}"#))]);
        assert_eq!(
            found.capture.ignored.get(&format!("drop:{name}")),
            Some(&1),
            "{name}"
        );
    }
    for by_policy in [r#""drop_reason_desc":133"#, r#""drop_reason":null"#] {
        let denied = syn(0, &format!(r#","verdict":"DROPPED",{by_policy}"#));
        assert_eq!(read(&[denied]), ["shop/web > shop/db TCP 5432: 0 0 1"]);
    }
    // What is left of a closed connection.
    assert_eq!(read(&[tcp(0, client, server, "ACK", DENIED)]), [""; 0]);
}

#[test]
fn names_come_from_the_answers_that_the_pod_got() {
    let dns = |second, to| {
        let more = r#","verdict":"FORWARDED","is_reply":true,"l7":{"type":"RESPONSE","dns":{"query":"Pay.Example.","ips":["203.0.113.7"]}}"#;
        udp(second, ("dns-0", 53), (to, 40_000), more)
    };
    let call = |second, from| {
        tcp(
            second,
            (from, 41_000),
            ("203.0.113.7", 443),
            "SYN",
            FORWARDED,
        )
    };
    let lines = [
        dns(5, "web-0"),
        call(6, "web-0"),
        call(6, "other-0"),
        call(0, "early-0"),
        dns(5, "early-0"),
    ];
    let expected = [
        "shop/early > 203.0.113.7 TCP 443: 1 0 0",
        "shop/other > 203.0.113.7 TCP 443: 1 0 0",
        "shop/web > pay.example TCP 443: 1 0 0",
    ];
    assert_eq!(read(&lines), expected);
}

#[test]
fn calico_reports_of_both_ends_are_one_count() {
    let report = |reporter, action, started| {
        format!(
            r#"{{"Key":{{"source_name":"web-7c9d8b6f5d-*","source_namespace":"shop","source_type":1,"dest_name":"pub","dest_type":4,"dest_port":443,"proto":"tcp","reporter":{reporter},"action":{action}}},"start_time":1793696400,"end_time":1793696415,"num_connections_started":{started}}}"#
        )
    };
    assert_eq!(
        read(&[report(1, 1, 4), report(2, 1, 3)]),
        ["shop/web > network/public TCP 443: 4 0 0"]
    );
    assert_eq!(
        read(&[report(1, 1, 4), report(2, 2, 3)]),
        ["shop/web > network/public TCP 443: 1 0 3"]
    );
    let whisker = r#"{"total":{"totalPages":2},"items":[{"source_name":"db-*","source_namespace":"shop","dest_name":"x","dest_namespace":"","protocol":"tcp","dest_port":1,"reporter":"Src","action":"Allow","start_time":"2026-11-03T09:00:00Z","end_time":"2026-11-03T09:00:15Z"}]}"#;
    assert_eq!(
        read(&[whisker.to_owned()]),
        ["shop/db > calico/x TCP 1: 1 0 0"]
    );
    let warned = Reader::default().read("w.json", &mut whisker.as_bytes());
    assert!(warned.iter().any(|d| d.message.contains("one of 2 pages")));
}

#[test]
fn traffic_without_new_connections_keeps_its_verdict() {
    let report = |action| {
        format!(
            r#"{{"Key":{{"source_name":"web-*","source_namespace":"shop","source_type":1,"dest_name":"pub","dest_type":4,"dest_port":443,"proto":"tcp","reporter":1,"action":{action}}},"start_time":1793696400,"end_time":1793696415,"num_connections_completed":5}}"#
        )
    };
    for (action, passed) in [(1, true), (2, false)] {
        let found = observed(&[&report(action)]);
        let sums = &found.connections[0].sums;
        assert_eq!((sums.count(), sums.passed()), (0, passed));
    }
    let table =
        "source,destination,protocol,port,count,verdict\nshop/web,shop/api,TCP,80,0,forwarded\n";
    assert!(observed(&[table]).connections[0].sums.passed());
}

#[test]
fn what_no_recorder_writes_is_malformed_from_its_first_line() {
    let (client, server) = (("web-0", 40_000), ("db-0", 5432));
    let good = tcp(0, client, server, "SYN", FORWARDED);
    let whisker = r#"{"items":[{"source_name":"db-*","source_namespace":"shop","dest_name":"x","dest_namespace":"","protocol":"tcp","dest_port":1,"reporter":"Src","action":"Allow","start_time":"2026-02-30T00:00:00Z","end_time":"2026-11-03T09:00:15Z"}]}"#;
    for bad in [
        good.replace("5432", "70000"),
        good.replace("40000", "-1"),
        good.replace("2026-11-03", "2026-02-30"),
        whisker.to_owned(),
        whisker
            .replace("2026-02-30", "2026-02-28")
            .replace(r#""dest_port":1"#, r#""dest_port":70000"#),
    ] {
        let file = [&good, &bad, &good].map(String::as_str).join("\n");
        let mut reader = Reader::default();
        let warned = reader.read("a.json", &mut file.as_bytes());
        let [warning] = warned.as_slice() else {
            panic!("{warned:?}")
        };
        assert_eq!(warning.message, "1 line is no valid record");
        assert_eq!(warning.span.as_ref().map(|at| at.line), Some(2), "{bad}");
        let found = reader.finish(&|_, _, _| None);
        assert_eq!(
            words(&found),
            ["shop/web > shop/db TCP 5432: 1 0 0"],
            "{bad}"
        );
    }
}

#[test]
fn a_mask_without_ports_or_verdicts_is_reported() {
    let (client, server) = (("web-0", 40_000), ("db-0", 5432));
    let good = tcp(0, client, server, "SYN", FORWARDED);
    for (file, field) in [
        (good.replace(r#""l4":"#, r#""l5":"#), "l4"),
        (good.replace(r#""verdict":"#, r#""word":"#), "verdict"),
    ] {
        let found = observed(&[&file]);
        let all = warnings(&found, None);
        let is = |one: &crate::diag::Diagnostic| {
            one.message.contains(&format!("1 record without `{field}`"))
        };
        assert!(all.iter().any(is), "{all:?}");
    }
    let all = warnings(&observed(&[&good]), None);
    assert!(
        all.iter().all(|one| !one.message.contains("without `")),
        "{all:?}"
    );
}

#[test]
fn policies_that_the_input_lacks_are_named() {
    let by = r#","verdict":"FORWARDED","is_reply":false,"ingress_allowed_by":[{"name":"other","namespace":"shop"},{"name":"known","namespace":"shop"}]"#;
    let found = observed(&[&tcp(0, ("web-0", 40_000), ("db-0", 5432), "SYN", by)]);
    let policy = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: known, namespace: shop}, spec: {podSelector: {}}}";
    let source = crate::manifest::Source::new("a.yaml", policy);
    let loaded = crate::load::load(&[source], &crate::load::Settings::default());
    let all = warnings(&found, Some(&loaded.snapshot));
    let wanted = "1 policy that the recording names is not in the input: shop/other";
    assert!(all.iter().any(|one| one.message == wanted), "{all:?}");
    assert!(
        warnings(&found, None)
            .iter()
            .all(|one| one.message != wanted)
    );
}

#[test]
fn tables_are_read() {
    let table = "source,destination,protocol,port,count,verdict\nshop/web,data/db,TCP,5432,3,dropped\nnonsense\n";
    let found = observed(&[table]);
    assert_eq!(words(&found), ["shop/web > data/db TCP 5432: 0 0 3"]);
    assert_eq!(found.capture.sources[0].malformed, 1);
    // What was cut behind a comma may have been another verdict.
    let whole = "source,destination,protocol,port,verdict\nshop/web,data/db,TCP,5432,";
    assert_eq!(words(&observed(&[whole])), [""; 0]);
    let ended = format!("{whole}\n");
    assert_eq!(
        words(&observed(&[&ended])),
        ["shop/web > data/db TCP 5432: 1 0 0"]
    );
    let other = "\"Protocol\", \"port\", \"destination\", \"source\"\nTCP,80,data/db,shop/web\n";
    assert_eq!(
        words(&observed(&[other])),
        ["shop/web > data/db TCP 80: 1 0 0"]
    );
}

/// A record of the exporter's counters between web and api.
fn aggregate(node: &str, more: &str) -> String {
    let end = |name: &str| {
        format!(r#"{{"namespace":"shop","workloads":[{{"name":"{name}","kind":"Deployment"}}]}}"#)
    };
    format!(
        r#"{{"flow":{{"time":"2026-11-03T09:00:00Z","verdict":"FORWARDED","l4":{{"TCP":{{"destination_port":80}}}},"source":{},"destination":{}{more}}},"node_name":"c/{node}"}}"#,
        end("web"),
        end("api")
    )
}

#[test]
fn equal_counters_of_two_nodes_are_two() {
    let count = r#","is_reply":false,"aggregate":{"egress_flow_count":3}"#;
    let numbered = |more: &str| aggregate("n1", &format!(r#"{count},"uuid":"u"{more}"#));
    let of = |one: &str, two: &str| words(&observed(&[one, two]));
    let [once, twice] = [3, 6].map(|n| format!("shop/web > shop/api TCP 80: {n} 0 0"));
    let first = aggregate("n1", count);
    assert_eq!(of(&first, &first), std::slice::from_ref(&once));
    assert_eq!(of(&first, &aggregate("n2", count)), [twice]);
    // The same number, under another mask of fields.
    assert_eq!(of(&numbered(""), &numbered(r#","Type":"L3_L4""#)), [once]);
}

#[test]
fn counters_that_say_nothing_of_answers_are_undirected_beside_others_that_do() {
    let silent = aggregate("n1", r#","aggregate":{"unknown_direction_flow_count":5}"#);
    assert_eq!(
        read(std::slice::from_ref(&silent)),
        ["shop/web > shop/api TCP 80: 5 0 0"]
    );
    let claimed = tcp(0, ("web-0", 40_000), ("db-0", 5432), "SYN", FORWARDED);
    let found = observed(&[&claimed, &silent]);
    assert_eq!(words(&found), ["shop/web > shop/db TCP 5432: 1 0 0"]);
    assert_eq!(found.capture.ignored.get("undirected"), Some(&1));
}

#[test]
fn a_file_with_lost_events_alone_has_no_flow() {
    let found = observed(&[r#"{"lost_events":{"num_events_lost":"7"}}"#]);
    assert_eq!(
        (found.capture.lost, found.capture.sources[0].format),
        (7, None)
    );
}

#[test]
fn fields_that_are_null_are_absent() {
    let line = tcp(0, ("web-0", 40_000), ("db-0", 5432), "SYN", FORWARDED);
    let nulls = line.replace(
        r#""Type":"L3_L4""#,
        r#""Type":null,"l7":null,"aggregate":null,"destination_service":null,"is_extra":null"#,
    );
    let nulls = nulls.replace(r#""l4":{"#, r#""l4":{"UDP":null,"#);
    assert_eq!(read(&[nulls]), ["shop/web > shop/db TCP 5432: 1 0 0"]);
}

#[test]
fn equal_records_count_once() {
    let (client, server) = (("web-0", 40_000), ("db-0", 5432));
    let syn = tcp(0, client, server, "SYN", FORWARDED);
    let socket = tcp(0, client, server, "", r#","event_type":{"type":7}"#);
    let lost = r#"{"lost_events":{"num_events_lost":"2"}}"#;
    let file = [&syn, &socket, lost, &syn].join("\n");
    let found = observed(&[&file, &file, &tcp(1, client, server, "ACK", FORWARDED)]);
    assert_eq!(words(&found), ["shop/web > shop/db TCP 5432: 1 0 0"]);
    let records: Vec<u64> = found.capture.sources.iter().map(|s| s.records).collect();
    assert_eq!(records, [1, 0, 1]);
    let ignored =
        [("duplicate", 4), ("socket-or-debug", 1)].map(|(reason, n)| (reason.to_owned(), n));
    assert_eq!(found.capture.ignored, ignored.into());
    assert_eq!(found.capture.lost, 2);
}

#[test]
fn owners_are_known_from_any_record() {
    let (client, server) = (("web-0", 40_000), ("db-0", 5432));
    let syn = tcp(0, client, server, "SYN", FORWARDED);
    // Of the node of the server, and of a record that is no connection.
    let owner = syn
        .replace(
            r#""pod_name":"db-0""#,
            r#""pod_name":"db-0","workloads":[{"name":"data-7c9d8b6f5d","kind":"ReplicaSet"}]"#,
        )
        .replace("FORWARDED", "TRACED");
    for lines in [[&syn, &owner], [&owner, &syn]] {
        let lines = lines.map(String::clone);
        assert_eq!(read(&lines), ["shop/web > shop/data TCP 5432: 1 0 0"]);
    }
}

#[test]
fn reserved_identities_are_entities_by_label_and_by_number() {
    let world = r#"{"labels":["reserved:world"]}"#;
    let outside = ("203.0.113.9", 40_000);
    for (entity, number) in [
        ("host", 1),
        ("unmanaged", 3),
        ("health", 4),
        ("init", 5),
        ("remote-node", 6),
        ("kube-apiserver", 7),
        ("ingress", 8),
    ] {
        let by_label = format!(r#"{{"identity":{number},"labels":["reserved:{entity}"]}}"#);
        let by_number = format!(r#"{{"identity":{number}}}"#);
        for end in [by_label, by_number] {
            for (more, count) in [
                (FORWARDED.to_owned(), 1),
                (
                    format!(r#"{FORWARDED},"aggregate":{{"ingress_flow_count":2}}"#),
                    2,
                ),
            ] {
                let from = tcp(0, outside, ("db-0", 4240), "SYN", &more).replace(world, &end);
                let wanted = format!("entity/{entity} > shop/db TCP 4240: {count} 0 0");
                assert_eq!(read(&[from]), [wanted]);
                let to = tcp(0, ("db-0", 40_000), ("203.0.113.9", 4240), "SYN", &more);
                let wanted = format!("shop/db > entity/{entity} TCP 4240: {count} 0 0");
                assert_eq!(read(&[to.replace(world, &end)]), [wanted]);
            }
        }
    }
    // A node that has the API server is one to ports that are not the API server's; a source is its host first.
    let both = |port| {
        let end = r#"{"labels":["reserved:kube-apiserver","reserved:remote-node"]}"#;
        let to = tcp(0, ("db-0", 40_000), ("203.0.113.9", port), "SYN", FORWARDED);
        read(&[to.replace(world, end)])
    };
    assert_eq!(
        both(10250),
        ["shop/db > entity/remote-node TCP 10250: 1 0 0"]
    );
    assert_eq!(
        both(6443),
        ["shop/db > entity/kube-apiserver TCP 6443: 1 0 0"]
    );
    // What Cilium adds later is no entity that is known: its address remains.
    let later = r#"{"labels":["reserved:later"]}"#;
    let from = tcp(0, outside, ("db-0", 80), "SYN", FORWARDED).replace(world, later);
    assert_eq!(read(&[from]), ["203.0.113.9 > shop/db TCP 80: 1 0 0"]);
}

/// Some record that counts connections: aggregated by Cilium, or by Calico at one end.
fn some_count() -> impl Strategy<Value = String> {
    let verdicts = prop::sample::select(vec!["FORWARDED", "DROPPED", "AUDIT"]);
    let keys = prop::sample::select(vec!["egress", "ingress", "unknown_direction"]);
    let aggregate =
        (0_u32..900, verdicts, keys, 0_u32..9).prop_map(|(second, verdict, key, count)| {
            let drop = if verdict == "DROPPED" {
                r#","drop_reason":133"#
            } else {
                ""
            };
            let more = format!(
                r#","verdict":"{verdict}"{drop},"aggregate":{{"{key}_flow_count":{count}}}"#
            );
            tcp(second, ("web-0", 40_000), ("db-0", 5432), "", &more)
        });
    let report = (0_u64..60, 1_u8..3, 1_u8..3, 0_u32..9, 0_u32..9).prop_map(
        |(at, reporter, action, started, live)| {
            let start = 1_793_696_400 + at * 15;
            format!(
                r#"{{"Key":{{"source_name":"web-*","source_namespace":"shop","source_type":1,"dest_name":"api-*","dest_namespace":"shop","dest_type":1,"dest_port":80,"proto":"tcp","reporter":{reporter},"action":{action}}},"start_time":{start},"end_time":{},"num_connections_started":{started},"num_connections_live":{live}}}"#,
                start + 15
            )
        },
    );
    prop_oneof![aggregate, report]
}

/// Some record between few ends, so that connections meet.
fn some_line() -> impl Strategy<Value = String> {
    let pods = prop::sample::select(vec!["web-0", "db-0", "x-7c9d8b6f5d-x2k4v", "203.0.113.9"]);
    let ports = prop::sample::select(vec![53_u16, 5432, 40_000, 50_000]);
    let flags = prop::sample::select(vec!["SYN", "SYN ACK", "ACK", ""]);
    let more = prop::sample::select(vec![
        FORWARDED,
        ANSWER,
        DENIED,
        r#","verdict":"FORWARDED""#,
        r#","verdict":"AUDIT","is_reply":false"#,
        r#","verdict":"REDIRECTED","is_reply":false,"destination_service":{"namespace":"shop","name":"s"}"#,
    ]);
    let end = (pods, ports);
    (0_u32..900, end.clone(), end, flags, more, any::<bool>()).prop_map(
        |(second, from, to, flags, more, is_tcp)| match is_tcp {
            true => tcp(second, from, to, flags, more),
            false => udp(second, from, to, more),
        },
    )
}

proptest! {
    #[test]
    fn order_and_repetition_change_nothing(
        (lines, shuffled) in prop::collection::vec(some_line(), 1..30)
            .prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
        cut in 0_usize..30,
    ) {
        let expected = observed(&[&lines.join("\n")]);
        let (one, two) = shuffled.split_at(cut.min(shuffled.len()));
        let (one, two) = (one.join("\n"), two.join("\n"));
        for files in [vec![one.as_str(), two.as_str()], vec![two.as_str(), one.as_str(), two.as_str()]] {
            let found = observed(&files);
            prop_assert_eq!(words(&found), words(&expected));
            let records = |o: &Observed| o.capture.sources.iter().map(|s| s.records).sum::<u64>();
            prop_assert_eq!(records(&found), records(&expected));
            prop_assert_eq!(&found.capture.over_time, &expected.capture.over_time);
            let counted = found.connections.iter().map(|c| c.sums.count()).sum::<u64>();
            prop_assert_eq!(found.capture.over_time.total().count(), counted);
            // The file and line of a record that is in two files are those of the one that was read first.
            let sums = |o: &Observed| -> Vec<(Sums, Vec<time::Time>)> {
                let all = o.connections.iter().map(|c| {
                    let mut sums = c.sums.clone();
                    let samples = std::mem::take(&mut sums.samples);
                    (sums, samples.iter().map(|sample| sample.time).collect())
                });
                all.collect()
            };
            prop_assert_eq!(sums(&found), sums(&expected));
        }
    }

    #[test]
    fn counts_over_time_sum_to_the_counts(
        (lines, shuffled) in prop::collection::vec(prop_oneof![some_line(), some_count()], 1..30)
            .prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
        cut in 0_usize..30,
    ) {
        let found = observed(&[&lines.join("\n")]);
        for one in &found.connections {
            let Sums { forwarded, audited, dropped, .. } = one.sums;
            let total = one.sums.over_time.total();
            prop_assert_eq!((total.passed, total.dropped), (forwarded + audited, dropped), "{:?}", one);
        }
        let (one, two) = shuffled.split_at(cut.min(shuffled.len()));
        let other = observed(&[&two.join("\n"), &one.join("\n")]);
        let bars = |found: &Observed| -> Vec<Histogram> {
            found.connections.iter().map(|one| one.sums.over_time.clone()).collect()
        };
        prop_assert_eq!(bars(&other), bars(&found));
        prop_assert_eq!(other.capture.over_time, found.capture.over_time);
    }

    #[test]
    fn each_connection_is_in_the_window_in_which_it_began(lines in prop::collection::vec(some_line(), 1..30), second in 0_i64..900) {
        let text = lines.join("\n");
        let whole = observed(&[&text]);
        let first = whole.capture.first().unwrap_or_default();
        let cut = first + second * time::SECOND;
        let [before, after] = [time::Time::MIN..cut, cut..time::Time::MAX]
            .map(|window| observed_by(Reader::between(window), &[&text]));
        let began = |found: &Observed| -> Vec<time::Time> {
            found.connections.iter().filter_map(|c| c.sums.first).collect()
        };
        prop_assert!(began(&before).iter().all(|time| *time < cut));
        prop_assert!(began(&after).iter().all(|time| *time >= cut));
        // A connection to a Service whose other half began in the other window counts in both.
        let count = |found: &Observed| found.connections.iter().map(|c| c.sums.count()).sum::<u64>();
        prop_assert!(count(&whole) <= count(&before) + count(&after));
        let is_there = |c: &Connection| {
            let mut all = before.connections.iter().chain(&after.connections);
            all.any(|other| other.key == c.key)
        };
        prop_assert!(whole.connections.iter().all(is_there));
    }

    #[test]
    fn what_is_before_a_cut_is_read(lines in prop::collection::vec(some_line(), 1..8), cut in 0_usize..4000) {
        let text = lines.join("\n");
        let cut = cut.min(text.len());
        let whole = text[..cut].rfind('\n').map_or("", |at| &text[..at]);
        let found = observed(&[&text[..cut]]);
        if !text[cut..].is_empty() && text[..cut].len() > whole.len() + 1 && text.as_bytes()[cut] != b'\n' {
            prop_assert_eq!(words(&found), words(&observed(&[whole])));
        }
    }

    #[test]
    fn bad_input_never_panics(text in "[\\[\\]{}\":,a-z0-9 \\n]{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut reader = Reader::default();
        reader.read("a", &mut text.as_bytes());
        reader.read("b", &mut bytes.as_slice());
        reader.finish(&|_, _, _| None);
    }
}
