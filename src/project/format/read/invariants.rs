//! Invariants: `deny` or `allow`, with ends and ports by the same words as those of flows.

use super::fields::{Fields, Reader, as_value, items};
use super::flows::{end, flow_port};
use crate::diag::Severity;
use crate::model::{Claim, Document, End, Invariant, Thing, Words};
use crate::yaml::Node;

/// Whether `hops` are any number, or just one.
const HOPS: &[(&str, Claim)] = &[("any", Claim::DenyAnyHops), ("1", Claim::Deny)];

pub(super) fn invariants(reader: &mut Reader, fields: &mut Fields, document: &mut Document) {
    let rows = items(reader, fields, "invariants", invariant);
    let mut taken = std::collections::BTreeSet::new();
    let mut read = Vec::new();
    let words = Words::new(document);
    for (node, mut row) in rows {
        row.name = reader.own_name(node, "invariant", row.name, &mut taken);
        let claim = node
            .get("deny")
            .or_else(|| node.get("allow"))
            .unwrap_or(node);
        let mut find = |key, one| end(reader, &words, claim, key, one);
        row.from = row.from.map(|one| find("from", one));
        row.to = row.to.map(|one| find("to", one));
        row.except = (row.except.into_iter())
            .map(|one| find("except", one))
            .collect();
        reader.check(node, &Thing::Invariant(row.clone()));
        read.push(row);
    }
    for row in read {
        document.invariants.add(row);
    }
}

/// Its ends still as words.
fn invariant(reader: &mut Reader, node: &Node) -> Option<Invariant> {
    let mut fields = reader.map(node)?;
    let name = reader.required(&mut fields, node, "name")?;
    let (key, mut claim, inner) = match (fields.take("deny"), fields.take("allow")) {
        (Some(inner), None) => ("deny", Claim::Deny, inner),
        (None, Some(inner)) => ("allow", Claim::Allow, inner),
        _ => {
            let message = "an invariant needs either `deny` or `allow`";
            let help =
                "write `deny: {from: ..., to: ...}` or `allow: {from: ..., to: ..., ports: [...]}`";
            reader.refuse(node.mark, message, help);
            return None;
        }
    };
    let mut claim_fields = reader.map(inner)?;
    let one = |reader: &mut Reader, node: &Node| reader.text(node).map(End::Missing);
    let from = reader
        .take_text(&mut claim_fields, "from")
        .map(End::Missing);
    let to = reader.take_text(&mut claim_fields, "to").map(End::Missing);
    let except = reader.take_list(&mut claim_fields, "except", one)?;
    let ports = reader.take_list(&mut claim_fields, "ports", flow_port)?;
    if claim == Claim::Deny
        && let Some(hops) = reader.take_word(&mut claim_fields, "hops", HOPS)
    {
        claim = hops;
    }
    let mut unknown = fields.rest(reader);
    let before = reader.found.len();
    if let Some(below) = as_value(claim_fields.rest(reader)) {
        unknown.insert(key.into(), below);
    }
    // Whatever it means, the invariant claims something else without it.
    for found in reader.found.iter_mut().skip(before) {
        if found.severity == Severity::Warning {
            found.severity = Severity::Error;
            found.help = Some("remove it: the invariant is judged without it".to_owned());
        }
    }
    Some(Invariant {
        name: reader.text(name)?,
        claim,
        from,
        except,
        to,
        ports,
        unknown,
    })
}
