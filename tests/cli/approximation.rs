//! Flows with `approximate: true`: what `generate` writes and reports, and the verdict of `verify` in every format.

use super::{drawbridge, folder, path};

const PROJECT: &str = "\
format: drawbridge/1
name: p
namespaces: [{name: shop}]
workloads:
- {name: web, namespace: shop, labels: {app: web}}
- {name: api, namespace: shop, labels: {app: api}}
externals:
- {name: bank, domainNames: [bank.example.com]}
flows:
- {from: shop/web, to: shop/api, ports: [TCP/8080], http: [{method: GET, path: /products/.*}], approximate: true}
- {from: shop/web, to: external/bank, ports: [TCP/443]}
";
const REQUESTS: &str = "any request on TCP 8080, drawn: GET /products/.*";
const NAMES: &str = "all addresses outside the cluster on TCP 443";

fn project(text: &str) -> (tempfile::TempDir, String) {
    let folder = folder(&[("p.drawbridge.yaml", text)]);
    let project = path(&folder, "p.drawbridge.yaml");
    (folder, project)
}

/// Both flows accept their wider form.
fn approximated() -> String {
    PROJECT.replace("[TCP/443]}", "[TCP/443], approximate: true}")
}

#[test]
fn generate_writes_the_wider_form_with_a_comment_and_reports_it() {
    let (_folder, project) = project(PROJECT);
    let answer = drawbridge(&["generate", &project]);
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    let comment = format!("# Approximation: allows {REQUESTS}\n");
    assert_eq!(answer.out.matches(&comment).count(), 2, "{}", answer.out);
    let note = format!("{project}:10:3: info: flow web to api: approximated: allows {REQUESTS}");
    assert!(answer.err.contains(&note), "{}", answer.err);
    let offer = format!("or set `approximate: true` on the flow: allows {NAMES}");
    assert!(answer.err.contains(&offer), "{}", answer.err);
    let exact = drawbridge(&["generate", &project, "--dialect", "cilium"]);
    assert_eq!(exact.code, Some(0), "{}", exact.err);
    assert!(!exact.out.contains("Approximation"), "{}", exact.out);
}

#[test]
fn verify_says_approximated_in_every_format() {
    let (_folder, project) = project(&approximated());
    let verify = |format: &str| {
        let answer = drawbridge(&["verify", &project, "-o", format]);
        assert_eq!(answer.code, Some(1), "{format}: {}", answer.err);
        answer.out
    };
    let text = verify("txt");
    let summary = "Exact, except 2 flows approximated: more is allowed\n";
    assert!(text.starts_with(summary), "{text}");
    assert!(
        text.contains(&format!("approximated: allows more: {REQUESTS}")),
        "{text}"
    );
    let json: serde_json::Value = serde_json::from_str(&verify("json")).expect("JSON");
    assert_eq!(json["state"], "approximated");
    for at in 0..2 {
        assert_eq!(json["flows"][at]["verdict"], "approximated");
        assert_eq!(json["findings"][at]["kind"], "approximated");
    }
    let sarif: serde_json::Value = serde_json::from_str(&verify("sarif")).expect("SARIF");
    let results = &sarif["runs"][0]["results"];
    assert_eq!(results[0]["ruleId"], "approximated");
    assert_eq!(results[0]["level"], "warning");
    assert!(verify("md").contains("| Approximated |"));
    let junit = verify("junit");
    assert_eq!(junit.matches("type=\"approximated\"").count(), 2, "{junit}");
    assert!(
        junit.contains("name=\"nothing else is allowed\""),
        "{junit}"
    );
    let exact = drawbridge(&["verify", &project, "--dialect", "cilium"]);
    assert_eq!(exact.code, Some(0), "{}{}", exact.out, exact.err);
}

#[test]
fn verify_offers_the_wider_form_and_judges_other_policies_by_it() {
    let (_folder, project) = project(PROJECT);
    let answer = drawbridge(&["verify", &project]);
    let fix = format!("fix: Approximate: allow {NAMES}");
    assert!(answer.out.contains(&fix), "{}", answer.out);

    let (folder, project) = self::project(&approximated());
    let policies = drawbridge(&["generate", &project]).out;
    let against = |text: &str| {
        let file = folder.path().join("policies.yaml");
        std::fs::write(&file, text).expect("it is written");
        let file = path(&folder, "policies.yaml");
        drawbridge(&["verify", &project, "--against", &file]).out
    };
    assert!(against(&policies).starts_with("Exact, except 2 flows approximated"));
    let wider = against(&policies.replace("port: 443", "port: 442\n      endPort: 443"));
    assert!(wider.contains("too-wide: "), "{wider}");
}

#[test]
fn the_help_tells_the_exit_codes_of_approximated_flows() {
    for command in ["verify", "generate"] {
        let help = drawbridge(&[command, "--help"]).out;
        assert!(help.contains("`approximate: true`"), "{help}");
    }
}
