//! Policies of single workloads: the isolation that they add to that of their namespace, and the DNS
//! that needs a policy because of it. Never selects all pods, which would isolate the others, too.
//! Isolation of groups.

use std::cell::LazyCell;

use super::base;
use super::draft::Draft;
use super::flows::{draft, unit_ends};
use crate::diag::Diagnostic;
use crate::model::dns::Resolver;
use crate::model::{Base, Document, Group, Isolate, Style, Words, Workload};
use crate::plan::context::{Context, Unit, UnitPods};
use crate::plan::names;
use crate::policy::{Direction, PlanRule, Role};

/// All such policies. In the per-workload style isolation is part of the workload's one policy.
pub(super) fn policies(context: &Context, resolver: &Resolver) -> Vec<Draft> {
    let apart = context.document.settings.style == Style::PerFlow;
    let words = LazyCell::new(|| Words::new(context.document));
    let mut found = Vec::new();
    for (id, workload) in context.document.workloads.iter() {
        let directions = context.own_isolation(id);
        if directions.is_empty() {
            continue;
        }
        let unit = Unit {
            namespace: workload.namespace,
            pods: UnitPods::Workload(id),
        };
        let own = Own::new(context, &words, unit);
        if apart {
            found.push(own.isolation(directions.clone()));
        }
        let egress = directions.contains(&Direction::Egress);
        if egress && context.document.dns_of(workload.namespace) {
            let rule = base::dns_rule(resolver);
            let comment = format!("{} may resolve names", own.sentence());
            found.extend(rule.map(|rule| own.dns("allow-dns", comment, rule)));
        }
        let labels = context.document.namespace_labels(workload.namespace);
        let serves =
            resolver.namespaces.matches(&labels) && resolver.pods.matches(&workload.labels);
        if directions.contains(&Direction::Ingress) && serves {
            let clients = context.resolving_namespaces();
            let rule = base::clients_rule(context, workload.namespace, clients, resolver);
            let comment = format!(
                "{} accepts queries from all pods that may send them",
                own.sentence()
            );
            found.extend(rule.map(|rule| own.dns("allow-dns-clients", comment, rule)));
        }
    }
    found
}

/// The policies that isolate groups, and permit them DNS because of it, in both styles.
pub(super) fn of_groups(context: &Context, resolver: &Resolver) -> Vec<Draft> {
    let words = LazyCell::new(|| Words::new(context.document));
    let mut found = Vec::new();
    for (id, group) in context.document.groups.iter() {
        for namespace in context.document.namespaces.ids() {
            let directions = context.group_isolation(group, namespace);
            if directions.is_empty() {
                continue;
            }
            let unit = Unit {
                namespace,
                pods: UnitPods::Group(id),
            };
            let own = Own::new(context, &words, unit);
            if directions.contains(&Direction::Egress) && context.document.dns_of(namespace) {
                let rule = base::dns_rule(resolver);
                let comment = format!("{} may resolve names", own.sentence());
                found.extend(rule.map(|rule| own.dns("allow-dns", comment, rule)));
            }
            found.push(own.isolation(directions));
        }
    }
    found
}

/// Warnings about what is to be isolated and cannot be selected.
pub(super) fn warnings(context: &Context) -> Vec<Diagnostic> {
    let mut found = unmanaged(context);
    found.extend(nodes(context));
    found.extend(by_account(context.document));
    for (id, workload) in context.document.workloads.iter() {
        let wanted = Direction::BOTH.map(|d| context.isolates_itself(workload, d));
        if let (true, Err(why)) = (wanted.contains(&true), context.identity(id)) {
            let message = format!(
                "`{}` is not isolated: {}",
                workload.name,
                why.why(context.document, &workload.name)
            );
            found.push(Diagnostic::warning("not-isolated", message).help(why.help()));
        }
    }
    found
}

