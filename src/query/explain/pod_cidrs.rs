//! Addresses of a question that pods have, as the pod CIDRs of nodes and address pools show.

use super::ends::Meaning;
use crate::cluster::Snapshot;
use crate::diag::Diagnostic;

/// Where addresses of an end belong to pods that are not known: which, and what the answer makes of them.
pub(super) fn note(snapshot: &Snapshot, end: &Meaning) -> Option<Diagnostic> {
    let mut found = snapshot.pod_cidrs_in(&end.addresses);
    let (owner, cidr) = found.next()?;
    let more = match found.count() {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let mut ranges = end.addresses.ranges();
    let single = ranges.next().filter(|(first, last)| first == last);
    let single = single.filter(|_| ranges.next().is_none());
    let is_in = match single {
        Some((address, _)) => format!("{address} is an address of a pod, by `{cidr}`,"),
        None => format!("addresses of pods are among these, by `{cidr}`,"),
    };
    let message = format!(
        "{is_in} the pod CIDR of {owner}{more}; which pod is not known, so the answer takes it for an address outside the cluster, without the policies of that pod"
    );
    let help = "ask about the pod by its name, or add its manifest with `status.podIPs`";
    Some(Diagnostic::warning("pod-cidr", message).help(help))
}
