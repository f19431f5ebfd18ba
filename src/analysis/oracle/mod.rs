//! The plain evaluator: one concrete connection, every policy, rule by rule. It defines what policies
//! mean, explains single connections, and the property tests compare the fast analysis with it.
//!
//! It shares no code with the fast analysis: labels, addresses, domain names and ports are matched here
//! again, one at a time, over the plain values of `cluster`, `policy` and `sets`. A fault in either of the
//! two shows as a difference. `tests/architecture.rs` keeps them separate.

mod addresses;
mod domains;
pub mod explain;
mod labels;
mod peers;
mod ports;

pub use explain::{
    Decision, GateTrace, PolicyTrace, RuleTrace, TierTrace, TierVerdict, Trace, explain, gate,
    gate_by, probe, probe_all,
};
pub use peers::{any_peer_matches, peer_matches, peer_matches_at};
pub use ports::{Probe, any_port_matches, port_matches, rule_matches_port};
