//! The path of a node in its tree.

use std::fmt;

/// The keys and indices that lead to a node. Few nodes are reported, so it is only formatted on demand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path<'a>(Vec<Step<'a>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step<'a> {
    Field(&'a str),
    Item(usize),
}

impl<'a> Path<'a> {
    /// Goes down to the value of a key.
    pub fn enter_field(&mut self, key: &'a str) {
        self.0.push(Step::Field(key));
    }

    /// Goes down to an item of a list.
    pub fn enter_item(&mut self, index: usize) {
        self.0.push(Step::Item(index));
    }

    /// Goes up again.
    pub fn leave(&mut self) {
        self.0.pop();
    }

    /// Whether one of the two is the other or below it; `fields` are keys, separated by dots, and say nothing of indices.
    pub fn overlaps(&self, fields: &str) -> bool {
        let keys = self.0.iter().filter_map(|step| match step {
            Step::Field(key) => Some(*key),
            Step::Item(_) => None,
        });
        keys.zip(fields.split('.')).all(|(own, key)| own == key)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Item(index) => write!(f, "[{index}]")?,
                Step::Field(key) if at == 0 => write!(f, "{key}")?,
                Step::Field(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}
