//! What `verify`, `generate` and `list` report about the flows and policies of a project.

use std::fs;

use super::{MANIFESTS, drawbridge, folder, path};

const HEAD: &str = "\
format: drawbridge/1
name: p
namespaces: [{name: shop}]
workloads:
- {name: web, namespace: shop, labels: {app: web}}
- {name: api, namespace: shop, labels: {app: api}}
";

/// A folder with a project, and its path.
fn project(text: &str) -> (tempfile::TempDir, String) {
    let folder = folder(&[("p.drawbridge.yaml", text)]);
    let project = path(&folder, "p.drawbridge.yaml");
    (folder, project)
}

#[test]
fn host_network_pods_that_an_end_leaves_out_are_named() {
    for (end, of_all) in [
        ("shop/*", ""),
        ("\"*\"", ""),
        (
            "group/all",
            "groups: [{name: all, namespaces: {}, pods: {}}]\n",
        ),
    ] {
        let text = format!(
            "{HEAD}- {{name: agent, namespace: shop, labels: {{app: agent}}, hostNetwork: true}}\n{of_all}settings: {{assume: {{host-network: nodes}}}}\nflows:\n- {{from: {end}, to: shop/api, ports: [TCP/80]}}\n"
        );
        let (_folder, project) = project(&text);
        for command in ["generate", "verify", "list"] {
            let answer = drawbridge(&[command, &project]);
            assert_eq!(answer.code, Some(0), "{}", answer.err);
            let line = text.lines().count();
            let warning = format!("{project}:{line}:3: warning: the flow ");
            assert!(answer.err.contains(&warning), "{command}: {}", answer.err);
            assert!(
                answer.err.contains("leaves out `shop/agent`"),
                "{}",
                answer.err
            );
        }
        let (_folder, project) = self::project(&text.replace("nodes", "pods"));
        let answer = drawbridge(&["verify", &project]);
        assert!(!answer.err.contains("leaves out"), "{}", answer.err);
    }
}

#[test]
fn a_project_that_does_not_load_reports_only_the_cause() {
    let flows = "flows:\n- {from: shop/web, to: shop/api, ports: [TCP/80]}\n";
    for (right, wrong) in [
        ("[{name: shop}]", "[{name: shop, labels: [a]}]"),
        ("[{name: shop}]", "[{name: shop, labels: {a: b}]"),
        ("labels: {app: api}", "labels: 5"),
    ] {
        let (_folder, project) = project(&format!("{HEAD}{flows}").replace(right, wrong));
        let ends = ["--from", "shop/web", "--to", "shop/api", "--port", "TCP/80"];
        let explain = [&["explain", &project][..], &ends].concat();
        for arguments in [
            &["verify", &project][..],
            &["generate", &project],
            &["list", &project],
            &["exposure", &project],
            &["diff", &project, &project],
            &explain,
        ] {
            let answer = drawbridge(arguments);
            assert_eq!((answer.code, answer.out.as_str()), (Some(2), ""));
            let found: Vec<&str> = answer.err.lines().filter(|l| !l.starts_with(' ')).collect();
            assert!(found[0].ends_with("(project-format)"), "{found:?}");
            assert_eq!(found.len(), 1, "{arguments:?} {found:?}");
        }
    }
}

