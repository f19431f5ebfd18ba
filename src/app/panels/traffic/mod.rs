//! The Traffic tab: connections that these policies would drop, connections nobody drew, flows that were never seen, and the
//! limits of the recording.

use std::collections::BTreeSet;
use std::ops::Range;

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Frame, Margin, Response, ScrollArea, Sense, Ui, WidgetInfo, WidgetType};
use egui::{pos2, vec2};

use crate::app::command::{Command, Commands};
use crate::app::theme::{self, color};
use crate::app::traffic::compared::reason_unseen;
use crate::app::traffic::ends::short;
use crate::app::traffic::words::{clock, counted, day, grouped};
use crate::app::traffic::{Compared, Listed, Recording, TrafficView};
use crate::app::view::View;
use crate::app::{icons, widgets};
use crate::model::{Document, FlowId, Item, TrafficClass};
use crate::observe::classes::ObservedEnd;
use crate::observe::time::SECOND;
use crate::scene::{ExtraId, tokens, traffic};

/// A row of the list.
enum Line<'a> {
    /// A section and how much is in it.
    Head(&'static str, usize),
    /// A connection, by its place in the recording.
    Connection(usize),
    /// A drawn flow that was never seen.
    Unseen(FlowId),
    /// How many connections of a section are not listed.
    More(usize),
    /// Why nothing is in a section.
    Nothing(&'static str),
    /// A limit of the recording.
    Limit(&'a str),
}

/// Shows the tab.
pub fn traffic_ui(ui: &mut Ui, document: &Document, view: &mut View, commands: &mut Commands) {
    let Some(recording) = view.traffic.recording().cloned() else {
        return widgets::padded(ui, |ui| {
            let text = "Open a recording to see which connections these policies would drop, and which flows are never used.";
            widgets::empty(ui, text);
            ui.add_space(4.0);
            if widgets::secondary(ui, "Open recording…").clicked() {
                commands.push(Command::OpenRecording);
            }
            if !document.recordings.is_empty()
                && widgets::secondary(ui, "Remove from project").clicked()
            {
                commands.push(Command::RemoveRecordings);
            }
        });
    };
    let Some(compared) = view.traffic.compared().cloned() else {
        return widgets::padded(ui, |ui| widgets::empty(ui, "Comparing with the policies…"));
    };
    let keep = keep(document, &recording);
    actions_ui(ui, &compared, &mut view.traffic, keep, commands);
    widgets::hairline(ui);
    let list = List {
        document,
        compared: &compared,
        selected: (view.extra, view.only_selected()),
    };
    let lines = list.lines(&view.traffic);
    ui.spacing_mut().item_spacing.y = 0.0;
    let area = ScrollArea::vertical().auto_shrink(false);
    area.show_rows(ui, tokens::ROW, lines.len(), |ui, shown| {
        let margin = Margin::symmetric(8, 0);
        Frame::new().inner_margin(margin).show(ui, |ui| {
            list.rows_ui(ui, &lines, shown, commands);
        });
    });
}

/// The button that makes the project refer to the open recording, or no longer: by content, because files may move.
fn keep(document: &Document, recording: &Recording) -> (&'static str, Command) {
    let open: BTreeSet<&str> = recording.files.iter().map(|one| &*one.sha256).collect();
    let known = document.recordings.iter().map(|one| &*one.sha256);
    match document.recordings.is_empty() {
        true => ("Add to project", Command::AddRecording),
        false if known.collect::<BTreeSet<_>>() == open => {
            ("Remove from project", Command::RemoveRecordings)
        }
        false => ("Update in project", Command::AddRecording),
    }
}

/// "Draw N", what happens to the recording, and what is ignored.
fn actions_ui(
    ui: &mut Ui,
    compared: &Compared,
    traffic: &mut TrafficView,
    (keep, command): (&str, Command),
    commands: &mut Commands,
) {
    let count = compared.proposals.proposals.len();
    widgets::padded(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.y = 6.0;
            let words = match count {
                1 => "Draw 1 flow…".to_owned(),
                count => format!("Draw {count} flows…"),
            };
            let button = ui.add_enabled_ui(count > 0, |ui| widgets::primary(ui, &words));
            if button.inner.clicked() {
                commands.push(Command::ProposeRecorded);
            }
            if widgets::secondary(ui, keep).clicked() {
                commands.push(command);
            }
            let confirmed = compared.evidence.len() as u64;
            if confirmed > 0 {
                let about = format!(
                    "Write to {} when and how often the recording shows it",
                    counted(confirmed, "flow")
                );
                let button = widgets::secondary(ui, "Keep evidence").on_hover_text(about);
                if button.clicked() {
                    commands.push(Command::KeepEvidence);
                }
            }
            if widgets::secondary(ui, "Close").clicked() {
                commands.push(Command::CloseRecording);
            }
        });
        links_ui(ui, compared, traffic, commands);
    });
}

