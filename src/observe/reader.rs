//! Reads files of recorded flows, and makes connections of all of them together.

use std::hash::BuildHasher as _;
use std::io::BufRead;
use std::ops::Range;
use std::sync::Arc;

use super::capture::{Capture, SourceFile};
use super::connection::{Connection, Connections, Key, Sample, Sums};
use super::counted::Counts;
use super::csv::Columns;
use super::ends::{Evidence, InManifests, Known};
use super::facts::AllFacts;
use super::goldmane;
use super::hubble::{self, Flow};
use super::lines::{self, Found};
use super::record::Protocol;
use super::reference::Reference;
use super::reported::{Report, Reports, Unread};
use super::time::Time;
use super::tuples::{Begun, Episode, Ignored, Place, Tuples, translated};
use super::value::{Json, fingerprint, number, text, texts};
use super::whisker;
use crate::diag::{Diagnostic, Span};
use crate::sets::hash::HashSet;

/// Connections, and what the files are worth.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The files.
    pub capture: Capture,
    /// The connections, sorted.
    pub connections: Vec<Connection>,
}

/// Reads files one after the other.
#[derive(Debug, Default)]
pub struct Reader {
    capture: Capture,
    /// The files, in the order of reading.
    files: Vec<Arc<str>>,
    /// The line that is being read.
    line: u32,
    /// Fingerprints of the records that are not in `tuples`, which finds equal ones by itself.
    seen: HashSet<u64>,
    facts: AllFacts,
    known: Known,
    are_claimed: bool,
    tuples: Tuples,
    counts: Counts,
    reports: Reports,
    connections: Connections,
}

/// Why a connection is left out that began at another time than is asked for.
const OTHER_TIME: &str = "other-time";

impl Reader {
    /// Reads only the connections that began in a window. What the other records say of ends and directions counts, too.
    pub fn between(window: Range<Time>) -> Self {
        let mut reader = Self::default();
        reader.capture.between = Some(window);
        reader
    }

    /// Reads a file. What cannot be read of it is reported.
    pub fn read(&mut self, file: &str, input: &mut dyn BufRead) -> Vec<Diagnostic> {
        let mut source = SourceFile {
            file: file.to_owned(),
            ..SourceFile::default()
        };
        let mut columns = None;
        let mut pages = 0;
        self.files.push(file.into());
        let (count, result) = lines::read(input, &mut |line, found| {
            self.line = u32::try_from(line).unwrap_or(u32::MAX);
            match found {
                Found::Record(value) => {
                    pages = pages.max(whisker::pages(value));
                    self.value(value, &mut source);
                }
                Found::Row { row, is_cut } => self.row(row, is_cut, &mut columns, &mut source),
                Found::Malformed => source.malformed(self.line),
                Found::OtherLogLine => self.capture.ignore("other-log-line", 1),
            }
        });
        source.lines = count;
        let last = u32::try_from(count).unwrap_or(u32::MAX);
        let at = |line: u32| Span::new(file.into(), line.max(1), 1);
        let mut diagnostics = Vec::new();
        if let Err(error) = result {
            let message = format!("the rest of the file cannot be read: {error}");
            diagnostics.push(Diagnostic::warning("flows", message).at(at(last)));
        }
        if pages > 1 {
            let message = format!("the file has one of {pages} pages of flows");
            let help = "read the other pages as well";
            diagnostics.push(
                Diagnostic::warning("flows", message)
                    .at(at(last))
                    .help(help),
            );
        }
        if let n @ 1.. = source.malformed {
            let lines = if n == 1 { "line is" } else { "lines are" };
            let message = format!("{n} {lines} no valid record");
            let help = "a file that was cut ends in one";
            diagnostics.push(
                Diagnostic::warning("flows", message)
                    .at(at(source.first_malformed.unwrap_or(last)))
                    .help(help),
            );
        }
        self.capture.sources.push(source);
        diagnostics
    }

    /// Whether a record is new.
    fn is_new(&mut self, kind: &str, record: &Json) -> bool {
        let is_new = self.seen.insert(fingerprint(record));
        if !is_new && !kind.is_empty() {
            self.capture.ignore(kind, 1);
        }
        is_new
    }

