//! What dialects share that raise policies.

use crate::cluster::NAMESPACE_NAME_LABEL;
use crate::sets::{LabelOp, Selector};

/// The name of the only namespace that a selector of namespaces can match. Err: it may match others, as a clause about
/// the policy.
pub fn one_namespace(namespaces: &Selector) -> Result<String, String> {
    let [only] = namespaces.requirements.as_slice() else {
        return Err(several(namespaces));
    };
    let name = match &only.op {
        LabelOp::In(names) if only.key == NAMESPACE_NAME_LABEL && names.len() == 1 => names.first(),
        _ => None,
    };
    name.cloned().ok_or_else(|| several(namespaces))
}

fn several(namespaces: &Selector) -> String {
    match namespaces.is_everything() {
        true => "it is for the pods of all namespaces".to_owned(),
        false => {
            format!("it is for the pods of all namespaces with `{namespaces}`, future ones too")
        }
    }
}
