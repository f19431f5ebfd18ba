//! Connections that open or close: the project now, compared with its last saved state, another project
//! or a folder. Updates with every edit; the canvas shows the differences too. Enforcers are compared here as well.

mod enforcers;
mod list;

use std::sync::Arc;

use egui::{Frame, Margin, Ui};

use crate::analysis::changes::Relation;
use crate::app::command::{Command, Commands};
use crate::app::jobs::{Memo, Pool};
use crate::app::problems::sentence;
use crate::app::theme::{self, color};
use crate::app::{icons, widgets};
use crate::model::Document;
use crate::picture;
use crate::query::Results;
use crate::query::compare::{ArrowChange, Comparison, Difference, Side, Way, compare};
use crate::report::diff::{self, Compared};
use crate::scene::{Extra, ExtraId, ExtraKind, tokens};

pub use enforcers::{DependentFlows, EnforcersView};
use list::Names;
pub(in crate::app) use list::long;

/// State of the panel.
#[derive(Default)]
pub struct CompareView {
    with: Option<With>,
    /// Increases with every new comparison, so that stale answers are recognized.
    number: u64,
    answer: Memo<(u64, u64, u64), Arc<Answer>>,
    /// The chosen connection of the list, and its arrow.
    chosen: Option<(Difference, Extra)>,
    /// The comparison of enforcers, which is open in place of an older side.
    pub enforcers: EnforcersView,
}

/// The older side.
#[derive(Clone)]
enum With {
    /// The last saved state.
    Saved,
    /// A side that is still being read; its name.
    Reading(String),
    /// Another project or manifests: name and content.
    Other(String, Arc<Side>),
}

/// The result of a comparison.
struct Answer {
    old: Arc<Side>,
    /// Number of the saved state that `old` is.
    saved: u64,
    comparison: Comparison,
    names: Names,
    arrows: Arc<Vec<Extra>>,
}

impl CompareView {
    /// Compares the enforcers instead.
    pub fn with_enforcers(&mut self) {
        self.close();
        self.enforcers.open();
    }

    /// Compares with the last saved state.
    pub fn with_saved(&mut self) {
        self.begin(With::Saved);
    }

    /// Opens a comparison with a side that is still being read.
    pub fn reading(&mut self, name: String) {
        self.begin(With::Reading(name));
    }

    /// Compares with the side that was read; `None` ends the comparison. Ignored if no comparison is waiting for it.
    pub fn with_other(&mut self, side: Option<Side>) {
        let Some(With::Reading(name)) = self.with.take_if(|with| matches!(with, With::Reading(_)))
        else {
            return;
        };
        if let Some(side) = side {
            self.begin(With::Other(name, Arc::new(side)));
        }
    }

    /// Ends the comparison.
    pub fn close(&mut self) {
        *self = Self {
            number: self.number,
            ..Self::default()
        };
    }

    fn begin(&mut self, with: With) {
        self.close();
        self.number += 1;
        self.with = Some(with);
    }

    /// Whether a comparison is open.
    pub fn is_open(&self) -> bool {
        self.with.is_some()
    }

    /// Compares again on the worker pool if a side has changed. `saved`: the last saved Document and the
    /// number of that state.
    pub fn keep(
        &mut self,
        results: &Arc<Results>,
        number: u64,
        saved: Option<(u64, &Document)>,
        pool: &Pool,
    ) {
        let known = self.answer.answer().map(|(key, answer)| (key.1, answer));
        let known = known.filter(|(number, _)| *number == self.number);
        let (state, older) = match (&self.with, saved) {
            (Some(With::Other(_, side)), _) => (0, Older::Known(Arc::clone(side))),
            (Some(With::Saved), Some((state, document))) => {
                let known = known.filter(|(_, answer)| answer.saved == state);
                let older = match known {
                    Some((_, answer)) => Older::Known(Arc::clone(&answer.old)),
                    None => Older::Drawn(Box::new(document.clone())),
                };
                (state, older)
            }
            _ => return,
        };
        let newer = Arc::clone(results);
        let key = (number, self.number, state);
        let fresh = self.answer.keep(key, pool, move |_| {
            let old = match older {
                Older::Known(side) => side,
                Older::Drawn(document) => Arc::new(Side::drawn(&document)),
            };
            let new = Side::in_force(&newer.document, &newer.in_force);
            let comparison = compare(&old, &new);
            Arc::new(Answer {
                names: Names::of(&old, &new),
                arrows: Arc::new(comparison.arrows.iter().map(arrow).collect()),
                saved: state,
                old,
                comparison,
            })
        });
        if let (true, Some((_, answer))) = (fresh, self.answer.answer()) {
            let all = &answer.comparison.differences;
            self.chosen
                .take_if(|(difference, _)| all.binary_search(difference).is_err());
        }
    }

