//! Reading port items: `ports` of v1alpha1, `protocols` of v1alpha2.

use super::read::Reader;
use crate::diag::Diagnostic;
use crate::dialect::schema::At;
use crate::policy::PortMatch;
use crate::sets::Protocol;
use crate::yaml::Mark;

/// An empty range, for items that the API accepts and that match nothing.
const NO_PORT: PortMatch = PortMatch::Range {
    protocol: Protocol::Tcp,
    first: 1,
    last: 0,
};

impl<'a> Reader<'a> {
    /// `ports` of v1alpha1. The schema checks neither the values of `protocol` nor the order of a range.
    pub(super) fn ports(&mut self, at: &At<'a>) -> Vec<(PortMatch, Mark)> {
        let items = self.schema.list(at, 1, 100);
        let mut found = Vec::new();
        for item in &items {
            let known = ["portNumber", "portRange", "namedPort"];
            let Some((key, value)) = self.schema.one_of(item, &known) else {
                continue;
            };
            let port = match key {
                "namedPort" => self.named(&value),
                "portNumber" => self.numbers(&value, ["port", "port"]),
                _ => self.numbers(&value, ["start", "end"]),
            };
            found.extend(port.map(|p| (p, item.node.mark)));
        }
        found
    }

    fn port(&mut self, at: &At<'a>) -> Option<u16> {
        let number = self.schema.number(at, 1, 65_535)?;
        u16::try_from(number).ok()
    }

    fn named(&mut self, at: &At<'a>) -> Option<PortMatch> {
        Some(PortMatch::Named {
            protocol: None,
            name: self.schema.text(at)?,
        })
    }

    fn numbers(&mut self, at: &At<'a>, [first, last]: [&str; 2]) -> Option<PortMatch> {
        let protocol = match self.schema.get(at, "protocol") {
            Some(at) => self.schema.text(&at)?,
            None => "TCP".into(),
        };
        let mut port = |key| {
            let at = self.schema.required(at, key)?;
            self.port(&at)
        };
        let first = port(first)?;
        let last = if last == "port" { first } else { port(last)? };
        let what = match Protocol::parse(&protocol) {
            Some(protocol) if first <= last => {
                return Some(PortMatch::Range {
                    protocol,
                    first,
                    last,
                });
            }
            Some(_) => format!("the range {first}-{last} ends before it starts"),
            None => format!("no port has the protocol `{protocol}`"),
        };
        let message = format!("{what}, so this item matches nothing");
        let note = Diagnostic::warning("empty-port", message).path(at.path.as_str());
        self.notes.push(self.object.about(note, at.node.mark));
        Some(NO_PORT)
    }

    /// `protocols` of v1alpha2.
    pub(super) fn protocols(&mut self, at: &At<'a>) -> Vec<(PortMatch, Mark)> {
        let items = self.schema.list(at, 1, 25);
        let mut found = Vec::new();
        for item in &items {
            let known = ["tcp", "udp", "sctp", "destinationNamedPort"];
            let Some((key, value)) = self.schema.one_of(item, &known) else {
                continue;
            };
            let protocol = match key {
                "tcp" => Protocol::Tcp,
                "udp" => Protocol::Udp,
                "sctp" => Protocol::Sctp,
                _ => {
                    found.extend(self.named(&value).map(|p| (p, item.node.mark)));
                    continue;
                }
            };
            let port = self.transport(&value, protocol);
            found.extend(port.map(|p| (p, item.node.mark)));
        }
        found
    }

    fn transport(&mut self, at: &At<'a>, protocol: Protocol) -> Option<PortMatch> {
        let (_, port) = self.schema.one_of(at, &["destinationPort"])?;
        let (key, value) = self.schema.one_of(&port, &["number", "range"])?;
        if key == "number" {
            let first = self.port(&value)?;
            return Some(PortMatch::Range {
                protocol,
                first,
                last: first,
            });
        }
        let (first, last) = (
            self.schema.required(&value, "start")?,
            self.schema.required(&value, "end")?,
        );
        let (first, last) = (self.port(&first)?, self.port(&last)?);
        if first >= last {
            let detail = "Start port must be less than End port";
            self.schema.invalid(&value, &"\"object\"", detail);
            return None;
        }
        Some(PortMatch::Range {
            protocol,
            first,
            last,
        })
    }
}
