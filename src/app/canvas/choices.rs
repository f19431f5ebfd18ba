//! A list in a popup that typing filters: arrows choose a row, Enter or a click takes it.

use egui::{Key, Modifiers, ScrollArea, TextEdit, Ui, vec2};

use crate::app::widgets::Row;
use crate::scene::tokens;

/// The height of the list.
pub(super) const LIST: f32 = 264.0;

/// What is typed and which row is chosen.
#[derive(Default)]
pub struct Choices {
    /// The typed text.
    pub text: String,
    row: usize,
    opened: bool,
}

impl Choices {
    /// The chosen one of so many rows.
    pub fn row(&self, rows: usize) -> usize {
        self.row.min(rows.saturating_sub(1))
    }

    /// Shows the field, by its name and hint, and the rows that fit what is typed, each with its icon; returns the row that is taken.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        (name, hint): (&str, &str),
        rows: &[(&'static str, &str)],
    ) -> Option<usize> {
        let step = |ui: &Ui, key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if step(ui, Key::ArrowDown) {
            self.row += 1;
        }
        if step(ui, Key::ArrowUp) {
            self.row = self.row.saturating_sub(1);
        }
        self.row = self.row(rows.len());
        let typed = self.field(ui, name, hint);
        ui.add_space(4.0);
        let mut taken = None;
        // A popup is else no higher than it was with fewer rows.
        let area = ScrollArea::vertical().max_height(LIST);
        area.min_scrolled_height(LIST).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (number, (icon, text)) in rows.iter().enumerate() {
                let response = Row::new(icon, text).selected(number == self.row).show(ui);
                if number == self.row && typed.is_none() {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    taken = Some(number);
                }
            }
        });
        match typed {
            Some(Typed::Enter) => (self.row < rows.len()).then_some(self.row),
            _ => taken,
        }
    }

    fn field(&mut self, ui: &mut Ui, name: &str, hint: &str) -> Option<Typed> {
        let edit = TextEdit::singleline(&mut self.text)
            .id_salt(("canvas choices", name))
            .hint_text(hint)
            .vertical_align(egui::Align::Center)
            .min_size(vec2(0.0, tokens::FIELD))
            .margin(egui::Margin::symmetric(8, 4))
            .desired_width(f32::INFINITY);
        let response = ui.add(edit);
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::text_edit(true, &self.text, &self.text, hint);
            info.label = Some(name.to_owned());
            info
        });
        if !std::mem::replace(&mut self.opened, true) {
            response.request_focus();
        }
        if response.changed() {
            self.row = 0;
        }
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if entered {
            // What is taken may be refused.
            response.request_focus();
        }
        match response.changed() {
            _ if entered => Some(Typed::Enter),
            true => Some(Typed::Text),
            false => None,
        }
    }
}

/// What was typed into the field in this frame.
enum Typed {
    Text,
    Enter,
}
