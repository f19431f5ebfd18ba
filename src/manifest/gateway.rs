//! Gateway API: routes, their Gateways, and the grants that allow a route to refer to a
//! Service of another namespace (W23). Each object is read on its own here; `attach` joins them.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::workload::selector;
use crate::cluster::{Namespace, Route, ServedBy, TargetPort};
use crate::diag::{Diagnostic, Span};
use crate::sets::{Labels, Protocol, Selector};
use crate::yaml::decode::{Decoded, deep, field, int32, list_field, string};
use crate::yaml::{Node, Object};

const GROUP: &str = "gateway.networking.k8s.io";

/// An HTTPRoute, GRPCRoute, TLSRoute, TCPRoute or UDPRoute.
pub(super) struct GatewayRoute {
    kind: &'static str,
    namespace: String,
    name: String,
    parents: Vec<Parent>,
    /// It has parents other than Gateways: traffic inside the mesh.
    mesh: bool,
    backends: Vec<Backend>,
    span: Span,
}

/// A parent of a route.
struct Parent {
    /// Group and kind are those of a Gateway.
    gateway: bool,
    namespace: String,
    name: String,
    listener: Option<String>,
    span: Span,
}

struct Backend {
    namespace: String,
    service: String,
    port: Option<u16>,
    span: Span,
}

/// A Gateway, as far as it decides which routes attach to it.
pub(super) struct Gateway {
    pub namespace: String,
    pub name: String,
    class: Option<String>,
    listeners: Vec<Listener>,
}

struct Listener {
    name: String,
    from: From,
}

/// `allowedRoutes.namespaces`.
enum From {
    All,
    Same,
    Selected(Selector),
    Nowhere,
}

/// A ReferenceGrant, as far as it is about routes and Services.
pub(super) struct Grant {
    namespace: String,
    /// Kind and namespace of routes.
    from: Vec<(String, String)>,
    /// Names of Services; none: every Service.
    to: Vec<Option<String>>,
}

pub(super) fn route(object: &Object, kind: &'static str) -> Decoded<GatewayRoute> {
    let node = &object.node;
    let parents = deep(node, &["spec"], |spec| {
        list_field(spec, "parentRefs", |n| parent(object, n))
    })?;
    let backends = deep(node, &["spec"], |spec| {
        list_field(spec, "rules", |n| rule(object, n))
    })?;
    let parents = parents.unwrap_or_default();
    Ok(GatewayRoute {
        kind,
        namespace: object.namespace_or_default().to_owned(),
        name: object.name.clone(),
        mesh: parents.iter().any(Option::is_none),
        parents: parents.into_iter().flatten().collect(),
        backends: backends.unwrap_or_default().into_iter().flatten().collect(),
        span: object.whole(),
    })
}

/// A Service as parent means traffic inside the mesh, not from a Gateway.
fn parent(object: &Object, node: &Node) -> Decoded<Option<Parent>> {
    let group = field(node, "group", string)?;
    let kind = field(node, "kind", string)?;
    let group = group.as_deref().unwrap_or(GROUP);
    let kind = kind.as_deref().unwrap_or("Gateway");
    let parent = Parent {
        gateway: (group, kind) == (GROUP, "Gateway"),
        namespace: namespace(object, node)?,
        name: field(node, "name", string)?.unwrap_or_default(),
        listener: field(node, "sectionName", string)?.filter(|name| !name.is_empty()),
        span: object.span(node.mark),
    };
    Ok(Some(parent).filter(|_| (group, kind) != ("", "Service")))
}

/// The backends of a rule, and those that its filters send copies of requests to.
fn rule(object: &Object, node: &Node) -> Decoded<Vec<Backend>> {
    let read = |n| backend(object, n);
    let mirror = |n| deep(n, &["requestMirror", "backendRef"], read);
    let mut found = list_field(node, "filters", mirror)?;
    let main = list_field(node, "backendRefs", |n| {
        let mirrors = list_field(n, "filters", mirror)?;
        Ok((backend(object, n)?, mirrors))
    })?;
    for (backend, mirrors) in main {
        found.push(Some(backend));
        found.extend(mirrors);
    }
    Ok(found.into_iter().flatten().flatten().collect())
}

