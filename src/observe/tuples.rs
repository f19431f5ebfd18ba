//! Records of packets, by the pair of addresses and ports that they are between, until all files are read: who opened a
//! connection is decided once, from all its records. 24 bytes for each record.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::connection::Key;
use super::record::{Facts, Packet, Protocol, Side, Verdict};
use super::time::{SECOND, Time};
use crate::sets::hash::{HashMap, HashSet};

/// A longer silence ends a connection.
pub const SILENCE: Time = 120 * SECOND;

/// Address and port.
pub type Socket = (IpAddr, u16);

/// An unordered pair of sockets and their protocol; of ICMP, source and destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tuple {
    /// The protocol.
    pub protocol: Protocol,
    /// The lesser socket.
    pub low: Socket,
    /// The greater one.
    pub high: Socket,
}

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    time: Time,
    bits: Bits,
    facts: u32,
    place: Place,
}

/// Where a record is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, by its place in the order of reading.
    pub file: u16,
    /// The line, from 1.
    pub line: u32,
}

/// What a record says of a connection, in four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Bits {
    flags: u8,
    verdict: Verdict,
    /// Kinds of evidence, the best first: 3 × 2 bits, for [`Side`].
    sides: u8,
}

const FROM_HIGH: u8 = 1;
const SYN: u8 = 2;
const LAYER_SEVEN: u8 = 4;
const UNDIRECTED: u8 = 8;

impl Bits {
    fn is(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    fn side(self, kind: u8) -> Side {
        match self.sides >> (2 * kind) & 3 {
            1 => Side::Request,
            2 => Side::Answer,
            _ => Side::Unknown,
        }
    }

    /// Whether the greater socket is the client, by one kind of evidence.
    fn client(self, kind: u8) -> Option<bool> {
        match self.side(kind) {
            Side::Request => Some(self.is(FROM_HIGH)),
            Side::Answer => Some(!self.is(FROM_HIGH)),
            Side::Unknown => None,
        }
    }
}

/// A connection: when it began and ended, its verdict, and its records.
pub struct Episode<'a> {
    /// The protocol.
    pub protocol: Protocol,
    /// Who opened it.
    pub client: Socket,
    /// To whom.
    pub server: Socket,
    /// The first and last record of the client.
    pub first: Time,
    /// The last one.
    pub last: Time,
    /// What became of it.
    pub verdict: Verdict,
    /// Where its first record is.
    pub place: Place,
    /// What its records say, and whether they are answers.
    pub facts: Vec<(Time, &'a Facts, bool)>,
}

/// All records of packets.
#[derive(Debug, Default)]
pub struct Tuples {
    facts: Vec<Arc<Facts>>,
    index: HashMap<Arc<Facts>, u32>,
    by_tuple: HashMap<Tuple, Vec<Event>>,
}

impl Tuples {
    /// Adds a record.
    pub fn add(&mut self, packet: &Packet, facts: Facts, place: Place) {
        let is_icmp = matches!(packet.protocol, Protocol::Icmp | Protocol::Icmp6);
        let from_high = !is_icmp && packet.source > packet.destination;
        let (low, high) = match from_high {
            true => (packet.destination, packet.source),
            false => (packet.source, packet.destination),
        };
        let flag = |is: bool, flag: u8| if is { flag } else { 0 };
        let sides = [packet.strong, packet.claim, packet.local]
            .into_iter()
            .enumerate();
        let bits = Bits {
            flags: flag(from_high, FROM_HIGH)
                | flag(packet.is_syn, SYN)
                | flag(packet.is_layer_seven, LAYER_SEVEN)
                | flag(packet.is_undirected, UNDIRECTED),
            verdict: packet.verdict,
            sides: sides.map(|(kind, side)| (side as u8) << (2 * kind)).sum(),
        };
        let facts = match self.index.get(&facts) {
            Some(at) => *at,
            None => {
                let at = u32::try_from(self.facts.len()).unwrap_or(u32::MAX);
                let facts = Arc::new(facts);
                self.facts.push(Arc::clone(&facts));
                self.index.insert(facts, at);
                at
            }
        };
        let tuple = Tuple {
            protocol: packet.protocol,
            low,
            high,
        };
        let events = self.by_tuple.entry(tuple).or_default();
        if events.len() == events.capacity() {
            events.reserve_exact(events.len() / 4 + 2);
        }
        events.push(Event {
            time: packet.time,
            bits,
            facts,
            place,
        });
    }

    /// Both sockets of every pair between which a record names a Service and no pod.
    pub fn service_clients(&self) -> HashSet<(Protocol, Socket)> {
        let is_service = |event: &Event| {
            let facts = self.facts.get(event.facts as usize);
            facts.is_some_and(|facts| facts.service.is_some() && !facts.destination.is_pod())
        };
        let mut clients = HashSet::default();
        for (tuple, events) in &self.by_tuple {
            if events.iter().any(is_service) {
                clients.insert((tuple.protocol, tuple.low));
                clients.insert((tuple.protocol, tuple.high));
            }
        }
        clients
    }

