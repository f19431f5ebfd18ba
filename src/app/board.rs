//! One analysis of who reaches whom, made once for each answer and shared by the workers that ask it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::query::Results;
use crate::query::reach::ReachMatrix;

/// The newest board; only workers wait for it.
#[derive(Clone, Default)]
pub(super) struct SharedMatrix(Arc<Mutex<Option<(u64, ReachMatrix)>>>);

impl SharedMatrix {
    /// Asks the board of the results with that number.
    pub(super) fn ask<T>(
        &self,
        number: u64,
        results: &Arc<Results>,
        question: impl FnOnce(&mut ReachMatrix) -> T,
    ) -> T {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // It is taken out, so that a question that panics leaves no half of a board behind.
        let mut board = match held.take() {
            Some((of, board)) if of == number => board,
            _ => ReachMatrix::new(results),
        };
        let answer = question(&mut board);
        *held = Some((number, board));
        answer
    }
}
