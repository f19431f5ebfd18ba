//! Diagnostics about an input, a document or a policy.
//!
//! A [`Diagnostic`] has a message, a position (file, line, column), and help. Reading, lowering,
//! importing, generating, proving and linting all return values plus a list of these; none of them
//! fails as a whole because of one invalid document.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

/// A range of a source text. Lines and columns count from 1; columns count Unicode scalar values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    /// The file as the user named it (`-` for standard input).
    pub file: Arc<str>,
    /// Line of the first character, from 1.
    pub line: u32,
    /// Column of the first character, from 1.
    pub column: u32,
    /// The first byte.
    #[serde(skip)]
    pub start: u32,
    /// The byte after the last.
    #[serde(skip)]
    pub end: u32,
}

impl Span {
    /// A place in `file` of which no bytes are known.
    pub fn new(file: Arc<str>, line: u32, column: u32) -> Self {
        Self {
            file,
            line,
            column,
            start: 0,
            end: 0,
        }
    }

    /// The bytes; empty if none are known.
    pub fn bytes(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// The code of a policy whose kind nothing here judges.
pub const NOT_JUDGED: &str = "not-judged";

/// The code of a block of addresses for pods whose addresses are not known.
pub const POD_ADDRESS: &str = "pod-address";

/// The code of a folder that Kustomize builds and that is read as it is.
pub const NOT_BUILT: &str = "kustomize";

/// The codes of texts, objects and values that are not read: what they hold is missing from the answers.
const UNREAD: [&str; 14] = [
    "file",
    "syntax",
    "template",
    "decode",
    "nested-lists",
    "no-api-version",
    "no-kind",
    "no-name",
    "no-objects",
    "left-out-value",
    "project-format",
    "project-file",
    "kustomize",
    "flows",
];

/// What to do about a template.
pub const RENDER: &str =
    "this looks like a template: render the chart first, as `helm template` does";

/// How bad it is. Errors are what the API server would refuse or what makes an answer incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Refused by the API server, or unreadable.
    Error,
    /// Accepted, but probably not what was meant.
    Warning,
    /// Worth knowing.
    Info,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        })
    }
}

/// A change of a text: the bytes of a range become another text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Patch {
    /// What is replaced; empty where something is inserted.
    pub range: Range<usize>,
    /// What is there instead.
    pub text: String,
}

/// A fix of a diagnostic: patches of one text. Edits of a Document are values of the same kind; they
/// are made where Documents are known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fix {
    /// What it does: `Put 8080 in quotes`.
    pub title: String,
    /// The text, by its name.
    pub file: Arc<str>,
    /// What is changed in it.
    pub patches: Vec<Patch>,
}

/// What certainly mends a diagnostic: a change of one node of the text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Correction {
    /// The node, by its first byte and the byte after the last.
    pub node: (u32, u32),
    /// What becomes of it.
    pub change: Change,
}

/// A change of a node of a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It becomes a text.
    Text(String),
    /// It becomes a number.
    Number(u16),
    /// A key of it, which is a map, gets a text.
    SetText(&'static str, &'static str),
    /// A key of it, which is a map, gets a number.
    SetNumber(&'static str, u16),
    /// A text is added to it, which is a list.
    Add(&'static str),
    /// It is removed from its list.
    Remove,
    /// The key that is written there gets another name.
    Rename(String),
}

/// A text with patches applied, those at one place in the order given. None if two overlap, or one is
/// not a range of characters of the text.
pub fn apply(text: &str, patches: &[Patch]) -> Option<String> {
    let mut sorted: Vec<&Patch> = patches.iter().collect();
    sorted.sort_by_key(|patch| (patch.range.start, patch.range.end));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for patch in sorted {
        out.push_str(text.get(at..patch.range.start)?);
        text.get(patch.range.clone())?;
        out.push_str(&patch.text);
        at = patch.range.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// Whether a terminal acts on a character instead of showing it: control characters, and those that turn the direction of
/// text or end a line.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A text with the characters that a terminal acts on written as `\u{1b}`.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match is_unprintable(c) {
            true => out.extend(c.escape_unicode()),
            false => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The edit distance of two names, for "did you mean": characters inserted, deleted, replaced or swapped with a neighbour.
pub fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j - 1] + same)
                .min(rows[i - 1][j] + 1)
                .min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// One message. `message` is lower case without a full stop, user input in backticks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable code: one with a manual page (`V2`, `W3`, ...) or a short kebab-case word.
    pub code: &'static str,
    /// Where, if it came from a text.
    pub span: Option<Span>,
    /// The object it is about: `NetworkPolicy shop/web`.
    pub resource: Option<String>,
    /// The API's own field path: `spec.ingress[0].ports[0].endPort`.
    pub path: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The flow of a project that it is about, by its id: who knows the file gives the place.
    #[serde(skip)]
    pub flow: Option<u32>,
    /// What certainly mends it, if anything does; see `crate::fix`.
    #[serde(skip)]
    pub correction: Option<Box<Correction>>,
}

impl Diagnostic {
    /// A diagnostic of the given severity, with nothing but its message.
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            span: None,
            resource: None,
            path: None,
            message: message.into(),
            help: None,
            flow: None,
            correction: None,
        }
    }

    /// An error.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A warning.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// A note.
    pub fn info(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Info, code, message)
    }

    /// Sets the position.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Sets the object it is about.
    #[must_use]
    pub fn on(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// Sets the field it is about.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Sets the flow that it is about.
    #[must_use]
    pub fn of_flow(mut self, flow: u32) -> Self {
        self.flow = Some(flow);
        self
    }

    /// Sets what certainly mends it.
    #[must_use]
    pub fn corrected(mut self, node: (u32, u32), change: Change) -> Self {
        self.correction = Some(Box::new(Correction { node, change }));
        self
    }

    /// Sets the help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The files that are not read in full, by name, each once.
pub fn unread(diagnostics: &[Diagnostic]) -> Vec<Arc<str>> {
    // What is skipped on purpose makes no answer incomplete, but is not read either.
    let unread = |d: &&Diagnostic| {
        UNREAD.contains(&d.code) && is_incomplete(d)
            || d.code == "file" && d.severity == Severity::Info
    };
    let files = diagnostics.iter().filter(unread);
    let files = files.filter_map(|d| Some(d.span.as_ref()?.file.clone()));
    files.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether the answers are incomplete because of this: an error, a policy that is not judged or a Kustomize folder that
/// is not built.
pub fn is_incomplete(d: &Diagnostic) -> bool {
    match d.severity {
        Severity::Error => true,
        Severity::Warning => [NOT_JUDGED, NOT_BUILT].contains(&d.code),
        Severity::Info => false,
    }
}

impl fmt::Display for Diagnostic {
    /// `file:line:column: severity: message (code)`, then the field path and the help on lines of their own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(span) = &self.span {
            write!(f, "{}: ", escaped(&span.to_string()))?;
        }
        write!(f, "{}: ", self.severity)?;
        if let Some(resource) = &self.resource {
            write!(f, "{}: ", escaped(resource))?;
        }
        if let Some(path) = &self.path {
            write!(f, "{}: ", escaped(path))?;
        }
        write!(f, "{} ({})", escaped(&self.message), self.code)?;
        if let Some(help) = &self.help {
            write!(f, "\n    help: {}", escaped(help))?;
        }
        Ok(())
    }
}
