//! Any text is read as a project without a panic, and what can be read survives being written.
#![no_main]

use drawbridge::project::format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok((document, _)) = format::read(text, "fuzz.drawbridge.yaml") else {
        return;
    };
    let written = format::write(&document);
    let (again, _) = format::read(&written, "fuzz.drawbridge.yaml").expect("what was written can be read");
    assert_eq!(format::write(&again), written);
});