/// What is to be isolated in namespaces for which no policies are written.
fn unmanaged(context: &Context) -> Vec<Diagnostic> {
    let document = context.document;
    let mut found = Vec::new();
    let mut not_isolated = |what: String, namespace: &str| {
        let message =
            format!("{what}: no policies are written for `{namespace}`, which is not managed");
        let help = format!("manage `{namespace}`, or leave its isolation to its owner");
        found.push(Diagnostic::warning("not-isolated", message).help(help));
    };
    for (id, namespace) in document.namespaces.iter().filter(|(_, n)| !n.managed) {
        let name = &namespace.name;
        if namespace.base.is_some_and(|base| base != Base::None) {
            not_isolated(format!("the default deny of `{name}` has no effect"), name);
        }
        let own = document.workloads.iter().map(|(_, w)| w);
        let own: Vec<&Workload> = own.filter(|w| w.namespace == id).collect();
        for workload in own.iter().filter(|w| w.isolate != Isolate::None) {
            not_isolated(format!("`{}` is not isolated", workload.name), name);
        }
        let labels = document.namespace_labels(id);
        let groups = document.groups.iter().map(|(_, group)| group);
        for group in groups.filter(|g| g.isolate != Isolate::None && g.namespaces.matches(&labels))
        {
            if own.iter().any(|workload| group.has_pods_of(workload)) {
                let what = format!("`{}` does not isolate its pods in `{name}`", group.name);
                not_isolated(what, name);
            }
        }
    }
    found
}

/// Groups that isolate pods by service account, where the dialect cannot select these.
fn by_account(document: &Document) -> Vec<Diagnostic> {
    let target = document.settings.target();
    if target.selects_accounts() {
        return Vec::new();
    }
    let groups = document.groups.iter().map(|(_, group)| group);
    let lost = groups.filter(|g| g.isolate != Isolate::None && !g.accounts.is_any());
    let one = |group: &Group| {
        let message = format!(
            "`{}` does not isolate its pods: {} does not select pods by service account",
            group.name,
            target.kind()
        );
        let help = "remove the service accounts of the group, or write for Cilium or Calico";
        Diagnostic::warning("not-isolated", message).help(help)
    };
    lost.map(one).collect()
}

/// Workloads on the host network that count as their nodes, which no default deny isolates.
fn nodes(context: &Context) -> Vec<Diagnostic> {
    let workloads = context
        .document
        .workloads
        .iter()
        .map(|(_, workload)| workload);
    let one = |workload: &Workload| {
        let namespace = context.namespace(workload.namespace)?;
        let mut both = Direction::BOTH.iter();
        if !both.any(|d| context.default_denies(workload.namespace, *d)) {
            return None;
        }
        let message = format!(
            "the default deny of `{}` does not isolate `{}`, which is on the host network: policies do not select it there",
            namespace.name, workload.name
        );
        let help =
            "restrict what reaches its node, and what its node reaches, where nodes are configured";
        Some(Diagnostic::info("host-network", message).help(help))
    };
    let nodes = workloads.filter(|workload| !context.selectable(workload));
    nodes.filter_map(one).collect()
}

struct Own<'a> {
    context: &'a Context<'a>,
    words: &'a Words<'a>,
    unit: Unit,
}

impl<'a> Own<'a> {
    fn new(context: &'a Context<'a>, words: &'a Words<'a>, unit: Unit) -> Self {
        Self {
            context,
            words,
            unit,
        }
    }

    fn sentence(&self) -> String {
        names::unit_sentence(self.context, self.unit)
    }

    fn isolation(&self, directions: Vec<Direction>) -> Draft {
        let (stem, what) = match directions[..] {
            [Direction::Ingress] => ("deny-ingress", "to"),
            [Direction::Egress] => ("deny-egress", "from"),
            _ => ("deny-all", "to and from"),
        };
        let comment = format!(
            "connections {what} {} need another policy that allows them",
            self.sentence()
        );
        Draft {
            isolates: true,
            directions,
            ..self.draft(Role::Isolation, stem, comment)
        }
    }

    fn dns(&self, stem: &str, comment: String, rule: PlanRule) -> Draft {
        Draft {
            directions: vec![rule.direction],
            rules: vec![rule],
            ..self.draft(Role::Dns, stem, comment)
        }
    }

    fn draft(&self, role: Role, stem: &str, comment: String) -> Draft {
        Draft {
            stem: format!("{}-{stem}", names::of_unit(self.context, self.unit)),
            ends: format!("{stem} {}", unit_ends(self.context, self.words, self.unit)),
            comment,
            ..draft(self.context, role, self.unit)
        }
    }
}
