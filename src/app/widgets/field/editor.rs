//! A field for a whole YAML text: line numbers, highlighting, and a background of their own for lines
//! with errors. Typed text is a draft until the field is left, by Ctrl+Enter too.

use egui::{Align2, Key, Modifiers, Rect, Response, TextEdit, Ui, pos2, vec2};

use super::{Drafts, Field, Id};
use crate::app::command::Commands;
use crate::app::theme::{self, color};
use crate::app::yaml_highlight;
use crate::model::{Edit, Refusal};
use crate::scene::tokens;

/// A YAML text over one value of the Document.
pub struct Editor<'a> {
    field: Field<'a>,
    wrong: &'a [u32],
}

impl<'a> Editor<'a> {
    /// An editor known to screen readers as `name`, showing `value`; lines that are `wrong` count from 1.
    pub fn new(id: impl egui::AsId, name: &'a str, value: &'a str, wrong: &'a [u32]) -> Self {
        Self {
            field: Field::new(id, name, value),
            wrong,
        }
    }

    /// The egui id of the editor made with that `id`.
    pub fn id_of(id: impl egui::AsId) -> Id {
        Field::id_of(id)
    }

    /// Its current text: the draft, else the value.
    pub fn text(&self, drafts: &Drafts) -> String {
        let at = drafts.position(self.field.id);
        let draft = at.and_then(|at| drafts.drafts.get(at));
        // Without changes, the value may have changed since.
        draft
            .filter(|draft| draft.command.is_some() || draft.refusal.is_some())
            .map_or_else(|| self.field.value.to_owned(), |draft| draft.text.clone())
    }

    /// Shows it, as large as there is space. `accept` validates the typed text.
    pub fn show(
        self,
        ui: &mut Ui,
        drafts: &mut Drafts,
        commands: &mut Commands,
        accept: impl FnOnce(&str) -> Result<Option<Edit>, Refusal>,
    ) -> Response {
        let id = self.field.id;
        let mut text = self.text(drafts);
        let focused = ui.memory(|memory| memory.has_focus(id));
        let done = focused && ui.input_mut(|i| i.consume_key(Modifiers::COMMAND, Key::Enter));
        let response = self.text_edit(ui, &mut text);
        if drafts.wanted == Some(id) {
            drafts.wanted = None;
            response.request_focus();
        }
        let had = drafts.position(id).map(|at| drafts.drafts.swap_remove(at));
        if response.has_focus() || response.lost_focus() || had.is_some() {
            let mut draft = self.field.draft(text, &response, accept);
            // What is refused keeps the focus.
            if done && draft.refusal.is_none() {
                response.surrender_focus();
                draft.focused = false;
            }
            self.field
                .leave_or_keep(ui, Some(draft), &response, drafts, commands);
        }
        response
    }

    fn text_edit(&self, ui: &mut Ui, text: &mut String) -> Response {
        let palette = theme::palette(ui.ctx());
        let font = theme::mono(tokens::TEXT_SMALL);
        let count = text.lines().count().max(1);
        let gutter = (count.ilog10() + 1) as f32 * 7.0 + 24.0;
        let line = yaml_highlight::LINE;
        let room = ui.available_size();
        let mut layouter = |ui: &Ui, text: &dyn egui::TextBuffer, _: f32| {
            let job = yaml_highlight::text(text.as_str(), &font, palette);
            ui.fonts_mut(|fonts| fonts.layout_job(job))
        };
        let top = ui.cursor().min.y;
        let across = ui.clip_rect().x_range();
        for number in self.wrong {
            let y = top + (number.saturating_sub(1)) as f32 * line;
            let row = Rect::from_x_y_ranges(across, y..=y + line);
            ui.painter()
                .rect_filled(row, 0.0, color(palette.blocked_soft));
        }
        let output = TextEdit::multiline(text)
            .id(self.field.id)
            .font(font.clone())
            .frame(egui::Frame::NONE.inner_margin(egui::Margin {
                left: gutter as i8,
                right: 16,
                ..egui::Margin::ZERO
            }))
            .cursor_at_end(false)
            .min_size(vec2(room.x, room.y.max(line * 4.0)))
            .desired_width(f32::INFINITY)
            .layouter(&mut layouter)
            .show(ui);
        let small = theme::mono(tokens::TEXT_TINY);
        for (number, row) in (1..).zip(&output.galley.rows) {
            let y = output.galley_pos.y + row.rect().center().y;
            if ui.clip_rect().y_range().expand(line).contains(y) {
                let foreground = match self.wrong.contains(&number) {
                    true => palette.blocked,
                    false => palette.text_faint,
                };
                let at = pos2(output.response.rect.left() + gutter - 10.0, y);
                let number = number.to_string();
                ui.painter().text(
                    at,
                    Align2::RIGHT_CENTER,
                    number,
                    small.clone(),
                    color(foreground),
                );
            }
        }
        let response = output.response.response;
        let (name, enabled, shown) = (self.field.name, ui.is_enabled(), text.clone());
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::text_edit(enabled, &shown, &shown, "");
            info.label = Some(name.to_owned());
            info
        });
        response
    }
}
