//! Values without ranges: what is to be written, and unknown fields. They are serde_yaml's, which typed
//! Rust values convert to and from; no other module names serde_yaml. Texts are read by
//! [`super::parse`] alone.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Node, Value as Read};

pub use serde_yaml::{Mapping, Value};

/// A tree without its ranges.
pub fn plain(node: &Node) -> Value {
    match &node.value {
        Read::Null => Value::Null,
        Read::Bool(yes, _) => Value::from(*yes),
        Read::Number(number, text) => {
            whole(*number, text).map_or(Value::from(*number), Value::from)
        }
        Read::String(text) => Value::from(text.as_str()),
        Read::Seq(items) => Value::Sequence(items.iter().map(plain).collect()),
        Read::Map(map) => {
            let pairs = map.entries.iter();
            Value::Mapping(
                pairs
                    .map(|e| (Value::from(e.key.as_str()), plain(&e.value)))
                    .collect(),
            )
        }
    }
}

/// The number as an integer, if it was written as one.
#[allow(clippy::cast_possible_truncation)]
pub fn whole(number: f64, text: &str) -> Option<i64> {
    let exact = text.parse().ok();
    let is_integer =
        number.fract() == 0.0 && number.abs() < 9e15 && !text.contains(['.', 'e', 'E']);
    exact.or_else(|| is_integer.then_some(number as i64))
}

/// A tree as a typed value; none if it has another shape.
pub fn typed<T: DeserializeOwned>(node: &Node) -> Option<T> {
    serde_yaml::from_value(plain(node)).ok()
}

/// The text of a typed value; none if it cannot be written as YAML.
pub fn text_of<T: Serialize>(value: &T) -> Option<String> {
    serde_yaml::to_string(value).ok()
}
