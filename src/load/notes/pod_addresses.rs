//! Blocks of addresses where they match pods (K32, G22), and pods whose addresses are not known.

use std::collections::BTreeSet;

use super::leaves;
use crate::cluster::{PodAddresses, Snapshot};
use crate::diag::{Diagnostic, POD_ADDRESS, Severity, Span};
use crate::policy::Peer;
use crate::sets::IpSet;

/// One note for each policy with a block that may hold the unknown address of a pod.
pub(super) fn pod_addresses(snapshot: &Snapshot, out: &mut Vec<Diagnostic>) {
    if snapshot.assumptions.pod_addresses != PodAddresses::Known {
        return;
    }
    let pods = snapshot.pods.iter();
    let unknown = pods.filter(|pod| !pod.host_network && pod.addresses.is_empty());
    let unknown: BTreeSet<usize> = unknown.map(|pod| pod.workload).collect();
    let first = unknown.iter().find_map(|at| snapshot.workloads.get(*at));
    let Some(first) = first else { return };
    let more = match unknown.len() - 1 {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let enforcer = snapshot.assumptions.enforcer.name();
    // Without known ranges of pods any private address may be one of a pod, and probably none is meant.
    let is_known = snapshot.pod_cidrs_in(&IpSet::all()).next().is_some();
    let private = IpSet::private();
    let may_have_pods = |block: &IpSet| match is_known {
        true => snapshot.pod_cidrs_in(block).next().is_some(),
        false => !block.intersection(&private).is_empty(),
    };
    let severity = match is_known {
        true => Severity::Warning,
        false => Severity::Info,
    };
    for policy in &snapshot.policies {
        let mut found: Option<(&IpSet, &Span)> = None;
        leaves(policy, &mut |peer, span| {
            if let Peer::PodAddresses(block) = peer
                && found.is_none()
                && !is_of_all(block)
                && may_have_pods(block)
            {
                found = Some((block, span));
            }
        });
        let Some((block, span)) = found else { continue };
        let nets: Vec<String> = block
            .cidrs()
            .iter()
            .take(2)
            .map(ToString::to_string)
            .collect();
        let message = format!(
            "whether {} matches pods depends on their addresses under {enforcer}, and those of `{}/{}`{more} are not known: it is judged as if it did not match them (K32, G22)",
            nets.join(", "),
            first.namespace,
            first.name
        );
        let help = "add `status.podIPs` to the pods, as `kubectl get pods -o yaml` prints them";
        let note = Diagnostic::new(severity, POD_ADDRESS, message).at(span.clone());
        out.push(note.on(policy.title()).help(help));
    }
}

/// Whether a block has every address of a family: then addresses need not be known.
fn is_of_all(block: &IpSet) -> bool {
    let all = IpSet::all();
    let mut families = all.ranges().map(|(a, b)| IpSet::range(a, b));
    families.any(|family| family.is_subset(block))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Assumptions, Enforcer};
    use crate::load::{Settings, load};
    use crate::manifest::Source;

    fn found(pods: &str, block: &str, enforcer: Enforcer) -> Vec<String> {
        let text = format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: p, namespace: a}}{pods}}}\n---\n\
             apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: n, namespace: a}}\n\
             spec: {{podSelector: {{}}, policyTypes: [Egress], egress: [{{to: [{{ipBlock: {{cidr: {block}}}}}]}}]}}\n"
        );
        let settings = Settings {
            enforcer: Some(enforcer),
            assumptions: Assumptions::default(),
        };
        let loaded = load(&[Source::new("x.yaml", text)], &settings);
        let notes = loaded.diagnostics.into_iter();
        let notes = notes.filter(|d| d.code == POD_ADDRESS);
        notes.map(|d| d.message).collect()
    }

    #[test]
    fn blocks_for_pods_with_unknown_addresses_are_reported() {
        let unknown = found("", "10.0.0.0/8", Enforcer::Calico);
        let words = "whether 10.0.0.0/8 matches pods depends on their addresses under calico, and those of `a/p` are not known";
        assert!(
            unknown.len() == 1 && unknown[0].starts_with(words),
            "{unknown:?}"
        );
        let known = ", status: {podIP: 10.1.2.3, podIPs: [{ip: 10.1.2.3}]}";
        assert_eq!(found(known, "10.0.0.0/8", Enforcer::Calico), [""; 0]);
        assert_eq!(found("", "0.0.0.0/0", Enforcer::Calico), [""; 0]);
        assert_eq!(found("", "10.0.0.0/8", Enforcer::Kubernetes), [""; 0]);
        assert_eq!(found("", "10.0.0.0/8", Enforcer::Cilium), [""; 0]);
    }

    #[test]
    fn only_blocks_that_may_have_pods_are_reported() {
        assert_eq!(found("", "203.0.113.0/24", Enforcer::Calico), [""; 0]);
        assert_eq!(found("", "192.0.0.0/8", Enforcer::Calico).len(), 1);
        let node = "}\n---\n{apiVersion: v1, kind: Node, metadata: {name: n}, spec: {podCIDRs: [10.244.0.0/24]}";
        assert_eq!(found(node, "10.1.0.0/16", Enforcer::Calico), [""; 0]);
        assert_eq!(found(node, "10.244.0.0/16", Enforcer::Calico).len(), 1);
    }
}
