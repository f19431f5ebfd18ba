//! Which ports of a pod port names refer to (C40).

use std::sync::Arc;

use crate::cluster::{ContainerPort, Pod};

/// Leaves each pod the names that the agent knows: in lower case, of its containers without sidecars, and of
/// several ports with one name the last.
pub fn name_ports(pods: &mut [Pod]) {
    for pod in pods {
        let own = pod.ports.len().saturating_sub(pod.sidecar_ports);
        let mut known: Vec<ContainerPort> = Vec::new();
        for port in pod.ports.iter().take(own) {
            let Some(name) = &port.name else { continue };
            let name = name.to_ascii_lowercase();
            known.retain(|other| other.name.as_ref() != Some(&name));
            known.push(ContainerPort {
                name: Some(name),
                ..port.clone()
            });
        }
        pod.named_ports = Arc::from(known);
    }
}
