//! What typed labels or a typed selector would change, shown below the field before it is left, and what a drop into
//! another namespace would: policies that start or stop to select pods, connections that open or close.

use egui::{Id, Ui};

use super::Inspect;
use crate::app::icons;
use crate::app::jobs::{Memo, Pool};
use crate::app::panels::compare::long;
use crate::app::selection::only;
use crate::app::theme::{self, color};
use crate::app::widgets::{self, Drafts};
use crate::model::{Document, Edit, Item, NamespaceId, NodeRef, Thing, WorkloadId};
use crate::query::compare::{Difference, Way};
use crate::query::label_change::{LabelChange, Selection, label_change};
use crate::scene::tokens;

/// How many policies, workloads and connections are named; the rest is counted.
const SHOWN: usize = 4;

/// The Document and the draft that changes it.
type Asked = (Document, Edit);

/// The newest answer.
#[derive(Default)]
pub struct LabelChangeView {
    answer: Memo<Asked, Option<LabelChange>>,
    /// The move into another namespace that is being dragged.
    pending: Option<(NamespaceId, Edit)>,
}

impl LabelChangeView {
    /// Compares the Document with itself as if the pending move, or the labels being typed, were taken over, on the
    /// worker pool.
    pub(super) fn keep(
        &mut self,
        document: &Document,
        (drafts, pending): (&Drafts, Option<(NamespaceId, Edit)>),
        pool: &Pool,
    ) {
        self.pending = pending;
        let dragged = self.pending.as_ref().map(|(_, edit)| edit);
        let typed = || drafts.edits().find(|edit| is_of_labels(document, edit));
        let Some(edit) = dragged.or_else(typed) else {
            if self.answer.asked().is_some() {
                self.answer.forget();
            }
            return;
        };
        let (before, edit) = (document.clone(), edit.clone());
        let key = (before.clone(), edit.clone());
        self.answer.keep(key, pool, move |cancel| {
            let mut after = before.clone();
            edit.apply(&mut after).ok()?;
            label_change(&before, &after, &|| cancel.is_set())
        });
    }
}

/// Whether an edit changes labels or a selector.
fn is_of_labels(document: &Document, edit: &Edit) -> bool {
    match edit {
        Edit::Change(Item::Workload(id), Thing::Workload(new)) => {
            let old = document.workloads.get(*id);
            old.is_some_and(|old| old.labels != new.labels || old.selector != new.selector)
        }
        Edit::Change(Item::Namespace(id), Thing::Namespace(new)) => {
            let old = document.namespaces.get(*id);
            old.is_some_and(|old| old.labels != new.labels)
        }
        _ => false,
    }
}

/// Shows what the draft of a field would change; nothing if that is nothing.
pub fn preview_ui(ui: &mut Ui, inspect: &Inspect<'_>, field: Id) {
    let Some(edit) = inspect.drafts.edit_of(field) else {
        return;
    };
    if let (true, Edit::Change(item, _)) = (is_of_labels(inspect.document, edit), edit) {
        answer_ui(ui, inspect, edit, *item);
    }
}

/// Shows what a drop into another namespace would change, while workloads are dragged over it.
pub fn move_ui(ui: &mut Ui, inspect: &Inspect<'_>) {
    let Some((into, edit)) = &inspect.inspector.label_change.pending else {
        return;
    };
    let item = match only(inspect.selection) {
        Some(item) => item,
        None => Item::Namespace(*into),
    };
    let name = inspect.document.node_name(NodeRef::Namespace(*into));
    let color = color(theme::palette(ui.ctx()).text);
    widgets::message(ui, icons::ARROW_RIGHT, &format!("Move to {name}"), color);
    let answer = inspect.inspector.label_change.answer.answer();
    match answer {
        Some((asked, Some(change))) if asked.1 == *edit && change.is_empty() => {
            widgets::faint(
                ui,
                "No policy selects other pods; no connection opens or closes.",
            );
        }
        _ => answer_ui(ui, inspect, edit, item),
    }
}

