//! Reading a Document.
//!
//! A field of the wrong shape rejects the file, because saving would lose its content. A value that is
//! only invalid (a label with a space, an end that does not exist) is preserved and reported. Unknown
//! fields are stored: those of an object with it, those below one of its fields under that field's name
//! (and below a list under the item's, see [`item_key`]).

mod cluster;
mod fields;
mod flows;
mod invariants;
mod outside;
mod parts;
mod things;

use std::sync::Arc;

use crate::yaml::plain::{Mapping, Value};

use self::fields::{Fields, Reader};
use super::{FORMAT, value};
use crate::diag::{Diagnostic, Span};
use crate::model::{Dns, DnsProfile, Document, Settings};
use crate::policy::{HttpRule, Target};
use crate::yaml::{self, Node};

/// Reads a project; `file` is what diagnostics call it. An error means that this version
/// cannot read the text and save it again without loss.
pub fn read(text: &str, file: &str) -> Result<(Document, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut reader = Reader::new(Arc::from(file));
    let parsed = yaml::parse(text);
    for problem in parsed.problems {
        reader.refuse(problem.mark, problem.message, "correct the YAML");
    }
    let mut documents = parsed.documents.into_iter();
    let root = documents.next().map(|document| document.node);
    if let Some(more) = documents.next() {
        let message = "a project is one YAML document, but another starts here";
        reader.refuse(more.node.mark, message, "move it to a file of its own");
    }
    let Some(root) = root else {
        if reader.found.is_empty() {
            reader.found.push(
                Diagnostic::error("project-format", "the file is empty")
                    .at(Span::new(reader.file.clone(), 1, 1))
                    .help(format!("start it with `format: {FORMAT}`")),
            );
        }
        return Err(reader.found);
    };
    // Whatever a tree with errors lacks would be reported as missing.
    if reader.refused {
        return Err(reader.found);
    }
    let document = project(&mut reader, &root);
    match document {
        Some(document) if !reader.refused => Ok((document, reader.found)),
        _ => {
            reader
                .found
                .retain(|found| !REFERENCES.contains(&found.code));
            Err(reader.found)
        }
    }
}

/// The codes of references to objects: where an object could not be read, they may be right.
const REFERENCES: [&str; 3] = ["missing-end", "undeclared-namespace", "external-flow"];

fn project(reader: &mut Reader, root: &Node) -> Option<Document> {
    let mut fields = reader.map(root)?;
    check_format(reader, root, fields.take("format"))?;
    let mut document = Document::default();
    if let Some(name) = fields.take("name") {
        document.name = reader.text(name)?;
    }
    if let Some(node) = fields.take("settings")
        && let Some(settings) = settings(reader, node)
    {
        document.settings = settings;
    }
    things::read(reader, &mut fields, &mut document);
    Arc::make_mut(&mut document.unknown).append(&mut fields.rest(reader));
    Some(document)
}

fn check_format(reader: &mut Reader, root: &Node, format: Option<&Node>) -> Option<()> {
    let Some(node) = format else {
        let help = format!("start a project with `format: {FORMAT}`");
        reader.refuse(root.mark, "the file is not a Drawbridge project", help);
        return None;
    };
    let text = reader.text(node)?;
    if text == FORMAT {
        return Some(());
    }
    let version = text
        .strip_prefix("drawbridge/")
        .and_then(|v| v.parse::<u32>().ok());
    match version {
        Some(version) if version > 1 => reader.refuse(
            node.mark,
            format!("the project was written by a newer Drawbridge (format `{text}`)"),
            format!("update Drawbridge; this version reads `{FORMAT}`"),
        ),
        _ => reader.refuse(
            node.mark,
            format!("`{text}` is not a project format"),
            format!("write `format: {FORMAT}`"),
        ),
    }
    None
}

