//! The allowed connections of a cluster as a graph, one arrow for each.

use crate::policy::{Direction, Entity};
use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use crate::analysis::open_pods::Hub;
use crate::analysis::{Filter, Isolation, Matrix, Party, isolation};
use crate::import::bare;
use crate::load::Loaded;
use crate::model::{
    Base, Document, End, External, ExternalId, Flow, FlowPort, NamespaceId, Network, NodeRef,
    Refusal, WorkloadId,
};
use crate::sets::{IpSet, PortSet};

/// A graph with more arrows is not readable.
const MOST: usize = 1500;

/// The name of the node that connects open workloads with each other.
pub const HUB_NAME: &str = "All open pods";
/// What its arrows mean: each workload with an arrow to it may connect to each one with an arrow from it.
pub const HUB_MEANING: &str = "each to each";

/// A graph of connections.
#[derive(Clone, Debug)]
pub struct Graph {
    /// Its flows are the connections. Not to be edited or generated from.
    pub document: Document,
    /// For each namespace, its isolation in words.
    pub isolation: BTreeMap<NamespaceId, &'static str>,
}

/// The connections of `matrix` that pass a filter; with a filter, only workloads that have some. Nodes of
/// a project keep their positions, and its externals their names.
///
/// # Errors
/// Too many connections.
pub fn of(loaded: &Loaded, matrix: &Matrix, filter: &Filter) -> Result<Graph, Refusal> {
    let mut arrows = Arrows::default();
    let hub = Hub::of(&loaded.snapshot, matrix, filter);
    matrix.clone().for_each_of(filter, |line| {
        if !hub
            .as_ref()
            .is_some_and(|hub| hub.covers(line.src, line.dst))
        {
            arrows.add(line.src, line.dst, line.ports);
        }
    });
    let mut drawing = Drawing::new(loaded);
    for (src, dst, ports) in &arrows.inside {
        let ends = (drawing.end(*src), drawing.end(*dst));
        drawing.flow(ends, ports);
    }
    for ((workload, out, ports), addresses) in &arrows.outside {
        let other = drawing.addressed(addresses);
        drawing.outer(*workload, *out, other, ports);
    }
    for one in matrix.clone().to_domains(filter) {
        let other = End::External(drawing.domain(&one.name));
        drawing.outer(one.workload, true, other, &one.ports);
    }
    for one in matrix.clone().with_entities(filter) {
        let other = End::External(drawing.entity(one.entity));
        let out = one.direction == Direction::Egress;
        drawing.outer(one.workload, out, other, &one.ports);
    }
    if let Some(hub) = hub {
        drawing.through(&hub);
    }
    drawing.outer_flows();
    let count = drawing.document.flows.len();
    if count > MOST {
        let message = format!("{count} connections are too many for a graph");
        return Err(Refusal::new(message).help("filter them with --from, --to and --port"));
    }
    let isolation = drawing.isolation(&isolation(&loaded.snapshot));
    drawing.remove_unconnected(*filter == Filter::default());
    Ok(Graph {
        document: drawing.document,
        isolation,
    })
}

/// Connections by arrow: those of a workload with addresses at the same ports are one arrow.
#[derive(Default)]
struct Arrows {
    inside: Vec<(Party, Party, PortSet)>,
    /// By workload, whether it is the source, and ports.
    outside: BTreeMap<(usize, bool, PortSet), IpSet>,
}

impl Arrows {
    fn add(&mut self, src: Party, dst: Party, ports: &PortSet) {
        let (workload, out, first, last) = match (src, dst) {
            (Party::Workload(at), Party::Addresses { first, last }) => (at, true, first, last),
            (Party::Addresses { first, last }, Party::Workload(at)) => (at, false, first, last),
            _ if self.inside.len() > MOST => return,
            _ => return self.inside.push((src, dst, ports.clone())),
        };
        let all = self.outside.entry((workload, out, ports.clone()));
        let all = all.or_default();
        *all = all.union(&IpSet::range(first, last));
    }
}

