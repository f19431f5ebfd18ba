//! How the panel at the right is divided; remembered between runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The divider of the panel, and the sections of the inspector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct SideLayout {
    /// Share of the height that the inspector takes, 0..1; the same above each tab, so that the tabs stay where they
    /// are.
    share: f32,
    /// The sections that the user opened or folded, by name.
    open: BTreeMap<String, bool>,
}

impl Default for SideLayout {
    fn default() -> Self {
        Self {
            share: 0.44,
            open: BTreeMap::new(),
        }
    }
}

impl SideLayout {
    /// The least and the largest share.
    const RANGE: [f32; 2] = [0.15, 0.85];

    /// Share of the height that the inspector takes.
    pub fn share(&self) -> f32 {
        let [least, most] = Self::RANGE;
        // A file may hold any number, and what is none.
        match self.share.is_nan() {
            true => least,
            false => self.share.clamp(least, most),
        }
    }

    /// Sets it.
    pub fn set_share(&mut self, share: f32) {
        let [least, most] = Self::RANGE;
        self.share = share.clamp(least, most);
    }

    /// Whether a section is open; `at_first`: until the user opens or folds it.
    pub fn is_open(&self, section: &str, at_first: bool) -> bool {
        self.open.get(section).copied().unwrap_or(at_first)
    }

    /// Opens or folds a section.
    pub fn set_open(&mut self, section: &str, open: bool) {
        self.open.insert(section.to_owned(), open);
    }
}