/// Shows the answer about an edit of an item. While a newer one is computed, the last one is faint.
fn answer_ui(ui: &mut Ui, inspect: &Inspect<'_>, edit: &Edit, item: Item) {
    let document = inspect.document;
    let is = |asked: &Asked| asked.1 == *edit && asked.0 == *document;
    let answer = &inspect.inspector.label_change.answer;
    if !answer.asked().is_some_and(is) {
        // What was typed in this frame is sent in the next one.
        ui.ctx().request_repaint();
    }
    let Some((asked, Some(change))) = answer.answer() else {
        return;
    };
    let palette = theme::palette(ui.ctx());
    let (head, text) = match is(asked) {
        true => (palette.text, palette.text_secondary),
        false => (palette.text_faint, palette.text_faint),
    };
    for line in lines(change, item, document) {
        match line.icon {
            Some(icon) => drop(widgets::message(ui, icon, &line.text, color(head))),
            None => {
                ui.horizontal_top(|ui| {
                    ui.add_space(tokens::TEXT_SMALL + 6.0);
                    let line = egui::RichText::new(line.text);
                    let line = line
                        .font(theme::sans(tokens::TEXT_SMALL))
                        .color(color(text));
                    ui.add(egui::Label::new(line).wrap());
                });
            }
        }
    }
}

/// One line; those without an icon belong to the one above.
#[derive(Debug, PartialEq)]
struct Line {
    icon: Option<&'static str>,
    text: String,
}

fn lines(change: &LabelChange, item: Item, document: &Document) -> Vec<Line> {
    let mut lines = Vec::new();
    for (icon, [of_it, of_others], selections) in [
        (
            icons::PLUS,
            ["Starts to be selected by", "starts to select"],
            &change.starts,
        ),
        (
            icons::MINUS,
            ["No longer selected by", "no longer selects"],
            &change.stops,
        ),
    ] {
        let (own, others) = split(selections, item);
        let line = |text| Line {
            icon: Some(icon),
            text,
        };
        if !own.is_empty() {
            let names = named(own.iter().map(|s| policy(s)));
            lines.push(line(format!(
                "{of_it} {}: {names}",
                count(own.len(), "policy", "policies")
            )));
        }
        for (selection, workloads) in others.iter().take(SHOWN) {
            let name = |id: &WorkloadId| document.node_name(NodeRef::Workload(*id)).to_owned();
            let names = named(workloads.iter().map(name));
            lines.push(line(format!("{} {of_others} {names}", policy(selection))));
        }
        if others.len() > SHOWN {
            let more = count(others.len() - SHOWN, "more policy", "more policies");
            lines.push(line(format!("The same for {more}")));
        }
    }
    for (icon, verb, way) in [
        (icons::PLUS, "Opens", Way::Opens),
        (icons::MINUS, "Closes", Way::Closes),
    ] {
        let all: Vec<&Difference> = change.of(way).collect();
        if all.is_empty() {
            continue;
        }
        let text = format!("{verb} {}", count(all.len(), "connection", "connections"));
        let icon = Some(icon);
        lines.push(Line { icon, text });
        let shown = all.iter().take(SHOWN).map(|d| connection(d));
        let more = all.len().saturating_sub(SHOWN);
        let more = (more > 0).then(|| format!("and {more} more"));
        lines.extend(shown.chain(more).map(|text| Line { icon: None, text }));
    }
    lines
}

/// `shop/web to shop/db on TCP 5432`.
fn connection(difference: &Difference) -> String {
    let (from, to) = (long(&difference.from), long(&difference.to));
    let ports = match difference.ports.is_all() {
        true => "any port".to_owned(),
        false => difference.ports.to_string(),
    };
    match difference.from == difference.to {
        true => format!("replicas of {from} to each other on {ports}"),
        false => format!("{from} to {to} on {ports}"),
    }
}

type Others<'a> = Vec<(&'a Selection, Vec<WorkloadId>)>;