/// Builds the document of a graph.
struct Drawing {
    document: Document,
    /// For each workload of the snapshot, the drawn one.
    workloads: Vec<Option<WorkloadId>>,
    /// Externals and nodes by their addresses.
    addressed: BTreeMap<IpSet, End>,
    controller: Option<ExternalId>,
    domains: BTreeMap<String, ExternalId>,
    /// The workloads that connect to an external or a node, or (false) from it, on the same ports.
    outer: BTreeMap<(End, bool, PortSet), Vec<WorkloadId>>,
}

impl Drawing {
    fn new(loaded: &Loaded) -> Self {
        let mut document = match &loaded.project {
            Some(project) => project.clone(),
            None => bare(&loaded.snapshot),
        };
        document.flows = Default::default();
        document.groups = Default::default();
        // The namespace headers show the isolation instead; a default deny reserves the space.
        document.settings.base = Base::DenyIngress;
        let ids: Vec<NamespaceId> = document.namespaces.ids().collect();
        for id in ids {
            if let Some(namespace) = document.namespaces.get_mut(id) {
                namespace.base = None;
                namespace.dns = Some(false);
            }
        }
        let place = |w: &crate::cluster::Workload| {
            let namespace = document.namespace_named(&w.namespace)?;
            document.workload_named(namespace, &w.name, &w.kind)
        };
        let workloads = loaded.snapshot.workloads.iter().map(place).collect();
        let mut addressed = BTreeMap::new();
        let mut domains = BTreeMap::new();
        let nodes = document.nodes.ids().map(End::Node);
        let ends = document.externals.ids().map(End::External).chain(nodes);
        for end in ends {
            let addresses = document.addresses_at(&end);
            addressed.entry(addresses).or_insert(end);
        }
        for (id, external) in document.externals.iter() {
            if let ([name], []) = (&*external.domain_names, &*external.networks) {
                domains.entry(name.clone()).or_insert(id);
            }
        }
        Self {
            document,
            workloads,
            addressed,
            controller: None,
            domains,
            outer: BTreeMap::new(),
        }
    }

    fn end(&mut self, end: Party) -> Option<End> {
        match end {
            Party::Workload(at) => self.workloads.get(at).copied()?.map(End::Workload),
            Party::Addresses { first, last } => Some(self.addressed(&IpSet::range(first, last))),
            Party::IngressController => {
                let id = *self.controller.get_or_insert_with(|| {
                    let name = self.document.fresh_external_name("Ingress controller");
                    self.document.externals.add(External {
                        domain_names: vec!["from outside".into()],
                        ..External::new(name, Vec::new())
                    })
                });
                Some(End::External(id))
            }
        }
    }

    /// The external or the node with exactly these addresses.
    fn addressed(&mut self, addresses: &IpSet) -> End {
        if let Some(end) = self.addressed.get(addresses) {
            return end.clone();
        }
        let networks = networks(addresses);
        let name = match networks.as_slice() {
            [one] if one.except.is_empty() => one.cidr.to_string(),
            _ if *addresses == IpSet::all() => "Outside".into(),
            [one, ..] if one.cidr.prefix_len() == 0 => "Outside, in part".into(),
            [first, rest @ ..] => format!("{} and {} more", first.cidr, rest.len()),
            [] => "Nowhere".into(),
        };
        let name = self.document.fresh_external_name(&name);
        let id = self.document.externals.add(External::new(name, networks));
        let end = End::External(id);
        self.addressed.insert(addresses.clone(), end.clone());
        end
    }

    /// The external with exactly this domain name.
    fn domain(&mut self, name: &str) -> ExternalId {
        if let Some(id) = self.domains.get(name) {
            return *id;
        }
        let external = External {
            domain_names: vec![name.to_owned()],
            ..External::new(self.document.fresh_external_name(name), Vec::new())
        };
        let id = self.document.externals.add(external);
        self.domains.insert(name.to_owned(), id);
        id
    }