    /// Whether a record that no pair of sockets tells apart is new: by its own number, else by all that it says and the node
    /// that wrote it (3.1). Two nodes may count as much in the same interval.
    fn is_new_event(&mut self, flow: &Json, envelope: &Json) -> bool {
        let digest = match flow.get("uuid") {
            Some(uuid) => fingerprint(uuid),
            None => {
                let node = node_of(flow, envelope).rsplit('/').next();
                self.seen.hasher().hash_one((fingerprint(flow), node))
            }
        };
        let is_new = self.seen.insert(digest);
        self.capture.ignore("duplicate", u64::from(!is_new));
        is_new
    }

    /// Whether a connection that began at a time counts; others are counted as left out.
    fn counts(&mut self, began: Option<Time>) -> bool {
        let counts = self.capture.counts(began);
        self.capture.ignore(OTHER_TIME, u64::from(!counts));
        counts
    }

    /// The record that is being read.
    fn place(&self) -> Place {
        let file = self.files.len().saturating_sub(1);
        Place {
            file: u16::try_from(file).unwrap_or(u16::MAX),
            line: self.line,
        }
    }

    fn sample(&self, time: Time) -> Sample {
        sample(&self.files, self.place(), time)
    }

    fn value(&mut self, value: &Json, source: &mut SourceFile) {
        let flow = value.get("flow").filter(|flow| flow.is_object());
        if let Some(flow) = flow
            .into_iter()
            .chain([value])
            .find(|flow| flow.get("Key").is_some())
        {
            return self.counted(flow, goldmane::report(flow), "goldmane", source);
        }
        let is_flat = !text(value, "time").is_empty()
            && value.get("verdict").is_some()
            && (value.get("IP").is_some() || value.get("l4").is_some());
        if let Some(flow) = flow.or(is_flat.then_some(value)) {
            let node = node_of(flow, value);
            if !node.is_empty() && !source.nodes.contains(node) {
                source.nodes.insert(node.to_owned());
            }
            return self.hubble(flow, value, source);
        }
        let lost = value.get("lost_events").unwrap_or(value);
        if value.get("lost_events").is_some() || value.get("num_events_lost").is_some() {
            if self.is_new("", value) {
                self.capture.lost = self
                    .capture
                    .lost
                    .saturating_add(number(lost, "num_events_lost"));
            }
        } else if let Some(status) = value.get("node_status") {
            self.capture.ignore("node_status", 1);
            if matches!(
                text(status, "state_change"),
                "NODE_GONE" | "NODE_UNAVAILABLE"
            ) {
                self.capture.unavailable.extend(texts(status, "node_names"));
            }
        } else if let Some(kind) = ["agent_event", "debug_event"]
            .iter()
            .find(|kind| value.get(kind).is_some())
        {
            self.capture.ignore(kind, 1);
        } else if value.get("source_namespace").is_some() && value.get("reporter").is_some() {
            self.counted(value, whisker::report(value), "whisker", source);
        } else if value.get("items").is_none() {
            self.capture.ignore("other-log-line", 1);
        }
    }

    fn counted(
        &mut self,
        flow: &Json,
        report: Result<Report, Unread>,
        format: &'static str,
        source: &mut SourceFile,
    ) {
        let report = match report {
            Ok(report) => report,
            Err(Unread::Malformed) => return source.malformed(self.line),
            Err(Unread::Other) => {
                source.format.get_or_insert(format);
                return self.capture.ignore("other-protocol", 1);
            }
        };
        source.record(format, &[report.first, report.last]);
        if self.is_new("duplicate", flow) && self.counts(Some(report.first)) {
            let sample = self.sample(report.first);
            self.reports.add(report, sample);
        }
    }

    fn row(
        &mut self,
        row: &str,
        is_cut: bool,
        columns: &mut Option<Columns>,
        source: &mut SourceFile,
    ) {
        let Some(columns) = columns else {
            *columns = Columns::of(row);
            return;
        };
        let Some((key, mut sums)) = columns.row(row, is_cut) else {
            return source.malformed(self.line);
        };
        let times: Vec<_> = [sums.first, sums.last].into_iter().flatten().collect();
        source.record("csv", &times);
        let is_new = self.is_new("duplicate", &Json::Text(format!("{key:?} {sums:?}").into()));
        if is_new && self.counts(sums.first) {
            sums.sample(self.sample(sums.first.unwrap_or_default()));
            self.connections.add(key, sums);
        }
    }

