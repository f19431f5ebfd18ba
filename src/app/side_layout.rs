//! How the panel at the right is divided; remembered between runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::panels::Tab;

/// The divider of the panel, and the sections of the inspector.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct SideLayout {
    /// Share of the height that the inspector takes, 0..1.
    pub split: Split,
    /// The sections that the user opened or folded, by name.
    open: BTreeMap<String, bool>,
}

impl SideLayout {
    /// Whether a section is open; `at_first`: until the user opens or folds it.
    pub fn is_open(&self, section: &str, at_first: bool) -> bool {
        self.open.get(section).copied().unwrap_or(at_first)
    }

    /// Opens or folds a section.
    pub fn set_open(&mut self, section: &str, open: bool) {
        self.open.insert(section.to_owned(), open);
    }
}

/// Share of the height that the inspector takes, by the tab below it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Split {
    /// Above the Policies tab.
    policies: f32,
    /// Above the Traffic tab: the evidence of an arrow.
    traffic: f32,
    /// Above the other tabs, which need more space.
    others: f32,
}

impl Split {
    /// The least and the largest share.
    const RANGE: [f32; 2] = [0.15, 0.85];

    /// The share for a tab.
    pub fn of(&self, tab: Tab) -> f32 {
        let share = match tab {
            Tab::Policies => self.policies,
            Tab::Traffic => self.traffic,
            _ => self.others,
        };
        let [least, most] = Self::RANGE;
        // A file may hold any number, and what is none.
        match share.is_nan() {
            true => least,
            false => share.clamp(least, most),
        }
    }

    /// Sets the share for a tab.
    pub fn set(&mut self, tab: Tab, share: f32) {
        let share = share.clamp(Self::RANGE[0], Self::RANGE[1]);
        match tab {
            Tab::Policies => self.policies = share,
            Tab::Traffic => self.traffic = share,
            _ => self.others = share,
        }
    }
}

impl Default for Split {
    fn default() -> Self {
        Self {
            policies: 0.5,
            traffic: 0.56,
            others: 0.32,
        }
    }
}
