//! The bar on the canvas with the open recording and the legend, in which each class has a switch.

use egui::{Align, Layout, Pos2, Response, RichText, Sense, Stroke, Ui, pos2, vec2};
use egui::{WidgetInfo, WidgetType};

use super::over_time::over_time_ui;
use super::words::{counted, day, grouped, span, stamp};
use super::{Recording, TrafficView};
use crate::app::canvas::paint;
use crate::app::command::{Command, Commands};
use crate::app::theme::{self, color};
use crate::app::{icons, widgets};
use crate::model::TrafficClass;
use crate::observe::Capture;
use crate::picture::look::line_of_class;
use crate::scene::{tokens, traffic};

/// Least width of an entry of the legend.
const ENTRY: f32 = 276.0;
/// Width of an entry without its words.
const SHORT: f32 = 118.0;
/// Length of the sample of a line.
const SAMPLE: f32 = 34.0;
/// The bar is never wider.
const WIDEST: f32 = 960.0;
/// Most width of what is said of the recording, on both sides of its histogram.
const SIDE: f32 = 220.0;
/// Height of what is said of the recording: two rows of text, and the histogram beside them.
const CAPTURE: f32 = 40.0;

/// The legend, what is as it should be first.
const ORDER: [TrafficClass; 10] = [
    TrafficClass::Seen,
    TrafficClass::Undrawn,
    TrafficClass::Cut,
    TrafficClass::DrawnUnseen,
    TrafficClass::OpenUnseen,
    TrafficClass::DrawnCut,
    TrafficClass::Blocked,
    TrafficClass::DrawnDropped,
    TrafficClass::UndrawnDropped,
    TrafficClass::Denied,
];

/// Shows the bar in so much width.
pub fn strip_ui(ui: &mut Ui, width: f32, view: &mut TrafficView, commands: &mut Commands) {
    let Some(recording) = view.recording().cloned() else {
        return;
    };
    let width = width.min(WIDEST);
    let palette = theme::palette(ui.ctx());
    let frame = egui::Frame::new()
        .fill(color(palette.raised))
        .stroke(Stroke::new(1.0, color(palette.hairline)))
        .corner_radius(8)
        .inner_margin(egui::Margin::symmetric(14, 8));
    frame.show(ui, |ui| {
        ui.set_width(width - 28.0);
        ui.spacing_mut().item_spacing.y = 2.0;
        capture_ui(ui, &recording, commands);
        ui.add_space(5.0);
        widgets::hairline(ui);
        ui.add_space(3.0);
        legend_ui(ui, view);
    });
}

/// The files and when they were recorded, the connections over time, and how much is in them and what is missing.
fn capture_ui(ui: &mut Ui, recording: &Recording, commands: &mut Commands) {
    let capture = &recording.observed.capture;
    let over_time = &recording.over_time;
    let has_times = over_time.intervals().len() > 0;
    let gap = ui.spacing().item_spacing.x;
    let width = ui.available_width();
    let side = match has_times {
        true => (width * 0.3).min(SIDE),
        false => (width - gap) / 2.0,
    };
    ui.horizontal(|ui| {
        let row = vec2(side, CAPTURE / 2.0);
        let left = Layout::left_to_right(Align::Center);
        let right = Layout::right_to_left(Align::Center);
        ui.vertical(|ui| {
            ui.allocate_ui_with_layout(row, left, |ui| files_ui(ui, capture));
            ui.allocate_ui_with_layout(row, left, |ui| window_ui(ui, capture, commands));
        });
        if has_times {
            let size = vec2(width - 2.0 * (side + gap), CAPTURE);
            if let Some(window) = over_time_ui(ui, over_time, capture.between.as_ref(), size) {
                commands.push(Command::NarrowRecording(window));
            }
        }
        ui.vertical(|ui| {
            let connections = recording.observed.connections.len() as u64;
            ui.allocate_ui_with_layout(row, right, |ui| amount_ui(ui, capture, connections));
            ui.allocate_ui_with_layout(row, right, |ui| missing_ui(ui, capture));
        });
    });
}

fn small(text: impl Into<String>) -> RichText {
    RichText::new(text).font(theme::sans(tokens::TEXT_SMALL))
}

fn bold(text: impl Into<String>) -> RichText {
    RichText::new(text).font(theme::semibold(tokens::TEXT_NORMAL))
}

fn files_ui(ui: &mut Ui, capture: &Capture) {
    let palette = theme::palette(ui.ctx());
    let icon = RichText::new(icons::TRAFFIC).font(theme::icon(tokens::ICON));
    ui.set_min_width(ui.available_width());
    ui.label(icon.color(color(palette.observed)));
    let names: Vec<&str> = capture.sources.iter().map(|one| base(&one.file)).collect();
    let files = match names.as_slice() {
        [first, more @ ..] if !more.is_empty() => format!("{first} and {} more", more.len()),
        all => all.concat(),
    };
    let label = egui::Label::new(bold(files)).truncate();
    ui.add(label).on_hover_text(names.join("\n"));
}