fn settings(reader: &mut Reader, node: &Node) -> Option<Settings> {
    let mut fields = reader.map(node)?;
    let mut settings = Settings::default();
    if let Some(style) = reader.take_word(&mut fields, "style", value::STYLES) {
        settings.style = style;
    }
    if let Some(base) = reader.take_word(&mut fields, "base", value::BASES) {
        settings.base = base;
    }
    let mut extra = Vec::new();
    if let Some(node) = fields.take("dialects") {
        settings.dialects = dialects(reader, node)?;
    }
    if let Some(node) = fields.take("dns") {
        settings.dns = dns(reader, node, &mut extra)?;
    }
    if let Some(enforcer) = reader.take_word(&mut fields, "enforcer", value::ENFORCERS) {
        settings.assumptions.enforcer = enforcer;
    }
    if let Some(node) = fields.take("assume") {
        let mut assumed = reader.map(node)?;
        let assume = &mut settings.assumptions;
        if let Some(word) = reader.take_word(&mut assumed, "pod-addresses", value::POD_ADDRESSES) {
            assume.pod_addresses = word;
        }
        if let Some(word) = reader.take_word(&mut assumed, "host-network", value::HOST_NETWORK) {
            assume.host_network = word;
        }
        extra.push(("assume", assumed.rest_value(reader)));
    }
    if let Some(node) = fields.take("labels") {
        settings.labels = reader.labels(node)?;
    }
    if let Some(node) = fields.take("annotations") {
        settings.annotations = reader.labels(node)?;
    }
    settings.unknown = fields.rest(reader);
    for (key, value) in extra {
        if let Some(value) = value {
            settings.unknown.insert(key.into(), value);
        }
    }
    Some(settings)
}

/// The dialects to write, each once.
fn dialects(reader: &mut Reader, node: &Node) -> Option<Vec<Target>> {
    let all = reader.list(node, |reader, item| reader.word(item, value::DIALECTS))?;
    let mut found = Vec::new();
    for target in all {
        if !found.contains(&target) {
            found.push(target);
        }
    }
    if found.is_empty() {
        let message = "`dialects` is empty, so nothing would be written".to_owned();
        reader.refuse(node.mark, message, "write `dialects: [kubernetes]`");
        return None;
    }
    Some(found)
}

fn dns(reader: &mut Reader, node: &Node, extra: &mut Vec<(&str, Option<Value>)>) -> Option<Dns> {
    let mut fields = reader.map(node)?;
    let mut dns = Dns::default();
    if let Some(allow) = fields.take("allow") {
        dns.allow = reader.boolean(allow)?;
    }
    let mut below = None;
    if let Some(profile) = fields.take("profile") {
        (dns.profile, below) = dns_profile(reader, profile)?;
    }
    let mut rest = fields.rest(reader);
    if let Some(below) = below {
        rest.insert("profile".into(), below);
    }
    extra.push(("dns", fields::as_value(rest)));
    Some(dns)
}

fn dns_profile(reader: &mut Reader, node: &Node) -> Option<(DnsProfile, Option<Value>)> {
    const KNOWN: &[(&str, DnsProfile)] = &[
        ("kubernetes", DnsProfile::Kubernetes),
        ("openshift", DnsProfile::OpenShift),
        ("nodelocal", DnsProfile::NodeLocal),
    ];
    if !matches!(node.value, yaml::Value::Map(_)) {
        return Some((reader.word(node, KNOWN)?, None));
    }
    let mut fields = reader.map(node)?;
    let namespaces = reader.required(&mut fields, node, "namespaces")?;
    let pods = reader.required(&mut fields, node, "pods")?;
    let ports = reader.required(&mut fields, node, "ports")?;
    let profile = DnsProfile::Custom {
        namespaces: reader.selector(namespaces)?,
        pods: reader.selector(pods)?,
        ports: reader.list(ports, flows::flow_port)?,
    };
    Some((profile, fields.rest_value(reader)))
}

/// The key of a list item under which its unknown fields are stored: `TCP/80` of a port, the block of a
/// network, `GET /path` of an HTTP rule.
pub(super) fn item_key(item: &Value) -> String {
    let scalar = |key: &str| match item.get(key) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    match (scalar("port"), scalar("cidr")) {
        (Some(port), _) => format!(
            "{}/{port}",
            scalar("protocol").unwrap_or_else(|| "TCP".into())
        ),
        (None, Some(cidr)) => cidr,
        (None, None) => {
            let [method, path] = ["method", "path"].map(scalar);
            HttpRule { method, path }.to_string()
        }
    }
}

/// The unknown fields below the items of a list, by [`item_key`].
#[derive(Default)]
struct Extras(Mapping);

impl Extras {
    fn keep(&mut self, reader: &mut Reader, key: String, fields: Fields) {
        if let Some(value) = fields.rest_value(reader) {
            self.0.insert(key.into(), value);
        }
    }

    fn into_value(self) -> Option<Value> {
        (!self.0.is_empty()).then_some(Value::Mapping(self.0))
    }
}
