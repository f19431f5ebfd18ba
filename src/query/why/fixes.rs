//! Fixes for a verdict: edits of the document, each proven before it is offered.

use super::near::{Missing, near};
use super::{Asked, EndDescription, Explainer, PairVerdict};
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::analysis::oracle::{gate, probe};
use crate::analysis::{Decision, Direction, Endpoint, GateTrace};
use crate::model::{self, Document, Edit, Flow, FlowId, FlowPort, Item, NodeRef, Thing};
use crate::proof::{About, Finding, Fix, Origin};
use crate::query::check;
use crate::query::drawn::DrawnConnections;
use crate::query::explain::Shown;

impl Explainer<'_> {
    pub(super) fn fixes(
        &self,
        verdict: PairVerdict,
        shown: &Shown,
        from: &EndDescription,
        to: &EndDescription,
        asked: &Asked,
        flows: &[FlowId],
    ) -> Vec<Fix> {
        let mut found = Vec::new();
        match verdict {
            PairVerdict::Denied => {
                found.extend(self.draw(shown, from, to, asked));
                found.extend(self.label(shown));
            }
            PairVerdict::NotDrawn => {
                found.extend(self.remove_imported(shown));
                found.extend(self.draw(shown, from, to, asked));
            }
            PairVerdict::Open => found.extend(self.draw(shown, from, to, asked)),
            PairVerdict::Blocked => {
                found.extend(self.regenerate(flows));
                found.extend(self.label(shown));
            }
            PairVerdict::Drawn | PairVerdict::Approximated | PairVerdict::CannotExpress => {}
        }
        found.retain(|fix| self.is_proven(fix, verdict, shown));
        found
    }

    /// Whether the edit corrects the verdict and the proof has no new findings.
    fn is_proven(&self, fix: &Fix, before: PairVerdict, shown: &Shown) -> bool {
        let mut document = self.document().clone();
        if fix.edit.apply(&mut document).is_err() {
            return false;
        }
        let results = check(&document);
        let known: BTreeSet<About> = (self.results.proof.findings.iter())
            .map(Finding::about)
            .collect();
        let mut findings = results.proof.findings.iter().map(Finding::about);
        if findings.any(|about| !known.contains(&about)) {
            return false;
        }
        // Edits of flows, labels and policies leave the pods in their order.
        let snapshot = &results.in_force.cluster.snapshot;
        let trace = probe(snapshot, &shown.from, &shown.to, shown.port);
        let drawn = DrawnConnections::new(&document, &results.generated, &results.in_force);
        let explainer = Explainer {
            results: &results,
            drawn: &drawn,
        };
        let after = explainer.verdict(&Shown {
            trace,
            ..shown.clone()
        });
        match before {
            PairVerdict::Denied => !matches!(after, PairVerdict::Denied | PairVerdict::Blocked),
            PairVerdict::NotDrawn => !matches!(after, PairVerdict::NotDrawn | PairVerdict::Blocked),
            _ => after == PairVerdict::Drawn,
        }
    }

    /// Draws the connection, or unmutes the flow that draws it.
    fn draw(
        &self,
        shown: &Shown,
        from: &EndDescription,
        to: &EndDescription,
        asked: &Asked,
    ) -> Option<Fix> {
        let document = self.document();
        let port = shown.port?;
        let port = FlowPort::Range(port.0, port.1, port.1);
        let end = |place: &EndDescription, asked: &Option<(model::End, EndDescription)>| {
            asked
                .as_ref()
                .map(|(end, _)| end.clone())
                .or(match place.node? {
                    node @ (NodeRef::Workload(_) | NodeRef::External(_) | NodeRef::Node(_)) => {
                        Some(node.into())
                    }
                    _ => None,
                })
        };
        let (from, to) = (end(from, &asked.from_place)?, end(to, &asked.to_place)?);
        let muted = document
            .flows
            .iter()
            .find(|(_, f)| f.muted && f.from == from && f.to == to && f.ports.contains(&port));
        if let Some((id, _)) = muted {
            return Some(Fix {
                title: format!("Unmute the flow {}", document.flow_name(id)),
                edit: Edit::Mute(vec![id], false),
            });
        }
        let flow = Flow::new(from, to, vec![port]);
        Some(Fix {
            title: "Draw this flow".to_owned(),
            edit: Edit::Add(Thing::Flow(flow)),
        })
    }

    /// Adds the labels that the closest rule needs to the workload, if that allows the connection at the gate.
    fn label(&self, shown: &Shown) -> Option<Fix> {
        let closed = [&shown.trace.ingress, &shown.trace.egress];
        let mut closed = closed.into_iter().filter(|gate| !gate.allowed);
        closed.find_map(|gate| self.label_for(shown, gate))
    }

    fn label_for(&self, shown: &Shown, trace: &GateTrace) -> Option<Fix> {
        let cluster = &self.results.in_force.cluster;
        let found = near(&cluster.snapshot, shown, trace);
        let missing = found.iter().find_map(|n| n.labels.clone())?;
        if missing.pod.is_empty() || !missing.namespace.is_empty() {
            return None;
        }
        let peer = shown.other(trace.direction);
        let Endpoint::Pod(at) = peer else { return None };
        let pod = cluster.snapshot.pods.get(*at)?;
        let id = cluster.drawn.get(pod.workload).copied().flatten()?;
        let workload = self.document().workloads.get(id)?;
        let mut labels = workload.labels.clone();
        labels.extend(missing.pod.iter().cloned());
        if !self.opens(shown, trace.direction, *at, &labels) {
            return None;
        }
        Some(Fix {
            title: format!("Add {} to {}", labels_text(&missing), workload.name),
            edit: Edit::Change(
                Item::Workload(id),
                Thing::Workload(model::Workload {
                    labels,
                    ..workload.clone()
                }),
            ),
        })
    }

    /// Whether a gate allows the connection when the pod has these labels.
    fn opens(
        &self,
        shown: &Shown,
        direction: Direction,
        pod: usize,
        labels: &crate::sets::Labels,
    ) -> bool {
        let mut snapshot = self.results.in_force.cluster.snapshot.clone();
        if let Some(pod) = Arc::make_mut(&mut snapshot.pods).get_mut(pod) {
            pod.labels = std::sync::Arc::new(labels.clone());
        }
        gate(&snapshot, direction, &shown.from, &shown.to, shown.port).allowed
    }

    /// Removes the imported policy whose rule allows the connection.
    fn remove_imported(&self, shown: &Shown) -> Option<Fix> {
        let gates = [&shown.trace.ingress, &shown.trace.egress];
        gates.into_iter().find_map(|gate| {
            let Decision::Rule { policy, rule } = &gate.decision else {
                return None;
            };
            let origin = self.results.in_force.origins.get(*policy)?;
            let Origin::Imported(id) = *origin else {
                return None;
            };
            let found = self.results.in_force.policies().get(*policy)?;
            found.rules(gate.direction).get(*rule)?;
            let replaces = self.document().policies.get(id)?.replaces.is_some();
            Some(Fix {
                title: match replaces {
                    true => format!("Restore generated {}", found.name),
                    false => format!("Remove {} from the project", found.name),
                },
                edit: Edit::Remove(vec![Item::Policy(id)]),
            })
        })
    }

    /// Removes imported policies that replace the generated ones of these flows.
    fn regenerate(&self, flows: &[FlowId]) -> Option<Fix> {
        let document = self.document();
        let replaced = &self.results.generated.replaced;
        let of_flows = replaced
            .iter()
            .filter(|w| w.flows.iter().any(|f| flows.contains(f)));
        let names: Vec<String> = of_flows
            .map(|w| format!("{}/{}", w.namespace, w.name))
            .collect();
        let replaces_one = |kept: &model::ImportedPolicy| {
            let replaces = kept.replaces.as_ref();
            replaces.is_some_and(|name| names.contains(name))
        };
        let kept = document
            .policies
            .iter()
            .filter(|(_, kept)| replaces_one(kept));
        let kept: Vec<Item> = kept.map(|(id, _)| Item::Policy(id)).collect();
        let what = match (kept.as_slice(), names.first()) {
            ([], _) | (_, None) => return None,
            ([one], _) => document.item_name(*one),
            (many, _) => format!("{} policies", many.len()),
        };
        Some(Fix {
            title: format!("Restore generated {what}"),
            edit: Edit::Remove(kept),
        })
    }

    /// Assumptions that change the verdict, as sentences.
    pub(super) fn assumptions(&self, shown: &Shown) -> Vec<String> {
        use crate::cluster::{HostNetwork, PodAddresses};
        let document = self.document();
        let now = document.settings.assumptions;
        let mut others = Vec::new();
        if self.depends_on_addresses(shown) {
            for (value, word) in [
                (PodAddresses::Known, "known"),
                (PodAddresses::Outside, "outside the cluster"),
                (PodAddresses::Unknown, "unknown"),
            ] {
                let mut other = now;
                other.pod_addresses = value;
                others.push((other, format!("pod addresses are {word}")));
            }
        }
        if self.on_host_network(shown) {
            for (value, word) in [
                (HostNetwork::Pods, "like other pods"),
                (HostNetwork::Nodes, "as their nodes"),
            ] {
                let mut other = now;
                other.host_network = value;
                others.push((other, format!("host-network pods count {word}")));
            }
        }
        others.retain(|(other, _)| *other != now);
        let decides = |(other, words): (crate::cluster::Assumptions, String)| {
            let mut document: Document = document.clone();
            document.settings.assumptions = other;
            let in_force = crate::proof::InForce::read(&document, &self.results.generated);
            let snapshot = &in_force.cluster.snapshot;
            let trace =
                crate::analysis::oracle::probe(snapshot, &shown.from, &shown.to, shown.port);
            let verdict = if trace.allowed { "allowed" } else { "denied" };
            (trace.allowed != shown.trace.allowed)
                .then(|| format!("Depends on an assumption: {verdict} if {words}"))
        };
        others.into_iter().filter_map(decides).collect()
    }

    fn on_host_network(&self, shown: &Shown) -> bool {
        let pods = &self.results.in_force.cluster.snapshot.pods;
        [&shown.from, &shown.to].into_iter().any(|end| match end {
            Endpoint::Pod(at) => pods.get(*at).is_some_and(|p| p.host_network),
            _ => false,
        })
    }

    /// Whether both ends are pods and a policy that applies has address peers.
    fn depends_on_addresses(&self, shown: &Shown) -> bool {
        if !matches!(
            (&shown.from, &shown.to),
            (Endpoint::Pod(_), Endpoint::Pod(_))
        ) {
            return false;
        }
        let policies = self.results.in_force.policies();
        let gates = [&shown.trace.egress, &shown.trace.ingress];
        gates.into_iter().any(|gate| {
            let traces = gate.tiers.iter().flat_map(|tier| &tier.policies);
            let asked = traces.filter_map(|p| policies.get(p.policy));
            let mut rules = asked.flat_map(|policy| policy.rules(gate.direction));
            rules.any(|rule| match &rule.peers {
                crate::policy::Match::Any => false,
                crate::policy::Match::Only(items) => {
                    items.iter().any(|item| names_addresses(&item.peer))
                }
            })
        })
    }
}

fn names_addresses(peer: &crate::policy::Peer) -> bool {
    use crate::policy::Peer;
    match peer {
        Peer::Addresses(_)
        | Peer::PodAddresses(_)
        | Peer::HostAddresses(_)
        | Peer::PodsIpv4
        | Peer::PodsIpv6
        | Peer::PodsOfFamilies { .. } => true,
        Peer::All(all) | Peer::AnyOf(all) => all.iter().any(names_addresses),
        Peer::Not(inner) => names_addresses(inner),
        _ => false,
    }
}

/// `tier=web, app=x`.
fn labels_text(missing: &Missing) -> String {
    let each = missing.pod.iter().map(|(k, v)| format!("{k}={v}"));
    each.collect::<Vec<_>>().join(", ")
}
