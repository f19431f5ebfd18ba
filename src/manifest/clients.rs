//! Monitors of the Prometheus operator, webhooks and aggregated APIs.

use super::workload::selector;
use crate::cluster::{Caller, Client, ClientPort, ClientTarget, TargetPort};
use crate::sets::Selector;
use crate::yaml::decode::{IntOrString, int_or_string};
use crate::yaml::{Mark, Node, Object};

/// What an object makes connect to pods. What cannot be read is left out: no verdict depends on it.
pub(super) fn clients(object: &Object) -> Vec<Client> {
    match (object.group(), object.kind.as_str()) {
        ("monitoring.coreos.com", "ServiceMonitor") => monitor(object, "endpoints"),
        ("monitoring.coreos.com", "PodMonitor") => monitor(object, "podMetricsEndpoints"),
        ("monitoring.coreos.com", "Probe") => {
            let prober = object.node.get("spec").and_then(|spec| spec.get("prober"));
            let url = prober.and_then(|prober| prober.get("url"));
            url.and_then(|url| scraped(object, url))
                .into_iter()
                .collect()
        }
        ("monitoring.coreos.com", "ScrapeConfig") => {
            let spec = object.node.get("spec");
            let configs = spec
                .into_iter()
                .flat_map(|spec| items(spec, "staticConfigs"));
            let targets = configs.flat_map(|config| items(config, "targets"));
            targets
                .filter_map(|target| scraped(object, target))
                .collect()
        }
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
        ) => {
            let hooks = items(&object.node, "webhooks");
            let called =
                hooks.filter_map(|hook| called(object, hook.get("clientConfig")?, hook.mark));
            called.collect()
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            let conversion = object.node.get("spec").and_then(|s| s.get("conversion"));
            let webhook = conversion.and_then(|conversion| conversion.get("webhook"));
            let config = webhook.and_then(|webhook| webhook.get("clientConfig"));
            config
                .and_then(|config| called(object, config, config.mark))
                .into_iter()
                .collect()
        }
        ("apiregistration.k8s.io", "APIService") => {
            let spec = object.node.get("spec");
            spec.and_then(|spec| called(object, spec, object.node.mark))
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}

fn items<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = &'a Node> {
    let list = node.get(key).and_then(Node::items);
    list.unwrap_or_default().iter()
}

fn monitor(object: &Object, endpoints: &str) -> Vec<Client> {
    let Some(spec) = object.node.get("spec") else {
        return Vec::new();
    };
    let labels = match spec.get("selector").map(selector) {
        Some(Ok(labels)) => labels,
        Some(Err(_)) => return Vec::new(),
        None => Selector::everything(),
    };
    let of_services = endpoints == "endpoints";
    let ports: Vec<ClientPort> = items(spec, endpoints)
        .filter_map(|endpoint| {
            let named = target(endpoint.get("port")).map(|port| match of_services {
                true => ClientPort::OfService(port),
                false => ClientPort::OfPod(port),
            });
            let number = || target(endpoint.get("targetPort").or(endpoint.get("portNumber")));
            named.or_else(|| number().map(ClientPort::OfPod))
        })
        .collect();
    vec![Client {
        title: object.title(),
        caller: Caller::Monitoring,
        namespaces: namespaces(object, spec),
        target: match of_services {
            true => ClientTarget::Services(labels),
            false => ClientTarget::Pods(labels),
        },
        ports,
        span: object.whole(),
    }]
}

/// The Service of an address that is scraped: `api.shop.svc:9102`, also in a URL.
fn scraped(object: &Object, address: &Node) -> Option<Client> {
    let text = address.as_str()?;
    let text = text.rsplit("://").next()?.split('/').next()?;
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (text, 80),
    };
    let labels: Vec<&str> = host.split('.').collect();
    let (name, namespace) = match labels.as_slice() {
        [name] => (*name, object.namespace_or_default()),
        [name, namespace] | [name, namespace, "svc", ..] => (*name, *namespace),
        _ => return None,
    };
    Some(Client {
        title: object.title(),
        caller: Caller::Monitoring,
        namespaces: Some(vec![namespace.to_owned()]),
        target: ClientTarget::Service(name.to_owned()),
        ports: vec![ClientPort::OfService(TargetPort::Number(port))],
        span: object.span(address.mark),
    })
}

/// The namespaces that a monitor looks in; by default its own.
fn namespaces(object: &Object, spec: &Node) -> Option<Vec<String>> {
    let chosen = spec.get("namespaceSelector");
    let any = chosen.and_then(|chosen| chosen.get("any"));
    if any.is_some_and(|any| matches!(any.value, crate::yaml::Value::Bool(true, _))) {
        return None;
    }
    let names = chosen
        .into_iter()
        .flat_map(|chosen| items(chosen, "matchNames"));
    let names: Vec<String> = names
        .filter_map(|name| Some(name.as_str()?.to_owned()))
        .collect();
    Some(match names.is_empty() {
        true => vec![object.namespace_or_default().to_owned()],
        false => names,
    })
}

/// The Service that the API server calls, as `service` names it.
fn called(object: &Object, config: &Node, mark: Mark) -> Option<Client> {
    let service = config.get("service")?;
    let name = service.get("name")?.as_str()?;
    let namespace = service.get("namespace")?.as_str()?;
    let port = target(service.get("port")).unwrap_or(TargetPort::Number(443));
    Some(Client {
        title: format!("{} {}", object.kind, object.name),
        caller: Caller::ApiServer,
        namespaces: Some(vec![namespace.to_owned()]),
        target: ClientTarget::Service(name.to_owned()),
        ports: vec![ClientPort::OfService(port)],
        span: object.span(mark),
    })
}

fn target(port: Option<&Node>) -> Option<TargetPort> {
    match int_or_string(port?).ok()? {
        IntOrString::Int(number) => u16::try_from(number).ok().map(TargetPort::Number),
        IntOrString::String(name) => Some(TargetPort::Name(name)),
    }
}