#[test]
fn an_end_that_does_not_exist_is_an_invalid_flow() {
    let text = format!(
        "{HEAD}flows:\n- {{from: shop/web, to: shop/api, ports: [TCP/80]}}\n- {{from: 0.0.0.0/0, to: shop/api, ports: [TCP/81]}}\n"
    );
    let (_folder, project) = project(&text);
    let answer = drawbridge(&["verify", &project]);
    assert_eq!(answer.code, Some(2));
    let first = answer.out.lines().next();
    assert_eq!(first, Some("1 flow has an end that does not exist"));
    assert!(
        answer.out.contains("invalid-flow: the flow is left out"),
        "{}",
        answer.out
    );
    let place = format!("    flow: 0.0.0.0/0 to api ({project}:9:3)\n");
    assert!(answer.out.contains(&place), "{}", answer.out);
    assert!(
        answer.err.contains("`0.0.0.0/0` is a network"),
        "{}",
        answer.err
    );
    assert!(
        answer.err.contains("declare an external with this network"),
        "{}",
        answer.err
    );
    let json = drawbridge(&["verify", &project, "-o", "json"]).json();
    assert_eq!(json["state"], "invalid-flow");
    assert_eq!(
        (&json["flows"][1]["line"], &json["flows"][1]["column"]),
        (&9.into(), &3.into())
    );
    let generated = drawbridge(&["generate", &project]);
    assert!(
        generated
            .err
            .contains(&format!("{project}:9:3: error: flow ")),
        "{}",
        generated.err
    );
}

/// Every command that reads a project ends alike where a flow is invalid, and names it.
#[test]
fn an_invalid_flow_is_exit_code_2_in_every_command() {
    for (flow, words) in [
        (
            "{from: shop/web, to: shop/api, ports: [TCP/99999]}",
            "`99999` is not a port number",
        ),
        (
            "{from: shop/web, to: shop/api, ports: []}",
            "it has no ports",
        ),
        (
            "{from: shop/web, to: shop/nope, ports: [TCP/80]}",
            "shop/nope",
        ),
        ("{from: shop/web, ports: [TCP/80]}", "`to`"),
        (
            "{from: shop/web, to: shop/api, ports: [TCP/http]}",
            "declares no TCP port",
        ),
        // Beside a flow that is right, and beside what cannot be expressed.
        (
            "{from: shop/web, to: shop/api, ports: [TCP/80, TCP/http]}",
            "declares no TCP port",
        ),
    ] {
        let (folder, project) = project(&format!("{HEAD}flows:\n- {flow}\n"));
        let picture = path(&folder, "p.svg");
        let ends = ["--from", "shop/web", "--to", "shop/api", "--port", "TCP/81"];
        for arguments in [
            &["verify", &project][..],
            &["verify", &project, "--against", &project],
            &["generate", &project],
            &["generate", &project, "--dialect", "cilium"],
            &["lint", &project],
            &["lint", &project, "-o", "json"],
            &["list", &project],
            &[&["explain", &project][..], &ends].concat(),
            &["exposure", &project],
            &["diff", &project, &project],
            &["paths", &project, "--from", "shop/web"],
            &["suggest", &project],
            &["convert", &project, "--to", "cilium"],
            &["render", &project, "-o", &picture],
        ] {
            let answer = drawbridge(arguments);
            assert_eq!(answer.code, Some(2), "{arguments:?} {flow}");
            let told = [&*answer.out, &*answer.err].concat();
            assert!(told.contains(words), "{arguments:?} {flow}\n{told}");
        }
    }
}

#[test]
fn what_is_omitted_is_in_the_exit_code_of_generate_too() {
    let text = format!(
        "{HEAD}externals: [{{name: pay, domainNames: [pay.example]}}]\nflows:\n- {{from: shop/web, to: external/pay, ports: [TCP/443]}}\n"
    );
    let (_folder, project) = project(&text);
    for command in ["verify", "generate"] {
        let answer = drawbridge(&[command, &project]);
        assert_eq!(answer.code, Some(1), "{command}: {}", answer.err);
    }
    let listed = drawbridge(&["list", &project]);
    assert_eq!(listed.code, Some(0));
    assert!(
        listed
            .err
            .contains(&format!("{project}:9:3: warning: flow ")),
        "{}",
        listed.err
    );
}

/// A policy of the project that nothing judges, and one that is imported as it is.
const IMPORTED: &str = "\
policies:
- file: guard.yaml
  text: |
    apiVersion: cilium.io/v2
    kind: CiliumNetworkPolicy
    metadata: {name: guard, namespace: shop}
    spec: {endpointSelector: {}}
