//! Pixels of an SVG document.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Source};
use resvg::usvg::{Options, Tree};

use super::fonts;
use crate::diag::Diagnostic;

/// The most pixels of a picture: 256 MB of memory.
const MOST: f32 = 64.0 * 1024.0 * 1024.0;

/// The pixels of a picture, row by row: red, green, blue, alpha.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// Width and height.
    pub size: [usize; 2],
    /// Four bytes for each pixel; opaque.
    pub rgba: Vec<u8>,
}

/// The picture as a PNG file, `scale` pixels for each point.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, Box<Diagnostic>> {
    let drawn = pixels(svg, scale)?;
    encoded(&drawn).map_err(|error| failed(&error.to_string()))
}

fn encoded(pixels: &Pixels) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let [width, height] = pixels.size.map(|side| side as u32);
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.add_text_chunk("Software".to_owned(), super::DRAWN_BY.to_owned())?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels.rgba)?;
    writer.finish()?;
    Ok(bytes)
}

/// The pixels of the picture, `scale` for each point.
pub fn pixels(svg: &str, scale: f32) -> Result<Pixels, Box<Diagnostic>> {
    let drawn = draw(svg, scale)?;
    Ok(Pixels {
        size: [drawn.width() as usize, drawn.height() as usize],
        rgba: drawn.take(),
    })
}

fn draw(svg: &str, scale: f32) -> Result<Pixmap, Box<Diagnostic>> {
    static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| Arc::new(faces()));
    let options = Options {
        fontdb: Arc::clone(&FONTS),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(|error| failed(&error.to_string()))?;
    let side = |points: f32| (points * scale).ceil().max(1.0);
    let (width, height) = (side(tree.size().width()), side(tree.size().height()));
    let too_large = || {
        let message =
            format!("the picture would have {width} x {height} pixels, which is too many");
        let help = "choose a smaller scale, a part of the project, or SVG";
        Box::new(Diagnostic::error("file", message).help(help))
    };
    if width * height > MOST {
        return Err(too_large());
    }
    let mut pixmap = Pixmap::new(width as u32, height as u32).ok_or_else(too_large)?;
    // To the last pixel, so that all of them are opaque.
    let size = tree.size();
    let transform = Transform::from_scale(width / size.width(), height / size.height());
    resvg::render(&tree, transform, &mut pixmap.as_mut());
    Ok(pixmap)
}

/// The faces, and which of them the generic families are.
fn faces() -> Database {
    let mut database = Database::new();
    for face in [fonts::SANS, fonts::SANS_SEMIBOLD, fonts::MONO] {
        database.load_font_source(Source::Binary(Arc::new(face)));
    }
    database.set_sans_serif_family("Inter");
    database.set_monospace_family("JetBrains Mono");
    database
}

fn failed(why: &str) -> Box<Diagnostic> {
    let message = format!("the picture cannot be drawn: {why}");
    Box::new(Diagnostic::error("file", message).help("export it as SVG"))
}
