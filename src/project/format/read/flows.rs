//! Flows, imported policies and the layout: what refers to objects by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::yaml::plain::{Mapping, Value, plain};

use super::Extras;
use super::fields::{Fields, Reader, items, take_boolean, unknown, with_extras};
use crate::model::time::{self, Time};
use crate::model::validate;
use crate::model::{Document, End, Flow, FlowEvidence, FlowPort, ImportedPolicy, Thing, Words};
use crate::policy::HttpRule;
use crate::project::format::value;
use crate::yaml::Node;

pub(super) fn flows(reader: &mut Reader, fields: &mut Fields, document: &mut Document) {
    let rows = items(reader, fields, "flows", flow);
    let mut read = Vec::new();
    let words = Words::new(document);
    for (node, mut row) in rows {
        row.from = end(reader, &words, node, "from", row.from);
        row.to = end(reader, &words, node, "to", row.to);
        if let Err(refusal) = validate::flow_ends(&row.from, &row.to) {
            reader.report(node.mark, "external-flow", refusal);
            row.from = End::Missing(words.of(&row.from));
            row.to = End::Missing(words.of(&row.to));
        }
        if row.ports.is_empty() {
            let message = "the flow has no ports, so it allows nothing".to_owned();
            reader.warn(
                node.mark,
                "no-ports",
                message,
                "add `ports: [TCP/80]` or `ports: [any]`",
            );
        }
        reader.check(node, &Thing::Flow(row.clone()));
        read.push(row);
    }
    for row in read {
        document.flows.add(row);
    }
}

/// Its ends still as words.
fn flow(reader: &mut Reader, node: &Node) -> Option<Flow> {
    let mut fields = reader.map(node)?;
    let from = reader.required(&mut fields, node, "from")?;
    let to = reader.required(&mut fields, node, "to")?;
    let (http, extra) = with_extras(reader, &mut fields, "http", http_rule)?;
    let denies = reader.take_word(&mut fields, "action", value::ACTIONS);
    Some(Flow {
        from: End::Missing(reader.text(from)?),
        to: End::Missing(reader.text(to)?),
        ports: reader.take_list(&mut fields, "ports", flow_port)?,
        note: reader.take_text(&mut fields, "note").unwrap_or_default(),
        half: reader.take_word(&mut fields, "half", value::HALVES),
        muted: take_boolean(reader, &mut fields, "muted").unwrap_or(false),
        observed: match fields.take("observed") {
            Some(node) => Some(evidence(reader, node)?),
            None => None,
        },
        approximate: take_boolean(reader, &mut fields, "approximate").unwrap_or(false),
        http,
        denies: denies.unwrap_or_default(),
        unknown: unknown(reader, fields, [("http", extra)]),
    })
}

fn evidence(reader: &mut Reader, node: &Node) -> Option<FlowEvidence> {
    let mut fields = reader.map(node)?;
    let count = reader.required(&mut fields, node, "count")?;
    Some(FlowEvidence {
        count: reader.count(count)?,
        first: time(reader, fields.take("first"))?,
        last: time(reader, fields.take("last"))?,
        unknown: fields.rest(reader),
    })
}

/// The time in a field, if the field is there.
fn time(reader: &mut Reader, node: Option<&Node>) -> Option<Option<Time>> {
    let Some(node) = node else {
        return Some(None);
    };
    let text = reader.text(node)?;
    let time = time::parse(&text);
    if time.is_none() {
        let message = format!("`{text}` is not a time");
        reader.refuse(node.mark, message, "write `2026-11-03T09:00:00Z`");
    }
    time.map(Some)
}

fn http_rule(reader: &mut Reader, node: &Node, extras: &mut Extras) -> Option<HttpRule> {
    let mut fields = reader.map(node)?;
    let rule = HttpRule {
        method: reader.take_text(&mut fields, "method"),
        path: reader.take_text(&mut fields, "path"),
    };
    if rule == HttpRule::default() {
        let message = "the HTTP rule has neither a method nor a path";
        reader.refuse(
            node.mark,
            message,
            "write `{method: GET, path: /products/.*}`",
        );
        return None;
    }
    extras.keep(reader, rule.to_string(), fields);
    Some(rule)
}

pub(super) fn end(reader: &mut Reader, words: &Words, node: &Node, key: &str, end: End) -> End {
    let End::Missing(text) = end else {
        return end;
    };
    match words.end(&text) {
        Ok(end) => end,
        Err(refusal) => {
            let at = node.get(key).map_or(node.mark, |node| node.mark);
            reader.report(at, "missing-end", refusal);
            End::Missing(text)
        }
    }
}

/// One port of a flow.
pub(super) fn flow_port(reader: &mut Reader, node: &Node) -> Option<FlowPort> {
    let text = reader.text(node)?;
    match validate::flow_port(&text) {
        Ok(port) => Some(port),
        Err(refusal) => {
            reader.refuse_value(node.mark, refusal);
            None
        }
    }
}

pub(super) fn policy(reader: &mut Reader, node: &Node) -> Option<ImportedPolicy> {
    let mut fields = reader.map(node)?;
    let text = reader.required(&mut fields, node, "text")?;
    Some(ImportedPolicy {
        file: reader.take_text(&mut fields, "file").unwrap_or_default(),
        text: reader.text(text)?,
        replaces: reader.take_text(&mut fields, "replaces"),
        unknown: fields.rest(reader),
    })
}

/// Positions of unknown nodes are stored with the unknown fields.
pub(super) fn layout(reader: &mut Reader, fields: &mut Fields, document: &mut Document) {
    let Some(node) = fields.take("layout") else {
        return;
    };
    let Some(_) = reader.map(node) else { return };
    let crate::yaml::Value::Map(map) = &node.value else {
        return;
    };
    let words = Words::new(document);
    let mut places = BTreeMap::new();
    let mut lost = Mapping::new();
    for entry in &map.entries {
        let Some(at) = reader.list(&entry.value, Reader::coordinate) else {
            continue;
        };
        let [x, y] = at[..] else {
            reader.refuse(
                entry.value.mark,
                "a position is two numbers",
                "write [X, Y]",
            );
            continue;
        };
        match words.end(&entry.key).ok().and_then(|end| end.node()) {
            Some(node) => drop(places.insert(node, [x, y])),
            None => drop(lost.insert(entry.key.as_str().into(), plain(&entry.value))),
        }
    }
    document.layout = Arc::new(places);
    if !lost.is_empty() {
        Arc::make_mut(&mut document.unknown).insert("layout".into(), Value::Mapping(lost));
    }
}