/// When it was recorded.
fn window_ui(ui: &mut Ui, capture: &Capture, commands: &mut Commands) {
    let second = color(theme::palette(ui.ctx()).text_secondary);
    ui.set_min_width(ui.available_width());
    if let Some(between) = &capture.between {
        let short = format!("{} to {}", day(between.start), day(between.end));
        let label = egui::Label::new(small(short.as_str()).color(second)).truncate();
        let link = "Whole recording";
        let needs = egui::WidgetText::from(small(link));
        let needs = needs.into_galley(ui, None, f32::INFINITY, egui::TextStyle::Body);
        let room = ui.available_width() - needs.size().x - ui.spacing().item_spacing.x;
        ui.scope(|ui| {
            ui.set_max_width(room.max(0.0));
            ui.add(label).on_hover_text(short);
        });
        if widgets::link(ui, link).clicked() {
            commands.push(Command::NarrowRecording(None));
        }
        return;
    }
    let Some((first, last)) = capture.first().zip(capture.last()) else {
        ui.label(small("no times recorded").color(second));
        return;
    };
    let short = format!("{} to {} UTC", day(first), day(last));
    let label = egui::Label::new(small(short).color(second)).truncate();
    ui.add(label)
        .on_hover_text(format!("{} to {} UTC", stamp(first), stamp(last)));
}

/// How long it is, and how much is in it.
fn amount_ui(ui: &mut Ui, capture: &Capture, connections: u64) {
    let records: u64 = capture.sources.iter().map(|source| source.records).sum();
    let records = counted(records, "record");
    let window = match &capture.between {
        Some(between) => Some((between.start, between.end)),
        None => capture.first().zip(capture.last()),
    };
    let records = match capture.between.is_some() {
        true => counted(connections, "connection"),
        false => records,
    };
    let all = match window {
        Some((first, last)) => format!("{}, {records}", span(first, last)),
        None => records,
    };
    ui.set_min_width(ui.available_width());
    ui.add(egui::Label::new(bold(all)).truncate());
}

/// What the recorder lost, and what in the files is no connection.
fn missing_ui(ui: &mut Ui, capture: &Capture) {
    let palette = theme::palette(ui.ctx());
    ui.set_min_width(ui.available_width());
    if capture.lost > 0 {
        let wide = color(palette.wide);
        let words = format!("{} lost", counted(capture.lost, "event"));
        ui.label(small(words).color(wide));
        let icon = RichText::new(icons::WARNING).font(theme::icon(13.0));
        ui.label(icon.color(wide));
    }
    let malformed: u64 = capture.sources.iter().map(|source| source.malformed).sum();
    let mut reasons = capture.ignored.clone();
    if malformed > 0 {
        *reasons.entry("malformed".to_owned()).or_default() += malformed;
    }
    let ignored: u64 = reasons.values().sum();
    if ignored > 0 {
        let words = format!("{} ignored", counted(ignored, "line"));
        let label = egui::Label::new(small(words).color(color(palette.text_secondary))).truncate();
        let reasons = reasons.iter();
        let reasons: Vec<String> = reasons
            .map(|(reason, count)| format!("{reason}: {}", grouped(*count)))
            .collect();
        ui.add(label).on_hover_text(format!(
            "Not counted as connections\n{}",
            reasons.join("\n")
        ));
    }
}

fn base(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn legend_ui(ui: &mut Ui, view: &mut TrafficView) {
    let Some(counts) = view.counts().cloned() else {
        widgets::faint(ui, "Comparing with the policies…");
        return;
    };
    let columns = (ui.available_width() / ENTRY).floor().max(1.0);
    let is_narrow = columns < 2.0;
    let is_short = is_narrow && !view.legend_open;
    let width = match is_short {
        true => SHORT,
        false => (ui.available_width() / columns).floor(),
    };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
        if is_narrow {
            let (icon, name) = match view.legend_open {
                true => (icons::CARET_UP, "Hide the words of the legend"),
                false => (icons::CARET_DOWN, "Show the words of the legend"),
            };
            if widgets::icon_button(ui, icon, name).clicked() {
                view.legend_open = is_short;
            }
        }
        for class in ORDER {
            if let Some(count) = counts.get(&class)
                && entry_ui(ui, (width, is_short), (class, *count), !view.hides(class)).clicked()
            {
                view.toggle_class(class);
            }
        }
    });
}

