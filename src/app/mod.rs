//! The window.
//!
//! [`state::App`] holds a History (the Document and its past), the newest Results, the View and the
//! files. A panel is `fn x_ui(ui, &Document, &Results, &mut XView, &mut Commands)`: it owns its own
//! state alone, reads the rest by reference and acts by [`command::Command`]; commands run in order at
//! the end of the frame (`frame`, `perform`). No two files use each other in a circle: a panel's state knows
//! nothing of [`view::View`], which consists of these states. Work that takes long runs in [`jobs`]. An idle window shows no frames at all.

mod adding;
pub mod analysis_results;
pub mod audit;
pub mod canvas;
pub mod command;
pub mod dialogs;
pub mod files;
pub mod filter;
pub mod focus;
mod frame;
mod fuzzy;
pub mod hubs;
pub mod icons;
pub mod jobs;
mod keys;
pub mod lessons;
pub mod matrix;
pub mod names;
pub mod overlays;
pub mod panels;
pub mod panes;
mod perform;
pub mod places;
pub mod preferences;
pub mod problems;
pub mod selection;
mod shared_matrix;
pub mod side_layout;
pub mod state;
pub mod suggestions;
pub mod surroundings;
#[cfg(test)]
mod tests;
pub mod theme;
pub mod traffic;
pub mod verdict;
pub mod view;
mod waiting_keys;
pub mod widgets;
pub mod words;
mod yaml_highlight;

use std::path::PathBuf;

pub use command::{Command, Commands};
pub use state::App;
pub use surroundings::Surroundings;

use preferences::{Preferences, WindowSize};
pub use view::View;

/// Opens the window, with these paths in it: a project, or manifests to import. Returns when it is closed.
pub fn run(paths: Vec<PathBuf>) -> Result<(), String> {
    let surroundings = Surroundings::of_this_desktop();
    let stored = surroundings.state_folder.as_ref();
    let window = stored.and_then(|state| state.preferences::<Preferences>().window?.usable());
    let window = window.unwrap_or_default();
    let options = |renderer| eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Drawbridge")
            .with_app_id("dev.drawbridge.Drawbridge")
            .with_icon(icon())
            .with_inner_size([window.width, window.height])
            .with_maximized(window.maximized)
            .with_min_inner_size(WindowSize::LEAST)
            .with_drag_and_drop(true),
        renderer,
        ..Default::default()
    };
    let start = |renderer, paths: Vec<PathBuf>| {
        let create: eframe::AppCreator<'_> = Box::new(move |cc| {
            let mut app = App::new(&cc.egui_ctx, Surroundings::of_this_desktop());
            if !paths.is_empty() {
                app.ask(Command::OpenPaths(paths));
            }
            Ok(Box::new(app))
        });
        eframe::run_native("drawbridge", options(renderer), create)
    };
    if has_no_display() {
        let message = "there is no display to open a window on";
        return Err(format!(
            "{message}; `drawbridge --help` lists the commands that need none"
        ));
    }
    leave_a_core_free();
    if let Err(error) = start(eframe::Renderer::Wgpu, paths.clone()) {
        // No Vulkan (or Metal, or DirectX) here: OpenGL draws the same.
        let first = reason(&error);
        start(eframe::Renderer::Glow, paths).map_err(|error| {
            let second = reason(&error);
            let both = match first == second {
                true => first,
                false => format!("{first}; with OpenGL: {second}"),
            };
            format!("the window cannot be opened: {both}")
        })?;
    }
    Ok(())
}

/// Whether this desktop names no display server; elsewhere than on Linux and its like there always is one.
fn has_no_display() -> bool {
    let names = ["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"];
    let unset = |name| std::env::var_os(name).is_none_or(|value| value.is_empty());
    cfg!(all(unix, not(target_os = "macos"))) && names.into_iter().all(unset)
}

/// An error without the place in the source text of a library.
fn reason(error: &eframe::Error) -> String {
    let text = error.to_string();
    let after = text.rsplit_once(".rs:").map(|(_, rest)| rest);
    let words = after.and_then(|rest| rest.split_once(": "));
    words.map_or(text.clone(), |(_, words)| words.to_owned())
}

/// Workers use one core less than there are, so that the window stays smooth.
fn leave_a_core_free() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // Fails only if a pool is there already, which then does as well.
    let _ = rayon::ThreadPoolBuilder::new()
        .num_threads(cores.saturating_sub(1).max(1))
        .build_global();
}

fn icon() -> egui::IconData {
    eframe::icon_data::from_png_bytes(include_bytes!("../../assets/icon/icon-128.png"))
        .unwrap_or_default()
}
