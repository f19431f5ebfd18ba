//! Records of packets, by the pair of addresses and ports that they are between, until all files are read: who opened a
//! connection is decided once, from all its records. Equal records count once.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::connection::Key;
use super::facts::AllFacts;
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

/// One record, in 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    /// The number of its tuple in its shard.
    tuple: u32,
    time: Time,
    bits: Bits,
    facts: u32,
    file: u16,
    line: u32,
}

/// Where a record is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, by its place in the order of reading.
    pub file: u16,
    /// The line, from 1.
    pub line: u32,
}

impl Event {
    fn place(&self) -> Place {
        Place {
            file: self.file,
            line: self.line,
        }
    }

    /// Whether both say the same, wherever they are.
    fn equals(&self, other: &Self) -> bool {
        let all = |e: &Self| (e.tuple, e.time, e.bits, e.facts);
        all(self) == all(other)
    }
}

/// What a record says of a connection, in two bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Bits {
    /// Flags, and the verdict in the upper half.
    flags: u8,
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

    fn verdict(self) -> Verdict {
        match self.flags >> 4 {
            0 => Verdict::Forwarded,
            1 => Verdict::Audited,
            _ => Verdict::Dropped,
        }
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

/// Records of packets that are no connection.
#[derive(Debug, Default)]
pub struct Ignored {
    /// How many, by reason.
    pub reasons: BTreeMap<&'static str, u64>,
    /// How many equal another one, by file.
    pub duplicates: BTreeMap<u16, u64>,
}

impl Ignored {
    fn count(&mut self, reason: &'static str, count: usize) {
        *self.reasons.entry(reason).or_default() += count as u64;
    }
}

/// The records of some tuples, in the order of reading.
#[derive(Debug, Default)]
struct Shard {
    numbers: HashMap<Tuple, u32>,
    events: Vec<Event>,
}

/// So many shards there are: what is copied when one grows, or sorted at a time, is a small part of all.
const SHARDS: usize = 64;

/// All records of packets.
#[derive(Debug)]
pub struct Tuples {
    shards: Vec<Shard>,
    service_clients: HashSet<(Protocol, Socket)>,
}

impl Default for Tuples {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            service_clients: HashSet::default(),
        }
    }
}

impl Tuples {
    /// Adds a record with the number of its facts.
    pub fn add(&mut self, packet: &Packet, (number, facts): (u32, &Facts), place: Place) {
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
                | flag(packet.is_undirected, UNDIRECTED)
                | (packet.verdict as u8) << 4,
            sides: sides.map(|(kind, side)| (side as u8) << (2 * kind)).sum(),
        };
        let tuple = Tuple {
            protocol: packet.protocol,
            low,
            high,
        };
        if facts.names.service.is_some() && !facts.destination.is_pod() {
            self.service_clients.insert((tuple.protocol, low));
            self.service_clients.insert((tuple.protocol, high));
        }
        let Some(shard) = self.shards.get_mut(usize::from(low.1 ^ high.1) % SHARDS) else {
            return;
        };
        let next = u32::try_from(shard.numbers.len()).unwrap_or(u32::MAX);
        let tuple = *shard.numbers.entry(tuple).or_insert(next);
        let events = &mut shard.events;
        if events.len() == events.capacity() {
            events.reserve_exact(events.len() / 8 + 16);
        }
        events.push(Event {
            tuple,
            time: packet.time,
            bits,
            facts: number,
            file: place.file,
            line: place.line,
        });
    }

    /// Both sockets of every pair between which a record names a Service and no pod.
    pub fn take_service_clients(&mut self) -> HashSet<(Protocol, Socket)> {
        std::mem::take(&mut self.service_clients)
    }

    /// Calls `see` with every connection. `are_claimed`: whether connection tracking speaks in any record.
    pub fn episodes(
        self,
        are_claimed: bool,
        facts: &AllFacts,
        see: &mut dyn FnMut(Episode),
        ignored: &mut Ignored,
    ) {
        for Shard {
            numbers,
            mut events,
        } in self.shards
        {
            events.sort_unstable();
            events.dedup_by(|event, first| {
                let is_same = event.equals(first);
                if is_same {
                    *ignored.duplicates.entry(event.file).or_default() += 1;
                }
                is_same
            });
            if are_claimed {
                let all = events.len();
                events.retain(|event| !event.bits.is(UNDIRECTED));
                ignored.count("undirected", all - events.len());
            }
            let mut tuples: Vec<(u32, Tuple)> = numbers.into_iter().map(|(t, n)| (n, t)).collect();
            tuples.sort_unstable_by_key(|(number, _)| *number);
            for events in events.chunk_by(|a, b| a.tuple == b.tuple) {
                let first = events.first().map_or(0, |event| event.tuple as usize);
                if let Some((_, tuple)) = tuples.get(first) {
                    of_tuple(*tuple, events, facts, see, ignored);
                }
            }
        }
    }
}

/// The connections of a pair of sockets, if who opened them can be known.
fn of_tuple(
    tuple: Tuple,
    events: &[Event],
    facts: &AllFacts,
    see: &mut dyn FnMut(Episode),
    ignored: &mut Ignored,
) {
    let is_leftover =
        |event: &Event| event.bits.verdict() == Verdict::Dropped && !event.bits.is(SYN);
    if tuple.protocol == Protocol::Tcp && events.iter().all(is_leftover) {
        return ignored.count("midstream-drop", events.len());
    }
    match from_high(&tuple, events) {
        Some(from_high) => connections(tuple, events, from_high, facts, see, ignored),
        None => ignored.count("undirected", events.len()),
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
    facts: &AllFacts,
    see: &mut dyn FnMut(Episode),
    ignored: &mut Ignored,
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
            ignored.count("reply-only", events.len());
            continue;
        };
        let packets = requests().filter(|event| !event.bits.is(LAYER_SEVEN));
        let said = events.iter().filter_map(|event| {
            let facts = facts.get(event.facts)?;
            Some((event.time, facts, event.bits.is(FROM_HIGH) != from_high))
        });
        see(Episode {
            protocol: tuple.protocol,
            client,
            server,
            first: first.time,
            last: last.time,
            place: first.place(),
            verdict: packets
                .map(|event| event.bits.verdict())
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
