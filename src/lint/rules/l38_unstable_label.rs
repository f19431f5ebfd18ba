//! Selectors by labels that change, or that the enforcer does not see.
//!
#![doc = include_str!("l38_unstable_label.md")]

use crate::cluster::CONTROLLER_LABELS;
use crate::diag::{Diagnostic, Severity};
use crate::dialect;
use crate::lint::ends::{few, workload_of};
use crate::lint::{Input, Rule};
use crate::yaml::{Mark, Node, Object, Value};

pub const RULE: Rule = Rule {
    code: "L38",
    name: "unstable-label",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l38_unstable_label.md"),
    check,
};

/// Fields whose selectors are not about labels of pods.
const OTHERS: &[&str] = &[
    "namespaceSelector",
    "namespaces",
    "nodeSelector",
    "nodes",
    "fromNodes",
    "toNodes",
    "cidrGroupSelector",
    "k8sServiceSelector",
    "serviceAccounts",
    "serviceAccountSelector",
];

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let enforcer = input.snapshot.assumptions.enforcer;
    for policy in input.objects.iter().filter(|policy| policy.index.is_some()) {
        let object = &policy.object;
        let mut see = |key: &str, mark: Mark| {
            let key = key
                .strip_prefix("k8s:")
                .or(key.strip_prefix("any:"))
                .unwrap_or(key);
            if dialect::ignores_label(enforcer, key) {
                out.push(ignored(rule, object, (key, &bearers(input, key)), mark));
            } else if CONTROLLER_LABELS.contains(&key) {
                out.push(unstable(rule, object, (key, &bearers(input, key)), mark));
            }
        };
        let specs = ["spec", "specs"].into_iter();
        specs
            .filter_map(|key| object.node.get(key))
            .for_each(|spec| keys(spec, &mut see));
    }
}

/// Calls `see` with the keys of the selectors of pods.
fn keys(node: &Node, see: &mut dyn FnMut(&str, Mark)) {
    if let Some(items) = node.items() {
        items.iter().for_each(|item| keys(item, see));
    }
    let Value::Map(map) = &node.value else { return };
    for entry in &map.entries {
        match entry.key.as_str() {
            "matchLabels" => {
                if let Value::Map(labels) = &entry.value.value {
                    labels
                        .entries
                        .iter()
                        .for_each(|label| see(&label.key, label.mark));
                }
            }
            "matchExpressions" => {
                let all = entry.value.items().unwrap_or_default().iter();
                for key in all.filter_map(|item| item.get("key")) {
                    if let Some(text) = key.as_str() {
                        see(text, key.mark);
                    }
                }
            }
            "selector" | "notSelector" => match entry.value.as_str() {
                Some(text) => words(text, &mut |key| see(key, entry.value.mark)),
                None => keys(&entry.value, see),
            },
            key if OTHERS.contains(&key) => {}
            _ => keys(&entry.value, see),
        }
    }
}

/// Calls `see` with what may be a label's key in a selector that is a text: words outside quotes.
fn words(text: &str, see: &mut dyn FnMut(&str)) {
    for (at, part) in text.split(['\'', '"']).enumerate() {
        if at % 2 == 0 {
            let ends = |c: char| !(c.is_ascii_alphanumeric() || "_./-".contains(c));
            part.split(ends)
                .filter(|word| CONTROLLER_LABELS.contains(word))
                .for_each(&mut *see);
        }
    }
}

/// The workloads whose pods have a label: ` (of ...)`; nothing if none is known.
fn bearers(input: &Input, key: &str) -> String {
    let pods = input.snapshot.pods.iter();
    let pods = pods.filter(|pod| pod.labels.contains_key(key));
    let names = few(pods.map(|pod| workload_of(input.snapshot, pod)));
    match names.is_empty() {
        true => names,
        false => format!(" of {names}"),
    }
}

fn unstable(rule: &Rule, object: &Object, (key, of): (&str, &str), mark: Mark) -> Diagnostic {
    let message = format!(
        "a controller sets the label `{key}`{of}, and other pods of the same workload have another value: after the next change this selects other pods or none"
    );
    let found = rule.finding(message);
    object
        .about(found, mark)
        .help("select by a label of your own in the pod template, such as `app`")
}

fn ignored(rule: &Rule, object: &Object, (key, of): (&str, &str), mark: Mark) -> Diagnostic {
    let message = format!(
        "Cilium does not use the label `{key}`{of} to tell pods apart: this selector behaves as if no pod had it"
    );
    let mut found = rule.finding(message);
    found.severity = Severity::Error;
    object.about(found, mark).help(
        "select by another label of the pods, or add this one to the `labels` setting of Cilium",
    )
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{NONE, of_code};

    #[test]
    fn labels_of_controllers() {
        let found = |selector: &str| {
            let text = format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  podSelector: {selector}\n"
            );
            of_code("L38", &text)
        };
        assert_eq!(found("{matchLabels: {pod-template-hash: a}}"), [5]);
        assert_eq!(
            found("{matchExpressions: [{key: controller-revision-hash, operator: Exists}]}"),
            [5]
        );
        assert_eq!(found("{matchLabels: {app.kubernetes.io/name: a}}"), NONE);
        assert_eq!(found("{matchLabels: {app: pod-template-hash}}"), NONE);
        let text = "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: p, namespace: s}\nspec:\n  selector: app == 'a' && pod-template-hash == 'b'\n  types: [Ingress]\n";
        assert_eq!(of_code("L38", text), [5]);
        let quoted = text.replace("pod-template-hash == 'b'", "b == 'pod-template-hash'");
        assert_eq!(of_code("L38", &quoted), NONE);
    }

    #[test]
    fn labels_that_the_enforcer_ignores() {
        let text = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: s}\nspec:\n  endpointSelector:\n    matchLabels:\n      k8s:topology.kubernetes.io/zone: a\n      app.kubernetes.io/name: web\n  ingress: [{fromEndpoints: [{matchLabels: {io.kubernetes.pod.namespace: b}}]}]\n";
        assert_eq!(of_code("L38", text), [7]);
        let both = "specs:\n- endpointSelector: {matchLabels: {statefulset.kubernetes.io/pod-name: db-0}}\n  ingress: [{}]\n";
        assert_eq!(of_code("L38", &format!("{text}{both}")), [7, 11]);
    }
}
