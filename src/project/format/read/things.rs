//! The tables of a project: namespaces, workloads, Services, externals and groups.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cluster::{address_pools, nodes, pod, route};
use super::fields::{Fields, Reader, items, take_boolean, unknown, with_extras};
use super::flows::{flows, layout, policy};
use super::invariants::invariants;
use super::outside::{external, group};
use super::parts::{address, container_port, service_port, take_labels};
use crate::model::validate::check;
use crate::model::{
    Base, Document, IgnoredRule, Namespace, NamespaceId, RecordedFile, Refusal, Service, Thing,
    Workload, is_system_namespace,
};
use crate::project::format::value;
use crate::sets::Labels;
use crate::yaml::{Mark, Node};

/// Reads all tables and the layout.
pub(super) fn read(reader: &mut Reader, fields: &mut Fields, document: &mut Document) {
    let mut homes = Homes::default();
    for (node, row) in items(reader, fields, "namespaces", namespace) {
        homes.declare(reader, document, node.mark, row);
    }
    workloads(reader, fields, document, &mut homes);
    services(reader, fields, document, &mut homes);
    let routes = items(reader, fields, "routes", route).into_iter();
    document.routes = Arc::new(routes.map(|(_, row)| row).collect());
    nodes(reader, fields, document);
    address_pools(reader, fields, document);
    let mut taken = BTreeSet::new();
    for (node, mut row) in items(reader, fields, "externals", external) {
        row.name = reader.own_name(node, "external", row.name, &mut taken);
        reader.check(node, &Thing::External(row.clone()));
        document.externals.add(row);
    }
    let mut taken = BTreeSet::new();
    for (node, mut row) in items(reader, fields, "groups", group) {
        row.name = reader.own_name(node, "group", row.name, &mut taken);
        reader.check(node, &Thing::Group(row.clone()));
        document.groups.add(row);
    }
    flows(reader, fields, document);
    for (_, row) in items(reader, fields, "policies", policy) {
        document.policies.add(row);
    }
    invariants(reader, fields, document);
    layout(reader, fields, document);
    if let Some(node) = fields.take("collapsed") {
        collapsed(reader, node, &homes, document);
    }
    let ignore = items(reader, fields, "ignore", ignored);
    document.ignore = ignore
        .into_iter()
        .map(|(_, row)| row)
        .collect::<Vec<_>>()
        .into();
    let recordings = items(reader, fields, "recordings", recorded_file);
    document.recordings = recordings
        .into_iter()
        .map(|(_, row)| row)
        .collect::<Vec<_>>()
        .into();
}

/// The namespaces that are shown as one card; a list without any is a choice, too.
fn collapsed(reader: &mut Reader, node: &Node, homes: &Homes, document: &mut Document) {
    let names = reader.list(node, |reader, item| {
        let name = reader.text(item)?;
        let id = homes.ids.get(&name).copied();
        if id.is_none() {
            let message = format!("no namespace has the name `{name}`");
            let help = "declare it, or remove it from `collapsed`";
            reader.warn(item.mark, "undeclared-namespace", message, help);
        }
        Some(id)
    });
    if let Some(ids) = names {
        document.collapsed = Some(Arc::new(ids.into_iter().flatten().collect()));
    }
}

fn ignored(reader: &mut Reader, node: &Node) -> Option<IgnoredRule> {
    let mut fields = reader.map(node)?;
    let rule = reader.required(&mut fields, node, "rule")?;
    Some(IgnoredRule {
        rule: reader.text(rule)?,
        place: reader.take_text(&mut fields, "in"),
        reason: reader.take_text(&mut fields, "reason").unwrap_or_default(),
        unknown: fields.rest(reader),
    })
}

fn recorded_file(reader: &mut Reader, node: &Node) -> Option<RecordedFile> {
    let mut fields = reader.map(node)?;
    let file = reader.required(&mut fields, node, "file")?;
    Some(RecordedFile {
        file: reader.text(file)?,
        sha256: reader.take_text(&mut fields, "sha256").unwrap_or_default(),
        unknown: fields.rest(reader),
    })
}

impl Reader {
    /// Reports the invalid values of an object.
    pub(super) fn check(&mut self, node: &Node, thing: &Thing) {
        for refusal in check(thing) {
            self.report(node.mark, "invalid-value", refusal);
        }
    }

    /// The name, or a free one if it is taken already.
    pub(super) fn own_name(
        &mut self,
        node: &Node,
        what: &str,
        name: String,
        taken: &mut BTreeSet<String>,
    ) -> String {
        let fresh = Document::fresh(&name, |name| taken.contains(name));
        if fresh != name {
            let message = format!("duplicate {what} `{name}`; the second is now `{fresh}`");
            let refusal = Refusal::new(message).help("give each its own name");
            self.report(node.mark, "twin", refusal);
        }
        taken.insert(fresh.clone());
        fresh
    }
}

/// The namespaces by name.
#[derive(Default)]
struct Homes {
    ids: BTreeMap<String, NamespaceId>,
    taken: BTreeSet<String>,
}

impl Homes {
    fn declare(
        &mut self,
        reader: &mut Reader,
        document: &mut Document,
        at: Mark,
        mut row: Namespace,
    ) {
        let node_name = row.name.clone();
        let fresh = Document::fresh(&node_name, |name| self.taken.contains(name));
        if fresh != node_name {
            let message = format!("duplicate namespace `{node_name}`; the second is now `{fresh}`");
            let refusal = Refusal::new(message).help("give each its own name");
            reader.report(at, "twin", refusal);
        }
        row.name.clone_from(&fresh);
        for refusal in check(&Thing::Namespace(row.clone())) {
            reader.report(at, "invalid-value", refusal);
        }
        self.taken.insert(fresh.clone());
        self.ids.insert(fresh, document.namespaces.add(row));
    }

