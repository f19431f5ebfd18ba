//! Sets of (protocol, port) pairs on one axis.

use super::IntervalSet;

/// A transport protocol that NetworkPolicy can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP, the API default.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl Protocol {
    /// All three, in the order in which they are always printed.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Sctp];

    /// `TCP`, `UDP` or `SCTP`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        }
    }

    /// The protocol of that exact upper-case name (V8: case matters).
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == text)
    }
}

/// A set of ports 1..=65535 of each protocol, and one more point for every other IP protocol, so
/// that "no ports given" (everything) and "all ports of TCP, UDP and SCTP" stay different.
/// Axis: `protocol index * 65536 + port`; the other point is `3 * 65536`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortSet {
    pub(crate) axis: IntervalSet<u32>,
}
