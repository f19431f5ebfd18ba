//! Kinds of policies that no dialect reads yet. They are known by name, so that answers can report what they omit.

use crate::policy::Kind;

/// These kinds.
pub(super) const KINDS: &[Kind] = &[
    kind("cilium.io", "CiliumNetworkPolicy", true),
    kind("cilium.io", "CiliumClusterwideNetworkPolicy", false),
    kind("projectcalico.org", "NetworkPolicy", true),
    kind("projectcalico.org", "GlobalNetworkPolicy", false),
    kind("projectcalico.org", "StagedNetworkPolicy", true),
    kind("projectcalico.org", "StagedGlobalNetworkPolicy", false),
    kind("projectcalico.org", "StagedKubernetesNetworkPolicy", true),
    kind("crd.projectcalico.org", "NetworkPolicy", true),
    kind("crd.projectcalico.org", "GlobalNetworkPolicy", false),
    kind("crd.projectcalico.org", "StagedNetworkPolicy", true),
    kind("crd.projectcalico.org", "StagedGlobalNetworkPolicy", false),
    kind(
        "crd.projectcalico.org",
        "StagedKubernetesNetworkPolicy",
        true,
    ),
];

const fn kind(group: &'static str, name: &'static str, namespaced: bool) -> Kind {
    Kind {
        group,
        name,
        namespaced,
        judged: false,
    }
}
