//! The keys of the matrix: arrows, Home, End and the page keys move the cell; Enter opens Why.

use egui::{EventFilter, Key, Modifiers, Response, Ui};

use super::MatrixView;

/// Moves the chosen cell; true if Enter was pressed. `page`: how many rows are seen.
pub(super) fn keys(ui: &Ui, response: &Response, matrix: &mut MatrixView, page: usize) -> bool {
    if matrix.wants_keyboard {
        matrix.wants_keyboard = false;
        response.request_focus();
    }
    if !response.has_focus() {
        return false;
    }
    let filter = EventFilter {
        tab: false,
        horizontal_arrows: true,
        vertical_arrows: true,
        escape: false,
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let last = matrix.order.entries.len().saturating_sub(1);
    let before = matrix.at;
    let (row, column) = &mut matrix.at;
    ui.input_mut(|input| {
        let mut times = |modifiers, key| input.count_and_consume_key(modifiers, key);
        let plain = Modifiers::NONE;
        if times(Modifiers::COMMAND, Key::Home) > 0 {
            (*row, *column) = (0, 0);
        }
        if times(Modifiers::COMMAND, Key::End) > 0 {
            (*row, *column) = (last, last);
        }
        if times(plain, Key::Home) > 0 {
            *column = 0;
        }
        if times(plain, Key::End) > 0 {
            *column = last;
        }
        *row = (*row + times(plain, Key::ArrowDown) + page * times(plain, Key::PageDown)).min(last);
        *row = row.saturating_sub(times(plain, Key::ArrowUp) + page * times(plain, Key::PageUp));
        *column = (*column + times(plain, Key::ArrowRight)).min(last);
        *column = column.saturating_sub(times(plain, Key::ArrowLeft));
    });
    if matrix.at != before {
        matrix.follow = true;
    }
    ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter))
}
