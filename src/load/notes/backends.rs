//! Backends of Ingress, Route and Gateway API objects without a Service (W22, W23).

use crate::analysis::routes::backend_ports;
use crate::cluster::{Route, Service, Snapshot, TargetPort};
use crate::diag::Diagnostic;

pub(super) fn backends(snapshot: &Snapshot, out: &mut Vec<Diagnostic>) {
    for route in &snapshot.routes {
        let wanted = (route.service_namespace.as_str(), route.service.as_str());
        let by_name = |s: &Service| (s.namespace.as_str(), s.name.as_str()).cmp(&wanted);
        let service = snapshot.services.binary_search_by(by_name).ok();
        let Some(service) = service.and_then(|at| snapshot.services.get(at)) else {
            let message = format!(
                "its backend Service `{}/{}` is not declared in the input",
                route.service_namespace, route.service
            );
            out.push(diagnostic(route, message).help("add the Service, or correct the name"));
            continue;
        };
        // The backends of a name outside the cluster are unknown.
        if service.kind != "ExternalName" && backend_ports(route, service).is_empty() {
            out.push(without_port(route, service));
        }
    }
}

fn without_port(route: &Route, service: &Service) -> Diagnostic {
    let title = format!("{}/{}", service.namespace, service.name);
    let protocol = route.protocol.map(|p| format!("{} ", p.name()));
    let protocol = protocol.unwrap_or_default();
    let message = match &route.port {
        Some(TargetPort::Number(port)) => {
            format!("its backend, Service `{title}`, has no {protocol}port {port}")
        }
        Some(TargetPort::Name(name)) => {
            format!("its backend, Service `{title}`, has no port called `{name}`")
        }
        None => format!("its backend, Service `{title}`, has no ports"),
    };
    let ports = service.ports.iter().map(|p| match &p.name {
        Some(name) => format!("{}/{} ({name})", p.protocol.name(), p.port),
        None => format!("{}/{}", p.protocol.name(), p.port),
    });
    let ports: Vec<String> = ports.collect();
    diagnostic(route, message).help(match ports.is_empty() {
        true => "declare the port in the Service".to_owned(),
        false => format!("use one of its ports: {}", ports.join(", ")),
    })
}

fn diagnostic(route: &Route, message: String) -> Diagnostic {
    let code = match route.kind {
        "Ingress" | "Route" => "W22",
        _ => "W23",
    };
    let diagnostic = Diagnostic::warning(code, message)
        .on(format!("{} {}/{}", route.kind, route.namespace, route.name));
    match &route.span {
        Some(span) => diagnostic.at(span.clone()),
        None => diagnostic,
    }
}
