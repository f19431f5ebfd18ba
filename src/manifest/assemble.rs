//! Decoded objects into one cluster: duplicates, owners, undeclared namespaces.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ipnet::IpNet;

use super::Manifests;
use super::class::{self, Class};
use super::endpoints::{self, Endpoints};
use super::gateway::Gateways;
use super::kinds;
use super::resource::{Identity, Outcome, Resource, Value};
use super::workload::{OwnerObject, OwnerRef, PodObject};
use crate::cluster::{
    AddressPool, NAMESPACE_NAME_LABEL, Namespace, Pod, Route, Service, Snapshot, Workload,
    WorkloadObject, pod_name,
};
use crate::diag::Diagnostic;
use crate::policy::WorkloadKey;
use crate::sets::Labels;
use crate::sets::hash::{HashMap, HashMapExt, HashSet};

/// The longest chain of owners that is followed.
const MAX_OWNERS: usize = 8;

pub(super) fn assemble(outcomes: Vec<Outcome>, mut diagnostics: Vec<Diagnostic>) -> Manifests {
    let mut skipped = 0;
    let mut left_out = Vec::new();
    let mut resources = Vec::new();
    for outcome in outcomes {
        match outcome {
            Outcome::Resource(resource) => resources.push(*resource),
            Outcome::Skipped => skipped += 1,
            Outcome::Reported(diagnostic) => diagnostics.push(diagnostic),
            Outcome::LeftOut(policy, diagnostic) => {
                left_out.push(policy);
                diagnostics.push(diagnostic);
            }
        }
    }
    let resources = without_duplicates(resources, &mut diagnostics);
    let mut parts = Parts::default();
    for resource in resources {
        parts.sort_in(resource);
    }
    let policies = std::mem::take(&mut parts.policies);
    let mut snapshot = parts.snapshot(&mut diagnostics);
    snapshot.left_out = left_out;
    diagnostics.sort_by(|a, b| place(a).cmp(&place(b)));
    Manifests {
        snapshot,
        policies,
        skipped,
        diagnostics,
        ..Manifests::default()
    }
}

fn place(d: &Diagnostic) -> (Option<&crate::diag::Span>, &Diagnostic) {
    (d.span.as_ref(), d)
}

