//! The output of `verify` for a document with extra and missing connections.

use super::*;
use crate::project::format;
use crate::proof::fixes;
use crate::query::check;
use crate::query::check_against;

const SHOP: &str = "format: drawbridge/1
name: shop
namespaces:
- {name: shop}
workloads:
- {name: web, namespace: shop, labels: {app: web}}
- {name: db, namespace: shop, labels: {app: db}}
- {name: batch, namespace: shop, labels: {app: batch}}
externals:
- {name: api, domainNames: [api.example.com]}
flows:
- {from: shop/web, to: shop/db, ports: [TCP/5432]}
- {from: shop/web, to: external/api, ports: [TCP/443]}
policies:
- file: k8s/pg open.yaml
  text: |
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: pg-open, namespace: shop}
    spec:
      podSelector: {matchLabels: {app: db}}
      ingress:
      - from: [{podSelector: {matchLabels: {app: batch}}}]
        ports: [{port: 5432}]
invariants:
- {name: web reaches db, allow: {from: shop/web, to: shop/db, ports: [TCP/5432]}}
- {name: web stays away, deny: {from: shop/web, to: shop/db}}
- {name: nobody, deny: {from: \"*\", except: [shop/web], to: shop/db}}
- {name: a | b, deny: {from: shop/gone, to: shop/db}}
";

fn with<T>(given: Option<&str>, report: impl Fn(Verified) -> T) -> T {
    let (document, _) = format::read(SHOP, "shop.drawbridge.yaml").expect("it is a project");
    let document = format::in_place(&document, "shop.drawbridge.yaml", SHOP);
    let found = format::places(SHOP);
    let span = |mark: crate::yaml::Mark| mark.span("shop.drawbridge.yaml".into());
    let places = Places {
        file: "shop.drawbridge.yaml".into(),
        flows: (0..)
            .map(FlowId)
            .zip(found.flows.into_iter().map(span))
            .collect(),
        policies: (0..).map(PolicyId).zip(found.policies).collect(),
        invariants: (0..).map(InvariantId).zip(found.invariants).collect(),
    };
    let results = check(&document);
    let (mut proof, mut invariants, mut repairs) = (
        results.proof.clone(),
        results.invariants.clone(),
        Vec::new(),
    );
    match given {
        Some(text) => {
            let source = crate::manifest::Source::new("deployed/all.yaml", text);
            let loaded =
                crate::load::load(&[source], &crate::load::Settings::of(&document.settings));
            (proof, invariants) = check_against(&document, &loaded.snapshot);
        }
        None => {
            let titles = |f| {
                fixes(&results.document, &results.generated, &results.proof, f)
                    .into_iter()
                    .map(|fix| fix.title)
                    .collect()
            };
            repairs = proof.findings.iter().map(titles).collect();
        }
    }
    let diagnostics = [Diagnostic::warning("odd", "`x` is odd").help("even it out")];
    report(Verified {
        left_out: &[],
        left_out_of: &[],
        document: &document,
        proof: &proof,
        invariants: &invariants,
        fixes: &repairs,
        diagnostics: &diagnostics,
        places: &places,
    })
}

#[test]
fn text_format() {
    insta::assert_snapshot!(with(None, text), @"
    1 too wide, 1 cannot be expressed
    too-wide: shop/pg-open lets shop/batch reach shop/db on TCP 5432; drawn: web; the egress of shop/batch still blocks it
        policy: shop/pg-open
        help: draw the flow, or narrow the imported policy
        fix: Draw shop/batch to shop/db on TCP/5432
        fix: Remove pg-open from the project
    cannot-express: the flow is left out: `api` has only a domain name, which NetworkPolicy cannot express
        flow: web to api (shop.drawbridge.yaml:13:3)
        help: add its networks, or set `approximate: true` on the flow: allows all addresses outside the cluster on TCP 443
        fix: Approximate: allow all addresses outside the cluster on TCP 443
    invariant web reaches db: holds
    invariant web stays away: violated
        required: shop/web must not reach shop/db
        found: shop/web can reach shop/db on TCP 5432
    invariant nobody: holds
    invariant a | b: cannot be judged
        required: shop/gone must not reach shop/db
        found: there is no `shop/gone`
        help: name something that exists
    ");
}

#[test]
fn review_comment_format() {
    insta::assert_snapshot!(with(None, markdown), @r"
    <!-- drawbridge: verify -->
    ### Network policies of shop

    ⚠️ **1 too wide, 1 cannot be expressed**

    | | What | Connection | Policies | What to do |
    | --- | --- | --- | --- | --- |
    | Too wide | shop/pg-open lets shop/batch reach shop/db on TCP 5432; drawn: web; the egress of shop/batch still blocks it | shop/batch → shop/db on TCP/5432 | shop/pg-open | Draw shop/batch to shop/db on TCP/5432, or: Remove pg-open from the project |
    | Cannot express | the flow is left out: \`api\` has only a domain name, which NetworkPolicy cannot express | shop/web → external/api on TCP/443 |  | Approximate: allow all addresses outside the cluster on TCP 443 |

    | Invariant | Required | Verdict |
    | --- | --- | --- |
    | web reaches db | shop/web must reach shop/db on TCP/5432 | holds |
    | web stays away | shop/web must not reach shop/db | violated: shop/web can reach shop/db on TCP 5432 |
    | nobody | \* except shop/web must not reach shop/db | holds |
    | a \| b | shop/gone must not reach shop/db | cannot be judged: there is no \`shop/gone\`; name something that exists |
    ");
}

#[test]
fn a_test_case_for_each_flow_and_invariant() {
    insta::assert_snapshot!(with(None, junit), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="shop" tests="7" failures="4" errors="0" skipped="0">
      <testsuite name="flows" tests="2" failures="1" errors="0" skipped="0">
        <testcase name="shop/web to shop/db on TCP/5432" classname="shop.flows" file="shop.drawbridge.yaml" line="12"/>
        <testcase name="shop/web to external/api on TCP/443" classname="shop.flows" file="shop.drawbridge.yaml" line="13">
          <failure type="cannot-express" message="the flow is left out: `api` has only a domain name, which NetworkPolicy cannot express">cannot-express: the flow is left out: `api` has only a domain name, which NetworkPolicy cannot express
        flow: web to api (shop.drawbridge.yaml:13:3)
        help: add its networks, or set `approximate: true` on the flow: allows all addresses outside the cluster on TCP 443
        fix: Approximate: allow all addresses outside the cluster on TCP 443</failure>
        </testcase>
      </testsuite>
      <testsuite name="policies" tests="1" failures="1" errors="0" skipped="0">
        <testcase name="nothing else is allowed" classname="shop.policies" file="shop.drawbridge.yaml">
          <failure type="too-wide" message="shop/pg-open lets shop/batch reach shop/db on TCP 5432; drawn: web; the egress of shop/batch still blocks it">too-wide: shop/pg-open lets shop/batch reach shop/db on TCP 5432; drawn: web; the egress of shop/batch still blocks it
        policy: shop/pg-open
        help: draw the flow, or narrow the imported policy
        fix: Draw shop/batch to shop/db on TCP/5432
        fix: Remove pg-open from the project</failure>
        </testcase>
      </testsuite>
      <testsuite name="invariants" tests="4" failures="2" errors="0" skipped="0">
        <testcase name="web reaches db" classname="shop.invariants" file="shop.drawbridge.yaml" line="26"/>
        <testcase name="web stays away" classname="shop.invariants" file="shop.drawbridge.yaml" line="27">
          <failure type="invariant-broken" message="shop/web can reach shop/db on TCP 5432">required: shop/web must not reach shop/db
    found: shop/web can reach shop/db on TCP 5432</failure>
        </testcase>
        <testcase name="nobody" classname="shop.invariants" file="shop.drawbridge.yaml" line="28"/>
        <testcase name="a | b" classname="shop.invariants" file="shop.drawbridge.yaml" line="29">
          <failure type="invariant-not-judged" message="there is no `shop/gone`">required: shop/gone must not reach shop/db
    found: there is no `shop/gone`
    help: name something that exists</failure>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
}

/// The text of attributes and elements as a reader of XML sees it.
fn read_back(xml: &str) -> Vec<String> {
    use quick_xml::XmlVersion;
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut found = Vec::new();
    loop {
        match reader.read_event().expect("it is XML") {
            Event::Eof => return found,
            Event::Start(e) | Event::Empty(e) => found.extend(e.attributes().map(|a| {
                let value = a.expect("an attribute");
                let value = value.normalized_value(XmlVersion::Implicit1_0);
                value.expect("it is escaped").into_owned()
            })),
            _ => {}
        }
    }
}

#[test]
fn any_name_can_be_in_a_junit_report() {
    let (mut document, _) = format::read(SHOP, "shop.drawbridge.yaml").expect("it is a project");
    document.name = "a<b>&\"c\"'d'\u{1}\u{1b}[2J\u{ffff}]]>".to_owned();
    let results = check(&document);
    let xml = junit(Verified {
        left_out: &[],
        left_out_of: &[],
        document: &document,
        proof: &results.proof,
        invariants: &results.invariants,
        fixes: &[],
        diagnostics: &[Diagnostic::error("syntax", "`<` is not allowed")],
        places: &Places::default(),
    });
    let read = read_back(&xml);
    let name = "a<b>&\"c\"'d'  [2J ]]>";
    assert!(read.iter().any(|value| value == name), "{read:?}");
    assert!(read.contains(&"`<` is not allowed".to_owned()), "{read:?}");
    assert!(xml.contains("errors=\"1\""), "{xml}");
    assert!(!xml.contains(['\u{1}', '\u{1b}', '\u{ffff}']));
}

#[test]
fn as_sarif() {
    insta::assert_snapshot!(with(None, sarif));
}

/// The positions of results, and their messages.
fn places(log: &str) -> Vec<(String, String, u64)> {
    let log: serde_json::Value = serde_json::from_str(log).expect("it is JSON");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results").iter();
    results
        .flat_map(|result| {
            let rule = &rules[result["ruleIndex"].as_u64().expect("an index") as usize];
            assert_eq!(rule["id"], result["ruleId"]);
            assert!(
                result["message"]["text"]
                    .as_str()
                    .is_some_and(|text| text.ends_with('.'))
            );
            let locations = result["locations"].as_array().expect("locations");
            locations.iter().map(|place| {
                let place = &place["physicalLocation"];
                let text =
                    |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
                let line = place["region"]["startLine"].as_u64().unwrap_or_default();
                (
                    text(&result["ruleId"]),
                    text(&place["artifactLocation"]["uri"]),
                    line,
                )
            })
        })
        .collect()
}

#[test]
fn results_point_at_their_cause() {
    let own = with(None, sarif);
    let at = |rule: &str, line| (rule.to_owned(), "shop.drawbridge.yaml".to_owned(), line);
    assert_eq!(
        places(&own),
        [
            at("too-wide", 23),
            at("cannot-express", 13),
            at("invariant-broken", 27),
            at("invariant-not-judged", 29),
        ],
        "{own}"
    );
    let open = "\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: open, namespace: shop}\nspec:\n  podSelector: {}\n  policyTypes: [Ingress, Egress]\n  ingress: [{}]\n  egress:\n  - {}\n";
    let given = with(Some(open), sarif);
    let wide = places(&given)
        .into_iter()
        .find(|(rule, ..)| rule == "too-wide");
    let (_, file, line) = wide.expect("it is too wide");
    assert_eq!(file, "deployed/all.yaml");
    assert!([8, 10].contains(&line), "{line}");
}

#[test]
fn names_of_files_become_uris() {
    assert_eq!(sarif::uri("./a b/ü.yaml"), "a%20b/%C3%BC.yaml");
    assert_eq!(sarif::uri("/x/p.yaml"), "file:///x/p.yaml");
    assert_eq!(sarif::uri("C:\\x\\p.yaml"), "file:///C:/x/p.yaml");
    assert_eq!(sarif::uri("a:b"), "a%3Ab");
}
