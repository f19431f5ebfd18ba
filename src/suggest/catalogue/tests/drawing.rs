//! Dependencies as edits of a document.

use super::*;
use crate::model::{Document, Words};
use crate::proof;

/// A project with a web server that needs metrics, an API and credentials, but nothing drawn.
fn project() -> (Document, Vec<Dependency>) {
    let monitor = "---\n{apiVersion: monitoring.coreos.com/v1, kind: PodMonitor, metadata: {name: m, namespace: s}, spec: {selector: {matchLabels: {app: web}}, podMetricsEndpoints: [{port: http}]}}\n";
    let account = "---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: a, namespace: s, annotations: {iam.gke.io/gcp-service-account: x}}}\n";
    let text =
        web().replace("containers", "serviceAccountName: a, containers") + monitor + account + DENY;
    let loaded = load_with_mentions(&[Source::new("a.yaml", &*text)], &Settings::default(), None);
    let mut document = crate::import::import(&loaded).document;
    document.policies = Default::default();
    let shop = document.namespace_named("s").unwrap();
    let namespace = document.namespaces.get_mut(shop).unwrap();
    (namespace.base, namespace.dns) = (None, Some(false));
    document.settings.base = crate::model::Base::DenyAll;
    (document, dependencies(&loaded.snapshot, &loaded.facts))
}

#[test]
fn drawing_what_is_missing_allows_it_in_one_step() {
    let (document, all) = project();
    assert!(
        all.iter().all(Dependency::is_missing) && all.len() == 4,
        "{all:?}"
    );
    let edit = draw::edit(&document, &all).unwrap();
    let mut after = document.clone();
    edit.apply(&mut after).unwrap();
    let shop = after.namespace_named("s").unwrap();
    assert!(after.dns_of(shop), "DNS is a setting");
    let words = Words::new(&after);
    let flows = after
        .flows
        .iter()
        .map(|(_, f)| format!("{} > {}", words.of(&f.from), words.of(&f.to)));
    let mut flows: Vec<String> = flows.collect();
    flows.sort();
    assert_eq!(
        flows,
        [
            "group/prometheus > s/web",
            "s/web > external/gke-metadata-8080",
            "s/web > external/gke-metadata-988"
        ]
    );
    // The policies in force allow all of it, but what a project does not know any more.
    let loaded = proof::loaded(&after);
    let left = dependencies(&loaded.snapshot, &loaded.facts);
    assert!(
        !left.is_empty() && left.iter().all(|d| !d.is_missing()),
        "{left:?}"
    );
    // Drawn again, ends are used again.
    let flows: Vec<Dependency> = all.into_iter().filter(|d| d.entry.id != "dns").collect();
    let again = draw::edit(&after, &flows).unwrap();
    let mut twice = after.clone();
    again.apply(&mut twice).unwrap();
    assert_eq!(twice.groups.len(), after.groups.len());
    assert_eq!(twice.externals.len(), after.externals.len());
}

#[test]
fn ends_have_the_names_of_the_project() {
    let (mut document, mut all) = project();
    draw::edit(&document, &all)
        .unwrap()
        .apply(&mut document)
        .unwrap();
    let id = document.group_named("prometheus").unwrap();
    document.groups.get_mut(id).unwrap().name = "scrapers".to_owned();
    draw::with_names_of(&document, &mut all);
    let words: Vec<String> = all.iter().map(|d| d.from.words()).collect();
    assert!(words.contains(&"group/scrapers".to_owned()), "{words:?}");
}
