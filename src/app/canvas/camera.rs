//! Pan and zoom of the canvas, and conversion between scene points and screen points.

use egui::{Pos2, Rect, Vec2, pos2, vec2};
use egui_graphs::MetadataFrame;

use crate::scene::detail::Level;

/// The nearest and the farthest zoom.
pub const ZOOM_RANGE: std::ops::RangeInclusive<f32> = 0.05..=4.0;

/// Pan and zoom. Pan is counted from the corner of the viewport, so that a panel that opens beside
/// the canvas does not move what is on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Camera {
    /// Screen points for each scene point.
    pub zoom: f32,
    /// The scene's origin, in screen points from the corner of the viewport.
    pub pan: Vec2,
    /// The canvas on the screen.
    pub viewport: Rect,
    /// The height of what floats at its top.
    pub above: f32,
    fitted: Option<Fitted>,
}

/// What was last fitted, and what came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Fitted {
    /// In the scene.
    bounds: Rect,
    zoom: f32,
    pan: Vec2,
    /// The space that it was fitted into.
    space: (Vec2, f32),
}

impl Default for Camera {
    fn default() -> Self {
        Self {
            zoom: 1.0,
            pan: vec2(48.0, 48.0),
            viewport: Rect::from_min_size(Pos2::ZERO, vec2(800.0, 600.0)),
            above: 88.0,
            fitted: None,
        }
    }
}

impl Camera {
    /// The same, as egui_graphs' displays read it.
    pub fn frame(&self) -> MetadataFrame {
        let mut frame = MetadataFrame::new(None);
        frame.zoom = self.zoom;
        frame.pan = self.origin();
        frame
    }

    /// The scene's origin on the screen, on a whole point so that text stays crisp.
    pub fn origin(&self) -> Vec2 {
        (self.viewport.min.to_vec2() + self.pan).round()
    }

    /// From the scene to the screen.
    pub fn to_screen(&self, point: Pos2) -> Pos2 {
        (point.to_vec2() * self.zoom + self.origin()).to_pos2()
    }

    /// From the screen to the scene.
    pub fn to_scene(&self, point: Pos2) -> Pos2 {
        ((point.to_vec2() - self.origin()) / self.zoom).to_pos2()
    }

    /// A rectangle, from the scene to the screen.
    pub fn rect_to_screen(&self, rect: Rect) -> Rect {
        Rect::from_min_max(self.to_screen(rect.min), self.to_screen(rect.max))
    }

    /// What of the scene can be seen.
    pub fn visible(&self) -> Rect {
        Rect::from_min_max(
            self.to_scene(self.viewport.min),
            self.to_scene(self.viewport.max),
        )
    }

    /// Pans by screen points.
    pub fn pan_by(&mut self, delta: Vec2) {
        self.pan += delta;
    }

    /// Zooms by a factor; what lies under `at` (on the screen) stays there.
    pub fn zoom_at(&mut self, at: Pos2, factor: f32) {
        if !factor.is_finite() || factor <= 0.0 {
            return;
        }
        let fixed = self.to_scene(at);
        self.zoom = (self.zoom * factor).clamp(*ZOOM_RANGE.start(), *ZOOM_RANGE.end());
        self.pan = at.to_vec2() - self.viewport.min.to_vec2() - fixed.to_vec2() * self.zoom;
    }

    /// Zooms to a level around the middle of the viewport.
    pub fn zoom_to(&mut self, zoom: f32) {
        self.zoom_at(self.viewport.center(), zoom / self.zoom);
    }

    /// The next round step nearer (`+1`) or farther (`-1`).
    pub fn zoom_step(&mut self, direction: i32) {
        const STEPS: [f32; 13] = [
            0.05, 0.1, 0.15, 0.25, 0.35, 0.5, 0.67, 0.8, 1.0, 1.25, 1.6, 2.5, 4.0,
        ];
        let next = if direction > 0 {
            STEPS.iter().find(|step| **step > self.zoom * 1.01)
        } else {
            STEPS.iter().rev().find(|step| **step < self.zoom * 0.99)
        };
        if let Some(next) = next {
            self.zoom_to(*next);
        }
    }

    /// Shows all of `bounds` (in the scene), at most at full size, with space for the tools above and below.
    pub fn fit(&mut self, bounds: Rect) {
        if !bounds.is_positive() || !self.viewport.is_positive() {
            return;
        }
        let room = Rect::from_min_max(
            self.viewport.min + vec2(28.0, self.above),
            self.viewport.max - vec2(28.0, 64.0),
        );
        let zoom = (room.width() / bounds.width()).min(room.height() / bounds.height());
        self.zoom = zoom.clamp(*ZOOM_RANGE.start(), 1.0);
        let middle = room.center().to_vec2() - self.viewport.min.to_vec2();
        self.pan = middle - bounds.center().to_vec2() * self.zoom;
        self.fitted = Some(Fitted {
            bounds,
            zoom: self.zoom,
            pan: self.pan,
            space: self.space(),
        });
    }

