//! One policy in another dialect.

use std::collections::BTreeSet;

use super::blocks;
use super::comments::Comments;
use super::reason::Reason;
use crate::cluster::{Assumptions, Enforcer, Namespace, Snapshot};
use crate::diag::{Diagnostic, Severity};
use crate::dialect::{self, Expressed, Text};
use crate::manifest::{self, Source};
use crate::policy::{
    Action, Approximate, Beside, Direction, FlowKey, Loss, Match, OrderedPolicy, OrderedRule, Part,
    PlanPeer, PlanPolicy, PlanRule, PortMatch, RaisedOrdered, RaisedPolicy, RaisedRule, Resolution,
    Role, Target, Unraised,
};
use crate::sets::Labels;
use crate::yaml::Object;
use crate::yaml::decode::{deep, strings};

/// An annotation with an older text of the policy, which is not that of the new one.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// What to do about a policy that has no form in which it could be written in another dialect.
const BY_HAND: &str = "such policies are not converted to any dialect, whether or not it can express them: write the new policy by hand";
/// The folder of policies without a namespace.
pub(super) const CLUSTER_WIDE: &str = "cluster-wide";

/// What became of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// `NetworkPolicy shop/web`.
    pub from: String,
    /// How much of it is written.
    pub state: State,
    /// The new policy; none if nothing of it is written.
    pub written: Option<Written>,
    /// Why not all of it is written.
    pub reasons: Vec<Reason>,
    /// The new name, where the dialect does not accept the old one.
    pub renamed: Option<String>,
    /// The domain names that its rules allow connections to.
    pub(super) domains: BTreeSet<String>,
    /// For what it writes: whether it makes the addresses of domain names known; none: the dialect needs no policy for that.
    pub(super) learns_names: Option<bool>,
    kept: bool,
}

/// How much of a policy is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// All of it.
    Exact,
    /// All of it, but connections of its pods change.
    Differs,
    /// All but a part, so that less is allowed.
    Narrowed,
    /// Nothing.
    CannotExpress,
}

/// A new policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// `CiliumNetworkPolicy shop/web`; of several objects, all of them.
    pub title: String,
    /// Its namespace; `cluster-wide` of one without.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Namespace and name of each object.
    pub(super) objects: Vec<(String, String)>,
    /// Its YAML, without a `---` before it; several documents where the dialect needs several objects.
    pub text: String,
}

impl Converted {
    fn new(object: &Object, kept: bool) -> Self {
        Self {
            from: dialect::title(object),
            state: State::Exact,
            written: None,
            reasons: Vec::new(),
            renamed: None,
            domains: BTreeSet::new(),
            learns_names: None,
            kept,
        }
    }

    /// Whether it is of the dialect already, and keeps its text.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Reports that its rules allow nothing for domain names whose addresses no written policy makes known.
    pub(super) fn without_addresses(&mut self) {
        let names: Vec<String> = self
            .domains
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        self.state = State::Narrowed;
        self.reasons.push(Reason {
            why: format!(
                "no policy for the namespace makes the addresses of {} known, so that the rule allows nothing",
                names.join(", ")
            ),
            help: Some("allow DNS at UDP and TCP 53 in a policy of its own".to_owned()),
        });
    }

    /// Reports that it is written, and that connections of its pods change.
    pub(super) fn differs(&mut self, reason: Reason) {
        self.state = State::Differs;
        self.reasons.push(reason);
    }

    /// Takes what is written, if it is read without errors.
    fn fill(
        &mut self,
        object: &Object,
        name: &str,
        draft: Draft,
        (comments, enforcer): (&Comments, Enforcer),
    ) {
        let (text, losses) = draft.expressed;
        self.domains = draft.domains;
        self.reasons = draft.left_out;
        self.reasons.extend(losses.iter().map(reason));
        self.reasons.dedup();
        match text.map(|text| read_back(text.text, enforcer)) {
            Some(Ok((written, learns))) => {
                self.learns_names = learns;
                if !self.reasons.is_empty() {
                    self.state = State::Narrowed;
                }
                let missing = comments.missing_in(&written.text);
                self.reasons.extend(without_comments(missing));
                let renamed = written.name == name.replace('.', "-") && written.name != object.name;
                self.renamed = renamed.then(|| written.name.clone());
                self.written = Some(written);
            }
            Some(Err(reason)) => self.refuse(reason),
            None => self.state = State::CannotExpress,
        }
    }