/// What is listed, and what is ignored.
fn links_ui(ui: &mut Ui, compared: &Compared, traffic: &mut TrafficView, commands: &mut Commands) {
    let others = compared.ends.hidden();
    if others > 0 {
        let only = traffic.lists_others();
        let words = match only {
            true => "List all connections".to_owned(),
            false => format!(
                "List {} that the canvas shows as one",
                counted(others as u64, "end")
            ),
        };
        if widgets::link(ui, &words).clicked() {
            commands.push(Command::ListTraffic { others: !only });
        }
    }
    if traffic.ignored() > 0 {
        let words = format!("Show {} ignored", traffic.ignored());
        if widgets::link(ui, &words).clicked() {
            traffic.ignore_nothing();
        }
    }
}

struct List<'a> {
    document: &'a Document,
    compared: &'a Compared,
    selected: (Option<ExtraId>, Option<Item>),
}

impl<'a> List<'a> {
    fn lines(&self, view: &TrafficView) -> Vec<Line<'a>> {
        let compared = self.compared;
        let listed = view.listed();
        let mut lines = Vec::new();
        if view.lists_others() {
            push(
                &mut lines,
                "Ends shown as one on the canvas",
                &listed.others,
            );
            return lines;
        }
        push(
            &mut lines,
            "Would be dropped by these policies",
            &listed.cut,
        );
        if listed.cut.count == 0 {
            let words = "These policies allow everything that was seen";
            lines.push(Line::Nothing(words));
        }
        for (head, one) in [
            ("Seen and allowed, not drawn", &listed.undrawn),
            ("Not known whether allowed", &listed.uncertain),
        ] {
            if one.count > 0 {
                push(&mut lines, head, one);
            }
        }
        if !compared.unseen.is_empty() {
            lines.push(Line::Head("Drawn, never seen", compared.unseen.len()));
            lines.extend(compared.unseen.iter().copied().map(Line::Unseen));
        }
        lines.push(Line::Head("Limits of the recording", compared.limits.len()));
        lines.extend(compared.limits.iter().map(|limit| Line::Limit(limit)));
        lines
    }

    fn rows_ui(&self, ui: &mut Ui, lines: &[Line], shown: Range<usize>, commands: &mut Commands) {
        for line in lines.get(shown).unwrap_or_default() {
            match line {
                Line::Head(name, count) => widgets::section(ui, name, *count),
                Line::More(count) => {
                    let words = format!("{} more, narrow the window", grouped(*count as u64));
                    let row = widgets::Row::new(icons::INFO, &words);
                    row.show(ui).on_hover_text(
                        "The most frequent are listed. The others are in the window of time between the handles, and in the answer of `drawbridge flows`.",
                    );
                }
                Line::Nothing(words) => {
                    row_ui(ui, (TrafficClass::Seen, false), words, "", "");
                }
                Line::Limit(words) => {
                    let row = widgets::Row::new(icons::INFO, words);
                    row.show(ui).on_hover_text(*words);
                }
                Line::Connection(at) => self.connection_ui(ui, *at, commands),
                Line::Unseen(flow) => self.unseen_ui(ui, *flow, commands),
            }
        }
    }

    /// The ends of a connection, in short.
    fn ends(&self, at: usize) -> Option<String> {
        let one = self.compared.comparison.connections.get(at)?;
        let name = |end: &ObservedEnd| match end {
            ObservedEnd::Drawn(node) => self.document.node_name(*node).to_owned(),
            ObservedEnd::Missing(words) => short(words).to_owned(),
        };
        Some(format!("{} \u{2192} {}", name(&one.from), name(&one.to)))
    }

    fn connection_ui(&self, ui: &mut Ui, at: usize, commands: &mut Commands) {
        let found = self.compared.comparison.connections.get(at);
        let recording = &self.compared.recording;
        let connection = recording.observed.connections.get(at);
        let (Some(one), Some(connection), Some(ends)) = (found, connection, self.ends(at)) else {
            return;
        };
        let arrow = self.compared.arrow(at);
        let selected = arrow.is_some() && arrow == self.selected.0;
        let key = &connection.key;
        let port = match key.port {
            Some(port) => format!("{} {port}", key.protocol.name()),
            None => key.protocol.name().to_owned(),
        };
        let count = grouped(connection.sums.count());
        let when = connection.sums.last.map_or(String::new(), |last| {
            // Longer than a day: the clock alone does not say when.
            let capture = &recording.observed.capture;
            let window = capture.first().zip(capture.last());
            let length = window.map_or(0, |(first, last)| last.saturating_sub(first));
            match length > 24 * 3600 * SECOND {
                true => day(last),
                false => clock(last),
            }
        });
        let class = one.class.unwrap_or(TrafficClass::Denied);
        let response = row_ui(
            ui,
            (class, selected),
            &ends,
            &format!("{port}   {count}"),
            &when,
        );
        let response = response.on_hover_text(format!(
            "{} to {}, {port}\n{}",
            connection.source, connection.destination, one.replay.why
        ));
        if response.clicked() {
            match (arrow, one.flows.first()) {
                (Some(arrow), _) => commands.push(Command::SelectArrow(arrow)),
                (None, Some(flow)) => commands.push(Command::Reveal(Item::Flow(*flow))),
                (None, None) => commands.push(Command::Say(one.replay.why.clone())),
            }
        }
    }

    fn unseen_ui(&self, ui: &mut Ui, id: FlowId, commands: &mut Commands) {
        let Some(flow) = self.document.flows.get(id) else {
            return;
        };
        let item = Item::Flow(id);
        let selected = self.selected.1 == Some(item);
        let ends = self.document.flow_name(id).replace(" to ", " \u{2192} ");
        let ports = crate::scene::request::ports_label(&flow.ports);
        let reason = reason_unseen(self.document, id).unwrap_or_default();
        let look = (TrafficClass::DrawnUnseen, selected);
        if row_ui(ui, look, &ends, &ports, reason).clicked() {
            commands.push(Command::Reveal(item));
        }
    }
}

