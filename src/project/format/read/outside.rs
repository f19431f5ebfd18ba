//! Externals and groups.

use super::Extras;
use super::fields::{Reader, unknown, with_extras};
use crate::model::validate;
use crate::model::{External, Group, Network};
use crate::project::format::value;
use crate::sets::Selector;
use crate::yaml::Node;

pub(super) fn external(reader: &mut Reader, node: &Node) -> Option<External> {
    let mut fields = reader.map(node)?;
    let name = reader.required(&mut fields, node, "name")?;
    let (networks, extra) = with_extras(reader, &mut fields, "networks", network)?;
    Some(External {
        name: reader.text(name)?,
        networks,
        domain_names: reader.take_list(&mut fields, "domainNames", Reader::text)?,
        entity: reader.take_word(&mut fields, "entity", value::ENTITIES),
        unknown: unknown(reader, fields, [("networks", extra)]),
    })
}

fn network(reader: &mut Reader, node: &Node, extras: &mut Extras) -> Option<Network> {
    if let Some(text) = node.as_str().filter(|text| validate::cidr(text).is_ok()) {
        let message = format!("expected a map, not the string `{text}`");
        reader.refuse(node.mark, message, format!("write `{{cidr: {text}}}`"));
        return None;
    }
    let mut fields = reader.map(node)?;
    let block = reader.required(&mut fields, node, "cidr")?;
    let row = Network {
        cidr: cidr(reader, block)?,
        except: reader.take_list(&mut fields, "except", cidr)?,
    };
    extras.keep(reader, row.cidr.to_string(), fields);
    Some(row)
}

pub(super) fn cidr(reader: &mut Reader, node: &Node) -> Option<ipnet::IpNet> {
    let text = reader.text(node)?;
    match validate::cidr(&text) {
        Ok(block) => Some(block),
        Err(refusal) => {
            reader.refuse_value(node.mark, refusal);
            None
        }
    }
}

pub(super) fn group(reader: &mut Reader, node: &Node) -> Option<Group> {
    let mut fields = reader.map(node)?;
    let name = reader.required(&mut fields, node, "name")?;
    let isolate = reader.take_word(&mut fields, "isolate", value::ISOLATE);
    // An absent selector matches everything, as an empty one does.
    let namespaces = match fields.take("namespaces") {
        Some(node) => reader.selector(node)?,
        None => Selector::default(),
    };
    let (pods, accounts) = match fields.take("pods") {
        Some(node) => reader.pods(node)?,
        None => Default::default(),
    };
    Some(Group {
        isolate: isolate.unwrap_or_default(),
        namespaces,
        pods,
        accounts,
        name: reader.text(name)?,
        unknown: fields.rest(reader),
    })
}
