//! Kinds of policies that no dialect reads yet. They are known by name, so that answers can report what they omit.

use crate::policy::{Kind, Reading};

/// These kinds: those that decide which connections of pods are allowed, of projects that run in clusters.
pub(super) const KINDS: &[Kind] = &[
    left_out("crd.antrea.io", "v1beta1", "NetworkPolicy", true),
    left_out("crd.antrea.io", "v1beta1", "ClusterNetworkPolicy", false),
    left_out(
        "security.antrea.tanzu.vmware.com",
        "v1alpha1",
        "NetworkPolicy",
        true,
    ),
    left_out(
        "security.antrea.tanzu.vmware.com",
        "v1alpha1",
        "ClusterNetworkPolicy",
        false,
    ),
    left_out("crd.nsx.vmware.com", "v1alpha1", "SecurityPolicy", true),
    left_out("security.istio.io", "v1", "AuthorizationPolicy", true),
    left_out("security.istio.io", "v1", "PeerAuthentication", true),
    left_out("policy.linkerd.io", "v1beta3", "Server", true),
    left_out("policy.linkerd.io", "v1alpha1", "AuthorizationPolicy", true),
    left_out("policy.linkerd.io", "v1beta1", "ServerAuthorization", true),
    left_out("policy.linkerd.io", "v1alpha1", "EgressNetwork", true),
    left_out("access.smi-spec.io", "v1alpha3", "TrafficTarget", true),
    left_out("security.policy.gloo.solo.io", "v2", "AccessPolicy", true),
    left_out("kubeovn.io", "v1", "SecurityGroup", false),
    left_out(
        "consul.hashicorp.com",
        "v1alpha1",
        "ServiceIntentions",
        true,
    ),
    left_out("kuma.io", "v1alpha1", "MeshTrafficPermission", true),
    left_out("kuma.io", "v1alpha1", "TrafficPermission", false),
    left_out("k8s.ovn.org", "v1", "EgressFirewall", true),
    left_out("network.openshift.io", "v1", "EgressNetworkPolicy", true),
    left_out("k8s.cni.cncf.io", "v1beta1", "MultiNetworkPolicy", true),
    left_out("networking.gke.io", "v1alpha1", "FQDNNetworkPolicy", true),
    left_out(
        "networking.k8s.aws",
        "v1alpha1",
        "ApplicationNetworkPolicy",
        true,
    ),
    left_out(
        "networking.k8s.aws",
        "v1alpha1",
        "ClusterNetworkPolicy",
        false,
    ),
    left_out(
        "vpcresources.k8s.aws",
        "v1beta1",
        "SecurityGroupPolicy",
        true,
    ),
];

const fn left_out(
    group: &'static str,
    version: &'static str,
    name: &'static str,
    namespaced: bool,
) -> Kind {
    Kind {
        group,
        name,
        namespaced,
        version,
        reading: Reading::LeftOut,
    }
}
