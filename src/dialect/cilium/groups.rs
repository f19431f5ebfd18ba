//! CiliumCIDRGroup: addresses that policies name by the group's name or labels.

use crate::diag::Diagnostic;
use crate::dialect::{CidrGroup, cidr};
use crate::sets::IpSet;
use crate::yaml::Object;
use crate::yaml::decode::{deep, list, string, strings};

/// Reads a group; blocks that are none are reported and left out.
pub fn cidr_group(object: &Object) -> (CidrGroup, Vec<Diagnostic>) {
    let labels = deep(&object.node, &["metadata", "labels"], strings);
    let mut group = CidrGroup {
        name: object.name.clone(),
        labels: labels.ok().flatten().unwrap_or_default(),
        addresses: IpSet::empty(),
    };
    let mut diagnostics = Vec::new();
    let blocks = deep(&object.node, &["spec", "externalCIDRs"], |node| {
        list(node, |item| Ok((string(item)?, item.mark)))
    });
    match blocks {
        Ok(blocks) => {
            for (text, mark) in blocks.unwrap_or_default() {
                match cidr::parse(&text) {
                    Ok(block) => group.addresses = group.addresses.union(&IpSet::net(block.net)),
                    Err(why) => {
                        let message = format!("Invalid value: {text:?}: {why}; it is left out");
                        let error = Diagnostic::error("crd", message).path("spec.externalCIDRs");
                        diagnostics.push(object.about(error, mark));
                    }
                }
            }
        }
        Err(error) => {
            let diagnostic = Diagnostic::error("crd", error.message).path(error.path);
            diagnostics.push(object.about(diagnostic, error.mark));
        }
    }
    (group, diagnostics)
}
