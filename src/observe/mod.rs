//! Recorded traffic: from files of flow recorders to connections, and what policies would do to them.
//!
//! | Step | Where |
//! | --- | --- |
//! | bytes to JSON values, whatever wraps them | `lines`, `documents`, `value` |
//! | a value to a record, one file each format | `hubble` with `drops`, `goldmane`, `whisker`, `csv` |
//! | what records say about their ends, each once | `facts` |
//! | records to connections: who opened it, when it began, what became of it | `tuples`, `counted`, `reported` |
//! | when connections began | `histogram` |
//! | who the ends are: pods' workloads, entities, Services, names | `ends`, `owner` |
//! | connections against policies | [`replay`] |
//! | what the files cannot show | `warnings` |
//! | connections against the drawing and the policies | [`classes`], `places`, `dns` |
//! | flows to draw for connections | [`propose`] |
//! | what the project keeps of them | [`evidence`] |
//!
//! The order of lines and files never matters, and equal records count once. A record is parsed without copying its text.
//! Memory: 24 bytes for each record of a packet, 8 for each other one, beside the table of sockets that they are between,
//! and what they say about their ends, which many say alike.

mod capture;
pub mod classes;
mod connection;
mod counted;
mod csv;
mod dns;
mod documents;
mod drops;
mod ends;
pub mod evidence;
mod facts;
#[cfg(test)]
mod fixture;
mod goldmane;
mod histogram;
mod hubble;
mod lines;
mod manifests;
mod owner;
mod places;
pub mod propose;
mod reader;
mod record;
mod reference;
pub mod replay;
mod reported;
#[cfg(test)]
mod tests;
mod tuples;
mod value;
mod warnings;
mod whisker;

pub use crate::model::time;
pub use capture::{Capture, SourceFile};
pub use connection::{Connection, Key, Sample, Sums};
pub use ends::InManifests;
pub use histogram::{BUCKETS, Bucket, Histogram};
pub use manifests::workloads_of;
pub use reader::{Observed, Reader};
pub use record::{End, Protocol, Verdict};
pub use reference::Reference;
pub use warnings::warnings;
