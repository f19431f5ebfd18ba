//! Keys that wait until what a command opens has the keyboard.

use egui::{Context, Event};

/// So many frames after a command, what it opened has the keyboard: one that shows it, and one that focuses it.
const OPENING: u64 = 2;

/// Keys pressed after a command in the same frame. They belong to what the command opens.
#[derive(Default)]
pub struct WaitingKeys {
    events: Vec<Event>,
    /// The frame in which they are read.
    due: u64,
}

impl WaitingKeys {
    /// Puts the keys back into the input when they are due; until then, newer keys wait behind them. Returns whether
    /// keys are read in this frame.
    pub(super) fn release(&mut self, frame: u64, context: &Context) -> bool {
        if self.events.is_empty() {
            return true;
        }
        let is_due = frame >= self.due;
        context.input_mut(|input| match is_due {
            true => drop(input.events.splice(0..0, self.events.drain(..))),
            false => {
                let newer = input.events.extract_if(.., |event| is_typed(event));
                self.events.extend(newer);
            }
        });
        if !is_due {
            context.request_repaint();
        }
        is_due
    }

    /// Keeps the keys until the commands of this frame have run and what they open is shown.
    pub(super) fn wait(&mut self, events: Vec<Event>, frame: u64, context: &Context) {
        if !events.is_empty() {
            self.events = events;
            self.due = frame + OPENING;
            context.request_repaint();
        }
    }
}

/// Whether an event comes from the keyboard.
pub(super) fn is_typed(event: &Event) -> bool {
    matches!(
        event,
        Event::Key { .. } | Event::Text(_) | Event::Copy | Event::Cut | Event::Paste(_)
    )
}
