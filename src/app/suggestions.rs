//! The flows that imported manifests or a recording imply, as proposals: which of them can be drawn, and which are ticked at first.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::validate::{flow_ports, network};
use crate::model::words::Words;
use crate::model::{Document, Edit, End, External, Flow, FlowPort, Thing};
use crate::observe::propose::{self, ProposedEnd};
use crate::policy::Network;
use crate::scene::{Extra, ExtraId, ExtraKind, OUTSIDE};
use crate::suggest::{API_SERVER, INGRESS_CONTROLLER, PRIVATE, Strength, Suggestion};

/// A suggested flow that is not drawn yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The flow, with its evidence.
    pub suggestion: Suggestion,
    /// Whether it is to be drawn.
    pub ticked: bool,
    /// Whether it can be drawn.
    pub can_be_drawn: bool,
    /// Why it is not ticked at first.
    pub reason: String,
    /// What was recorded, if a recording implies it.
    pub recorded: Option<Recorded>,
}

/// A flow that a recording implies.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The flow.
    pub proposal: propose::Proposal,
    /// The choice of what its end outside becomes; none: the user has to choose first.
    pub choice: Option<usize>,
}

impl Recorded {
    /// What its end outside may become; empty if it has none.
    pub fn choices(&self) -> &[propose::Choice] {
        let ends = [&self.proposal.from, &self.proposal.to];
        let outside = ends.into_iter().find_map(|end| match end {
            ProposedEnd::Outside(choices) => Some(choices.as_slice()),
            _ => None,
        });
        outside.unwrap_or_default()
    }
}

impl Proposal {
    /// Whether it can be ticked: nothing has to be chosen before.
    pub fn is_decided(&self) -> bool {
        let recorded = self.recorded.as_ref();
        self.can_be_drawn && recorded.is_none_or(|one| one.choice.is_some())
    }

    /// That a recording implies.
    pub fn recorded(proposal: propose::Proposal) -> Self {
        let doubts: Vec<&str> = proposal.doubts.iter().map(|doubt| doubt.words()).collect();
        Self {
            suggestion: proposal.suggestion(),
            ticked: doubts.is_empty(),
            can_be_drawn: true,
            reason: doubts.join("; "),
            recorded: Some(Recorded {
                choice: proposal.preselected(),
                proposal,
            }),
        }
    }
}

/// The suggested flows that a document does not have yet.
pub fn proposals(document: &Document, suggestions: &[Suggestion]) -> Vec<Proposal> {
    let words = Words::new(document);
    let missing = suggestions
        .iter()
        .filter(|one| !is_drawn(document, &words, one));
    missing.map(|one| proposal(&words, one)).collect()
}

fn proposal(words: &Words, suggestion: &Suggestion) -> Proposal {
    let ends = [suggestion.from.as_str(), suggestion.to.as_str()];
    let obstacle = ends.into_iter().find_map(|end| match end {
        INGRESS_CONTROLLER => Some("the ingress controller is not among the manifests"),
        API_SERVER => Some("the API server is no workload"),
        end => (external_of(end).is_none() && words.end(end).is_err())
            .then_some("an end is not in the project"),
    });
    let doubt = || {
        let is_name = |end: &str| external_of(end).is_some_and(|e| !e.domain_names.is_empty());
        if ends.into_iter().any(is_name) {
            return Some("outside the cluster, by a domain name");
        }
        match suggestion.strength {
            Strength::Strong => None,
            Strength::Medium => Some("the port is not written, and the only one is taken"),
            Strength::Weak => Some("the host or the port is a guess"),
        }
    };
    let reason = obstacle.or_else(doubt);
    Proposal {
        suggestion: suggestion.clone(),
        ticked: reason.is_none(),
        can_be_drawn: obstacle.is_none(),
        reason: reason.unwrap_or_default().to_owned(),
        recorded: None,
    }
}

/// The flows that manifests imply and that can be drawn, kept for one state of the project.
#[derive(Default)]
pub struct Suggested {
    /// How many they are.
    pub count: usize,
    /// As arrows.
    pub arrows: Arc<Vec<Extra>>,
    /// The number of the results and of the suggestions that they are of.
    of: Option<(u64, usize)>,
}

impl Suggested {
    /// Computes them afresh if the Document or the suggestions changed; `number`: that of the Document's results.
    pub fn keep(&mut self, document: &Document, number: u64, suggestions: &[Suggestion]) {
        let of = Some((number, suggestions.len()));
        if self.of == of {
            return;
        }
        let proposals = proposals(document, suggestions);
        self.count = proposals.iter().filter(|one| one.can_be_drawn).count();
        self.arrows = Arc::new(arrows(document, &proposals));
        self.of = of;
    }
}

