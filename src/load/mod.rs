//! Manifests and policies into the one [`Snapshot`] that all queries use.

mod controllers;
pub mod imported;
mod notes;

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::cluster::{Assumptions, Enforcer, LeftOut, Snapshot, mark_ambiguous_ports};
use crate::diag::Diagnostic;
use crate::dialect;
use crate::manifest::{self, Fact, Mention, Source};
use crate::model::{self, Document};
use crate::yaml::Object;

/// The enforcer and assumptions that texts are judged under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The enforcer whose rules decide; none: the one that implements the policies in the input.
    pub enforcer: Option<Enforcer>,
    /// The other assumptions of the answers.
    pub assumptions: Assumptions,
}

impl Settings {
    /// Those of the Kubernetes API's specification.
    pub fn kubernetes(assumptions: Assumptions) -> Self {
        Self {
            enforcer: Some(Enforcer::Kubernetes),
            assumptions,
        }
    }

    /// Those of a project.
    pub fn of(project: &model::Settings) -> Self {
        Self {
            enforcer: Some(project.judged().enforcer),
            assumptions: project.assumptions,
        }
    }
}

/// The result of reading manifests.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The cluster with its policies lowered and its tiers set.
    pub snapshot: Snapshot,
    /// Every policy object that was found, the refused ones too.
    pub policies: Vec<LoadedPolicy>,
    /// Policies that are not in force.
    pub staged: Vec<Object>,
    /// Other objects that policies name.
    pub resources: dialect::Resources,
    /// The same as they are written.
    pub named: Vec<Object>,
    /// What could not be read, what the API server would refuse, and notes; sorted by location.
    pub diagnostics: Vec<Diagnostic>,
    /// The number of objects in the texts, lists included.
    pub objects: usize,
    /// The values that workloads are configured with; only [`load_with_mentions`] reads them.
    pub mentions: Vec<Mention>,
    /// What objects show that no verdict depends on; only [`load_with_mentions`] reads it.
    pub facts: Vec<Fact>,
    /// The project that it came from, if it did: externals and groups have names there.
    pub project: Option<Document>,
}

/// A policy object and the policy it was lowered to.
#[derive(Clone, Debug)]
pub struct LoadedPolicy {
    /// The object, with its text.
    pub object: Object,
    /// Its place in `snapshot.policies`; none if every API server would refuse it.
    pub index: Option<usize>,
}

/// Reads manifests and lowers their policies. Never fails; see the diagnostics.
/// The same texts in the same order give the same answer.
pub fn load(sources: &[Source], settings: &Settings) -> Loaded {
    load_in(sources, settings, None)
}

/// The same for the policies of a document: those who name namespaces and Services mean its own.
pub fn load_drawn(sources: &[Source], document: &Document) -> Loaded {
    load_with(
        sources,
        &Settings::of(&document.settings),
        None,
        With::Document(document),
    )
}

/// The same, with the namespace of objects that name none.
pub fn load_in(sources: &[Source], settings: &Settings, namespace: Option<&str>) -> Loaded {
    load_with(sources, settings, namespace, With::Nothing)
}

/// The same, with the values that workloads are configured with, and with facts.
pub fn load_with_mentions(
    sources: &[Source],
    settings: &Settings,
    namespace: Option<&str>,
) -> Loaded {
    load_with(sources, settings, namespace, With::Mentions)
}

/// The same, as if staged policies were promoted: they are the policies that they become.
pub fn load_promoted(sources: &[Source], settings: &Settings, namespace: Option<&str>) -> Loaded {
    load_with(sources, settings, namespace, With::Promoted)
}

/// What is read beside manifests and policies, and how.
#[derive(Clone, Copy)]
enum With<'a> {
    Nothing,
    Promoted,
    Mentions,
    Document(&'a Document),
}

