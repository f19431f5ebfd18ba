//! Programs that are known by their images and labels, what they connect to, and what they are for the rest
//! of a cluster.

use crate::cluster::SCRAPERS;
use crate::sets::Labels;

/// Labels whose values name a program.
pub const NAME_LABELS: [&str; 3] = ["app.kubernetes.io/name", "k8s-app", "app"];

/// A known program.
pub struct Software {
    /// Its name, for a person.
    pub name: &'static str,
    /// Values of the labels that name a program.
    pub labels: &'static [&'static str],
    /// The ends of the names of its images, without registry and tag.
    pub images: &'static [&'static str],
    /// What it connects to.
    pub needs: &'static [Target],
}

/// What a program connects to.
#[derive(Clone, Copy)]
pub enum Target {
    /// The API server.
    ApiServer,
    /// The kubelets, on TCP 10250.
    Kubelets,
    /// What runs on the nodes and is scraped, on these TCP ports.
    NodeMetrics(&'static [u16]),
    /// Anything outside the cluster, on these TCP ports.
    Internet(&'static [u16]),
    /// Its own replicas, on these TCP ports, where it has several.
    Replicas(&'static [u16]),
    /// The same on UDP ports with these numbers, too.
    Gossip(&'static [u16]),
    /// Pods of its namespace whose `app.kubernetes.io/name` has this value, on these TCP ports.
    Part(&'static str, &'static [u16]),
}

use Target::{ApiServer, Gossip, Internet, Kubelets, NodeMetrics, Part, Replicas};

const fn program(
    name: &'static str,
    labels: &'static [&'static str],
    images: &'static [&'static str],
    needs: &'static [Target],
) -> Software {
    Software {
        name,
        labels,
        images,
        needs,
    }
}

const GIT: Target = Internet(&[22, 443]);
const REPOSITORIES: Target = Part("argocd-repo-server", &[8081]);
const REDIS: Target = Part("argocd-redis", &[6379]);

/// The programs. Ports are those that their own manifests and charts declare.
#[rustfmt::skip]
pub const SOFTWARE: &[Software] = &[
    // Controllers.
    program("cert-manager", &["cert-manager"], &["cert-manager-controller"], &[ApiServer, Internet(&[80, 443])]),
    program("cert-manager's CA injector", &["cainjector"], &["cert-manager-cainjector"], &[ApiServer]),
    program("cert-manager's webhook", &[], &["cert-manager-webhook"], &[ApiServer]),
    program("external-dns", &["external-dns"], &["external-dns"], &[ApiServer, Internet(&[443])]),
    program("metrics-server", &["metrics-server"], &["metrics-server"], &[ApiServer, Kubelets]),
    program("kube-state-metrics", &["kube-state-metrics"], &["kube-state-metrics"], &[ApiServer]),
    program("Prometheus", &["prometheus"], &["prometheus"], &[ApiServer, NodeMetrics(&[9100, 10250]), Part("alertmanager", &[9093])]),
    program("the Prometheus operator", &["prometheus-operator", "kube-prometheus-stack-prometheus-operator"], &["prometheus-operator"], &[ApiServer]),
    program("Gatekeeper", &["gatekeeper"], &["gatekeeper"], &[ApiServer]),
    program("Kyverno", &["kyverno"], &["kyverno"], &[ApiServer]),
    program("KEDA", &["keda-operator"], &["kedacore/keda", "keda-metrics-apiserver"], &[ApiServer]),
    program("CoreDNS", &["kube-dns", "coredns"], &["coredns"], &[ApiServer]),
    // Ingress controllers and meshes.
    program("ingress-nginx", &["ingress-nginx"], &["ingress-nginx", "nginx-ingress-controller"], &[ApiServer]),
    program("Traefik", &["traefik"], &["traefik"], &[ApiServer]),
    program("Envoy Gateway", &["gateway-helm"], &["envoyproxy/gateway"], &[ApiServer]),
    program("istiod", &["istiod"], &["istio/pilot"], &[ApiServer]),
    // Delivery.
    program("Argo CD's server", &["argocd-server"], &[], &[ApiServer, REPOSITORIES, REDIS, Part("argocd-dex-server", &[5556, 5557])]),
    program("Argo CD's controller", &["argocd-application-controller"], &[], &[ApiServer, REPOSITORIES, REDIS]),
    program("Argo CD's repository server", &["argocd-repo-server"], &[], &[GIT, REDIS]),
    program("Argo CD's notifications", &["argocd-notifications-controller"], &[], &[ApiServer, REPOSITORIES]),
    program("Argo CD's application sets", &["argocd-applicationset-controller"], &[], &[ApiServer, REPOSITORIES]),
    program("Flux's source controller", &["source-controller"], &["source-controller"], &[ApiServer, GIT]),
    program("Flux's controllers", &["kustomize-controller", "helm-controller"], &["kustomize-controller", "helm-controller"], &[ApiServer]),
    program("Flux's notification controller", &["notification-controller"], &["notification-controller"], &[ApiServer, Internet(&[443])]),
    // Clusters of replicas.
    program("etcd", &["etcd"], &["etcd"], &[Replicas(&[2380])]),
    program("Elasticsearch", &["elasticsearch"], &["elasticsearch"], &[Replicas(&[9300])]),
    program("OpenSearch", &["opensearch"], &["opensearch"], &[Replicas(&[9300])]),
    program("RabbitMQ", &["rabbitmq"], &["rabbitmq"], &[Replicas(&[4369, 25672])]),
    program("MariaDB Galera", &["mariadb-galera"], &["mariadb-galera"], &[Replicas(&[4444, 4567, 4568])]),
    program("Redis Cluster", &["redis-cluster"], &["redis-cluster"], &[Replicas(&[6379, 16379])]),
    program("Cassandra", &["cassandra"], &["cassandra"], &[Replicas(&[7000])]),
    program("Kafka", &["kafka"], &["kafka", "cp-kafka"], &[Replicas(&[9092, 9093])]),
    program("Alertmanager", &["alertmanager"], &["alertmanager"], &[Gossip(&[9094])]),
    program("Keycloak", &["keycloak"], &["keycloak"], &[Replicas(&[7800])]),
];

/// What a program is for the rest of a cluster, where nearly everything connects to it, or it to nearly
/// everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// It answers DNS queries.
    Dns,
    /// It reads metrics.
    Monitoring,
    /// It routes requests from outside.
    IngressController,
}

impl Role {
    /// Of the program that these labels name, if it has one.
    pub fn of(labels: &Labels) -> Option<Self> {
        let program = SOFTWARE
            .iter()
            .find(|program| program.named_by(labels).is_some())?;
        match program.name {
            "CoreDNS" => Some(Self::Dns),
            "Prometheus" => Some(Self::Monitoring),
            "ingress-nginx" | "Traefik" | "Envoy Gateway" => Some(Self::IngressController),
            _ => None,
        }
    }
}

/// Whether two values of a label name the same program.
pub fn same_program(a: &str, b: &str) -> bool {
    let names = |program: &&Software| program.labels.contains(&a) && program.labels.contains(&b);
    a == b || SCRAPERS.contains(&a) && SCRAPERS.contains(&b) || SOFTWARE.iter().any(|p| names(&p))
}

impl Software {
    /// The label that names this program, if one does.
    pub fn named_by<'a>(&self, labels: &'a Labels) -> Option<(&'static str, &'a str)> {
        NAME_LABELS.iter().find_map(|key| {
            let value = labels.get(*key)?;
            self.labels
                .contains(&value.as_str())
                .then_some((*key, value.as_str()))
        })
    }

    /// Whether an image is one of this program: `docker.io/library/redis:7@sha256:...` is one of `redis`.
    pub fn has_image(&self, image: &str) -> bool {
        let image = image.split('@').next().unwrap_or_default();
        let tag = image
            .rfind(':')
            .filter(|at| image.rfind('/').is_none_or(|slash| slash < *at));
        let name = image.get(..tag.unwrap_or(image.len())).unwrap_or_default();
        self.images.iter().any(|own| {
            let registry = name.strip_suffix(own);
            registry.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        })
    }
}
