//! Writing a Document.

mod cluster;

use crate::policy::{Entity, HttpRule};
use crate::yaml::plain::{Mapping, Value};

use self::cluster::{address_pool, namespace, node, route, service, workload};
use super::value::{self, word};
use super::{FORMAT, order};
use crate::model::time;
use crate::model::{
    Claim, Dns, DnsProfile, Document, End, External, Flow, FlowEvidence, FlowPort, Group,
    IgnoredRule, ImportedPolicy, Invariant, Isolate, NodeRef, RecordedFile, Settings, Unknown,
    Words,
};
use crate::yaml::emit;

/// The text of a project. Reading it returns the same Document (with new ids, without gaps).
pub fn write(document: &Document) -> String {
    emit::document(&mapping(document))
}

/// A project as a value: in the order in which it is written, without what equals its default.
pub(super) fn mapping(document: &Document) -> Mapping {
    let words = Words::new(document);
    let mut map = Fields::new();
    map.set("format", FORMAT);
    map.set_unless("name", document.name.as_str(), document.name.is_empty());
    map.set_some("settings", some_map(settings(&document.settings)));
    map.list(
        "namespaces",
        document.namespaces.iter().map(|(_, row)| namespace(row)),
    );
    let home = |id| document.node_name(NodeRef::Namespace(id));
    map.list(
        "workloads",
        document
            .workloads
            .iter()
            .map(|(_, row)| workload(row, home(row.namespace))),
    );
    map.list(
        "services",
        document
            .services
            .iter()
            .map(|(_, row)| service(row, home(row.namespace))),
    );
    map.list("routes", document.routes.iter().map(route));
    map.list("nodes", document.nodes.iter().map(|(_, row)| node(row)));
    map.list(
        "addressPools",
        document.address_pools.iter().map(address_pool),
    );
    map.list(
        "externals",
        document.externals.iter().map(|(_, row)| external(row)),
    );
    map.list("groups", document.groups.iter().map(|(_, row)| group(row)));
    map.list(
        "flows",
        document.flows.iter().map(|(_, row)| flow(row, &words)),
    );
    map.list(
        "policies",
        document.policies.iter().map(|(_, row)| policy(row)),
    );
    map.list(
        "invariants",
        document
            .invariants
            .iter()
            .map(|(_, row)| invariant(row, &words)),
    );
    map.set_some("layout", some_map(layout(document, &words)));
    let collapsed = document.collapsed.as_ref().map(|ids| {
        let mut names: Vec<&str> = ids.iter().map(|id| home(*id)).collect();
        names.sort_unstable();
        Value::Sequence(names.into_iter().map(Value::from).collect())
    });
    map.set_some("collapsed", collapsed);
    map.list("ignore", document.ignore.iter().map(ignored));
    map.list("recordings", document.recordings.iter().map(recorded_file));
    map.finish(&document.unknown, order::PROJECT)
}

/// A mapping under construction.
struct Fields(Mapping);

impl Fields {
    fn new() -> Self {
        Self(Mapping::new())
    }

    fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.into(), value.into());
    }

    fn set_unless(&mut self, key: &str, value: impl Into<Value>, default: bool) {
        if !default {
            self.set(key, value);
        }
    }

    fn set_some(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    fn list(&mut self, key: &str, items: impl Iterator<Item = Value>) {
        let items: Vec<Value> = items.collect();
        self.set_unless(key, items.clone(), items.is_empty());
    }

    /// Adds unknown fields, and sorts the keys.
    fn finish(mut self, unknown: &Unknown, order: &[&str]) -> Mapping {
        for (key, value) in unknown {
            match (self.0.get_mut(key.as_str()), value) {
                (None, value) => drop(self.0.insert(key.as_str().into(), value.clone())),
                (Some(known), extra) => add_extra(known, extra),
            }
        }
        let place = |key: &Value| {
            let key = key.as_str().unwrap_or_default();
            let known = order.iter().position(|known| *known == key);
            (known.unwrap_or(order.len()), key.to_owned())
        };
        let mut entries: Vec<(Value, Value)> = self.0.into_iter().collect();
        entries.sort_by_key(|(key, _)| place(key));
        entries.into_iter().collect()
    }
}

