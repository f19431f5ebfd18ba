//! The score of the policies of a namespace, from 0 to 100.
//!
//! - 50 points for isolation: the share of directions, ingress and egress of each workload, in which a policy isolates
//!   all its pods.
//! - 30 points for narrow rules: the share of those directions that admit neither every pod, nor every address, nor
//!   every port.
//! - 20 points for findings: `max(0, 1 - (errors + warnings / 3) / policies)`; none without a policy. Policies of the
//!   whole cluster count in each namespace of which they isolate a pod, with their findings.
//!
//! The score of the whole is the mean, weighted by workloads. Ignored findings do not count. Where policies that may select
//! pods of a namespace are left out, its score is incomplete.

use std::collections::{BTreeMap, BTreeSet};

use super::Input;
use crate::diag::{Diagnostic, Severity};
use crate::dialect;
use crate::load::Loaded;
use crate::policy::{Action, Direction, Match, Peer, PortItem, PortMatch, Rule, Side};
use crate::sets::IpSet;

/// The most points for isolation.
pub const ISOLATION: f64 = 50.0;
/// The most points for narrow rules.
pub const NARROW: f64 = 30.0;
/// The most points for findings.
pub const FINDINGS: f64 = 20.0;

/// A direction of a workload, by the workload's name.
pub type WorkloadSide = (String, Direction);

/// What the score of a namespace is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    /// The namespace.
    pub namespace: String,
    /// The number of its workloads.
    pub workloads: usize,
    /// The directions that nothing isolates.
    pub open: Vec<WorkloadSide>,
    /// The isolated directions that admit every pod, address or port.
    pub broad: Vec<WorkloadSide>,
    /// The number of errors about its objects.
    pub errors: usize,
    /// The number of warnings about its objects.
    pub warnings: usize,
    /// The number of its policies.
    pub policies: usize,
    /// Whether policies that may select its pods are left out or not read, so that more may be isolated.
    pub incomplete: bool,
}

/// What would raise a score.
#[derive(Clone, Debug, PartialEq)]
pub struct Raise {
    /// By how many points.
    pub points: f64,
    /// What to do.
    pub action: String,
}

impl Score {
    fn directions(&self) -> usize {
        self.workloads * 2
    }

    fn isolated(&self) -> usize {
        self.directions().saturating_sub(self.open.len())
    }

    /// The points for isolation.
    pub fn isolation(&self) -> f64 {
        ISOLATION * share(self.isolated(), self.directions())
    }

    /// The points for narrow rules.
    pub fn narrow(&self) -> f64 {
        let narrow = self.isolated().saturating_sub(self.broad.len());
        NARROW * share(narrow, self.isolated())
    }

    /// The points for findings.
    pub fn findings(&self) -> f64 {
        if self.policies == 0 {
            return 0.0;
        }
        let weight = float(self.errors) + float(self.warnings) / 3.0;
        FINDINGS * (1.0 - weight / float(self.policies)).max(0.0)
    }

    /// The sum of the points.
    pub fn points(&self) -> f64 {
        self.isolation() + self.narrow() + self.findings()
    }

    /// What would raise it, the most first.
    pub fn raises(&self) -> Vec<Raise> {
        let mut found = Vec::new();
        let mut add = |points: f64, action: String| {
            found.extend((points > 0.0).then_some(Raise { points, action }));
        };
        if !self.open.is_empty() {
            let action = format!("isolate {}", listed(&self.open));
            add(ISOLATION - self.isolation(), action);
        }
        if !self.broad.is_empty() {
            let action = format!("list peers and ports for {}", listed(&self.broad));
            add(NARROW - self.narrow(), action);
        }
        if self.policies > 0 && self.errors + self.warnings > 0 {
            let (errors, warnings) = (
                counted(self.errors, "error"),
                counted(self.warnings, "warning"),
            );
            let both: Vec<String> = errors.into_iter().chain(warnings).collect();
            let action = format!("correct {}", both.join(" and "));
            add(FINDINGS - self.findings(), action);
        }
        found.sort_by(|a, b| b.points.total_cmp(&a.points));
        found
    }
}

