//! Validation of names, labels and port names, with the messages of the API server of Kubernetes 1.36.

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// The messages that refuse a name; empty if it is valid.
pub type Refusals = Vec<String>;

fn is_label(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    text.bytes().all(|b| inner(b) || b == b'-')
        && text.bytes().next().is_some_and(inner)
        && text.bytes().last().is_some_and(inner)
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

/// `[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?`
fn is_qualified(text: &str) -> bool {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && edge(text.bytes().next())
        && edge(text.bytes().last())
}

fn too_long(text: &str, most: usize) -> Option<String> {
    (text.len() > most).then(|| format!("must be no more than {most} bytes"))
}

/// A DNS subdomain: the name of most objects (V1).
pub fn subdomain(text: &str) -> Refusals {
    let mut out = Refusals::from_iter(too_long(text, 253));
    if !is_subdomain(text) {
        out.push(SUBDOMAIN.into());
    }
    out
}

/// A DNS label: the name of a namespace.
pub fn label(text: &str) -> Refusals {
    let mut out = Refusals::from_iter(too_long(text, 63));
    if !is_label(text) {
        out.push(if is_subdomain(text) {
            "must not contain dots".into()
        } else {
            LABEL.into()
        });
    }
    out
}

/// The key of a label (V20).
pub fn label_key(text: &str) -> Refusals {
    let mut out = Refusals::new();
    let name = match text.split_once('/') {
        None => text,
        Some((_, name)) if name.contains('/') => {
            out.push(format!("a valid label key {QUALIFIED} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"));
            return out;
        }
        Some(("", name)) => {
            out.push("prefix part must be non-empty".into());
            name
        }
        Some((prefix, name)) => {
            out.extend(subdomain(prefix).iter().map(|m| format!("prefix part {m}")));
            name
        }
    };
    if name.is_empty() {
        out.push("name part must be non-empty".into());
    }
    out.extend(too_long(name, 63).map(|m| format!("name part {m}")));
    if !is_qualified(name) {
        out.push(format!("name part {QUALIFIED}"));
    }
    out
}

/// The value of a label (V21).
pub fn label_value(text: &str) -> Refusals {
    let mut out = Refusals::from_iter(too_long(text, 63));
    if !text.is_empty() && !is_qualified(text) {
        out.push(VALUE.into());
    }
    out
}

/// The name of a port (V3, V4).
pub fn port_name(text: &str) -> Refusals {
    let mut out = Refusals::new();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if text.chars().count() > 15 {
        out.push("must be no more than 15 characters".into());
    }
    if text.is_empty() || !text.bytes().all(plain) {
        out.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".into());
    }
    if !text.bytes().any(|b| b.is_ascii_lowercase()) {
        out.push("must contain at least one letter (a-z)".into());
    }
    if text.contains("--") {
        out.push("must not contain consecutive hyphens".into());
    }
    if text.starts_with('-') || text.ends_with('-') {
        out.push("must not begin or end with a hyphen".into());
    }
    out
}

/// A numeric port (V2).
pub fn port_number(n: i32) -> Refusals {
    if (1..=65535).contains(&n) {
        Refusals::new()
    } else {
        vec!["must be between 1 and 65535, inclusive".into()]
    }
}
