//! Kinds of policies that no dialect reads yet. They are known by name, so that answers can report what they omit.

use crate::policy::{Kind, Reading, Selects};

/// These kinds: those that decide which connections of pods are allowed, of projects that run in clusters.
pub(super) const KINDS: &[Kind] = &[
    // Antrea, NSX
    own("crd.antrea.io", "v1beta1", "NetworkPolicy"),
    cluster("crd.antrea.io", "v1beta1", "ClusterNetworkPolicy"),
    own(
        "security.antrea.tanzu.vmware.com",
        "v1alpha1",
        "NetworkPolicy",
    ),
    cluster(
        "security.antrea.tanzu.vmware.com",
        "v1alpha1",
        "ClusterNetworkPolicy",
    ),
    // Namespaced, but the policies in them are for the pods of all namespaces.
    cluster_with(
        ANTREA_CLUSTERS,
        "v1alpha1",
        "ResourceExport",
        &["clusterNetworkPolicy"],
    ),
    cluster_with(
        ANTREA_CLUSTERS,
        "v1alpha1",
        "ResourceImport",
        &["clusterNetworkPolicy"],
    ),
    own("crd.nsx.vmware.com", "v1alpha1", "SecurityPolicy"),
    // Istio
    from("security.istio.io", "v1", "AuthorizationPolicy", ISTIO),
    from("security.istio.io", "v1", "PeerAuthentication", ISTIO),
    from("networking.istio.io", "v1", "Sidecar", ISTIO),
    own("rbac.istio.io", "v1alpha1", "ServiceRoleBinding"),
    cluster("rbac.istio.io", "v1alpha1", "ClusterRbacConfig"),
    own("authentication.istio.io", "v1alpha1", "Policy"),
    cluster("authentication.istio.io", "v1alpha1", "MeshPolicy"),
    own("security.policy.gloo.solo.io", "v2", "AccessPolicy"),
    // Linkerd
    own("policy.linkerd.io", "v1beta3", "Server"),
    own("policy.linkerd.io", "v1alpha1", "AuthorizationPolicy"),
    own("policy.linkerd.io", "v1beta1", "ServerAuthorization"),
    from(
        "policy.linkerd.io",
        "v1alpha1",
        "EgressNetwork",
        "linkerd-egress",
    ),
    // Consul, Kuma, Service Mesh Interface, Open Service Mesh: who they are for is in the spec
    any("consul.hashicorp.com", "v1alpha1", "ServiceIntentions"),
    any("auth.consul.hashicorp.com", "v2beta1", "TrafficPermissions"),
    any("kuma.io", "v1alpha1", "MeshTrafficPermission"),
    any("kuma.io", "v1alpha1", "MeshPassthrough"),
    any("kuma.io", "v1alpha1", "MeshTLS"),
    cluster("kuma.io", "v1alpha1", "TrafficPermission"),
    any("access.smi-spec.io", "v1alpha3", "TrafficTarget"),
    any("policy.openservicemesh.io", "v1alpha1", "Egress"),
    own("policy.openservicemesh.io", "v1alpha1", "IngressBackend"),
    // OpenShift, OVN-Kubernetes, Kube-OVN, several networks
    own("k8s.ovn.org", "v1", "EgressFirewall"),
    own("k8s.ovn.org", "v1", "UserDefinedNetwork"),
    cluster("k8s.ovn.org", "v1", "ClusterUserDefinedNetwork"),
    cluster("k8s.ovn.org", "v1", "ClusterNetworkConnect"),
    own("network.openshift.io", "v1", "EgressNetworkPolicy"),
    cluster("network.openshift.io", "v1", "NetNamespace"),
    cluster("kubeovn.io", "v1", "SecurityGroup"),
    cluster_with("kubeovn.io", "v1", "Subnet", &["private", "acls"]),
    cluster_with("kubeovn.io", "v1", "Vpc", &["namespaces"]),
    own("k8s.cni.cncf.io", "v1beta1", "MultiNetworkPolicy"),
    // Clouds
    own("networking.gke.io", "v1alpha1", "FQDNNetworkPolicy"),
    own("networking.k8s.aws", "v1alpha1", "ApplicationNetworkPolicy"),
    cluster("networking.k8s.aws", "v1alpha1", "ClusterNetworkPolicy"),
    own("vpcresources.k8s.aws", "v1beta1", "SecurityGroupPolicy"),
    // What enforces, or makes policies, on its own
    own("neuvector.com", "v1", "NvSecurityRule"),
    cluster("neuvector.com", "v1", "NvClusterSecurityRule"),
    any("k8s.otterize.com", "v2beta1", "ClientIntents"),
    own("k8s.otterize.com", "v2beta1", "ProtectedService"),
    cluster_with(
        "capsule.clastix.io",
        "v1beta2",
        "Tenant",
        &["networkPolicies"],
    ),
];

/// The group of what Antrea takes from one cluster to others.
const ANTREA_CLUSTERS: &str = "multicluster.crd.antrea.io";

/// The root namespace of Istio, unless its configuration names another one.
const ISTIO: &str = "istio-system";

const fn own(group: &'static str, version: &'static str, name: &'static str) -> Kind {
    kind(
        group,
        version,
        name,
        true,
        Reading::LeftOut(Selects::OwnNamespace),
    )
}

const fn any(group: &'static str, version: &'static str, name: &'static str) -> Kind {
    kind(group, version, name, true, Reading::LeftOut(Selects::All))
}

const fn from(
    group: &'static str,
    version: &'static str,
    name: &'static str,
    root: &'static str,
) -> Kind {
    kind(
        group,
        version,
        name,
        true,
        Reading::LeftOut(Selects::AllFrom(root)),
    )
}

const fn cluster(group: &'static str, version: &'static str, name: &'static str) -> Kind {
    kind(group, version, name, false, Reading::LeftOut(Selects::All))
}

const fn cluster_with(
    group: &'static str,
    version: &'static str,
    name: &'static str,
    fields: &'static [&'static str],
) -> Kind {
    kind(group, version, name, false, Reading::LeftOutWith(fields))
}

const fn kind(
    group: &'static str,
    version: &'static str,
    name: &'static str,
    namespaced: bool,
    reading: Reading,
) -> Kind {
    Kind {
        group,
        name,
        namespaced,
        version,
        reading,
    }
}
