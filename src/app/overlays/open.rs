//! Shows the open overlay.

use egui::Context;

use super::{
    Overlay, adopted, convert, export, fixes, history, ignore, keys, manual, palette, question,
    report, suggestions,
};
use crate::app::state::App;

/// Shows the open overlay.
pub fn overlays_ui(app: &mut App, context: &Context) {
    let Some(overlay) = app.view.overlay.take() else {
        return;
    };
    let open = match overlay {
        Overlay::Palette(view) => palette::palette_ui(app, context, view).map(Overlay::Palette),
        Overlay::Keys(view) => keys::keys_ui(app, context, view).map(Overlay::Keys),
        Overlay::History => history::history_ui(app, context).then_some(Overlay::History),
        Overlay::Report => report::report_ui(app, context).then_some(Overlay::Report),
        Overlay::Question(question) => {
            question::question_ui(app, context, question).map(Overlay::Question)
        }
        Overlay::Path(prompt) => question::path_ui(app, context, prompt).map(Overlay::Path),
        Overlay::Adopted(view) => adopted::adopted_ui(app, context, view).map(Overlay::Adopted),
        Overlay::Convert(view) => convert::convert_ui(app, context, view).map(Overlay::Convert),
        Overlay::Suggestions(view) => {
            suggestions::suggestions_ui(app, context, view).map(Overlay::Suggestions)
        }
        Overlay::Manual(code) => manual::manual_ui(context, code).then_some(Overlay::Manual(code)),
        Overlay::Fixes(view) => fixes::fixes_ui(app, context, view).map(Overlay::Fixes),
        Overlay::Ignore(view) => ignore::ignore_ui(app, context, view).map(Overlay::Ignore),
        Overlay::Export(view) => export::export_ui(app, context, view).map(Overlay::Export),
    };
    // The overlay may itself have opened another one.
    if app.view.overlay.is_none() {
        app.view.overlay = open;
    }
}
