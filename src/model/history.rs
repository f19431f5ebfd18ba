//! Undo and redo: whole Documents, which share what did not change.

use std::collections::VecDeque;

use super::{Applied, Document, Edit, Refusal};

/// How many steps can be undone.
const LONGEST: usize = 200;

/// A Document with its undo and redo steps.
#[derive(Clone, Debug, Default)]
pub struct History {
    document: Document,
    /// The state of the Document; states are numbered in order of appearance.
    state: u64,
    newest: u64,
    saved: Option<u64>,
    /// The Document that is on disk.
    saved_document: Option<Document>,
    undo: VecDeque<Step>,
    redo: Vec<Step>,
    /// The gesture that made the last step, while it may continue.
    gesture: Option<u64>,
}

/// A step back or forward: its name, and the state on its other side.
#[derive(Clone, Debug)]
struct Step {
    name: String,
    document: Document,
    state: u64,
}

impl History {
    /// A history that begins with a Document, which counts as saved.
    pub fn new(document: Document) -> Self {
        Self {
            saved_document: Some(document.clone()),
            document,
            saved: Some(0),
            ..Self::default()
        }
    }

    /// The same, but not saved anywhere yet (an import, a recovered journal).
    pub fn unsaved(document: Document) -> Self {
        Self {
            saved: None,
            saved_document: None,
            ..Self::new(document)
        }
    }

    /// The Document as it is now.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// A number that differs for each state, and is the same again after undo.
    pub fn state(&self) -> u64 {
        self.state
    }

    /// Applies an edit as one step. An edit that changes nothing makes no step.
    pub fn edit(&mut self, edit: &Edit) -> Result<Applied, Refusal> {
        self.gesture = None;
        self.step(edit, None)
    }

    /// Applies an edit that belongs to a gesture: edits of one gesture, without anything in
    /// between, are one step, named by the first of them.
    pub fn edit_in_gesture(&mut self, edit: &Edit, gesture: u64) -> Result<Applied, Refusal> {
        self.step(edit, Some(gesture))
    }

    fn step(&mut self, edit: &Edit, gesture: Option<u64>) -> Result<Applied, Refusal> {
        let before = self.document.clone();
        let applied = edit.apply(&mut self.document)?;
        if self.document == before {
            return Ok(applied);
        }
        let goes_on = gesture.is_some() && gesture == self.gesture;
        if !goes_on {
            self.undo.push_back(Step {
                name: edit.name(&before),
                document: before,
                state: self.state,
            });
            if self.undo.len() > LONGEST {
                self.undo.pop_front();
            }
        }
        self.newest += 1;
        self.state = self.newest;
        self.gesture = gesture;
        self.redo.clear();
        Ok(applied)
    }

    /// Undoes the last step; returns its name.
    pub fn undo(&mut self) -> Option<String> {
        let step = self.undo.pop_back()?;
        let name = step.name.clone();
        let there = self.go(step);
        self.redo.push(there);
        Some(name)
    }

    /// Redoes the last undone step; returns its name.
    pub fn redo(&mut self) -> Option<String> {
        let step = self.redo.pop()?;
        let name = step.name.clone();
        let there = self.go(step);
        self.undo.push_back(there);
        Some(name)
    }

    /// Moves to the other side of a step; returns the step that leads back.
    fn go(&mut self, step: Step) -> Step {
        self.gesture = None;
        Step {
            name: step.name,
            document: std::mem::replace(&mut self.document, step.document),
            state: std::mem::replace(&mut self.state, step.state),
        }
    }

    /// The name of the step that undo would undo.
    pub fn undo_name(&self) -> Option<&str> {
        self.undo.back().map(|step| step.name.as_str())
    }

    /// The name of the step that redo would redo.
    pub fn redo_name(&self) -> Option<&str> {
        self.redo.last().map(|step| step.name.as_str())
    }

    /// The names of all steps, done and undone, oldest first, and how many of them are done. At most as
    /// many as can be undone.
    pub fn steps(&self) -> (Vec<&str>, usize) {
        let done = self.undo.iter().map(|step| step.name.as_str());
        let undone = self.redo.iter().rev().map(|step| step.name.as_str());
        (done.chain(undone).collect(), self.undo.len())
    }

    /// Whether the Document differs from what was saved.
    pub fn is_dirty(&self) -> bool {
        self.saved != Some(self.state)
    }

    /// Marks this Document, which is that of that state (see [`History::state`]), as saved on disk.
    pub fn mark_saved(&mut self, state: u64, document: Document) {
        self.saved_document = Some(document);
        self.saved = Some(state);
        self.gesture = None;
    }

    /// Changes every Document, without a step: for what follows from the place of the project file, which no step changes.
    pub fn change_all(&mut self, change: &dyn Fn(&mut Document)) {
        let steps = self.undo.iter_mut().chain(&mut self.redo);
        let documents = steps.map(|step| &mut step.document);
        let own = [Some(&mut self.document), self.saved_document.as_mut()];
        documents.chain(own.into_iter().flatten()).for_each(change);
    }

    /// The Document as last saved, and its state; none if it was never saved.
    pub fn saved(&self) -> Option<(u64, &Document)> {
        self.saved.zip(self.saved_document.as_ref())
    }
}
