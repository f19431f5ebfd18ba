//! The list: rows of different heights, of which only the visible ones are laid out.

use std::collections::BTreeMap;

use egui::{Rect, ScrollArea, Ui, UiBuilder, pos2, vec2};

use super::rows::{self, FINDING, Group, Row};
use super::shown::Shown;
use super::{AuditView, Filter, finding, score};
use crate::app::audit::Audit;
use crate::app::command::Commands;
use crate::app::widgets;

/// Height of the row of a rule.
const GROUP: f32 = 36.0;
/// Assumed height of details that were never shown.
const GUESS: f32 = 240.0;
/// From this width on a finding has one line.
const WIDE: f32 = 620.0;

/// What the last frame found out about the rows.
#[derive(Default)]
pub(super) struct Layout {
    /// The groups, and the filter that they are for.
    groups: Option<(Filter, Vec<Group>)>,
    /// The height of the open details.
    details: Option<(usize, f32)>,
    /// The heights of findings that have several lines in the wide place, and the width that they are for.
    tall: (u32, BTreeMap<usize, f32>),
}

impl Layout {
    /// Forgets what was made for another audit.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// The groups that a filter leaves.
    fn groups(&mut self, audit: &Audit, filter: &Filter) -> Vec<Group> {
        match &self.groups {
            Some((of, groups)) if of == filter => groups.clone(),
            _ => {
                let groups = rows::groups(audit, filter);
                self.groups = Some((filter.clone(), groups.clone()));
                groups
            }
        }
    }
}

/// Shows the list.
pub(super) fn list_ui(ui: &mut Ui, audit: &Audit, view: &mut AuditView, commands: &mut Commands) {
    let groups = view.layout.groups(audit, &view.filter);
    let rows = rows::rows(audit, &groups, view);
    if groups.is_empty() {
        let text = match view.filter.is_on() {
            true => "No finding matches the filter.",
            false => "No mistake was found in the policies.",
        };
        widgets::padded(ui, |ui| widgets::empty(ui, text));
    }
    let is_wide = ui.available_width() >= WIDE;
    let details = view.layout.details;
    let width = ui.available_width().round() as u32;
    if view.layout.tall.0 != width {
        view.layout.tall = (width, BTreeMap::new());
    }
    let tall = &view.layout.tall.1;
    let height = |row: &Row| match row {
        Row::Whole => score::WHOLE,
        Row::Score(at) => audit.scores.get(*at).map_or(0.0, score::height),
        Row::Group(_) => GROUP,
        Row::Finding(at) if is_wide => tall.get(at).copied().unwrap_or(FINDING[0]),
        Row::Finding(_) => FINDING[1],
        Row::Details(at) => match details {
            Some((of, height)) if of == *at => height,
            _ => GUESS,
        },
    };
    let mut tops = Vec::with_capacity(rows.len() + 1);
    let mut total = 0.0;
    for row in &rows {
        tops.push(total);
        total += height(row);
    }
    tops.push(total);
    ui.spacing_mut().item_spacing.y = 0.0;
    let area = ScrollArea::vertical().auto_shrink(false).id_salt("audit");
    area.show_viewport(ui, |ui, seen| {
        ui.set_min_height(total);
        let (corner, width) = (ui.min_rect().min, ui.available_width());
        let first = tops.partition_point(|top| *top <= seen.min.y);
        let first = first.saturating_sub(1);
        let spans = tops.iter().zip(tops.iter().skip(1));
        for (row, (top, bottom)) in rows.iter().zip(spans).skip(first) {
            if *top > seen.max.y {
                break;
            }
            let place = pos2(corner.x, corner.y + top);
            let rect = Rect::from_min_size(place, vec2(width, bottom - top));
            let builder = UiBuilder::new().max_rect(rect).id_salt(key(*row, &groups));
            ui.scope_builder(builder, |ui| {
                let shown = Shown { audit, is_wide };
                shown.row_ui(ui, *row, &groups, view, commands);
            });
        }
    });
}

/// What identifies a row from frame to frame.
fn key(row: Row, groups: &[Group]) -> (u8, usize, &'static str) {
    match row {
        Row::Whole => (0, 0, ""),
        Row::Score(at) => (1, at, ""),
        Row::Group(at) => (2, 0, groups.get(at).map_or("", |group| group.code)),
        Row::Finding(at) => (3, at, ""),
        Row::Details(at) => (4, at, ""),
    }
}

impl Shown<'_> {
    fn row_ui(
        &self,
        ui: &mut Ui,
        row: Row,
        groups: &[Group],
        view: &mut AuditView,
        commands: &mut Commands,
    ) {
        match row {
            Row::Whole => score::whole_ui(ui, &self.audit.scores),
            Row::Score(at) => {
                if let Some(score) = self.audit.scores.get(at) {
                    score::score_ui(ui, score);
                }
            }
            Row::Group(at) => {
                if let Some(group) = groups.get(at) {
                    finding::group_ui(ui, group, view, commands);
                }
            }
            Row::Finding(at) => {
                let height = self.finding_ui(ui, at, view, commands).max(FINDING[0]);
                let tall = &mut view.layout.tall.1;
                let known = tall.get(&at).copied().unwrap_or(FINDING[0]);
                if self.is_wide && known != height {
                    tall.insert(at, height);
                    ui.ctx().request_repaint();
                }
            }
            Row::Details(at) => {
                let height = self.details_ui(ui, at, view, commands);
                if view.layout.details != Some((at, height)) {
                    view.layout.details = Some((at, height));
                    ui.ctx().request_repaint();
                }
            }
        }
    }
}
