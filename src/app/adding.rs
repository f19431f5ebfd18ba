//! Objects that commands add: offers of an import, and an invariant built from the selection.

use super::state::App;
use crate::model::{Claim, Document, Edit, End, Invariant, Item, NodeRef, Thing, Words};

impl App {
    /// Draws what an import offers.
    pub(super) fn accept_offer(&mut self, at: usize) {
        let offer = self
            .files
            .report
            .as_ref()
            .and_then(|report| report.offers.get(at))
            .cloned();
        let Some(offer) = offer else { return };
        self.edit(&offer.edit);
        self.view.canvas.fit_next();
        if let Some(report) = &mut self.files.report {
            report.accepted.insert(at);
        }
    }

    /// Adds what may be meant by the selection, and lets its name be typed.
    pub(super) fn add_invariant(&mut self) {
        let document = self.document();
        let selected: Vec<Item> = self.view.selection.iter().copied().collect();
        let invariant = of_selection(&document, &selected);
        self.edit(&Edit::Add(Thing::Invariant(invariant)));
        self.rename();
    }
}

/// For a flow: that it must be allowed. For two objects: that the first never reaches the second. For
/// one object: that nothing outside its namespace reaches it, or that an object outside reaches
/// nothing.
fn of_selection(document: &Document, selected: &[Item]) -> Invariant {
    let mut new = Invariant {
        name: String::new(),
        claim: Claim::Deny,
        from: None,
        except: Vec::new(),
        to: None,
        ports: Vec::new(),
        unknown: Default::default(),
    };
    let flow = selected.iter().find_map(|item| match item {
        Item::Flow(id) => document.flows.get(*id),
        _ => None,
    });
    let nodes: Vec<NodeRef> = selected.iter().filter_map(|item| item.node()).collect();
    match (nodes.as_slice(), flow) {
        ([from, to], _) => {
            (new.from, new.to) = (Some((*from).into()), Some((*to).into()));
            new.claim = Claim::DenyAnyHops;
        }
        ([node @ (NodeRef::External(_) | NodeRef::Node(_))], _) => new.from = Some((*node).into()),
        ([node], _) => {
            new.to = Some((*node).into());
            if let NodeRef::Workload(id) = node {
                let namespace = document.workloads.get(*id).map(|w| w.namespace);
                new.except = namespace.map(End::AnyPodOf).into_iter().collect();
            }
        }
        (_, Some(flow)) => {
            (new.from, new.to) = (Some(flow.from.clone()), Some(flow.to.clone()));
            new.ports.clone_from(&flow.ports);
            new.claim = Claim::Allow;
        }
        _ => {}
    }
    let has_ends = new.from.is_some() || new.to.is_some();
    let name = match has_ends {
        true => Words::new(document).demand(&new),
        false => "new invariant".to_owned(),
    };
    let short: String = name.chars().take(160).collect();
    new.name = document.fresh_invariant_name(short.trim());
    new
}
