//! Words for ends and ports are read without a panic, and read the same once they have been written again.
#![no_main]

use std::sync::LazyLock;

use drawbridge::cluster::Snapshot;
use drawbridge::query::explain;
use drawbridge::load;
use drawbridge::manifest::Source;
use drawbridge::model::{Document, FlowPort};
use drawbridge::model::validate::{flow_port, flow_ports, flow_ports_text};
use drawbridge::project::format;
use libfuzzer_sys::fuzz_target;

const PROJECT: &str = "
format: drawbridge/1
namespaces: [{name: shop}, {name: external}]
workloads:
- {name: web, namespace: shop, kind: Deployment, labels: {app: web}}
- {name: web, namespace: shop, kind: StatefulSet, labels: {app: db}}
- {name: db, namespace: shop, kind: Pod, labels: {app: db}}
- {name: office, namespace: external, kind: Pod, labels: {app: x}}
externals: [{name: office, networks: [{cidr: 198.51.100.0/24}]}]
groups: [{name: scrapers, pods: {matchLabels: {app: prometheus}}}]
";

static DOCUMENT: LazyLock<Document> =
    LazyLock::new(|| format::read(PROJECT, "words.drawbridge.yaml").expect("a project").0);
static SNAPSHOT: LazyLock<Snapshot> = LazyLock::new(|| {
    let sources = [Source::new("cluster.yaml", include_str!("cluster.yaml"))];
    load::load(&sources, &load::Settings::default()).snapshot
});

fuzz_target!(|text: &str| {
    if let Ok(ports) = flow_ports(text) {
        assert_eq!(flow_ports(&flow_ports_text(&ports)), Ok(ports));
    }
    let port = flow_port(text);
    if let Ok(port) = &port {
        assert_eq!(flow_port(&port.to_string()), Ok(port.clone()));
    }
    if let Ok(end) = DOCUMENT.end_from_words(text) {
        let words = DOCUMENT.end_words(&end);
        assert_eq!(DOCUMENT.end_from_words(&words), Ok(end), "{text:?} is {words:?}");
    }
    if let Ok(ends) = explain::ends(&SNAPSHOT, text) {
        assert!(!ends.is_empty());
        let ports = port.unwrap_or(FlowPort::Any);
        explain::ask(&SNAPSHOT, &ends, &ends, &ports.into());
    }
});
