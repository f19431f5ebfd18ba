//! IngressClasses and GatewayClasses: which controller serves a route.

use crate::cluster::Route;
use crate::sets::Labels;
use crate::yaml::Object;
use crate::yaml::decode::{Decoded, deep, string, strings};

/// The labels by which the objects of one Helm release of a chart belong together.
const RELEASE: [&str; 2] = ["app.kubernetes.io/name", "app.kubernetes.io/instance"];

/// An IngressClass or a GatewayClass.
pub(super) struct Class {
    gateway: bool,
    name: String,
    controller: Option<String>,
    /// Those of its labels that its controller's pods have too.
    labels: Labels,
    /// Ingresses without a class have this one.
    default: bool,
}

pub(super) fn class(object: &Object) -> Decoded<Class> {
    let node = &object.node;
    let gateway = object.kind == "GatewayClass";
    let key = if gateway {
        "controllerName"
    } else {
        "controller"
    };
    let mut labels = deep(node, &["metadata", "labels"], strings)?.unwrap_or_default();
    labels.retain(|key, _| RELEASE.contains(&key.as_str()));
    let annotations = deep(node, &["metadata", "annotations"], strings)?.unwrap_or_default();
    let default = annotations.get("ingressclass.kubernetes.io/is-default-class");
    Ok(Class {
        gateway,
        name: object.name.clone(),
        controller: deep(node, &["spec", key], string)?,
        labels: match labels.len() == RELEASE.len() {
            true => labels,
            false => Labels::new(),
        },
        default: default.is_some_and(|value| value == "true"),
    })
}

/// Replaces the class of each route by its controller, where the class is in the input.
pub(super) fn resolve(routes: &mut [Route], classes: &[Class]) {
    for route in routes.iter_mut().filter(|route| route.kind != "Route") {
        let gateway = route.kind != "Ingress";
        let mut own = classes.iter().filter(|class| class.gateway == gateway);
        let class = match &route.served_by.controller {
            Some(name) => own.find(|class| class.name == *name),
            None => own.find(|class| class.default),
        };
        if let Some(class) = class {
            let served = &mut route.served_by;
            served.controller = class.controller.clone().or(served.controller.take());
            served.labels.clone_from(&class.labels);
        }
    }
}
