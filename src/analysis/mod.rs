//! Immutable answers about snapshots: allowed connections, isolated pods, explanations, and the differences
//! between two sets of policies.
//!
//! Policies test each dimension (subject, peer, port) on its own and rewrite nothing, so the space
//! splits into finitely many atoms, and everything after that is bit arithmetic:
//!
//! - `space`: classes of pods that no policy tells apart, pieces of the address axes, nodes, pieces of
//!   the domain names; which of them each peer expression matches; the same for pods that do not exist yet.
//! - `gates`: tiers, and for each list of applicable policies a row: what its subjects may connect to, as
//!   disjoint port sets with the peers of each.
//! - `answers`: every ordered pair, streamed, never stored ([`mod@connections`]); what can be reached in any
//!   number of hops ([`paths`]); exposure to pods that do not exist yet ([`mod@exposure`]); answers that are
//!   updated when policies change ([`Analysis`]); and answers about single connections.
//! - `diff`: two sides in one universe, gate by gate ([`mod@compare`]) or connection by connection
//!   ([`changes`]), each under its own tiers and assumptions ([`Side`]).
//! - [`oracle`]: a plain evaluator of one connection that records each step. It shares no code with the
//!   other modules, and the property tests compare them with it.
//!
//! A connection is allowed if the egress gate of its source and the ingress gate of its destination
//! both allow it; an end that is not a pod has no gate, and a pod always reaches itself (P1).

mod answers;
mod diff;
mod endpoint;
mod gates;
pub mod oracle;
mod side;
mod space;

#[cfg(test)]
mod tests;

pub use crate::policy::Direction;
pub use answers::{
    chunks, connections, exposure, filter, near_miss, open_pods, paths, priority_conflicts, query,
    routes, service_backends, service_exposure,
};
pub use answers::{
    connections::{Connection, Line, Matrix, connections, for_each_connection},
    domain_names::{ToDomain, WithEntity},
    filter::Filter,
    incremental::Analysis,
    isolation::{Isolation, isolation},
    notes::notes,
    paths::{Places, Reach, reach},
    replicas::AmongReplicas,
};
pub use diff::compare::{GateDifference, PeerClass, compare, compare_until};
pub(crate) use diff::compare::{Scope, compare_within};
pub use diff::future_gates::{FutureDifference, future_differences};
pub use diff::policies::changed_policies;
pub use diff::{changes, compare, conditions};
pub use endpoint::{Endpoint, NewPod, Party};
pub use oracle::{
    Decision, GateTrace, PolicyTrace, RuleTrace, TierTrace, TierVerdict, Trace, explain,
};
pub use side::Side;