    /// The external that is this entity.
    fn entity(&mut self, entity: Entity) -> ExternalId {
        let is_entity = |external: &External| external.entity == Some(entity);
        let known = self.document.externals.ids().find(|id| {
            let external = self.document.externals.get(*id);
            external.is_some_and(is_entity)
        });
        if let Some(id) = known {
            return id;
        }
        let name = self.document.fresh_external_name(entity.word());
        self.document.externals.add(External {
            entity: Some(entity),
            ..External::new(name, Vec::new())
        })
    }

    /// The node of a hub, and its arrows.
    fn through(&mut self, hub: &Hub) {
        let external = External {
            domain_names: vec![HUB_MEANING.into()],
            ..External::new(self.document.fresh_external_name(HUB_NAME), Vec::new())
        };
        let node = End::External(self.document.externals.add(external));
        for at in 0..self.workloads.len() {
            if hub.is_source(at) {
                self.outer(at, true, node.clone(), &hub.ports);
            }
            if hub.is_destination(at) {
                self.outer(at, false, node.clone(), &hub.ports);
            }
        }
    }

    /// A connection of a workload to an external or a node, or from it, for [`Self::outer_flows`].
    fn outer(&mut self, workload: usize, out: bool, end: End, ports: &PortSet) {
        if let Some(Some(id)) = self.workloads.get(workload) {
            let all = self.outer.entry((end, out, ports.clone()));
            all.or_default().push(*id);
        }
    }

    /// The connections with externals and nodes: one for a whole namespace where all its workloads have the same.
    fn outer_flows(&mut self) {
        for ((end, out, ports), workloads) in std::mem::take(&mut self.outer) {
            let mut by_namespace: BTreeMap<NamespaceId, Vec<WorkloadId>> = BTreeMap::new();
            for id in workloads {
                if let Some(workload) = self.document.workloads.get(id) {
                    by_namespace.entry(workload.namespace).or_default().push(id);
                }
            }
            for (namespace, some) in by_namespace {
                let whole =
                    some.len() > 1 && some.len() == self.document.workloads_of(namespace).len();
                let ends = match whole {
                    true => vec![End::AnyPodOf(namespace)],
                    false => some.into_iter().map(End::Workload).collect(),
                };
                for own in ends {
                    let (own, other) = (Some(own), Some(end.clone()));
                    let ends = if out { (own, other) } else { (other, own) };
                    self.flow(ends, &ports);
                }
            }
        }
    }

    fn flow(&mut self, ends: (Option<End>, Option<End>), ports: &PortSet) {
        if let (Some(from), Some(to)) = ends {
            let flow = Flow::new(from, to, FlowPort::of(ports));
            self.document.flows.add(flow);
        }
    }

    fn isolation(&self, isolation: &[Isolation]) -> BTreeMap<NamespaceId, &'static str> {
        let mut found: BTreeMap<NamespaceId, Vec<Isolation>> = BTreeMap::new();
        for (id, isolation) in self.workloads.iter().zip(isolation) {
            let drawn = id.and_then(|id| self.document.workloads.get(id));
            if let Some(workload) = drawn {
                found
                    .entry(workload.namespace)
                    .or_default()
                    .push(*isolation);
            }
        }
        let words = |all: Vec<Isolation>| {
            let ingress = all.iter().filter(|i| i.ingress).count();
            let egress = all.iter().filter(|i| i.egress).count();
            match (ingress, egress) {
                (0, 0) => "open",
                (i, e) if i == all.len() && e == all.len() => "deny all",
                (i, 0) if i == all.len() => "deny ingress",
                _ => "partly open",
            }
        };
        let found = found.into_iter();
        found.map(|(id, all)| (id, words(all))).collect()
    }

    /// Takes out externals that no arrow touches, and workloads if they are not to stay, and
    /// namespaces without any.
    fn remove_unconnected(&mut self, workloads_stay: bool) {
        let document = &mut self.document;
        let flows = document.flows.iter();
        let ends = flows.flat_map(|(_, flow)| [flow.from.node(), flow.to.node()]);
        let touched: BTreeSet<NodeRef> = ends.flatten().collect();
        for id in document.externals.ids().collect::<Vec<_>>() {
            if !touched.contains(&NodeRef::External(id)) {
                document.externals.remove(id);
            }
        }
        for id in document.workloads.ids().collect::<Vec<_>>() {
            let namespace = document.workloads.get(id).map(|w| w.namespace);
            let whole = namespace.is_some_and(|id| touched.contains(&NodeRef::Namespace(id)));
            if !workloads_stay && !whole && !touched.contains(&NodeRef::Workload(id)) {
                document.workloads.remove(id);
            }
        }
        for id in document.namespaces.ids().collect::<Vec<_>>() {
            if document.workloads_of(id).is_empty() {
                document.namespaces.remove(id);
            }
        }
    }
}

