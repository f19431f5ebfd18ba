//! Where a profile's DNS pods are.

use ipnet::IpNet;

use crate::cluster::{NAMESPACE_NAME_LABEL, NODE_LOCAL_DNS, Pod, Snapshot, TargetPort};
use crate::model::{DnsProfile, FlowPort, Network};
use crate::sets::{Protocol, Selector};

/// The DNS pods and what else answers.
pub(crate) struct Resolver {
    pub(crate) namespaces: Selector,
    pub(crate) pods: Selector,
    /// Node-local caches, which no selector reaches.
    pub(crate) networks: Vec<Network>,
    pub(crate) ports: Vec<FlowPort>,
}

impl Resolver {
    pub(crate) fn of(profile: &DnsProfile) -> Self {
        let stock = || Self {
            namespaces: Selector::label(NAMESPACE_NAME_LABEL, "kube-system"),
            pods: Selector::label("k8s-app", "kube-dns"),
            networks: Vec::new(),
            ports: udp_and_tcp(53),
        };
        match profile {
            DnsProfile::Kubernetes => stock(),
            DnsProfile::OpenShift => Self {
                namespaces: Selector::label(NAMESPACE_NAME_LABEL, "openshift-dns"),
                pods: Selector::label(OPENSHIFT_LABEL.0, OPENSHIFT_LABEL.1),
                networks: Vec::new(),
                ports: udp_and_tcp(5353),
            },
            DnsProfile::NodeLocal => Self {
                networks: vec![Network {
                    cidr: IpNet::from(NODE_LOCAL_DNS),
                    except: Vec::new(),
                }],
                ..stock()
            },
            DnsProfile::Custom {
                namespaces,
                pods,
                ports,
            } => Self {
                namespaces: namespaces.clone(),
                pods: pods.clone(),
                networks: Vec::new(),
                ports: ports.clone(),
            },
        }
    }
}

/// The label of OpenShift's DNS pods: those of another DaemonSet of their namespace only write host files.
const OPENSHIFT_LABEL: (&str, &str) = ("dns.operator.openshift.io/daemonset-dns", "default");

/// UDP first: it is the one that is often forgotten.
fn udp_and_tcp(port: u16) -> Vec<FlowPort> {
    [Protocol::Udp, Protocol::Tcp]
        .map(|protocol| FlowPort::Range(protocol, port, port))
        .to_vec()
}

/// Labels of DNS pods, with their values.
const LABELS: [(&str, &[&str]); 2] = [
    ("k8s-app", &["kube-dns", "coredns"]),
    ("app.kubernetes.io/name", &["coredns"]),
];

/// The profile that the DNS pods of a cluster and their Service fit; none if it has no such pods.
pub(crate) fn profile_of(snapshot: &Snapshot) -> Option<DnsProfile> {
    let node_local = snapshot.workloads.iter().any(|workload| {
        workload.kind == "DaemonSet"
            && workload.labels.get("k8s-app").map(String::as_str) == Some("node-local-dns")
    });
    if node_local {
        return Some(DnsProfile::NodeLocal);
    }
    snapshot.pods.iter().find_map(|pod| of_pod(snapshot, pod))
}

/// The profile of a cluster's DNS pods, or of the platform that its objects show.
pub(crate) fn likely_profile(snapshot: &Snapshot) -> DnsProfile {
    let has_routes = || snapshot.routes.iter().any(|route| route.kind == "Route");
    profile_of(snapshot).unwrap_or_else(|| match has_routes() {
        true => DnsProfile::OpenShift,
        false => DnsProfile::Kubernetes,
    })
}

/// The profile of which a pod is a DNS pod.
fn of_pod(snapshot: &Snapshot, pod: &Pod) -> Option<DnsProfile> {
    let namespace = &snapshot.namespaces.get(pod.namespace)?.name;
    let (key, value) = OPENSHIFT_LABEL;
    let openshift = pod.labels.get(key).is_some_and(|own| own == value);
    if openshift && namespace == "openshift-dns" {
        return Some(DnsProfile::OpenShift);
    }
    let (key, value) = LABELS.iter().find_map(|(key, values)| {
        let value = pod.labels.get(*key)?;
        values.contains(&value.as_str()).then_some((*key, value))
    })?;
    // A resolver of its own in another namespace is not the cluster's.
    if namespace != "kube-system" {
        return None;
    }
    let port = port_of(snapshot, pod, namespace).unwrap_or(53);
    if (key, value.as_str(), port) == ("k8s-app", "kube-dns", 53) {
        return Some(DnsProfile::Kubernetes);
    }
    Some(DnsProfile::Custom {
        namespaces: Selector::label(NAMESPACE_NAME_LABEL, namespace),
        pods: Selector::label(key, value),
        ports: udp_and_tcp(port),
    })
}

/// The port of a DNS pod behind port 53 of its Service.
fn port_of(snapshot: &Snapshot, pod: &Pod, namespace: &str) -> Option<u16> {
    let mut services = snapshot.services.iter().filter(|service| {
        let mut wanted = service.selector.iter();
        service.namespace == namespace
            && !service.selector.is_empty()
            && wanted.all(|(key, value)| pod.labels.get(key) == Some(value))
    });
    let port = services.find_map(|s| s.ports.iter().find(|port| port.port == 53))?;
    match &port.target {
        TargetPort::Number(number) => Some(*number),
        TargetPort::Name(name) => {
            let named = pod
                .ports
                .iter()
                .find(|port| port.name.as_ref() == Some(name));
            named.map(|port| port.port)
        }
    }
}
