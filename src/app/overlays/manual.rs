//! The manual page of a rule, as `lint --explain` prints it.

use egui::text::LayoutJob;
use egui::{Context, Label, ScrollArea, TextFormat, Ui};

use super::report::head;
use super::{dialog, list_area};
use crate::app::theme::{self, color};
use crate::app::{widgets, yaml_highlight};
use crate::lint;
use crate::scene::tokens;

/// Shows the dialog; true while it stays open.
pub(super) fn manual_ui(context: &Context, code: &str) -> bool {
    let (close, closed) = dialog(context, "manual", 640.0, |ui| {
        let name = lint::name_of(code);
        let title = match name == code {
            true => name.to_owned(),
            false => format!("{code} {name}"),
        };
        let close = head(ui, &title, "");
        let tall = ui.ctx().content_rect().height() * 0.7;
        list_area(tall).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 10.0;
            let page = lint::page(code).unwrap_or("There is no page for this code.");
            for block in blocks(page) {
                block_ui(ui, block);
            }
        });
        close
    });
    !close && !closed
}

/// A part of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block<'a> {
    /// Lines of text, without marks.
    Text(&'a str),
    /// An item of a list.
    Item(&'a str),
    /// Code, as it is.
    Code(&'a str),
}

/// The parts of a page below its heading.
fn blocks(page: &str) -> Vec<Block<'_>> {
    let body = page.split_once('\n').map_or("", |(_, body)| body);
    let mut blocks = Vec::new();
    for (at, part) in body.split("```").enumerate() {
        if at % 2 == 1 {
            let code = part.split_once('\n').map_or(part, |(_, code)| code);
            blocks.push(Block::Code(code.trim_end()));
            continue;
        }
        for paragraph in part.split("\n\n").map(str::trim).filter(|p| !p.is_empty()) {
            match paragraph.starts_with("- ") {
                true => blocks.extend(items(paragraph)),
                false => blocks.push(Block::Text(paragraph)),
            }
        }
    }
    blocks
}

/// The items of a list; lines that begin with no dash continue an item.
fn items(list: &str) -> impl Iterator<Item = Block<'_>> {
    let starts = list.match_indices("\n- ").map(|(at, _)| at + 1);
    let starts: Vec<usize> = std::iter::once(0).chain(starts).collect();
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([list.len()]).collect();
    let ranges = starts.into_iter().zip(ends);
    ranges.filter_map(move |(start, end)| list.get(start + 2..end).map(|t| Block::Item(t.trim())))
}

fn block_ui(ui: &mut Ui, block: Block) {
    let palette = theme::palette(ui.ctx());
    match block {
        Block::Text(text) => _ = ui.add(Label::new(styled(ui, text)).wrap().selectable(true)),
        Block::Item(text) => {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().interact_size.y = 0.0;
                widgets::secondary_text(ui, "\u{2022}");
                ui.add(Label::new(styled(ui, text)).wrap().selectable(true));
            });
        }
        Block::Code(text) => {
            let frame = egui::Frame::new()
                .fill(color(palette.code))
                .stroke(egui::Stroke::new(1.0, color(palette.hairline)))
                .corner_radius(4)
                .inner_margin(egui::Margin::symmetric(12, 8));
            frame.show(ui, |ui| {
                ui.set_width(ui.available_width());
                let job = yaml_highlight::text(text, &theme::mono(tokens::TEXT_SMALL), palette);
                let scroll = ScrollArea::horizontal().id_salt(text);
                scroll.show(ui, |ui| ui.add(Label::new(job).selectable(true).extend()));
            });
        }
    }
}

/// Text with its bold words and its code.
fn styled(ui: &Ui, text: &str) -> LayoutJob {
    let palette = theme::palette(ui.ctx());
    let mut job = LayoutJob::default();
    for (text, style) in spans(&text.replace('\n', " ")) {
        let font = match style {
            Style::Plain => theme::sans(tokens::TEXT_NORMAL),
            Style::Bold => theme::semibold(tokens::TEXT_NORMAL),
            Style::Code => theme::mono(tokens::TEXT_SMALL),
        };
        let mut format = TextFormat::simple(font, color(palette.text));
        format.line_height = Some(19.0);
        job.append(text, 0.0, format);
    }
    job
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Plain,
    Bold,
    Code,
}

/// The runs of a text; marks without a second one are text.
fn spans(text: &str) -> Vec<(&str, Style)> {
    let mut spans = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let marks = [("`", Style::Code), ("**", Style::Bold)];
        let next = marks.iter().filter_map(|(mark, style)| {
            let start = rest.find(mark)?;
            let inner = rest.get(start + mark.len()..)?;
            let end = inner.find(mark)?;
            let after = inner.get(end + mark.len()..)?;
            Some((start, inner.get(..end)?, after, *style))
        });
        let Some((start, inner, after, style)) = next.min_by_key(|found| found.0) else {
            spans.push((rest, Style::Plain));
            break;
        };
        if start > 0 {
            spans.extend(rest.get(..start).map(|text| (text, Style::Plain)));
        }
        spans.push((inner, style));
        rest = after;
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_split_into_text_lists_and_code() {
        let page =
            "## L1 name\n\nOne\nline.\n\n- a\n  b\n- c\n\n```yaml\na: 1\n\nb: 2\n```\n\nEnd.";
        assert_eq!(
            blocks(page),
            [
                Block::Text("One\nline."),
                Block::Item("a\n  b"),
                Block::Item("c"),
                Block::Code("a: 1\n\nb: 2"),
                Block::Text("End."),
            ]
        );
    }

    #[test]
    fn every_page_has_text_and_loses_none() {
        let letters =
            |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).collect() };
        for code in lint::codes() {
            let page = lint::page(code).unwrap();
            let (heading, body) = page.split_once('\n').unwrap_or((page, ""));
            assert!(heading.starts_with("## "), "{code}");
            let shown: String = (blocks(page).iter())
                .map(|block| match block {
                    Block::Text(text) | Block::Item(text) | Block::Code(text) => letters(text),
                })
                .collect();
            let written = body.lines().filter(|line| !line.starts_with("```"));
            let written: String = written.map(letters).collect();
            assert!(!shown.is_empty(), "{code}");
            assert_eq!(shown, written, "{code}");
        }
    }

    #[test]
    fn marks_style_what_is_between_them() {
        assert_eq!(
            spans("**Why.** A `port` and a ` alone"),
            [
                ("Why.", Style::Bold),
                (" A ", Style::Plain),
                ("port", Style::Code),
                (" and a ` alone", Style::Plain),
            ]
        );
    }
}
