//! Where a profile's DNS pods are.

use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};

use crate::cluster::NAMESPACE_NAME_LABEL;
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
                pods: Selector::everything(),
                networks: Vec::new(),
                ports: udp_and_tcp(5353),
            },
            DnsProfile::NodeLocal => Self {
                networks: vec![Network {
                    cidr: IpNet::V4(Ipv4Net::from(Ipv4Addr::new(169, 254, 20, 10))),
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

/// UDP first: it is the one that is often forgotten.
fn udp_and_tcp(port: u16) -> Vec<FlowPort> {
    [Protocol::Udp, Protocol::Tcp]
        .map(|protocol| FlowPort::Range(protocol, port, port))
        .to_vec()
}