    /// Leaves the policy out.
    pub(super) fn refuse(&mut self, reason: Reason) {
        self.state = State::CannotExpress;
        self.written = None;
        self.reasons.push(reason);
    }
}

/// What policies are converted to, and beside what.
pub(super) struct Setting<'a> {
    /// The dialect.
    pub target: Target,
    /// What the new policies are read under.
    pub after: Assumptions,
    /// What rules for DNS are needed for.
    pub resolution: Resolution,
    /// The input.
    pub cluster: &'a Snapshot,
    /// Those of the input that keep their text.
    pub beside: Beside,
}

/// A policy that is staged (G5), which is not converted.
pub(super) fn staged(object: &Object) -> Converted {
    let mut found = Converted::new(object, false);
    found.refuse(Reason {
        why: "it is staged, so it is not in force".to_owned(),
        help: Some("promote it, and convert the policy that it becomes".to_owned()),
    });
    found
}

/// Converts a policy, to one that is called `name` where the dialect accepts that.
pub(super) fn convert(object: &Object, name: &str, setting: &Setting) -> Converted {
    let mut found = Converted::new(object, dialect::is_of_target(object, setting.target));
    let parsed = dialect::read(object);
    if found.kept && parsed.is_refused() {
        found.refuse(Reason {
            why: "it is refused, as `lint` says, so it is not in force".to_owned(),
            help: None,
        });
        return found;
    }
    if found.kept {
        found.learns_names = dialect::learns_names(object).map(|each| each.contains(&true));
        found.written = Some(written(object, own_text(object)));
        return found;
    }
    let comments = Comments::of(object);
    let mut help = None;
    let draft = match parsed.raise_ordered(object) {
        Some(raised) => raised
            .and_then(|raised| ordered(object, name, raised, &comments))
            .and_then(|policy| draft_ordered(object, policy, setting)),
        None => match parsed.raise_in_part(object) {
            Ok(raised) => draft(object, name, raised, &comments, setting),
            Err(why) => {
                // That it has no common form is no limit of the other dialect.
                help = (!parsed.is_refused()).then(|| BY_HAND.to_owned());
                Err(why)
            }
        },
    };
    match draft {
        Ok(draft) => found.fill(object, name, draft, (&comments, setting.after.enforcer)),
        Err(why) => found.refuse(Reason { why, help }),
    }
    found
}

/// A policy in the other dialect, before it is read again.
struct Draft {
    expressed: Expressed,
    /// Why parts of it are left out before they are written.
    left_out: Vec<Reason>,
    domains: BTreeSet<String>,
}

/// One whose rules hold in order.
fn draft_ordered(
    object: &Object,
    mut policy: OrderedPolicy,
    setting: &Setting,
) -> Result<Draft, String> {
    let left_out = narrow_ordered(object, &mut policy, setting);
    if !setting.target.is_cluster_wide() {
        policy.rules.iter_mut().for_each(note_name);
    }
    Ok(Draft {
        domains: domains(policy.rules.iter().map(|one| &one.rule)),
        expressed: dialect::write_ordered(setting.target, &policy)?,
        left_out,
    })
}