/// The arrows of the proposals that can be drawn. An external that the project does not have is shown as
/// everything outside.
pub fn arrows(document: &Document, proposals: &[Proposal]) -> Vec<Extra> {
    let words = Words::new(document);
    let node = |end: &str| match words.end(end) {
        Ok(end) => end.node(),
        Err(_) => external_of(end).map(|_| OUTSIDE),
    };
    let mut labels: BTreeMap<ExtraId, Vec<String>> = BTreeMap::new();
    for proposal in proposals.iter().filter(|one| one.can_be_drawn) {
        let one = &proposal.suggestion;
        if let (Some(from), Some(to)) = (node(&one.from), node(&one.to)) {
            let kind = ExtraKind::Suggested;
            let id = ExtraId { kind, from, to };
            labels.entry(id).or_default().extend(one.ports.clone());
        }
    }
    let extra = |(id, mut ports): (ExtraId, Vec<String>)| {
        ports.sort();
        ports.dedup();
        let label = ports.join(", ").replace('/', " ");
        Extra { id, label }
    };
    labels.into_iter().map(extra).collect()
}

/// Whether a flow with these ends and ports exists.
fn is_drawn(document: &Document, words: &Words, suggestion: &Suggestion) -> bool {
    let (Ok(from), Ok(to)) = (words.end(&suggestion.from), words.end(&suggestion.to)) else {
        return false;
    };
    let wanted = ports(suggestion);
    let mut flows = document.flows.iter();
    flows.any(|(_, flow)| {
        let has =
            |port: &FlowPort| flow.ports.contains(&FlowPort::Any) || flow.ports.contains(port);
        flow.from == from && flow.to == to && !flow.denies && wanted.iter().all(has)
    })
}

fn ports(suggestion: &Suggestion) -> Vec<FlowPort> {
    flow_ports(&suggestion.ports.join(", ")).unwrap_or_default()
}

/// The external that an end would become: of a block, of an address, or of a domain name. `external/Internet` is every public
/// address.
fn external_of(end: &str) -> Option<External> {
    let name = end.strip_prefix("external/")?;
    if name == "Internet" {
        return Some(External::new(name, Network::outside().into()));
    }
    if end == PRIVATE {
        return Some(External::new(name, Network::private().into()));
    }
    let block = match name.parse::<std::net::IpAddr>() {
        Ok(address) if address.is_ipv4() => Some(format!("{address}/32")),
        Ok(address) => Some(format!("{address}/128")),
        Err(_) => name.contains('/').then(|| name.to_owned()),
    };
    if let Some(block) = block {
        let networks = network(&block).into_iter();
        return Some(External::new(name, networks.collect()));
    }
    Some(External {
        domain_names: vec![name.to_owned()],
        ..External::new(name, Vec::new())
    })
}

/// Draws the ticked flows, with what they need, as one change. The notes of recorded ones say when they were seen.
pub fn edit_of(document: &Document, proposals: &[Proposal]) -> Option<Edit> {
    let ticked = || {
        proposals
            .iter()
            .filter(|one| one.ticked && one.is_decided())
    };
    let recorded = ticked().filter_map(|one| one.recorded.as_ref());
    let recorded: Vec<_> = recorded
        .filter_map(|one| Some((&one.proposal, one.choice?)))
        .collect();
    if !recorded.is_empty() {
        return propose::edit(document, &recorded);
    }
    let implied: Vec<&Suggestion> = ticked().map(|one| &one.suggestion).collect();
    edit(document, &implied)
}

/// Draws flows, with the externals that they need, as one change.
fn edit(document: &Document, chosen: &[&Suggestion]) -> Option<Edit> {
    let mut drawn = document.clone();
    let mut edits = Vec::new();
    let mut make = |drawn: &mut Document, thing: Thing| {
        let edit = Edit::Add(thing);
        edits.extend(edit.apply(drawn).is_ok().then_some(edit));
    };
    for end in chosen.iter().flat_map(|one| [&one.from, &one.to]) {
        let is_missing = Words::new(&drawn).end(end).is_err();
        if let Some(external) = external_of(end).filter(|_| is_missing) {
            make(&mut drawn, Thing::External(external));
        }
    }
    let flows: Vec<Flow> = {
        let words = Words::new(&drawn);
        chosen.iter().filter_map(|one| flow(&words, one)).collect()
    };
    let count = flows.len();
    for flow in flows {
        make(&mut drawn, Thing::Flow(flow));
    }
    let title = match count {
        0 => return None,
        1 => "Draw 1 suggested flow".to_owned(),
        count => format!("Draw {count} suggested flows"),
    };
    Some(Edit::Batch(title, edits))
}

