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