/// One whose rules hold in any order.
fn draft(
    object: &Object,
    name: &str,
    raised: RaisedPolicy,
    comments: &Comments,
    setting: &Setting,
) -> Result<Draft, String> {
    let (target, cluster) = (setting.target, setting.cluster);
    let mut left_out: Vec<Reason> = raised.unraised.iter().map(without).collect();
    let mut planned = plans(object, name, raised, setting.beside, comments);
    for plan in planned.iter_mut().filter(|plan| plan.role != Role::Deny) {
        let rules = &mut plan.rules;
        left_out.extend(blocks::narrow(
            object,
            rules,
            cluster,
            target,
            setting.after,
        ));
    }
    let planned = match target.spans_namespaces() {
        true => planned,
        false => in_each_namespace(planned, &cluster.namespaces)?,
    };
    Ok(Draft {
        domains: domains(planned.iter().flat_map(|plan| &plan.rules)),
        expressed: write_all(target, &planned, setting.resolution)?,
        left_out,
    })
}

/// The same plans for each namespace whose labels match, where the dialect has no policies for several. Err: none matches.
fn in_each_namespace(
    plans: Vec<PlanPolicy>,
    namespaces: &[Namespace],
) -> Result<Vec<PlanPolicy>, String> {
    let mut found = Vec::new();
    for plan in plans {
        let Some(across) = &plan.across else {
            found.push(plan);
            continue;
        };
        let before = found.len();
        let matching = namespaces.iter().filter(|one| across.matches(&one.labels));
        found.extend(matching.map(|namespace| PlanPolicy {
            namespace: namespace.name.clone(),
            across: None,
            ..plan.clone()
        }));
        if found.len() == before {
            let why = "it is for the pods of several namespaces, and the input has none that its selector matches";
            return Err(why.to_owned());
        }
    }
    Ok(found)
}

/// Writes what one policy becomes. Nothing of a denial may be left out, as more would be allowed.
fn write_all(
    target: Target,
    plans: &[PlanPolicy],
    resolution: Resolution,
) -> Result<Expressed, String> {
    let (mut texts, mut lost) = (Vec::new(), Vec::new());
    for plan in plans {
        let denies = plan.role == Role::Deny;
        if denies && !target.denies() {
            return Err(dialect::DENIES.to_owned());
        }
        let (text, losses) = write(target, plan, resolution)?;
        if let Some(loss) = losses.first().filter(|_| denies) {
            let Reason { why, .. } = reason(loss);
            return Err(format!("nothing that it denies may be left out: {why}"));
        }
        lost.extend(losses);
        texts.push(text);
    }
    let texts: Option<Vec<Text>> = texts.into_iter().collect();
    Ok((texts.and_then(dialect::join), lost))
}

/// Writes a policy of one namespace.
fn write(target: Target, plan: &PlanPolicy, resolution: Resolution) -> Result<Expressed, String> {
    match dialect::write(target, plan, resolution) {
        (None, losses) if losses.is_empty() && !plan.accounts.is_any() => Err(format!(
            "{} cannot select its pods by the service account {}",
            target.kind(),
            plan.accounts
        )),
        (None, losses) if losses.is_empty() => Err(format!(
            "the selector `{}` of its pods cannot be expressed",
            plan.subject
        )),
        expressed => Ok(expressed),
    }
}

/// The text of a policy, without the `---` before it.
fn own_text(object: &Object) -> String {
    let text = object.text.strip_prefix("---").unwrap_or(&object.text);
    let mut text = text.trim_start_matches(['\r', '\n']).trim_end().to_owned();
    text.push('\n');
    text
}

fn written(object: &Object, text: String) -> Written {
    let (namespace, name) = place(object);
    Written {
        title: dialect::title(object),
        objects: vec![(namespace.clone(), name.clone())],
        namespace,
        name,
        text,
    }
}

/// Namespace and name of an object.
fn place(object: &Object) -> (String, String) {
    let namespace = match dialect::is_namespaced(object) {
        true => object.namespace_or_default(),
        false => CLUSTER_WIDE,
    };
    (namespace.to_owned(), object.name.clone())
}