flows: [{from: shop/web, to: shop/api, ports: [TCP/80]}]
";

#[test]
fn imported_policies_that_are_not_written_are_named() {
    let (folder, project) = project(&format!("{HEAD}{IMPORTED}"));
    let answer = drawbridge(&["generate", &project, "-o", &path(&folder, "out")]);
    assert!(
        answer
            .err
            .contains("1 imported policy of the project is not among"),
        "{}",
        answer.err
    );
    assert!(answer.err.contains("`guard.yaml`"), "{}", answer.err);
}

/// A default deny in `shop`, and these imported policies.
fn with_policies(policies: &str) -> String {
    format!("{HEAD}settings: {{base: deny-all}}\npolicies:\n{policies}")
}

#[test]
fn imported_policies_that_do_nothing_are_named() {
    let config = "{file: c.yaml, text: '{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}'}";
    let pod =
        "{file: c.yaml, text: '{apiVersion: v1, kind: Pod, metadata: {name: c, namespace: shop}}'}";
    let policy = "text: '{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: own, namespace: shop}, spec: {podSelector: {}}}'";
    let no_policy = "warning: the text contains no policy";
    for (entry, warning, is_written) in [
        (config.to_owned(), format!("c.yaml:1:1: {no_policy}"), None),
        (pod.to_owned(), format!("c.yaml:1:1: {no_policy}"), None),
        (
            "{text: ''}".to_owned(),
            "warning: imported policy 1: the text contains no policy".to_owned(),
            None,
        ),
        (
            format!("{{file: own.yaml, replaces: shop/nosuch, {policy}}}"),
            "own.yaml:1:1: warning: no generated policy is named `shop/nosuch`".to_owned(),
            Some("apply `own.yaml` as well"),
        ),
        (
            format!("{{replaces: nosuch, {policy}}}"),
            "warning: imported policy 1: `replaces: nosuch` is not NAMESPACE/NAME".to_owned(),
            Some("apply it as well"),
        ),
    ] {
        let (_folder, project) = project(&with_policies(&format!("- {entry}\n")));
        for command in ["verify", "generate", "list", "lint"] {
            let answer = drawbridge(&[command, &project]);
            let all = format!("{}{}", answer.out, answer.err);
            assert_eq!(all.matches(&warning).count(), 1, "{command} {entry}: {all}");
        }
        let generated = drawbridge(&["generate", &project]);
        assert_eq!(generated.code, Some(0), "{}", generated.err);
        assert!(
            generated.out.contains("name: deny-all"),
            "{}",
            generated.out
        );
        match is_written {
            None => assert!(!generated.err.contains("as well"), "{}", generated.err),
            Some(help) => assert!(generated.err.contains(help), "{}", generated.err),
        }
    }
}

#[test]
fn files_of_a_project_that_generates_nothing_any_more_are_deleted() {
    let (folder, project) = project(&with_policies(" []\n"));
    let out = path(&folder, "out");
    let generate = || drawbridge(&["generate", &project, "-o", &out]);
    let empty = format!("{HEAD}settings: {{base: none}}\n");
    let write = |text: &str| fs::write(&project, text).expect("it is written");
    write(&empty);
    let nothing = generate();
    assert_eq!(nothing.code, Some(2), "{}", nothing.err);
    assert!(
        nothing
            .err
            .contains("there is nothing to generate (no-flows)")
    );

    write(&with_policies(" []\n"));
    assert_eq!(generate().code, Some(0));
    assert_eq!(super::policies_in(out.as_ref()).len(), 2);
    write(&empty);
    let deleted = generate();
    assert_eq!(deleted.code, Some(0), "{}", deleted.err);
    assert!(deleted.out.contains("deleted "), "{}", deleted.out);
    assert!(
        deleted.err.contains("is deleted (no-flows)"),
        "{}",
        deleted.err
    );
    assert!(super::policies_in(out.as_ref()).is_empty());
    assert_eq!(generate().code, Some(2), "as without such files");

    // Files that were edited are not deleted without asking.
    write(&with_policies(" []\n"));
    assert_eq!(generate().code, Some(0));
    let file = std::path::Path::new(&out).join("shop/deny-all.yaml");
    fs::write(&file, "a: 1\n").expect("it is written");
    write(&empty);
    let edited = generate();
    assert_eq!(edited.code, Some(2));
    assert!(
        edited.err.contains("was edited since the last export"),
        "{}",
        edited.err
    );
    assert!(file.exists());
}

