//! How the score comes about: the project, then each namespace with its three parts and what would raise it.

use egui::{Align2, Rect, Sense, Ui, WidgetInfo, WidgetType, pos2, vec2};

use crate::app::problems::sentence;
use crate::app::theme::{self, color};
use crate::lint::score::{FINDINGS, ISOLATION, NARROW, Score, rounded};
use crate::scene::tokens;

/// Height of the row of the project.
pub(super) const WHOLE: f32 = 88.0;
/// Height of the first line of a namespace.
const FIRST: f32 = 28.0;
/// Height of a line of what would raise it.
const LINE: f32 = 18.0;
/// The formula, in sentences.
const FORMULA: [&str; 4] = [
    "50 x isolated directions (ingress and egress of each workload)",
    "30 x those of them that list peers and ports",
    "20 x (1 - (errors + warnings / 3) / policies), at least 0",
    "Project: the mean of its namespaces, by number of workloads.",
];

/// Height of the row of a namespace.
pub(super) fn height(score: &Score) -> f32 {
    FIRST + LINE * score.raises().len() as f32 + 4.0
}

/// The formula, and the parts of the whole.
pub(super) fn whole_ui(ui: &mut Ui, scores: &[Score]) {
    let palette = theme::palette(ui.ctx());
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), WHOLE), Sense::hover());
    ui.painter().rect_filled(rect, 0.0, color(palette.canvas));
    for (at, line) in FORMULA.into_iter().enumerate() {
        let place = pos2(rect.left() + 16.0, rect.top() + 8.0 + LINE * at as f32);
        let font = theme::sans(tokens::TEXT_SMALL);
        let foreground = color(palette.text_secondary);
        ui.painter()
            .text(place, Align2::LEFT_TOP, line, font, foreground);
    }
    let name = format!("{} Namespaces: {}.", FORMULA.join(". "), scores.len());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &name));
}

/// A namespace: its points, the three parts, and what would raise it, the most first.
pub(super) fn score_ui(ui: &mut Ui, score: &Score) {
    let palette = theme::palette(ui.ctx());
    let size = vec2(ui.available_width(), height(score));
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    painter.rect_filled(rect, 0.0, color(palette.canvas));
    let points = rounded(score.points());
    let parts = [
        (score.isolation(), ISOLATION, "isolation"),
        (score.narrow(), NARROW, "narrow rules"),
        (score.findings(), FINDINGS, "findings"),
    ];
    let parts: Vec<String> = (parts.iter())
        .map(|(points, of, name)| format!("{name} {points:.0}/{of:.0}"))
        .collect();
    let mut parts = parts.join("   ");
    if score.incomplete {
        parts.insert_str(0, "incomplete   ");
    }
    let middle = rect.top() + FIRST / 2.0;
    let small = theme::sans(tokens::TEXT_SMALL);
    let end = pos2(rect.right() - 16.0, middle);
    let end = painter.text(
        end,
        Align2::RIGHT_CENTER,
        &parts,
        small.clone(),
        color(palette.text_secondary),
    );
    let number = pos2(rect.left() + 40.0, middle);
    let font = theme::semibold(tokens::TEXT_NORMAL);
    painter.text(
        number,
        Align2::RIGHT_CENTER,
        points.to_string(),
        font.clone(),
        color(palette.text),
    );
    let name = Rect::from_min_max(
        pos2(rect.left() + 52.0, rect.top()),
        pos2(end.left() - 12.0, rect.top() + FIRST),
    );
    super::line::line(&painter, name, &score.namespace, font, color(palette.text));
    let raises = score.raises();
    let mut told = format!("{}: {points} of 100; {parts}", score.namespace);
    for (at, raise) in raises.iter().enumerate() {
        let text = format!("+{:.0}  {}", raise.points, sentence(&raise.action));
        let top = rect.top() + FIRST + LINE * at as f32;
        let line = Rect::from_min_max(
            pos2(rect.left() + 52.0, top),
            pos2(rect.right() - 16.0, top + LINE),
        );
        super::line::line(
            &painter,
            line,
            &text,
            small.clone(),
            color(palette.text_faint),
        );
        told.push_str(&format!("\n{text}"));
    }
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &told));
    response.on_hover_text(&told);
}