    /// Calls `see` with every connection, and `ignore` with the number of records that are none, by reason.
    /// `are_claimed`: whether connection tracking speaks in any record.
    pub fn episodes(
        &mut self,
        are_claimed: bool,
        see: &mut dyn FnMut(Episode),
        ignore: &mut dyn FnMut(&'static str, usize),
    ) {
        let facts = &self.facts;
        for (tuple, events) in &mut self.by_tuple {
            let all = events.len();
            if are_claimed {
                events.retain(|event| !event.bits.is(UNDIRECTED));
            }
            events.sort_unstable_by_key(|event| (event.time, event.bits));
            ignore("undirected", all - events.len());
            let is_tcp = tuple.protocol == Protocol::Tcp;
            let is_leftover =
                |event: &Event| event.bits.verdict == Verdict::Dropped && !event.bits.is(SYN);
            if is_tcp && events.iter().all(is_leftover) {
                ignore("midstream-drop", events.len());
                continue;
            }
            match from_high(tuple, events) {
                Some(from_high) => connections(*tuple, events, from_high, facts, see, ignore),
                None => ignore("undirected", events.len()),
            }
        }
    }
}

/// Whether the greater socket opened the connection; none if nothing tells.
fn from_high(tuple: &Tuple, events: &[Event]) -> Option<bool> {
    if matches!(tuple.protocol, Protocol::Icmp | Protocol::Icmp6) {
        return Some(false);
    }
    let mut contradict = false;
    for kind in 0..3 {
        let mut clients = events.iter().filter_map(|event| event.bits.client(kind));
        let Some(first) = clients.next() else {
            continue;
        };
        // Recorders without connection tracking claim that all records are requests.
        if kind == 1 && clients.any(|other| other != first) {
            contradict = true;
            break;
        }
        return Some(first);
    }
    if tuple.protocol == Protocol::Tcp && !contradict {
        return None;
    }
    let (low, high) = (ephemeral(tuple.low.1), ephemeral(tuple.high.1));
    match low.cmp(&high) {
        std::cmp::Ordering::Less => Some(true),
        std::cmp::Ordering::Greater => Some(false),
        std::cmp::Ordering::Equal => events.first().map(|event| event.bits.is(FROM_HIGH)),
    }
}

/// How much a port looks like one that a client was given.
fn ephemeral(port: u16) -> u8 {
    match port {
        0 => 5,
        49_152.. => 4,
        32_768.. => 3,
        1025..=5000 => 2,
        1024 => 1,
        _ => 0,
    }
}

/// The connections of a pair of sockets, one after the other.
fn connections(
    tuple: Tuple,
    events: &[Event],
    from_high: bool,
    facts: &[Arc<Facts>],
    see: &mut dyn FnMut(Episode),
    ignore: &mut dyn FnMut(&'static str, usize),
) {
    let begins = |before: &Event, event: &Event| {
        let can = tuple.protocol != Protocol::Tcp || event.bits.is(SYN);
        can && event.time.saturating_sub(before.time) > SILENCE
    };
    let (client, server) = match from_high {
        true => (tuple.high, tuple.low),
        false => (tuple.low, tuple.high),
    };
    for events in events.chunk_by(|before, event| !begins(before, event)) {
        let requests = || {
            events
                .iter()
                .filter(|event| event.bits.is(FROM_HIGH) == from_high)
        };
        let times = (requests().next(), requests().next_back());
        let (Some(first), Some(last)) = times else {
            ignore("reply-only", events.len());
            continue;
        };
        let packets = requests().filter(|event| !event.bits.is(LAYER_SEVEN));
        let said = events.iter().filter_map(|event| {
            let facts = facts.get(event.facts as usize)?;
            Some((event.time, &**facts, event.bits.is(FROM_HIGH) != from_high))
        });
        see(Episode {
            protocol: tuple.protocol,
            client,
            server,
            first: first.time,
            last: last.time,
            place: first.place,
            verdict: packets
                .map(|event| event.bits.verdict)
                .max()
                .unwrap_or_default(),
            facts: said.collect(),
        });
    }
}

/// The connections of clients to pods, by protocol and the client's socket: when each began.
pub type Begun = BTreeMap<(Protocol, Socket), Vec<(Time, Key)>>;

/// The connection to a pod that one to a Service became: of those that began about then the nearest.
pub fn translated(begun: &Begun, protocol: Protocol, client: Socket, time: Time) -> Option<&Key> {
    let all = begun.get(&(protocol, client))?.iter();
    let about = all.filter(|(begin, _)| begin.abs_diff(time) <= SILENCE.unsigned_abs());
    let nearest = about.min_by_key(|(begin, key)| (begin.abs_diff(time), *begin, key))?;
    Some(&nearest.1)
}