/// The addresses as blocks: for each family the fewest, or everything minus the fewest.
fn networks(addresses: &IpSet) -> Vec<Network> {
    let plain = |cidr: IpNet| Network {
        cidr,
        except: Vec::new(),
    };
    let mut found = Vec::new();
    for all in ["0.0.0.0/0", "::/0"] {
        let Ok(all) = all.parse::<IpNet>() else {
            continue;
        };
        let family = IpSet::net(all);
        let own = addresses.intersection(&family).cidrs();
        let except = family.difference(addresses).cidrs();
        match except.len() < own.len() {
            true => found.push(Network { cidr: all, except }),
            false => found.extend(own.into_iter().map(plain)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::Fixture;

    #[test]
    fn other_nodes_are_listed_where_no_nodes_are_given() {
        let entities = |rules: &str, further: &str| {
            let text = format!(
                "{{apiVersion: v1, kind: Pod, metadata: {{name: p, labels: {{app: p}}}}}}\n---\n{{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {{name: t}}, spec: {{endpointSelector: {{}}, {rules}}}}}\n{further}"
            );
            let sources = [crate::manifest::Source::new("a.yaml", text)];
            let loaded = crate::load::load(&sources, &crate::load::Settings::default());
            let mut matrix = Matrix::new(&loaded.snapshot);
            let found = matrix.with_entities(&Filter::default()).into_iter();
            let words = found.map(|one| {
                format!(
                    "{} {} {}",
                    one.direction.name(),
                    one.entity.word(),
                    one.ports
                )
            });
            words.collect::<Vec<_>>()
        };
        let port = "toPorts: [{ports: [{port: '80', protocol: TCP}]}]";
        let both = format!("ingress: [{{fromEntities: [remote-node, host], {port}}}]");
        assert_eq!(
            entities(&both, ""),
            ["Ingress host TCP 80", "Ingress remote-node TCP 80"]
        );
        let cluster = entities(&format!("egress: [{{toEntities: [cluster], {port}}}]"), "");
        assert!(
            cluster.contains(&"Egress remote-node TCP 80".to_owned()),
            "{cluster:?}"
        );
        let host = format!("ingress: [{{fromEntities: [host], {port}}}]");
        assert_eq!(entities(&host, ""), ["Ingress host TCP 80"]);
        let everything = entities("egress: [{toEntities: [all]}]", "");
        assert_eq!(everything, [""; 0]);
        // With nodes they are listed by their addresses.
        let node = "---\n{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {addresses: [{type: InternalIP, address: 192.168.1.5}]}}\n";
        assert_eq!(entities(&both, node), ["Ingress host TCP 80"]);
    }

    #[test]
    fn a_graph_has_the_connections_of_its_filter() {
        let mut fixture = Fixture::new();
        let web = fixture.workload("shop/web", "app=web");
        fixture.workload("shop/db", "app=db");
        fixture.workload("other/idle", "app=idle");
        fixture.external("office", &["198.51.100.0/24"], &[]);
        fixture.flow("shop/web", "shop/db", "TCP/5432");
        fixture.flow("external/office", "shop/web", "TCP/443");
        let mut document = fixture.document;
        document.settings.dns.allow = false;
        let loaded = crate::proof::loaded(&document);
        let flows = |filter: &Filter| {
            let picture = of(&loaded, &Matrix::new(&loaded.snapshot), filter)
                .expect("few connections")
                .document;
            let mut words: Vec<String> = picture
                .flows
                .iter()
                .map(|(_, f)| {
                    format!(
                        "{} > {} {:?}",
                        picture.end_words(&f.from),
                        picture.end_words(&f.to),
                        f.ports
                    )
                })
                .collect();
            words.sort();
            (words.join("\n"), picture.workloads.len())
        };
        let inside = "shop/web > shop/db [Range(Tcp, 5432, 5432)]";
        let office = "external/office > shop/web [Range(Tcp, 443, 443)]";
        assert_eq!(
            flows(&Filter::default()),
            (format!("{office}\n{inside}"), 3)
        );
        let from = loaded.meaning("shop/web").expect("an end");
        let from = Some(from.places(&loaded.snapshot));
        let filter = Filter {
            from,
            ..Filter::default()
        };
        assert_eq!(flows(&filter), (inside.into(), 2));
        let picture =
            of(&loaded, &Matrix::new(&loaded.snapshot), &filter).expect("few connections");
        assert_eq!(
            picture.isolation.values().collect::<Vec<_>>(),
            [&"deny all"; 2]
        );
        assert!(picture.document.workloads.contains(web));
    }

    #[test]
    fn a_namespace_has_one_arrow_where_its_workloads_connect_alike() {
        let mut fixture = Fixture::new();
        for name in ["a/one", "a/two", "a/three", "b/alone", "b/closed"] {
            fixture.workload(name, &format!("app={}", name.replace('/', "-")));
        }
        fixture.document.settings.base = Base::None;
        let text = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: closed, namespace: b}\n\
            spec: {podSelector: {matchLabels: {app: b-closed}}, policyTypes: [Ingress, Egress]}\n";
        fixture.import(text, None);
        let loaded = crate::proof::loaded(&fixture.document);
        let matrix = Matrix::new(&loaded.snapshot);
        let graph = of(&loaded, &matrix, &Filter::default()).expect("few connections");
        let document = graph.document;
        let flows = document.flows.iter();
        let flows = flows.map(|(_, flow)| {
            let (from, to) = (document.end_words(&flow.from), document.end_words(&flow.to));
            format!("{from} > {to}")
        });
        let mut flows: Vec<String> = flows.collect();
        flows.sort();
        let want = [
            "a/* > external/All open pods",
            "a/* > external/Outside",
            "b/alone > external/All open pods",
            "b/alone > external/Outside",
            "external/All open pods > a/*",
            "external/All open pods > b/alone",
            "external/Outside > a/*",
            "external/Outside > b/alone",
        ];
        assert_eq!(flows, want);
    }

    #[test]
    fn addresses_are_blocks_or_blocks_with_exceptions() {
        let set = |text: &str| IpSet::net(text.parse().expect("a network"));
        let words = |addresses: &IpSet| {
            let one = |n: Network| format!("{} - {:?}", n.cidr, n.except);
            networks(addresses).into_iter().map(one).collect::<Vec<_>>()
        };
        assert_eq!(words(&set("10.0.0.0/9")), ["10.0.0.0/9 - []"]);
        let most = set("0.0.0.0/0").difference(&set("10.0.0.0/8"));
        assert_eq!(words(&most), ["0.0.0.0/0 - [10.0.0.0/8]"]);
        let all = words(&IpSet::all());
        assert_eq!(all, ["0.0.0.0/0 - []", "::/0 - []"]);
    }
}
