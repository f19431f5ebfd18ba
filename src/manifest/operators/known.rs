//! Custom resources of known operators, and where they show labels of the pods that are made from them.

use crate::sets::Labels;
use crate::yaml::{Node, Object, Value};

/// Custom resources from which operators make pods, by their groups; in `*` any kind of the group.
pub(super) const OPERATED: &[(&str, &[&str])] = &[
    (
        "monitoring.coreos.com",
        &[
            "Prometheus",
            "PrometheusAgent",
            "Alertmanager",
            "ThanosRuler",
        ],
    ),
    ("postgresql.cnpg.io", &["Cluster", "Pooler"]),
    ("acid.zalan.do", &["postgresql"]),
    (
        "postgres-operator.crunchydata.com",
        &["PostgresCluster", "PGAdmin"],
    ),
    (
        "kafka.strimzi.io",
        &[
            "Kafka",
            "KafkaNodePool",
            "KafkaConnect",
            "KafkaBridge",
            "KafkaMirrorMaker2",
        ],
    ),
    ("mysql.oracle.com", &["InnoDBCluster"]),
    ("pxc.percona.com", &["PerconaXtraDBCluster"]),
    ("psmdb.percona.com", &["PerconaServerMongoDB"]),
    ("mongodbcommunity.mongodb.com", &["MongoDBCommunity"]),
    (
        "mongodb.com",
        &["MongoDB", "MongoDBMultiCluster", "MongoDBOpsManager"],
    ),
    ("rabbitmq.com", &["RabbitmqCluster"]),
    ("databases.spotahome.com", &["RedisFailover"]),
    ("redis.redis.opstreelabs.in", &["*"]),
    ("k8s.mariadb.com", &["MariaDB", "MaxScale"]),
    ("clickhouse.altinity.com", &["ClickHouseInstallation"]),
    ("cassandra.datastax.com", &["CassandraDatacenter"]),
    ("elasticsearch.k8s.elastic.co", &["Elasticsearch"]),
    ("kibana.k8s.elastic.co", &["Kibana"]),
    ("logstash.k8s.elastic.co", &["Logstash"]),
    ("beat.k8s.elastic.co", &["Beat"]),
    ("opensearch.opster.io", &["OpenSearchCluster"]),
    ("grafana.integreatly.org", &["Grafana"]),
    ("opentelemetry.io", &["OpenTelemetryCollector"]),
    ("jaegertracing.io", &["Jaeger"]),
    ("loki.grafana.com", &["LokiStack"]),
    (
        "operator.victoriametrics.com",
        &[
            "VMSingle",
            "VMCluster",
            "VMAgent",
            "VMAlert",
            "VMAlertmanager",
            "VMAuth",
        ],
    ),
    (
        "argoproj.io",
        &[
            "Workflow",
            "CronWorkflow",
            "ArgoCD",
            "EventBus",
            "EventSource",
            "Sensor",
        ],
    ),
    ("tekton.dev", &["PipelineRun", "TaskRun"]),
    ("k8s.keycloak.org", &["Keycloak"]),
    ("minio.min.io", &["Tenant"]),
    (
        "ceph.rook.io",
        &[
            "CephCluster",
            "CephObjectStore",
            "CephFilesystem",
            "CephNFS",
        ],
    ),
    ("flink.apache.org", &["FlinkDeployment"]),
    (
        "sparkoperator.k8s.io",
        &["SparkApplication", "ScheduledSparkApplication"],
    ),
    ("ray.io", &["RayCluster", "RayService", "RayJob"]),
    ("kubeflow.org", &["*"]),
    ("serving.kserve.io", &["InferenceService"]),
    (
        "kubevirt.io",
        &[
            "VirtualMachine",
            "VirtualMachineInstance",
            "VirtualMachineInstanceReplicaSet",
        ],
    ),
    ("install.istio.io", &["IstioOperator"]),
    ("sailoperator.io", &["Istio", "IstioCNI", "ZTunnel"]),
    (
        "operator.tigera.io",
        &["Installation", "APIServer", "Goldmane", "Whisker"],
    ),
    (
        "operator.knative.dev",
        &["KnativeServing", "KnativeEventing"],
    ),
    ("sources.knative.dev", &["ApiServerSource"]),
    (
        "operator.tekton.dev",
        &[
            "TektonConfig",
            "TektonPipeline",
            "TektonTrigger",
            "TektonDashboard",
            "TektonChain",
            "TektonResult",
        ],
    ),
    ("operator.openshift.io", &["IngressController"]),
    ("build.openshift.io", &["Build", "BuildConfig"]),
    ("agent.k8s.elastic.co", &["Agent"]),
    ("apm.k8s.elastic.co", &["ApmServer"]),
    ("openfaas.com", &["Function"]),
    ("hazelcast.com", &["Hazelcast"]),
    ("infinispan.org", &["Infinispan"]),
    ("nats.io", &["NatsCluster"]),
    ("etcd.database.coreos.com", &["EtcdCluster"]),
    ("vault.banzaicloud.com", &["Vault"]),
    ("triggers.tekton.dev", &["EventListener"]),
    ("core.oam.dev", &["Application"]),
    ("apps.kubeblocks.io", &["Cluster"]),
    ("kubedb.com", &["*"]),
];

