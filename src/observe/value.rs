//! Reading JSON of Go programs: what is unset is absent, numbers may be strings.

use std::borrow::Cow;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::sets::hash::HashMap;

/// A JSON value whose strings borrow the text where they can: most of a record is looked at once and not kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number that is no natural one, or too big.
    Number(f64),
    /// A natural number.
    Natural(u64),
    /// A string.
    Text(Cow<'a, str>),
    /// A list.
    Array(Vec<Json<'a>>),
    /// An object, as written: of equal keys the last one counts.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Parses a text that is one value.
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }

    /// The value of a field; none if it is absent or `null`, or this is no object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let mut fields = self.fields().iter().rev();
        let value = fields.find(|(k, _)| k == key).map(|(_, value)| value);
        value.filter(|value| !value.is_null())
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The fields of an object.
    pub fn fields(&self) -> &[(Cow<'a, str>, Self)] {
        match self {
            Self::Object(fields) => fields,
            _ => &[],
        }
    }

    /// The elements of a list.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(all) => Some(all),
            _ => None,
        }
    }

    /// A string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// `true` or `false`.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(is) => Some(*is),
            _ => None,
        }
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }
}

struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, is: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(is))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Natural(number))
    }

    // No field of a record is a negative number.
    #[allow(clippy::cast_precision_loss)]
    fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Json<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(one) = all.next_element()? {
            list.push(one);
        }
        Ok(Json::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<Json<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(Key(key)) = all.next_key()? {
            fields.push((key, all.next_value()?));
        }
        Ok(Json::Object(fields))
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Values)
    }
}

/// The key of a field: `Cow` by itself never borrows.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// The text of a field; empty if it is absent.
pub fn text<'a>(value: &'a Json, key: &str) -> &'a str {
    value.get(key).and_then(Json::as_str).unwrap_or_default()
}

/// The number of a field, also written as a string; 0 if it is absent.
pub fn number(value: &Json, key: &str) -> u64 {
    match value.get(key) {
        Some(Json::Natural(number)) => *number,
        Some(Json::Text(text)) => text.parse().unwrap_or(0),
        _ => 0,
    }
}

/// A port that a field has: none if the field is absent, an error if it is no port.
pub fn port(value: &Json, key: &str) -> Result<Option<u16>, NotAPort> {
    let Some(field) = value.get(key) else {
        return Ok(None);
    };
    let port = match field {
        Json::Natural(number) => u16::try_from(*number).ok(),
        Json::Number(number) => whole(*number),
        Json::Text(text) => text.parse().ok(),
        _ => None,
    };
    port.map(Some).ok_or(NotAPort)
}

/// A field that should be a port.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAPort;

// The range is checked before.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(number: f64) -> Option<u16> {
    let is = number.fract() == 0.0 && (0.0..=f64::from(u16::MAX)).contains(&number);
    is.then_some(number as u16)
}

/// The texts of a list.
pub fn texts(value: &Json, key: &str) -> Vec<String> {
    let list = value.get(key).and_then(Json::as_array);
    let texts = list.into_iter().flatten().filter_map(Json::as_str);
    texts.map(str::to_owned).collect()
}

/// A number for each value, the same for equal ones: the order of keys does not matter, nor whether numbers are strings, and
/// a field that is `null` is absent.
pub fn fingerprint(value: &Json) -> u64 {
    let state = HashMap::<(), ()>::default();
    let state = state.hasher();
    match value {
        Json::Null => state.hash_one(()),
        Json::Bool(is) => state.hash_one(is),
        Json::Number(number) => state.hash_one(number.to_bits()),
        Json::Natural(number) => state.hash_one(number.to_string()),
        Json::Text(text) => state.hash_one(text),
        Json::Array(all) => {
            let mut hasher = state.build_hasher();
            all.len().hash(&mut hasher);
            all.iter()
                .for_each(|one| fingerprint(one).hash(&mut hasher));
            hasher.finish()
        }
        Json::Object(fields) => {
            let pairs = fields.iter().filter(|(_, value)| !value.is_null());
            let (count, sum) = pairs
                .map(|(key, value)| state.hash_one((key, fingerprint(value))))
                .fold((0_usize, 0_u64), |(count, sum), one| {
                    (count + 1, sum.wrapping_add(one))
                });
            state.hash_one((count, sum))
        }
    }
}

#[cfg(test)]
impl From<&Json<'_>> for serde_json::Value {
    fn from(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(is) => Self::from(*is),
            Json::Number(number) => Self::from(*number),
            Json::Natural(number) => Self::from(*number),
            Json::Text(text) => Self::from(&**text),
            Json::Array(all) => Self::Array(all.iter().map(Self::from).collect()),
            Json::Object(fields) => {
                let fields = fields.iter();
                Self::Object(
                    fields
                        .map(|(k, v)| (k.to_string(), Self::from(v)))
                        .collect(),
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn json(text: &str) -> Json<'_> {
        Json::parse(text.as_bytes()).expect("JSON")
    }

    #[test]
    fn equal_values_have_equal_fingerprints() {
        let of = |text: &str| fingerprint(&json(text));
        assert_eq!(of(r#"{"a":"7","b":[1]}"#), of(r#"{"b":[1],"a":7}"#));
        assert_ne!(of(r#"{"a":1,"b":2}"#), of(r#"{"a":2,"b":1}"#));
        assert_ne!(of("[1,2]"), of("[2,1]"));
        assert_ne!(of("[[1],[2]]"), of("[[1,2]]"));
        assert_eq!(of(r#"{"a":1,"b":null}"#), of(r#"{"a":1}"#));
    }

    #[test]
    fn numbers_may_be_strings() {
        assert_eq!(number(&json(r#"{"n":"12"}"#), "n"), 12);
        assert_eq!(number(&json(r#"{"n":12}"#), "n"), 12);
        assert_eq!(number(&json(r#"{"n":-1}"#), "n"), 0);
    }

    #[test]
    fn null_is_absent() {
        let read = json(r#"{"a":1,"b":null,"a":null}"#);
        assert_eq!((read.get("a"), read.get("b")), (None, None));
    }

    #[test]
    fn ports_are_whole_numbers_of_sixteen_bits() {
        let of = |text: &str| port(&json(&format!(r#"{{"p":{text}}}"#)), "p");
        for (text, is) in [
            ("8080", 8080),
            ("8080.0", 8080),
            (r#""8080""#, 8080),
            ("0", 0),
        ] {
            assert_eq!(of(text), Ok(Some(is)), "{text}");
        }
        for text in ["70000", "-1", "1e30", "80.5", r#""http""#, "[]"] {
            assert_eq!(of(text), Err(NotAPort), "{text}");
        }
        assert_eq!(port(&json("{}"), "p"), Ok(None));
    }

    #[test]
    fn strings_without_escapes_are_borrowed() {
        let read = json(r#"{"a":"b","\u0061":"\n"}"#);
        let [(a, b), (_, line)] = read.fields() else {
            panic!("{read:?}")
        };
        assert!(matches!(a, Cow::Borrowed("a")), "{a:?}");
        assert!(matches!(b, Json::Text(Cow::Borrowed("b"))), "{b:?}");
        assert_eq!(line.as_str(), Some("\n"));
        // Of equal keys the last one.
        assert_eq!(text(&read, "a"), "\n");
    }

    fn some_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn json_is_read_as_by_serde(value in some_value()) {
            let text = value.to_string();
            prop_assert_eq!(Value::from(&json(&text)), value);
        }
    }
}