/// A class: its line, shape, words (unless it is short) and number; a click switches it.
fn entry_ui(
    ui: &mut Ui,
    (width, is_short): (f32, bool),
    (class, count): (TrafficClass, usize),
    on: bool,
) -> Response {
    let palette = theme::palette(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(width, tokens::ROW), Sense::click());
    let name = format!("{}, {count}", class.words());
    response.widget_info(|| WidgetInfo::selected(WidgetType::Checkbox, true, on, &name));
    let rect = rect.shrink2(vec2(0.0, 1.0)).with_max_x(rect.right() - 12.0);
    if response.hovered() {
        let over = tokens::mix(palette.raised, palette.text, 0.05);
        ui.painter()
            .rect_filled(rect.expand2(vec2(4.0, 0.0)), 6.0, color(over));
    }
    widgets::focus_ring(ui, &response, rect);
    let mut painter = ui.painter().clone();
    if !on {
        painter.multiply_opacity(0.5);
    }
    let middle = rect.center().y;
    sample(&painter, pos2(rect.left() + 2.0, middle), class, palette);
    let foreground = traffic::sign_color(class, palette);
    let at = pos2(rect.left() + SAMPLE + 16.0, middle);
    let icon = icons::of_class(class);
    let center = egui::Align2::CENTER_CENTER;
    painter.text(at, center, icon, theme::icon(14.0), color(foreground));
    let eye = if on { icons::EYE } else { icons::EYE_SLASH };
    let at = pos2(rect.right() - 8.0, middle);
    let quiet = color(palette.text_secondary);
    painter.text(at, center, eye, theme::icon(13.0), quiet);
    let number = grouped(count as u64);
    let font = theme::sans(tokens::TEXT_SMALL);
    let end = painter.text(
        pos2(rect.right() - 22.0, middle),
        egui::Align2::RIGHT_CENTER,
        number,
        font.clone(),
        quiet,
    );
    let verb = if on { "Hide" } else { "Show" };
    let response = response.on_hover_text(format!("{verb}: {}", class.words()));
    if is_short {
        return response;
    }
    let left = rect.left() + SAMPLE + 30.0;
    let ink = color(palette.text);
    let mut job = egui::text::LayoutJob::simple_singleline(class.words().to_owned(), font, ink);
    job.wrap = egui::text::TextWrapping::truncate_at_width(end.left() - 6.0 - left);
    let galley = painter.layout_job(job);
    painter.galley(pos2(left, middle - galley.size().y / 2.0), galley, ink);
    response
}

/// A line as the canvas draws it.
fn sample(painter: &egui::Painter, at: Pos2, class: TrafficClass, palette: &tokens::Palette) {
    let [line, ..] = traffic::colors(class, palette).map(color);
    let width = traffic::width(class);
    let tip = at + vec2(SAMPLE, 0.0);
    let heading = vec2(1.0, 0.0);
    let way = [at, tip - vec2(6.0, 0.0)];
    painter.extend(paint::line(
        &way,
        line_of_class(class),
        Stroke::new(width, line),
        1.0,
    ));
    painter.add(match class {
        TrafficClass::Denied => paint::bar(tip, heading, 9.0, Stroke::new(width, line)),
        TrafficClass::DrawnUnseen => {
            let inside = color(palette.raised);
            paint::hollow_head(tip, heading, 8.0, Stroke::new(1.2, line), inside)
        }
        _ => paint::head(tip, heading, 9.0, line),
    });
}

/// The chip at the top of the canvas that switches the overlay.
pub fn chip_ui(ui: &mut Ui, on: bool) -> Response {
    let palette = theme::palette(ui.ctx());
    let foreground = color(if on {
        palette.observed
    } else {
        palette.text_secondary
    });
    let words = "Observed";
    let font = theme::sans(tokens::TEXT_SMALL);
    let galley = ui
        .painter()
        .layout_no_wrap(words.to_owned(), font, foreground);
    let size = vec2(galley.size().x + 60.0, tokens::BUTTON);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let fill = match on {
        true => tokens::mix(palette.raised, palette.observed, 0.12),
        false => palette.raised,
    };
    let border = if on {
        palette.observed
    } else {
        palette.outline
    };
    let stroke = Stroke::new(1.0, color(border));
    let radius = rect.height() / 2.0;
    let painter = ui.painter();
    painter.rect(rect, radius, color(fill), stroke, egui::StrokeKind::Inside);
    let middle = rect.center().y;
    let icon = |x: f32, icon: &str| {
        let center = egui::Align2::CENTER_CENTER;
        painter.text(pos2(x, middle), center, icon, theme::icon(14.0), foreground);
    };
    icon(rect.left() + 18.0, icons::TRAFFIC);
    icon(
        rect.right() - 16.0,
        if on { icons::X } else { icons::EYE_SLASH },
    );
    let at = pos2(rect.left() + 32.0, middle - galley.size().y / 2.0);
    painter.galley(at, galley, foreground);
    widgets::focus_ring(ui, &response, rect);
    let label = "Recorded traffic";
    response.widget_info(|| WidgetInfo::selected(WidgetType::Checkbox, true, on, label));
    let hover = if on {
        "Hide recorded traffic"
    } else {
        "Show recorded traffic"
    };
    response.on_hover_text(hover)
}
