//! Recordings and comparisons for tests.

use super::classes::{Comparison, Drawing, compare};
use super::{Observed, Reader, workloads_of};
use crate::model::Document;
use crate::query::drawn::DrawnConnections;
use crate::query::{Results, check};

/// The online shop.
pub(crate) fn shop() -> Document {
    let text = include_str!("../../assets/examples/online-shop.drawbridge.yaml");
    crate::project::format::read(text, "shop")
        .expect("a project")
        .0
}

/// The recording of the online shop.
pub(crate) const SHOP_FLOWS: &str = include_str!("../../assets/examples/online-shop.flows.jsonl");

/// A table `source,destination,protocol,port,count,verdict`.
pub(crate) fn table(rows: &str) -> String {
    format!("source,destination,protocol,port,count,verdict\n{rows}")
}

/// A recording beside a project and its policies.
pub(crate) fn compared(document: &Document, recording: &str) -> (Results, Observed, Comparison) {
    let results = check(document);
    let snapshot = &results.in_force.cluster.snapshot;
    let mut reader = Reader::default();
    reader.read("flows", &mut recording.as_bytes());
    let observed = reader.finish(&workloads_of(snapshot));
    let drawn = DrawnConnections::new(document, &results.generated, &results.in_force);
    let drawn = &drawn;
    let drawing = Drawing { document, drawn };
    let found = compare(snapshot, Some(drawing), &observed, &|| false).expect("never stopped");
    (results, observed, found)
}
