//! The reachability matrix of the newest results, computed once and shared by the workers that query it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::query::Results;
use crate::query::reach::ReachMatrix;

/// The newest matrix. Only workers lock it.
#[derive(Clone, Default)]
pub(super) struct SharedMatrix(Arc<Mutex<Option<(u64, ReachMatrix)>>>);

impl SharedMatrix {
    /// Queries the matrix of the results with that number.
    pub(super) fn ask<T>(
        &self,
        number: u64,
        results: &Arc<Results>,
        question: impl FnOnce(&mut ReachMatrix) -> T,
    ) -> T {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken out, so that a query that panics leaves no half-computed matrix.
        let mut matrix = match held.take() {
            Some((of, matrix)) if of == number => matrix,
            _ => ReachMatrix::new(results),
        };
        let answer = question(&mut matrix);
        *held = Some((number, matrix));
        answer
    }
}
