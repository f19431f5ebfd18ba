//! `drawbridge diff`: what changed, and which side contains the other.

use super::{Answer, MANIFESTS, POLICY, drawbridge, example, folder, path};

fn diff(old: &str, new: &str, format: &str) -> Answer {
    let of = |policy: &str| format!("{MANIFESTS}---\n{policy}");
    let both = folder(&[("old.yaml", &of(old)), ("new.yaml", &of(new))]);
    let (old, new) = (path(&both, "old.yaml"), path(&both, "new.yaml"));
    drawbridge(&["diff", &old, &new, "-o", format])
}

#[test]
fn diff_reports_which_side_contains_the_other() {
    let wider = POLICY.replace("{port: 5432}", "{port: 5432}, {port: 5433}");
    let apart = POLICY.replace("port: 5432", "port: 5433");
    let split = POLICY.replace(
        "    ports: [{port: 5432}]\n",
        "    ports: [{port: 5432}]\n  - from: [{podSelector: {matchLabels: {app: web, canary: \"on\"}}}]\n    ports: [{port: 5432}]\n",
    );
    for (new, relation, policies) in [
        (POLICY, "equal", "equal"),
        (&split, "equal", "equal"),
        (&wider, "wider", "wider"),
        (&apart, "apart", "apart"),
    ] {
        let answer = diff(POLICY, new, "json");
        let json = answer.json();
        assert_eq!(json["relation"], relation);
        assert_eq!(json["policies"], policies);
        assert_eq!(json["equivalent"], relation == "equal");
        assert_eq!(answer.code, Some(i32::from(relation != "equal")));
    }
    assert_eq!(diff(&wider, POLICY, "json").json()["relation"], "narrower");
    let text = diff(POLICY, &wider, "txt");
    let sum = "More permissive: 1 connection opened, none closed; assuming";
    assert!(text.out.contains(sum), "{}", text.out);
    assert!(
        text.out
            .contains("The new policies allow everything that the old ones do, and more"),
        "{}",
        text.out
    );
}

#[test]
fn policies_may_differ_where_connections_do_not() {
    // No pod has the label `app: batch` yet.
    let future = POLICY.replace(
        "{matchLabels: {app: web}}}]",
        "{matchLabels: {app: web}}}, {podSelector: {matchLabels: {app: batch}}}]",
    );
    let answer = diff(POLICY, &future, "json");
    assert_eq!(answer.code, Some(1), "{}", answer.out);
    let json = answer.json();
    assert_eq!(json["changes"].as_array().map(Vec::len), Some(0));
    assert_eq!(json["relation"], "equal");
    assert_eq!(json["policies"], "wider");
    assert_eq!(json["equivalent"], false);
}

/// A StatefulSet whose pods are given, with their own addresses, and what may reach them.
fn pods(policy: &str) -> String {
    let pod = |at: usize, ip: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: w-{at}\n  namespace: a\n  labels: {{app: w, statefulset.kubernetes.io/pod-name: w-{at}}}\n  ownerReferences: [{{apiVersion: apps/v1, kind: StatefulSet, name: w, controller: true, uid: u}}]\nspec: {{}}\nstatus: {{podIP: {ip}}}\n---\n"
        )
    };
    let rest = format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: w, namespace: a}}\nspec:\n  podSelector: {{matchLabels: {{app: w}}}}\n  policyTypes: [Ingress]\n  ingress: [{policy}]\n"
    );
    pod(0, "10.0.0.1") + &pod(1, "10.0.0.2") + &rest
}

#[test]
fn pods_that_policies_distinguish_are_compared_separately() {
    let one = "{from: [{podSelector: {matchLabels: {statefulset.kubernetes.io/pod-name: w-0}}}]}";
    let both = folder(&[("old.yaml", &pods("")), ("new.yaml", &pods(one))]);
    let (old, new) = (path(&both, "old.yaml"), path(&both, "new.yaml"));
    let text = drawbridge(&["diff", &old, &new]);
    assert_eq!(text.code, Some(1), "{}", text.err);
    let row = "added    a/w-0 of a/w[StatefulSet]  =>  a/w-1 of a/w[StatefulSet]  any\nMore permissive: 1 connection opened";
    assert!(text.out.starts_with(row), "{}", text.out);
    let json = drawbridge(&["diff", &old, &new, "-o", "json"]).json();
    assert_eq!(json["changes"], serde_json::json!([]));
    let change = &json["replicas"][0];
    assert_eq!(
        (&change["src"]["pod"], &change["dst"]["pod"]),
        (&"w-0".into(), &"w-1".into())
    );
}

