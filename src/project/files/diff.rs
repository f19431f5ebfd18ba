//! The difference of two texts, line by line.

/// One line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiffLine {
    /// In both.
    Same(String),
    /// Only in the old text.
    Removed(String),
    /// Only in the new text.
    Added(String),
}

/// The most cells of the table; larger texts are shown as removed and added completely.
const LARGEST: usize = 4_000_000;

/// A shortest list of lines that turns `old` into `new`.
pub fn diff(old: &str, new: &str) -> Vec<DiffLine> {
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new.lines().collect();
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (same, old) = old.split_at(head);
    let new = new.get(head..).unwrap_or_default();
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (old, end) = old.split_at(old.len() - tail);
    let new = new.get(..new.len() - tail).unwrap_or_default();

    let keep = |line: &&str| DiffLine::Same((*line).to_owned());
    let mut lines: Vec<DiffLine> = same.iter().map(keep).collect();
    middle(old, new, &mut lines);
    lines.extend(end.iter().map(keep));
    lines
}

fn middle(old: &[&str], new: &[&str], lines: &mut Vec<DiffLine>) {
    let removed = |line: &str| DiffLine::Removed(line.to_owned());
    let added = |line: &str| DiffLine::Added(line.to_owned());
    let (mut old, mut new) = (old, new);
    if old.len().saturating_mul(new.len()) <= LARGEST {
        let common = common(old, new);
        let width = new.len() + 1;
        let (mut row, mut column) = (0, 0);
        let best = |row: usize, column: usize| common.get(row * width + column).copied();
        while let (Some((a, rest_old)), Some((b, rest_new))) =
            (old.split_first(), new.split_first())
        {
            if a == b {
                lines.push(DiffLine::Same((*a).to_owned()));
                (old, new, row, column) = (rest_old, rest_new, row + 1, column + 1);
            } else if best(row + 1, column) >= best(row, column + 1) {
                lines.push(removed(a));
                (old, row) = (rest_old, row + 1);
            } else {
                lines.push(added(b));
                (new, column) = (rest_new, column + 1);
            }
        }
    }
    lines.extend(old.iter().map(|line| removed(line)));
    lines.extend(new.iter().map(|line| added(line)));
}

/// For each pair of suffixes, the length of their longest common sequence; row by row.
fn common(old: &[&str], new: &[&str]) -> Vec<u32> {
    let width = new.len() + 1;
    let mut table = vec![0; (old.len() + 1) * width];
    for (row, a) in old.iter().enumerate().rev() {
        for (column, b) in new.iter().enumerate().rev() {
            let at = row * width + column;
            table[at] = if a == b {
                table[at + width + 1] + 1
            } else {
                table[at + width].max(table[at + 1])
            };
        }
    }
    table
}
