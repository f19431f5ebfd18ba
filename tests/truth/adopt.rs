//! Adopts the imported policies of public cases: every policy is proven equivalent as flows, or stays
//! imported with a reason. The cases are outside the repository, where `DRAWBRIDGE_CORPUS` says or in
//! `../shared/corpus/cases`; without them the test does nothing.

use std::collections::BTreeMap;
use std::path::Path;

use drawbridge::adopt::Adopted;
use drawbridge::analysis::changes::changes;
use drawbridge::analysis::compare;
use drawbridge::cluster::{Assumptions, Enforcer};
use drawbridge::load::{Settings, load};
use drawbridge::model::{Document, PolicyId};
use drawbridge::project::sources;
use drawbridge::proof::State;

use crate::corpus::cases;

/// The case as a project, if NetworkPolicies are all the policies that it has.
fn imported(case: &Path) -> Option<Document> {
    let (sources, _) = sources::collect(&[case.to_owned()]);
    let loaded = load(&sources, &Settings::default());
    let only = |kind: &str| kind == "NetworkPolicy";
    let fits = loaded.policies.iter().all(|p| only(&p.object.kind));
    let document = drawbridge::import::import(&loaded).document;
    (fits && !document.policies.is_empty()).then_some(document)
}

/// A reason without the parts that are specific to one policy.
fn kind_of(reason: &str) -> &'static str {
    const KINDS: [(&str, &str); 8] = [
        (
            "not the pods of whole workloads",
            "isolates pods that are no whole workloads",
        ),
        (
            "a flow for it would",
            "a flow would open the other end, too",
        ),
        ("without it", "flows cannot express it"),
        ("declares no", "a port name that no destination declares"),
        ("named port", "a port name towards an address"),
        ("API server rejects", "the API server rejects it"),
        ("it is not managed", "its namespace is not managed"),
        ("cannot be drawn", "its flow cannot be expressed"),
    ];
    let found = KINDS.iter().find(|(part, _)| reason.contains(part));
    found.map_or("another reason", |(_, kind)| kind)
}

/// The project with all its policies adopted. Every policy is gone, or named with the reason why it stays, and
/// nothing changes.
pub fn adopt_all(document: &Document, name: &str) -> (Document, Adopted) {
    let ids: Vec<PolicyId> = document.policies.ids().collect();
    let adopted = drawbridge::adopt::adopt(document, &ids, &|| false);
    let mut after = document.clone();
    if let Some(edit) = &adopted.edit {
        edit.apply(&mut after).expect("the edit applies");
    }
    let (old, new) = (
        drawbridge::proof::loaded(document),
        drawbridge::proof::loaded(&after),
    );
    assert_eq!(compare(&old.snapshot, &new.snapshot), [], "{name}");
    let mut reported: Vec<PolicyId> = adopted.remaining.iter().map(|(id, _)| *id).collect();
    reported.extend(&adopted.adopted);
    reported.sort();
    assert_eq!(reported, ids, "{name}");
    assert_eq!(after.policies.len(), adopted.remaining.len(), "{name}");
    assert!(adopted.remaining.iter().all(|(_, why)| !why.is_empty()));
    (after, adopted)
}

