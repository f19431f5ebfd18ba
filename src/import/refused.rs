//! What a project file cannot hold as manifests write it: it is left out, and reported with its place.

use crate::cluster::{Route, ServicePort, Snapshot, TargetPort};
use crate::diag::{Diagnostic, Span};

/// Whether a project can hold a port: it reads a text of digits as a number.
fn holds_port(port: &TargetPort) -> bool {
    match port {
        TargetPort::Number(_) => true,
        TargetPort::Name(name) => name.bytes().any(|b| !b.is_ascii_digit()),
    }
}

/// Whether a project can hold a port of a Service.
pub(super) fn holds_service_port(port: &ServicePort) -> bool {
    holds_port(&port.target)
}

/// Whether a project can hold a route: it names Services and Gateways as `NAMESPACE/NAME`.
pub(super) fn holds_route(route: &Route) -> bool {
    holds_names(route) && route.port.as_ref().is_none_or(holds_port)
}

fn holds_names(route: &Route) -> bool {
    let gateways = route
        .served_by
        .gateways
        .iter()
        .map(|(namespace, _)| namespace);
    let mut names = gateways.chain([&route.service_namespace, &route.service]);
    !names.any(|name| name.contains('/'))
}

/// What is left out.
pub(super) fn refused(snapshot: &Snapshot) -> Vec<Diagnostic> {
    let digits = |port: &TargetPort| match port {
        TargetPort::Name(name) if !name.is_empty() => (
            format!("no port is called `{name}`"),
            format!("write the number {name} without quotes"),
        ),
        _ => (
            "the name of its port is empty".to_owned(),
            "write a number or a name".to_owned(),
        ),
    };
    let mut found = Vec::new();
    for service in snapshot.services.iter() {
        for port in service
            .ports
            .iter()
            .filter(|port| !holds_service_port(port))
        {
            let (why, help) = digits(&port.target);
            let message = format!("`targetPort` of port {} is not imported: {why}", port.port);
            let title = format!("Service {}/{}", service.namespace, service.name);
            found.push(not_imported(message, title, service.span.as_ref(), help));
        }
    }
    for route in snapshot.routes.iter().filter(|route| !holds_route(route)) {
        let port = route.port.as_ref().filter(|_| holds_names(route));
        let (why, help) = match port {
            Some(port) => digits(port),
            None => (
                "a name contains `/`".to_owned(),
                "use the names of a Service and of Gateways".to_owned(),
            ),
        };
        let message = format!("the backend `{}` is not imported: {why}", route.service);
        let title = format!("{} {}/{}", route.kind, route.namespace, route.name);
        found.push(not_imported(message, title, route.span.as_ref(), help));
    }
    found
}

fn not_imported(message: String, title: String, span: Option<&Span>, help: String) -> Diagnostic {
    let found = Diagnostic::warning("not-imported", message)
        .on(title)
        .help(help);
    match span {
        Some(span) => found.at(span.clone()),
        None => found,
    }
}
