//! Reading JSON of Go programs: what is unset is absent, numbers may be strings.

use std::hash::{BuildHasher, Hash, Hasher};

use serde_json::Value;

use crate::sets::hash::HashMap;

/// The text of a field; empty if it is absent.
pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The number of a field, also written as a string; 0 if it is absent.
pub fn number(value: &Value, key: &str) -> u64 {
    match value.get(key) {
        Some(Value::Number(number)) => number.as_u64().unwrap_or(0),
        Some(Value::String(text)) => text.parse().unwrap_or(0),
        _ => 0,
    }
}

/// The texts of a list.
pub fn texts(value: &Value, key: &str) -> Vec<String> {
    let list = value.get(key).and_then(Value::as_array);
    let texts = list.into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

/// A number for each value, the same for equal ones: the order of keys does not matter, nor whether numbers are strings.
pub fn fingerprint(value: &Value) -> u64 {
    let mut hasher = HashMap::<(), ()>::default().hasher().build_hasher();
    match value {
        Value::Null => {}
        Value::Bool(is) => is.hash(&mut hasher),
        Value::Number(number) => number.to_string().hash(&mut hasher),
        Value::String(text) => text.hash(&mut hasher),
        Value::Array(all) => {
            all.len().hash(&mut hasher);
            all.iter()
                .for_each(|one| fingerprint(one).hash(&mut hasher));
        }
        Value::Object(fields) => {
            let pair = |(key, value): (&String, &Value)| {
                HashMap::<(), ()>::default()
                    .hasher()
                    .hash_one((key, fingerprint(value)))
            };
            let sum = fields.iter().map(pair).fold(0_u64, u64::wrapping_add);
            (fields.len(), sum).hash(&mut hasher);
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn equal_values_have_equal_fingerprints() {
        let of = |text: &str| fingerprint(&serde_json::from_str(text).unwrap());
        assert_eq!(of(r#"{"a":"7","b":[1]}"#), of(r#"{"b":[1],"a":7}"#));
        assert_ne!(of(r#"{"a":1,"b":2}"#), of(r#"{"a":2,"b":1}"#));
        assert_ne!(fingerprint(&json!([1, 2])), fingerprint(&json!([2, 1])));
        assert_eq!(number(&json!({"n": "12"}), "n"), 12);
    }
}