#[test]
fn every_command_reads_a_project_in_utf_16_and_refuses_other_bytes() {
    let text = with_policies(" []\n");
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    let wide: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
    let (folder, _) = project("");
    let file = path(&folder, "p.drawbridge.yaml");
    let garbled = [text.as_bytes(), b"# \xff\n"].concat();
    let line = text.lines().count() + 1;
    let ends = ["--from", "shop/web", "--to", "shop/api", "--port", "TCP/80"];
    let explain = [&["explain", &file][..], &ends].concat();
    for arguments in [
        &["generate", &file][..],
        &["verify", &file],
        &["list", &file],
        &["exposure", &file],
        &["lint", &file],
        &explain,
    ] {
        fs::write(&file, &wide).expect("it is written");
        let read = drawbridge(arguments);
        fs::write(&file, &text).expect("it is written");
        let plain = drawbridge(arguments);
        assert_eq!(
            (read.code, &read.out, &read.err),
            (plain.code, &plain.out, &plain.err),
            "{arguments:?}"
        );
        fs::write(&file, &garbled).expect("it is written");
        let refused = drawbridge(arguments);
        assert_eq!(refused.code, Some(2), "{arguments:?} {}", refused.err);
        let all = format!("{}{}", refused.out, refused.err);
        let place = format!("{file}:{line}:3: error: the file is not read");
        assert!(all.contains(&place), "{arguments:?} {all}");
        assert!(all.contains("save it as UTF-8"), "{all}");
    }
}

#[test]
fn what_is_lost_at_both_gates_is_reported_once() {
    let head = |settings: &str| format!("{HEAD}settings: {{{settings}}}\n");
    let denial = "flows:\n- {from: shop/web, to: shop/api, ports: [TCP/80], action: deny}\n";
    let group = "groups: [{name: g, namespaces: {}, pods: {matchExpressions: [{key: app, operator: In}]}}]\nflows:\n- {from: shop/web, to: group/g, ports: [TCP/80]}\n";
    for (text, why) in [
        (head("base: none") + denial, "NetworkPolicy cannot deny"),
        (
            head("base: deny-all") + group,
            "the selector `app in ()` is not valid",
        ),
    ] {
        let (_folder, project) = project(&text);
        let verified = drawbridge(&["verify", &project]);
        assert_eq!(verified.out.matches(why).count(), 1, "{}", verified.out);
        assert!(verified.err.matches(why).count() <= 1, "{}", verified.err);
        let listed = drawbridge(&["list", &project]);
        assert_eq!(listed.err.matches(why).count(), 1, "{}", listed.err);
    }
}

#[test]
fn policies_that_are_not_judged_are_results_of_sarif() {
    let (folder, project) = project(&format!("{HEAD}{IMPORTED}"));
    let guard = IMPORTED
        .lines()
        .skip(3)
        .take(4)
        .map(|l| format!("{}\n", l.trim_start()));
    fs::write(path(&folder, "guard.yaml"), guard.collect::<String>()).expect("written");
    let given = path(&folder, "guard.yaml");
    for (arguments, file, line) in [
        (&["verify", &project][..], "p.drawbridge.yaml", 10),
        (&["verify", &project, "--against", &given], "guard.yaml", 1),
    ] {
        let answer = drawbridge(&[arguments, &["-o", "sarif"]].concat());
        let log: serde_json::Value = serde_json::from_str(&answer.out).expect("JSON");
        let results = log["runs"][0]["results"].as_array().expect("a list");
        let found: Vec<_> = results
            .iter()
            .filter(|r| r["ruleId"] == "policy-not-judged")
            .collect();
        assert_eq!(found.len(), 1, "{}", answer.out);
        let text = found[0]["message"]["text"].as_str().expect("a text");
        assert!(
            text.starts_with("CiliumNetworkPolicy shop/guard "),
            "{text}"
        );
        let place = &found[0]["locations"][0]["physicalLocation"];
        assert!(
            place["artifactLocation"]["uri"]
                .as_str()
                .is_some_and(|u| u.ends_with(file))
        );
        assert_eq!(place["region"]["startLine"], line);
    }
}

