//! Blocks of addresses where they match pods (K32, G22), and pods whose addresses are not known.

use std::collections::BTreeSet;

use super::leaves;
use crate::cluster::{PodAddresses, Snapshot};
use crate::diag::{Diagnostic, POD_ADDRESS, Span};
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
    for policy in &snapshot.policies {
        let mut found: Option<(&IpSet, &Span)> = None;
        leaves(policy, &mut |peer, span| {
            if let Peer::PodAddresses(block) = peer
                && found.is_none()
                && !is_of_all(block)
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
        let note = Diagnostic::warning(POD_ADDRESS, message).at(span.clone());
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
}
