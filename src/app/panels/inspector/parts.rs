//! Parts shared by inspectors: heads, name fields, labels, selectors, lists of matching workloads.

use egui::{Id, Sense, Stroke, Ui, UiBuilder, vec2};

use super::{Inspect, label_change};
use crate::app::canvas;
use crate::app::command::Command;
use crate::app::icons;
use crate::app::panels::side;
use crate::app::theme::{self, color};
use crate::app::widgets::{self, Field, Row};
use crate::model::{Base, Document, Edit, FlowId, Isolate, Item, Refusal, WorkloadId, validate};
use crate::proof::Verdict;
use crate::scene::request::ports_label;
use crate::scene::tokens;
use crate::sets::{LabelOp, Labels, Selector};

/// The edit if the Document accepts it, or the refusal. Tries it on a copy, which is cheap.
pub fn trial(document: &Document, edit: Edit) -> Result<Option<Edit>, Refusal> {
    edit.apply(&mut document.clone()).map(|_| Some(edit))
}

/// A section, which folds; `answer`: what it says while it is folded.
pub fn section(
    ui: &mut Ui,
    inspect: &mut Inspect<'_>,
    (name, answer): (&str, &str),
    content: impl FnOnce(&mut Ui, &mut Inspect<'_>),
) {
    let is_low = ui.ctx().content_rect().height() < side::LOW;
    let open = inspect
        .layout
        .is_open(name, inspect.sections == 0 || !is_low);
    inspect.sections += 1;
    ui.add_space(4.0);
    if widgets::fold(ui, name, answer, open).clicked() {
        inspect.layout.set_open(name, !open);
    }
    if open {
        content(ui, inspect);
    }
}

/// The name field, which F2 focuses.
pub fn name_field(ui: &mut Ui, inspect: &mut Inspect<'_>, item: Item, name: &str) {
    let document = inspect.document;
    widgets::labelled(ui, "Name", |ui| {
        Field::new(name_id(item), "Name", name).show(
            ui,
            inspect.drafts,
            inspect.commands,
            |text| trial(document, Edit::Rename(item, text.trim().to_owned())),
        );
    });
}

/// The id source of the name field.
pub fn name_id(item: Item) -> Id {
    Id::new(("name of", item))
}

/// A list of texts, one field each, with a field to add one: labels, requirements, ports, blocks.
pub struct Texts<'a> {
    /// Distinguishes it from other lists.
    pub id: Id,
    /// The name of one text for screen readers: `Label`.
    pub name: &'a str,
    /// The hint of the field that adds a text.
    pub hint: &'a str,
    /// The texts.
    pub texts: Vec<String>,
}

impl Texts<'_> {
    /// The field that adds a text to the list of that id.
    pub fn field_that_adds(id: Id) -> Id {
        Field::id_of((id, "add"))
    }

    /// Shows the list. `change` returns the edit that sets the text at an index (past the end: adds
    /// one), or removes it with `None`.
    pub fn show(
        &self,
        ui: &mut Ui,
        inspect: &mut Inspect<'_>,
        change: impl Fn(usize, Option<&str>) -> Result<Option<Edit>, Refusal>,
    ) {
        for (at, text) in self.texts.iter().enumerate() {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                let name = format!("{} {}", self.name, at + 1);
                let width = ui.available_width() - tokens::BUTTON - 2.0;
                ui.vertical(|ui| {
                    ui.set_width(width);
                    let field = Field::new((self.id, at), &name, text).mono();
                    field.show(ui, inspect.drafts, inspect.commands, |text| {
                        match text.trim() {
                            "" => change(at, None),
                            text => change(at, Some(text)),
                        }
                    });
                    label_change::preview_ui(ui, inspect, Field::id_of((self.id, at)));
                });
                let remove = format!("Remove {text}");
                if widgets::icon_button(ui, icons::X, &remove).clicked()
                    && let Ok(Some(edit)) = change(at, None)
                {
                    inspect.commands.edit(edit);
                }
            });
        }
        let name = format!("Add {}", self.name.to_lowercase());
        let end = self.texts.len();
        Field::new((self.id, "add"), &name, "")
            .mono()
            .hint(self.hint)
            .again()
            .show(ui, inspect.drafts, inspect.commands, |text| {
                match text.trim() {
                    "" => Ok(None),
                    text => change(end, Some(text)),
                }
            });
        label_change::preview_ui(ui, inspect, Self::field_that_adds(self.id));
    }
}

