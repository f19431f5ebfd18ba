//! What opens and what closes: the drawing as it is now, against what was last saved, another project or
//! a folder. Follows every edit while it is open; the canvas shows it too.

mod list;

use std::sync::Arc;

use egui::{Frame, Margin, Ui};

use crate::analysis::changes::Relation;
use crate::app::analysis_results;
use crate::app::command::{Command, Commands};
use crate::app::jobs::{Kept, Pool};
use crate::app::problems::sentence;
use crate::app::theme::{self, color};
use crate::app::{icons, widgets};
use crate::model::Document;
use crate::query::Results;
use crate::query::compare::{Comparison, Difference, Drawn, Side, Way, compare};
use crate::report::diff::{self, Compared};
use crate::scene::{Extra, ExtraId, ExtraKind, tokens};

use list::Names;

/// Its state.
#[derive(Default)]
pub struct CompareView {
    with: Option<With>,
    /// Counts what it was compared with, so that an answer is known to be for it.
    number: u64,
    answer: Kept<(u64, u64, u64), Arc<Answer>>,
    /// The connection that was last chosen in the list, and its arrow.
    chosen: Option<(Difference, Extra)>,
}

/// The older side.
#[derive(Clone)]
enum With {
    /// Whatever is on disk.
    Saved,
    /// Something that is still being read: its name.
    Reading(String),
    /// Another project or other manifests: their name, and what was read.
    Other(String, Arc<Side>),
}

/// What came of it.
struct Answer {
    old: Arc<Side>,
    /// Which saved state `old` is.
    saved: u64,
    comparison: Comparison,
    names: Names,
    arrows: Arc<Vec<Extra>>,
}

impl CompareView {
    /// Compares with what was last saved.
    pub fn with_saved(&mut self) {
        self.begin(With::Saved);
    }

    /// Something of that name is being read, to be compared with.
    pub fn reading(&mut self, name: String) {
        self.begin(With::Reading(name));
    }

    /// Compares with what was read; if nothing was, there is no comparison. Nothing happens if nobody waits.
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

