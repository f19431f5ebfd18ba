//! The labels that identify an application, and the selector made from them.

use crate::sets::{Labels, Requirement, Selector};

/// The labels that identify an application, best first.
pub const NAMING: [&str; 4] = [
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app",
    "k8s-app",
];

/// A selector from labels: name and instance, else `app`, else `k8s-app`, else every stable label.
pub fn of_labels(labels: &Labels) -> Option<Selector> {
    let [name, instance, app, k8s_app] = NAMING;
    let has = |key: &&str| labels.contains_key(*key);
    let keys: Vec<&str> = match [app, k8s_app]
        .into_iter()
        .find(|key| labels.contains_key(*key))
    {
        _ if labels.contains_key(name) => [name, instance].into_iter().filter(has).collect(),
        Some(key) => vec![key],
        None => labels
            .keys()
            .map(String::as_str)
            .filter(|key| is_stable(key))
            .collect(),
    };
    let requirements: Vec<Requirement> = keys
        .into_iter()
        .filter_map(|key| labels.get(key).map(|value| Requirement::equals(key, value)))
        .collect();
    (!requirements.is_empty()).then_some(Selector { requirements })
}

/// Whether a label stays the same between releases and pods.
pub fn is_stable(key: &str) -> bool {
    const UNSTABLE: [&str; 14] = [
        "version",
        "app.kubernetes.io/version",
        "chart",
        "helm.sh/chart",
        "helm.sh/revision",
        "heritage",
        "pod-template-hash",
        "pod-template-generation",
        "controller-revision-hash",
        "controller-uid",
        "job-name",
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
        "revision",
    ];
    !UNSTABLE.contains(&key)
        && !key.starts_with("batch.kubernetes.io/")
        && !key.contains("hash")
        && !key.contains("checksum")
}