#[test]
fn one_kustomization_has_one_namespace() {
    let text = HEAD.replace("[{name: shop}]", "[{name: shop}, {name: bank}]");
    let (folder, project) = project(&text);
    let out = path(&folder, "out");
    let arguments = [
        "generate",
        &project,
        "-o",
        &out,
        "--kustomization",
        "--without-namespaces",
    ];
    let answer = drawbridge(&arguments);
    assert_eq!(answer.code, Some(2), "{}", answer.out);
    assert!(answer.err.contains("for 2 namespaces"), "{}", answer.err);
    assert!(!folder.path().join("out").exists());
    assert_eq!(drawbridge(&arguments[..5]).code, Some(0));
    // Nor has one stream.
    let answer = drawbridge(&["generate", &project, "--without-namespaces"]);
    assert_eq!((answer.code, answer.out.as_str()), (Some(2), ""));
}

#[test]
fn a_project_that_only_isolates_is_verified() {
    let (_folder, closed) = project(HEAD);
    let answer = drawbridge(&["verify", &closed]);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let (_folder, open) = project(&format!("{HEAD}settings: {{base: none}}\n"));
    let answer = drawbridge(&["verify", &open]);
    assert_eq!(answer.code, Some(2), "{}", answer.out);
    assert!(answer.err.contains("nothing to verify"), "{}", answer.err);
}

#[test]
fn a_policy_whose_rule_denies_a_flow_is_named() {
    let admin = "\
policies:
- file: lock.yaml
  text: |
    apiVersion: policy.networking.k8s.io/v1alpha1
    kind: AdminNetworkPolicy
    metadata: {name: lock}
    spec:
      priority: 10
      subject: {namespaces: {}}
      ingress:
      - action: Deny
        from: [{namespaces: {}}]
        ports: [{portNumber: {protocol: TCP, port: 81}}]
flows: [{from: shop/web, to: shop/api, ports: [TCP/80-82]}]
settings: {base: none}
";
    let (_folder, project) = project(&format!("{HEAD}{admin}"));
    let answer = drawbridge(&["verify", &project]);
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    assert!(
        answer
            .out
            .contains("on TCP 81: ingress to shop/api is denied by AdminNetworkPolicy lock\n"),
        "{}",
        answer.out
    );
    assert!(answer.out.contains("    policy: lock\n"), "{}", answer.out);
    assert!(!answer.out.contains("isolated"), "{}", answer.out);
}

#[test]
fn a_missing_default_deny_is_shown_between_two_workloads() {
    let flows = "flows: [{from: shop/web, to: shop/api, ports: [TCP/80]}]\n";
    let (folder, project) = project(&format!("{HEAD}{flows}"));
    let given = path(&folder, "none.yaml");
    fs::write(
        &given,
        "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}",
    )
    .expect("written");
    let out = drawbridge(&["verify", &project, "--against", &given]).out;
    let found: Vec<&str> = out
        .lines()
        .filter(|l| l.starts_with("too-wide: "))
        .collect();
    assert_eq!(found.len(), 2, "{out}");
    for line in found {
        assert!(
            line.contains("shop/web and shop/api") || line.contains("shop/api and shop/web"),
            "{line}"
        );
        assert!(!line.contains("shop/web can reach shop/web"), "{line}");
        assert!(!line.contains("shop/api can reach shop/api"), "{line}");
    }
}

