//! Menus by the keyboard: Alt opens the first one, arrows walk through entries and menus, Enter chooses, Escape closes.

use egui::containers::menu::{MenuState, SubMenu};
use egui::{Context, Event, EventFilter, Id, Key, Modifiers, Popup, Response, Ui};

/// How Alt was pressed so far.
#[derive(Clone, Copy, Default)]
struct Alt {
    held: bool,
    /// Nothing else was pressed with it.
    alone: bool,
}

fn alt_id() -> Id {
    Id::new("menus: alt")
}

/// Set where a menu was opened by a key, until its first entry has the focus.
fn opened_id() -> Id {
    Id::new("menus: opened by a key")
}

/// Opens menus by keys; `buttons` open them, from left to right. To be called after their menus are shown, which take
/// their own keys first.
pub fn open_by_keys(ui: &Ui, buttons: &[Response]) {
    let context = ui.ctx();
    let id = |button: &Response| Popup::default_response_id(button);
    let is_open = |button: &&Response| Popup::is_id_open(context, id(button));
    let at = buttons.iter().position(|button| is_open(&button));
    if let Some(pressed) = buttons.iter().find(|button| button.clicked()) {
        if !pressed.clicked_by(egui::PointerButton::Primary) {
            context.data_mut(|data| data.insert_temp(opened_id(), true));
        }
        return;
    }
    if is_alt_tapped(context) {
        match (at, buttons.first()) {
            (None, Some(first)) => open(context, id(first)),
            _ => Popup::close_all(context),
        }
        return;
    }
    let Some(at) = at else { return };
    let count = buttons.len() as isize;
    let next =
        (at as isize + steps(ui, Key::ArrowRight, Key::ArrowLeft)).rem_euclid(count) as usize;
    if let Some(button) = buttons.get(next).filter(|_| next != at) {
        open(context, id(button));
    }
}

fn open(context: &Context, menu: Id) {
    Popup::open_id(context, menu);
    context.data_mut(|data| data.insert_temp(opened_id(), true));
    context.request_repaint();
}

/// Whether Alt was released after it was pressed by itself.
fn is_alt_tapped(context: &Context) -> bool {
    let before: Alt = context.data(|data| data.get_temp(alt_id()).unwrap_or_default());
    let now = context.input(|input| {
        let others = input.events.iter().any(|event| {
            matches!(
                event,
                Event::Key { .. }
                    | Event::Text(_)
                    | Event::PointerButton { .. }
                    | Event::MouseWheel { .. }
                    | Event::WindowFocused(_)
            )
        });
        let held = input.modifiers == Modifiers::ALT;
        Alt {
            held,
            alone: !others && !input.pointer.any_down() && (before.alone || held && !before.held),
        }
    });
    context.data_mut(|data| data.insert_temp(alt_id(), now));
    let released = context.input(|input| input.modifiers.is_none());
    before.held && released && now.alone
}

/// Moves the focus through the entries of a menu. One that just opened by a key (`enters`) begins at the first; a
/// submenu takes no keys before the focus is in it.
pub fn walk(ui: &Ui, entries: &[Response], is_submenu: bool, enters: bool) {
    let at = entries.iter().position(Response::has_focus);
    if let Some(focused) = at.and_then(|at| entries.get(at)) {
        let filter = EventFilter {
            tab: false,
            horizontal_arrows: true,
            vertical_arrows: true,
            escape: false,
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(focused.id, filter));
    }
    let opened = !is_submenu && ui.data_mut(|data| data.remove_temp::<bool>(opened_id()).is_some());
    let Some(last) = entries.len().checked_sub(1) else {
        return;
    };
    let next = match at {
        _ if opened || enters => Some(0),
        None if is_submenu => None,
        None => match steps(ui, Key::ArrowDown, Key::ArrowUp) {
            0 => None,
            down if down > 0 => Some(0),
            _ => Some(last),
        },
        Some(at) => {
            let count = entries.len() as isize;
            let step = steps(ui, Key::ArrowDown, Key::ArrowUp);
            (step != 0).then(|| (at as isize + step).rem_euclid(count) as usize)
        }
    };
    if let Some(entry) = next.and_then(|next| entries.get(next)) {
        entry.request_focus();
        entry.scroll_to_me(None);
    }
}

/// Whether a submenu is entered by a key: by Enter, or by the right arrow, which opens it, too.
pub fn enters_submenu(ui: &Ui, entry: &Response) -> bool {
    if !entry.has_focus() {
        return false;
    }
    let right = ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::ArrowRight));
    if right {
        let submenu = SubMenu::id_from_widget_id(entry.id);
        MenuState::mark_shown(ui.ctx(), submenu);
        MenuState::from_ui(ui, |state, _| state.open_item = Some(submenu));
    }
    right || entry.clicked()
}

/// Whether the left arrow leaves a submenu with the focus in it.
pub fn leaves_submenu(ui: &Ui, entries: &[Response]) -> bool {
    entries.iter().any(Response::has_focus)
        && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::ArrowLeft))
}

/// Closes the submenu of an entry, which gets the focus.
pub fn close_submenu(ui: &Ui, entry: &Response) {
    MenuState::from_ui(ui, |state, _| state.open_item = None);
    entry.request_focus();
}

/// How often one key was pressed less another one.
fn steps(ui: &Ui, forward: Key, back: Key) -> isize {
    ui.input_mut(|input| {
        let mut times = |key| input.count_and_consume_key(Modifiers::NONE, key) as isize;
        times(forward) - times(back)
    })
}