    /// The arrows of the open comparison; `None` if none is open.
    pub fn arrows(&self) -> Option<Arc<Vec<Extra>>> {
        self.with.as_ref()?;
        let answer = self.answer.answer();
        Some(answer.map_or_else(Arc::default, |(_, answer)| Arc::clone(&answer.arrows)))
    }

    /// The arrow of the chosen connection, as long as it differs.
    pub fn chosen(&self) -> Option<&Extra> {
        self.chosen.as_ref().map(|(_, arrow)| arrow)
    }

    /// The result of the open comparison.
    pub fn comparison(&self) -> Option<&Comparison> {
        self.with.as_ref()?;
        self.answer.answer().map(|(_, answer)| &answer.comparison)
    }

    /// The differences that an arrow of the open comparison summarizes.
    pub fn drawn(&self, id: ExtraId) -> Option<&ArrowChange> {
        let arrows = &self.comparison()?.arrows;
        arrows.iter().find(|drawn| arrow(drawn).id == id)
    }

    /// The name of the older side.
    pub fn name(&self) -> String {
        match &self.with {
            None => String::new(),
            Some(With::Saved) => "last saved".to_owned(),
            Some(With::Reading(name) | With::Other(name, _)) => name.clone(),
        }
    }

    /// The comparison as `diff -o md` writes it, with a title.
    pub fn markdown(&self, project: &str) -> Option<String> {
        let comparison = self.comparison()?;
        let compared = Compared {
            left_out: &[],
            unread: &[],
            changes: &comparison.changes,
            named: &comparison.named,
            conditions: &comparison.conditions,
            policies: comparison.policies,
            assumptions: comparison.assumptions,
        };
        let heading = format!("{project}: {} -> now", self.name());
        Some(diff::markdown(compared, &heading))
    }

    /// Legend of the exported image: the compared sides and the meaning of the arrows.
    pub fn legend(&self, project: &str) -> Option<Vec<String>> {
        let comparison = self.comparison()?;
        let (opens, closes) = (comparison.count(Way::Opens), comparison.count(Way::Closes));
        Some(vec![
            format!("{project}: {} -> now", self.name()),
            format!("+ solid: opens ({opens})   \u{2212} dashed: closes ({closes})"),
        ])
    }
}

/// Source of the older side.
enum Older {
    Known(Arc<Side>),
    Drawn(Box<Document>),
}

fn arrow(drawn: &ArrowChange) -> Extra {
    picture::extra(kind_of(drawn.way), &drawn.joined)
}

fn kind_of(way: Way) -> ExtraKind {
    match way {
        Way::Opens => ExtraKind::Opened,
        Way::Closes => ExtraKind::Closed,
    }
}

/// Shows the panel.
pub fn compare_ui(
    ui: &mut Ui,
    document: &Document,
    extra: Option<ExtraId>,
    compare: &mut CompareView,
    commands: &mut Commands,
) {
    if compare.enforcers.is_open() {
        enforcers::enforcers_ui(ui, document, &mut compare.enforcers, commands);
        return;
    }
    let margin = Margin::symmetric(16, 12);
    if !compare.is_open() {
        Frame::new().inner_margin(margin).show(ui, |ui| {
            ui.set_width(ui.available_width());
            empty_ui(ui, commands);
        });
        return;
    }
    let margin = Margin { top: 8, ..margin };
    Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 8.0;
        head_ui(ui, compare, commands);
    });
    list::list_ui(ui, extra, compare, commands);
}

