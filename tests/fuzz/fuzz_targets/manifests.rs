//! Any text is read as manifests and judged without a panic, and what is imported of it survives being saved.
#![no_main]

mod laws;

use drawbridge::analysis::{Matrix, connections, exposure, isolation, notes};
use drawbridge::import;
use drawbridge::load;
use drawbridge::manifest::Source;
use drawbridge::project::format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let sources = [Source::new("fuzz.yaml", text)];
    let loaded = load::load(&sources, &load::Settings::default());
    laws::all_in(text, &loaded.diagnostics);
    let snapshot = &loaded.snapshot;
    assert_eq!(snapshot.policies.len(), loaded.policies.iter().flat_map(|p| p.index).count());
    if snapshot.pods.len() > 30 || snapshot.policies.len() > 30 {
        return;
    }
    isolation(snapshot);
    notes(snapshot, &Matrix::new(snapshot));
    connections(snapshot);
    exposure::exposure(snapshot);
    let imported = import::import(&loaded);
    let written = format::write(&imported.document);
    let (again, _) = format::read(&written, "fuzz.drawbridge.yaml").unwrap_or_else(|told| panic!("{told:?}\n{written}"));
    assert_eq!(format::write(&again), written);
});
