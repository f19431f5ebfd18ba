//! The imported policies of a project in another dialect, as one edit of the project.

use super::{Converted, converted, read_under};
use crate::load::{self, Loaded};
use crate::manifest::Source;
use crate::model::{Document, Edit, ImportedPolicy, Item, PolicyId, Thing};
use crate::policy::Target;

/// An imported policy, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfProject {
    /// The policy.
    pub id: PolicyId,
    /// The same in the other dialect.
    pub converted: Converted,
}

impl OfProject {
    /// Whether it stays as it is: it is of the dialect already, or nothing of it can be expressed.
    pub fn stays(&self) -> bool {
        self.converted.is_kept() || self.converted.written.is_none()
    }
}

/// Each imported policy of a project in a dialect, but for those edited by hand, which are generated.
pub fn of_project(document: &Document, target: Target) -> Vec<OfProject> {
    let imported = document.policies.iter();
    let imported: Vec<(PolicyId, &ImportedPolicy)> = imported
        .filter(|(_, policy)| policy.replaces.is_none())
        .collect();
    let mut loaded = Loaded::default();
    for (at, (_, policy)) in imported.iter().enumerate() {
        // On its own, so that the enforcer is the one of its kind.
        let source = Source::new(at.to_string(), policy.text.as_str());
        let read = load::load(&[source], &load::Settings::default());
        loaded.policies.extend(read.policies);
    }
    loaded.snapshot.assumptions = document.settings.judged();
    let after = read_under(target, document.settings.assumptions);
    let all = converted(&loaded, target, after);
    let all = loaded.policies.iter().zip(all);
    let mut found: Vec<OfProject> = all
        .filter_map(|(policy, converted)| {
            let at: usize = policy.object.file.parse().ok()?;
            let (id, _) = *imported.get(at)?;
            Some(OfProject { id, converted })
        })
        .collect();
    found.sort_by_key(|one| one.id);
    found
}

/// The edit that replaces the policies by those that are written, and shows the project in the dialect; none if no
/// policy would be replaced. What cannot be expressed stays as it is.
pub fn replacement(document: &Document, target: Target, all: &[OfProject]) -> Option<Edit> {
    let changed: Vec<Edit> = all
        .iter()
        .filter(|one| !one.stays())
        .filter_map(|one| {
            let policy = ImportedPolicy {
                text: one.converted.written.as_ref()?.text.clone(),
                ..document.policies.get(one.id)?.clone()
            };
            Some(Edit::Change(Item::Policy(one.id), Thing::Policy(policy)))
        })
        .collect();
    if changed.is_empty() {
        return None;
    }
    let name = match changed.len() {
        1 => format!("Convert 1 policy to {}", target.kind()),
        n => format!("Convert {n} policies to {}", target.kind()),
    };
    let mut settings = document.settings.clone();
    settings.show(target);
    let edits = changed.into_iter().chain([Edit::SetSettings(settings)]);
    Some(Edit::Batch(name, edits.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::changes::changes;
    use crate::cluster::Enforcer;
    use crate::convert::State;
    use crate::project::format;
    use crate::proof::loaded;

    const PROJECT: &str = "\
format: drawbridge/1
settings: {base: none, dns: {allow: false}}
namespaces: [{name: shop}]
workloads:
- {name: web, namespace: shop, labels: {app: web}}
- {name: db, namespace: shop, labels: {app: db}}
policies:
- file: db.yaml
  text: |
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: db, namespace: shop}
    spec:
      podSelector: {matchLabels: {app: db}}
      ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]
- file: bad.yaml
  text: |
    apiVersion: cilium.io/v2
    kind: CiliumNetworkPolicy
    metadata: {name: denial, namespace: shop}
    spec: {endpointSelector: {matchLabels: {app: web}}, ingressDeny: [{fromEntities: [world]}]}
";

    fn project() -> Document {
        let (document, _) = format::read(PROJECT, "p").expect("a project");
        document
    }

    #[test]
    fn one_edit_replaces_what_is_written_and_changes_no_connection() {
        let before = project();
        let all = of_project(&before, Target::Cilium);
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].converted.state, State::Exact);
        assert!(all[1].stays(), "it is of the dialect already");
        let mut after = before.clone();
        let edit = replacement(&before, Target::Cilium, &all).expect("an edit");
        edit.apply(&mut after).expect("applied");
        assert_eq!(after.settings.target(), Target::Cilium);
        let texts: Vec<&str> = after
            .policies
            .iter()
            .map(|(_, p)| p.text.as_str())
            .collect();
        assert!(
            texts[0].contains("kind: CiliumNetworkPolicy"),
            "{}",
            texts[0]
        );
        assert_eq!(
            texts[1],
            before.policies.get(all[1].id).expect("there").text
        );
        // Read under one enforcer, both allow the same.
        let mut cilium = before.clone();
        cilium.settings.assumptions.enforcer = Enforcer::Cilium;
        assert_eq!(
            changes(&loaded(&cilium).snapshot, &loaded(&after).snapshot),
            []
        );
    }

    #[test]
    fn what_cannot_be_expressed_stays() {
        let before = project();
        let all = of_project(&before, Target::Kubernetes);
        assert!(all[0].stays(), "it is of the dialect already");
        assert_eq!(all[1].converted.state, State::CannotExpress);
        assert!(all[1].stays() && !all[1].converted.reasons.is_empty());
        assert_eq!(replacement(&before, Target::Kubernetes, &all), None);
    }
}
