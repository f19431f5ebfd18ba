//! The records in a file, whatever wraps them: lines of JSON, the logs of container runtimes and log shippers, server-sent
//! events, JSON documents one after the other. Reads line by line and holds no more than one record.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader};

use flate2::bufread::MultiGzDecoder;

use super::csv::Columns;
use super::documents::{Documents, LONGEST, document};
use super::time;
use super::value::Json;

/// Wrappers in wrappers are followed so far.
const DEEPEST: usize = 4;

/// What a file contains.
pub enum Found<'a> {
    /// A JSON value that may be a record.
    Record(&'a Json<'a>),
    /// A row of a CSV table, or its header.
    Row {
        /// The row.
        row: &'a str,
        /// Whether the file ends in it, without the end of a line.
        is_cut: bool,
    },
    /// Text that should be a record but cannot be read, such as the last line of a file that was cut.
    Malformed,
    /// A log line of something else.
    OtherLogLine,
}

/// Reads a file, gzipped or not, and counts its lines; `found` gets the line from 1. What was read before an error is found as
/// well.
pub fn read(input: &mut dyn BufRead, found: &mut dyn FnMut(u64, Found)) -> (u64, io::Result<()>) {
    match input.fill_buf() {
        Ok([0x1f, 0x8b, ..]) => {
            let mut plain = BufReader::with_capacity(1 << 16, MultiGzDecoder::new(input));
            read_plain(&mut plain, found)
        }
        Ok(_) => read_plain(input, found),
        Err(error) => (0, Err(error)),
    }
}

fn read_plain(input: &mut dyn BufRead, found: &mut dyn FnMut(u64, Found)) -> (u64, io::Result<()>) {
    let mut lines = Lines {
        parts: BTreeMap::new(),
        count: 0,
        is_cut: false,
        found,
    };
    let mut mode = Mode::Start;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = next_line(input, &mut line);
        if line.is_empty() && !matches!(read, Ok(Some(_))) {
            lines.end(mode);
            return (lines.count, read.map(|_| ()));
        }
        lines.count += 1;
        lines.is_cut = !matches!(read, Ok(Some(true)));
        mode = lines.in_mode(mode, &line);
    }
}

/// How the lines of a file are read; its first line that is not empty decides.
enum Mode {
    Start,
    Lines,
    Rows,
    Documents(Documents),
}

/// Appends the next line without its end; whether it has one, none if there is no line. Of a line that is too long, one byte
/// more than allowed.
fn next_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    let most = LONGEST as u64 + 1;
    let read = io::Read::take(&mut *input, most).read_until(b'\n', line)?;
    let has_end = line.last() == Some(&b'\n');
    if has_end {
        line.pop();
    } else if line.len() > LONGEST {
        input.skip_until(b'\n')?;
    }
    Ok((read > 0).then_some(has_end))
}

struct Lines<'a> {
    /// The parts of a line that a container runtime split, by stream.
    parts: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The lines read so far.
    count: u64,
    /// Whether the file ends in the last of them.
    is_cut: bool,
    found: &'a mut dyn FnMut(u64, Found),
}

