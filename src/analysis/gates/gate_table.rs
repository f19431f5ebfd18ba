//! Rows with their port sets numbered, as listing and comparing read them.

use std::sync::Arc;

use super::rows::{Row, Rows};
use crate::analysis::space::port_table::{EMPTY, PortTable, PortsId};
use crate::sets::Bits;

/// The rows of one direction, with their port sets numbered.
pub(in crate::analysis) struct GateTable {
    pub row_of_class: Vec<usize>,
    pub rows: Vec<NumberedRow>,
}

impl GateTable {
    pub fn new(rows: &Rows, classes: usize, ports: &mut PortTable) -> Self {
        let mut numbered = |row: &Row| {
            let cells = row.cells.iter();
            NumberedRow(
                cells
                    .map(|(p, b)| (ports.intern(p.clone()), b.clone()))
                    .collect(),
            )
        };
        Self {
            row_of_class: (0..classes).map(|c| rows.row_of_class(c)).collect(),
            rows: rows.rows.iter().map(|row| numbered(row)).collect(),
        }
    }

    pub fn row(&self, class: usize) -> &NumberedRow {
        &self.rows[self.row_of_class[class]]
    }

    /// The rows of these classes, each once.
    pub fn rows_of(&self, classes: &[usize]) -> Vec<usize> {
        let mut rows: Vec<usize> = classes.iter().map(|&c| self.row_of_class[c]).collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// The cells of the rows of these classes, each row once.
    pub fn cells(&self, classes: &[usize]) -> Vec<&Cell> {
        let rows = self.rows_of(classes).into_iter();
        rows.flat_map(|at| &self.rows[at].0).collect()
    }
}

/// Ports, and the points for which they are allowed.
pub(in crate::analysis) type Cell = (PortsId, Arc<Bits>);

/// Disjoint port sets, each with the points for which it is allowed.
pub(in crate::analysis) struct NumberedRow(pub Vec<Cell>);

impl NumberedRow {
    /// The ports allowed for one point.
    pub fn at(&self, point: usize, ports: &mut PortTable) -> PortsId {
        let open = self.0.iter().filter(|(_, peers)| peers.contains(point));
        open.fold(EMPTY, |all, (id, _)| ports.union(all, *id))
    }
}

/// Stores in `known` which cells allow a point; true if these changed, or if nothing was stored.
pub(in crate::analysis) fn open_cells(
    cells: &[&Cell],
    point: usize,
    known: &mut Vec<bool>,
) -> bool {
    let mut changed = known.len() != cells.len();
    known.resize(cells.len(), false);
    for ((_, peers), known) in cells.iter().zip(known) {
        let open = peers.contains(point);
        changed |= open != *known;
        *known = open;
    }
    changed
}

/// The union of the ports of the allowed cells.
pub(in crate::analysis) fn joined(
    cells: &[&Cell],
    open: &[bool],
    ports: &mut PortTable,
) -> PortsId {
    let open = cells.iter().zip(open).filter(|(_, open)| **open);
    open.fold(EMPTY, |all, ((id, _), _)| ports.union(all, *id))
}