    fn hubble(&mut self, flow: &Json, envelope: &Json, source: &mut SourceFile) {
        source.format.get_or_insert("hubble");
        let Some(time) = hubble::time_of(flow, envelope) else {
            return match hubble::has_time(flow, envelope) {
                true => source.malformed(self.line),
                false => self.ignored(flow, "no-time"),
            };
        };
        self.are_claimed |= flow.get("is_reply").and_then(Json::as_bool).is_some();
        let facts = self.facts.of(flow, &mut self.known);
        if let Some(answer) = hubble::dns_answer(flow, time) {
            for address in answer.addresses {
                let pod = answer.pod.clone();
                self.known
                    .answer(pod, address, answer.time, answer.name.clone());
            }
        }
        match hubble::flow(flow, time) {
            Flow::Ignored(reason) => self.ignored(flow, &reason),
            Flow::Malformed => source.malformed(self.line),
            Flow::Packet(packet) => {
                source.record("hubble", &[time]);
                let place = self.place();
                if let Some(known) = self.facts.get(facts) {
                    self.tuples.add(&packet, (facts, known), place);
                }
            }
            Flow::Counted(counted) => {
                if self.is_new_event(flow, envelope) {
                    source.record("hubble", &[time]);
                    if !self.counts(Some(counted.time)) {
                        return;
                    }
                    let sample = self.sample(counted.time);
                    let facts = self.facts.get(facts).cloned().unwrap_or_default();
                    self.counts.add(&counted, facts, sample);
                }
            }
        }
    }

    fn ignored(&mut self, flow: &Json, reason: &str) {
        if self.is_new("duplicate", flow) {
            self.capture.ignore(reason, 1);
        }
    }

    /// The connections of all files. `manifests` finds the workload of a pod whose owner no record names.
    pub fn finish(self, manifests: InManifests) -> Observed {
        let Self {
            mut capture,
            files,
            facts,
            known,
            are_claimed,
            mut tuples,
            counts: counted,
            reports,
            mut connections,
            ..
        } = self;
        let mut formats = capture.sources.iter().filter_map(|source| source.format);
        capture.has_directions = are_claimed || formats.all(|format| format != "hubble");
        for (key, sums) in reports.into_connections() {
            connections.add(key, sums);
        }
        let without = counted.connections(are_claimed, &known, manifests, &mut connections);
        capture.ignore("no-address", without.without_end);
        capture.ignore("undirected", without.undirected);
        let mut to_services = Vec::new();
        let service_clients = tuples.take_service_clients();
        let mut begun = Begun::new();
        let mut others = 0;
        let mut ignored = Ignored::default();
        tuples.episodes(
            are_claimed,
            &facts,
            &mut |episode| {
                if !capture.counts(Some(episode.first)) {
                    others += 1;
                    return;
                }
                let (source, destination) = evidence(&episode);
                let read = |episode: &Episode| {
                    let sample = sample(&files, episode.place, episode.first);
                    connection(episode, &source, &destination, &known, manifests, sample)
                };
                if destination.is_service() {
                    let found = read(&episode);
                    to_services.extend(
                        found.map(|found| (episode.protocol, episode.client, episode.first, found)),
                    );
                } else {
                    let found = read(&episode);
                    let Some((key, sums)) = found else { return };
                    let client = (episode.protocol, episode.client);
                    if service_clients.contains(&client) && destination.pod().is_some() {
                        let times: &mut Vec<_> = begun.entry(client).or_default();
                        times.push((episode.first, key.clone()));
                    }
                    connections.add(key, sums);
                }
            },
            &mut ignored,
        );
        capture.ignore(OTHER_TIME, others);
        for (reason, count) in ignored.reasons {
            capture.ignore(reason, count);
        }
        for (file, count) in ignored.duplicates {
            capture.ignore("duplicate", count);
            if let Some(source) = capture.sources.get_mut(usize::from(file)) {
                source.records = source.records.saturating_sub(count);
            }
        }
        for (protocol, client, first, (key, sums)) in to_services {
            let Some(pod) = translated(&begun, protocol, client, first) else {
                connections.add(key, sums);
                continue;
            };
            // One connection, seen before its address was translated and after.
            let mut same = Sums::default();
            [sums.first, sums.last]
                .into_iter()
                .flatten()
                .for_each(|time| same.seen(time));
            let port = key.port.map(|port| format!(":{port}")).unwrap_or_default();
            if let Reference::Service { namespace, name } = &key.destination {
                same.services.insert(format!("{namespace}/{name}{port}"));
            }
            connections.add(pod.clone(), same);
        }
        let connections = connections.into_sorted();
        capture.count_over_time(&connections);
        Observed {
            capture,
            connections,
        }
    }
}

