//! Any text is read as a project without a panic; what can be read survives being written, and is
//! generated and proven.
#![no_main]

mod laws;

use drawbridge::project::format;
use libfuzzer_sys::fuzz_target;

const FILE: &str = "fuzz.drawbridge.yaml";

fuzz_target!(|text: &str| {
    let (document, told) = match format::read(text, FILE) {
        Ok(read) => read,
        Err(told) => {
            assert!(laws::any_error(&told), "refused without a reason");
            return laws::all_in(text, &told);
        }
    };
    laws::all_in(text, &told);
    assert_eq!(format::save(text, &document), text, "nothing changed");
    let written = format::write(&document);
    let (again, _) = format::read(&written, FILE).unwrap_or_else(|told| panic!("{told:?}\n{written}"));
    assert_eq!(format::write(&again), written);
    if document.flows.len() <= 12 && document.workloads.len() <= 12 && document.policies.len() <= 6 {
        let first = drawbridge::query::check(&document);
        let second = drawbridge::query::check(&again);
        assert_eq!(first.generated.text(), second.generated.text());
        assert_eq!(first.proof.state, second.proof.state);
    }
});
