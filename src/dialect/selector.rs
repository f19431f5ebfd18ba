//! `metav1.LabelSelector`: parsed with source positions, validated as the API does, lowered.

use std::collections::BTreeSet;
use std::fmt::Display;

use crate::cluster::NAMESPACE_NAME_LABEL;
use crate::policy::names;
use crate::sets::{LabelOp, Requirement, Selector};
use crate::yaml::decode::{Decoded, Spanned, entries, field, list_field, map, spanned, string};
use crate::yaml::{Mark, Node};

use super::refusal::{Quoted, Refusals};

/// A label selector as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector {
    /// `matchLabels`.
    pub labels: Vec<Label>,
    /// `matchExpressions`.
    pub expressions: Vec<Expression>,
    /// Its position.
    pub mark: Mark,
}

/// One entry of `matchLabels`, or of a label map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
    /// The position of the key.
    pub mark: Mark,
}

/// One entry of `matchExpressions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// The key; empty if missing.
    pub key: Spanned<String>,
    /// The operator; empty if missing.
    pub operator: Spanned<String>,
    /// The values.
    pub values: Vec<Spanned<String>>,
    /// Its position.
    pub mark: Mark,
}

/// Reads a selector.
pub fn parse(node: &Node) -> Decoded<LabelSelector> {
    Ok(LabelSelector {
        labels: field(node, "matchLabels", labels)?.unwrap_or_default(),
        expressions: list_field(map(node)?, "matchExpressions", expression)?,
        mark: node.mark,
    })
}

/// Reads a map of labels with the positions of its keys.
pub fn labels(node: &Node) -> Decoded<Vec<Label>> {
    let labels = entries(node)?.iter();
    labels
        .map(|entry| {
            Ok(Label {
                key: entry.key.clone(),
                value: string(&entry.value).map_err(|e| e.under(&entry.key))?,
                mark: entry.mark,
            })
        })
        .collect()
}

fn expression(node: &Node) -> Decoded<Expression> {
    let missing = Spanned {
        value: String::new(),
        mark: node.mark,
    };
    let text = |key| field(node, key, spanned(string));
    Ok(Expression {
        key: text("key")?.unwrap_or_else(|| missing.clone()),
        operator: text("operator")?.unwrap_or(missing),
        values: list_field(node, "values", spanned(string))?,
        mark: node.mark,
    })
}

/// What the API server refuses in a selector (V17-V21).
pub fn validate(selector: &LabelSelector, path: impl Display + Copy, out: &mut Refusals) {
    validate_labels(&selector.labels, format_args!("{path}.matchLabels"), out);
    for (i, expression) in selector.expressions.iter().enumerate() {
        let path = format_args!("{path}.matchExpressions[{i}]");
        validate_expression(expression, path, out);
    }
}

/// What the API server refuses in a map of labels; its path is that of the whole map.
pub fn validate_labels(labels: &[Label], path: impl Display + Copy, out: &mut Refusals) {
    for Label { key, value, mark } in labels {
        let refused = names::label_key(key);
        out.invalid("V20", path, *mark, Quoted(key), &refused);
        let refused = names::label_value(value);
        out.invalid("V21", path, *mark, Quoted(value), &refused);
    }
}

fn validate_expression(expression: &Expression, path: impl Display + Copy, out: &mut Refusals) {
    let Expression {
        key,
        operator,
        values,
        mark,
    } = expression;
    let at_values = format_args!("{path}.values");
    match (operator.value.as_str(), values.first()) {
        ("In" | "NotIn", None) => {
            let detail = "must be specified when `operator` is 'In' or 'NotIn'";
            out.add("V17", at_values, *mark, format!("Required value: {detail}"));
        }
        ("Exists" | "DoesNotExist", Some(first)) => {
            let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            out.add("V18", at_values, first.mark, format!("Forbidden: {detail}"));
        }
        ("In" | "NotIn" | "Exists" | "DoesNotExist", _) => {}
        (other, _) => {
            let at = format_args!("{path}.operator");
            let since = out.found.len();
            let refused = ["not a valid selector operator".to_owned()];
            out.invalid("V19", at, operator.mark, Quoted(other), &refused);
            let known = ["In", "NotIn", "Exists", "DoesNotExist"];
            out.help_with_case(since, other, &known);
        }
    }
    let refused = names::label_key(&key.value);
    out.invalid(
        "V20",
        format_args!("{path}.key"),
        key.mark,
        Quoted(&key.value),
        &refused,
    );
    for (j, value) in values.iter().enumerate() {
        let refused = names::label_value(&value.value);
        let at = format_args!("{at_values}[{j}]");
        out.invalid("V21", at, value.mark, Quoted(&value.value), &refused);
    }
}

/// Lowers a selector that the API server accepts.
pub fn lower(selector: &LabelSelector) -> Selector {
    let labels = selector.labels.iter();
    let expressions = selector.expressions.iter().filter_map(|e| {
        let values = || e.values.iter().map(|v| v.value.clone()).collect();
        let op = match e.operator.value.as_str() {
            "In" => LabelOp::In(values()),
            "NotIn" => LabelOp::NotIn(values()),
            "Exists" => LabelOp::Exists,
            "DoesNotExist" => LabelOp::DoesNotExist,
            _ => return None,
        };
        let key = e.key.value.clone();
        Some(Requirement { key, op })
    });
    let requirements = labels.map(|l| Requirement::equals(&l.key, &l.value));
    Selector {
        requirements: requirements.chain(expressions).collect(),
    }
}

/// The name of the only namespace that a selector of namespaces can match. Err: it may match others, as a clause about
/// the policy.
pub fn one_namespace(namespaces: &Selector) -> Result<String, String> {
    let names = named_namespaces(namespaces)?;
    let one = names.first().filter(|_| names.len() == 1);
    one.cloned().ok_or_else(|| several(namespaces))
}

/// The name of the only namespace that a selector of namespaces can match; else an empty one, and the selector.
pub fn one_or_several(namespaces: Selector) -> (String, Option<Selector>) {
    match one_namespace(&namespaces) {
        Ok(name) => (name, None),
        Err(_) => (String::new(), Some(namespaces)),
    }
}

/// The names of the only namespaces that a selector of namespaces can match. Err: it may match others, as a clause about
/// the policy.
pub fn named_namespaces(namespaces: &Selector) -> Result<&BTreeSet<String>, String> {
    let named = |only: &Requirement| only.key == NAMESPACE_NAME_LABEL;
    match namespaces.requirements.as_slice() {
        [only] if named(only) => match &only.op {
            LabelOp::In(names) => Ok(names),
            _ => Err(several(namespaces)),
        },
        _ => Err(several(namespaces)),
    }
}

/// Why a policy is not for one namespace alone.
pub fn several(namespaces: &Selector) -> String {
    match namespaces.is_everything() {
        true => "it is for the pods of all namespaces".to_owned(),
        false => {
            format!("it is for the pods of all namespaces with `{namespaces}`, future ones too")
        }
    }
}
