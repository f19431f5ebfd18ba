//! Generates policies, reads them back and compares them with the intent; and computes fixes of differences.

pub(crate) mod cache;
pub mod fix;
pub mod generated;
pub mod in_force;
pub mod inventory;
pub mod prove;

pub use fix::{Fix, fixes, wider_forms};
pub use generated::{Generated, REPLACES_NOTHING, Written, generate};
pub use in_force::{InForce, Origin, loaded, loaded_from, loaded_with};
pub use prove::{
    About, Culprit, Finding, Kind, Located, Proof, State, Verdict, Witness, prove, prove_against,
};
