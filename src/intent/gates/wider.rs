//! What flows allow at most that the dialect cannot express and the user accepts in a wider form.

use super::{Bound, Intended, Intent, policies};
use crate::model::{Document, End, Flow, FlowId};
use crate::policy::{
    Approximation, Form, Loss, Match, Network, Part, Peer, PortItem, PortMatch, Wider,
};

/// The wider forms of the flows in force, as far as they are not left out. They are what such a flow may allow, whether
/// policies were written in them or not.
pub(crate) fn approximations(document: &Document, losses: &[Loss]) -> Vec<Approximation> {
    let flows = document.flows.iter();
    let chosen = flows.filter(|(_, flow)| flow.allows() && flow.approximate);
    let one = |(id, flow): (FlowId, &Flow)| {
        let of_flow = losses.iter().filter(|loss| loss.flow == id.into());
        let exceptions: Vec<&Part> = of_flow.map(|loss| &loss.part).collect();
        let forms = forms(document, flow, &exceptions);
        forms.into_iter().map(move |form| Approximation {
            flow: id.into(),
            form,
        })
    };
    chosen.flat_map(one).collect()
}

/// The wider forms that a flow has in the dialect of the document, if the user chooses them.
pub(crate) fn forms(document: &Document, flow: &Flow, exceptions: &[&Part]) -> Vec<Form> {
    if flow.denies || exceptions.contains(&&Part::Flow) {
        return Vec::new();
    }
    let left_out = |part: Part| exceptions.contains(&&part);
    let ports = flow.ports.iter();
    let ports = ports.filter(|port| !left_out(Part::Port(port.to_string())));
    let ports = match policies::port_match(&ports.cloned().collect::<Vec<_>>()) {
        Match::Any => Match::Any,
        Match::Only(items) => Match::Only(only_ports(items)),
    };
    if ports == Match::Only(Vec::new()) {
        return Vec::new();
    }
    let names = destinations(document, flow).iter();
    let names = names.filter(|name| !left_out(Part::Domain((*name).clone())));
    let names: Vec<String> = names.cloned().collect();
    Form::of(document.settings.target(), &ports, &flow.http, &names)
}

fn only_ports(items: Vec<PortItem>) -> Vec<PortMatch> {
    items.into_iter().map(|item| item.port).collect()
}

/// What the flows allow as they are drawn that are accepted in a wider form.
pub(crate) fn without_wider_forms(document: &Document) -> Vec<Intent> {
    let bound = Bound::Upper;
    let intended = Intended { document, bound };
    let flows = document.flows.iter();
    let chosen = flows.filter(|(_, flow)| flow.allows() && flow.approximate);
    let one = |(id, flow): (FlowId, &Flow)| {
        let drawn = Flow {
            approximate: false,
            ..flow.clone()
        };
        intended.flow(id, &drawn, &[])
    };
    chosen.flat_map(one).collect()
}

/// The domain names that a flow leads to.
fn destinations<'d>(document: &'d Document, flow: &Flow) -> &'d [String] {
    match flow.to {
        End::External(id) => document.externals.get(id).map_or(&[], |e| &e.domain_names),
        _ => &[],
    }
}

impl Intended<'_> {
    /// The destination of a flow: where its domain names are allowed in a wider form, all addresses outside are in their
    /// place. A name may have any of these, so that the flow needs all of them.
    pub(super) fn destination(&self, flow: &Flow, exceptions: &[&Part]) -> Option<Peer> {
        let forms = match flow.approximate {
            true => forms(self.document, flow, exceptions),
            false => Vec::new(),
        };
        if !forms.iter().any(|form| form.wider == Wider::AnyAddress) {
            return self.end(&flow.to, exceptions);
        }
        let names = destinations(self.document, flow).iter();
        let names: Vec<Part> = names.cloned().map(Part::Domain).collect();
        let exceptions: Vec<&Part> = exceptions.iter().copied().chain(&names).collect();
        let others = self.end(&flow.to, &exceptions)?;
        let outside = self.addresses(Network::outside().iter());
        Some(Peer::AnyOf(vec![others, outside]))
    }
}
