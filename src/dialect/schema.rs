//! Validates a tree as the schema of a CRD does: every error has its field path and the API server's
//! message, and refused parts are missing from the result.

use std::fmt::Display;

use crate::diag::Change;
use crate::dialect::refusal::{Quoted, Refusals};
use crate::dialect::selector::{self, LabelSelector};
use crate::yaml::decode::filled_in;
use crate::yaml::{Node, Object, Value};

/// A value and its field path.
#[derive(Clone, Debug)]
pub struct At<'a> {
    pub node: &'a Node,
    pub path: String,
}

/// Collects what the schema refuses.
pub struct Schema<'a> {
    pub out: Refusals<'a>,
}

impl<'a> Schema<'a> {
    pub fn new(object: &'a Object) -> Self {
        Self {
            out: Refusals::new(object),
        }
    }

    /// Refuses a value.
    pub fn refuse(&mut self, at: &At, message: String) {
        self.out.add("crd", &at.path, at.node.mark, message);
    }

    /// Refuses a value, which is printed before the reason.
    pub fn invalid(&mut self, at: &At, value: &dyn Display, detail: &str) {
        self.refuse(at, format!("Invalid value: {value}: {detail}"));
    }

    fn wrong_type(&mut self, at: &At, wanted: &str) {
        let found = match at.node.value {
            Value::Null => "null",
            Value::Bool(..) => "boolean",
            Value::Number(..) => "number",
            Value::String(_) => "string",
            Value::Seq(_) => "array",
            Value::Map(_) => "object",
        };
        let detail = format!("{} in body must be of type {wanted}: {found:?}", at.path);
        let since = self.out.found.len();
        self.invalid(at, &Quoted(found), &detail);
        if let Some(word) = at.node.placeholder() {
            self.out.help(since, &filled_in(word));
        }
        if let ("string", Value::Number(_, text)) = (wanted, &at.node.value)
            && text.bytes().all(|b| b.is_ascii_digit())
        {
            self.out.help(since, "write the number in quotes");
            self.out
                .correct(since, at.node.mark, &Change::Text((**text).into()));
        }
    }

    /// A field of a map; an explicit null is present, with the wrong type.
    pub fn get<'n>(&self, at: &At<'n>, key: &str) -> Option<At<'n>> {
        let Value::Map(map) = &at.node.value else {
            return None;
        };
        let entry = map.entries.iter().rev().find(|e| e.key == key)?;
        let path = match at.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        };
        Some(At {
            node: &entry.value,
            path,
        })
    }

    /// A required field.
    pub fn required<'n>(&mut self, at: &At<'n>, key: &str) -> Option<At<'n>> {
        let found = self.get(at, key);
        if found.is_none() && self.map(at).is_some() {
            let path = format!("{}.{key}", at.path);
            let message = "Required value".to_owned();
            self.out
                .add("crd", path.trim_start_matches('.'), at.node.mark, message);
        }
        found
    }

    /// A map, by its keys.
    pub fn map<'n>(&mut self, at: &At<'n>) -> Option<Vec<&'n str>> {
        match &at.node.value {
            Value::Map(map) => Some(map.entries.iter().map(|e| e.key.as_str()).collect()),
            _ => {
                self.wrong_type(at, "object");
                None
            }
        }
    }

    /// A map of which exactly one field is used; its key and value.
    pub fn one_of<'n>(&mut self, at: &At<'n>, known: &[&str]) -> Option<(&'n str, At<'n>)> {
        let keys = self.map(at)?;
        let used: Vec<&str> = keys.into_iter().filter(|k| known.contains(k)).collect();
        match used.as_slice() {
            [one] => Some((one, self.get(at, one)?)),
            [] => {
                let detail = format!("{} in body should have at least 1 properties", at.path);
                self.invalid(at, &0, &detail);
                None
            }
            many => {
                let message = format!("Too many: {}: must have at most 1 items", many.len());
                self.refuse(at, message);
                None
            }
        }
    }

    /// A list with between `least` and `most` items.
    pub fn list<'n>(&mut self, at: &At<'n>, least: usize, most: usize) -> Vec<At<'n>> {
        let Value::Seq(items) = &at.node.value else {
            self.wrong_type(at, "array");
            return Vec::new();
        };
        if items.len() > most {
            let message = format!("Too many: {}: must have at most {most} items", items.len());
            self.refuse(at, message);
        }
        if items.len() < least {
            let detail = format!("{} in body should have at least {least} items", at.path);
            self.invalid(at, &items.len(), &detail);
        }
        let item = |(i, node)| At {
            node,
            path: format!("{}[{i}]", at.path),
        };
        items.iter().enumerate().map(item).collect()
    }

    /// Text.
    pub fn text(&mut self, at: &At) -> Option<String> {
        match &at.node.value {
            Value::String(text) => Some(text.clone()),
            _ => {
                self.wrong_type(at, "string");
                None
            }
        }
    }

    /// Text of at most `most` characters.
    pub fn short_text(&mut self, at: &At, most: usize) -> Option<String> {
        let text = self.text(at)?;
        if text.chars().count() > most {
            self.refuse(at, format!("Too long: may not be more than {most} bytes"));
        }
        Some(text)
    }

    /// One of these words.
    pub fn word(&mut self, at: &At, words: &[&'static str]) -> Option<&'static str> {
        let text = self.text(at)?;
        let found = words.iter().find(|w| **w == text).copied();
        if found.is_none() {
            let supported: Vec<String> = words.iter().map(|w| Quoted(w).to_string()).collect();
            let supported = supported.join(", ");
            let message = format!(
                "Unsupported value: {}: supported values: {supported}",
                Quoted(&text)
            );
            self.refuse(at, message);
        }
        found
    }

    /// A whole number in a range.
    pub fn number(&mut self, at: &At, first: i32, last: i32) -> Option<i32> {
        let Value::Number(number, _) = at.node.value else {
            self.wrong_type(at, "integer");
            return None;
        };
        if number.fract() != 0.0 {
            self.wrong_type(at, "integer");
            return None;
        }
        if number < f64::from(first) {
            let detail = format!(
                "{} in body should be greater than or equal to {first}",
                at.path
            );
            self.invalid(at, &number, &detail);
            return None;
        }
        if number > f64::from(last) {
            let detail = format!("{} in body should be less than or equal to {last}", at.path);
            self.invalid(at, &number, &detail);
            return None;
        }
        #[allow(clippy::cast_possible_truncation)]
        Some(number as i32)
    }

    /// A number with or without a fraction.
    pub fn float(&mut self, at: &At) -> Option<f64> {
        match at.node.value {
            Value::Number(number, _) if number.is_finite() => Some(number),
            _ => {
                self.wrong_type(at, "number");
                None
            }
        }
    }

    /// True or false.
    pub fn boolean(&mut self, at: &At) -> Option<bool> {
        match at.node.value {
            Value::Bool(value, _) => Some(value),
            _ => {
                self.wrong_type(at, "boolean");
                None
            }
        }
    }

    /// A label selector; what cannot be read is refused under a code of the caller's.
    pub fn selector(&mut self, at: &At, code: &'static str) -> Option<LabelSelector> {
        self.map(at)?;
        match selector::parse(at.node) {
            Ok(selector) => Some(selector),
            Err(error) => {
                let path = match error.path.as_str() {
                    "" => at.path.clone(),
                    inner => format!("{}.{inner}", at.path),
                };
                self.out.add(code, &path, error.mark, error.message);
                None
            }
        }
    }
}
