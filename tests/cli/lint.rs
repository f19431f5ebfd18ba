//! `lint`: the manual of codes, and what other answers tell of its findings; and whose rules decide.

use super::{MANIFESTS, POLICY, SENSITIVE, drawbridge, drawbridge_with, folder, path};

/// A route to `web`, and a policy that lets nothing in.
const BROKEN: &str = "\
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny-all, namespace: shop}
spec: {podSelector: {}}
";

#[test]
fn codes_are_explained() {
    let page = drawbridge(&["lint", "--explain", "v9"]);
    assert_eq!(page.code, Some(0), "{}", page.err);
    assert!(page.out.starts_with("## V9 empty-peer\n"), "{}", page.out);
    for part in ["**Why it matters.**", "```yaml", "**What to do.**"] {
        assert!(page.out.contains(part), "{part}: {}", page.out);
    }
    let rule = drawbridge(&["lint", "--explain", "L35"]);
    assert!(
        rule.out.starts_with("## L35 route-broken\n"),
        "{}",
        rule.out
    );
    let none = drawbridge(&["lint", "--explain", "L00"]);
    assert_eq!((none.code, none.out.as_str()), (Some(2), ""));
    assert!(none.err.contains("unknown code `L00`"), "{}", none.err);
    assert!(none.err.contains("known codes: K1, "), "{}", none.err);
    assert_eq!(drawbridge(&["lint"]).code, Some(2));
}

#[test]
fn findings_that_qualify_answers_are_reported_with_them() {
    let text = format!("{MANIFESTS}{BROKEN}");
    let lint = drawbridge_with(&["lint", "-"], &text);
    assert_eq!(lint.code, Some(1), "{}", lint.err);
    assert_eq!(lint.out.matches("(L35)").count(), 1, "{}", lint.out);
    for rest in [
        &["list", "-"][..],
        &["exposure", "-"],
        &[
            "explain", "-", "--from", "shop/web", "--to", "shop/db", "--port", "TCP/5432",
        ],
    ] {
        let answer = drawbridge_with(rest, &text);
        assert_eq!(
            answer.err.matches("(L35)").count(),
            1,
            "{rest:?}: {}",
            answer.err
        );
    }
    let made = folder(&[("old.yaml", MANIFESTS), ("new.yaml", &text)]);
    let diff = drawbridge(&["diff", &path(&made, "old.yaml"), &path(&made, "new.yaml")]);
    assert_eq!(diff.err.matches("(L35)").count(), 1, "{}", diff.err);
}

#[test]
fn the_enforcer_is_that_of_the_policies_in_the_input() {
    let cilium = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: a}\nspec: {endpointSelector: {}, ingress: [{}]}\n";
    let calico = "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: p, namespace: a}\nspec: {types: [Ingress]}\n";
    let project = format!("{SENSITIVE}settings: {{enforcer: cilium}}\n");
    let made = folder(&[
        ("cilium.yaml", cilium),
        ("calico.yaml", calico),
        ("p.drawbridge.yaml", &project),
        ("db.yaml", POLICY),
    ]);
    let path = |name: &str| path(&made, name);
    let (cilium, calico, db) = (path("cilium.yaml"), path("calico.yaml"), path("db.yaml"));
    for (command, enforcer) in [
        (&["list", &db][..], "kubernetes"),
        (&["list", &cilium, &db], "cilium"),
        (&["list", &calico, &db], "calico"),
        (&["list", &db, "--enforcer", "calico"], "calico"),
        (&["list", &path("p.drawbridge.yaml")], "cilium"),
        (
            &[
                "list",
                &path("p.drawbridge.yaml"),
                "--enforcer",
                "kubernetes",
            ],
            "kubernetes",
        ),
        (&["diff", &cilium, &db], "cilium"),
        (&["diff", &db, &db, "--enforcer-new", "calico"], "calico"),
    ] {
        let answer = drawbridge(command);
        assert!(answer.code < Some(2), "{command:?}: {}", answer.err);
        let told = format!("assuming enforcer={enforcer}, ");
        assert!(answer.out.contains(&told), "{command:?}: {}", answer.out);
    }
    let both = drawbridge(&["list", &cilium, &calico]);
    assert_eq!(both.code, Some(2));
    assert_eq!(both.err.matches("(enforcer)").count(), 1, "{}", both.err);
}

/// A policy with a rule of egress that `policyTypes` leaves out.
const IGNORED_RULES: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}} # ours
  policyTypes: [Ingress]
  egress: [{ports: [{port: 443}]}]
";

#[test]
fn rules_are_explained_by_name() {
    let page = drawbridge(&["lint", "--explain", "unmatched-named-port"]);
    assert_eq!(page.code, Some(0), "{}", page.err);
    assert!(page.out.starts_with("## L08 unmatched-named-port\n"));
}