/// The tables of Cilium and of Calico, here and beside the repository: a project with their policies adopted allows
/// what their manifests allow.
#[test]
fn projects_with_adopted_policies_allow_what_the_manifests_allow() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (inside, beside) = (here.join("tests/truth"), here.join("../shared/truth"));
    let (mut seen, mut differ, mut adopted_all, mut remaining) = (0, 0, 0, 0);
    for (folder, set, enforcer) in [
        (&inside, "cilium", Enforcer::Cilium),
        (&beside, "cilium", Enforcer::Cilium),
        (&beside, "cilium-mix", Enforcer::Cilium),
        (&beside, "cilium-np", Enforcer::Cilium),
        (&beside, "calico", Enforcer::Calico),
        (&beside, "calico-tiers", Enforcer::Calico),
        (&beside, "calico-mix", Enforcer::Calico),
        (&beside, "calico-np", Enforcer::Calico),
    ] {
        let Ok(entries) = std::fs::read_dir(folder.join(set)) else {
            continue;
        };
        let mut cases: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        cases.sort();
        for case in cases {
            let name = case.display().to_string();
            let (sources, _) = sources::collect(&[case.join("manifests")]);
            let settings = Settings {
                enforcer: Some(enforcer),
                assumptions: Assumptions::default(),
            };
            let loaded = load(&sources, &settings);
            let document = drawbridge::import::import(&loaded).document;
            let before = drawbridge::proof::loaded(&document).snapshot;
            let imported = changes(&loaded.snapshot, &before);
            let (after, adopted) = adopt_all(&document, &name);
            let after = drawbridge::proof::loaded(&after).snapshot;
            // A project has no port names of init containers.
            match imported.is_empty() {
                true => {
                    let found = changes(&loaded.snapshot, &after);
                    assert!(found.is_empty(), "{name}: {:?}", found.first());
                }
                false => {
                    println!("{name}: the import differs: {:?}", imported.first());
                    differ += 1;
                }
            }
            for (id, why) in &adopted.remaining {
                println!("{name}: {} stays: {why}", document.policy_name(*id));
            }
            seen += 1;
            adopted_all += adopted.adopted.len();
            remaining += adopted.remaining.len();
        }
    }
    println!("{seen} cases: {adopted_all} policies adopted, {remaining} stay imported");
    assert!(adopted_all > 5, "{adopted_all}");
    assert!(differ * 20 <= seen, "{differ} of {seen}");
}

#[test]
fn every_policy_is_proven_equivalent_or_stays_imported_with_a_reason() {
    let (mut seen, mut whole, mut adopted_all, mut flows) = (0, 0, 0, 0);
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for case in cases() {
        let Some(document) = imported(&case) else {
            continue;
        };
        let name = case.file_name().unwrap_or_default().to_string_lossy();
        let (after, adopted) = adopt_all(&document, &name);
        let results = drawbridge::query::check(&after);
        if adopted.remaining.is_empty() {
            assert!(
                results.proof.state <= State::Exact,
                "{name}: {:?}",
                results.proof.findings
            );
        }
        for (id, reason) in &adopted.remaining {
            println!("{name}: {} stays: {reason}", document.policy_name(*id));
            *reasons.entry(kind_of(reason)).or_default() += 1;
        }
        seen += 1;
        whole += usize::from(adopted.remaining.is_empty());
        adopted_all += adopted.adopted.len();
        flows += adopted.flows;
    }
    println!("{seen} cases, {whole} adopted whole; {adopted_all} policies became {flows} flows");
    for (kind, count) in reasons {
        println!("{count} stay imported: {kind}");
    }
}

/// Sixty policies of an isolated cluster, one of which isolates a workload by itself, within a second even
/// without optimisation.
#[test]
fn adopting_sixty_policies_is_fast() {
    let mut text = String::new();
    for at in 0..30 {
        text.push_str(&format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: w{at}, namespace: n{}}}\nspec: {{selector: {{matchLabels: {{app: w{at}}}}}, template: {{metadata: {{labels: {{app: w{at}}}}}, spec: {{containers: [{{name: c, image: i}}]}}}}}}\n---\n",
            at % 5
        ));
    }
    let mut policy = |namespace: usize, name: &str, spec: &str| {
        text.push_str(&format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: n{namespace}}}\nspec: {spec}\n---\n"
        ));
    };
    for at in 0..5 {
        policy(at, "deny", "{podSelector: {}, policyTypes: [Ingress]}");
    }
    for at in 0..55 {
        let (own, other) = (at % 30, (at * 7 + 1) % 30);
        policy(
            own % 5,
            &format!("p{at}"),
            &format!(
                "{{podSelector: {{matchLabels: {{app: w{own}}}}}, ingress: [{{from: [{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: n{}}}}}, podSelector: {{matchLabels: {{app: w{other}}}}}}}], ports: [{{port: {}}}]}}]}}",
                other % 5,
                8000 + at
            ),
        );
    }
    policy(
        0,
        "egress",
        "{podSelector: {matchLabels: {app: w0}}, policyTypes: [Egress]}",
    );
    let source = drawbridge::manifest::Source::new("all.yaml", text);
    let document = drawbridge::import::import(&load(&[source], &Settings::default())).document;
    let ids: Vec<PolicyId> = document.policies.ids().collect();
    let start = std::time::Instant::now();
    let adopted = drawbridge::adopt::adopt(&document, &ids, &|| false);
    println!("{} in {:?}", adopted.summary(), start.elapsed());
    assert_eq!((adopted.adopted.len(), adopted.remaining.len()), (61, 0));
}