/// The policies that select the item itself, and those that select others.
fn split(selections: &[Selection], item: Item) -> (Vec<&Selection>, Others<'_>) {
    let is_own = |id: &WorkloadId| Item::Workload(*id) == item;
    let own = selections.iter().filter(|s| s.workloads.iter().any(is_own));
    let others = selections.iter().filter_map(|selection| {
        let others = selection.workloads.iter().filter(|id| !is_own(id));
        let others: Vec<WorkloadId> = others.copied().collect();
        (!others.is_empty()).then_some((selection, others))
    });
    (own.collect(), others.collect())
}

fn policy(selection: &Selection) -> String {
    let imported = if selection.imported {
        " (imported)"
    } else {
        ""
    };
    format!("{}{imported}", selection.policy)
}

/// `a, b and 3 more`.
fn named(names: impl ExactSizeIterator<Item = String>) -> String {
    let more = names.len().saturating_sub(SHOWN);
    let shown: Vec<String> = names.take(SHOWN).collect();
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::Fixture;

    fn texts(change: &LabelChange, item: Item, document: &Document) -> Vec<String> {
        let lines = lines(change, item, document).into_iter();
        lines.map(|line| line.text).collect()
    }

    #[test]
    fn connections_are_counted_and_some_are_named() {
        use crate::analysis::changes::Name;
        use crate::query::compare::Party;
        use crate::sets::{PortSet, Protocol};

        let party = |name: &str| {
            let name = Name {
                namespace: "shop".to_owned(),
                name: name.to_owned(),
                kind: "Deployment".to_owned(),
                pod: None,
            };
            Party::Workload(name.into())
        };
        let difference = |way, from, to, ports| Difference {
            way,
            from: party(from),
            to: party(to),
            ports,
        };
        let opens = ["a", "b", "c", "d", "e"].into_iter();
        let opens = opens.map(|from| difference(Way::Opens, from, "a", PortSet::all()));
        let postgres = PortSet::single(Protocol::Tcp, 5432);
        let closes = difference(Way::Closes, "a", "b", postgres);
        let change = LabelChange {
            differences: opens.chain([closes]).collect(),
            ..LabelChange::default()
        };
        let mut fixture = Fixture::new();
        let item = Item::Workload(fixture.workload("shop/a", "app=a"));
        assert_eq!(
            texts(&change, item, &fixture.document),
            [
                "Opens 5 connections",
                "replicas of shop/a to each other on any port",
                "shop/b to shop/a on any port",
                "shop/c to shop/a on any port",
                "shop/d to shop/a on any port",
                "and 1 more",
                "Closes 1 connection",
                "shop/a to shop/b on TCP 5432",
            ]
        );
    }

    #[test]
    fn policies_of_the_workload_and_of_others_are_named() {
        let mut fixture = Fixture::new();
        let ids: Vec<WorkloadId> = (0..6)
            .map(|at| fixture.workload(&format!("shop/w{at}"), &format!("app=w{at}")))
            .collect();
        let selection = |policy: &str, imported, workloads: &[WorkloadId]| Selection {
            policy: policy.to_owned(),
            imported,
            workloads: workloads.to_vec(),
        };
        let change = LabelChange {
            starts: vec![selection("shop/pg", true, &ids)],
            stops: vec![
                selection("shop/a", false, &ids[..1]),
                selection("shop/b", false, &ids[..1]),
            ],
            differences: Vec::new(),
        };
        let document = &fixture.document;
        assert_eq!(
            texts(&change, Item::Workload(ids[0]), document),
            [
                "Starts to be selected by 1 policy: shop/pg (imported)",
                "shop/pg (imported) starts to select w1, w2, w3, w4 and 1 more",
                "No longer selected by 2 policies: shop/a, shop/b",
            ]
        );
        let namespace = document.namespace_named("shop").unwrap();
        let lines = texts(&change, Item::Namespace(namespace), document);
        assert_eq!(
            lines[0],
            "shop/pg (imported) starts to select w0, w1, w2, w3 and 2 more"
        );
        assert_eq!(lines[1], "shop/a no longer selects w0");
        assert!(texts(&LabelChange::default(), Item::Workload(ids[0]), document).is_empty());
    }
}
