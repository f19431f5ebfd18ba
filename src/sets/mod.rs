//! The set algebra: ports, addresses, labels, domain names and dense bit sets, with union, intersection,
//! difference and equality. Knows no Kubernetes and imports nothing of this crate.

pub mod bits;
pub mod cidr;
pub mod domains;
pub mod hash;
pub mod interval;
pub mod label_set;
pub mod labels;
pub mod ports;
mod value_set;

pub use bits::Bits;
pub use cidr::{IpSet, unmapped};
pub use domains::{DomainPattern, DomainPiece};
pub use interval::IntervalSet;
pub use label_set::{LabelBox, LabelSet};
pub use labels::{LabelOp, Labels, Requirement, Selector};
pub use ports::{PortSet, Protocol};
pub use value_set::ValueSet;
