//! Sets of (protocol, port) pairs on one axis. The types of ICMP are its ports.

use std::fmt;
use std::sync::LazyLock;

use super::IntervalSet;

/// A protocol whose connections rules tell apart by a number: its port, or its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP, the API default.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
    /// ICMP of IPv4, by its types 0 to 255.
    Icmp,
    /// ICMP of IPv6, by its types 0 to 255.
    Icmp6,
}

impl Protocol {
    /// Those that have ports and that NetworkPolicy can name, in the order in which they are always printed.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Sctp];

    /// The same, and those that have types.
    pub const WITH_TYPES: [Self; 5] = [Self::Tcp, Self::Udp, Self::Sctp, Self::Icmp, Self::Icmp6];

    /// `TCP`, `UDP`, `SCTP`, `ICMP` or `ICMPv6`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
            Self::Icmp => "ICMP",
            Self::Icmp6 => "ICMPv6",
        }
    }

    /// Whether its numbers are types of ICMP.
    pub fn has_types(self) -> bool {
        matches!(self, Self::Icmp | Self::Icmp6)
    }

    /// Its first number and its last one.
    pub fn bounds(self) -> (u16, u16) {
        match self.has_types() {
            true => (0, 255),
            false => (1, u16::MAX),
        }
    }

    /// The one with ports of that exact upper-case name (V8: case matters).
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == text)
    }

    /// Where its port 0 lies on the axis.
    fn base(self) -> u32 {
        self as u32 * PORTS
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Places that one protocol takes on the axis.
const PORTS: u32 = 1 << 16;
/// The point that represents every other IP protocol.
const OTHER: u32 = 5 * PORTS;

/// A set of ports 1..=65535 of each protocol, of types 0..=255 of ICMP, and one more point for every other IP protocol,
/// so that "no ports given" (everything) and "all ports of TCP, UDP and SCTP" stay different.
/// Axis: `protocol index * 65536 + port`; the other point is `5 * 65536`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortSet {
    pub(crate) axis: IntervalSet<u32>,
}

impl PortSet {
    /// No port.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Every port of every protocol, and all other protocols: what a rule without ports matches (K8).
    pub fn all() -> Self {
        static ALL: LazyLock<PortSet> =
            LazyLock::new(|| PortSet::all_numbered().union(&PortSet::other()));
        ALL.clone()
    }

    /// Every port of one protocol (K11).
    pub fn all_of(protocol: Protocol) -> Self {
        let (first, last) = protocol.bounds();
        Self::range(protocol, first, last)
    }

    /// Every port of TCP, UDP and SCTP, other protocols left out.
    pub fn all_numbered() -> Self {
        Protocol::ALL.map(Self::all_of).into_iter().collect()
    }

    /// Ports `first..=last` of one protocol, of those that it has: port 0 is never a member.
    pub fn range(protocol: Protocol, first: u16, last: u16) -> Self {
        let (base, (least, most)) = (protocol.base(), protocol.bounds());
        let (first, last) = (first.max(least), last.min(most));
        IntervalSet::range(base + u32::from(first), base + u32::from(last)).into()
    }

    /// One port.
    pub fn single(protocol: Protocol, port: u16) -> Self {
        Self::range(protocol, port, port)
    }

    /// Protocols other than TCP, UDP and SCTP, ICMP among them.
    pub fn other() -> Self {
        let rest: Self = IntervalSet::range(OTHER, OTHER).into();
        let types = [Protocol::Icmp, Protocol::Icmp6].map(Self::all_of);
        types.into_iter().chain([rest]).collect()
    }

    /// Whether it has no members.
    pub fn is_empty(&self) -> bool {
        self.axis.is_empty()
    }

    /// Whether it is [`PortSet::all`].
    pub fn is_all(&self) -> bool {
        self.has_other() && Protocol::ALL.into_iter().all(|p| self.has_all_of(p))
    }

    /// Whether it has every port of the protocol.
    pub fn has_all_of(&self, protocol: Protocol) -> bool {
        Self::all_of(protocol).axis.is_subset(&self.axis)
    }

