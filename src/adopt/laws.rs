//! For random documents: the policies generated for one, imported beside the bare workloads, are
//! adopted or stay imported with a reason, and no connection changes.

use proptest::prelude::*;

use super::*;
use crate::analysis::changes::{Relation, policy_relation};
use crate::analysis::compare;
use crate::model::{Base, ImportedPolicy, Table, Unknown};
use crate::policy::Target;
use crate::proof::generate;
use crate::proof::loaded;
use crate::proof::prove::laws::{drawing, random};

/// The document's workloads with the policies that it generates, all imported; the flows are removed.
fn bare(document: &Document) -> Document {
    let mut bare = document.clone();
    bare.flows = Table::default();
    bare.groups = Table::default();
    bare.externals = Table::default();
    bare.policies = Table::default();
    bare.settings.base = Base::None;
    let ids: Vec<_> = bare.namespaces.ids().collect();
    for id in ids {
        if let Some(namespace) = bare.namespaces.get_mut(id) {
            namespace.base = None;
        }
    }
    for written in generate(document).policies {
        bare.policies.add(ImportedPolicy {
            file: "old.yaml".into(),
            text: written.text.clone(),
            replaces: None,
            unknown: Unknown::new(),
        });
    }
    bare
}

/// The same of a dialect that only one enforcer implements, in a project that writes NetworkPolicy under that one.
fn bare_in(target: Target, document: &Document) -> Document {
    let mut document = document.clone();
    document.settings.dialects = vec![target];
    let mut bare = bare(&document);
    bare.settings.assumptions = document.settings.judged();
    bare.settings.dialects = vec![Target::Kubernetes];
    bare
}

/// Whether adopting all policies changes nothing; the document afterwards, and why the other policies stay.
fn adopted(bare: &Document) -> Result<(Document, Vec<String>), TestCaseError> {
    let ids: Vec<PolicyId> = bare.policies.ids().collect();
    let adopted = adopt(bare, &ids, &|| false);
    let mut after = bare.clone();
    if let Some(edit) = &adopted.edit {
        edit.apply(&mut after).unwrap();
    }
    let (old, new) = (loaded(bare).snapshot, loaded(&after).snapshot);
    let differences = compare(&old, &new);
    prop_assert!(differences.is_empty(), "{differences:?}");
    // Future pods included, as `diff` asks.
    prop_assert_eq!(policy_relation(&old, &new), Relation::Equal);
    let mut all = adopted.adopted.clone();
    all.extend(adopted.remaining.iter().map(|(id, _)| *id));
    all.sort();
    prop_assert_eq!(all, ids);
    prop_assert!(adopted.remaining.iter().all(|(_, why)| !why.is_empty()));
    prop_assert_eq!(after.policies.len(), adopted.remaining.len());
    prop_assert_eq!(crate::model::validate::invariants(&after), vec![]);
    // Again there is nothing more to adopt.
    let left: Vec<PolicyId> = after.policies.ids().collect();
    prop_assert_eq!(adopt(&after, &left, &|| false).adopted, vec![]);
    let remaining = adopted.remaining.into_iter();
    Ok((after, remaining.map(|(_, why)| why).collect()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn adopting_changes_nothing(random in random()) {
        adopted(&bare(&drawing(&random).document))?;
    }

    /// Where the namespaces were closed, everything that was drawn comes back, but for port names
    /// that meant something elsewhere in the cluster only.
    #[test]
    fn generated_policies_of_isolated_namespaces_are_adopted_completely(mut random in random()) {
        random.close();
        let bare = bare(&drawing(&random).document);
        let (_, remaining) = adopted(&bare)?;
        // A port name that no pod of a namespace declares keeps its policy for the future pods that will.
        let named = |why: &&String| why.contains(" declares no ") || why.contains("future pods of ");
        let reasons: Vec<&String> = remaining.iter().filter(|why| !named(why)).collect();
        let texts: Vec<&str> = bare.policies.iter().map(|(_, p)| p.text.as_str()).collect();
        prop_assert!(reasons.is_empty(), "{:?}\n{}", reasons, texts.join("---\n"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// A project whose policies of a dialect are adopted writes that dialect.
    #[test]
    fn adopting_from_other_dialects_changes_nothing(
        mut random in random(),
        close: bool,
        target in prop_oneof![Just(Target::Cilium), Just(Target::Calico)],
    ) {
        if close {
            random.close();
        }
        let bare = bare_in(target, &drawing(&random).document);
        let (after, remaining) = adopted(&bare)?;
        let some = remaining.len() < bare.policies.len();
        prop_assert_eq!(after.settings.target() == target, some);
        prop_assert_eq!(after.settings.judged(), bare.settings.judged());
        let named = |why: &&String| why.contains(" declares no ") || why.contains("future pods of ");
        let reasons: Vec<&String> = remaining.iter().filter(|why| !named(why)).collect();
        let texts: Vec<&str> = bare.policies.iter().map(|(_, p)| p.text.as_str()).collect();
        prop_assert!(!close || reasons.is_empty(), "{:?}\n{}", reasons, texts.join("---\n"));
    }
}
