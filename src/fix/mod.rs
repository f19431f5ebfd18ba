//! Corrections of findings as patches of their texts, proven by reading the patched texts again: each finding is gone,
//! and there is no error that was not there before. Others are not offered.

mod locate;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diag::{Diagnostic, Patch, Severity, apply};
use crate::lint::{self, IgnoredHere};
use crate::load::Loaded;
use crate::manifest::Source;

/// The most times that texts are read again to find the corrections that can be made together.
const MOST_TRIES: usize = 64;

/// The texts of an input, and how they are read.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The texts.
    pub sources: &'a [Source],
    /// Reads such texts.
    pub read: &'a dyn Fn(&[Source]) -> Loaded,
    /// What the project ignores.
    pub ignored: &'a [IgnoredHere],
    /// Ends the search for corrections once it returns true.
    pub stop: &'a dyn Fn() -> bool,
}

/// What can be corrected.
#[derive(Clone, Debug, Default)]
pub struct Fixes {
    /// The findings that are corrected, by their places among those given.
    pub fixable: BTreeSet<usize>,
    /// The patch of each of these.
    pub patches: BTreeMap<usize, Vec<Patch>>,
    /// The texts that change.
    pub files: Vec<Fixed>,
}

/// A text before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// Its name.
    pub file: Arc<str>,
    /// What was read.
    pub before: String,
    /// With all corrections.
    pub after: String,
}

/// The corrections of findings that can be made together.
pub fn fixes(input: Input, found: &[Diagnostic]) -> Fixes {
    fixes_of(input, found, &|_| true)
}

/// The same for some of the findings, by their places.
pub fn fixes_of(input: Input, found: &[Diagnostic], is_wanted: &dyn Fn(usize) -> bool) -> Fixes {
    let candidates: Vec<Candidate> = (found.iter().enumerate())
        .filter(|(at, _)| is_wanted(*at))
        .filter_map(|(at, finding)| candidate(input.sources, at, finding))
        .collect();
    if candidates.is_empty() {
        return Fixes::default();
    }
    let mut search = Search {
        input,
        found,
        tries: 0,
        kept: Vec::new(),
        files: Vec::new(),
    };
    let (apart, overlapping) = apart(&[], candidates.iter());
    search.add(&apart);
    let (apart, _) = self::apart(&search.kept, overlapping);
    search.add(&apart);
    Fixes {
        fixable: search.kept.iter().map(|one| one.finding).collect(),
        patches: (search.kept.iter())
            .map(|one| (one.finding, one.patches.clone()))
            .collect(),
        files: search.files,
    }
}

/// Patches that correct a finding, not proven yet.
struct Candidate {
    /// Its place among the findings.
    finding: usize,
    /// Its text, by its place among the sources.
    source: usize,
    patches: Vec<Patch>,
}

fn candidate(sources: &[Source], at: usize, finding: &Diagnostic) -> Option<Candidate> {
    let correction = finding.correction.as_ref()?;
    let file = &finding.span.as_ref()?.file;
    let mut same = (0..)
        .zip(sources)
        .filter(|(_, source)| source.name == *file);
    let (source, text) = same.next()?;
    // Two texts of one name: the bytes may be those of the other.
    if same.next().is_some() {
        return None;
    }
    let patches = locate::patches(&text.text, &text.name, correction)?;
    Some(Candidate {
        finding: at,
        source,
        patches,
    })
}

impl Candidate {
    /// Whether both change the same bytes.
    fn overlaps(&self, other: &Self) -> bool {
        let overlap = |a: &Patch, b: &Patch| {
            a.range.start < b.range.end && b.range.start < a.range.end
                || a.range == b.range && !a.range.is_empty()
        };
        let mut own = self.patches.iter();
        self.source == other.source && own.any(|a| other.patches.iter().any(|b| overlap(a, b)))
    }
}

/// Some candidates that overlap neither with each other nor with what is kept, and the others.
fn apart<'c>(
    kept: &[&'c Candidate],
    all: impl IntoIterator<Item = &'c Candidate>,
) -> (Vec<&'c Candidate>, Vec<&'c Candidate>) {
    let mut in_source: BTreeMap<usize, Vec<&Candidate>> = BTreeMap::new();
    for one in kept {
        in_source.entry(one.source).or_default().push(one);
    }
    all.into_iter().partition(|one| {
        let others = in_source.entry(one.source).or_default();
        let is_apart = !others.iter().any(|other| one.overlaps(other));
        if is_apart {
            others.push(one);
        }
        is_apart
    })
}

/// Finds a large set of candidates that hold together.
struct Search<'a> {
    input: Input<'a>,
    found: &'a [Diagnostic],
    tries: usize,
    kept: Vec<&'a Candidate>,
    files: Vec<Fixed>,
}

impl<'a> Search<'a> {
    /// Adds those of some candidates that hold together with what is kept.
    fn add<'c: 'a>(&mut self, more: &[&'c Candidate]) {
        if more.is_empty() || self.tries >= MOST_TRIES || (self.input.stop)() {
            return;
        }
        self.tries += 1;
        let all: Vec<&Candidate> = self.kept.iter().chain(more).copied().collect();
        if let Some(files) = self.proven(&all) {
            self.kept.extend(more);
            self.files = files;
        } else if more.len() > 1 {
            let (first, second) = more.split_at(more.len() / 2);
            self.add(first);
            self.add(second);
        }
    }

    /// The texts with these corrections, if they do what they should.
    fn proven(&self, all: &[&Candidate]) -> Option<Vec<Fixed>> {
        let mut patches: BTreeMap<usize, Vec<Patch>> = BTreeMap::new();
        for one in all {
            let of_source = patches.entry(one.source).or_default();
            of_source.extend(one.patches.iter().cloned());
        }
        let mut sources = self.input.sources.to_vec();
        let mut files = Vec::new();
        for (at, patches) in patches {
            let source = sources.get_mut(at)?;
            let after = apply(&source.text, &patches)?;
            files.push(Fixed {
                file: source.name.clone(),
                before: std::mem::replace(&mut source.text, after.clone()),
                after,
            });
        }
        let loaded = (self.input.read)(&sources);
        let report = lint::report(&loaded, &sources, self.input.ignored);
        let after = counts(&report.found);
        let before = counts(self.found);
        let corrected = all.iter().filter_map(|one| self.found.get(one.finding));
        let corrected = counts(corrected);
        let number = |of: &BTreeMap<Kind, usize>, kind: &Kind| of.get(kind).copied().unwrap_or(0);
        let are_gone = corrected
            .iter()
            .all(|(kind, gone)| number(&after, kind) + gone <= number(&before, kind));
        let is_new = |(kind, count): (&Kind, &usize)| {
            kind.0 == Severity::Error && *count > number(&before, kind)
        };
        (are_gone && !after.iter().any(is_new)).then_some(files)
    }
}

/// What stays of a finding when lines move: severity, code, file, object, path and message.
type Kind<'d> = (
    Severity,
    &'d str,
    Option<&'d str>,
    Option<&'d str>,
    Option<&'d str>,
    &'d str,
);

fn counts<'d>(found: impl IntoIterator<Item = &'d Diagnostic>) -> BTreeMap<Kind<'d>, usize> {
    let mut counts = BTreeMap::new();
    for d in found {
        let file = d.span.as_ref().map(|span| &*span.file);
        let (resource, path) = (d.resource.as_deref(), d.path.as_deref());
        let kind = (d.severity, d.code, file, resource, path, &*d.message);
        *counts.entry(kind).or_default() += 1;
    }
    counts
}
