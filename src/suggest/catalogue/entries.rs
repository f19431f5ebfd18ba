//! The entries of the catalogue: connections that nobody draws and a default deny breaks.

/// A kind of dependency.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its stable id, as in JSON.
    pub id: &'static str,
    /// What it is, for a person.
    pub name: &'static str,
    /// What breaks without it, in one sentence.
    pub why: &'static str,
    /// Where this is documented, or can be read in source.
    pub source: &'static str,
    /// Whether it is drawn for all pods of a namespace, where all of them need it.
    pub of_all_pods: bool,
}

/// How certain a dependency is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Some such workloads need it.
    Possible,
    /// Most such workloads need it.
    Likely,
    /// Nothing works without it.
    Needed,
}

impl Need {
    /// As answers write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Needed => "needed",
        }
    }
}

pub const DNS: Entry = Entry {
    id: "dns",
    name: "DNS",
    why: "without it, host names are not resolved; without TCP, long answers fail",
    source: "https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/",
    of_all_pods: true,
};

pub const API_SERVER: Entry = Entry {
    id: "api-server",
    name: "Kubernetes API server",
    why: "without it, the pod cannot read or change objects of the cluster",
    source: "https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/",
    of_all_pods: false,
};

pub const WEBHOOK: Entry = Entry {
    id: "webhook",
    name: "webhooks and aggregated APIs",
    why: "without it, requests that need this webhook or aggregated API fail, or pass unchecked",
    source: "https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/",
    of_all_pods: false,
};

pub const METRICS: Entry = Entry {
    id: "metrics",
    name: "metrics for Prometheus",
    why: "without it, Prometheus has no metrics of the pod and its alerts never fire",
    source: "https://prometheus-operator.dev/docs/developer/getting-started/",
    of_all_pods: false,
};

pub const INGRESS: Entry = Entry {
    id: "ingress-controller",
    name: "ingress controller",
    why: "without it, requests through this route fail",
    source: "https://kubernetes.io/docs/concepts/services-networking/ingress/",
    of_all_pods: false,
};

pub const HTTP_ISSUER: Entry = Entry {
    id: "http01-solver",
    name: "HTTP-01 solver of cert-manager",
    why: "without it, certificates are not issued and not renewed",
    source: "https://cert-manager.io/docs/configuration/acme/http01/",
    of_all_pods: true,
};

pub const KUBELET: Entry = Entry {
    id: "kubelet",
    name: "kubelets of the nodes",
    why: "without it, there are no resource metrics and autoscaling stops",
    source: "https://github.com/kubernetes-sigs/metrics-server#requirements",
    of_all_pods: false,
};

pub const NODE_METRICS: Entry = Entry {
    id: "node-metrics",
    name: "kubelets and exporters of the nodes",
    why: "without it, there are no metrics of nodes and containers",
    source: "https://github.com/prometheus-operator/kube-prometheus/tree/main/manifests",
    of_all_pods: false,
};

pub const INTERNET: Entry = Entry {
    id: "internet",
    name: "services outside the cluster",
    why: "without it, what this program works with outside the cluster cannot be reached",
    source: "the manual of the program",
    of_all_pods: false,
};

pub const REPLICAS: Entry = Entry {
    id: "replicas",
    name: "other replicas",
    why: "without it, the replicas form no cluster",
    source: "the manual of the program",
    of_all_pods: false,
};

pub const PARTS: Entry = Entry {
    id: "other-components",
    name: "other components of the installation",
    why: "without it, the components of this installation cannot work together",
    source: "https://github.com/argoproj/argo-cd/tree/master/manifests/base",
    of_all_pods: false,
};

pub const ISTIOD: Entry = Entry {
    id: "istio-control-plane",
    name: "Istio control plane",
    why: "without it, sidecars get no configuration and no certificates",
    source: "https://istio.io/latest/docs/ops/deployment/application-requirements/",
    of_all_pods: true,
};

pub const AMBIENT: Entry = Entry {
    id: "istio-ambient",
    name: "Istio ambient tunnel",
    why: "without it, connections between pods of the mesh fail: they arrive at port 15008, whatever port they are for",
    source: "https://istio.io/latest/docs/ambient/usage/networkpolicy/",
    of_all_pods: true,
};

pub const LINKERD: Entry = Entry {
    id: "linkerd-control-plane",
    name: "Linkerd control plane",
    why: "without it, proxies get no identity and do not start",
    source: "https://github.com/linkerd/linkerd2/tree/main/charts/linkerd-control-plane/templates",
    of_all_pods: true,
};

pub const LINKERD_INBOUND: Entry = Entry {
    id: "linkerd-inbound",
    name: "Linkerd proxies",
    why: "without it, connections between pods of the mesh fail: they arrive at port 4143, whatever port they are for",
    source: "https://linkerd.io/2/reference/architecture/",
    of_all_pods: true,
};

pub const CLOUD_IDENTITY: Entry = Entry {
    id: "workload-identity",
    name: "credentials of the cloud",
    why: "without it, the pod gets no credentials for its cloud account",
    source: "https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity, https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html, https://azure.github.io/azure-workload-identity/",
    of_all_pods: false,
};
