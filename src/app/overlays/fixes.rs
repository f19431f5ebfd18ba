//! What the fixes of many findings change: one difference of all texts, and a button that makes the change.

use egui::{Align, Context, Layout, Ui};

use super::dialog;
use super::difference::{diff_line_ui, heading_ui, lines_ui};
use super::report::head;
use crate::app::audit::Fixing;
use crate::app::command::Command;
use crate::app::state::App;
use crate::app::widgets;
use crate::fix::Fixed;
use crate::project::files::{DiffLine, unified};

/// State of the dialog.
pub struct FixesView {
    fixing: Fixing,
    lines: Vec<Line>,
}

/// A line of the difference.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    /// The name of a text.
    File(String),
    /// Where its next change is.
    Hunk(String),
    Text(DiffLine),
}

impl FixesView {
    /// Shows such fixes.
    pub fn new(fixing: Fixing) -> Self {
        let lines = fixing.files.iter().flat_map(lines_of).collect();
        Self { fixing, lines }
    }

    /// `Fix 2 findings in 2 policies`: each text is one policy, and a file may have several.
    fn title(&self) -> String {
        let (findings, policies) = (self.fixing.findings, self.fixing.files.len());
        let s = if findings == 1 { "" } else { "s" };
        let policy = if policies == 1 { "policy" } else { "policies" };
        format!("Fix {findings} finding{s} in {policies} {policy}")
    }
}

/// The changed lines of a text and those around them, below its name.
fn lines_of(fixed: &Fixed) -> Vec<Line> {
    let text = unified(&fixed.file, &fixed.before, &fixed.after);
    // The first two lines are the names of both texts.
    let lines = text.lines().skip(2).filter_map(|line| {
        let rest = || line.get(1..).unwrap_or_default().to_owned();
        Some(match line.chars().next()? {
            '+' => Line::Text(DiffLine::Added(rest())),
            '-' => Line::Text(DiffLine::Removed(rest())),
            ' ' => Line::Text(DiffLine::Same(rest())),
            _ => Line::Hunk(line.to_owned()),
        })
    });
    let name = Line::File(fixed.file.to_string());
    std::iter::once(name).chain(lines).collect()
}

/// Shows the dialog; returns the view while it stays open.
pub(super) fn fixes_ui(
    app: &mut App,
    context: &Context,
    view: Box<FixesView>,
) -> Option<Box<FixesView>> {
    let (close, closed) = dialog(context, "fixes", 760.0, |ui| {
        let about = "Each fix is proven: the finding is gone, and there is no new error. One step undoes them all.";
        let mut close = head(ui, &view.title(), about);
        let tall = (ui.ctx().content_rect().height() * 0.6).max(120.0);
        lines_ui(ui, &view.lines, tall, line_ui);
        ui.add_space(8.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if widgets::primary(ui, "Apply").clicked() {
                apply(app, &view.fixing);
                close = true;
            }
            close |= widgets::secondary(ui, "Cancel").clicked();
        });
        close
    });
    (!close && !closed).then_some(view)
}

/// Makes the change, unless the texts changed while the dialog was open.
fn apply(app: &mut App, fixing: &Fixing) {
    match fixing.is_of(&app.document()) {
        true => app.commands.push(Command::Edit(fixing.edit.clone())),
        false => app
            .view
            .show_error("The policies changed meanwhile: nothing is fixed"),
    }
}

fn line_ui(ui: &mut Ui, line: &Line) {
    match line {
        Line::File(name) => heading_ui(ui, name, true),
        Line::Hunk(place) => heading_ui(ui, place, false),
        Line::Text(line) => diff_line_ui(ui, line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_shows_its_changes_below_its_name() {
        let before: String = (1..=20).map(|at| format!("line {at}\n")).collect();
        let fixed = Fixed {
            file: "a.yaml".into(),
            after: before.replace("line 10\n", "- ten\n"),
            before,
        };
        let lines = lines_of(&fixed);
        let same = |at: usize| Line::Text(DiffLine::Same(format!("line {at}")));
        let mut wanted = vec![
            Line::File("a.yaml".into()),
            Line::Hunk("@@ -7,7 +7,7 @@".into()),
        ];
        wanted.extend((7..10).map(same));
        wanted.push(Line::Text(DiffLine::Removed("line 10".into())));
        wanted.push(Line::Text(DiffLine::Added("- ten".into())));
        wanted.extend((11..14).map(same));
        assert_eq!(lines, wanted);
    }
}