#[test]
fn replacing_replicas_is_not_a_difference() {
    let one = "{from: [{podSelector: {matchLabels: {app: w}}}], ports: [{port: 7000}]}";
    let both = folder(&[("old.yaml", &pods(one)), ("new.yaml", &pods(""))]);
    let (old, new) = (path(&both, "old.yaml"), path(&both, "new.yaml"));
    let text = drawbridge(&["diff", &old, &new]);
    let row = "removed  a/w[StatefulSet]  =>  its other replicas  TCP 7000\nStricter: 1 connection closed";
    assert!(text.out.starts_with(row), "{}", text.out);
    let known = drawbridge(&["diff", &old, &new, "--assume", "pod-addresses=known"]);
    assert!(known.out.starts_with(row), "{}", known.out);
}

#[test]
fn a_review_comment_is_a_table() {
    let apart = POLICY.replace("port: 5432", "port: 5433");
    let answer = diff(POLICY, &apart, "md");
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    let row = r"| changed | shop/web\[Deployment] | shop/db\[StatefulSet] | TCP 5432 | TCP 5433 |";
    assert!(answer.out.lines().any(|line| line == row), "{}", answer.out);
    assert!(answer.out.contains("| | From | To | Before | After |\n"));
    let same = diff(POLICY, POLICY, "md");
    assert_eq!(same.code, Some(0));
    assert!(
        !same.out.contains('|')
            && same.out.starts_with(
                "<!-- drawbridge: diff -->\n### Changes of the allowed connections\n\n✅ **Equal: no connections opened or closed"
            ),
        "{}",
        same.out
    );
}

#[test]
fn assumptions_of_flags_override_those_of_a_project_on_both_sides() {
    let text = std::fs::read_to_string(example("online-shop")).expect("an example");
    let outside = text.replacen(
        "settings:",
        "settings:\n  assume: {pod-addresses: outside}",
        1,
    );
    assert_ne!(text, outside);
    let files = [
        ("plain.yaml", &*text),
        ("set.yaml", &outside),
        ("m.yaml", MANIFESTS),
    ];
    let files = folder(&files);
    let plain = path(&files, "plain.yaml");
    let set = path(&files, "set.yaml");
    let manifests = path(&files, "m.yaml");
    let assumed = |arguments: &[&str]| {
        let answer = drawbridge(&[arguments, &["-o", "json"]].concat()).json();
        answer["assumptions"]["pod-addresses"].clone()
    };
    assert_eq!(assumed(&["list", &set]), "outside");
    assert_eq!(
        assumed(&["list", &set, "--assume", "pod-addresses=known"]),
        "known"
    );
    for (old, new, means) in [
        (&plain, &set, "outside"),
        (&set, &plain, "unknown"),
        (&set, &manifests, "outside"),
        (&manifests, &set, "outside"),
    ] {
        assert_eq!(assumed(&["diff", old, new]), means);
        let given = &["diff", old, new, "--assume", "pod-addresses=known"];
        assert_eq!(assumed(given), "known");
    }
}

#[test]
fn equivalent_policies_are_told_apart_from_equal_connections() {
    let pod = |name: &str| {
        format!("{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: shop}}}}\n---\n")
    };
    let (old, new) = (pod("web") + &pod("db"), pod("web"));
    let folder = folder(&[("old.yaml", &old), ("new.yaml", &new)]);
    let (old, new) = (path(&folder, "old.yaml"), path(&folder, "new.yaml"));
    let answer = drawbridge(&["diff", &old, &new]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.out.contains("Stricter: "), "{}", answer.out);
    assert!(!answer.out.contains("equivalent"), "{}", answer.out);
    assert!(
        answer
            .out
            .contains("\nThe policies allow the same between any two pods or addresses;"),
        "{}",
        answer.out
    );
    let same = drawbridge(&["diff", &old, &old]);
    assert!(
        same.out
            .contains("equivalent to the old ones (future pods included)"),
        "{}",
        same.out
    );
}

const CALICO: &str = "---\napiVersion: projectcalico.org/v3\n";

/// `diff PATH --promote-staged` of the pods `web` and `db` with these objects.
fn promoted(objects: &str) -> Answer {
    let folder = folder(&[("all.yaml", &format!("{MANIFESTS}{objects}"))]);
    drawbridge(&["diff", &path(&folder, "all.yaml"), "--promote-staged"])
}

