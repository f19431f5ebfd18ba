//! Cases of other people, which stand beside the repository or not at all.

use std::path::{Path, PathBuf};

/// Their folders, sorted: those where `DRAWBRIDGE_CORPUS` says, or in `../shared/corpus/cases`. None,
/// with the reason printed, where there are none.
pub fn cases() -> Vec<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/cases");
    let folder = std::env::var_os("DRAWBRIDGE_CORPUS").map_or(beside, PathBuf::from);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: there is no {}", folder.display());
        return Vec::new();
    };
    let mut cases: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    cases.sort();
    cases
}
