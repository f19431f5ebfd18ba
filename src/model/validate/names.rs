//! Names of objects and ports, label keys and values (V1, V4, V20, V21).

use super::Refusal;
use crate::sets::Labels;

/// A lowercase RFC 1123 label: namespaces and Services.
pub fn label_name(name: &str) -> Result<(), Refusal> {
    named(
        name,
        63,
        |c| c.is_ascii_lowercase() || c.is_ascii_digit(),
        "-",
    )
}

/// A lowercase RFC 1123 subdomain: workloads and policies.
pub fn subdomain_name(name: &str) -> Result<(), Refusal> {
    named(
        name,
        253,
        |c| c.is_ascii_lowercase() || c.is_ascii_digit(),
        "-.",
    )?;
    match name
        .split('.')
        .find(|part| part.is_empty() || part.starts_with('-') || part.ends_with('-'))
    {
        Some(_) => Err(Refusal::new(format!(
            "`{name}` has an empty label or a label that starts or ends with `-`"
        ))
        .help("put a letter or digit on both sides of every `.`")),
        None => Ok(()),
    }
}

/// A free-form name, for externals and groups: `Internet`, `Office VPN`, `api.stripe.com`.
pub fn free_name(name: &str) -> Result<(), Refusal> {
    free_text(name, 63)
}

/// A name that is a sentence, for invariants.
pub fn sentence_name(name: &str) -> Result<(), Refusal> {
    free_text(name, 200)
}

fn free_text(name: &str, most: usize) -> Result<(), Refusal> {
    if name.trim().is_empty() {
        return Err(Refusal::new("the name is empty").help("enter a name"));
    }
    if name.trim() != name || name.chars().any(char::is_control) {
        return Err(
            Refusal::new("the name starts or ends with a space, or contains a line break")
                .help("remove them"),
        );
    }
    if name.chars().count() > most {
        let message = format!("the name has {} characters", name.chars().count());
        return Err(Refusal::new(message).help(format!("use {most} or fewer")));
    }
    Ok(())
}

/// Checks that `end` holds for the first and last character, and `end` or `inner` for the others.
fn named(name: &str, most: usize, end: impl Fn(char) -> bool, inner: &str) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(Refusal::new("the name is empty").help("enter a name"));
    }
    if name.len() > most {
        let message = format!("the name has {} characters", name.len());
        return Err(Refusal::new(message).help(format!("use {most} or fewer")));
    }
    if let Some(bad) = name.chars().find(|c| !end(*c) && !inner.contains(*c)) {
        let what = match bad {
            ' ' => "a space".to_owned(),
            bad => format!("`{bad}`"),
        };
        let signs = match inner {
            "-" => "digits and `-`",
            _ => "digits, `-` and `.`",
        };
        return Err(Refusal::new(format!("`{name}` contains {what}"))
            .help(format!("use lowercase letters, {signs}")));
    }
    if !name.starts_with(&end) || !name.ends_with(&end) {
        return Err(Refusal::new(format!(
            "`{name}` must start and end with a letter or digit"
        ))
        .help("start and end with a lowercase letter or a digit"));
    }
    Ok(())
}

/// A label key: `app`, `app.kubernetes.io/name` (V20).
pub fn label_key(key: &str) -> Result<(), Refusal> {
    let name = match key.split_once('/') {
        None => key,
        Some((prefix, name)) => {
            if name.contains('/') {
                return Err(
                    Refusal::new(format!("the key `{key}` has more than one `/`"))
                        .help("write PREFIX/NAME or NAME"),
                );
            }
            if prefix.is_empty() {
                return Err(Refusal::new(format!("the key `{key}` has an empty prefix"))
                    .help("write a domain before the `/`, or remove the `/`"));
            }
            subdomain_name(prefix).map_err(|refusal| Refusal {
                message: format!(
                    "the key's prefix is not a valid domain: {}",
                    refusal.message
                ),
                help: refusal.help,
            })?;
            name
        }
    };
    if name.is_empty() {
        return Err(Refusal::new("the label key is empty").help("enter a key such as `app`"));
    }
    label_word("label key", name)
}

/// A label value, which may be empty (V21).
pub fn label_value(value: &str) -> Result<(), Refusal> {
    if value.is_empty() {
        return Ok(());
    }
    label_word("label value", value)
}

fn label_word(what: &str, word: &str) -> Result<(), Refusal> {
    if word.len() > 63 {
        return Err(
            Refusal::new(format!("the {what} has {} characters", word.len()))
                .help("use 63 or fewer"),
        );
    }
    let fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if let Some(bad) = word.chars().find(|c| !fine(*c)) {
        let bad = match bad {
            ' ' => "a space".to_owned(),
            bad => format!("`{bad}`"),
        };
        return Err(Refusal::new(format!("the {what} `{word}` contains {bad}"))
            .help("use letters, digits, `-`, `_` and `.`"));
    }
    let end = |c: char| c.is_ascii_alphanumeric();
    if !word.starts_with(end) || !word.ends_with(end) {
        return Err(Refusal::new(format!(
            "the {what} `{word}` must start and end with a letter or digit"
        ))
        .help("start and end with a letter or a digit"));
    }
    Ok(())
}

/// Labels as text: `app=web, tier=front`.
pub fn labels(text: &str) -> Result<Labels, Refusal> {
    let mut labels = Labels::new();
    for item in text
        .split([',', '\n'])
        .map(str::trim)
        .filter(|item| !item.is_empty())
    {
        let Some((key, value)) = item.split_once('=') else {
            return Err(Refusal::new(format!("`{item}` is not a label")).help("write KEY=VALUE"));
        };
        let (key, value) = (key.trim(), value.trim());
        label_key(key)?;
        label_value(value)?;
        if labels.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(Refusal::new(format!("duplicate key `{key}`")).help("remove one of them"));
        }
    }
    Ok(labels)
}

/// `app=web, tier=front`.
pub fn labels_text(labels: &Labels) -> String {
    let items: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    items.join(", ")
}

/// A container port's name (V4).
pub fn port_name(name: &str) -> Result<(), Refusal> {
    let refuse = |why: &str| {
        Err(Refusal::new(format!("the port name `{name}` {why}")).help(
            "use 1 to 15 lowercase letters, digits and single hyphens, with at least one letter",
        ))
    };
    if name.is_empty() {
        refuse("is empty")
    } else if name.len() > 15 {
        refuse("is longer than 15 characters")
    } else if !name
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    {
        refuse("contains characters other than lowercase letters, digits and hyphens")
    } else if !name.chars().any(|c| c.is_ascii_lowercase()) {
        refuse("has no letter")
    } else if name.contains("--") {
        refuse("has two hyphens in a row")
    } else if name.starts_with('-') || name.ends_with('-') {
        refuse("starts or ends with a hyphen")
    } else {
        Ok(())
    }
}