/// Of objects with the same identity the last one is used (W5); equal ones are one.
fn without_duplicates(
    resources: Vec<Resource>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Resource> {
    let mut last: HashMap<Identity, usize> = HashMap::new();
    let mut dropped = HashSet::default();
    for (i, resource) in resources.iter().enumerate() {
        if !resource.named {
            continue;
        }
        if let Some(before) = last.insert(resource.identity.clone(), i) {
            dropped.insert(before);
            let earlier = resources.get(before);
            if let Some(earlier) = earlier.filter(|e| e.content == resource.content) {
                // Generated trees repeat objects in several files; in one file it is a slip.
                diagnostics.extend(copied(earlier, resource));
                continue;
            }
            let earlier = earlier.map(|r| r.span.to_string());
            let message = format!(
                "`{}` is already declared at `{}`; the later one is used",
                resource.title,
                earlier.unwrap_or_default()
            );
            let diagnostic = Diagnostic::error("W5", message)
                .at(resource.span.clone())
                .on(resource.title.clone())
                .path("metadata.name")
                .help("remove one of them, or give them different names");
            diagnostics.push(diagnostic);
        }
    }
    let kept = resources.into_iter().enumerate();
    kept.filter(|(i, _)| !dropped.contains(i))
        .map(|(_, resource)| resource)
        .collect()
}

/// A note about two equal objects of one file.
fn copied(earlier: &Resource, resource: &Resource) -> Option<Diagnostic> {
    let message = format!(
        "`{}` is already declared, with the same content, at `{}`; it counts once",
        resource.title, earlier.span
    );
    let note = Diagnostic::info("W5", message)
        .at(resource.span.clone())
        .on(resource.title.clone())
        .path("metadata.name")
        .help("remove one of them, or give it the name that was meant");
    (earlier.span.file == resource.span.file).then_some(note)
}

#[derive(Default)]
struct Parts {
    namespaces: BTreeMap<String, Namespace>,
    nodes: Vec<crate::cluster::Node>,
    pools: Vec<AddressPool>,
    service_cidrs: Vec<IpNet>,
    owners: BTreeMap<Identity, OwnerObject>,
    pods: Vec<(Identity, PodObject)>,
    services: Vec<Service>,
    endpoints: Vec<Endpoints>,
    classes: Vec<Class>,
    routes: Vec<Route>,
    gateways: Gateways,
    policies: Vec<crate::yaml::Object>,
    /// Namespaces that policies are in.
    policed: BTreeSet<String>,
}

/// The pods of one workload.
#[derive(Default)]
struct Group {
    owner: Option<OwnerObject>,
    pods: Vec<(String, PodObject)>,
}

impl Parts {
    fn sort_in(&mut self, resource: Resource) {
        let identity = resource.identity;
        match resource.value {
            Value::Namespace(labels) => {
                let name = identity.name;
                let namespace = Namespace {
                    labels: with_name(labels, &name),
                    name: name.clone(),
                    declared: true,
                    span: Some(resource.span),
                };
                self.namespaces.insert(name, namespace);
            }
            Value::Node(node) => self.nodes.push(node),
            Value::AddressPool(pool) => self.pools.push(pool),
            Value::ServiceCidr(blocks) => self.service_cidrs.extend(blocks),
            Value::Pod(pod) => self.pods.push((identity, pod)),
            Value::Owner(owner) => {
                self.owners.insert(identity, owner);
            }
            Value::Service(service) => self.services.push(service),
            Value::Endpoints(endpoints) => self.endpoints.push(endpoints),
            Value::Class(class) => self.classes.push(class),
            Value::Routes(routes) => self.routes.extend(routes),
            Value::Gateway(gateway) => self.gateways.gateways.push(gateway),
            Value::GatewayRoute(route) => self.gateways.routes.push(route),
            Value::Grant(grant) => self.gateways.grants.push(grant),
            Value::Policy(object) => {
                if !identity.namespace.is_empty() {
                    self.policed.insert(identity.namespace);
                }
                self.policies.push(*object);
            }
        }
    }

    fn snapshot(mut self, diagnostics: &mut Vec<Diagnostic>) -> Snapshot {
        let groups = self.groups();
        let endpoints = std::mem::take(&mut self.endpoints);
        endpoints::attach(&mut self.services, endpoints, diagnostics);
        self.synthesise_namespaces(&groups);
        let gateways = self.gateways.attach(&self.namespaces, diagnostics);
        let address_pools = pools(self.pools, &self.nodes);
        let namespaces: Vec<_> = self.namespaces.into_values().collect();
        let mut out = Snapshot {
            nodes: sorted(self.nodes, |n| n.name.clone()),
            address_pools,
            service_cidrs: sorted(self.service_cidrs, |block| *block),
            services: sorted(self.services, |s| (s.namespace.clone(), s.name.clone())).into(),
            namespaces: namespaces.into(),
            ..Snapshot::default()
        };
        for (identity, group) in groups {
            add_workload(&mut out, identity, group);
        }
        let key = |r: &Route| {
            let place = (r.namespace.clone(), r.name.clone(), r.kind);
            let service = (r.service_namespace.clone(), r.service.clone());
            (place, service, r.port.clone())
        };
        let mut routes = sorted(self.routes.into_iter().chain(gateways).collect(), key);
        routes.dedup_by_key(|r| key(r));
        class::resolve(&mut routes, &self.classes);
        out.routes = routes;
        out
    }

    /// Pods and owners by the workload that they belong to.
    fn groups(&mut self) -> BTreeMap<Identity, Group> {
        let owners = std::mem::take(&mut self.owners);
        let mut groups: BTreeMap<Identity, Group> = BTreeMap::new();
        for (identity, pod) in std::mem::take(&mut self.pods) {
            let workload = workload_of(&identity, &pod, &owners);
            let pods = &mut groups.entry(workload).or_default().pods;
            pods.push((identity.name, pod));
        }
        for (identity, owner) in &owners {
            let top = match &owner.owner {
                Some(up) => top(above(identity, up), &owners),
                None => identity.clone(),
            };
            if !owners.contains_key(&top) || top == *identity {
                groups.entry(identity.clone()).or_default();
            }
        }
        for (identity, owner) in owners {
            if let Some(group) = groups.get_mut(&identity) {
                group.owner = Some(owner);
            }
        }
        with_distinct_kinds(groups)
    }

    /// Adds undeclared namespaces with their standard label only (W4).
    fn synthesise_namespaces(&mut self, groups: &BTreeMap<Identity, Group>) {
        let mut used: BTreeSet<&str> = groups.keys().map(|i| i.namespace.as_str()).collect();
        used.extend(self.services.iter().map(|s| s.namespace.as_str()));
        used.extend(self.routes.iter().map(|r| r.namespace.as_str()));
        used.extend(self.gateways.namespaces());
        used.extend(self.policed.iter().map(String::as_str));
        for name in used {
            if !self.namespaces.contains_key(name) {
                let namespace = Namespace {
                    name: name.to_owned(),
                    labels: with_name(Labels::new(), name),
                    declared: false,
                    span: None,
                };
                self.namespaces.insert(name.to_owned(), namespace);
            }
        }
    }
}

/// Address pools with the blocks that no Node has, by kind and name; those without any are left out.
fn pools(mut pools: Vec<AddressPool>, nodes: &[crate::cluster::Node]) -> Vec<AddressPool> {
    let known: BTreeSet<_> = nodes.iter().flat_map(|node| &node.pod_cidrs).collect();
    for pool in &mut pools {
        pool.cidrs.retain(|cidr| !known.contains(cidr));
    }
    pools.retain(|pool| !pool.cidrs.is_empty());
    sorted(pools, |pool| (pool.kind.clone(), pool.name.clone()))
}

fn with_name(mut labels: Labels, name: &str) -> Labels {
    labels.insert(NAMESPACE_NAME_LABEL.into(), name.into());
    labels
}

fn sorted<T, K: Ord>(mut items: Vec<T>, key: impl FnMut(&T) -> K) -> Vec<T> {
    items.sort_by_cached_key(key);
    items
}

fn above(identity: &Identity, owner: &OwnerRef) -> Identity {
    Identity {
        namespace: identity.namespace.clone(),
        name: owner.name.clone(),
        kind: owner.kind.clone(),
        group: owner.group.clone(),
    }
}

/// Follows owners upwards as far as they are known.
fn top(mut at: Identity, owners: &BTreeMap<Identity, OwnerObject>) -> Identity {
    for _ in 0..MAX_OWNERS {
        match owners.get(&at).and_then(|o| o.owner.as_ref()) {
            Some(up) if owners.contains_key(&above(&at, up)) => at = above(&at, up),
            _ => break,
        }
    }
    at
}

/// Workloads whose namespaces, names and kinds differ: where those of several groups are called alike, only that of
/// Kubernetes itself keeps its kind, and the others have their group behind it, as kubectl writes it.
fn with_distinct_kinds(groups: BTreeMap<Identity, Group>) -> BTreeMap<Identity, Group> {
    let called = |of: &Identity| (of.namespace.clone(), of.name.clone(), of.kind.clone());
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    for identity in groups.keys() {
        *counts.entry(called(identity)).or_default() += 1;
    }
    let groups = groups.into_iter().map(|(mut identity, group)| {
        let is_shared = counts
            .get(&called(&identity))
            .is_some_and(|count| *count > 1);
        if is_shared && identity.group != kinds::group_of_workload(&identity.kind) {
            identity.kind = format!("{}.{}", identity.kind, identity.group);
        }
        (identity, group)
    });
    groups.collect()
}

/// The workload of a pod: itself, or its controlling owner, as far up as owners are known. A
/// ReplicaSet that is not known is replaced by its Deployment if that is known and the names match.
fn workload_of(
    identity: &Identity,
    pod: &PodObject,
    owners: &BTreeMap<Identity, OwnerObject>,
) -> Identity {
    let Some(owner) = &pod.owner else {
        return identity.clone();
    };
    let owner = above(identity, owner);
    let is_replica_set = (owner.group.as_str(), owner.kind.as_str()) == ("apps", "ReplicaSet");
    if is_replica_set && !owners.contains_key(&owner) {
        let hash = pod.template.labels.get("pod-template-hash");
        let stem = hash.and_then(|hash| owner.name.strip_suffix(hash.as_str())?.strip_suffix('-'));
        if let Some(stem) = stem {
            let deployment = Identity {
                name: stem.to_owned(),
                kind: "Deployment".to_owned(),
                ..owner.clone()
            };
            if owners.contains_key(&deployment) {
                return top(deployment, owners);
            }
        }
    }
    top(owner, owners)
}

/// Adds a workload and its pods: the declared ones, else one or two placeholders (W11).
fn add_workload(out: &mut Snapshot, identity: Identity, group: Group) {
    let by_name = |n: &Namespace| n.name.as_str().cmp(identity.namespace.as_str());
    let Ok(namespace) = out.namespaces.binary_search_by(by_name) else {
        return;
    };
    let Group { owner, mut pods } = group;
    pods.sort_by(|a, b| a.0.cmp(&b.0));
    let Some(first) = owner
        .as_ref()
        .map(|o| (&o.template, &o.span))
        .or_else(|| pods.first().map(|(_, pod)| (&pod.template, &pod.span)))
    else {
        return;
    };
    let (template, span) = (first.0.clone(), first.1.clone());
    let workload = out.workloads.len();
    let start = out.pods.len();
    let pod = |name: String, pod: PodObject| Pod {
        name,
        namespace,
        workload,
        key: WorkloadKey::at(workload),
        labels: pod.template.labels,
        ports: pod.template.ports,
        sidecar_ports: pod.template.sidecar_ports,
        init_ports: pod.template.init_ports,
        ambiguous_ports: Arc::default(),
        host_network: pod.template.host_network,
        service_account: pod.template.service_account,
        addresses: pod.addresses,
        node: pod.template.node,
    };
    let cluster_dns = template.cluster_dns
        || (template.nameservers.iter()).any(|address| out.is_dns_address(*address));
    let replicas = match &owner {
        Some(owner) => owner.replicas,
        None => u32::try_from(pods.len()).ok(),
    };
    if pods.is_empty() {
        let count = if replicas.is_some_and(|n| n < 2) {
            1
        } else {
            2
        };
        for number in 0..count {
            let stand_in = PodObject {
                template: template.clone(),
                addresses: Vec::new(),
                owner: None,
                span: span.clone(),
            };
            Arc::make_mut(&mut out.pods).push(pod(
                pod_name(&identity.kind, &identity.name, number),
                stand_in,
            ));
        }
    } else {
        Arc::make_mut(&mut out.pods).extend(pods.into_iter().map(|(name, p)| pod(name, p)));
    }
    Arc::make_mut(&mut out.workloads).push(Workload {
        pods: start..out.pods.len(),
        object: Arc::new(WorkloadObject {
            namespace: identity.namespace,
            name: identity.name,
            kind: identity.kind,
            own_labels: match &owner {
                Some(owner) => owner.labels.clone(),
                None => (*template.labels).clone(),
            },
            selector: owner.and_then(|o| o.selector),
            labels: (*template.labels).clone(),
            annotations: template.annotations,
            cluster_dns,
            host_ports: template.host_ports,
            replicas,
            span: Some(span),
        }),
    });
}