/// The score of all namespaces, as a whole number; none without workloads.
pub fn whole(scores: &[Score]) -> Option<u8> {
    let workloads: usize = scores.iter().map(|score| score.workloads).sum();
    let weighted = |score: &Score| score.points() * float(score.workloads);
    let sum: f64 = scores.iter().map(weighted).sum();
    (workloads > 0).then(|| rounded(sum / float(workloads)))
}

/// Points as a whole number from 0 to 100.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub fn rounded(points: f64) -> u8 {
    points.round().clamp(0.0, 100.0) as u8
}

/// The scores of the namespaces that have workloads, by name; `found` is what lint reports.
pub fn scores(loaded: &Loaded, found: &[Diagnostic]) -> Vec<Score> {
    let input = Input::of(loaded);
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    let snapshot = &loaded.snapshot;
    let sides = Direction::BOTH.map(|direction| Pods::of(&input, direction));
    let mut pods: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, pod) in snapshot.pods.iter().enumerate() {
        pods.entry(pod.workload).or_default().push(at);
    }
    for (at, workload) in snapshot.workloads.iter().enumerate() {
        let Some(own) = pods.get(&at) else { continue };
        let score = scores.entry(&workload.namespace).or_default();
        if score.workloads == 0 {
            score.namespace.clone_from(&workload.namespace);
            let mut left_out = snapshot.left_out_in(&workload.namespace);
            score.incomplete = !snapshot.unread.is_empty() || left_out.next().is_some();
        }
        score.workloads += 1;
        for (direction, side) in Direction::BOTH.into_iter().zip(&sides) {
            let has = |marks: &[bool], pod: &usize| marks.get(*pod) == Some(&true);
            let name = (workload.name.clone(), direction);
            if !own.iter().all(|pod| has(&side.isolated, pod)) {
                score.open.push(name);
            } else if own.iter().any(|pod| has(&side.broad, pod)) {
                score.broad.push(name);
            }
        }
    }
    for written in &loaded.policies {
        let object = &written.object;
        if dialect::is_namespaced(object)
            && let Some(score) = scores.get_mut(object.namespace_or_default())
        {
            score.policies += 1;
        }
    }
    let cluster_wide = isolated_by_cluster_wide(&input);
    for namespace in cluster_wide.values().flatten() {
        scores
            .get_mut(namespace)
            .into_iter()
            .for_each(|score| score.policies += 1);
    }
    for finding in found {
        let Some(resource) = finding.resource.as_deref() else {
            continue;
        };
        let several = cluster_wide.get(resource).into_iter().flatten().copied();
        for namespace in namespace_of(resource).into_iter().chain(several) {
            let Some(score) = scores.get_mut(namespace) else {
                continue;
            };
            match finding.severity {
                Severity::Error => score.errors += 1,
                Severity::Warning => score.warnings += 1,
                Severity::Info => {}
            }
        }
    }
    scores.into_values().collect()
}

/// For each policy of the whole cluster, by its title, the namespaces of the pods that it isolates.
fn isolated_by_cluster_wide<'a>(input: &Input<'a>) -> BTreeMap<String, BTreeSet<&'a str>> {
    let snapshot = input.snapshot;
    let mut found: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (at, policy) in snapshot.policies.iter().enumerate() {
        let mut sides = Direction::BOTH.iter().filter_map(|d| policy.side(*d));
        if policy.namespace.is_none() && sides.any(Side::denies_by_default) {
            let pods = input.subjects(at).iter().filter_map(|pod| input.pod(*pod));
            let namespaces = pods.filter_map(|pod| snapshot.namespaces.get(pod.namespace));
            let own = found.entry(policy.title()).or_default();
            own.extend(namespaces.map(|namespace| namespace.name.as_str()));
        }
    }
    found
}

/// The namespace of `KIND NAMESPACE/NAME` and of `Namespace NAME`.
pub fn namespace_of(resource: &str) -> Option<&str> {
    let (kind, name) = resource.split_once(' ')?;
    match name.split_once('/') {
        Some((namespace, _)) => Some(namespace),
        None => (kind == "Namespace").then_some(name),
    }
}