/// What a project keeps of policies of Calico: flows where these mean the same, and the objects that they name.
#[test]
fn policies_of_calico_are_adopted_into_a_project_that_writes_calico() {
    const POLICIES: &str = "---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  selector: app == 'db'
  ingress:
  - {action: Allow, protocol: TCP, source: {selector: app == 'web'}, destination: {ports: [5432]}}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: offices}
spec:
  namespaceSelector: all()
  order: 10
  ingress:
  - {action: Allow, source: {selector: kind == 'office'}}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: {name: offices, labels: {kind: office}}
spec: {nets: [198.51.100.0/24]}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: {name: others, labels: {kind: other}}
spec: {nets: [203.0.113.0/24]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: shop, labels: {a: b}}
";
    let manifests = folder(&[("all.yaml", &format!("{MANIFESTS}{POLICIES}"))]);
    let input = path(&manifests, "all.yaml");
    let project = path(&manifests, "shop.drawbridge.yaml");
    let adopted = drawbridge(&["adopt", &input, "-o", &project]);
    assert_eq!(adopted.code, Some(0), "{}", adopted.err);
    for line in [
        "shop/db: adopted\n",
        "offices: stays imported: it is for the pods of all namespaces\n",
        "offices: stays imported: it is no policy: policies name this GlobalNetworkSet\n",
    ] {
        assert!(adopted.out.contains(line), "{}", adopted.out);
    }
    let text = fs::read_to_string(&project).expect("it wrote the project");
    assert!(text.contains("dialects: [calico]"), "{text}");
    assert!(!text.contains("ServiceAccount"), "{text}");
    let written = drawbridge(&["generate", &project]);
    assert!(
        written.out.contains("apiVersion: projectcalico.org/v3"),
        "{}",
        written.out
    );
    let same = drawbridge(&["diff", &input, &project, "--enforcer", "calico"]);
    assert_eq!(same.code, Some(0), "{}{}", same.out, same.err);
}

/// A flow from a node is written by its addresses, and answers name the node by the words of the project.
#[test]
fn a_node_is_an_end_of_a_flow() {
    let (folder, project) = project(&format!(
        "{HEAD}nodes: [{{name: n1, addresses: [10.0.0.7]}}, {{name: n2, addresses: [10.0.0.8]}}]\nflows:\n- {{from: node/n1, to: shop/web, ports: [TCP/80]}}\n- {{from: shop/api, to: node/n2, ports: [TCP/10250]}}\n"
    ));
    let verified = drawbridge(&["verify", &project]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.out, verified.err);
    let written = drawbridge(&["generate", &project]);
    assert!(written.out.contains("cidr: 10.0.0.7/32"), "{}", written.out);
    for (from, to, port, code) in [
        ("node/n1", "shop/web", "TCP/80", 0),
        ("node/n2", "shop/web", "TCP/80", 1),
        ("shop/api", "node/n2", "TCP/10250", 0),
        ("shop/api", "node/n1", "TCP/10250", 1),
    ] {
        let explained = drawbridge(&[
            "explain", &project, "--from", from, "--to", to, "--port", port,
        ]);
        assert_eq!(
            explained.code,
            Some(code),
            "{from} {to}: {}{}",
            explained.out,
            explained.err
        );
        assert!(explained.out.contains(from), "{}", explained.out);
    }
    let picture = path(&folder, "p.svg");
    let rendered = drawbridge(&["render", &project, "-o", &picture, "--select", "node/n1"]);
    assert_eq!(rendered.code, Some(0), "{}", rendered.err);
    let picture = fs::read_to_string(&picture).expect("it wrote the picture");
    assert!(
        picture.contains("<title>n1 to web") && !picture.contains("n2"),
        "{picture}"
    );
}
