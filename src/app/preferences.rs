//! Preferences: theme, panels, recent projects. Stored in the state folder.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::panes::{Pane, Shown, fit};
use super::side_layout::SideLayout;
use super::theme::Choice;
use crate::scene::tokens;

/// How many recent projects are remembered.
pub const RECENT: usize = 8;

/// The sizes of the interface, in percent.
const SCALES: [u16; 9] = [70, 80, 90, 100, 110, 125, 150, 175, 200];

/// The size of the window, without frame, in points of the desktop.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct WindowSize {
    /// While it is not maximized.
    pub width: f32,
    /// While it is not maximized.
    pub height: f32,
    /// Whether it is maximized.
    pub maximized: bool,
}

impl WindowSize {
    /// The least size.
    pub const LEAST: [f32; 2] = [960.0, 600.0];

    /// The size that a window had, if it is one that a window can have.
    pub fn usable(self) -> Option<Self> {
        let [width, height] = Self::LEAST;
        // False for what is no number, too.
        (self.width >= width && self.height >= height).then_some(self)
    }
}

impl Default for WindowSize {
    fn default() -> Self {
        Self {
            width: 1440.0,
            height: 900.0,
            maximized: false,
        }
    }
}

/// The preferences stored between runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Preferences {
    /// The size of the window when it was closed; none: it never was.
    pub window: Option<WindowSize>,
    /// The theme.
    pub theme: Choice,
    /// High contrast.
    pub high_contrast: bool,
    /// Reduced motion.
    pub reduced_motion: bool,
    /// Whether the outline is shown.
    pub outline: bool,
    /// Whether the inspector is shown.
    pub inspector: bool,
    /// The width of the outline.
    pub outline_width: f32,
    /// The width of the inspector.
    pub inspector_width: f32,
    /// How the panel at the right is divided.
    pub side_layout: SideLayout,
    /// The size of the interface, in percent.
    pub scale: u16,
    /// The shortcuts that the user changed, by the names of their commands: `edit.mute: Ctrl M`.
    pub keys: BTreeMap<String, String>,
    /// Recently opened projects and folders, newest first.
    pub recent: Vec<PathBuf>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            window: None,
            theme: Choice::System,
            high_contrast: false,
            reduced_motion: false,
            outline: true,
            inspector: true,
            outline_width: tokens::OUTLINE,
            inspector_width: tokens::INSPECTOR,
            side_layout: SideLayout::default(),
            scale: 100,
            keys: BTreeMap::new(),
            recent: Vec::new(),
        }
    }
}

impl Preferences {
    /// Whether a panel is shown; as a rail, where there is no room for more.
    pub fn shows(&self, pane: Pane) -> bool {
        match pane {
            Pane::Outline => self.outline,
            Pane::Side => self.inspector,
        }
    }

    /// Shows or hides a panel.
    pub fn show(&mut self, pane: Pane, shown: bool) {
        match pane {
            Pane::Outline => self.outline = shown,
            Pane::Side => self.inspector = shown,
        }
    }

    /// The width that the user gave a panel.
    pub fn width(&mut self, pane: Pane) -> &mut f32 {
        match pane {
            Pane::Outline => &mut self.outline_width,
            Pane::Side => &mut self.inspector_width,
        }
    }

    /// How the panels are shown in a window of that width.
    pub fn fit_panes(&self, window: f32) -> (Shown, Shown) {
        let outline = self.outline.then_some(self.outline_width);
        let side = self.inspector.then_some(self.inspector_width);
        fit(window, outline, side)
    }

    /// The factor by which the interface is larger than the desktop asks for.
    pub fn zoom(&self) -> f32 {
        let [least, .., most] = SCALES;
        f32::from(self.scale.clamp(least, most)) / 100.0
    }

    /// The next larger or smaller interface, if there is one.
    pub fn step_scale(&mut self, larger: bool) {
        let next = match larger {
            true => SCALES.iter().find(|scale| **scale > self.scale),
            false => SCALES.iter().rfind(|scale| **scale < self.scale),
        };
        self.scale = next.copied().unwrap_or(self.scale);
    }

    /// Moves a path to the front of the recent ones.
    pub fn remember(&mut self, path: PathBuf) {
        self.recent.retain(|known| *known != path);
        self.recent.insert(0, path);
        self.recent.truncate(RECENT);
    }
}
