//! What the writers of several dialects share: metadata, label selectors, the lines of flows, and losses.

use std::borrow::Cow;
use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    LabelSelector, LabelSelectorRequirement, ObjectMeta,
};

use super::Text;
use crate::diag::Severity;
use crate::policy::{FlowKey, Loss, Part, PlanPeer, PlanPolicy, PlanRule};
use crate::sets::{LabelOp, Requirement, Selector};
use crate::yaml::write::{Node, Output};

/// The keys of a map, in the order in which they are written.
pub type Map = Vec<(Cow<'static, str>, Node)>;

/// The metadata of a planned policy.
pub fn object_meta(plan: &PlanPolicy) -> ObjectMeta {
    ObjectMeta {
        name: Some(plan.name.clone()),
        namespace: Some(plan.namespace.clone()),
        labels: (!plan.labels.is_empty()).then(|| plan.labels.clone()),
        annotations: (!plan.annotations.is_empty()).then(|| plan.annotations.clone()),
        ..ObjectMeta::default()
    }
}

/// `metadata`.
pub fn metadata(meta: &ObjectMeta) -> Node {
    let mut map: Map = Vec::new();
    for (key, value) in [("name", &meta.name), ("namespace", &meta.namespace)] {
        if let Some(value) = value {
            map.push((key.into(), Node::text(value)));
        }
    }
    for (key, value) in [("labels", &meta.labels), ("annotations", &meta.annotations)] {
        if let Some(value) = value {
            map.push((key.into(), Node::texts(value)));
        }
    }
    Node::Map(map)
}

/// The API's form of a selector; none if the API's label selectors cannot express it.
pub fn label_selector(selector: &Selector) -> Option<LabelSelector> {
    let mut labels = BTreeMap::new();
    let mut expressions = Vec::new();
    for Requirement { key, op } in &selector.requirements {
        let (operator, values) = match op {
            LabelOp::In(values) => match values.first() {
                Some(value) if values.len() == 1 && !labels.contains_key(key) => {
                    labels.insert(key.clone(), value.clone());
                    continue;
                }
                Some(_) => ("In", Some(values)),
                None => return None,
            },
            LabelOp::NotIn(values) if values.is_empty() => continue,
            LabelOp::NotIn(values) => ("NotIn", Some(values)),
            LabelOp::Exists => ("Exists", None),
            LabelOp::DoesNotExist => ("DoesNotExist", None),
            LabelOp::StartsWith(_) | LabelOp::EndsWith(_) | LabelOp::Contains(_) => return None,
        };
        expressions.push(LabelSelectorRequirement {
            key: key.clone(),
            operator: operator.to_owned(),
            values: values.map(|v| v.iter().cloned().collect()),
        });
    }
    Some(LabelSelector {
        match_labels: (!labels.is_empty()).then_some(labels),
        match_expressions: (!expressions.is_empty()).then_some(expressions),
    })
}

/// A label selector.
pub fn selector(selector: &LabelSelector) -> Node {
    let mut map: Map = Vec::new();
    if let Some(labels) = &selector.match_labels {
        map.push(("matchLabels".into(), Node::texts(labels)));
    }
    if let Some(expressions) = &selector.match_expressions {
        let items = expressions.iter().map(|requirement| {
            let mut item: Map = vec![
                ("key".into(), Node::text(&requirement.key)),
                ("operator".into(), Node::text(&requirement.operator)),
            ];
            if let Some(values) = &requirement.values {
                item.push(("values".into(), texts(values)));
            }
            Node::Map(item)
        });
        map.push(("matchExpressions".into(), Node::List(items.collect())));
    }
    Node::Map(map)
}

/// A list of strings.
pub fn texts(all: impl IntoIterator<Item = impl ToString>) -> Node {
    let all = all.into_iter();
    Node::List(all.map(|text| Node::text(text.to_string())).collect())
}

impl Text {
    /// A written document whose marks are the places in `flows` of the flows that the marked lines carry.
    pub(super) fn new(output: Output, flows: &[&[FlowKey]]) -> Self {
        let mut lines = Vec::new();
        for (mark, range) in output.marks {
            let carried = flows.get(mark).copied().unwrap_or_default();
            lines.extend(carried.iter().map(|flow| (range.clone(), *flow)));
        }
        Self {
            text: output.text,
            lines,
        }
    }
}

/// The texts of the objects that one policy becomes, as one; none if there are none.
pub fn join(texts: Vec<Text>) -> Option<Text> {
    let mut texts = texts.into_iter();
    let mut all = texts.next()?;
    for text in texts {
        all.text.push_str("---\n");
        let before = u32::try_from(all.text.lines().count()).unwrap_or(u32::MAX);
        let lines = text.lines.into_iter();
        let shifted = |line: u32| line.saturating_add(before);
        all.lines.extend(
            lines.map(|(range, flow)| (shifted(*range.start())..=shifted(*range.end()), flow)),
        );
        all.text.push_str(&text.text);
    }
    Some(all)
}

/// The loss of a part of every flow of a rule.
pub fn losses(rule: &PlanRule, part: &Part, why: &str, help: &str) -> Vec<Loss> {
    let one = |flow: &FlowKey| Loss {
        flow: *flow,
        part: part.clone(),
        severity: Severity::Warning,
        why: why.to_owned(),
        help: Some(help.to_owned()),
    };
    rule.flows.iter().map(one).collect()
}

/// The losses of a rule whose pods a label selector of the API cannot select.
pub fn selector_losses(rule: &PlanRule, selector: &Selector) -> Vec<Loss> {
    let why = format!(
        "the selector `{selector}` of `{}` is not valid in the API",
        rule.other
    );
    losses(rule, &Part::Gate(rule.direction), &why, "use exact values")
}

/// The losses of a rule's domain names, where `dialect` has none.
pub fn domain_losses(rule: &PlanRule, dialect: &str) -> Vec<Loss> {
    let names: Vec<&String> = (rule.peers.listed().iter())
        .filter_map(|peer| match peer {
            PlanPeer::Domain(name) => Some(name),
            _ => None,
        })
        .collect();
    if names.is_empty() {
        return Vec::new();
    }
    if names.len() == rule.peers.listed().len() {
        let why = format!(
            "`{}` has only a domain name, which {dialect} cannot express",
            rule.other
        );
        return losses(rule, &Part::Flow, &why, "add its networks");
    }
    let why = format!("{dialect} has no domain names");
    let help = "use externals with networks instead";
    let one = |name: &String| losses(rule, &Part::Domain(name.clone()), &why, help);
    names.into_iter().flat_map(one).collect()
}
