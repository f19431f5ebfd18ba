//! The policies that an answer leaves out and the files that are not read, as every report writes them.

use std::sync::Arc;

use serde::Serialize;

use crate::cluster::{LeftOut, Snapshot};

/// One policy: its kind, group and name, and where it is.
#[derive(Serialize)]
pub struct Line<'a> {
    kind: &'a str,
    group: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
    file: &'a str,
    line: u32,
}

/// `[{"kind", "group", "namespace", "name", "file", "line"}]`: the `leftOut` of every JSON answer.
pub fn lines(policies: &[LeftOut]) -> Vec<Line<'_>> {
    policies.iter().map(Line::from).collect()
}

impl<'a> From<&'a LeftOut> for Line<'a> {
    fn from(policy: &'a LeftOut) -> Self {
        Self {
            kind: &policy.kind,
            group: &policy.group,
            namespace: policy.namespace.as_deref(),
            name: &policy.name,
            file: &policy.span.file,
            line: policy.span.line,
        }
    }
}

/// The most files that a line of text names.
const NAMED: usize = 5;

/// `; 2 policies left out; not read in full: a.yaml`, behind the assumptions; nothing if nothing is missing.
pub fn of(snapshot: &Snapshot) -> String {
    count(&snapshot.left_out, &snapshot.unread)
}

/// The same for some policies and files.
pub fn count(policies: &[LeftOut], unread: &[Arc<str>]) -> String {
    let policies = match policies.len() {
        0 => String::new(),
        1 => "; 1 policy left out".to_owned(),
        n => format!("; {n} policies left out"),
    };
    policies + &self::unread(unread)
}

/// `; not read in full: a.yaml, b.yaml`; nothing if all is read.
pub fn unread(files: &[Arc<str>]) -> String {
    let (named, more) = files.split_at(files.len().min(NAMED));
    match (named, more.len()) {
        ([], _) => String::new(),
        (named, 0) => format!("; not read in full: {}", named.join(", ")),
        (named, more) => format!("; not read in full: {} and {more} more", named.join(", ")),
    }
}

/// Why a pod counts as open: `no policy selects it`, as far as the policies that are judged tell.
pub fn unselected<'a>(mut policies: impl Iterator<Item = &'a LeftOut>) -> String {
    let Some(first) = policies.next() else {
        return "no policy selects it".to_owned();
    };
    format!(
        "none of the judged policies selects it; {}",
        first.and_more_left_out(policies.count())
    )
}
