//! The values in a configuration file, of whatever format it may be, with their keys and lines.

use std::collections::BTreeMap;

use crate::yaml::{self, Node, Value};

/// One value of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its key, with the keys above it: `database.host`; empty if there is none.
    pub key: String,
    /// The value.
    pub value: String,
    /// Its line in the file, from 0.
    pub line: usize,
}

/// The values of a file by its name: YAML and JSON by their structure, others by lines.
pub(super) fn entries(name: &str, text: &str) -> Vec<Entry> {
    let has = |ending: &str| name.ends_with(ending);
    if [".yaml", ".yml", ".json"].into_iter().any(has) {
        let parsed = yaml::parse(text);
        if parsed.problems.is_empty() {
            let mut found = Vec::new();
            for document in &parsed.documents {
                walk(&document.node, "", &mut found);
            }
            return found;
        }
    }
    if !text.contains('\n') && !name.contains('.') {
        let value = text.to_owned();
        let key = name.to_owned();
        return vec![Entry {
            key,
            value,
            line: 0,
        }];
    }
    lines(text)
}

fn walk(node: &Node, key: &str, found: &mut Vec<Entry>) {
    let mut add = |value: &str| {
        let line = node.mark.line.saturating_sub(1) as usize;
        found.push(Entry {
            key: key.to_owned(),
            value: value.to_owned(),
            line,
        });
    };
    match &node.value {
        Value::Null => {}
        Value::String(text) => add(text),
        Value::Bool(_, text) | Value::Number(_, text) => add(text),
        Value::Seq(items) => items.iter().for_each(|item| walk(item, key, found)),
        Value::Map(map) => {
            for entry in &map.entries {
                let below = match key {
                    "" => entry.key.clone(),
                    // Only the nearest keys name a value; deep trees would make long keys.
                    _ => format!("{}.{}", tail(key), entry.key),
                };
                walk(&entry.value, &below, found);
            }
        }
    }
}

/// The last two parts of a key.
fn tail(key: &str) -> &str {
    let mut dots = key.rmatch_indices('.');
    dots.nth(1)
        .map_or(key, |(at, _)| key.get(at + 1..).unwrap_or(key))
}

/// `key = value`, `key: value`, `key value;`, `host NAME`, `port NUMBER` and whole lines, below `[section]` and `<section>`,
/// without comments. The second of two sections with one name is `name.2`.
fn lines(text: &str) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut section = String::new();
    let mut sections: BTreeMap<String, usize> = BTreeMap::new();
    for (line, text) in text.lines().enumerate() {
        let text = text.trim();
        if text.is_empty()
            || ["#", "//", ";", "--", "<!--"]
                .iter()
                .any(|c| text.starts_with(c))
        {
            continue;
        }
        if let Some(name) = section_name(text) {
            let count = sections.entry(name.to_owned()).or_default();
            *count += 1;
            section = match *count {
                n if n > 1 && !name.is_empty() => format!("{name}.{n}"),
                _ => name.to_owned(),
            };
            continue;
        }
        let text = text.strip_prefix("export ").unwrap_or(text);
        let (key, value) = key_and_value(text);
        let key = match (section.as_str(), key) {
            (_, "") => String::new(),
            ("", key) => key.to_owned(),
            (section, key) => format!("{section}.{key}"),
        };
        let value = value.trim_matches(['"', '\'', ',', ';', ' ']).to_owned();
        found.push(Entry { key, value, line });
    }
    found
}

/// The name in `[name]` and `<name **>`; empty where a section of the second kind ends.
fn section_name(line: &str) -> Option<&str> {
    let bracketed = line.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
    if let Some(name) = bracketed {
        return Some(name.trim_matches(['[', ']', '"']));
    }
    let inner = line.strip_prefix('<').and_then(|t| t.strip_suffix('>'))?;
    match inner.starts_with('/') {
        true => Some(""),
        false => inner
            .split_whitespace()
            .next()
            .filter(|_| !inner.contains(['<', '>', '=', '"'])),
    }
}

fn key_and_value(line: &str) -> (&str, &str) {
    let is_host = |key: &str| {
        ["host", "port"]
            .iter()
            .any(|known| key.eq_ignore_ascii_case(known))
    };
    if let Some((key, value)) = line.split_once(char::is_whitespace)
        && is_host(key)
        && !value.trim().contains(char::is_whitespace)
    {
        return (key, value.trim());
    }

    let is_key = |key: &str| {
        let key = key.trim().trim_matches(['"', '\'']);
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !key.is_empty() && key.chars().all(fits)
    };
    let statement = line.strip_suffix(';').and_then(|l| l.split_once(' '));
    let split = line.split_once('=').or_else(|| line.split_once(": "));
    match split.or(statement) {
        Some((key, value)) if is_key(key) => {
            let key = key.trim().trim_matches(['"', '\'']);
            (key, value.trim())
        }
        _ => match statement {
            Some((key, value)) if is_key(key) => (key, value.trim()),
            _ => ("", line),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(name: &str, text: &str) -> Vec<String> {
        let all = entries(name, text).into_iter();
        all.map(|e| format!("{}|{}|{}", e.line, e.key, e.value))
            .collect()
    }

    #[test]
    fn values_have_keys_and_lines() {
        assert_eq!(
            texts(
                "app.yaml",
                "# x\ndb:\n  host: pg\n  port: 5432\nall: [a, b]\n"
            ),
            ["2|db.host|pg", "3|db.port|5432", "4|all|a", "4|all|b"]
        );
        assert_eq!(
            texts(
                "a.properties",
                "# host=no\nredis.host=cache\n\nredis.port = 6379\n"
            ),
            ["1|redis.host|cache", "3|redis.port|6379"]
        );
        assert_eq!(texts("a.toml", "[db]\nhost = \"pg\"\n"), ["1|db.host|pg"]);
        assert_eq!(
            texts(
                "nginx.conf",
                "location / {\n  proxy_pass http://api:80/?a=b;\n}\n"
            ),
            ["0||location / {", "1|proxy_pass|http://api:80/?a=b", "2||}"]
        );
        assert_eq!(texts("DB_HOST", "pg"), ["0|DB_HOST|pg"]);
        assert_eq!(
            texts(
                "f.conf",
                "[OUT]\n    Host pg\n[OUT]\n    Port 1\n<match **>\n  host a\n</match>\nb c\n"
            ),
            [
                "1|OUT.Host|pg",
                "3|OUT.2.Port|1",
                "5|match.host|a",
                "7||b c"
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn no_file_panics(text in "[a-z:=\\[\\]{}\"'#; \\n.-]{0,80}", name in "a(\\.ya?ml|\\.json|\\.conf|)") {
            entries(&name, &text);
        }
    }
}
