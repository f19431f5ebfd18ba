//! Kinds of custom resources that route traffic or install objects, by their groups.

/// Routes from outside, and the proxies that serve them, of kinds that are not read.
pub(super) const ROUTES: &[(&str, &[&str])] = &[
    ("traefik.io", TRAEFIK),
    ("traefik.containo.us", TRAEFIK),
    ("networking.istio.io", &["VirtualService", "Gateway"]),
    ("projectcontour.io", &["HTTPProxy"]),
    ("getambassador.io", &["Mapping", "TCPMapping"]),
    ("configuration.konghq.com", &["TCPIngress", "UDPIngress"]),
    (
        "k8s.nginx.org",
        &["VirtualServer", "VirtualServerRoute", "TransportServer"],
    ),
    ("gateway.solo.io", &["VirtualService", "RouteTable"]),
    ("apisix.apache.org", &["ApisixRoute"]),
];

const TRAEFIK: &[&str] = &["IngressRoute", "IngressRouteTCP", "IngressRouteUDP"];

/// Objects from which a controller installs others.
pub(super) const INSTALLERS: &[(&str, &[&str])] = &[
    ("helm.toolkit.fluxcd.io", &["HelmRelease"]),
    ("helm.fluxcd.io", &["HelmRelease"]),
    ("kustomize.toolkit.fluxcd.io", &["Kustomization"]),
    ("helm.cattle.io", &["HelmChart", "HelmChartConfig"]),
    ("argoproj.io", &["Application", "ApplicationSet"]),
    (
        "operators.coreos.com",
        &["Subscription", "ClusterServiceVersion"],
    ),
    ("apps.open-cluster-management.io", &["Subscription"]),
    ("fleet.cattle.io", &["GitRepo", "Bundle"]),
    ("helm.crossplane.io", &["Release"]),
    ("helm.m.crossplane.io", &["Release"]),
];