/// A written text, of one object or several, if it is read without errors, and whether it makes the addresses of domain
/// names known.
fn read_back(text: String, enforcer: Enforcer) -> Result<(Written, Option<bool>), Reason> {
    let source = Source::new("", text.as_str());
    let read = manifest::read(&[source], &dialect::kinds(enforcer));
    let refused = |diagnostic: &Diagnostic| Reason {
        why: format!("the new policy would be rejected: {}", diagnostic.message),
        help: diagnostic.help.clone(),
    };
    let Some(first) = read.policies.first() else {
        let first = read.diagnostics.first();
        return Err(first.map_or_else(
            || Reason {
                why: "the new policy cannot be read".to_owned(),
                help: None,
            },
            refused,
        ));
    };
    for object in &read.policies {
        let found = dialect::read(object).diagnostics;
        let mut errors = found.iter().filter(|d| d.severity == Severity::Error);
        if let Some(error) = errors.next() {
            return Err(refused(error));
        }
    }
    let titles: Vec<String> = read.policies.iter().map(dialect::title).collect();
    let learns = read.policies.iter().filter_map(dialect::learns_names);
    let learns: Option<Vec<bool>> = learns.reduce(|all, more| [all, more].concat());
    let written = Written {
        title: titles.join(", "),
        objects: read.policies.iter().map(place).collect(),
        ..written(first, text)
    };
    Ok((written, learns.map(|each| each.contains(&true))))
}

/// The plans of a policy, whose rules are numbered: what it isolates and allows, and what it denies. One that only denies, in
/// the directions that it isolates, is one.
fn plans(
    object: &Object,
    name: &str,
    raised: RaisedPolicy,
    beside: Beside,
    comments: &Comments,
) -> Vec<PlanPolicy> {
    let role = match raised.rules.iter().all(is_dns) {
        true => Role::Dns,
        false => Role::Flow,
    };
    let listed = |rules: Vec<RaisedRule>| -> Vec<PlanRule> {
        let rules = rules.into_iter().zip(0..);
        let rules = rules.map(|(rule, number)| planned(rule, number, comments));
        let nothing = |list: &PlanRule| {
            list.peers == Match::Only(Vec::new()) || list.ports == Match::Only(Vec::new())
        };
        rules.filter(|rule| !nothing(rule)).collect()
    };
    let denials = listed(raised.denials);
    let denied = |direction: &Direction| denials.iter().any(|rule| rule.direction == *direction);
    let denied: Vec<Direction> = Direction::BOTH.into_iter().filter(denied).collect();
    let allowing = PlanPolicy {
        namespace: raised.namespace,
        across: raised.across,
        name: name.to_owned(),
        role,
        labels: of_metadata(object, "labels"),
        annotations: annotations(object),
        comment: comment(object, comments),
        subject: raised.subject,
        accounts: raised.accounts,
        workloads: Vec::new(),
        directions: raised.isolates,
        isolates: true,
        isolated: false,
        rules: listed(raised.rules),
        beside,
    };
    if denials.is_empty() {
        return vec![allowing];
    }
    let isolates = |direction: &Direction| allowing.directions.contains(direction);
    let denying = PlanPolicy {
        role: Role::Deny,
        isolates: false,
        isolated: denied.iter().all(isolates),
        directions: denied,
        rules: denials,
        ..allowing.clone()
    };
    if allowing.directions.is_empty() {
        return vec![denying];
    }
    if allowing.rules.is_empty() && allowing.directions == denying.directions {
        let isolates = true;
        return vec![PlanPolicy {
            isolates,
            ..denying
        }];
    }
    let name = format!("{}-deny", allowing.name);
    vec![allowing, PlanPolicy { name, ..denying }]
}

/// Whether a rule opens connections at port 53 alone, to resolve names: dialects that learn addresses read the answers.
fn is_dns(rule: &RaisedRule) -> bool {
    let ports = rule.ports.listed();
    let is_53 = |port: &PortMatch| {
        matches!(
            port,
            PortMatch::Range {
                first: 53,
                last: 53,
                ..
            }
        )
    };
    rule.direction == Direction::Egress && !ports.is_empty() && ports.iter().all(is_53)
}

/// The domain names among the destinations of rules.
fn domains<'a>(rules: impl Iterator<Item = &'a PlanRule>) -> BTreeSet<String> {
    let peers = rules.flat_map(|rule| rule.peers.listed());
    let names = peers.filter_map(|peer| match peer {
        PlanPeer::Domain(name) => Some(name.clone()),
        _ => None,
    });
    names.collect()
}

