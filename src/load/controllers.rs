//! Labels that controllers give to the pods they create: no manifest of a workload shows them, and policies may
//! select by them (W10).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cluster::{Pod, Snapshot, UNKNOWN_VALUE, Workload};
use crate::diag::Diagnostic;
use crate::yaml::Object;

/// The labels that the controllers of each kind set, and the value where the workload tells it.
const LABELS: &[(&str, &str, Option<Value>)] = &[
    ("CronJob", "batch.kubernetes.io/job-name", None),
    ("CronJob", "job-name", None),
    ("CronJob", "batch.kubernetes.io/controller-uid", None),
    ("CronJob", "controller-uid", None),
    ("DaemonSet", "controller-revision-hash", None),
    ("DaemonSet", "pod-template-generation", None),
    ("Deployment", "pod-template-hash", None),
    ("Job", "batch.kubernetes.io/job-name", Some(workload_name)),
    ("Job", "job-name", Some(workload_name)),
    ("Job", "batch.kubernetes.io/controller-uid", None),
    ("Job", "controller-uid", None),
    (
        "StatefulSet",
        "statefulset.kubernetes.io/pod-name",
        Some(pod_name),
    ),
    (
        "StatefulSet",
        "apps.kubernetes.io/pod-index",
        Some(pod_index),
    ),
    ("StatefulSet", "controller-revision-hash", None),
];

type Value = fn(&Workload, &Pod) -> String;

fn workload_name(workload: &Workload, _: &Pod) -> String {
    workload.name.clone()
}

fn pod_name(_: &Workload, pod: &Pod) -> String {
    pod.name.clone()
}

fn pod_index(workload: &Workload, pod: &Pod) -> String {
    let index = pod.name.strip_prefix(&workload.name);
    let index = index.and_then(|rest| rest.strip_prefix('-'));
    index.unwrap_or(UNKNOWN_VALUE).to_owned()
}

/// Gives the pods those labels that one of these policies asks for. Where the value is not known it is
/// [`UNKNOWN_VALUE`], and a warning says so.
pub(super) fn label_pods(snapshot: &mut Snapshot, policies: &[Object]) -> Vec<Diagnostic> {
    let kinds: BTreeSet<&str> = snapshot.workloads.iter().map(|w| w.kind.as_str()).collect();
    let keys: BTreeSet<&str> = (LABELS.iter())
        .filter(|(kind, ..)| kinds.contains(kind))
        .map(|(_, key, _)| *key)
        .collect();
    let mut asking: BTreeMap<&str, &Object> = BTreeMap::new();
    for key in keys {
        let asks = |object: &&Object| is_word_of(key, &object.text);
        if let Some(object) = policies.iter().find(asks) {
            asking.insert(key, object);
        }
    }
    if asking.is_empty() {
        return Vec::new();
    }
    let mut unknown: BTreeMap<&str, String> = BTreeMap::new();
    let workloads = Arc::clone(&snapshot.workloads);
    for pod in Arc::make_mut(&mut snapshot.pods) {
        let Some(workload) = workloads.get(pod.workload) else {
            continue;
        };
        let of_kind = LABELS.iter().filter(|(kind, ..)| *kind == workload.kind);
        for (_, key, value) in of_kind.filter(|(_, key, _)| asking.contains_key(key)) {
            if pod.labels.contains_key(*key) {
                continue;
            }
            let known = value.map(|value| value(workload, pod));
            let value = known.unwrap_or_else(|| UNKNOWN_VALUE.to_owned());
            if value == UNKNOWN_VALUE {
                let first = || format!("{}/{}", workload.namespace, workload.name);
                unknown.entry(key).or_insert_with(first);
            }
            Arc::make_mut(&mut pod.labels).insert((*key).to_owned(), value);
        }
    }
    let one = |(key, workload): (&str, String)| {
        let message = format!(
            "the value of the label `{key}`, which a controller gives to the pods of `{workload}`, is not known: a selector for a value of it matches none of them here"
        );
        let help = "select by labels of the pod template, or read the pods of the cluster as well";
        let warning = Diagnostic::warning("unknown-label-value", message).help(help);
        match asking.get(key) {
            Some(object) => object.about(warning, object.node.mark),
            None => warning,
        }
    };
    unknown.into_iter().map(one).collect()
}

/// Whether a text has a key, and not as a part of a longer one.
fn is_word_of(key: &str, text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '.' | '_');
    text.match_indices(key).any(|(at, _)| {
        let before = text.get(..at).and_then(|head| head.chars().next_back());
        let after = text
            .get(at + key.len()..)
            .and_then(|tail| tail.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use crate::analysis::Endpoint;
    use crate::analysis::oracle::peer_matches;
    use crate::load::{Settings, load};
    use crate::manifest::Source;

    const POD: &str = "{metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: x}]}}";

    /// The pods of a workload that a policy with this pod selector selects, and the codes of the diagnostics.
    fn selected(kind: &str, spec: &str, selector: &str) -> (Vec<String>, Vec<&'static str>) {
        let group = match kind {
            "Job" | "CronJob" => "batch",
            _ => "apps",
        };
        let text = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: s}}\n---\napiVersion: {group}/v1\nkind: {kind}\nmetadata: {{name: a, namespace: s}}\nspec: {spec}\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  podSelector: {selector}\n"
        );
        let loaded = load(&[Source::new("a.yaml", text)], &Settings::default());
        let snapshot = &loaded.snapshot;
        let subject = &snapshot.policies[0].subject;
        let pods = snapshot.pods.iter().enumerate();
        let selected = pods.filter(|(at, _)| peer_matches(snapshot, subject, &Endpoint::Pod(*at)));
        let names = selected.map(|(_, pod)| pod.name.clone()).collect();
        (names, loaded.diagnostics.iter().map(|d| d.code).collect())
    }

    #[test]
    fn values_that_the_workload_tells() {
        let job = format!("{{template: {POD}}}");
        for key in ["job-name", "batch.kubernetes.io/job-name"] {
            let of = |value| selected("Job", &job, &format!("{{matchLabels: {{{key}: {value}}}}}"));
            assert_eq!(of("a"), (vec!["a-1".to_owned()], vec![]), "{key}");
            assert_eq!(of("b").0, [""; 0]);
        }
        let set =
            format!("{{replicas: 2, selector: {{matchLabels: {{app: a}}}}, template: {POD}}}");
        let of = |label| {
            selected(
                "StatefulSet",
                &set,
                &format!("{{matchLabels: {{{label}}}}}"),
            )
            .0
        };
        assert_eq!(of("statefulset.kubernetes.io/pod-name: a-0"), ["a-0"]);
        assert_eq!(of("apps.kubernetes.io/pod-index: '1'"), ["a-1"]);
        assert_eq!(of("app: a"), ["a-0", "a-1"]);
    }

    #[test]
    fn values_that_are_not_known_are_reported() {
        let spec =
            format!("{{replicas: 1, selector: {{matchLabels: {{app: a}}}}, template: {POD}}}");
        let of = |selector| selected("Deployment", &spec, selector);
        let exists = "{matchExpressions: [{key: pod-template-hash, operator: Exists}]}";
        assert_eq!(
            of(exists),
            (vec!["a-1".to_owned()], vec!["unknown-label-value"])
        );
        assert_eq!(
            of("{matchLabels: {pod-template-hash: x}}"),
            (vec![], vec!["unknown-label-value"])
        );
        assert_eq!(of("{matchLabels: {app: a}}").1, [""; 0]);
        assert_eq!(
            of("{matchLabels: {my.org/pod-template-hash: x}}").1,
            [""; 0]
        );
    }
}