/// Adds unknown fields below a known one: to a map its own, to the items of a list those stored under
/// the item's name (see [`super::read`]).
fn add_extra(known: &mut Value, extra: &Value) {
    let Value::Mapping(extra) = extra else {
        return;
    };
    match known {
        Value::Mapping(map) => {
            for (key, value) in extra {
                match map.get_mut(key) {
                    Some(known) => add_extra(known, value),
                    None => drop(map.insert(key.clone(), value.clone())),
                }
            }
        }
        Value::Sequence(items) => {
            for item in items {
                if let Some(extra) = extra.get(super::read::item_key(item)) {
                    add_extra(item, extra);
                }
            }
        }
        _ => {}
    }
}

fn some_map(map: Mapping) -> Option<Mapping> {
    (!map.is_empty()).then_some(map)
}

fn settings(settings: &Settings) -> Mapping {
    let default = Settings::default();
    let mut map = Fields::new();
    let dialects = settings.dialects.iter();
    map.set_unless(
        "dialects",
        Value::Sequence(
            dialects
                .map(|target| word(value::DIALECTS, target))
                .collect(),
        ),
        settings.dialects == default.dialects,
    );
    map.set_unless(
        "style",
        word(value::STYLES, &settings.style),
        settings.style == default.style,
    );
    map.set_unless(
        "base",
        word(value::BASES, &settings.base),
        settings.base == default.base,
    );
    let has_more = settings.unknown.contains_key("dns");
    map.set_unless(
        "dns",
        dns(&settings.dns),
        settings.dns == default.dns && !has_more,
    );
    map.set_unless(
        "enforcer",
        word(value::ENFORCERS, &settings.assumptions.enforcer),
        settings.assumptions.enforcer == default.assumptions.enforcer,
    );
    let (assume, usual) = (&settings.assumptions, &default.assumptions);
    let mut assumed = Fields::new();
    assumed.set_unless(
        "pod-addresses",
        word(value::POD_ADDRESSES, &assume.pod_addresses),
        assume.pod_addresses == usual.pod_addresses,
    );
    assumed.set_unless(
        "host-network",
        word(value::HOST_NETWORK, &assume.host_network),
        assume.host_network == usual.host_network,
    );
    map.set_some("assume", some_map(assumed.0));
    map.set_unless(
        "labels",
        value::texts(&settings.labels),
        settings.labels.is_empty(),
    );
    map.set_unless(
        "annotations",
        value::texts(&settings.annotations),
        settings.annotations.is_empty(),
    );
    map.finish(&settings.unknown, order::SETTINGS)
}

fn dns(dns: &Dns) -> Value {
    let mut map = Fields::new();
    map.set("allow", dns.allow);
    let profile = match &dns.profile {
        DnsProfile::Kubernetes => Value::from("kubernetes"),
        DnsProfile::OpenShift => Value::from("openshift"),
        DnsProfile::NodeLocal => Value::from("nodelocal"),
        DnsProfile::Custom {
            namespaces,
            pods,
            ports,
        } => {
            let mut custom = Fields::new();
            custom.set("namespaces", value::selector(namespaces));
            custom.set("pods", value::selector(pods));
            custom.set("ports", flow_ports(ports));
            Value::Mapping(custom.finish(&Unknown::new(), order::DNS))
        }
    };
    map.set("profile", profile);
    Value::Mapping(map.finish(&Unknown::new(), order::DNS))
}

fn external(row: &External) -> Value {
    let mut map = Fields::new();
    map.set("name", row.name.as_str());
    map.list(
        "networks",
        row.networks.iter().map(|network| {
            let mut map = Fields::new();
            map.set("cidr", network.cidr.to_string());
            map.list(
                "except",
                network.except.iter().map(|hole| hole.to_string().into()),
            );
            Value::Mapping(map.finish(&Unknown::new(), order::NETWORK))
        }),
    );
    map.list(
        "domainNames",
        row.domain_names.iter().map(|name| name.as_str().into()),
    );
    map.set_some("entity", row.entity.map(Entity::word));
    Value::Mapping(map.finish(&row.unknown, order::THING))
}

fn isolate(map: &mut Fields, isolate: Isolate) {
    let is_default = isolate == Isolate::None;
    map.set_unless("isolate", word(value::ISOLATE, &isolate), is_default);
}

fn group(row: &Group) -> Value {
    let mut map = Fields::new();
    map.set("name", row.name.as_str());
    map.set("namespaces", value::selector(&row.namespaces));
    map.set("pods", value::pods(&row.pods, &row.accounts));
    isolate(&mut map, row.isolate);
    Value::Mapping(map.finish(&row.unknown, order::THING))
}