/// Labels, one field each.
pub fn labels(
    ui: &mut Ui,
    inspect: &mut Inspect<'_>,
    title: &str,
    id: Id,
    labels: &Labels,
    make: impl Fn(Labels) -> Edit,
) {
    let document = inspect.document;
    let pairs: Vec<(String, String)> = labels.clone().into_iter().collect();
    let texts = Texts {
        id,
        name: "Label",
        hint: "key=value",
        texts: pairs
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect(),
    };
    widgets::labelled(ui, title, |ui| {
        texts.show(ui, inspect, |at, text| {
            let others = pairs.iter().enumerate().filter(|(other, _)| *other != at);
            let mut changed: Labels = others.map(|(_, pair)| pair.clone()).collect();
            if let Some(text) = text {
                changed.extend(validate::labels(text)?);
            }
            trial(document, make(changed))
        });
    });
}

/// A selector: matchLabels and matchExpressions, one field each.
pub fn selector(
    ui: &mut Ui,
    inspect: &mut Inspect<'_>,
    id: Id,
    selector: &Selector,
    make: impl Fn(Selector) -> Edit,
) {
    let document = inspect.document;
    let is_label = |op: &LabelOp| matches!(op, LabelOp::In(values) if values.len() == 1);
    for (title, hint, labels) in [
        ("matchLabels", "key=value", true),
        ("matchExpr.", "tier in (a, b)   !legacy", false),
    ] {
        let places: Vec<usize> = (0..selector.requirements.len())
            .filter(|at| {
                selector
                    .requirements
                    .get(*at)
                    .is_some_and(|r| is_label(&r.op) == labels)
            })
            .collect();
        let one = |at: &usize| {
            let requirement = selector.requirements.get(*at).cloned();
            validate::selector_text(&Selector {
                requirements: requirement.into_iter().collect(),
            })
        };
        let name = if labels { "Label" } else { "Expression" };
        let texts = Texts {
            id: id.with(title),
            name,
            hint,
            texts: places.iter().map(one).collect(),
        };
        let shown = widgets::labelled(ui, title, |ui| {
            texts.show(ui, inspect, |at, text| {
                let mut changed = selector.clone();
                let typed = text
                    .map(validate::selector)
                    .transpose()?
                    .unwrap_or_default()
                    .requirements;
                match places.get(at) {
                    Some(place) => drop(changed.requirements.splice(*place..*place + 1, typed)),
                    None => changed.requirements.extend(typed),
                }
                trial(document, make(changed))
            });
            ui.min_rect()
        });
        if !labels {
            let help = "key in (a, b)\nkey notin (a, b)\nkey   (exists)\n!key   (does not exist)";
            ui.interact(shown, id.with("help"), egui::Sense::hover())
                .on_hover_text(help);
        }
    }
}

/// "Matches these N workloads" and their names; a click reveals one.
pub fn matches(ui: &mut Ui, inspect: &mut Inspect<'_>, ids: &[WorkloadId], nothing: &str) {
    let count = ids.len();
    let text = match count {
        0 => nothing.to_owned(),
        1 => "Matches this workload".to_owned(),
        _ => format!("Matches these {count} workloads"),
    };
    ui.add_space(2.0);
    if count == 0 {
        let foreground = color(theme::palette(ui.ctx()).wide);
        widgets::message(ui, icons::WARNING, &text, foreground);
        return;
    }
    widgets::small(ui, text);
    const SHOWN: usize = 12;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(6.0, 6.0);
        for id in ids.iter().take(SHOWN) {
            let Some(workload) = inspect.document.workloads.get(*id) else {
                continue;
            };
            if widgets::chip(ui, &workload.name, false, false).clicked() {
                inspect.commands.push(Command::Reveal(Item::Workload(*id)));
            }
        }
        if count > SHOWN {
            widgets::faint(ui, format!("and {} more", count - SHOWN));
        }
    });
}

