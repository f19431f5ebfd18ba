//! What a plain scalar means, exactly as kubectl reads it: the YAML 1.1 rules of go-yaml v2.

use super::Value;

const NULL: [&str; 5] = ["", "~", "null", "Null", "NULL"];
const TRUE: [&str; 11] = [
    "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON",
];
const FALSE: [&str; 11] = [
    "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF",
];

/// The value of a scalar. `plain` is false for quoted and block scalars, which are always strings
/// unless a tag says otherwise; `tag` is the expanded tag, if one is written.
pub(super) fn resolve(text: String, tag: Option<&str>, plain: bool) -> Value {
    let core = tag.and_then(|t| t.strip_prefix("tag:yaml.org,2002:"));
    match (tag, core) {
        (None, _) if plain => resolve_plain(text),
        (Some(_), Some("null" | "bool" | "int" | "float")) => resolve_plain(text),
        _ => Value::String(text),
    }
}

fn resolve_plain(text: String) -> Value {
    if NULL.contains(&text.as_str()) {
        return Value::Null;
    }
    if TRUE.contains(&text.as_str()) {
        return Value::Bool(true, text.into());
    }
    if FALSE.contains(&text.as_str()) {
        return Value::Bool(false, text.into());
    }
    let Some(first) = text.bytes().next() else {
        return Value::Null;
    };
    match first {
        b'.' => match dotted(&text) {
            Some(number) => Value::Number(number, text.into()),
            None => Value::String(text),
        },
        b'0'..=b'9' | b'+' | b'-' => match number(&text) {
            Some(number) => Value::Number(number, text.into()),
            None => Value::String(text),
        },
        _ => Value::String(text),
    }
}

/// Numbers that start with a dot: `.5`, `.inf`, `.nan`.
fn dotted(text: &str) -> Option<f64> {
    match text {
        ".inf" | ".Inf" | ".INF" => Some(f64::INFINITY),
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        _ if is_float(text) => text.parse().ok().filter(|n: &f64| n.is_finite()),
        _ => None,
    }
}

/// Numbers that start with a digit or a sign. Underscores count for nothing; `0x`, `0b`, `0o` and a
/// leading zero choose the base.
fn number(text: &str) -> Option<f64> {
    match text {
        "+.inf" | "+.Inf" | "+.INF" => return Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    let plain = text.replace('_', "");
    if let Some(integer) = integer(&plain) {
        return Some(integer);
    }
    if is_float(&plain) {
        return plain.parse().ok().filter(|n: &f64| n.is_finite());
    }
    None
}

/// Integers of 64 bits, as Go's `ParseInt` with base 0 reads them. They are stored as `f64`, as in
/// JSON; everything that Kubernetes reads as an integer here is far below the limit of exactness.
fn integer(text: &str) -> Option<f64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, base).ok()?;
    if negative && magnitude > 1 << 63 {
        return None;
    }
    #[allow(clippy::cast_precision_loss)]
    let magnitude = magnitude as f64;
    Some(if negative { -magnitude } else { magnitude })
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = digits(rest);
    rest = &rest[whole..];
    if let Some(after) = rest.strip_prefix('.') {
        let fraction = digits(after);
        if whole == 0 && fraction == 0 {
            return false;
        }
        rest = &after[fraction..];
    } else if whole == 0 {
        return false;
    }
    match rest.strip_prefix(['e', 'E']) {
        None => rest.is_empty(),
        Some(exponent) => {
            let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Value {
        resolve(text.to_owned(), None, true)
    }

    #[test]
    fn yaml_1_1_words_are_booleans_and_null() {
        for text in ["on", "On", "yes", "y", "Y", "true", "TRUE"] {
            assert_eq!(plain(text), Value::Bool(true, text.into()), "{text}");
        }
        for text in ["off", "no", "n", "N", "False"] {
            assert_eq!(plain(text), Value::Bool(false, text.into()), "{text}");
        }
        for text in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(plain(text), Value::Null, "{text}");
        }
    }

    #[test]
    fn numbers_in_every_notation() {
        for (text, want) in [
            ("80", 80.0),
            ("+12", 12.0),
            ("-1", -1.0),
            ("1_000", 1000.0),
            ("0x1F", 31.0),
            ("0b101", 5.0),
            ("-0b11", -3.0),
            ("0o17", 15.0),
            ("017", 15.0),
            ("08", 8.0),
            ("0", 0.0),
            ("1.10", 1.1),
            ("1.", 1.0),
            (".5", 0.5),
            ("1e3", 1000.0),
            ("12E-1", 1.2),
            ("18446744073709551615", 18_446_744_073_709_551_615.0),
            ("99999999999999999999", 1e20),
        ] {
            assert_eq!(plain(text), Value::Number(want, text.into()), "{text}");
        }
        assert!(matches!(plain(".inf"), Value::Number(n, _) if n.is_infinite()));
        assert!(matches!(plain(".NaN"), Value::Number(n, _) if n.is_nan()));
    }

    #[test]
    fn everything_else_is_text() {
        for text in [
            "yEs",
            "oN",
            "nULL",
            "_1",
            "0x",
            "0xZZ",
            "1e",
            "1.2.3",
            "10.0.0.0/8",
            "-",
            "+",
            ".",
            "...",
            "1-2",
            "2001-01-01",
            "1:30",
            "0b2",
            "1e999",
            "-web",
            "0x1p4",
            ".5f",
            "0x-1",
            "--1",
        ] {
            assert_eq!(plain(text), Value::String(text.into()), "{text}");
        }
    }

    #[test]
    fn quotes_and_tags_determine_the_type() {
        assert_eq!(
            resolve("on".into(), None, false),
            Value::String("on".into())
        );
        assert_eq!(
            resolve("1".into(), Some("tag:yaml.org,2002:str"), true),
            Value::String("1".into())
        );
        assert_eq!(
            resolve("1".into(), Some("tag:yaml.org,2002:int"), false),
            Value::Number(1.0, "1".into())
        );
        assert_eq!(
            resolve("1".into(), Some("!mine"), true),
            Value::String("1".into())
        );
    }
}
