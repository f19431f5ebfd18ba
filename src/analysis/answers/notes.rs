//! Diagnostics that qualify an answer.

use super::connections::Matrix;
use crate::cluster::{Snapshot, Workload};
use crate::diag::Diagnostic;

/// Workloads whose pods have equal labels but different policies.
pub fn notes(snapshot: &Snapshot, matrix: &Matrix) -> Vec<Diagnostic> {
    let workloads = snapshot.workloads.iter().zip(matrix.workloads.iter());
    let mixed = workloads.filter_map(|(workload, classes)| {
        let pods = snapshot.pods.get(workload.pods.clone())?;
        let alike = || pods.windows(2).all(|w| w[0].labels == w[1].labels);
        (classes.len() > 1 && alike()).then(|| mixed(workload))
    });
    mixed.collect()
}

fn mixed(workload: &Workload) -> Diagnostic {
    let message = "its pods have equal labels, but a policy treats them differently by port name, service account, host network or address";
    let help = "a connection is listed if policies allow it for at least one of the pods";
    let found = Diagnostic::warning("mixed-pods", message)
        .help(help)
        .on(resource(workload));
    place(found, workload.span.as_ref())
}

fn resource(workload: &Workload) -> String {
    format!("{} {}/{}", workload.kind, workload.namespace, workload.name)
}

fn place(found: Diagnostic, span: Option<&crate::diag::Span>) -> Diagnostic {
    match span {
        Some(span) => found.at(span.clone()),
        None => found,
    }
}
