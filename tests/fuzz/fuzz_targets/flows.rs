//! Any bytes are read as recorded flows without a panic, and each diagnostic has its place in them. Reading them twice is
//! reading them once, and their lines may be in two files, in any order.
#![no_main]

mod laws;

use drawbridge::observe::{Connection, Observed, Reader};
use libfuzzer_sys::fuzz_target;

fn observed(files: &[&[u8]]) -> Observed {
    let mut reader = Reader::default();
    for file in files {
        let mut rest = *file;
        let diagnostics = reader.read("flows", &mut rest);
        // Lines of compressed text are not those of the file.
        if !file.starts_with(b"\x1f\x8b") {
            laws::all_in(&String::from_utf8_lossy(file), &diagnostics);
        }
    }
    reader.finish(&|_, _, _| None)
}

/// All but the places of records, which name a file.
fn words(observed: &Observed) -> Vec<String> {
    let words = |one: &Connection| {
        let mut sums = one.sums.clone();
        sums.samples.clear();
        format!("{:?} {sums:?}", one.key)
    };
    observed.connections.iter().map(words).collect()
}

fuzz_target!(|bytes: &[u8]| {
    let once = observed(&[bytes]);
    for one in &once.connections {
        assert!(one.sums.first <= one.sums.last, "{one:?}");
    }
    let is_sorted = once.connections.is_sorted_by_key(|one| (&one.source, &one.destination));
    assert!(is_sorted, "{:?}", once.connections);
    let [source] = once.capture.sources.as_slice() else {
        panic!("{:?}", once.capture)
    };
    assert!(source.records == 0 || source.format.is_some(), "{source:?}");

    let twice = observed(&[bytes, bytes]);
    assert_eq!(words(&twice), words(&once));
    assert_eq!(twice.capture.lost, once.capture.lost);
    let records: u64 = twice.capture.sources.iter().map(|source| source.records).sum();
    assert!(records >= source.records, "{records} of {source:?}");

    // Lines of JSON may be in two files, in any order.
    let is_record = |line: &[u8]| line.starts_with(b"{\"flow\":") && observed(&[line]).capture.sources[0].malformed == 0;
    if bytes.split(|b| *b == b'\n').all(is_record) && let Some(at) = bytes.iter().position(|b| *b == b'\n') {
        let (one, two) = bytes.split_at(at);
        assert_eq!(words(&observed(&[two, one])), words(&once));
    }
});
