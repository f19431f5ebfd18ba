//! Pods that get credentials of a cloud through their service account.

use std::net::{IpAddr, Ipv4Addr};

use super::{Facts, Finding, labelled, tcp};
use crate::manifest::About;
use crate::policy::Direction;
use crate::suggest::Evidence;
use crate::suggest::catalogue::entries::{CLOUD_IDENTITY, Need};
use crate::suggest::catalogue::place::Place;
use crate::suggest::cluster::Cluster;

const GOOGLE: &str = "iam.gke.io/gcp-service-account";
const AMAZON: &str = "eks.amazonaws.com/role-arn";
const AZURE: &str = "azure.workload.identity/use";

/// The service for temporary credentials; those of regions have names below `amazonaws.com`, too.
const AMAZON_TOKENS: &str = "sts.amazonaws.com";

/// Where GKE's metadata server answers: with Calico's data path, and with Dataplane V2.
const GOOGLE_SERVERS: [(Ipv4Addr, [u16; 2]); 2] = [
    (Ipv4Addr::new(169, 254, 169, 252), [987, 988]),
    (Ipv4Addr::new(169, 254, 169, 254), [80, 8080]),
];

pub(super) fn findings(cluster: &Cluster, facts: &Facts) -> Vec<Finding> {
    let workloads = 0..cluster.snapshot.workloads.len();
    workloads
        .flat_map(|at| of_workload(cluster, facts, at))
        .collect()
}

fn of_workload(cluster: &Cluster, facts: &Facts, at: usize) -> Vec<Finding> {
    let own = (at, Direction::Egress);
    let mut found = Vec::new();
    for fact in facts.of_account(cluster, at) {
        let About::Account(key) = &fact.about else {
            continue;
        };
        let text = format!("annotation {key} of the service account {}", fact.name);
        let evidence = vec![Evidence::new(&fact.span, text)];
        match key.as_str() {
            GOOGLE => found.extend(GOOGLE_SERVERS.iter().map(|(address, ports)| {
                let name = format!("gke-metadata-{}", ports[1]);
                let place = Place::addresses(&name, &[IpAddr::V4(*address)]);
                let ports = tcp(ports);
                Finding {
                    one_of: Some(GOOGLE),
                    ..Finding::new(&CLOUD_IDENTITY, own, place, ports, evidence.clone())
                }
            })),
            AMAZON => {
                let place = Place::domain(AMAZON_TOKENS);
                found.push(Finding::new(
                    &CLOUD_IDENTITY,
                    own,
                    place,
                    tcp(&[443]),
                    evidence,
                ));
            }
            _ => {}
        }
    }
    if let Some(evidence) = labelled(cluster, at, AZURE) {
        let place = Place::domain("login.microsoftonline.com");
        let finding = Finding::new(&CLOUD_IDENTITY, own, place, tcp(&[443]), evidence);
        found.push(finding.with(Need::Likely));
    }
    found
}
