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

/// Lines around a change in a unified diff.
const AROUND: usize = 3;

/// The difference of two texts of a file as `diff -u` writes it; empty if they are equal.
pub fn unified(name: &str, old: &str, new: &str) -> String {
    let (old_lines, new_lines): (Vec<&str>, Vec<&str>) = (
        old.split_inclusive('\n').collect(),
        new.split_inclusive('\n').collect(),
    );
    let lines = marked(&diff(old, new), &old_lines, &new_lines);
    let changed = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.mark != ' ');
    let changed: Vec<usize> = changed.map(|(at, _)| at).collect();
    let Some(first) = changed.first() else {
        return String::new();
    };
    let mut out = format!("--- {name}\n+++ {name}\n");
    let (mut start, mut last) = (*first, *first);
    for at in changed.iter().skip(1) {
        if at - last > 2 * AROUND {
            hunk(&mut out, &lines, (start, last));
            start = *at;
        }
        last = *at;
    }
    hunk(&mut out, &lines, (start, last));
    out
}

/// A line with its mark, and how many lines of the old and the new text are before it.
struct Marked<'t> {
    mark: char,
    text: &'t str,
    before: (usize, usize),
}

fn marked<'t>(lines: &[DiffLine], old: &[&'t str], new: &[&'t str]) -> Vec<Marked<'t>> {
    let (mut in_old, mut in_new) = (0, 0);
    let mut out = Vec::new();
    for line in lines {
        let before = (in_old, in_new);
        let (a, b) = (old.get(in_old), new.get(in_new));
        let mut add = |mark, text: Option<&&'t str>| {
            let text = text.copied().unwrap_or_default();
            out.push(Marked { mark, text, before });
        };
        match line {
            // Only the line breaks differ.
            DiffLine::Same(_) if a != b => {
                add('-', a);
                add('+', b);
            }
            DiffLine::Same(_) => add(' ', a),
            DiffLine::Removed(_) => add('-', a),
            DiffLine::Added(_) => add('+', b),
        }
        in_old += usize::from(!matches!(line, DiffLine::Added(_)));
        in_new += usize::from(!matches!(line, DiffLine::Removed(_)));
    }
    out
}

fn hunk(out: &mut String, lines: &[Marked], (first, last): (usize, usize)) {
    let start = first.saturating_sub(AROUND);
    let shown: Vec<&Marked> = lines.iter().take(last + AROUND + 1).skip(start).collect();
    let (old, new) = shown.first().map_or((0, 0), |line| line.before);
    let count = |other: char| shown.iter().filter(|line| line.mark != other).count();
    let (of_old, of_new) = (count('+'), count('-'));
    let from = |before: usize, count: usize| before + usize::from(count > 0);
    out.push_str(&format!(
        "@@ -{},{of_old} +{},{of_new} @@\n",
        from(old, of_old),
        from(new, of_new)
    ));
    for line in shown {
        out.push(line.mark);
        out.push_str(line.text);
        if !line.text.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}
