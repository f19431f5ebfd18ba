//! Names with ports in texts of any format: commands of a shell, and files that are read by no structure.

use super::address::{Address, host_and_port};
use super::key::HOST_OPTIONS;

/// The hosts with ports in a text, and the hosts after `-h` and `--host`: `db:5432`, `nc -z db 5432`, `server R0 db:5432`,
/// `pg_dump -h db -p 5432`. Most words with a number are no host, so only those count that are the name and the port of a
/// Service.
pub fn pairs(text: &str) -> Vec<Address> {
    let lines = text.lines().map(str::trim_start);
    let lines = lines.filter(|line| !["#", "//", ";"].iter().any(|c| line.starts_with(c)));
    let mut found: Vec<Address> = lines.flat_map(in_line).collect();
    found.dedup();
    found
}

/// Words between a host and its port.
const PORT_OPTIONS: [&str; 3] = ["-p", "--port", "port"];

fn in_line(line: &str) -> Vec<Address> {
    let between = |c: char| c.is_whitespace() || "\"'`,;()[]{}<>|&=\\".contains(c);
    // The `:` between a key and its value is part of no word.
    let words = line.split(between).map(|word| word.trim_matches(':'));
    let words = words.filter(|word| word.contains(|c: char| c.is_ascii_alphanumeric()));
    let words: Vec<&str> = words.collect();
    let mut found = Vec::new();
    let is_option = |word: &str| PORT_OPTIONS.contains(&word.to_ascii_lowercase().as_str());
    for (at, word) in words
        .iter()
        .enumerate()
        .filter(|(_, word)| !is_option(word))
    {
        // The scheme of a URL, a user and a path are no part of the name.
        let word = word.split("://").last().unwrap_or_default();
        let word = word.split(['/', '?']).next().unwrap_or_default();
        let word = word.rsplit('@').next().unwrap_or_default();
        let Some(mut address) = host_and_port(word, None) else {
            continue;
        };
        let mut rest = words.iter().skip(at + 1);
        let next = rest.find(|word| !is_option(word));
        let port = next
            .and_then(|word| word.parse().ok())
            .filter(|port| *port > 0);
        address.port = address.port.or(port);
        address.whole = false;
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        if address.port.is_some() || before.is_some_and(|before| HOST_OPTIONS.contains(before)) {
            found.push(address);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_ports_are_found_in_any_text() {
        for (text, wanted) in [
            ("wget -qO- db:5432; do x", "db:5432"),
            ("wget -qO- db:5432/a || x", "db:5432"),
            ("until nc -z db 5432; do sleep 1; done", "db:5432 sleep:1"),
            ("pg_isready -h db -p 6432", "db:6432"),
            ("pg_dump --host=db --port=6432 x", "db:6432"),
            ("pg_dump -h db x", "db"),
            ("server R0 db:5432 check inter 1s", "db:5432"),
            ("sentinel monitor mymaster db 5432 2", "db:5432"),
            ("hosts => [\"db:5432\"]", "db:5432"),
            ("{\"host\": \"db\", \"port\": 5432}", "db:5432"),
            ("{\"host\":\"db\",\"port\":5432}", "db:5432"),
            ("psql x@db.data:5432", "db.data:5432"),
            ("# db:5432", ""),
            ("echo db; db", ""),
            ("db:0", ""),
        ] {
            let all = pairs(text).into_iter().map(|a| match a.port {
                Some(port) => format!("{}:{port}", a.host),
                None => a.host,
            });
            assert_eq!(all.collect::<Vec<_>>().join(" "), wanted, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,60}", short in "[a-z0-9:/@.,;= \\n-]{0,40}") {
            pairs(&text);
            pairs(&short);
        }
    }
}
