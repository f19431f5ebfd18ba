//! Text fields with drafts: typed text is a draft until Enter, Tab, loss of focus or save; an invalid
//! one shows the reason below and never reaches the Document.

mod editor;

pub use editor::Editor;

use egui::{
    Color32, Id, Key, Margin, Response, Stroke, TextEdit, Ui, WidgetInfo, WidgetType, vec2,
};

use crate::app::command::{Command, Commands};
use crate::app::theme::{self, color};
use crate::model::{Edit, Refusal};
use crate::scene::tokens;

/// What is being typed, in any field.
#[derive(Default)]
pub struct Drafts {
    drafts: Vec<Draft>,
    /// The field that wants focus when it is shown next.
    wanted: Option<Id>,
}

struct Draft {
    id: Id,
    text: String,
    /// What it comes to, if it is accepted and changes anything.
    command: Option<Command>,
    refusal: Option<Refusal>,
    focused: bool,
    shown: bool,
}

impl Drafts {
    /// Whether a field has the keyboard.
    pub fn typing(&self) -> bool {
        self.drafts.iter().any(|draft| draft.focused)
    }

    /// Whether what is typed differs from the Document.
    pub fn pending(&self) -> bool {
        self.drafts
            .iter()
            .any(|draft| draft.command.is_some() || draft.refusal.is_some())
    }

    /// The changes that would be made if all fields were left now.
    pub fn edits(&self) -> impl Iterator<Item = &Edit> {
        self.drafts.iter().filter_map(|draft| match &draft.command {
            Some(Command::Edit(edit)) => Some(edit),
            _ => None,
        })
    }

    /// The change that the field of that id would make if it were left now.
    pub fn edit_of(&self, field: Id) -> Option<&Edit> {
        let draft = self.position(field).and_then(|at| self.drafts.get(at))?;
        match &draft.command {
            Some(Command::Edit(edit)) => Some(edit),
            _ => None,
        }
    }

    /// Focuses a field as soon as it is shown.
    pub fn focus(&mut self, id: Id) {
        self.wanted = Some(id);
    }

    /// Everything accepted so far, as commands; fields keep the focus.
    pub fn commit(&mut self) -> Vec<Command> {
        self.drafts
            .iter_mut()
            .filter_map(|draft| draft.command.take())
            .collect()
    }

    /// At the end of a frame: takes over the drafts of fields that are no longer shown.
    pub fn settle(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        self.drafts.retain_mut(|draft| {
            if !draft.shown {
                commands.extend(draft.command.take());
            }
            std::mem::take(&mut draft.shown)
        });
        commands
    }

    /// Throws away everything typed.
    pub fn clear(&mut self) {
        self.drafts.clear();
    }

    /// Throws away what was refused, so that its fields show their values again. Returns whether there was any.
    pub fn clear_refused(&mut self) -> bool {
        let before = self.drafts.len();
        self.drafts.retain(|draft| draft.refusal.is_none());
        self.drafts.len() < before
    }

    fn position(&self, id: Id) -> Option<usize> {
        self.drafts.iter().position(|draft| draft.id == id)
    }
}

/// A text field over one value of the Document.
pub struct Field<'a> {
    id: Id,
    name: &'a str,
    value: &'a str,
    hint: &'a str,
    mono: bool,
    lines: usize,
    width: Option<f32>,
    again: bool,
}

impl<'a> Field<'a> {
    /// A field known to screen readers as `name`, showing `value`. `id` identifies it.
    pub fn new(id: impl egui::AsId, name: &'a str, value: &'a str) -> Self {
        Self {
            id: Id::new(("field", Id::new(id))),
            name,
            value,
            hint: "",
            mono: false,
            lines: 1,
            width: None,
            again: false,
        }
    }

    /// The egui id of the field made with that `id`.
    pub fn id_of(id: impl egui::AsId) -> Id {
        Id::new(("field", Id::new(id)))
    }

    /// What an empty field shows.
    pub fn hint(mut self, hint: &'a str) -> Self {
        self.hint = hint;
        self
    }

    /// In the mono face: ports, labels, addresses.
    pub fn mono(mut self) -> Self {
        self.mono = true;
        self
    }

    /// Several lines high.
    pub fn lines(mut self, lines: usize) -> Self {
        self.lines = lines;
        self
    }

    /// As wide as that; otherwise all there is.
    pub fn width(mut self, width: f32) -> Self {
        self.width = Some(width);
        self
    }

    /// For fields that add: after Enter it is empty again and keeps the focus.
    pub fn again(mut self) -> Self {
        self.again = true;
        self
    }