impl Lines<'_> {
    fn in_mode(&mut self, mode: Mode, line: &[u8]) -> Mode {
        match mode {
            Mode::Start => {
                let line = line
                    .strip_prefix(b"\xef\xbb\xbf")
                    .unwrap_or(line)
                    .trim_ascii();
                if line.is_empty() {
                    Mode::Start
                } else if str::from_utf8(line).ok().and_then(Columns::of).is_some() {
                    self.row(line);
                    Mode::Rows
                } else if document(line) == Some(false) {
                    self.in_mode(Mode::Documents(Documents::default()), line)
                } else {
                    self.line(line, 0);
                    Mode::Lines
                }
            }
            Mode::Lines => {
                self.line(line, 0);
                Mode::Lines
            }
            Mode::Rows => {
                self.row(line);
                Mode::Rows
            }
            Mode::Documents(documents)
                if !documents.is_open() && document(line.trim_ascii()).is_none() =>
            {
                self.line(line, 0);
                Mode::Documents(documents)
            }
            Mode::Documents(mut documents) => {
                let mut values = Vec::new();
                let is_json = documents.feed(line, &mut values);
                for value in values {
                    self.value(Json::parse(&value).as_ref(), 0);
                }
                if is_json {
                    return Mode::Documents(documents);
                }
                // A document was cut, or something else stands behind one.
                if documents.is_open() {
                    (self.found)(self.count, Found::Malformed);
                }
                self.in_mode(Mode::Documents(Documents::default()), line)
            }
        }
    }

    fn end(&mut self, mode: Mode) {
        if let Mode::Documents(documents) = mode
            && documents.is_open()
        {
            (self.found)(self.count, Found::Malformed);
            // A record that was cut is none, but an answer of Loki may have others before it.
            let part = documents.complete_part();
            let part = part.as_deref().and_then(Json::parse);
            if let Some(part) = part.filter(|part| streams(part).is_some()) {
                self.value(Some(&part), 0);
            }
        }
        for line in std::mem::take(&mut self.parts).into_values() {
            self.line(&line, 1);
        }
    }

    fn row(&mut self, line: &[u8]) {
        match str::from_utf8(line.trim_ascii()) {
            Ok("") => {}
            Ok(row) => {
                let is_cut = self.is_cut;
                (self.found)(self.count, Found::Row { row, is_cut });
            }
            Err(_) => (self.found)(self.count, Found::Malformed),
        }
    }

    fn line(&mut self, line: &[u8], depth: usize) {
        let line = line.trim_ascii();
        if line.is_empty() {
            return;
        }
        if line.len() > LONGEST {
            return (self.found)(self.count, Found::Malformed);
        }
        if let Some((stream, whole, rest)) = of_container(line) {
            let part = self.parts.entry(stream.to_vec()).or_default();
            if part.len() + rest.len() <= LONGEST + 1 {
                part.extend_from_slice(rest);
            }
            if whole && depth < DEEPEST {
                let joined = self.parts.remove(stream).unwrap_or_default();
                self.line(&joined, depth + 1);
            }
            return;
        }
        if matches!(line.first(), Some(b'{' | b'['))
            && let Some(value) = Json::parse(line)
        {
            return self.value(Some(&value), depth);
        }
        let Some(at) = line.iter().position(|b| *b == b'{') else {
            return (self.found)(self.count, Found::OtherLogLine);
        };
        let (prefix, rest) = line.split_at(at);
        match Json::parse(rest) {
            Some(value) => self.value(Some(&value), depth),
            None if matches!(prefix.trim_ascii(), b"" | b"data:") => {
                (self.found)(self.count, Found::Malformed);
            }
            None => (self.found)(self.count, Found::OtherLogLine),
        }
    }

    /// The records in a value: its own, or those that it wraps.
    fn value(&mut self, value: Option<&Json>, depth: usize) {
        let Some(value) = value else {
            return (self.found)(self.count, Found::Malformed);
        };
        if depth > DEEPEST {
            return (self.found)(self.count, Found::OtherLogLine);
        }
        if let Some(all) = value.as_array() {
            return all.iter().for_each(|one| self.value(Some(one), depth + 1));
        }
        if let Some(items) = value.get("items").and_then(Json::as_array) {
            if value.get("total").is_some() {
                (self.found)(self.count, Found::Record(value));
            }
            return items
                .iter()
                .for_each(|one| self.value(Some(one), depth + 1));
        }
        let text = |key: &str| value.get(key).and_then(Json::as_str);
        let of_logcli = text("line").filter(|_| value.get("labels").is_some());
        if let Some(line) = text("log").or(of_logcli) {
            return line
                .lines()
                .for_each(|line| self.line(line.as_bytes(), depth + 1));
        }
        if let Some(streams) = streams(value) {
            let values = streams.iter().filter_map(|s| s.get("values")?.as_array());
            let lines = values
                .flatten()
                .filter_map(|pair| pair.as_array()?.get(1)?.as_str());
            return lines.for_each(|line| self.line(line.as_bytes(), depth + 1));
        }
        (self.found)(self.count, Found::Record(value));
    }
}

/// The streams in an answer of Loki.
fn streams<'a>(value: &'a Json<'a>) -> Option<&'a [Json<'a>]> {
    value.get("data")?.get("result")?.as_array()
}

/// The stream of a line that a container runtime wrote (`TIME stdout|stderr F|P REST`), whether it ends a line, and the rest.
fn of_container(line: &[u8]) -> Option<(&[u8], bool, &[u8])> {
    // Most lines are long and begin with a brace.
    line.first().filter(|first| first.is_ascii_digit())?;
    let mut words = line.splitn(4, |b| *b == b' ');
    let (at, stream, tag) = (words.next()?, words.next()?, words.next()?);
    let is_time = time::parse(str::from_utf8(at).ok()?).is_some();
    let whole = match tag.split(|b| *b == b':').next()? {
        b"F" => true,
        b"P" => false,
        _ => return None,
    };
    (is_time && matches!(stream, b"stdout" | b"stderr"))
        .then(|| (stream, whole, words.next().unwrap_or_default()))
}

/// A reader of a text, for tests.
#[cfg(test)]
pub fn found_in(bytes: &[u8]) -> (Vec<String>, usize, usize) {
    let (mut records, mut malformed, mut others) = (Vec::new(), 0, 0);
    let mut see = |_, found: Found| match found {
        Found::Record(value) => records.push(serde_json::Value::from(value).to_string()),
        Found::Row { row, .. } => records.push(row.to_owned()),
        Found::Malformed => malformed += 1,
        Found::OtherLogLine => others += 1,
    };
    let _ = read(&mut BufReader::with_capacity(7, bytes), &mut see);
    (records, malformed, others)
}
