//! HTTP rules of flows that have no effect, because their connections are allowed whatever passes in them, and those that
//! policies filter by other rules than the drawn ones.

use std::collections::BTreeSet;

use super::{Finding, Kind};
use crate::analysis::Endpoint;
use crate::analysis::oracle::{Decision, gate};
use crate::cluster::Snapshot;
use crate::intent::snapshot::DocumentSnapshot;
use crate::load::imported;
use crate::model::{Document, End, Flow, FlowId, FlowPort, Words};
use crate::policy::{Condition, Direction, Loss, Part, Policy, Rule};

/// The most pairs of ends of one flow that are looked at.
const MOST: usize = 400;

/// The flows whose HTTP rules have no effect, in id order, except those that are approximated.
pub(super) fn findings(
    document: &Document,
    losses: &[Loss],
    (cluster, real): (&DocumentSnapshot, &Snapshot),
    approximated: &BTreeSet<FlowId>,
) -> Vec<Finding> {
    let left_out = |id: FlowId| {
        let mut of_flow = losses.iter().filter(|loss| loss.flow == id.into());
        of_flow.any(|loss| loss.part == Part::Flow)
    };
    let flows = document.flows.iter();
    // Where a flow allows any request because the user accepts it, the rules are not to have an effect.
    let counts = |id| !approximated.contains(&id) && !left_out(id);
    let flows = flows.filter(|(id, flow)| !flow.http.is_empty() && flow.allows() && counts(*id));
    let flows: Vec<_> = flows.collect();
    if flows.is_empty() {
        return Vec::new();
    }
    let unfiltered = real.without_conditional(|condition| condition == Condition::Http);
    // What policies allow for requests that no flow is for.
    let mut drawn: BTreeSet<String> = (flows.iter())
        .flat_map(|(_, flow)| flow.http.iter().map(ToString::to_string))
        .collect();
    // Imported policies are meant.
    let imported = imported::imported(document);
    for policy in imported.iter().flat_map(|one| &one.policies) {
        let rules = Direction::BOTH.into_iter().flat_map(|d| policy.rules(d));
        drawn.extend(rules.flat_map(|rule| rule.met_by.iter().cloned()));
    }
    let foreign = real
        .without_rules(|rule| is_filter(rule) && rule.met_by.iter().all(|one| drawn.contains(one)));
    let words = Words::new(document);
    let one = |(id, flow): (FlowId, &Flow)| {
        let name = document.flow_name(id);
        let finding = |kind, message, help: &str| {
            Finding::of_flow(&words, (id, flow), (kind, message), Some(help.to_owned()))
        };
        if let Some((direction, why)) = open(document, cluster, &unfiltered, flow) {
            let end = match direction {
                Direction::Egress => &flow.from,
                Direction::Ingress => &flow.to,
            };
            let end = document.end_name(end);
            let why = match why {
                Some(policy) => format!("{} allows all requests", policy.title()),
                None => format!("no policy isolates {end}"),
            };
            let message = format!("the HTTP rules of the flow {name} have no effect: {why}");
            let help = "narrow what else allows these ports, or isolate the pods";
            return Some(finding(Kind::TooWide, message, help));
        }
        let help = "give the policies the HTTP rules of the flow, as they are written there";
        if let Some((_, Some(policy))) = open(document, cluster, &foreign, flow) {
            let message = format!(
                "{} allows requests of the flow {name} by HTTP rules that are not drawn",
                policy.title()
            );
            return Some(finding(Kind::TooWide, message, help));
        }
        let missing = flow.http.iter().find(|http| {
            let text = http.to_string();
            let only = real.without_rules(|rule| is_filter(rule) && !rule.met_by.contains(&text));
            open(document, cluster, real, flow).is_some()
                && open(document, cluster, &only, flow).is_none()
        });
        missing.map(|http| {
            let message = format!("no policy allows the requests `{http}` of the flow {name}");
            finding(Kind::Blocked, message, help)
        })
    };
    flows.into_iter().filter_map(one).collect()
}

/// Whether a rule allows only what HTTP rules match.
fn is_filter(rule: &Rule) -> bool {
    rule.allows_if(|condition| condition == Condition::Http)
}