/// The plan of a policy whose rules hold in order. Err: it has none.
fn ordered(
    object: &Object,
    name: &str,
    raised: RaisedOrdered,
    comments: &Comments,
) -> Result<OrderedPolicy, String> {
    if raised.rules.is_empty() {
        return Err("it has no rules, so it has no effect".to_owned());
    }
    let rules = raised.rules.into_iter().zip(0..);
    let rules = rules.map(|(one, number)| OrderedRule {
        action: one.action,
        name: one.name,
        rule: planned(one.rule, number, comments),
    });
    Ok(OrderedPolicy {
        name: name.to_owned(),
        labels: of_metadata(object, "labels"),
        annotations: annotations(object),
        comment: comment(object, comments),
        place: raised.place,
        namespaces: raised.namespaces,
        pods: raised.pods,
        rules: rules.collect(),
    })
}

/// Leaves out of the rules that allow what would match more.
fn narrow_ordered(object: &Object, policy: &mut OrderedPolicy, setting: &Setting) -> Vec<Reason> {
    let mut found = Vec::new();
    policy.rules.retain_mut(|one| {
        if one.action != Action::Accept {
            return true;
        }
        let mut rules = vec![one.rule.clone()];
        let (cluster, target) = (setting.cluster, setting.target);
        found.extend(blocks::narrow(
            object,
            &mut rules,
            cluster,
            target,
            setting.after,
        ));
        let left = rules.pop();
        left.is_some_and(|rule| {
            one.rule = rule;
            true
        })
    });
    found
}

/// Writes the name of a rule above it, where the dialect has no field for it.
fn note_name(one: &mut OrderedRule<PlanRule>) {
    if let Some(name) = one.name.take() {
        one.rule.comments.push(name);
    }
}

/// A rule, by its number.
fn planned(rule: RaisedRule, number: u32, comments: &Comments) -> PlanRule {
    PlanRule {
        direction: rule.direction,
        flows: vec![FlowKey(number)],
        comments: comments.of_rule(rule.list, rule.index),
        other: rule.path(),
        peers: rule.peers,
        ports: rule.ports,
        http: Vec::new(),
        filters: false,
        approximate: Approximate::Never,
    }
}

/// The comments of a policy that are about none of its rules, and the description that it has in a dialect with such a field.
fn comment(object: &Object, comments: &Comments) -> String {
    let spec = object.node.get("spec");
    let description = spec.and_then(|spec| spec.get("description")?.as_str());
    let mut parts = vec![comments.head()];
    parts.extend(description.map(|text| text.trim().to_owned()));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn annotations(object: &Object) -> Labels {
    let mut annotations = of_metadata(object, "annotations");
    annotations.remove(LAST_APPLIED);
    annotations
}

fn of_metadata(object: &Object, key: &str) -> Labels {
    let found = deep(&object.node, &["metadata", key], strings);
    found.ok().flatten().unwrap_or_default()
}

/// Why a rule is left out, so that the policy allows less.
fn without(rule: &Unraised) -> Reason {
    Reason {
        why: format!(
            "`{}` is left out, and allows nothing: {}",
            rule.path(),
            rule.why
        ),
        help: None,
    }
}

/// What a policy says about the comments of rules that are left out.
fn without_comments(count: usize) -> Option<Reason> {
    let why = match count {
        0 => return None,
        1 => "1 comment is left out with its rule".to_owned(),
        n => format!("{n} comments are left out with their rules"),
    };
    Some(Reason { why, help: None })
}

/// Why a part of a policy is left out. Rules are named in the message itself.
fn reason(loss: &Loss) -> Reason {
    let why = match &loss.part {
        Part::Flow | Part::Gate(_) | Part::Accounts(..) => loss.why.clone(),
        part => format!("{part}: {}", loss.why),
    };
    Reason {
        why,
        help: loss.help.clone(),
    }
}
