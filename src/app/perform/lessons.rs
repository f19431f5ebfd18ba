//! Lessons: opening one, and what is noted of it.

use crate::app::lessons::{LESSONS, LessonView};
use crate::app::panels::Tab;
use crate::app::state::App;
use crate::app::view::View;
use crate::model::Item;
use crate::project::format;
use crate::proof::Verdict;
use crate::query::Results;
use crate::query::why::PairVerdict;

/// Notes what the user has seen of the open lesson.
pub(in crate::app) fn keep(view: &mut View, results: &Results) {
    let is_wrong = |item: &Item| match item {
        Item::Flow(id) => {
            let verdict = results.proof.verdicts.get(id);
            verdict.is_some_and(|verdict| *verdict != Verdict::Exact)
        }
        _ => false,
    };
    let seen = view.selection.iter().any(is_wrong);
    let verdict = view.why.answer().map(|why| why.verdict);
    let is_shown = matches!(verdict, Some(PairVerdict::Blocked | PairVerdict::NotDrawn));
    let explained = view.tab == Tab::Why && is_shown;
    if let Some(lesson) = &mut view.lesson {
        lesson.note(seen, explained);
    }
}

impl App {
    /// Opens the project of a lesson.
    pub(in crate::app) fn open_lesson(&mut self, number: usize) {
        let Some(lesson) = LESSONS.get(number) else {
            return;
        };
        let Ok((document, _)) = format::read(lesson.project, "lesson") else {
            return;
        };
        let policy = document.policies.iter().next();
        let wrong = policy.map_or_else(String::new, |(_, policy)| policy.text.clone());
        // From one lesson to the next: what was open before the first.
        let back = match &self.view.lesson {
            Some(lesson) => lesson.back.clone(),
            None => self.files.path.clone(),
        };
        self.enter_text(document, lesson.project.into());
        self.view.lesson = Some(LessonView::new(number, wrong, back));
    }

    /// Whether the open project is that of a lesson and was saved nowhere: nothing in it is work of the user.
    pub(in crate::app) fn is_lesson(&self) -> bool {
        self.view.lesson.is_some() && self.files.path.is_none()
    }
}
