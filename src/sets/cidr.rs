//! Sets of IPv4 and IPv6 addresses. The families never mix (K31).

use super::IntervalSet;

/// A set of addresses of both families.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpSet {
    /// IPv4 addresses as numbers.
    pub v4: IntervalSet<u32>,
    /// IPv6 addresses as numbers.
    pub v6: IntervalSet<u128>,
}
