//! An invariant that the policies must satisfy, whatever is drawn: its form and its verdict.

use egui::{Id, Ui};

use super::Inspect;
use super::parts::{self, trial};
use crate::app::command::Command;
use crate::app::icons;
use crate::app::problems::{self, sentence};
use crate::app::theme::{self, color};
use crate::app::widgets::{self, Field};
use crate::model::{
    Claim, Document, Edit, End, Invariant, InvariantId, Item, Thing, Words, validate,
};
use crate::query::Breach;
use crate::query::Outcome;

/// Shows the invariant.
pub fn show(ui: &mut Ui, inspect: &mut Inspect<'_>, id: InvariantId) {
    let document = inspect.document;
    let Some(invariant) = document.invariants.get(id) else {
        return;
    };
    let item = Item::Invariant(id);
    widgets::head(
        ui,
        "Invariant",
        &invariant.name,
        &Words::new(document).demand(invariant),
    );
    parts::name_field(ui, inspect, item, &invariant.name);
    let form = Form {
        document,
        id,
        invariant,
    };
    form.claim(ui, inspect);
    form.end(ui, inspect, Side::From);
    if invariant.claim != Claim::Allow || !invariant.except.is_empty() {
        form.except(ui, inspect);
    }
    form.end(ui, inspect, Side::To);
    form.ports(ui, inspect);
    ui.add_space(4.0);
    state(ui, inspect, id);
    parts::delete(ui, inspect, "Delete invariant");
}

#[derive(Clone, Copy)]
enum Side {
    From,
    To,
}

struct Form<'a> {
    document: &'a Document,
    id: InvariantId,
    invariant: &'a Invariant,
}

impl Form<'_> {
    /// An edit that changes the invariant.
    fn changed(&self, change: impl FnOnce(&mut Invariant)) -> Edit {
        let mut changed = self.invariant.clone();
        change(&mut changed);
        Edit::Change(Item::Invariant(self.id), Thing::Invariant(changed))
    }

    fn claim(&self, ui: &mut Ui, inspect: &mut Inspect<'_>) {
        let all = [
            (Claim::Deny, "Must not"),
            (Claim::DenyAnyHops, "Not in any hops"),
            (Claim::Allow, "Must"),
        ];
        widgets::labelled(ui, "Reach", |ui| {
            if let Some(claim) = widgets::segments(ui, "Reach", self.invariant.claim, &all) {
                inspect.commands.edit(self.changed(|i| i.claim = claim));
            }
        });
    }

    fn end(&self, ui: &mut Ui, inspect: &mut Inspect<'_>, side: Side) {
        let (name, end) = match side {
            Side::From => ("From", &self.invariant.from),
            Side::To => ("To", &self.invariant.to),
        };
        let text = end.as_ref().map(|end| self.document.end_words(end));
        let hint = match self.invariant.claim {
            Claim::Allow => "namespace/workload",
            Claim::Deny | Claim::DenyAnyHops => "anything",
        };
        widgets::labelled(ui, name, |ui| {
            let text = text.unwrap_or_default();
            let field = Field::new((name, self.id), name, &text).mono().hint(hint);
            field.show(ui, inspect.drafts, inspect.commands, |text| {
                let end = match text.trim() {
                    "" => None,
                    words => Some(self.document.end_from_words(words)?),
                };
                let edit = self.changed(|i| match side {
                    Side::From => i.from = end,
                    Side::To => i.to = end,
                });
                trial(self.document, edit)
            });
        });
    }

    fn except(&self, ui: &mut Ui, inspect: &mut Inspect<'_>) {
        let ends = &self.invariant.except;
        let texts = parts::Texts {
            id: Id::new(("except", self.id)),
            name: "Except",
            hint: "payments/*",
            texts: ends.iter().map(|e| self.document.end_words(e)).collect(),
        };
        widgets::labelled(ui, "Except", |ui| {
            texts.show(ui, inspect, |at, text| {
                let mut ends: Vec<End> = ends.clone();
                match text {
                    None if at < ends.len() => _ = ends.remove(at),
                    None => {}
                    Some(words) => {
                        let end = self.document.end_from_words(words)?;
                        match ends.get_mut(at) {
                            Some(there) => *there = end,
                            None => ends.push(end),
                        }
                    }
                }
                trial(self.document, self.changed(|i| i.except = ends))
            });
        });
    }

    fn ports(&self, ui: &mut Ui, inspect: &mut Inspect<'_>) {
        let ports = &self.invariant.ports;
        let text = match ports.is_empty() {
            true => String::new(),
            false => validate::flow_ports_text(ports),
        };
        let hint = match self.invariant.claim {
            Claim::Allow => "50051, or any",
            Claim::Deny | Claim::DenyAnyHops => "every port",
        };
        widgets::labelled(ui, "Ports", |ui| {
            let field = Field::new(("invariant ports", self.id), "Ports", &text).mono();
            field
                .hint(hint)
                .show(ui, inspect.drafts, inspect.commands, |text| {
                    let ports = match text.trim() {
                        "" => Vec::new(),
                        text => validate::flow_ports(text)?,
                    };
                    trial(self.document, self.changed(|i| i.ports = ports))
                });
        });
    }
}

/// Whether it holds; if not, the path that breaks it.
fn state(ui: &mut Ui, inspect: &mut Inspect<'_>, id: InvariantId) {
    let palette = theme::palette(ui.ctx());
    let judged = inspect.results.invariants.iter().find(|j| j.id == id);
    match judged.map(|judged| &judged.outcome) {
        None => {}
        Some(Outcome::Kept) => widgets::banner(
            ui,
            icons::CHECK,
            "Holds",
            "The policies in force satisfy it",
            color(palette.exact),
            color(palette.exact_soft),
        ),
        Some(Outcome::CannotBeJudged(why)) => widgets::banner(
            ui,
            icons::NOTE,
            "Cannot be evaluated",
            &sentence(&why.to_string()),
            color(palette.text_secondary),
            color(palette.canvas),
        ),
        Some(Outcome::Broken(breach)) => {
            widgets::banner(
                ui,
                icons::X,
                "Broken",
                &sentence(&problems::broken(breach)),
                color(palette.blocked),
                color(palette.blocked_soft),
            );
            hops(ui, inspect, breach);
        }
    }
}

/// The hops of the path that breaks it, each with a link to its explanation.
fn hops(ui: &mut Ui, inspect: &mut Inspect<'_>, breach: &Breach) {
    let foreground = color(theme::palette(ui.ctx()).text);
    for hop in &breach.hops {
        let question = problems::of_hop(inspect.document, hop);
        egui::Sides::new().shrink_left().show(
            ui,
            |ui| widgets::code(ui, problems::hop_words(inspect.document, hop), foreground),
            |ui| {
                if let Some(question) = question
                    && widgets::link(ui, "Why").clicked()
                {
                    inspect.commands.push(Command::Why {
                        from: question.from,
                        to: question.to,
                        port: question.port,
                    });
                }
            },
        );
    }
}
