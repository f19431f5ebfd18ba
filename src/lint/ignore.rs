//! Findings that are not reported: those that a comment in a manifest or the `ignore` of a project names.
//! Only mistakes (L codes) can be ignored, not what the API server refuses.

mod comments;
mod entries;
#[cfg(test)]
mod tests;

pub use entries::IgnoredHere;

use super::{Input, manual};
use crate::diag::{Diagnostic, Span};
use crate::load::Loaded;
use crate::manifest::Source;

/// Findings, and the number of those that are ignored.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What is reported, sorted by place.
    pub found: Vec<Diagnostic>,
    /// How many findings are ignored.
    pub ignored: usize,
}

/// All findings about what was read from these texts, without the ignored ones.
/// Comments count in manifests, `entries` are those of a project.
pub fn report(loaded: &Loaded, sources: &[Source], entries: &[IgnoredHere]) -> Report {
    let mut rules: Vec<Ignore> = Vec::new();
    let mut notes = Vec::new();
    entries::read(entries, &mut rules, &mut notes);
    if loaded.project.is_none() {
        let all = sources.iter();
        all.for_each(|source| comments::read(source, &mut rules, &mut notes));
    }
    let mut found = super::lint(loaded);
    if rules.is_empty() && notes.is_empty() {
        return Report { found, ignored: 0 };
    }
    let input = Input::of(loaded);
    let before = found.len();
    found.retain(|finding| {
        let mut is_ignored = false;
        for rule in rules.iter_mut().filter(|rule| rule.code == finding.code) {
            if rule.scope.has(finding, &input) {
                rule.is_used = true;
                is_ignored = true;
            }
        }
        !is_ignored
    });
    let ignored = before - found.len();
    found.extend(notes);
    found.extend(rules.iter().filter(|rule| !rule.is_used).map(unused));
    super::sort(&mut found);
    Report { found, ignored }
}

/// One code that is ignored somewhere.
struct Ignore {
    code: &'static str,
    scope: Scope,
    /// Where it is written.
    span: Option<Span>,
    is_used: bool,
}

/// Which findings are ignored.
enum Scope {
    /// Those on lines of a file, the last included.
    Lines(Span, u32, u32),
    /// Those about this object, this namespace, or policies that select only this workload.
    In(String),
    /// All.
    Everywhere,
}

impl Scope {
    fn has(&self, finding: &Diagnostic, input: &Input) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Lines(file, first, last) => (finding.span.as_ref())
                .is_some_and(|at| at.file == file.file && (*first..=*last).contains(&at.line)),
            Self::In(place) => (finding.resource.as_ref())
                .is_some_and(|resource| entries::is_in(place, resource, input)),
        }
    }
}

/// Whether the findings of a code can be ignored.
pub fn can_be_ignored(code: &str) -> bool {
    code_of(code).is_ok()
}

/// The code that a word means, if it can be ignored; else why not.
fn code_of(word: &str) -> Result<&'static str, Box<Diagnostic>> {
    let Some(code) = manual::find(word) else {
        let message = format!("unknown rule `{word}`; nothing is ignored");
        let help = "write the code or the name that the finding has, for example L17";
        return Err(unknown(message, help));
    };
    let is_mistake = (code.strip_prefix('L')).is_some_and(|n| n.parse::<u32>().is_ok());
    if is_mistake {
        return Ok(code);
    }
    let message = format!("`{code}` cannot be ignored");
    let help = "correct it; only mistakes (L codes) can be ignored";
    Err(unknown(message, help))
}

fn unknown(message: String, help: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::warning("unknown-ignore", message).help(help))
}

fn unused(rule: &Ignore) -> Diagnostic {
    let message = format!("nothing to ignore: there is no {} here", rule.code);
    let mut note = Diagnostic::info("unused-ignore", message).help("remove it");
    note.span.clone_from(&rule.span);
    note
}
