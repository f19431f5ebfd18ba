//! What imported policies are called. Their names stand in their texts, which a worker reads; the
//! window only looks them up.

use std::collections::BTreeMap;

use crate::model::{Document, ImportedPolicy, Item, PolicyId, Table};

/// Namespaces and names of imported policies.
#[derive(Clone, Debug, Default)]
pub struct PolicyNames {
    of: Table<PolicyId, ImportedPolicy>,
    names: BTreeMap<PolicyId, (String, String)>,
}

impl PolicyNames {
    /// Reads the texts that are not known yet.
    pub fn read(document: &Document, known: &Self) -> Self {
        let name = |(id, policy): (PolicyId, &ImportedPolicy)| {
            let same = known.of.get(id).is_some_and(|old| old.text == policy.text);
            let name = known.names.get(&id).filter(|_| same).cloned();
            (id, name.unwrap_or_else(|| identity(policy)))
        };
        Self {
            of: document.policies.clone(),
            names: document.policies.iter().map(name).collect(),
        }
    }

    /// The namespace of a policy; empty if it has none, or until it is read.
    pub fn namespace(&self, id: PolicyId) -> &str {
        self.names.get(&id).map_or("", |(namespace, _)| namespace)
    }

    /// The name of a policy; until it is read, its file.
    pub fn name<'a>(&'a self, document: &'a Document, id: PolicyId) -> &'a str {
        let file = || document.policies.get(id).map_or("", |policy| &policy.file);
        self.names.get(&id).map_or_else(file, |(_, name)| name)
    }

    /// What anything is called.
    pub fn of(&self, document: &Document, item: Item) -> String {
        match item {
            Item::Policy(id) => self.name(document, id).to_owned(),
            item => document.item_name(item),
        }
    }
}

fn identity(policy: &ImportedPolicy) -> (String, String) {
    let identity = policy.identity();
    let namespace = identity.as_ref().and_then(|known| known.namespace.clone());
    let name = identity.map_or_else(|| policy.file.clone(), |known| known.name);
    (namespace.unwrap_or_default(), name)
}