fn load_with(
    sources: &[Source],
    settings: &Settings,
    namespace: Option<&str>,
    with: With,
) -> Loaded {
    let mut found = manifest::find(sources, &dialect::kinds(Enforcer::Kubernetes));
    let (mentions, facts) = match with {
        With::Mentions => (
            manifest::mentions(&found, sources, namespace),
            manifest::facts(&found, namespace),
        ),
        _ => (Vec::new(), Vec::new()),
    };
    let (chosen, undecided) = match settings.enforcer {
        Some(given) => (given, None),
        None => dialect::enforcer_of(&found.objects),
    };
    let of_staged = match with {
        With::Promoted => dialect::promote(&mut found.objects, namespace),
        _ => dialect::validate_staged(&found.objects),
    };
    let staged = found.objects.iter().filter(|one| dialect::is_staged(one));
    let staged = staged.cloned().collect();
    let manifests = manifest::assemble(found, &dialect::kinds(chosen), namespace);
    let mut loaded = Loaded {
        staged,
        snapshot: manifests.snapshot,
        diagnostics: manifests.diagnostics,
        objects: manifests.objects,
        mentions,
        facts,
        ..Loaded::default()
    };
    loaded.diagnostics.extend(undecided);
    loaded.diagnostics.extend(of_staged);
    let mut assumptions = settings.assumptions;
    assumptions.enforcer = chosen;
    loaded.snapshot.assumptions = assumptions.settled();
    if let With::Document(document) = with {
        loaded.snapshot.namespaces = model::cluster::namespaces(document).into();
        loaded.snapshot.services = model::cluster::services(document).into();
    }
    let (named, policies): (Vec<_>, Vec<_>) =
        (manifests.policies.into_iter()).partition(dialect::is_resource);
    for object in &named {
        let found = dialect::resource(object, &mut loaded.resources);
        loaded.diagnostics.extend(found);
    }
    loaded.snapshot.network_sets = loaded.resources.network_sets();
    loaded.resources.add_accounts(accounts(&loaded.snapshot));
    if let With::Document(document) = with {
        loaded.resources.add_accounts(imported::accounts(document));
    }
    loaded.named = named;
    lower(&mut loaded, policies);
    loaded
}

/// The objects that policies name, of those kinds without which the policies would mean something else.
pub fn named_and_needed(loaded: &Loaded) -> Vec<&Object> {
    let mut needed: Vec<&Object> = loaded.named.iter().collect();
    let kinds: BTreeSet<&str> = needed.iter().map(|object| object.kind.as_str()).collect();
    for kind in kinds {
        let mut without = needed.clone();
        without.retain(|object| object.kind != kind);
        if mean_the_same(loaded, &without) {
            needed = without;
        }
    }
    needed
}

/// Whether the policies of a cluster mean the same if only these of the objects that they name are there.
fn mean_the_same(loaded: &Loaded, named: &[&Object]) -> bool {
    let mut other = Loaded {
        snapshot: Snapshot {
            policies: Vec::new(),
            left_out: Vec::new(),
            ..loaded.snapshot.clone()
        },
        ..Loaded::default()
    };
    for object in named {
        dialect::resource(object, &mut other.resources);
    }
    other.resources.add_accounts(accounts(&other.snapshot));
    let policies = loaded.policies.iter().map(|policy| policy.object.clone());
    lower(&mut other, policies.collect());
    let (old, new) = (&loaded.snapshot, &other.snapshot);
    (&old.tiers, &old.policies) == (&new.tiers, &new.policies)
}

/// The same cluster with the policies of other texts in place of its own. Those that name no namespace are in
/// `namespace`. The diagnostics are about these texts alone.
pub fn with_policies(
    cluster: &Loaded,
    sources: &[Source],
    settings: &Settings,
    namespace: Option<&str>,
) -> Loaded {
    let found = manifest::find(sources, &dialect::kinds(Enforcer::Kubernetes));
    let (chosen, undecided) = match settings.enforcer {
        Some(given) => (given, None),
        None => dialect::enforcer_of(&found.objects),
    };
    let manifests = manifest::assemble(found, &dialect::kinds(chosen), namespace);
    let mut loaded = Loaded {
        snapshot: cluster.snapshot.clone(),
        resources: cluster.resources.clone(),
        diagnostics: manifests.diagnostics,
        objects: manifests.objects,
        ..Loaded::default()
    };
    loaded.diagnostics.extend(undecided);
    let snapshot = &mut loaded.snapshot;
    snapshot.policies = Vec::new();
    snapshot.left_out = manifests.snapshot.left_out;
    let mut assumptions = settings.assumptions;
    assumptions.enforcer = chosen;
    snapshot.assumptions = assumptions.settled();
    lower(&mut loaded, manifests.policies);
    loaded
}