/// A section of connections.
fn push<'a>(lines: &mut Vec<Line<'a>>, head: &'static str, listed: &Listed) {
    lines.push(Line::Head(head, listed.count));
    lines.extend(listed.first.iter().copied().map(Line::Connection));
    if listed.count > listed.first.len() {
        lines.push(Line::More(listed.count - listed.first.len()));
    }
}

/// A row: the shape of its class, the ends, the port and count, and when.
fn row_ui(
    ui: &mut Ui,
    (class, selected): (TrafficClass, bool),
    ends: &str,
    port: &str,
    when: &str,
) -> Response {
    let palette = theme::palette(ui.ctx());
    let size = vec2(ui.available_width(), tokens::ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let parts = [ends, port, when, class.words()].into_iter();
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let name = parts.join(", ");
    response
        .widget_info(|| WidgetInfo::selected(WidgetType::SelectableLabel, true, selected, &name));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    widgets::row_background(ui, rect, &response, (selected, true));
    let painter = ui.painter();
    let middle = rect.center().y;
    let foreground = traffic::sign_color(class, palette);
    painter.text(
        pos2(rect.left() + 15.0, middle),
        Align2::CENTER_CENTER,
        icons::of_class(class),
        theme::icon(13.0),
        color(foreground),
    );
    let second = color(palette.text_secondary);
    let mut right = rect.right() - 8.0;
    for (text, font) in [
        (when, theme::sans(tokens::TEXT_SMALL)),
        (port, theme::mono(tokens::TEXT_SMALL)),
    ] {
        let at = pos2(right, middle);
        let drawn = painter.text(at, Align2::RIGHT_CENTER, text, font, second);
        right = drawn.left() - if text.is_empty() { 0.0 } else { 10.0 };
    }
    let left = rect.left() + 30.0;
    let ink = color(palette.text);
    let font = theme::sans(tokens::TEXT_NORMAL);
    let mut job = LayoutJob::simple_singleline(ends.to_owned(), font, ink);
    job.wrap = TextWrapping::truncate_at_width((right - left).max(40.0));
    let galley = painter.layout_job(job);
    painter.galley(pos2(left, middle - galley.size().y / 2.0), galley, ink);
    response
}
