//! Back and forward.

use crate::app::matrix::Center;
use crate::app::places::Place;
use crate::app::selection::exists;
use crate::app::state::App;

impl App {
    fn place(&self) -> Place {
        Place {
            selection: self.view.selection.clone(),
            focus: self.view.focus.clone(),
            camera: self.view.canvas.camera_at(),
        }
    }

    /// Remembers where one is, once a gesture is over.
    pub(in crate::app) fn note_place(&mut self) {
        if self.history.is_none() || self.view.canvas.in_gesture() {
            return;
        }
        let jumped = self.view.canvas.take_jump();
        let place = self.place();
        self.view.places.visit(place, jumped);
    }

    /// Goes back to the place before, or forward again.
    pub(in crate::app) fn go_place(&mut self, step: isize) {
        let now = self.place();
        let Some(place) = self.view.places.step(step, &now).cloned() else {
            return;
        };
        let document = self.document();
        let there = place.selection.into_iter();
        self.select(there.filter(|item| exists(&document, *item)).collect());
        self.view.focus = place.focus;
        self.view.prune(&document);
        self.view.canvas.set_camera(place.camera);
        self.view.center = Center::Canvas;
    }
}