#[test]
fn ignored_findings_do_not_count() {
    let plain = drawbridge_with(&["lint", "-"], IGNORED_RULES);
    assert_eq!(plain.code, Some(1), "{}", plain.out);
    let text = format!("# drawbridge: ignore L15, L26, L13, L01 as agreed\n{IGNORED_RULES}");
    let codes = drawbridge_with(&["lint", "-", "-o", "json"], &text);
    let json = codes.json();
    let found: Vec<_> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["code"].clone())
        .collect();
    assert!(!found.contains(&"L15".into()), "{found:?}");
    assert!(json["ignored"].as_u64() >= Some(1), "{json}");
}

#[test]
fn projects_ignore_findings_of_their_policies() {
    let text: String = IGNORED_RULES
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect();
    let project = |ignore: &str| {
        format!(
            "format: drawbridge/1\nsettings: {{base: none}}\nnamespaces:\n- {{name: shop}}\nworkloads:\n- {{name: web, namespace: shop, labels: {{app: web}}}}\npolicies:\n- text: |\n{text}{ignore}"
        )
    };
    let count = |text: &str| {
        let made = folder(&[("p.drawbridge.yaml", text)]);
        let json = drawbridge(&["lint", &path(&made, "p.drawbridge.yaml"), "-o", "json"]).json();
        let findings = json["findings"].as_array().unwrap().clone();
        let of = |code: &str| findings.iter().filter(|f| f["code"] == code).count();
        (of("L15"), of("unused-ignore"), json["ignored"].as_u64())
    };
    assert_eq!(count(&project("")), (1, 0, Some(0)));
    assert_eq!(
        count(&project(
            "ignore: [{rule: L15, in: shop/web, reason: later}]\n"
        )),
        (0, 0, Some(1))
    );
    assert_eq!(
        count(&project("ignore: [{rule: L15, in: other}]\n")),
        (1, 1, Some(0))
    );
}

#[test]
fn corrections_are_shown_and_written() {
    let made = folder(&[("a.yaml", IGNORED_RULES)]);
    let file = path(&made, "a.yaml");
    let json = drawbridge(&["lint", &file, "-o", "json"]).json();
    let fixable = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["fixable"] == true);
    assert_eq!(
        fixable.map(|f| f["code"].clone()),
        Some("L15".into()),
        "{json}"
    );
    let dry = drawbridge(&["lint", &file, "--fix", "--dry-run"]);
    let want = format!(
        "--- {file}\n+++ {file}\n@@ -3,5 +3,5 @@\n metadata: {{name: web, namespace: shop}}\n spec:\n   podSelector: {{matchLabels: {{app: web}}}} # ours\n-  policyTypes: [Ingress]\n+  policyTypes: [Ingress, Egress]\n   egress: [{{ports: [{{port: 443}}]}}]\n"
    );
    assert_eq!(dry.out, want, "{}", dry.err);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), IGNORED_RULES);
    let fixed = drawbridge(&["lint", &file, "--fix"]);
    assert!(!fixed.out.contains("(L15)"), "{}", fixed.out);
    let after = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        after,
        IGNORED_RULES.replace("[Ingress]", "[Ingress, Egress]")
    );
    let again = drawbridge(&["lint", &file, "--fix", "--dry-run"]);
    assert_eq!(again.out, "");
    let input = drawbridge_with(&["lint", "-", "--fix"], IGNORED_RULES);
    assert_eq!(input.code, Some(2));
    assert!(
        input.err.contains("standard input cannot be corrected"),
        "{}",
        input.err
    );
}

#[test]
fn findings_have_scores_in_every_format() {
    let text = format!("{MANIFESTS}{BROKEN}");
    for (format, part) in [
        ("txt", "\nscore "),
        ("md", "\nscore "),
        ("json", "\"score\": "),
    ] {
        let answer = drawbridge_with(&["lint", "-", "-o", format], &text);
        assert!(answer.out.contains(part), "{format}: {}", answer.out);
    }
    let sarif = drawbridge_with(&["lint", "-", "-o", "sarif"], &text);
    let sarif: serde_json::Value = serde_json::from_str(&sarif.out).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
}

#[test]
fn findings_in_imported_policies_have_lines_of_the_project() {
    let project = "\
format: drawbridge/1
settings: {base: none}
namespaces:
- {name: shop}
workloads:
- {name: web, namespace: shop, labels: {app: web}, ports: [{name: http, port: 8080}]}
policies:
- file: elsewhere.yaml
  text: |
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: web, namespace: shop}
    spec:
      podSelector: {matchLabels: {app: web}}
      ingress:
      - ports: [{port: https}]
";
    let folder = folder(&[("p.drawbridge.yaml", project)]);
    let file = path(&folder, "p.drawbridge.yaml");
    let place = format!("{file}:16:");
    assert!(
        project
            .lines()
            .nth(15)
            .is_some_and(|line| line.contains("https"))
    );
    let lint = drawbridge(&["lint", &file]);
    assert!(lint.out.contains(&place), "{}", lint.out);
    assert!(!lint.out.contains("elsewhere.yaml:"), "{}", lint.out);
    let list = drawbridge(&["list", &file]);
    assert!(list.err.contains(&place), "{}", list.err);
    let verify = drawbridge(&["verify", &file]);
    assert!(
        verify.err.contains(&place) && !verify.err.contains("elsewhere.yaml:"),
        "{}",
        verify.err
    );
}
