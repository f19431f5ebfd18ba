//! What Markdown reports share that are made for review comments: a marker, a heading, tables.

use std::fmt::Write;

use super::escape;

/// A table with more rows is collapsed.
const SHORT: usize = 10;
/// About how many bytes of a table are written; the rest is only counted. GitHub takes comments of 65,536 characters,
/// and a report has at most two tables.
const LONG: usize = 30_000;

/// A hidden line, by which a pipeline finds the comment to update, and the heading.
pub(super) fn head(command: &str, heading: &str) -> String {
    let mut out = format!("<!-- drawbridge: {command} -->\n### ");
    escape::markdown(&mut out, heading);
    out.push('\n');
    out
}

/// A table, collapsed below a summary (`12 findings`) if it is long.
pub(super) fn table<const N: usize>(
    out: &mut String,
    summary: &str,
    columns: [&str; N],
    rows: impl ExactSizeIterator<Item = [String; N]>,
) {
    let count = rows.len();
    if count == 0 {
        return;
    }
    if count > SHORT {
        let _ = writeln!(out, "\n<details><summary>{summary}</summary>");
    }
    out.push('\n');
    for row in [columns, ["---"; N]] {
        for cell in row {
            let between = if cell.is_empty() { "" } else { " " };
            let _ = write!(out, "|{between}{cell} ");
        }
        out.push_str("|\n");
    }
    let (begin, mut written) = (out.len(), 0);
    for cells in rows {
        if out.len() - begin > LONG {
            break;
        }
        out.push('|');
        for cell in cells {
            out.push(' ');
            escape::markdown(out, &cell);
            out.push_str(" |");
        }
        out.push('\n');
        written += 1;
    }
    if written < count {
        let _ = writeln!(out, "\nand {} more", count - written);
    }
    if count > SHORT {
        out.push_str("\n</details>\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(count: usize, cell: &str) -> String {
        let mut out = String::new();
        let rows = (0..count).map(|_| [cell.to_owned()]);
        table(&mut out, "some rows", ["What"], rows);
        out
    }

    #[test]
    fn long_tables_are_collapsed() {
        assert_eq!(of(0, "a"), "");
        assert_eq!(of(1, "a|b"), "\n| What |\n| --- |\n| a\\|b |\n");
        assert!(!of(SHORT, "a").contains("<details>"));
        let long = of(SHORT + 1, "a");
        assert!(
            long.starts_with("\n<details><summary>some rows</summary>\n\n| What |")
                && long.ends_with("| a |\n\n</details>\n"),
            "{long}"
        );
    }

    #[test]
    fn tables_that_no_comment_can_hold_end_with_a_count() {
        let text = of(1000, &"a".repeat(96));
        assert!(text.len() < LONG + 300, "{}", text.len());
        let rows = text.lines().filter(|line| line.starts_with("| aa")).count();
        let rest = format!("\nand {} more\n", 1000 - rows);
        assert!(rows > 250 && text.contains(&rest), "{rows}: {text}");
    }
}