/// None for anything but a Service, and for a weight of 0, which gets no traffic.
fn backend(object: &Object, node: &Node) -> Decoded<Option<Backend>> {
    let group = field(node, "group", string)?.unwrap_or_default();
    let kind = field(node, "kind", string)?;
    let weight = field(node, "weight", int32)?;
    let port = field(node, "port", int32)?;
    let backend = Backend {
        namespace: namespace(object, node)?,
        service: field(node, "name", string)?.unwrap_or_default(),
        port: port.and_then(|n| u16::try_from(n).ok()).filter(|n| *n > 0),
        span: object.span(node.mark),
    };
    let service = group.is_empty() && kind.is_none_or(|kind| kind == "Service");
    Ok(Some(backend).filter(|b| service && weight != Some(0) && !b.service.is_empty()))
}

fn namespace(object: &Object, node: &Node) -> Decoded<String> {
    let given = field(node, "namespace", string)?.filter(|name| !name.is_empty());
    Ok(given.unwrap_or_else(|| object.namespace_or_default().to_owned()))
}

pub(super) fn gateway(object: &Object) -> Decoded<Gateway> {
    let listeners = deep(&object.node, &["spec"], |spec| {
        list_field(spec, "listeners", listener)
    })?;
    Ok(Gateway {
        namespace: object.namespace_or_default().to_owned(),
        name: object.name.clone(),
        class: deep(&object.node, &["spec", "gatewayClassName"], string)?,
        listeners: listeners.unwrap_or_default(),
    })
}

fn listener(node: &Node) -> Decoded<Listener> {
    let keys = |key| ["allowedRoutes", "namespaces", key];
    let from = deep(node, &keys("from"), string)?;
    let selected = deep(node, &keys("selector"), selector)?;
    Ok(Listener {
        name: field(node, "name", string)?.unwrap_or_default(),
        from: match (from.as_deref(), selected) {
            (Some("All"), _) => From::All,
            (None | Some("" | "Same"), _) => From::Same,
            (Some("Selector"), Some(selector)) => From::Selected(selector),
            _ => From::Nowhere,
        },
    })
}

pub(super) fn grant(object: &Object) -> Decoded<Grant> {
    let lists = deep(&object.node, &["spec"], |spec| {
        let from = list_field(spec, "from", |n| {
            let group = field(n, "group", string)?.unwrap_or_default();
            let kind = field(n, "kind", string)?.unwrap_or_default();
            let namespace = field(n, "namespace", string)?.unwrap_or_default();
            Ok((group == GROUP).then_some((kind, namespace)))
        })?;
        let to = list_field(spec, "to", |n| {
            let group = field(n, "group", string)?.unwrap_or_default();
            let kind = field(n, "kind", string)?.unwrap_or_default();
            let name = field(n, "name", string)?.filter(|name| !name.is_empty());
            Ok((group.is_empty() && kind == "Service").then_some(name))
        })?;
        Ok((from, to))
    })?;
    let (from, to) = lists.unwrap_or_default();
    Ok(Grant {
        namespace: object.namespace_or_default().to_owned(),
        from: from.into_iter().flatten().collect(),
        to: to.into_iter().flatten().collect(),
    })
}

/// All that is known of the Gateway API in one set of manifests.
#[derive(Default)]
pub(super) struct Gateways {
    pub routes: Vec<GatewayRoute>,
    pub gateways: Vec<Gateway>,
    pub grants: Vec<Grant>,
}

