//! Label selectors, requirement by requirement.

use crate::sets::{LabelOp, Labels, Selector};

/// Whether labels pass every requirement of a selector.
pub(super) fn selects(selector: &Selector, labels: &Labels) -> bool {
    for requirement in &selector.requirements {
        let value = labels.get(&requirement.key);
        let passes = match (&requirement.op, value) {
            (LabelOp::Exists, value) => value.is_some(),
            (LabelOp::DoesNotExist, value) => value.is_none(),
            (LabelOp::In(wanted), Some(value)) => wanted.iter().any(|w| w == value),
            (LabelOp::NotIn(unwanted), Some(value)) => unwanted.iter().all(|u| u != value),
            (LabelOp::NotIn(_), None) => true,
            (LabelOp::StartsWith(text), Some(value)) => value.strip_prefix(text).is_some(),
            (LabelOp::EndsWith(text), Some(value)) => value.strip_suffix(text).is_some(),
            (LabelOp::Contains(text), Some(value)) => value.find(text).is_some(),
            (
                LabelOp::In(_)
                | LabelOp::StartsWith(_)
                | LabelOp::EndsWith(_)
                | LabelOp::Contains(_),
                None,
            ) => false,
        };
        if !passes {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sets::Requirement;

    #[test]
    fn absent_keys_pass_negative_requirements_only() {
        let labels = Labels::from([("app".to_owned(), "web".to_owned())]);
        let set = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect();
        for (key, op, want) in [
            ("app", LabelOp::In(set(&["web", "db"])), true),
            ("app", LabelOp::In(set(&[])), false),
            ("app", LabelOp::NotIn(set(&["web"])), false),
            ("app", LabelOp::NotIn(set(&[])), true),
            ("tier", LabelOp::In(set(&[""])), false),
            ("tier", LabelOp::NotIn(set(&["web"])), true),
            ("tier", LabelOp::DoesNotExist, true),
            ("tier", LabelOp::StartsWith(String::new()), false),
            ("app", LabelOp::StartsWith("we".into()), true),
            ("app", LabelOp::EndsWith("we".into()), false),
            ("app", LabelOp::Contains("e".into()), true),
            ("app", LabelOp::Exists, true),
        ] {
            let requirements = vec![Requirement::new(key, op.clone())];
            let selector = Selector { requirements };
            assert_eq!(selects(&selector, &labels), want, "{key} {op:?}");
        }
    }
}