/// For each pod, whether a direction of it is isolated, and whether a rule for it is broad.
struct Pods {
    isolated: Vec<bool>,
    broad: Vec<bool>,
}

impl Pods {
    fn of(input: &Input, direction: Direction) -> Self {
        let count = input.snapshot.pods.len();
        let mut pods = Self {
            isolated: vec![false; count],
            broad: vec![false; count],
        };
        for (at, policy) in input.snapshot.policies.iter().enumerate() {
            let Some(side) = policy.side(direction) else {
                continue;
            };
            let is_broad = side.rules.iter().any(is_broad);
            for pod in input.subjects(at) {
                let mark = |marks: &mut [bool], yes: bool| {
                    marks
                        .get_mut(*pod)
                        .into_iter()
                        .for_each(|mark| *mark |= yes);
                };
                mark(&mut pods.isolated, side.denies_by_default());
                mark(&mut pods.broad, is_broad);
            }
        }
        pods
    }
}

/// Whether a rule accepts every pod, every address of a family, or every port of a protocol.
fn is_broad(rule: &Rule) -> bool {
    let peers = match &rule.peers {
        Match::Any => true,
        Match::Only(items) => items.iter().any(|item| is_everyone(&item.peer)),
    };
    let ports = match &rule.ports {
        Match::Any => true,
        Match::Only(items) => items.iter().any(is_every_port),
    };
    rule.action == Action::Accept && (peers || ports)
}

fn is_everyone(peer: &Peer) -> bool {
    peer.has_all_pods() || has_all_addresses(peer)
}

/// Whether a peer has every address of a family outside the cluster.
fn has_all_addresses(peer: &Peer) -> bool {
    match peer {
        Peer::Everything => true,
        Peer::Addresses(set) => {
            let families = ["0.0.0.0/0", "::/0"].into_iter();
            let nets = families.filter_map(|net| net.parse().ok());
            nets.map(IpSet::net).any(|family| family.is_subset(set))
        }
        Peer::All(all) => !all.is_empty() && all.iter().all(has_all_addresses),
        Peer::AnyOf(any) => any.iter().any(has_all_addresses),
        // Blocks of Cilium leave out nodes, which are in the cluster (C31).
        Peer::Not(inner) => matches!(**inner, Peer::Nodes(_)),
        _ => false,
    }
}

fn is_every_port(item: &PortItem) -> bool {
    match item.port {
        PortMatch::AllPorts(_) => true,
        PortMatch::Range { first, last, .. } => first <= 1 && last == u16::MAX,
        _ => false,
    }
}

/// `ingress of `web`, egress of `web` and 3 more directions`.
fn listed(sides: &[WorkloadSide]) -> String {
    const SHOWN: usize = 3;
    let one = |(name, direction): &WorkloadSide| {
        format!("{} of `{name}`", direction.name().to_ascii_lowercase())
    };
    let shown: Vec<String> = sides.iter().take(SHOWN).map(one).collect();
    let more = counted(sides.len().saturating_sub(SHOWN), "more direction");
    let more = more.map_or_else(String::new, |more| format!(" and {more}"));
    shown.join(", ") + &more
}

fn counted(count: usize, what: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{count} {what}s")),
    }
}

fn share(part: usize, of: usize) -> f64 {
    match of {
        0 => 0.0,
        _ => float(part) / float(of),
    }
}

