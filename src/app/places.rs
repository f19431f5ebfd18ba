//! Back and forward: the places visited on the canvas, with what was selected and in focus there.

use std::collections::BTreeSet;

use super::focus::Focus;
use crate::model::Item;

/// How many places are remembered.
const MOST: usize = 100;

/// A place visited.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) selection: BTreeSet<Item>,
    pub(super) focus: Option<Focus>,
    /// Zoom and pan.
    pub(super) camera: (f32, egui::Vec2),
}

impl Place {
    fn is_like(&self, other: &Self) -> bool {
        (&self.selection, &self.focus) == (&other.selection, &other.focus)
    }
}

/// The places visited, oldest first.
#[derive(Default)]
pub struct Places {
    all: Vec<Place>,
    /// The place where one is.
    at: usize,
}

impl Places {
    /// Remembers a place. The place before keeps the camera that it was left with; a jump is a place of
    /// its own even if nothing else changes.
    pub(super) fn visit(&mut self, place: Place, jumped: bool) {
        let empty = place.selection.is_empty() && place.focus.is_none();
        match self.all.get_mut(self.at) {
            Some(here) if here.is_like(&place) && !jumped => *here = place,
            // Nothing selected is no place of its own: back returns to what was selected.
            Some(_) if empty && !jumped => {}
            Some(here) if *here == place => {}
            Some(_) => {
                self.all.truncate(self.at + 1);
                self.all.push(place);
                let surplus = self.all.len().saturating_sub(MOST);
                self.all.drain(..surplus);
                self.at = self.all.len() - 1;
            }
            None => self.all.push(place),
        }
    }

    /// Goes that many places on (or back, if negative). From something that is no place, back is the
    /// place that one came from.
    pub(super) fn step(&mut self, step: isize, now: &Place) -> Option<&Place> {
        self.at = self.next(step, &now.selection, now.focus.as_ref())?;
        self.all.get(self.at)
    }

    /// Whether there is a place that many steps on (or back), from this selection and focus.
    pub fn can_step(&self, step: isize, selection: &BTreeSet<Item>, focus: Option<&Focus>) -> bool {
        self.next(step, selection, focus).is_some()
    }

    fn next(
        &self,
        step: isize,
        selection: &BTreeSet<Item>,
        focus: Option<&Focus>,
    ) -> Option<usize> {
        let here = self.all.get(self.at)?;
        let away = (&here.selection, here.focus.as_ref()) != (selection, focus);
        let step = if away && step < 0 { step + 1 } else { step };
        let at = self.at.checked_add_signed(step)?;
        (at < self.all.len()).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WorkloadId;

    fn place(selected: &[u32]) -> Place {
        let items = selected.iter().map(|id| Item::Workload(WorkloadId(*id)));
        Place {
            selection: items.collect(),
            focus: None,
            camera: (1.0, egui::Vec2::ZERO),
        }
    }

    #[test]
    fn back_and_forward_walk_through_places_and_a_new_one_drops_what_lay_ahead() {
        let mut places = Places::default();
        for at in [place(&[]), place(&[1]), place(&[2]), place(&[3])] {
            places.visit(at, false);
        }
        assert_eq!(places.step(-1, &place(&[3])).cloned(), Some(place(&[2])));
        assert_eq!(places.step(-1, &place(&[2])).cloned(), Some(place(&[1])));
        assert_eq!(places.step(1, &place(&[1])).cloned(), Some(place(&[2])));
        places.visit(place(&[4]), false);
        assert_eq!(places.step(1, &place(&[4])), None);
        // Nothing selected: back is where one came from.
        places.visit(place(&[]), false);
        assert_eq!(places.step(-1, &place(&[])).cloned(), Some(place(&[4])));
        assert_eq!(places.step(-1, &place(&[4])).cloned(), Some(place(&[2])));
    }

    #[test]
    fn places_are_bounded() {
        let mut places = Places::default();
        for id in 0..300 {
            places.visit(place(&[id]), false);
        }
        assert_eq!((places.all.len(), places.at), (MOST, MOST - 1));
    }
}
