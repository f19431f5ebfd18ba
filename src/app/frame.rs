//! A frame: answers of jobs are taken in, keys become commands, panels are shown, and commands run in order at
//! the end.

mod panes;

use std::sync::Arc;

use egui::{CentralPanel, Context, Frame, Panel, Ui};

use super::canvas;
use super::command::{Command, Commands};
use super::keys;
use super::matrix::{self, Center};
use super::overlays;
use super::panels::{lesson, side, start, status, top_bar};
use super::panes::{Pane, Shown};
use super::perform;
use super::preferences::WindowSize;
use super::state::App;
use super::theme::{self, color};
use crate::model::{Document, History};
use crate::query::Results;
use crate::scene::tokens;

/// The share of the window that a wide panel takes at most.
const WIDE: f32 = 0.64;

impl eframe::App for App {
    fn logic(&mut self, context: &Context, _: &mut eframe::Frame) {
        self.report_panics();
        self.take_answers();
        self.take_adopted();
        self.poll_files();
        self.handle_close(context);
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
        self.frames += 1;
        keys::read(self, ui.ctx());
        self.take_drops(ui.ctx());
        self.show(ui);
        overlays::open::overlays_ui(self, ui.ctx());
        self.perform_all();
        self.note_place();
        self.keep_checked();
        self.keep_journal(ui.ctx());
        self.watch_file(ui.ctx());
        self.title(ui.ctx());
        self.note_window(ui.ctx());
    }

    fn on_exit(&mut self, _: Option<&eframe::glow::Context>) {
        self.files.save_preferences(&self.preferences);
    }
}

impl App {
    /// Notes the size of the window, which is stored when it is closed.
    fn note_window(&mut self, context: &Context) {
        let (size, maximized) = context.input(|input| {
            let viewport = input.viewport();
            let size = viewport.inner_rect.map(|rect| rect.size());
            (
                size,
                viewport.maximized == Some(true) || viewport.fullscreen == Some(true),
            )
        });
        let Some(size) = size else { return };
        // The interface may be larger than the desktop asks for.
        let size = size * context.zoom_factor();
        let known = self.preferences.window.unwrap_or_default();
        self.preferences.window = Some(match maximized {
            true => WindowSize { maximized, ..known },
            false => WindowSize {
                width: size.x.round(),
                height: size.y.round(),
                maximized,
            },
        });
    }

    fn show(&mut self, ui: &mut Ui) {
        let mut commands = std::mem::take(&mut self.commands);
        if let Some(history) = &self.history {
            let document = history.document().clone();
            self.show_project(ui, &document, &mut commands);
        } else {
            start::start_ui(ui, &self.files, &self.preferences, &mut commands);
        }
        self.commands = commands;
    }

    /// Has workers compute what the panels show, and takes in what is done.
    fn keep_panels(
        &mut self,
        document: &Document,
        results: &Arc<Results>,
        commands: &mut Commands,
    ) {
        let (view, pool) = (&mut self.view, self.files.pool());
        if view.center == Center::Matrix {
            matrix::panel::keep(results, view, pool);
        }
        let quiet = !self.check.busy();
        side::keep(document, results, view, (pool, quiet));
        if view.shows_audit(document) {
            let suggestions = &self.files.suggestions;
            view.suggested
                .keep(document, view.results_number, suggestions);
        }
        if let Some(text) = view.policies.take_copy() {
            view.notify("Policies copied");
            commands.push(Command::CopyText(text));
        }
        let saved = self.history.as_ref().and_then(History::saved);
        view.compare.keep(results, view.results_number, saved, pool);
        view.compare
            .enforcers
            .keep(results, view.results_number, pool);
        perform::lessons::keep(view, results);
        // What one fix changes is shown beside its finding; what many change, in a dialog first.
        match view.audit.take_fixing(document) {
            Some(fixing) if fixing.findings > 1 => {
                let fixes = overlays::FixesView::new(fixing);
                view.overlay = Some(overlays::Overlay::Fixes(Box::new(fixes)));
            }
            fixing => commands.extend(fixing.map(|fixing| Command::Edit(fixing.edit))),
        }
    }

    fn show_project(&mut self, ui: &mut Ui, document: &Document, commands: &mut Commands) {
        let results = Arc::clone(&self.results);
        let palette = theme::palette(ui.ctx());
        let panel = Frame::new().fill(color(palette.panel));
        let top = Panel::top("top bar").exact_size(tokens::BAR);
        top.resizable(false)
            .frame(panel)
            .show_separator_line(false)
            .show(ui, |ui| {
                top_bar::top_bar_ui(ui, self, commands);
            });
        self.keep_panels(document, &results, commands);
        let (view, pool) = (&mut self.view, self.files.pool());
        let reading = self.files.reading();
        let status = Panel::bottom("status").exact_size(tokens::STATUS);
        status
            .resizable(false)
            .frame(panel)
            .show_separator_line(false)
            .show(ui, |ui| {
                status::status_ui(ui, document, &results, view, reading, commands);
            });
        if let Some(open) = &view.lesson {
            let below = Panel::bottom("lesson").exact_size(lesson::HEIGHT);
            let below = below.resizable(false).show_separator_line(false);
            below.frame(panel).show(ui, |ui| {
                lesson::lesson_ui(ui, (document, &results), open, commands);
            });
        }
        let is_wide = view.is_wide(document);
        let whole = ui.available_rect_before_wrap();
        let shown = match is_wide {
            true => (Shown::Hidden, Shown::Hidden),
            false => self.preferences.fit_panes(whole.width()),
        };
        view.panes.keep(shown);
        let about = (document, &*results);
        panes::pane_ui(ui, (Pane::Outline, shown.0), about, view, commands);
        panes::pane_ui(ui, (Pane::Side, shown.1), about, view, commands);
        if is_wide {
            let most = whole.width() * WIDE;
            let right = Panel::right("audit").default_size(most);
            right
                .size_range(480.0..=most.max(480.0))
                .frame(panel)
                .show(ui, |ui| {
                    side::wide_ui(ui, document, &results, view, commands);
                });
        }
        let room = ui.available_rect_before_wrap();
        let background = Frame::new().fill(color(palette.canvas));
        let zoom = view.canvas.zoom();
        CentralPanel::default().frame(background).show(ui, |ui| {
            if view.center == Center::Matrix {
                matrix::panel::matrix_ui(ui, document, view, commands);
                return;
            }
            let room = ui.max_rect();
            canvas::panel::canvas_ui(ui, pool, document, &results, view, commands);
            if let Some(chosen) = matrix::canvas_switch_ui(ui, room) {
                view.center = chosen;
                view.matrix.open();
            }
        });
        // The status bar, which is shown before, says the zoom.
        if view.canvas.zoom() != zoom {
            ui.ctx().request_repaint();
        }
        let resized = panes::grips_ui(ui, shown, whole, &mut self.preferences);
        let held = ui.input(|input| input.pointer.any_down());
        let rearranged = !held && view.side_layout != self.preferences.side_layout;
        if rearranged {
            self.preferences.side_layout = view.side_layout.clone();
        }
        if resized || rearranged {
            self.files.save_preferences(&self.preferences);
        }
        if let Some(pane) = view.panes.over() {
            let wide = *self.preferences.width(pane);
            panes::over_ui(ui.ctx(), (room, wide), about, view, commands);
        }
    }
}