    /// Shows it. `accept` turns the typed text into a change, nothing, or a refusal.
    pub fn show(
        self,
        ui: &mut Ui,
        drafts: &mut Drafts,
        commands: &mut Commands,
        accept: impl FnOnce(&str) -> Result<Option<Edit>, Refusal>,
    ) -> Response {
        let at = drafts.position(self.id);
        let mut text = at.map_or_else(
            || self.value.to_owned(),
            |at| drafts.drafts[at].text.clone(),
        );
        let refused = at.is_some_and(|at| drafts.drafts[at].refusal.is_some());
        let response = self.text_edit(ui, &mut text, refused);
        if drafts.wanted == Some(self.id) {
            drafts.wanted = None;
            response.request_focus();
            select_all(ui, self.id, text.chars().count());
        }
        let draft = at.map(|at| drafts.drafts.swap_remove(at));
        if response.has_focus() || response.lost_focus() || draft.is_some() {
            let escaped = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Escape));
            let draft = (!escaped).then(|| self.draft(text, &response, accept));
            self.leave_or_keep(ui, draft, &response, drafts, commands);
        }
        response
    }

    fn draft(
        &self,
        text: String,
        response: &Response,
        accept: impl FnOnce(&str) -> Result<Option<Edit>, Refusal>,
    ) -> Draft {
        let accepted = if text == self.value {
            Ok(None)
        } else {
            accept(&text)
        };
        let (edit, refusal) = match accepted {
            Ok(edit) => (edit, None),
            Err(refusal) => (None, Some(refusal)),
        };
        Draft {
            id: self.id,
            text,
            command: edit.map(Command::Edit),
            refusal,
            focused: response.has_focus(),
            shown: true,
        }
    }

    fn leave_or_keep(
        &self,
        ui: &mut Ui,
        draft: Option<Draft>,
        response: &Response,
        drafts: &mut Drafts,
        commands: &mut Commands,
    ) {
        let Some(mut draft) = draft else { return };
        let entered = ui.input(|i| i.key_pressed(Key::Enter));
        if let Some(refusal) = &draft.refusal {
            complaint(ui, refusal);
            // The next keys correct the text; without the focus they would be commands.
            if response.lost_focus() && entered {
                response.request_focus();
                draft.focused = true;
            }
        }
        if response.has_focus() || draft.refusal.is_some() {
            drafts.drafts.push(draft);
        } else if let Some(command) = draft.command.take() {
            commands.push(command);
            if self.again && entered {
                drafts.focus(self.id);
            }
        }
    }

    fn text_edit(&self, ui: &mut Ui, text: &mut String, refused: bool) -> Response {
        let palette = theme::palette(ui.ctx());
        let font = if self.mono {
            theme::mono(tokens::TEXT_SMALL)
        } else {
            theme::sans(tokens::TEXT_NORMAL)
        };
        let hint = egui::RichText::new(self.hint).font(font.clone());
        let width = self.width.unwrap_or_else(|| ui.available_width());
        let edit = if self.lines > 1 {
            TextEdit::multiline(text)
                .desired_rows(self.lines)
                .return_key(None)
        } else {
            TextEdit::singleline(text).vertical_align(egui::Align::Center)
        };
        let edit = edit
            .id(self.id)
            .font(font)
            .hint_text(hint)
            .margin(Margin::symmetric(8, 4))
            .min_size(vec2(0.0, tokens::FIELD))
            .desired_width(width);
        let response = ui
            .scope(|ui| {
                if refused {
                    let stroke = Stroke::new(1.0, color(palette.blocked));
                    let visuals = ui.visuals_mut();
                    visuals.widgets.inactive.bg_stroke = stroke;
                    visuals.widgets.hovered.bg_stroke = stroke;
                    visuals.selection.stroke.color = stroke.color;
                }
                ui.add(edit)
            })
            .inner;
        let (name, enabled) = (self.name, ui.is_enabled());
        let shown = text.clone();
        response.widget_info(|| {
            let mut info = WidgetInfo::text_edit(enabled, &shown, &shown, self.hint);
            info.label = Some(name.to_owned());
            info
        });
        response
    }
}

/// Selects all of a field's text, so that typing replaces it.
pub fn select_all(ui: &Ui, id: Id, length: usize) {
    use egui::text::{CCursor, CCursorRange};
    let mut state = TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
    let range = CCursorRange::two(CCursor::new(0), CCursor::new(length));
    state.cursor.set_char_range(Some(range));
    state.store(ui.ctx(), id);
}

/// What is wrong, under a field.
pub fn complaint(ui: &mut Ui, refusal: &Refusal) {
    let palette = theme::palette(ui.ctx());
    let text = match &refusal.help {
        Some(help) => format!("{}: {help}", refusal.message),
        None => refusal.message.clone(),
    };
    message(ui, crate::app::icons::X, &text, color(palette.blocked));
}

/// A small line with an icon, wrapped.
pub fn message(ui: &mut Ui, icon: &str, text: &str, foreground: Color32) -> Response {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.spacing_mut().interact_size.y = 0.0;
        let size = tokens::TEXT_SMALL;
        ui.label(
            egui::RichText::new(icon)
                .font(theme::icon(size))
                .color(foreground),
        );
        let text = egui::RichText::new(text)
            .font(theme::sans(size))
            .color(foreground);
        ui.add(egui::Label::new(text).wrap())
    })
    .inner
}

/// Sets a control's name for screen readers.
pub fn named(response: &Response, kind: WidgetType, name: &str) {
    let enabled = response.enabled();
    response.widget_info(|| WidgetInfo::labeled(kind, enabled, name));
}