    /// Has a worker compare again, when one of the sides has changed; `saved` is what is on disk, and the
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
                let kept = known.filter(|(_, answer)| answer.saved == state);
                let older = match kept {
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

    /// The arrows of the open comparison; none is open: None.
    pub fn arrows(&self) -> Option<Arc<Vec<Extra>>> {
        self.with.as_ref()?;
        let answer = self.answer.answer();
        Some(answer.map_or_else(Arc::default, |(_, answer)| Arc::clone(&answer.arrows)))
    }

    /// The arrow of the chosen connection, while it still differs.
    pub fn chosen(&self) -> Option<&Extra> {
        self.chosen.as_ref().map(|(_, arrow)| arrow)
    }

    /// What came of the open comparison.
    pub fn comparison(&self) -> Option<&Comparison> {
        self.with.as_ref()?;
        self.answer.answer().map(|(_, answer)| &answer.comparison)
    }

    /// What an arrow of the open comparison stands for.
    pub fn drawn(&self, id: ExtraId) -> Option<&Drawn> {
        let arrows = &self.comparison()?.arrows;
        arrows.iter().find(|drawn| arrow(drawn).id == id)
    }

    /// What the drawing is compared with, in words.
    pub fn name(&self) -> String {
        match &self.with {
            None => String::new(),
            Some(With::Saved) => "last saved".to_owned(),
            Some(With::Reading(name) | With::Other(name, _)) => name.clone(),
        }
    }

    /// A table for a review: the answer as `diff -o md` writes it, with a title.
    pub fn markdown(&self, project: &str) -> Option<String> {
        let comparison = self.comparison()?;
        let table = diff::markdown(Compared {
            changes: &comparison.changes,
            policies: comparison.policies,
            assumptions: comparison.assumptions,
        });
        Some(format!("### {project}: {} -> now\n\n{table}", self.name()))
    }

    /// What stands below the picture: what is compared, and what its arrows say.
    pub fn legend(&self, project: &str) -> Option<Vec<String>> {
        let comparison = self.comparison()?;
        let (opens, closes) = (comparison.count(Way::Opens), comparison.count(Way::Closes));
        Some(vec![
            format!("{project}: {} -> now", self.name()),
            format!("+ solid: opens ({opens})   \u{2212} dashed: closes ({closes})"),
        ])
    }
}

/// Where the older side comes from.
enum Older {
    Known(Arc<Side>),
    Drawn(Box<Document>),
}

fn arrow(drawn: &Drawn) -> Extra {
    analysis_results::extra(kind_of(drawn.way), &drawn.joined)
}

fn kind_of(way: Way) -> ExtraKind {
    match way {
        Way::Opens => ExtraKind::Opened,
        Way::Closes => ExtraKind::Closed,
    }
}

/// Shows it.
pub fn compare_ui(
    ui: &mut Ui,
    extra: Option<ExtraId>,
    compare: &mut CompareView,
    commands: &mut Commands,
) {
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

/// What there is to compare with, while nothing is.
fn empty_ui(ui: &mut Ui, commands: &mut Commands) {
    ui.spacing_mut().item_spacing.y = 8.0;
    widgets::empty(
        ui,
        "Compare the drawing with something older, and every connection that opens or closes is listed here and drawn on the canvas.",
    );
    ui.add_space(4.0);
    let choices = [
        (Command::CompareSaved, "Compare with last saved"),
        (Command::CompareProject, "Compare with a project…"),
        (Command::CompareFolder, "Compare with a folder…"),
    ];
    for (command, text) in choices {
        if widgets::secondary(ui, text).clicked() {
            commands.push(command);
        }
    }
}

/// What is compared, what it comes to, and what can be taken away.
fn head_ui(ui: &mut Ui, compare: &CompareView, commands: &mut Commands) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let room = ui.available_width() - tokens::BUTTON - 6.0;
        ui.allocate_ui(egui::vec2(room, tokens::BUTTON), |ui| {
            ui.set_width(room);
            let name = compare.name();
            let title = format!("Now against {name}");
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
            (Command::SaveComparisonPicture, "Save picture…"),
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

/// How the sides stand to each other.
fn verdict_ui(ui: &mut Ui, comparison: &Comparison) {
    let palette = theme::palette(ui.ctx());
    let (icon, ink, ground) = match comparison.relation {
        Relation::Equal => (icons::CHECK, palette.exact, palette.exact_soft),
        Relation::Wider => (icons::PLUS, palette.ink, palette.canvas),
        Relation::Narrower => (icons::MINUS, palette.ink, palette.canvas),
        Relation::Apart => (icons::SWAP, palette.ink, palette.canvas),
    };
    let text = sentence(diff::connections(comparison.relation));
    let policies = format!("The new policies {}.", diff::policies(comparison.policies));
    let more = match comparison.relation {
        Relation::Equal => policies,
        _ => format!("{}. {policies}", counts(comparison)),
    };
    widgets::banner(ui, icon, &text, &more, color(ink), color(ground));
}

/// `3 connections open, 1 closes`.
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
            let s = if opens == 1 { "s" } else { "" };
            format!("{opens} {} open{s}, nothing closes", connections(opens))
        }
        (0, closes) => {
            let s = if closes == 1 { "s" } else { "" };
            format!("{closes} {} close{s}, nothing opens", connections(closes))
        }
        (opens, closes) => {
            let (a, b) = (
                if opens == 1 { "s" } else { "" },
                if closes == 1 { "s" } else { "" },
            );
            format!("{opens} {} open{a}, {closes} close{b}", connections(opens))
        }
    }
}

/// Where the canvas shows less than the list.
fn note_of(comparison: &Comparison) -> Option<String> {
    let (drawn, all) = (comparison.arrows.len(), comparison.differences.len());
    let without = comparison.without_arrow;
    if without > 0 {
        let have = if without == 1 { "has" } else { "have" };
        return Some(format!(
            "{without} of {all} {have} no arrow: an end is not on the canvas, or there are too many."
        ));
    }
    (drawn < all).then(|| format!("{drawn} arrows on the canvas sum up {all} connections."))
}