impl Gateways {
    /// The namespaces of routes.
    pub fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|r| r.namespace.as_str())
    }

    /// The backends of routes that a Gateway accepts and the Service's namespace grants. An undeclared
    /// Gateway is assumed to accept its routes.
    pub fn attach(
        &self,
        namespaces: &BTreeMap<String, Namespace>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<Route> {
        let mut found = Vec::new();
        for route in &self.routes {
            if self.taken(route, namespaces, diagnostics) {
                let backends = route.backends.iter();
                found.extend(backends.filter_map(|b| self.granted(route, b, diagnostics)));
            }
        }
        found
    }

    fn taken(
        &self,
        route: &GatewayRoute,
        namespaces: &BTreeMap<String, Namespace>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> bool {
        let mut taken = false;
        for parent in &route.parents {
            let mut gateways = self.gateways.iter().filter(|_| parent.gateway);
            let known =
                gateways.find(|g| (&g.namespace, &g.name) == (&parent.namespace, &parent.name));
            match known {
                Some(gateway) if !gateway.takes(route, parent, namespaces) => {
                    let message = format!(
                        "Gateway `{}/{}` accepts no routes from namespace `{}`{}: the route does not apply to it",
                        parent.namespace,
                        parent.name,
                        route.namespace,
                        match &parent.listener {
                            Some(name) => format!(" at its listener `{name}`"),
                            None => String::new(),
                        }
                    );
                    let help =
                        "use one of its listeners, and allow the namespace in its allowedRoutes";
                    diagnostics.push(route.about(message, &parent.span).help(help));
                }
                _ => taken = true,
            }
        }
        if route.parents.is_empty() && !route.mesh && !route.backends.is_empty() {
            let message = "it has no parent Gateway, so it receives no traffic".to_owned();
            let help = "add the Gateway to spec.parentRefs";
            diagnostics.push(route.about(message, &route.span).help(help));
        }
        taken
    }

    fn granted(
        &self,
        route: &GatewayRoute,
        backend: &Backend,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Route> {
        let title = format!("{}/{}", backend.namespace, backend.service);
        let foreign = backend.namespace != route.namespace;
        if foreign && !self.grants.iter().any(|g| g.lets(route, backend)) {
            let message = format!(
                "no ReferenceGrant in namespace `{}` allows a {} of `{}` to refer to Service `{title}`: it gets no traffic",
                backend.namespace, route.kind, route.namespace
            );
            let help = "add a ReferenceGrant there, from this kind and namespace to the Service";
            diagnostics.push(route.about(message, &backend.span).help(help));
            return None;
        }
        let Some(port) = backend.port else {
            let message =
                format!("the backend Service `{title}` has no port here: it gets no traffic");
            let help = "add the port of the Service";
            diagnostics.push(route.about(message, &backend.span).help(help));
            return None;
        };
        Some(Route {
            kind: route.kind,
            namespace: route.namespace.clone(),
            name: route.name.clone(),
            service_namespace: backend.namespace.clone(),
            service: backend.service.clone(),
            port: Some(TargetPort::Number(port)),
            protocol: Some(match route.kind {
                "UDPRoute" => Protocol::Udp,
                _ => Protocol::Tcp,
            }),
            served_by: self.served_by(route),
            span: Some(backend.span.clone()),
        })
    }

    fn served_by(&self, route: &GatewayRoute) -> ServedBy {
        let parents = route.parents.iter().filter(|parent| parent.gateway);
        let names = parents.map(|parent| (parent.namespace.clone(), parent.name.clone()));
        let gateways: Vec<(String, String)> = names.collect();
        let is_parent = |g: &&Gateway| {
            let mut names = gateways.iter();
            names.any(|(namespace, name)| g.namespace == *namespace && g.name == *name)
        };
        let known = self.gateways.iter().find(is_parent);
        ServedBy {
            controller: known.and_then(|gateway| gateway.class.clone()),
            labels: Labels::new(),
            gateways,
        }
    }
}

impl GatewayRoute {
    fn about(&self, message: String, span: &Span) -> Diagnostic {
        let title = format!("{} {}/{}", self.kind, self.namespace, self.name);
        Diagnostic::warning("W23", message)
            .at(span.clone())
            .on(title)
    }
}

impl Gateway {
    fn takes(
        &self,
        route: &GatewayRoute,
        parent: &Parent,
        namespaces: &BTreeMap<String, Namespace>,
    ) -> bool {
        let named = |l: &&Listener| parent.listener.as_ref().is_none_or(|name| *name == l.name);
        let mut listeners = self.listeners.iter().filter(named);
        listeners.any(|listener| match &listener.from {
            From::All => true,
            From::Same => route.namespace == self.namespace,
            From::Selected(selector) => namespaces
                .get(&route.namespace)
                .is_some_and(|n| selector.matches(&n.labels)),
            From::Nowhere => false,
        })
    }
}

impl Grant {
    fn lets(&self, route: &GatewayRoute, backend: &Backend) -> bool {
        let to = |name: &Option<String>| name.as_ref().is_none_or(|n| *n == backend.service);
        self.namespace == backend.namespace
            && self.to.iter().any(to)
            && self
                .from
                .iter()
                .any(|(kind, namespace)| kind == route.kind && *namespace == route.namespace)
    }
}