/// A flow with its verdict and its ports; whether it was clicked.
pub fn flow_row(ui: &mut Ui, inspect: &Inspect<'_>, id: FlowId) -> bool {
    let document = inspect.document;
    let Some(flow) = document.flows.get(id) else {
        return false;
    };
    let verdict = inspect.results.proof.verdicts.get(&id).copied();
    let palette = theme::palette(ui.ctx());
    let (icon, foreground) = match (canvas::icon_of(verdict), verdict) {
        (Some(icon), _) => (icon, canvas::colors_of(verdict, palette).1),
        (None, Some(Verdict::Exact)) => (icons::CHECK, color(palette.exact)),
        (None, _) => (icons::ARROW_RIGHT, color(palette.text_secondary)),
    };
    let (name, ports) = (document.flow_name(id), ports_label(&flow.ports));
    let row = Row::new(icon, &name).icon_color(foreground).end(&ports);
    row.show(ui)
        .on_hover_text(canvas::words_of(verdict))
        .clicked()
}

/// The choices of default deny.
pub const BASES: [(Base, &str); 4] = [
    (Base::DenyAll, "Both"),
    (Base::DenyIngress, "Ingress only"),
    (Base::DenyEgress, "Egress only"),
    (Base::None, "None"),
];

/// The name of a default deny in text.
pub fn base_name(base: Base) -> &'static str {
    match base {
        Base::DenyAll => "deny all",
        Base::DenyIngress => "deny ingress",
        Base::DenyEgress => "deny egress",
        Base::None => "no default deny",
    }
}

/// The button that deletes the selection.
pub fn delete(ui: &mut Ui, inspect: &mut Inspect<'_>, text: &str) {
    ui.add_space(8.0);
    if actions_row(ui, |ui| widgets::danger(ui, text).clicked()) {
        inspect.commands.push(Command::Delete);
    }
}

/// The directions in which an object isolates its pods; `edit` is the change to others.
pub fn isolate(
    ui: &mut Ui,
    inspect: &mut Inspect<'_>,
    now: Isolate,
    edit: impl FnOnce(Isolate) -> Edit,
) {
    widgets::labelled(ui, "Isolate", |ui| {
        let all = [
            (Isolate::None, "None"),
            (Isolate::Ingress, "Ingress"),
            (Isolate::Egress, "Egress"),
            (Isolate::Both, "Both"),
        ];
        if let Some(isolate) = widgets::segments(ui, "Isolate", now, &all) {
            inspect.commands.edit(edit(isolate));
        }
    });
}

/// The actions of an inspector, below the rest; while that scrolls, they stay in sight at the panel's edge.
pub fn actions_row<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> R {
    let size = vec2(ui.available_width(), tokens::BUTTON);
    let (place, _) = ui.allocate_exact_size(size, Sense::hover());
    let hidden = (place.bottom() + 8.0 - ui.clip_rect().bottom()).max(0.0);
    let row = place.translate(vec2(0.0, -hidden));
    if hidden > 0.0 {
        let palette = theme::palette(ui.ctx());
        let strip = row.expand2(vec2(16.0, 8.0));
        ui.painter().rect_filled(strip, 0.0, color(palette.panel));
        let line = Stroke::new(1.0, color(palette.hairline));
        ui.painter().hline(strip.x_range(), strip.top() + 0.5, line);
    }
    ui.scope_builder(UiBuilder::new().max_rect(row), content)
        .inner
}