    /// Fits again when the space has changed, as long as nothing has panned or zoomed since.
    pub fn refit(&mut self) {
        if let Some(fitted) = self.fitted
            && (fitted.zoom, fitted.pan) == (self.zoom, self.pan)
            && fitted.space != self.space()
        {
            self.fit(fitted.bounds);
        }
    }

    fn space(&self) -> (Vec2, f32) {
        (self.viewport.size(), self.above)
    }

    /// Brings `rect` (in the scene) into view where its text can be read: zoomed in if it is far away.
    pub fn show(&mut self, rect: Rect) {
        const READABLE: f32 = 0.8;
        if Level::at(self.zoom) < Level::Near {
            let middle = self.to_screen(rect.center());
            self.zoom_at(middle, READABLE / self.zoom);
            self.pan += self.viewport.center() - middle;
        }
        let whole = self.rect_to_screen(rect).expand(24.0).size();
        match whole.x <= self.viewport.width() && whole.y <= self.viewport.height() {
            true => self.reveal(rect),
            false => self.fit(rect.expand(24.0)),
        }
    }

    /// Moves as little as needed so that `rect` (in the scene) can be seen.
    pub fn reveal(&mut self, rect: Rect) {
        let seen = self.rect_to_screen(rect).expand(24.0);
        let room = self.viewport;
        let shift = |low: f32, high: f32, first: f32, last: f32| {
            if high - low > last - first || low < first {
                first - low
            } else if high > last {
                last - high
            } else {
                0.0
            }
        };
        self.pan += vec2(
            shift(seen.left(), seen.right(), room.left(), room.right()),
            shift(seen.top(), seen.bottom(), room.top(), room.bottom()),
        );
    }
}

/// The nearest point of the 4-point grid.
pub fn snap(point: Pos2) -> Pos2 {
    pos2((point.x / 4.0).round() * 4.0, (point.y / 4.0).round() * 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera() -> Camera {
        Camera {
            viewport: Rect::from_min_size(pos2(232.0, 44.0), vec2(1000.0, 700.0)),
            ..Camera::default()
        }
    }

    #[test]
    fn zoom_keeps_the_point_under_the_pointer() {
        let mut camera = camera();
        let at = pos2(640.0, 300.0);
        let before = camera.to_scene(at);
        camera.zoom_at(at, 1.7);
        assert!((camera.to_scene(at) - before).length() < 1.0);
        camera.zoom_at(at, f32::NAN);
        camera.zoom_at(at, 1e9);
        assert_eq!(camera.zoom, 4.0);
    }

    #[test]
    fn fit_shows_everything_and_never_magnifies() {
        let mut camera = camera();
        let bounds = Rect::from_min_size(pos2(-300.0, 80.0), vec2(4000.0, 900.0));
        camera.fit(bounds);
        assert!(camera.visible().contains_rect(bounds));
        camera.fit(Rect::from_min_size(pos2(0.0, 0.0), vec2(40.0, 40.0)));
        assert_eq!(camera.zoom, 1.0);
    }

    #[test]
    fn what_was_fitted_is_fitted_again_until_it_is_panned_or_zoomed() {
        let mut camera = camera();
        let bounds = Rect::from_min_size(pos2(-300.0, 80.0), vec2(1400.0, 900.0));
        camera.fit(bounds);
        let first = camera.clone();
        camera.refit();
        assert_eq!(camera, first, "the space is the same");
        camera.viewport.set_width(400.0);
        camera.refit();
        assert!(camera.zoom < first.zoom);
        assert!(camera.visible().contains_rect(bounds));
        camera.above += 36.0;
        camera.refit();
        let top = camera.to_screen(bounds.min).y;
        assert!(top >= camera.viewport.top() + camera.above - 1.0, "{top}");
        camera.pan_by(vec2(10.0, 0.0));
        let panned = camera.clone();
        camera.viewport.set_width(1000.0);
        camera.refit();
        assert_eq!((camera.zoom, camera.pan), (panned.zoom, panned.pan));
    }

    #[test]
    fn reveal_moves_only_what_is_hidden() {
        let mut camera = camera();
        let before = camera.pan;
        let seen =
            Rect::from_min_size(camera.to_scene(camera.viewport.center()), vec2(100.0, 54.0));
        camera.reveal(seen);
        assert_eq!(camera.pan, before);
        camera.reveal(seen.translate(vec2(3000.0, 0.0)));
        assert!(
            camera
                .visible()
                .contains_rect(seen.translate(vec2(3000.0, 0.0)))
        );
    }

    #[test]
    fn zoom_steps_are_reversible() {
        let mut camera = camera();
        camera.zoom_step(1);
        assert_eq!(camera.zoom, 1.25);
        camera.zoom_step(-1);
        assert_eq!(camera.zoom, 1.0);
    }
}
