//! Any text is read as manifests, and judged, without a panic.
#![no_main]

use drawbridge::manifest::{self, Source};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = manifest::read(&[Source::new("fuzz.yaml", text)]);
});