fn flow(words: &Words, suggestion: &Suggestion) -> Option<Flow> {
    let ends: [Option<End>; 2] = [&suggestion.from, &suggestion.to].map(|end| words.end(end).ok());
    let [Some(from), Some(to)] = ends else {
        return None;
    };
    let ports = ports(suggestion);
    (!ports.is_empty()).then(|| Flow::new(from, to, ports))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suggest::Evidence;

    const PROJECT: &str = "format: drawbridge/1
namespaces: [{name: shop}]
workloads:
- {name: web, namespace: shop, labels: {app: web}}
- {name: db, namespace: shop, labels: {app: db}}
flows:
- {from: shop/web, to: shop/db, ports: [TCP/5432]}
";

    fn project() -> Document {
        crate::project::format::read(PROJECT, "p").unwrap().0
    }

    fn suggestion(from: &str, to: &str, port: &str, strength: Strength) -> Suggestion {
        Suggestion {
            from: from.into(),
            to: to.into(),
            ports: vec![port.into()],
            strength,
            evidence: vec![Evidence {
                file: "a.yaml".into(),
                line: 3,
                text: "env A=b".into(),
            }],
        }
    }

    #[test]
    fn certain_ones_are_ticked_and_drawn_ones_left_out() {
        let all = [
            suggestion("shop/web", "shop/db", "TCP/5432", Strength::Strong),
            suggestion("shop/web", "shop/db", "TCP/5433", Strength::Strong),
            suggestion("shop/db", "shop/web", "TCP/80", Strength::Medium),
            suggestion("shop/db", "external/a.example", "TCP/443", Strength::Strong),
            suggestion("shop/db", "external/192.0.2.7", "TCP/443", Strength::Strong),
            suggestion(INGRESS_CONTROLLER, "shop/web", "TCP/80", Strength::Strong),
            suggestion("shop/gone", "shop/web", "TCP/80", Strength::Strong),
        ];
        let found = proposals(&project(), &all);
        let seen: Vec<_> = (found.iter())
            .map(|p| (p.suggestion.to.as_str(), p.ticked, p.can_be_drawn))
            .collect();
        assert_eq!(
            seen,
            [
                ("shop/db", true, true),
                ("shop/web", false, true),
                ("external/a.example", false, true),
                ("external/192.0.2.7", true, true),
                ("shop/web", false, false),
                ("shop/web", false, false),
            ]
        );
        assert!(found.iter().all(|p| p.ticked == p.reason.is_empty()));
    }

    #[test]
    fn externals_are_added_once_and_flows_have_their_ports() {
        let all = [
            suggestion(
                "shop/web",
                "external/192.0.2.7",
                "TCP/443",
                Strength::Strong,
            ),
            suggestion("shop/db", "external/192.0.2.7", "UDP/53", Strength::Strong),
            suggestion(
                "external/Internet",
                "shop/web",
                "TCP/8080",
                Strength::Strong,
            ),
            suggestion("shop/db", "external/a.example", "any", Strength::Weak),
        ];
        let mut document = project();
        let chosen: Vec<&Suggestion> = all.iter().collect();
        let edit = edit(&document, &chosen).unwrap();
        assert_eq!(edit.name(&document), "Draw 4 suggested flows");
        edit.apply(&mut document).unwrap();
        let text = crate::project::format::write(&document);
        for line in [
            "name: \"192.0.2.7\"",
            "192.0.2.7/32",
            "domainNames: [a.example]",
            "0.0.0.0/0",
            "::/0",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert_eq!(document.externals.len(), 3);
        assert_eq!(document.flows.len(), 5);
        assert!(proposals(&document, &all).is_empty());
    }

    #[test]
    fn arrows_are_between_known_ends_and_outside() {
        let all = [
            suggestion("shop/web", "shop/db", "TCP/5432", Strength::Strong),
            suggestion("shop/db", "shop/web", "TCP/80", Strength::Medium),
            suggestion("shop/db", "external/a.example", "TCP/443", Strength::Weak),
            suggestion("shop/db", "external/192.0.2.7", "TCP/25", Strength::Strong),
            suggestion(INGRESS_CONTROLLER, "shop/web", "TCP/80", Strength::Strong),
        ];
        let document = project();
        let mut suggested = Suggested::default();
        suggested.keep(&document, 1, &all);
        let name = |node| match node {
            OUTSIDE => "outside",
            node => document.node_name(node),
        };
        let ends: Vec<String> = (suggested.arrows.iter())
            .map(|a| format!("{} {} {}", name(a.id.from), name(a.id.to), a.label))
            .collect();
        assert_eq!(ends, ["db web TCP 80", "db outside TCP 25, TCP 443"]);
        assert_eq!(suggested.count, 3, "drawn ones are left out");
        suggested.keep(&document, 1, &all[..1]);
        assert_eq!(suggested.count, 0);
    }

    #[test]
    fn nothing_chosen_draws_nothing() {
        assert!(edit(&project(), &[]).is_none());
    }
}
