//! Saves a Document into an existing text: what did not change stays byte for byte, comments included.

use super::{read, write};
use crate::diag::apply;
use crate::model::Document;
use crate::yaml::plain::Value;
use crate::yaml::{self, patch};

/// How deep changes are searched: as deep as possible, else down to the items of a list, else down to
/// the keys of the project.
const DEPTHS: [usize; 3] = [usize::MAX, 2, 1];

/// The text of a project after a change; `text` is what it was read from. What did not change stays
/// byte for byte, and reading returns the same Document. A text that is not a project, or cannot be
/// patched, is replaced.
pub fn save(text: &str, document: &Document) -> String {
    patched(text, document).unwrap_or_else(|| write(document))
}

fn patched(text: &str, document: &Document) -> Option<String> {
    let value = |document: &Document| Value::Mapping(super::write::mapping(document));
    let (before, _) = read(text, "").ok()?;
    let (old, new) = (value(&before), value(document));
    if old == new {
        return Some(text.to_owned());
    }
    let parsed = yaml::parse(text);
    let root = &parsed.documents.first()?.node;
    let reads_well = |text: &String| read(text, "").is_ok_and(|(read, _)| value(&read) == new);
    DEPTHS.into_iter().find_map(|depth| {
        let patches = patch::update(text, root, (&old, &new), depth)?;
        apply(text, &patches).filter(reads_well)
    })
}
