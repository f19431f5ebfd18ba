//! Pictures of the diagram: written to a file, or copied.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use egui::ColorImage;

use crate::app::canvas::Diagram;
use crate::app::dialogs::{Extent, PathRequest};
use crate::app::panels::status;
use crate::app::state::App;
use crate::app::theme;
use crate::diag::Diagnostic;
use crate::picture::{self, Caption, Picture, Pixels, day_of};

/// What a copied picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Pixels, as other programs paste them.
    Pixels,
    /// The text of an SVG document.
    Svg,
}

/// What is copied, and how much of the diagram that is.
pub(super) type Copied = Result<(Content, Extent), Box<Diagnostic>>;

/// A picture for the clipboard.
pub(super) enum Content {
    Pixels(Pixels),
    Svg(String),
}

/// Pixels for each point.
const SCALE: f32 = 2.0;

impl App {
    /// Asks where to write a picture.
    pub(in crate::app) fn export_picture(&mut self, extent: Extent) {
        let name = self.files.name_of(&self.document());
        self.ask_path(PathRequest::ExportPicture(format!("{name}.png"), extent));
    }

    /// Writes a picture in the background, in the format of the name's extension.
    pub(super) fn write_diagram(&mut self, extent: Extent, path: Option<PathBuf>) {
        let Some(mut path) = path else { return };
        let is = |path: &PathBuf, known: &str| {
            path.extension()
                .and_then(OsStr::to_str)
                .is_some_and(|e| e.eq_ignore_ascii_case(known))
        };
        if !is(&path, "svg") && !is(&path, "png") {
            path.as_mut_os_string().push(".png");
        }
        let is_svg = is(&path, "svg");
        let (diagram, picture, _) = self.picture(extent);
        self.start_note(path, false, move || {
            let svg = picture.svg(&diagram.shown());
            match is_svg {
                true => Ok(svg.into_bytes()),
                false => picture::png(&svg, SCALE),
            }
        });
    }

    /// Copies a picture of the selection; without one, of all.
    pub(in crate::app) fn copy_picture(&mut self, form: Form) {
        let (diagram, picture, extent) = self.picture(Extent::Selection);
        self.files.copying.start(move |_| {
            let svg = picture.svg(&diagram.shown());
            let content = match form {
                Form::Svg => Content::Svg(svg),
                Form::Pixels => Content::Pixels(picture::pixels(&svg, SCALE)?),
            };
            Ok((content, extent))
        });
        if self.files.pool.is_inline() {
            self.poll_files();
        }
    }

    /// Puts a finished picture onto the clipboard.
    pub(super) fn poll_copying(&mut self) {
        let (content, extent) = match self.files.copying.take() {
            None => return,
            Some(Err(diagnostic)) => return self.show_failure(&diagnostic),
            Some(Ok(copied)) => copied,
        };
        match content {
            Content::Svg(text) => self.context.copy_text(text),
            Content::Pixels(Pixels { size, rgba }) => {
                let image = ColorImage::from_rgba_unmultiplied(size, &rgba);
                self.context.copy_image(image);
            }
        }
        self.view.notify(match extent {
            Extent::All => "Picture copied",
            Extent::Selection => "Picture of the selection copied",
        });
    }

    /// What a picture shows, in the window's colours; and how much of the diagram that is.
    fn picture(&self, extent: Extent) -> (Diagram, Picture, Extent) {
        let document = self.document();
        let (items, extra) = match extent {
            Extent::All => (Vec::new(), None),
            Extent::Selection => (self.view.selected(), self.view.extra),
        };
        let diagram = self.view.canvas.diagram(&document, &items, extra);
        let name = self.files.name_of(&document);
        let (part, extent) = match diagram.part {
            None => (None, Extent::All),
            Some(_) => (Some("selection"), Extent::Selection),
        };
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let day = day_of(since.map_or(0, |since| since.as_secs()));
        let verdict = status::verdict(&self.results, &self.view);
        let picture = Picture {
            theme: theme::current(&self.context),
            judged: std::sync::Arc::clone(&diagram.judged),
            caption: Some(Caption::of(name, part, day, verdict)),
            legend: true,
            notes: Vec::new(),
        };
        (diagram, picture, extent)
    }
}