#[test]
fn promoting_staged_policies_closes_and_opens_connections() {
    let deny = format!(
        "{CALICO}kind: StagedNetworkPolicy\nmetadata: {{name: db, namespace: shop}}\nspec: {{selector: app == 'db', types: [Ingress]}}\n"
    );
    let answer = promoted(&deny);
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    assert!(answer.out.contains("Stricter: "), "{}", answer.out);
    assert!(
        answer
            .out
            .contains("removed  shop/web[Deployment]  =>  shop/db[StatefulSet]  any"),
        "{}",
        answer.out
    );
    assert!(!answer.err.contains("is not enforced"), "{}", answer.err);
    // The enforced policy of that name is replaced.
    let enforced = deny.replace("StagedNetworkPolicy", "NetworkPolicy");
    let allow = deny.replace(
        "types: [Ingress]",
        "stagedAction: Set, ingress: [{action: Allow, protocol: TCP, destination: {ports: [1]}}]",
    );
    let answer = promoted(&(enforced.clone() + &allow));
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    assert!(
        answer
            .out
            .contains("added    shop/web[Deployment]  =>  shop/db[StatefulSet]  TCP 1"),
        "{}",
        answer.out
    );
    // Deleting it opens what it closed.
    let delete = deny.replace("types: [Ingress]", "stagedAction: Delete");
    let answer = promoted(&(enforced + &delete));
    assert!(
        answer
            .out
            .contains("added    shop/web[Deployment]  =>  shop/db[StatefulSet]  any"),
        "{}",
        answer.out
    );
    assert!(answer.out.contains("More permissive: "), "{}", answer.out);
}

#[test]
fn every_staged_kind_is_promoted_as_its_own() {
    for (kind, name, spec, closed) in [
        (
            "StagedGlobalNetworkPolicy",
            "db",
            "{namespaceSelector: all(), types: [Ingress]}",
            true,
        ),
        (
            "StagedKubernetesNetworkPolicy",
            "db, namespace: shop",
            "{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}",
            true,
        ),
        (
            "StagedGlobalNetworkPolicy",
            "db",
            "{stagedAction: Ignore, types: [Ingress]}",
            false,
        ),
        (
            "StagedGlobalNetworkPolicy",
            "db",
            "{stagedAction: Learn, types: [Ingress]}",
            false,
        ),
    ] {
        let text = format!("{CALICO}kind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n");
        let answer = promoted(&text);
        assert_eq!(
            answer.code,
            Some(i32::from(closed)),
            "{spec}: {}",
            answer.err
        );
        let row = "removed  shop/web[Deployment]  =>  shop/db[StatefulSet]  any";
        assert_eq!(answer.out.contains(row), closed, "{}", answer.out);
    }
}

#[test]
fn what_cannot_be_promoted_is_reported() {
    let staged = |action: &str| {
        format!(
            "{CALICO}kind: StagedNetworkPolicy\nmetadata: {{name: db, namespace: shop}}\nspec: {{stagedAction: {action}}}\n"
        )
    };
    let answer = promoted(&staged("Delete"));
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let gone = "it deletes NetworkPolicy shop/db, which is not in the input";
    assert!(answer.err.contains(gone), "{}", answer.err);
    let answer = promoted(&staged("Remove"));
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    let wrong = "it is not `Set`, `Delete`, `Learn` or `Ignore`, so this policy is not promoted";
    assert!(answer.err.contains(wrong), "{}", answer.err);
    let answer = promoted("");
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert!(answer.err.contains("no staged policies"), "{}", answer.err);
    let project = drawbridge(&[
        "diff",
        &example("online-shop").to_string_lossy(),
        "--promote-staged",
    ]);
    assert_eq!(project.code, Some(2));
    assert!(
        project.err.contains("a project has no staged policies"),
        "{}",
        project.err
    );
    let both = drawbridge(&["diff", "a.yaml", "b.yaml", "--promote-staged"]);
    assert_eq!(both.code, Some(2));
    assert!(both.err.contains("cannot be used with"), "{}", both.err);
    let one = drawbridge(&["diff", "a.yaml"]);
    assert_eq!(one.code, Some(2));
}

/// A rule about nodes counts although no known node is one of them.
#[test]
fn rules_about_future_nodes_are_compared() {
    let guard = |peer: &str| {
        format!(
            "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {{name: guard}}\nspec: {{priority: 10, subject: {{namespaces: {{}}}}, egress: [{{action: Deny, to: [{{{peer}}}]}}]}}\n"
        )
    };
    for selector in ["{}", "{matchLabels: {zone: a}}"] {
        let old = guard(&format!("nodes: {selector}"));
        let json = diff(&old, &guard("networks: [203.0.113.7/32]"), "json").json();
        assert_eq!(
            (&json["policies"], &json["equivalent"]),
            (&"apart".into(), &false.into())
        );
        let json = diff(&old, &old, "json").json();
        assert_eq!(json["equivalent"], true);
    }
}