/// Lowers the policies of a cluster whose other objects are read.
fn lower(loaded: &mut Loaded, mut policies: Vec<Object>) {
    policies.sort_by_key(dialect::place);
    let snapshot = &mut loaded.snapshot;
    (loaded.diagnostics).extend(controllers::label_pods(snapshot, &policies));
    mark_ambiguous_ports(&mut snapshot.pods);
    let enforcer = snapshot.assumptions.enforcer;
    let tiers = dialect::tiers(enforcer, &loaded.resources, &policies);
    let unknown = dialect::unknown_tiers(enforcer, &policies, &tiers);
    loaded.diagnostics.extend(unknown);
    snapshot.tiers.clone_from(&tiers.all);
    let context = dialect::Context {
        assumptions: snapshot.assumptions,
        namespaces: &Arc::clone(&snapshot.namespaces),
        services: &Arc::clone(&snapshot.services),
        resources: &loaded.resources,
        tiers: &tiers,
    };
    let read: Vec<_> = policies
        .into_par_iter()
        .with_min_len(16)
        .map(|object| {
            let parsed = dialect::read(&object);
            let policies = parsed.lower(&object, &context);
            let left_out = policies.is_empty().then(|| LeftOut {
                // What is not refused and lowered to nothing is for nodes.
                of_nodes: !parsed.is_refused(),
                ..manifest::left_out(&object, dialect::is_namespaced(&object))
            });
            (policies, left_out, parsed.diagnostics, object)
        })
        .collect();
    for (policies, left_out, diagnostics, object) in read {
        loaded.diagnostics.extend(diagnostics);
        let index = (!policies.is_empty()).then_some(snapshot.policies.len());
        snapshot.left_out.extend(left_out);
        snapshot.policies.extend(policies.into_iter().map(Arc::new));
        loaded.policies.push(LoadedPolicy { object, index });
    }
    snapshot.left_out.sort_by(|a, b| a.span.cmp(&b.span));
    loaded.diagnostics.extend(notes::notes(snapshot));
    loaded
        .diagnostics
        .sort_by(|a, b| (&a.span, a).cmp(&(&b.span, b)));
}

