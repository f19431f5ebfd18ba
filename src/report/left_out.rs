//! The policies that an answer leaves out, as every report writes them.

use serde::Serialize;

use crate::cluster::LeftOut;

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

/// `; 2 policies left out`, behind the assumptions; nothing if none is.
pub fn count(policies: &[LeftOut]) -> String {
    match policies.len() {
        0 => String::new(),
        1 => "; 1 policy left out".to_owned(),
        n => format!("; {n} policies left out"),
    }
}

/// Why a pod counts as open: `no policy selects it`, as far as the policies that are judged tell.
pub fn unselected<'a>(mut policies: impl Iterator<Item = &'a LeftOut>) -> String {
    let Some(first) = policies.next() else {
        return "no policy selects it".to_owned();
    };
    let more = match policies.count() {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    format!(
        "none of the judged policies selects it; {}{more} is left out",
        first.title()
    )
}