    /// The namespace of an object; added if it is not declared.
    fn find(
        &mut self,
        reader: &mut Reader,
        document: &mut Document,
        at: Mark,
        name: &str,
    ) -> NamespaceId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let message = format!("the namespace `{name}` is not declared");
        reader.warn(
            at,
            "undeclared-namespace",
            message,
            "add it to `namespaces`",
        );
        let id = document.namespaces.add(Namespace {
            name: name.to_owned(),
            labels: Labels::new(),
            base: is_system_namespace(name).then_some(Base::None),
            dns: None,
            managed: true,
            unknown: BTreeMap::new(),
        });
        self.taken.insert(name.to_owned());
        self.ids.insert(name.to_owned(), id);
        id
    }
}

fn namespace(reader: &mut Reader, node: &Node) -> Option<Namespace> {
    let mut fields = reader.map(node)?;
    let name = reader.required(&mut fields, node, "name")?;
    Some(Namespace {
        name: reader.text(name)?,
        labels: take_labels(reader, &mut fields, "labels")?,
        base: reader.take_word(&mut fields, "base", value::BASES),
        dns: take_boolean(reader, &mut fields, "dns"),
        managed: take_boolean(reader, &mut fields, "managed").unwrap_or(true),
        unknown: fields.rest(reader),
    })
}

fn workloads(reader: &mut Reader, fields: &mut Fields, document: &mut Document, homes: &mut Homes) {
    let mut taken: BTreeMap<(NamespaceId, String), BTreeSet<String>> = BTreeMap::new();
    for (node, (home, mut row)) in items(reader, fields, "workloads", workload) {
        row.namespace = homes.find(reader, document, node.mark, &home);
        let names = taken.entry((row.namespace, row.kind.clone())).or_default();
        let what = row.kind.clone();
        row.name = reader.own_name(node, &what, row.name, names);
        reader.check(node, &Thing::Workload(row.clone()));
        document.workloads.add(row);
    }
}

/// The name of its namespace, and the rest; the id is put in afterwards.
fn workload(reader: &mut Reader, node: &Node) -> Option<(String, Workload)> {
    let mut fields = reader.map(node)?;
    let name = reader.required(&mut fields, node, "name")?;
    let home = reader.required(&mut fields, node, "namespace")?;
    let selector = match fields.take("selector") {
        Some(node) => Some(reader.plain_selector(node)?),
        None => None,
    };
    let (ports, extra) = with_extras(reader, &mut fields, "ports", container_port)?;
    let replicas = match fields.take("replicas") {
        Some(node) => Some(reader.integer(node, u32::MAX)?),
        None => None,
    };
    let row = Workload {
        namespace: NamespaceId(0),
        name: reader.text(name)?,
        kind: reader
            .take_text(&mut fields, "kind")
            .unwrap_or_else(|| "Deployment".into()),
        labels: take_labels(reader, &mut fields, "labels")?,
        selector,
        ports,
        service_account: reader.take_text(&mut fields, "serviceAccount"),
        host_network: take_boolean(reader, &mut fields, "hostNetwork").unwrap_or(false),
        cluster_dns: take_boolean(reader, &mut fields, "clusterDNS"),
        isolate: reader
            .take_word(&mut fields, "isolate", value::ISOLATE)
            .unwrap_or_default(),
        replicas,
        addresses: reader.take_list(&mut fields, "addresses", address)?,
        pods: reader.take_list(&mut fields, "pods", pod)?,
        unknown: unknown(reader, fields, [("ports", extra)]),
    };
    Some((reader.text(home)?, row))
}

fn services(reader: &mut Reader, fields: &mut Fields, document: &mut Document, homes: &mut Homes) {
    let mut taken: BTreeMap<NamespaceId, BTreeSet<String>> = BTreeMap::new();
    for (node, (home, mut row)) in items(reader, fields, "services", service) {
        row.namespace = homes.find(reader, document, node.mark, &home);
        let names = taken.entry(row.namespace).or_default();
        row.name = reader.own_name(node, "Service", row.name, names);
        reader.check(node, &Thing::Service(row.clone()));
        document.services.add(row);
    }
}

fn service(reader: &mut Reader, node: &Node) -> Option<(String, Service)> {
    let mut fields = reader.map(node)?;
    let name = reader.required(&mut fields, node, "name")?;
    let home = reader.required(&mut fields, node, "namespace")?;
    let (ports, extra) = with_extras(reader, &mut fields, "ports", service_port)?;
    let row = Service {
        namespace: NamespaceId(0),
        name: reader.text(name)?,
        labels: take_labels(reader, &mut fields, "labels")?,
        kind: (reader.take_text(&mut fields, "type")).unwrap_or_else(|| "ClusterIP".into()),
        headless: (reader.take_word(&mut fields, "clusterIP", value::CLUSTER_IP)).unwrap_or(false),
        external_name: reader.take_text(&mut fields, "externalName"),
        keeps_client_address: reader
            .take_word(
                &mut fields,
                "externalTrafficPolicy",
                value::TRAFFIC_POLICIES,
            )
            .unwrap_or(false),
        selector: take_labels(reader, &mut fields, "selector")?,
        ports,
        unknown: unknown(reader, fields, [("ports", extra)]),
    };
    Some((reader.text(home)?, row))
}
