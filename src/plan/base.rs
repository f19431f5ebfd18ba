//! Default-deny and DNS policies; separate from the flows in both styles.

use std::sync::OnceLock;

use super::draft::Draft;
use super::peers;
use crate::model::dns::Resolver;
use crate::model::{Base, NamespaceId, WorkloadId};
use crate::plan::context::{Context, Unit, UnitPods};
use crate::policy::{
    Accounts, Approximate, Direction, Match, PlanNamespaces, PlanPeer, PlanRule, Role,
};
use crate::sets::Selector;

/// The default-deny policy of a namespace, if it has one.
pub(super) fn base(context: &Context, namespace: NamespaceId) -> Option<Draft> {
    let types: Vec<Direction> = Direction::BOTH
        .into_iter()
        .filter(|direction| context.default_denies(namespace, *direction))
        .collect();
    let name = context.namespace_name(namespace);
    let (stem, what) = match (types.is_empty(), context.document.base_of(namespace)) {
        (true, _) => return None,
        (false, Base::DenyIngress) => ("deny-ingress", "to"),
        (false, Base::DenyEgress) => ("deny-egress", "from"),
        (false, _) => ("deny-all", "to and from"),
    };
    Some(Draft {
        comment: format!("connections {what} pods of {name} need another policy that allows them"),
        ..draft(context, namespace, Role::Base, stem, types)
    })
}

/// The policy that lets every pod of a namespace resolve names, where egress is denied by default.
pub(super) fn dns(context: &Context, namespace: NamespaceId, resolver: &Resolver) -> Option<Draft> {
    if !context.writes_dns(namespace) {
        return None;
    }
    let name = context.namespace_name(namespace);
    Some(Draft {
        comment: format!("pods of {name} may resolve names"),
        rules: vec![dns_rule(resolver)?],
        ..draft(
            context,
            namespace,
            Role::Dns,
            "allow-dns",
            vec![Direction::Egress],
        )
    })
}

/// Egress to the DNS pods.
pub(super) fn dns_rule(resolver: &Resolver) -> Option<PlanRule> {
    let namespaces = PlanNamespaces::Labelled(resolver.namespaces.clone());
    let mut peers = vec![PlanPeer::Pods(namespaces, resolver.pods.clone())];
    peers.extend(resolver.networks.iter().cloned().map(PlanPeer::Block));
    rule(Direction::Egress, peers, resolver)
}

/// Ingress of DNS pods in the namespace `own`, from all pods of these namespaces.
pub(super) fn clients_rule(
    context: &Context,
    own: NamespaceId,
    clients: Vec<NamespaceId>,
    resolver: &Resolver,
) -> Option<PlanRule> {
    let clients = clients.into_iter().map(|client| {
        let client = peers::namespace(context, client, own);
        PlanPeer::Pods(client, Selector::everything())
    });
    rule(Direction::Ingress, clients.collect(), resolver)
}

/// The ingress policy of the DNS pods, where their namespace denies ingress by default.
pub(super) fn dns_clients(
    context: &Context,
    namespace: NamespaceId,
    resolver: &Resolver,
) -> Option<Draft> {
    let clients = context.dns_clients(namespace, resolver);
    let rule = clients_rule(context, namespace, clients, resolver)?;
    let pods = context.document.matching_in(namespace, &resolver.pods);
    Some(Draft {
        comment: "the DNS pods accept queries from all pods that may send them".to_owned(),
        subject: resolver.pods.clone(),
        workloads: pods,
        rules: vec![rule],
        ..draft(
            context,
            namespace,
            Role::Dns,
            "allow-dns-clients",
            vec![Direction::Ingress],
        )
    })
}

fn rule(direction: Direction, peers: Vec<PlanPeer>, resolver: &Resolver) -> Option<PlanRule> {
    let ports = peers::ports_in_order(&resolver.ports);
    let nothing = peers.is_empty() || ports == Match::Only(Vec::new());
    (!nothing).then(|| PlanRule {
        http: Vec::new(),
        filters: false,
        approximate: Approximate::Never,
        direction,
        flows: Vec::new(),
        comments: Vec::new(),
        other: "the DNS pods".to_owned(),
        peers: Match::Only(peers),
        ports,
    })
}

/// A policy for every pod of a namespace, without rules.
fn draft(
    context: &Context,
    namespace: NamespaceId,
    role: Role,
    stem: &str,
    directions: Vec<Direction>,
) -> Draft {
    let all = Unit {
        namespace,
        pods: UnitPods::All,
    };
    let workloads: Vec<WorkloadId> = context.members(all).map(|(id, _)| id).collect();
    Draft {
        namespace,
        role,
        stem: stem.to_owned(),
        ends: stem.to_owned(),
        comment: String::new(),
        description: String::new(),
        subject: Selector::everything(),
        accounts: Accounts::default(),
        workloads,
        directions,
        isolates: role == Role::Base,
        isolated: false,
        rules: Vec::new(),
        planned: OnceLock::new(),
    }
}