#[allow(clippy::cast_precision_loss)]
fn float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::tests::of_text;

    const PODS: &str = "\
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: []}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: []}
";

    fn policy(spec: &str) -> String {
        format!(
            "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: shop}}\nspec: {spec}\n"
        )
    }

    fn score(text: &str) -> Score {
        let loaded = of_text(text);
        let scores = scores(&loaded, &[]);
        assert_eq!(scores.len(), 1);
        scores.into_iter().next().unwrap()
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn isolation_is_the_share_of_directions() {
        for (spec, points) in [
            ("{podSelector: {}, policyTypes: [Ingress, Egress]}", 50.0),
            ("{podSelector: {}}", 25.0),
            ("{podSelector: {matchLabels: {app: web}}}", 12.5),
            ("{podSelector: {matchLabels: {app: none}}}", 0.0),
        ] {
            assert!(
                near(
                    score(&(PODS.to_owned() + &policy(spec))).isolation(),
                    points
                ),
                "{spec}"
            );
        }
        assert!(near(score(PODS).points(), 0.0));
    }

    #[test]
    fn rules_for_everyone_and_every_port_are_broad() {
        let peers = "from: [{podSelector: {matchLabels: {app: web}}}]";
        for (rule, narrow) in [
            (format!("{{{peers}, ports: [{{port: 80}}]}}"), true),
            (format!("{{{peers}}}"), false),
            (format!("{{{peers}, ports: [{{protocol: TCP}}]}}"), false),
            (
                format!("{{{peers}, ports: [{{port: 1, endPort: 65535}}]}}"),
                false,
            ),
            ("{ports: [{port: 80}]}".to_owned(), false),
            (
                "{from: [{namespaceSelector: {}}], ports: [{port: 80}]}".to_owned(),
                false,
            ),
            (
                "{from: [{podSelector: {}}], ports: [{port: 80}]}".to_owned(),
                true,
            ),
            (
                "{from: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 80}]}".to_owned(),
                false,
            ),
            (
                "{from: [{ipBlock: {cidr: \"::/0\"}}], ports: [{port: 80}]}".to_owned(),
                false,
            ),
            (
                "{from: [{ipBlock: {cidr: 198.51.100.0/24}}], ports: [{port: 80}]}".to_owned(),
                true,
            ),
        ] {
            let spec = format!("{{podSelector: {{matchLabels: {{app: db}}}}, ingress: [{rule}]}}");
            let score = score(&(PODS.to_owned() + &policy(&spec)));
            assert_eq!(near(score.narrow(), 30.0), narrow, "{rule}");
            assert_eq!(score.broad.is_empty(), narrow, "{rule}");
        }
        let half = "{podSelector: {}, ingress: [{}], policyTypes: [Ingress, Egress]}";
        assert!(near(
            score(&(PODS.to_owned() + &policy(half))).narrow(),
            15.0
        ));
    }

    #[test]
    fn peers_of_every_dialect_may_be_everyone() {
        let cilium = |kind: &str, place: &str, rule: &str| {
            format!(
                "---\napiVersion: cilium.io/v2\nkind: {kind}\nmetadata: {{name: p{place}}}\nspec: {{endpointSelector: {{}}, ingress: [{{{rule}, toPorts: [{{ports: [{{port: '80'}}]}}]}}]}}\n"
            )
        };
        let own = |rule: &str| cilium("CiliumNetworkPolicy", ", namespace: shop", rule);
        let calico = |source: &str| {
            format!(
                "---\napiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: shop}}\nspec: {{types: [Ingress], ingress: [{{action: Allow, protocol: TCP, source: {{{source}}}, destination: {{ports: [80]}}}}]}}\n"
            )
        };
        for (policy, narrow) in [
            (own("fromEntities: [world]"), false),
            (own("fromEntities: [cluster]"), false),
            (own("fromEntities: [all]"), false),
            (own("fromEntities: [host]"), true),
            (own("fromEndpoints: [{}]"), true),
            (own("fromCIDR: [192.0.2.0/24]"), true),
            (
                cilium("CiliumClusterwideNetworkPolicy", "", "fromEndpoints: [{}]"),
                false,
            ),
            (calico("namespaceSelector: all()"), false),
            (calico("nets: [0.0.0.0/0]"), false),
            (calico("selector: all()"), true),
        ] {
            let score = score(&(PODS.to_owned() + &policy));
            assert_eq!(score.broad.is_empty(), narrow, "{policy}");
        }
    }

    #[test]
    fn policies_of_the_cluster_count_where_they_isolate() {
        let global = |selector: &str| {
            format!(
                "---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {{name: g}}\nspec: {{namespaceSelector: \"{selector}\", types: [Ingress, Egress]}}\n"
            )
        };
        let all = score(&(PODS.to_owned() + &global("all()")));
        assert_eq!(all.policies, 1);
        assert!(near(all.points(), 100.0));
        let elsewhere = score(&(PODS.to_owned() + &global("projectcalico.org/name == 'other'")));
        assert_eq!(elsewhere.policies, 0);
        let loaded = of_text(&(PODS.to_owned() + &global("all()")));
        let found = [Diagnostic::error("V9", "").on("GlobalNetworkPolicy g")];
        assert_eq!(scores(&loaded, &found)[0].errors, 1);
        let baseline = "---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: b}\nspec: {tier: Baseline, priority: 5, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}\n";
        let denied = score(&(PODS.to_owned() + baseline));
        assert!(near(denied.isolation(), 25.0));
    }

    #[test]
    fn policies_that_are_left_out_may_isolate_more() {
        let refused = policy("{podSelector: {}, ingress: [{from: [{}]}]}");
        let elsewhere = refused.replace("namespace: shop", "namespace: other");
        for (text, incomplete) in [
            (PODS.to_owned(), false),
            (PODS.to_owned() + &refused, true),
            (PODS.to_owned() + &elsewhere, false),
        ] {
            assert_eq!(score(&text).incomplete, incomplete, "{text}");
        }
        let mut loaded = of_text(PODS);
        loaded.snapshot.unread = vec!["b.yaml".into()];
        assert!(scores(&loaded, &[])[0].incomplete);
    }

    #[test]
    fn findings_weigh_against_the_policies() {
        let of = |errors, warnings, policies| {
            let score = Score {
                errors,
                warnings,
                policies,
                ..Score::default()
            };
            score.findings()
        };
        assert!(near(of(0, 0, 2), 20.0));
        assert!(near(of(1, 0, 2), 10.0));
        assert!(near(of(0, 3, 2), 10.0));
        assert!(near(of(5, 0, 2), 0.0));
        assert!(near(of(0, 0, 0), 0.0));
    }

    #[test]
    fn findings_count_in_their_namespace() {
        let loaded = of_text(&(PODS.to_owned() + &policy("{podSelector: {}}")));
        let found = [
            Diagnostic::error("V9", "").on("NetworkPolicy shop/p"),
            Diagnostic::warning("L17", "").on("Namespace shop"),
            Diagnostic::info("L14", "").on("NetworkPolicy shop/p"),
            Diagnostic::error("V9", "").on("NetworkPolicy other/p"),
            Diagnostic::error("file", ""),
        ];
        let scores = scores(&loaded, &found);
        let [score] = &scores[..] else {
            panic!("{scores:?}")
        };
        assert_eq!((score.errors, score.warnings, score.policies), (1, 1, 1));
    }

    #[test]
    fn the_whole_is_the_mean_by_workloads() {
        let one = |workloads, open: usize| Score {
            workloads,
            open: vec![("web".to_owned(), Direction::Ingress); open],
            policies: 1,
            ..Score::default()
        };
        assert_eq!(whole(&[one(3, 0), one(1, 2)]), Some(80));
        assert_eq!(whole(&[]), None);
    }

    #[test]
    fn what_raises_it_most_comes_first() {
        let score = Score {
            namespace: "shop".to_owned(),
            workloads: 2,
            open: vec![("web".to_owned(), Direction::Egress)],
            broad: vec![("db".to_owned(), Direction::Ingress); 2],
            errors: 1,
            warnings: 2,
            policies: 4,
            incomplete: false,
        };
        let all: Vec<String> = (score.raises().iter())
            .map(|raise| format!("{:.1} {}", raise.points, raise.action))
            .collect();
        assert_eq!(
            all,
            [
                "20.0 list peers and ports for ingress of `db`, ingress of `db`",
                "12.5 isolate egress of `web`",
                "8.3 correct 1 error and 2 warnings",
            ]
        );
    }
}
