//! Addresses of Services that policies name. NetworkPolicy does not define whether a policy sees the address of a Service
//! or what it leads to (semantics of ipBlock), so each answer about such an address depends on the plugin.

use std::net::IpAddr;

use super::ends::Meaning;
use super::services::note;
use crate::cluster::{Service, Snapshot};
use crate::diag::Diagnostic;
use crate::policy::{Direction, Peer, Policy};
use crate::sets::IpSet;

/// A note for each Service among the destinations of a question, all if there is none, whose address a policy names.
pub(super) fn notes(snapshot: &Snapshot, to: Option<&Meaning>) -> Vec<Diagnostic> {
    let blocks: Vec<(&Policy, &IpSet)> = snapshot.policies.iter().flat_map(|p| blocks(p)).collect();
    if blocks.is_empty() {
        return Vec::new();
    }
    let services = snapshot.services.iter().enumerate();
    let notes = services.filter_map(|(at, service)| {
        let concerned = |address: &IpAddr| match to {
            None => true,
            Some(to) if to.service.is_some() => to.service == Some(at),
            Some(to) => to.network.contains(*address),
        };
        let named = service.all_addresses().filter(concerned);
        let (address, policy) = named
            .filter_map(|address| {
                let (policy, _) = blocks.iter().find(|(_, block)| names(block, address))?;
                Some((address, *policy))
            })
            .next()?;
        Some(depends(service, address, policy))
    });
    notes.collect()
}

fn depends(service: &Service, address: IpAddr, policy: &Policy) -> Diagnostic {
    let message = format!(
        "{} has a rule for addresses with {address}, its address: whether that matches connections to the Service depends on the plugin, which may see what the Service leads to instead",
        policy.title()
    );
    let help =
        "allow what the Service leads to, as well: its pods, or the addresses of its endpoints";
    note(service, message).help(help)
}

/// The blocks of a policy's egress rules.
fn blocks(policy: &Policy) -> Vec<(&Policy, &IpSet)> {
    let mut found = Vec::new();
    for rule in policy.rules(Direction::Egress) {
        for item in rule.peers.listed() {
            item.peer.leaves(&mut |leaf| {
                if let Peer::Addresses(block) = leaf {
                    found.push((policy, block));
                }
            });
        }
    }
    found
}

/// Whether a block is for this address, and not for every address of its family.
fn names(block: &IpSet, address: IpAddr) -> bool {
    let family = IpSet::all()
        .ranges()
        .find(|(first, last)| IpSet::range(*first, *last).contains(address));
    let is_all = family.is_some_and(|(first, last)| IpSet::range(first, last).is_subset(block));
    block.contains(address) && !is_all
}