    /// Whether it has the protocols other than TCP, UDP and SCTP, ICMP among them.
    pub fn has_other(&self) -> bool {
        Self::other().is_subset(self)
    }

    /// The protocols whose numbers tell what is in it: those of ICMP only where not all other protocols are.
    pub fn numbered(&self) -> &'static [Protocol] {
        match self.has_other() {
            true => &Protocol::ALL,
            false => &Protocol::WITH_TYPES,
        }
    }

    /// Whether the port is a member.
    pub fn contains(&self, protocol: Protocol, port: u16) -> bool {
        let (first, last) = protocol.bounds();
        (first..=last).contains(&port) && self.axis.contains(protocol.base() + u32::from(port))
    }

    /// The maximal ranges of one protocol, inclusive, ascending, within its bounds.
    pub fn ranges(&self, protocol: Protocol) -> impl Iterator<Item = (u16, u16)> + '_ {
        let (first, last) = protocol.bounds();
        let (low, high) = (
            protocol.base() + u32::from(first),
            protocol.base() + u32::from(last),
        );
        self.axis
            .iter()
            .filter(move |&(first, last)| first <= high && last >= low)
            .filter_map(move |(first, last)| {
                let within = |at: u32| u16::try_from(at - protocol.base()).ok();
                Some((within(first.max(low))?, within(last.min(high))?))
            })
    }

    /// Some member: the first port of the first protocol, or a type of ICMP; none if all that is in it are other
    /// protocols as a whole.
    pub fn example(&self) -> Option<(Protocol, u16)> {
        let found = |p: &Protocol| Some((*p, self.ranges(*p).next()?.0));
        self.numbered().iter().find_map(found)
    }

    /// These ports and, from the lowest one of a protocol, all up to a last one.
    #[must_use]
    pub fn up_to(&self, protocol: Protocol, last: u16) -> Self {
        let first = self.ranges(protocol).next().map(|(first, _)| first);
        match first.filter(|first| *first <= last) {
            Some(first) => self.union(&Self::range(protocol, first, last)),
            None => self.clone(),
        }
    }

    /// Members of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.axis.union(&other.axis).into()
    }

    /// Members of both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.axis.intersection(&other.axis).into()
    }

    /// Members of this one that are not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.axis.difference(&other.axis).into()
    }

    /// Every port that is not a member, other protocols included.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self::all().difference(self)
    }

    /// Whether every member is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.axis.is_subset(&other.axis)
    }

    /// Whether they have a member in common.
    pub fn intersects(&self, other: &Self) -> bool {
        self.axis.intersects(&other.axis)
    }
}

impl From<IntervalSet<u32>> for PortSet {
    /// Points of the axis that are no port must not be in `axis`.
    fn from(axis: IntervalSet<u32>) -> Self {
        Self { axis }
    }
}

impl FromIterator<PortSet> for PortSet {
    /// The union.
    fn from_iter<I: IntoIterator<Item = PortSet>>(iter: I) -> Self {
        let sets: Vec<PortSet> = iter.into_iter().collect();
        sets.iter()
            .flat_map(|s| s.axis.iter())
            .collect::<IntervalSet<u32>>()
            .into()
    }
}

impl fmt::Display for PortSet {
    /// `any`, `none`, or each protocol with its ranges: `TCP 80,443-500; UDP 53; ICMP 8`, `TCP` for all ports.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        if self.is_all() {
            return f.write_str("any");
        }
        let mut before = "";
        for &protocol in self.numbered() {
            let mut between = " ";
            for (first, last) in self.ranges(protocol) {
                if between == " " {
                    write!(f, "{before}{protocol}")?;
                    before = "; ";
                }
                match (first, last) {
                    all if all == protocol.bounds() => break,
                    _ if first == last => write!(f, "{between}{first}")?,
                    _ => write!(f, "{between}{first}-{last}")?,
                }
                between = ",";
            }
        }
        if self.axis.contains(OTHER) {
            write!(f, "{before}other protocols")?;
        }
        Ok(())
    }
}
