//! The next event of a text. libyaml-safer gives up with a panic on a few texts that are no YAML
//! (a tag with a comma right behind it, as in `[!a,`); here that is an error like any other.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use libyaml_safer::{Error, Event, Parser};

thread_local! {
    /// Whether a panic of this thread is expected, and not to be printed.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// The next event; `Err(None)` where the library gave up. The parser must not be asked again after an error.
pub(super) fn next<R: std::io::BufRead>(parser: &mut Parser<R>) -> Result<Event, Option<Error>> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !EXPECTED.get() {
                hook(info);
            }
        }));
    });
    EXPECTED.set(true);
    let event = panic::catch_unwind(AssertUnwindSafe(|| parser.parse()));
    EXPECTED.set(false);
    event.map_err(|_| None)?.map_err(Some)
}
