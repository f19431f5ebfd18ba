//! The audit in the Problems tab: the score, and the findings grouped by rule, which can be filtered, fixed, ignored
//! and exported.

mod excerpt;
mod finding;
mod head;
mod line;
mod list;
mod rows;
mod score;
mod shown;

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::Ui;

use crate::app::audit::{Audit, Fixing, Form};
use crate::app::command::Commands;
use crate::app::jobs::{Memo, Pool};
use crate::app::widgets;
use crate::diag::Severity;
use crate::fix::Fixes;
use crate::model::Document;
use crate::query::Results;
use crate::report::findings;

use list::Layout;

/// State of the audit.
#[derive(Default)]
pub struct AuditView {
    audit: Memo<u64, Option<Arc<Audit>>>,
    fixes: Memo<u64, Arc<Fixes>>,
    fixing: Memo<(u64, BTreeSet<usize>), Option<Fixing>>,
    /// The findings to fix next, by their places.
    wanted: Option<BTreeSet<usize>>,
    /// The fixes that were computed.
    fixed: Option<Fixing>,
    filter: Filter,
    /// The codes whose findings are folded.
    folded: BTreeSet<&'static str>,
    /// The finding whose details are shown, by its place.
    open: Option<usize>,
    /// Whether the parts of the score are shown.
    how: bool,
    layout: Layout,
    /// Whether it takes most of the window.
    pub wide: bool,
    /// Whether to open it once it finds errors or warnings: after an import.
    pub offered: bool,
}

/// Which findings are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Filter {
    /// Words that a finding must contain.
    text: String,
    severity: Option<Severity>,
    namespace: Option<String>,
}

impl Filter {
    fn is_on(&self) -> bool {
        *self != Self::default()
    }
}

impl AuditView {
    /// Computes audit and fixes on the worker pool.
    pub fn keep(&mut self, (results, number): (&Arc<Results>, u64), pool: &Pool) {
        let results = Arc::clone(results);
        let fresh = self.audit.keep(number, pool, move |cancel| {
            Audit::of(&results, &|| cancel.is_set()).map(Arc::new)
        });
        if fresh {
            self.open = None;
            self.wanted = None;
            self.layout.forget();
        }
        let Some((of, Some(audit))) = self.audit.answer() else {
            return;
        };
        let (of, audit) = (*of, Arc::clone(audit));
        let all = Arc::clone(&audit);
        self.fixes.keep(of, pool, move |cancel| {
            Arc::new(all.fixes(&|_| true, &|| cancel.is_set()))
        });
        let Some(wanted) = &self.wanted else { return };
        let places = wanted.clone();
        let fresh = self.fixing.keep((of, wanted.clone()), pool, move |cancel| {
            Fixing::of(&audit, &|at| places.contains(&at), &|| cancel.is_set())
        });
        if fresh || self.fixing.failed() {
            self.fixed = self.fixing.answer().and_then(|(_, fixing)| fixing.clone());
            self.wanted = None;
            self.fixing.forget();
        }
    }

    /// The computed fixes, once, if they still apply to the texts.
    pub fn take_fixing(&mut self, document: &Document) -> Option<Fixing> {
        self.fixed.take().filter(|fixing| fixing.is_of(document))
    }

    /// The newest audit.
    pub fn audit(&self) -> Option<&Arc<Audit>> {
        self.audit.answer()?.1.as_ref()
    }

    /// The fixes of the newest audit, once they are known.
    pub fn fixes(&self) -> Option<&Arc<Fixes>> {
        let (of, fixes) = self.fixes.answer()?;
        (*of == self.audit.answer()?.0).then_some(fixes)
    }

    /// How many errors and warnings there are, and whether one is an error.
    pub fn bad(&self) -> Option<(usize, bool)> {
        let audit = self.audit()?;
        let errors = audit.count(Severity::Error);
        Some((errors + audit.count(Severity::Warning), errors > 0))
    }

    /// Whether it was offered and has something to show, once.
    pub fn take_offer(&mut self) -> bool {
        let Some((bad, _)) = self.bad().filter(|_| self.offered) else {
            return false;
        };
        self.offered = false;
        bad > 0
    }

    /// The findings as a file.
    pub fn exported(&self, form: Form) -> Option<String> {
        let (audit, none) = (self.audit()?, BTreeSet::new());
        let fixable = self.fixes().map_or(&none, |fixes| &fixes.fixable);
        let linted = audit.linted(fixable);
        Some(match form {
            Form::Markdown => findings::markdown(linted),
            Form::Sarif => findings::sarif(linted),
        })
    }

    /// Clears the filter, the text first; false if there is none.
    pub fn clear_filter(&mut self) -> bool {
        if !self.filter.text.is_empty() {
            self.filter.text.clear();
            return true;
        }
        std::mem::take(&mut self.filter).is_on()
    }

    fn can_fix(&self, at: usize) -> bool {
        self.fixes()
            .is_some_and(|fixes| fixes.fixable.contains(&at))
    }
}

/// Shows the audit; `suggested`: how many flows the manifests imply that are not drawn.
pub fn audit_ui(ui: &mut Ui, view: &mut AuditView, suggested: usize, commands: &mut Commands) {
    let Some(audit) = view.audit().cloned() else {
        let text = match view.audit.failed() {
            true => "The policies could not be audited.",
            false => "Reading the policies…",
        };
        widgets::padded(ui, |ui| widgets::empty(ui, text));
        return;
    };
    head::head_ui(ui, &audit, view, commands);
    head::suggested_ui(ui, suggested, commands);
    widgets::hairline(ui);
    list::list_ui(ui, &audit, view, commands);
}