/// The gate at which requests should be filtered, and what allows them all, if a connection of the flow is still
/// allowed; none: no policy isolates there.
fn open<'s>(
    document: &Document,
    cluster: &DocumentSnapshot,
    unfiltered: &'s Snapshot,
    flow: &Flow,
) -> Option<(Direction, Option<&'s Policy>)> {
    let ends = |end| endpoints(document, cluster, end);
    let (from, to) = (ends(&flow.from), ends(&flow.to));
    let pairs = from.iter().flat_map(|a| to.iter().map(move |b| (a, b)));
    let gates = Direction::BOTH.into_iter();
    let gates: Vec<Direction> = gates
        .filter(|direction| flow.half.is_none_or(|only| only == *direction))
        .collect();
    for (from, to) in pairs.filter(|(from, to)| from != to).take(MOST) {
        for port in flow
            .ports
            .iter()
            .filter_map(|port| probe(unfiltered, to, port))
        {
            let traces = gates.iter().map(|direction| {
                let trace = gate(unfiltered, *direction, from, to, Some(port));
                (*direction, trace)
            });
            let traces: Vec<_> = traces.collect();
            if !traces.iter().all(|(_, trace)| trace.allowed) {
                continue;
            }
            let policy = |decision: &Decision| match decision {
                Decision::Rule { policy, .. } => unfiltered.policies.get(*policy).map(|p| &**p),
                _ => None,
            };
            // The destination, where it has a gate, is where requests are filtered.
            let arrives = matches!(to, Endpoint::Pod(_));
            let wanted = match arrives {
                true => Direction::Ingress,
                false => Direction::Egress,
            };
            let at = traces.iter().find(|(direction, _)| *direction == wanted);
            let (direction, trace) = at.or(traces.first())?;
            return Some((*direction, policy(&trace.decision)));
        }
    }
    None
}

/// The pods, and some of the addresses, names and entities of an end.
fn endpoints(document: &Document, cluster: &DocumentSnapshot, end: &End) -> Vec<Endpoint> {
    let workloads = document.workloads_at(end).into_iter();
    let pods = workloads.filter_map(|id| {
        let workload = cluster.snapshot.workloads.get(*cluster.index.get(&id)?)?;
        Some(workload.pods.clone().map(Endpoint::Pod))
    });
    let mut found: Vec<Endpoint> = pods.flatten().collect();
    let addresses = document.addresses_at(end);
    let ranges = addresses.ranges();
    found.extend(ranges.map(|(first, _)| Endpoint::Address(first)));
    if let End::External(id) = end
        && let Some(external) = document.externals.get(*id)
    {
        let names = external.domain_names.iter().cloned();
        found.extend(names.map(Endpoint::Domain));
        found.extend(external.opaque_entities().into_iter().map(Endpoint::Entity));
    }
    found
}

/// A port of a flow at a destination; none: it has none.
fn probe(
    snapshot: &Snapshot,
    to: &Endpoint,
    port: &FlowPort,
) -> Option<(crate::sets::Protocol, u16)> {
    let numbers = match (port, to) {
        (FlowPort::Named(protocol, name), Endpoint::Pod(at)) => {
            let pod = snapshot.pods.get(*at)?;
            snapshot.ports_named(pod, Some(*protocol), name)
        }
        _ => port.numbers()?,
    };
    numbers.example()
}

#[cfg(test)]
mod tests {
    use crate::load::load_drawn;
    use crate::manifest::Source;
    use crate::model::fixture::Fixture;
    use crate::policy::{HttpRule, Target};
    use crate::proof::{State, generate, prove_against};

    #[test]
    fn other_http_rules_than_the_drawn_ones_are_found() {
        let mut fixture = Fixture::new();
        fixture.workload("shop/web", "app=web");
        fixture.workload("shop/api", "app=api");
        let id = fixture.flow("shop/web", "shop/api", "TCP/80");
        let mut document = fixture.document;
        document.settings.dialects = vec![Target::Cilium];
        let flow = document.flows.get_mut(id).unwrap();
        flow.http = vec![HttpRule::parse("GET /x").unwrap()];
        let text = generate(&document).text();
        let against = |text: String| {
            let given = load_drawn(&[Source::new("a.yaml", text)], &document).snapshot;
            let proof = prove_against(&document, &given);
            let messages = proof.findings.into_iter().map(|one| one.message);
            (proof.state, messages.collect::<Vec<String>>())
        };
        assert_eq!(against(text.clone()), (State::Exact, Vec::new()));
        let path = "path: \"/x\"";
        assert!(text.contains(path), "{text}");
        let (state, messages) = against(text.replace(path, "path: \"/.*\""));
        assert_eq!(state, State::TooWide);
        assert_eq!(
            messages,
            [
                "CiliumNetworkPolicy shop/api-from-web allows requests of the flow web to api by HTTP rules that are not drawn"
            ]
        );
        document
            .flows
            .get_mut(id)
            .unwrap()
            .http
            .push(HttpRule::parse("POST /y").unwrap());
        let given = load_drawn(&[Source::new("a.yaml", text)], &document).snapshot;
        let proof = prove_against(&document, &given);
        assert_eq!(proof.state, State::Blocked);
        assert_eq!(
            proof.findings[0].message,
            "no policy allows the requests `POST /y` of the flow web to api"
        );
    }
}