/// Namespace and name of the service accounts that pods run as.
fn accounts(snapshot: &Snapshot) -> impl Iterator<Item = (String, String)> {
    snapshot.pods.iter().filter_map(|pod| {
        let namespace = snapshot.namespaces.get(pod.namespace)?;
        Some((namespace.name.clone(), pod.service_account.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n";

    fn of(text: &str) -> Loaded {
        load(&[Source::new("a.yaml", text)], &Settings::default())
    }

    fn codes(loaded: &Loaded) -> Vec<(&'static str, u32)> {
        let diagnostics = loaded.diagnostics.iter();
        diagnostics
            .map(|d| (d.code, d.span.as_ref().map_or(0, |s| s.line)))
            .collect()
    }

    #[test]
    fn rejected_policies_are_stored_but_not_analysed() {
        let loaded = of(&format!(
            "{POLICY}metadata: {{name: bad, namespace: s}}\nspec: {{ingress: [{{from: [{{}}]}}]}}\n---\n{POLICY}metadata: {{name: good, namespace: s}}\n"
        ));
        let index: Vec<_> = loaded.policies.iter().map(|p| p.index).collect();
        assert_eq!(index, [None, Some(0)]);
        assert_eq!(loaded.snapshot.policies[0].name, "good");
        assert_eq!(codes(&loaded), [("V9", 4)]);
        assert_eq!(loaded.snapshot.policies[0].tier, 1);
    }

    #[test]
    fn unknown_namespace_labels_are_reported() {
        let rule = |selector: &str| {
            format!(
                "{POLICY}metadata: {{name: p, namespace: s}}\nspec:\n  ingress:\n  - from:\n    - namespaceSelector: {selector}\n"
            )
        };
        let team = rule("{matchLabels: {team: a}}");
        assert_eq!(codes(&of(&team)), [("W4", 7)]);
        for fine in [
            "{}",
            "{matchLabels: {kubernetes.io/metadata.name: s}}",
            "{matchLabels: {kubernetes.io/metadata.name: t, team: a}}",
        ] {
            assert_eq!(codes(&of(&rule(fine))), [], "{fine}");
        }
        let declared = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: s}\n";
        assert_eq!(codes(&of(&format!("{team}{declared}"))), []);
    }

    #[test]
    fn pods_of_one_owner_with_different_labels_are_reported() {
        let pod = |name: &str, labels: &str| {
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: s, labels: {labels}, ownerReferences: [{{kind: ReplicaSet, name: r, controller: true}}]}}\n---\n"
            )
        };
        let pods = pod("a", "{color: red, app: w}") + &pod("b", "{color: blue, app: w}");
        let policy = |key: &str| {
            format!(
                "{pods}{POLICY}metadata: {{name: p, namespace: s}}\nspec: {{podSelector: {{matchLabels: {{{key}: red}}}}}}\n"
            )
        };
        assert_eq!(codes(&of(&policy("color"))), [("mixed-labels", 1)]);
        assert_eq!(codes(&of(&policy("app"))), []);
    }

    #[test]
    fn backends_without_a_service_are_reported() {
        let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: s}\nspec: {selector: {app: web}, ports: [{name: http, port: 80}, {port: 53, protocol: UDP}]}\n";
        let gateway = |kind: &str, backend: &str| {
            format!(
                "apiVersion: gateway.networking.k8s.io/v1\nkind: {kind}\nmetadata: {{name: r, namespace: s}}\nspec:\n  parentRefs: [{{name: edge}}]\n  rules:\n  - backendRefs:\n    - {backend}\n{service}"
            )
        };
        assert_eq!(
            codes(&of(&gateway("HTTPRoute", "{name: web, port: 80}"))),
            []
        );
        assert_eq!(
            codes(&of(&gateway("UDPRoute", "{name: web, port: 53}"))),
            []
        );
        for (kind, backend) in [
            ("HTTPRoute", "{name: gone, port: 80}"),
            ("HTTPRoute", "{name: web, port: 8080}"),
            ("TCPRoute", "{name: web, port: 53}"),
            ("UDPRoute", "{name: web, port: 80}"),
        ] {
            let loaded = of(&gateway(kind, backend));
            assert_eq!(codes(&loaded), [("W23", 8)], "{kind} {backend}");
        }
        let ingress = |port: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i, namespace: s}}\nspec: {{defaultBackend: {{service: {{name: web, port: {{{port}}}}}}}}}\n{service}"
            )
        };
        assert_eq!(codes(&of(&ingress("name: http"))), []);
        let loaded = of(&ingress("name: grpc"));
        assert_eq!(codes(&loaded), [("W22", 1)]);
        insta::assert_snapshot!(loaded.diagnostics[0], @"
        a.yaml:1:1: warning: Ingress s/i: its backend, Service `s/web`, has no port called `grpc` (W22)
            help: use one of its ports: TCP/80 (http), UDP/53
        ");
    }

    #[test]
    fn core_objects_choose_no_enforcer() {
        let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, namespace: s, labels: {tier: gold}}\n---\n";
        let own = |api: &str, kind: &str| {
            format!(
                "{account}apiVersion: {api}\nkind: {kind}\nmetadata: {{name: p, namespace: s}}\n"
            )
        };
        for (text, want) in [
            (account.to_owned(), Enforcer::Kubernetes),
            (
                format!("{account}{POLICY}metadata: {{name: p}}\n"),
                Enforcer::Kubernetes,
            ),
            (own("cilium.io/v2", "CiliumNetworkPolicy"), Enforcer::Cilium),
            (
                own("projectcalico.org/v3", "NetworkPolicy"),
                Enforcer::Calico,
            ),
            (own("projectcalico.org/v3", "Tier"), Enforcer::Calico),
        ] {
            let loaded = of(&text);
            assert_eq!(loaded.snapshot.assumptions.enforcer, want, "{text}");
            assert!(!codes(&loaded).iter().any(|(code, _)| *code == "enforcer"));
            let labels = &loaded.resources.service_accounts[0].labels;
            assert_eq!(labels["tier"], "gold");
        }
    }

    #[test]
    fn unknown_tiers_are_reported() {
        let tier = |name: &str| {
            format!(
                "apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {{name: {name}}}\nspec: {{order: 10}}\n---\n"
            )
        };
        let policy = "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: p, namespace: s}\nspec:\n  tier: security\n  types: [Ingress]\n";
        let found = |text: &str| -> Vec<(Option<u32>, Option<String>)> {
            let all = of(text).diagnostics.into_iter();
            let all = all.filter(|d| d.code == "unknown-tier");
            all.map(|d| (d.span.map(|s| s.line), d.help)).collect()
        };
        let alone = found(policy);
        assert_eq!(alone.len(), 1);
        assert_eq!(alone[0].0, Some(5));
        let misspelt = found(&format!("{}{policy}", tier("secuirty")));
        let help = misspelt[0].1.as_deref().unwrap_or_default();
        assert!(help.contains("`secuirty`"), "{help}");
        assert_eq!(found(&format!("{}{policy}", tier("security"))), []);
        for known in ["default", "kube-admin"] {
            assert_eq!(found(&policy.replace("security", known)), []);
        }
    }

    #[test]
    fn staged_policies_are_validated() {
        let found = |kind: &str, spec: &str| {
            let text = format!(
                "apiVersion: projectcalico.org/v3\nkind: {kind}\nmetadata: {{name: p, namespace: s}}\nspec: {spec}\n"
            );
            let errors = of(&text).diagnostics.into_iter();
            let errors = errors.filter(|d| d.severity == crate::diag::Severity::Error);
            let errors = errors.map(|d| (d.code, d.path.unwrap_or_default()));
            errors.collect::<Vec<_>>()
        };
        let own = |code, path: &str| (code, path.to_owned());
        let fine = "{selector: \"a == 'b'\", ingress: [{action: Allow}]}";
        assert_eq!(found("StagedNetworkPolicy", fine), []);
        assert_eq!(
            found("StagedNetworkPolicy", "{stagedAction: Bad}"),
            [own("staged", "spec.stagedAction")]
        );
        assert_eq!(
            found("StagedNetworkPolicy", "{selector: \"a = 'b'\"}"),
            [own("calico", "spec.selector")]
        );
        assert_eq!(
            found(
                "StagedNetworkPolicy",
                "{stagedAction: Delete, tier: default, types: [Ingress]}"
            ),
            []
        );
        assert_eq!(
            found(
                "StagedNetworkPolicy",
                "{stagedAction: Delete, ingress: [{action: Deny}]}"
            ),
            [own("calico", "spec.ingress")]
        );
        assert_eq!(
            found(
                "StagedKubernetesNetworkPolicy",
                "{podSelector: {}, ingress: [{from: [{}]}]}"
            ),
            [own("V9", "spec.ingress[0].from[0]")]
        );
    }

    #[test]
    fn many_files_are_read_in_order() {
        let source = |i: usize| {
            let text = format!("{POLICY}metadata: {{name: p{i}, namespace: s}}\n---\n@\n");
            Source::new(format!("{i:03}.yaml"), text)
        };
        let sources: Vec<_> = (0..200).map(source).collect();
        let loaded = load(&sources, &Settings::default());
        let names: Vec<_> = loaded
            .policies
            .iter()
            .map(|p| p.object.name.clone())
            .collect();
        let want: Vec<_> = (0..200).map(|i| format!("p{i}")).collect();
        assert_eq!(names, want);
        let files: Vec<_> = loaded
            .diagnostics
            .iter()
            .flat_map(|d| &d.span)
            .map(|s| s.file.to_string())
            .collect();
        assert!(files.is_sorted() && files.len() == 200);
    }

    proptest::proptest! {
        #[test]
        fn no_policy_panics(
            spec in "[a-zA-Z:{}\\[\\]\\- \\n0-9~&*\"'/.]{0,120}",
            key in "podSelector|ingress|egress|policyTypes",
        ) {
            of(&format!("{POLICY}metadata: {{name: p}}\nspec:\n  {key}: {spec}\n"));
        }
    }
}