/// Where objects show labels that all their pods get, or all pods of one of their parts, by their groups. An item of a list
/// is a part of its own.
const LABELS: &[(&str, &[&[&str]])] = &[
    ("monitoring.coreos.com", &[POD_METADATA]),
    (
        "operator.victoriametrics.com",
        &[
            POD_METADATA,
            &["spec", "vmselect", "podMetadata", "labels"],
            &["spec", "vminsert", "podMetadata", "labels"],
            &["spec", "vmstorage", "podMetadata", "labels"],
        ],
    ),
    ("k8s.mariadb.com", &[POD_METADATA]),
    (
        "postgresql.cnpg.io",
        &[TEMPLATE, &["spec", "inheritedMetadata", "labels"]],
    ),
    (
        "postgres-operator.crunchydata.com",
        &[&["spec", "metadata", "labels"]],
    ),
    (
        "kafka.strimzi.io",
        &[
            &["spec", "template", "pod", "metadata", "labels"],
            &["spec", "kafka", "template", "pod", "metadata", "labels"],
            &["spec", "zookeeper", "template", "pod", "metadata", "labels"],
        ],
    ),
    (
        "elasticsearch.k8s.elastic.co",
        &[&["spec", "nodeSets", "podTemplate", "metadata", "labels"]],
    ),
    ("kibana.k8s.elastic.co", &[POD_TEMPLATE]),
    ("logstash.k8s.elastic.co", &[POD_TEMPLATE]),
    ("apm.k8s.elastic.co", &[POD_TEMPLATE]),
    ("agent.k8s.elastic.co", ELASTIC_AGENT),
    ("beat.k8s.elastic.co", ELASTIC_AGENT),
    (
        "cassandra.datastax.com",
        &[&["spec", "podTemplateSpec", "metadata", "labels"]],
    ),
    ("kubevirt.io", &[TEMPLATE]),
    ("flink.apache.org", &[POD_TEMPLATE]),
    (
        "sparkoperator.k8s.io",
        &[
            &["spec", "driver", "labels"],
            &["spec", "executor", "labels"],
        ],
    ),
    (
        "ray.io",
        &[
            &["spec", "headGroupSpec", "template", "metadata", "labels"],
            &["spec", "workerGroupSpecs", "template", "metadata", "labels"],
        ],
    ),
    ("minio.min.io", &[&["spec", "pools", "labels"]]),
    (
        "pxc.percona.com",
        &[
            &["spec", "pxc", "labels"],
            &["spec", "haproxy", "labels"],
            &["spec", "proxysql", "labels"],
        ],
    ),
    (
        "psmdb.percona.com",
        &[
            &["spec", "replsets", "labels"],
            &["spec", "sharding", "mongos", "labels"],
        ],
    ),
];

const POD_METADATA: &[&str] = &["spec", "podMetadata", "labels"];
const POD_TEMPLATE: &[&str] = &["spec", "podTemplate", "metadata", "labels"];
const TEMPLATE: &[&str] = &["spec", "template", "metadata", "labels"];
const ELASTIC_AGENT: &[&[&str]] = &[
    &["spec", "deployment", "podTemplate", "metadata", "labels"],
    &["spec", "daemonSet", "podTemplate", "metadata", "labels"],
];

/// The labels that an object shows of its pods, for each part of it that shows some.
pub(super) fn labels(object: &Object) -> Vec<Labels> {
    let known = LABELS.iter().find(|(group, _)| *group == object.group());
    let mut found = Vec::new();
    for path in known.into_iter().flat_map(|(_, paths)| *paths) {
        collect(&object.node, path, &mut found);
    }
    found
}

fn collect(node: &Node, path: &[&str], found: &mut Vec<Labels>) {
    match (&node.value, path) {
        (Value::Seq(items), _) => items.iter().for_each(|item| collect(item, path, found)),
        (_, [key, rest @ ..]) => {
            if let Some(below) = node.get(key) {
                collect(below, rest, found);
            }
        }
        (Value::Map(map), []) => {
            let label =
                |(key, value): (&String, &Node)| Some((key.clone(), value.as_str()?.to_owned()));
            let entries = map.entries.iter().map(|e| (&e.key, &e.value));
            found.push(entries.filter_map(label).collect());
        }
        _ => {}
    }
}