/// The choices while no comparison is open.
fn empty_ui(ui: &mut Ui, commands: &mut Commands) {
    ui.spacing_mut().item_spacing.y = 8.0;
    widgets::empty(
        ui,
        "Compare the project with an older version. Every connection that opens or closes is listed here and shown on the canvas.",
    );
    ui.add_space(4.0);
    let choices = [
        (Command::CompareSaved, "Compare with last saved"),
        (Command::CompareProject, "Compare with a project…"),
        (Command::CompareFolder, "Compare with a folder…"),
        (Command::CompareEnforcers, "Compare enforcers"),
    ];
    for (command, text) in choices {
        if widgets::secondary(ui, text).clicked() {
            commands.push(command);
        }
    }
}

/// The compared sides, the verdict, and the buttons that copy or save it.
fn head_ui(ui: &mut Ui, compare: &CompareView, commands: &mut Commands) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let width = ui.available_width() - tokens::BUTTON - 6.0;
        ui.allocate_ui(egui::vec2(width, tokens::BUTTON), |ui| {
            ui.set_width(width);
            let name = compare.name();
            let title = format!("Compared with {name}");
            widgets::title(ui, &title).on_hover_text(name);
        });
        if widgets::icon_button(ui, icons::X, "Close the comparison").clicked() {
            commands.push(Command::CloseCompare);
        }
    });
    let Some(comparison) = compare.comparison() else {
        widgets::small(ui, "Reading and comparing…");
        return;
    };
    verdict_ui(ui, comparison);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.spacing_mut().button_padding.x = 5.0;
        let takes = [
            (Command::CopyComparison, "Copy Markdown"),
            (Command::SaveComparison, "Save Markdown…"),
            (Command::SaveComparisonPicture, "Save image…"),
        ];
        for (command, text) in takes {
            if widgets::secondary(ui, text).clicked() {
                commands.push(command);
            }
        }
    });
    if let Some(note) = note_of(comparison) {
        widgets::faint(ui, note);
    }
}

/// How the two sides relate.
pub(in crate::app) fn verdict_ui(ui: &mut Ui, comparison: &Comparison) {
    let palette = theme::palette(ui.ctx());
    let (icon, foreground, background) = match comparison.relation {
        Relation::Equal if !comparison.conditions.is_empty() => {
            (icons::SWAP, palette.text, palette.canvas)
        }
        Relation::Equal => (icons::CHECK, palette.exact, palette.exact_soft),
        Relation::Wider => (icons::PLUS, palette.text, palette.canvas),
        Relation::Narrower => (icons::MINUS, palette.text, palette.canvas),
        Relation::Apart => (icons::SWAP, palette.text, palette.canvas),
    };
    let text = sentence(diff::connections(comparison.relation));
    let policies = format!("The new policies {}.", diff::policies(comparison.policies));
    let mut more = match comparison.relation {
        Relation::Equal => policies,
        _ => format!("{}. {policies}", counts(comparison)),
    };
    for line in comparison.conditions.iter().map(diff::differs) {
        more.push_str(&format!(" {line}."));
    }
    widgets::banner(ui, icon, &text, &more, color(foreground), color(background));
}

/// `3 connections opened, 1 closed`.
fn counts(comparison: &Comparison) -> String {
    let (opens, closes) = (comparison.count(Way::Opens), comparison.count(Way::Closes));
    let connections = |count| {
        if count == 1 {
            "connection"
        } else {
            "connections"
        }
    };
    match (opens, closes) {
        (opens, 0) => {
            format!("{opens} {} opened, none closed", connections(opens))
        }
        (0, closes) => {
            format!("{closes} {} closed, none opened", connections(closes))
        }
        (opens, closes) => {
            format!("{opens} {} opened, {closes} closed", connections(opens))
        }
    }
}

/// A note if the canvas shows less than the list.
fn note_of(comparison: &Comparison) -> Option<String> {
    let (drawn, all) = (comparison.arrows.len(), comparison.differences.len());
    let without = comparison.without_arrow;
    if without > 0 {
        let have = if without == 1 { "has" } else { "have" };
        return Some(format!(
            "{without} of {all} {have} no arrow: an end is not on the canvas, or there are too many."
        ));
    }
    (drawn < all).then(|| format!("{drawn} arrows on the canvas summarize {all} connections."))
}
