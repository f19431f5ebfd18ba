//! `ignore: [{rule: L17, in: shop/web, reason: public}]` of a project.

use super::{Ignore, Scope, code_of};
use crate::diag::{Diagnostic, Span};
use crate::lint::Input;

/// A rule that a project ignores.
#[derive(Clone, Debug)]
pub struct IgnoredHere {
    /// Its code or name.
    pub rule: String,
    /// `NAMESPACE/NAME` of an object or a workload, or a namespace; none: everywhere.
    pub place: Option<String>,
    /// Where it is written.
    pub span: Option<Span>,
}

/// Reads the entries of a project.
pub(super) fn read(entries: &[IgnoredHere], rules: &mut Vec<Ignore>, notes: &mut Vec<Diagnostic>) {
    for entry in entries {
        let span = entry.span.clone();
        match code_of(&entry.rule) {
            Ok(code) => rules.push(Ignore {
                code,
                scope: match &entry.place {
                    Some(place) => Scope::In(place.clone()),
                    None => Scope::Everywhere,
                },
                span,
                is_used: false,
            }),
            Err(mut note) => {
                note.span = span;
                notes.push(*note);
            }
        }
    }
}

/// Whether an object, `KIND NAMESPACE/NAME`, is at a place: it has this name, it is in this namespace, or it is a
/// policy that selects pods of this workload alone.
pub(super) fn is_in(place: &str, resource: &str, input: &Input) -> bool {
    let (_, name) = resource.split_once(' ').unwrap_or(("", resource));
    let namespace = name
        .split_once('/')
        .map_or(name, |(namespace, _)| namespace);
    let of_namespace = place.strip_suffix("/*").unwrap_or(place);
    if name == place || namespace == of_namespace {
        return true;
    }
    let policies = input.snapshot.policies.iter().enumerate();
    let mut own = policies.filter(|(_, policy)| policy.title() == resource);
    own.any(|(at, _)| selects_only(place, input.subjects(at), input))
}

fn selects_only(place: &str, pods: &[usize], input: &Input) -> bool {
    let is_place = |pod: &usize| {
        let workload = input.workload_of(*pod);
        workload.is_some_and(|w| place.split_once('/') == Some((&w.namespace, &w.name)))
    };
    !pods.is_empty() && pods.iter().all(is_place)
}
