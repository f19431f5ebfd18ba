//! What an import does not take over, although answers depend on it.

use std::collections::BTreeSet;

use crate::cluster::{Service, Snapshot};
use crate::diag::{Diagnostic, Span};
use crate::load::Loaded;

/// What the project does not contain, although answers about the manifests depend on it.
pub(super) fn not_imported(loaded: &Loaded) -> Vec<Diagnostic> {
    let in_project: BTreeSet<_> = loaded.policies.iter().map(|p| p.object.whole()).collect();
    let left_out = loaded.snapshot.left_out.iter();
    let policies = left_out.filter(|policy| !in_project.contains(&policy.span));
    let mut found: Vec<Diagnostic> = policies
        .map(|policy| {
            let message = format!(
                "`{}` is not judged, and not part of the project: answers about the project do not mention it",
                policy.title()
            );
            Diagnostic::warning("not-imported", message)
                .at(policy.span.clone())
                .help("keep its manifest beside the project")
        })
        .collect();
    found.extend(loaded.snapshot.unread.iter().map(|file| {
        let message = format!(
            "`{file}` is not read in full, and what is missing is not part of the project: answers about the project do not mention it"
        );
        let help = "correct the file and import it again";
        let place = Span::new(file.clone(), 1, 1);
        Diagnostic::warning("not-imported", message).at(place).help(help)
    }));
    found.extend(services(&loaded.snapshot));
    found
}

/// One warning for all Services with addresses behind them or outside that a project does not have.
fn services(snapshot: &Snapshot) -> Option<Diagnostic> {
    let services = snapshot.services.iter();
    let bare = |service: &&Service| {
        !service.external_addresses.is_empty()
            || service.selector.is_empty() && !service.endpoints.is_empty()
    };
    let objects = services.filter(bare);
    let objects: BTreeSet<_> = objects.map(|s| (&*s.namespace, &*s.name)).collect();
    let message = format!(
        "addresses of {} not imported: a project has no addresses of Services",
        named("Service", &objects)
    );
    let help = "draw a flow to an external with the addresses that it leads to";
    let warning = Diagnostic::warning("not-imported", message).help(help);
    (!objects.is_empty()).then_some(warning)
}

/// The first of some objects of a kind, and how many there are.
fn named(kind: &str, objects: &BTreeSet<(&str, &str)>) -> String {
    let first = objects.first().map_or(String::new(), |(namespace, name)| {
        format!("{kind} `{namespace}/{name}`")
    });
    match objects.len() {
        0 | 1 => first,
        n => format!("{first} and {} more", n - 1),
    }
}