fn flow(row: &Flow, words: &Words) -> Value {
    let mut map = Fields::new();
    map.set("from", words.of(&row.from));
    map.set("to", words.of(&row.to));
    map.set_unless("ports", flow_ports(&row.ports), row.ports.is_empty());
    map.set_unless("note", row.note.as_str(), row.note.is_empty());
    map.set_some("half", row.half.map(|half| word(value::HALVES, &half)));
    map.list("http", row.http.iter().map(http_rule));
    map.set_some("action", row.denies.then_some(value::DENY));
    map.set_unless("approximate", row.approximate, !row.approximate);
    map.set_unless("muted", row.muted, !row.muted);
    map.set_some("observed", row.observed.as_ref().map(evidence));
    Value::Mapping(map.finish(&row.unknown, order::FLOW))
}

fn evidence(row: &FlowEvidence) -> Value {
    let mut map = Fields::new();
    map.set("count", row.count);
    map.set_some("first", row.first.map(time::text));
    map.set_some("last", row.last.map(time::text));
    Value::Mapping(map.finish(&row.unknown, order::EVIDENCE))
}

fn http_rule(row: &HttpRule) -> Value {
    let mut map = Fields::new();
    map.set_some("method", row.method.as_deref());
    map.set_some("path", row.path.as_deref());
    Value::Mapping(map.finish(&Unknown::new(), order::HTTP))
}

fn flow_ports(ports: &[FlowPort]) -> Value {
    Value::Sequence(ports.iter().map(|port| port.to_string().into()).collect())
}

fn policy(row: &ImportedPolicy) -> Value {
    let mut map = Fields::new();
    map.set_unless("file", row.file.as_str(), row.file.is_empty());
    map.set("text", row.text.as_str());
    map.set_some("replaces", row.replaces.as_deref());
    Value::Mapping(map.finish(&row.unknown, order::THING))
}

fn ignored(row: &IgnoredRule) -> Value {
    let mut map = Fields::new();
    map.set("rule", row.rule.as_str());
    map.set_some("in", row.place.as_deref());
    map.set_unless("reason", row.reason.as_str(), row.reason.is_empty());
    Value::Mapping(map.finish(&row.unknown, order::IGNORE))
}

fn recorded_file(row: &RecordedFile) -> Value {
    let mut map = Fields::new();
    map.set("file", row.file.as_str());
    map.set_unless("sha256", row.sha256.as_str(), row.sha256.is_empty());
    Value::Mapping(map.finish(&row.unknown, order::RECORDING))
}

fn invariant(row: &Invariant, words: &Words) -> Value {
    let mut claim = Fields::new();
    claim.set_some("from", row.from.as_ref().map(|end| words.of(end)));
    claim.list("except", row.except.iter().map(|end| words.of(end).into()));
    claim.set_some("to", row.to.as_ref().map(|end| words.of(end)));
    claim.set_unless("ports", flow_ports(&row.ports), row.ports.is_empty());
    let key = match row.claim {
        Claim::Deny | Claim::DenyAnyHops => "deny",
        Claim::Allow => "allow",
    };
    if row.claim == Claim::DenyAnyHops {
        claim.set("hops", "any");
    }
    let claim = claim.finish(&Unknown::new(), order::CLAIM);
    let mut map = Fields::new();
    map.set("name", row.name.as_str());
    map.set(key, Value::Mapping(claim));
    let other = |key: &str| ["deny", "allow"].contains(&key) && !map.0.contains_key(key);
    let mut unknown = row.unknown.clone();
    unknown.retain(|key, _| !other(key));
    Value::Mapping(map.finish(&unknown, order::THING))
}

/// By words in alphabetical order, so that adding an object moves no other line.
fn layout(document: &Document, words: &Words) -> Mapping {
    let mut places: Vec<(String, Value)> = document
        .layout
        .iter()
        .map(|(node, at)| {
            let at = at.iter().map(|at| coordinate(*at)).collect();
            (words.of(&End::from(*node)), Value::Sequence(at))
        })
        .collect();
    places.sort_by(|a, b| a.0.cmp(&b.0));
    places
        .into_iter()
        .map(|(words, at)| (Value::from(words), at))
        .collect()
}

/// The shortest number that reads as the same coordinate; whole ones without a point.
fn coordinate(at: f32) -> Value {
    let text = at.to_string();
    match (text.parse::<i64>(), text.parse::<f64>()) {
        (Ok(whole), _) => Value::from(whole),
        (_, Ok(number)) => Value::from(number),
        _ => Value::from(0),
    }
}