/// The node that recorded a Flow; empty if it is unknown.
fn node_of<'a>(flow: &'a Json, envelope: &'a Json) -> &'a str {
    match text(flow, "node_name") {
        "" => text(envelope, "node_name"),
        name => name,
    }
}

fn sample(files: &[Arc<str>], place: Place, time: Time) -> Sample {
    let file = files.get(usize::from(place.file));
    Sample {
        time,
        file: file.map_or_else(|| "".into(), Arc::clone),
        line: place.line,
    }
}

/// What the records of a connection say about its ends.
fn evidence<'a>(episode: &Episode<'a>) -> (Evidence<'a>, Evidence<'a>) {
    let is_icmp = matches!(episode.protocol, Protocol::Icmp | Protocol::Icmp6);
    let mut source = Evidence {
        address: Some(episode.client.0),
        ..Evidence::default()
    };
    let mut destination = Evidence {
        address: Some(episode.server.0),
        port: (!is_icmp).then_some(episode.server.1),
        is_destination: true,
        ..Evidence::default()
    };
    for &(time, facts, is_answer) in &episode.facts {
        let (from, to, names) = match is_answer {
            false => (
                &facts.source,
                &facts.destination,
                &facts.names.of_destination,
            ),
            true => (&facts.destination, &facts.source, &facts.names.of_source),
        };
        source.ends.push((time, from));
        destination.ends.push((time, to));
        destination.names.extend(names.iter().map(String::as_str));
        if !is_answer && let Some(service) = &facts.names.service {
            destination.service = Some(
                destination
                    .service
                    .map_or(service, |known| known.min(service)),
            );
        }
    }
    (source, destination)
}

fn connection(
    episode: &Episode,
    source: &Evidence,
    destination: &Evidence,
    known: &Known,
    manifests: InManifests,
    sample: Sample,
) -> Option<(Key, Sums)> {
    let (from, source_guessed) = source.find(known, manifests, None, episode.first)?;
    let (to, destination_guessed) =
        destination.find(known, manifests, source.pod(), episode.first)?;
    let icmp = match destination.port {
        Some(_) => None,
        None => u8::try_from(episode.server.1).ok(),
    };
    let key = Key {
        source: from,
        destination: to,
        protocol: episode.protocol,
        port: destination.port,
        icmp,
    };
    let mut sums = Sums {
        source_guessed,
        destination_guessed,
        ..Sums::default()
    };
    sums.add(episode.verdict, 1);
    sums.over_time.add(episode.first, episode.verdict, 1);
    sums.seen(episode.first);
    sums.seen(episode.last);
    sums.sample(sample);
    sums.addresses.insert(episode.server.0);
    sums.source_addresses.insert(episode.client.0);
    let service = destination
        .service
        .filter(|_| !matches!(key.destination, Reference::Service { .. }));
    sums.services
        .extend(service.map(|(namespace, name)| format!("{namespace}/{name}")));
    for (_, facts, _) in &episode.facts {
        sums.allowed.extend(facts.names.allowed.iter().cloned());
        sums.denied.extend(facts.names.denied.iter().cloned());
    }
    let pod = source.pod();
    (sums.seen_destinations).extend(destination.seen(known, pod, episode.first));
    (sums.seen_sources).extend(source.seen(known, None, episode.first));
    sums.source_pods.extend(source.described_pod());
    sums.destination_pods.extend(destination.described_pod());
    Some((key, sums))
}
