//! Names of edits in the undo menu.

use std::collections::BTreeSet;

use super::{Edit, Item, Thing};
use crate::model::{Base, Dns, Document, ImportedPolicy, NamespaceId, NodeRef, Settings, Style};

impl Edit {
    /// The name of the undo step, given the Document before the edit: `Add flow web to checkout`.
    pub fn name(&self, before: &Document) -> String {
        let flows = |ids: &[crate::model::FlowId]| {
            let items: Vec<Item> = ids.iter().copied().map(Item::Flow).collect();
            several(before, &items)
        };
        match self {
            Self::SetName(_) => "Rename project".into(),
            Self::SetSettings(settings) => settings_name(&before.settings, settings),
            Self::DenyByDefault(_) => "Deny all that is not drawn".into(),
            Self::Add(thing) => format!("Add {}", thing_name(before, thing)),
            Self::Change(item, _) => format!("Change {}", named(before, *item)),
            Self::Rename(item, name) => format!("Rename {} to {name}", named(before, *item)),
            Self::Remove(items) => format!("Delete {}", several(before, items)),
            Self::SetPorts(ids, _) => format!("Set ports of {}", flows(ids)),
            Self::Annotate(id, _) => format!("Annotate {}", named(before, Item::Flow(*id))),
            Self::Mute(ids, true) => format!("Mute {}", flows(ids)),
            Self::Mute(ids, false) => format!("Unmute {}", flows(ids)),
            Self::Reverse(ids) => format!("Reverse {}", flows(ids)),
            Self::Place(places) => match places.keys().next() {
                Some(node) if places.len() == 1 => format!("Move {}", before.node_name(*node)),
                _ => format!("Move {} nodes", places.len()),
            },
            Self::Unpin(nodes) => match nodes[..] {
                [node] => format!("Unpin {}", before.node_name(node)),
                _ => format!("Unpin {} nodes", nodes.len()),
            },
            Self::Collapse(namespaces) => collapse_name(before, namespaces),
            Self::Duplicate(items) => format!("Duplicate {}", several(before, items)),
            Self::Paste { .. } => "Paste".into(),
            Self::Merge { .. } => "Import".into(),
            Self::Ignore(rule) => match &rule.place {
                Some(place) => format!("Ignore {} in {place}", rule.rule),
                None => format!("Ignore {}", rule.rule),
            },
            Self::SetRecordings(files) if files.is_empty() => "Remove recordings".into(),
            Self::SetRecordings(_) => "Set recordings".into(),
            Self::Batch(name, _) => name.clone(),
        }
    }
}

impl Edit {
    /// What the edit deleted: `Deleted namespace data with 3 workloads and 5 flows`; none if it deletes nothing.
    pub fn deleted(&self, before: &Document, after: &Document) -> Option<String> {
        let items = match self {
            Self::Remove(items) => items,
            // Its author named what is deleted.
            Self::Batch(name, edits)
                if edits.iter().all(|edit| matches!(edit, Self::Remove(_))) =>
            {
                let what = name.strip_prefix("Delete ")?;
                return Some(format!("Deleted {what}"));
            }
            _ => return None,
        };
        let named = |is: fn(&Item) -> bool| items.iter().filter(|item| is(item)).count();
        let all = [
            (
                before.workloads.len().saturating_sub(after.workloads.len()),
                named(|item| matches!(item, Item::Workload(_))),
                "workload",
            ),
            (
                before.flows.len().saturating_sub(after.flows.len()),
                named(|item| matches!(item, Item::Flow(_))),
                "flow",
            ),
        ];
        let others: Vec<String> = all
            .into_iter()
            .map(|(removed, named, one)| (removed.saturating_sub(named), one))
            .filter(|(count, _)| *count > 0)
            .map(|(count, one)| format!("{count} {one}{}", if count == 1 { "" } else { "s" }))
            .collect();
        let what = several(before, items);
        Some(match others.is_empty() {
            true => format!("Deleted {what}"),
            false => format!("Deleted {what} with {}", others.join(" and ")),
        })
    }
}

/// `Collapse monitoring`, `Expand 3 namespaces`.
fn collapse_name(before: &Document, namespaces: &BTreeSet<NamespaceId>) -> String {
    let known = before.collapsed.as_deref();
    let was = |id: NamespaceId| known.is_some_and(|known| known.contains(&id));
    // Where nobody chose before, what was shown is the window's matter.
    let changed = |to: bool| {
        let ids = before.namespaces.ids();
        let ids = ids.filter(|id| namespaces.contains(id) == to);
        ids.filter(|id| known.is_none() || was(*id) != to)
            .collect::<Vec<_>>()
    };
    let name = |verb: &str, ids: &[NamespaceId]| match ids {
        [id] => format!("{verb} {}", before.node_name(NodeRef::Namespace(*id))),
        ids => format!("{verb} {} namespaces", ids.len()),
    };
    match (&changed(true)[..], &changed(false)[..]) {
        (collapsed, []) => name("Collapse", collapsed),
        ([], expanded) => name("Expand", expanded),
        (_, [id]) => name("Expand", &[*id]),
        (collapsed, _) => name("Collapse", collapsed),
    }
}

fn several(before: &Document, items: &[Item]) -> String {
    match items {
        [item] => named(before, *item),
        items if items.iter().all(|item| matches!(item, Item::Flow(_))) => {
            format!("{} flows", items.len())
        }
        items => format!("{} objects", items.len()),
    }
}

/// `flow web to checkout`, `workload web`.
fn named(before: &Document, item: Item) -> String {
    if let Item::Policy(id) = item {
        return before.policies.get(id).map_or("policy".into(), of_file);
    }
    let kind = match item {
        Item::Namespace(_) => "namespace",
        Item::Workload(_) => "workload",
        Item::Service(_) => "Service",
        Item::External(_) => "external",
        Item::Group(_) => "group",
        Item::Node(_) => "node",
        Item::Flow(_) => "flow",
        Item::Policy(_) => "policy",
        Item::Invariant(_) => "invariant",
    };
    kind_and_name(kind, &before.item_name(item))
}

/// `external Office`; a name that begins with the kind, as new objects have it, stands alone: `external-2`.
pub fn kind_and_name(kind: &str, name: &str) -> String {
    match name.starts_with(kind) {
        true => name.to_owned(),
        false => format!("{kind} {name}"),
    }
}

/// An imported policy by its file: its own name is in its text, which an edit must not take the time to read.
fn of_file(policy: &ImportedPolicy) -> String {
    match policy.file.as_str() {
        "" => "policy".to_owned(),
        file => format!("policy of {file}"),
    }
}

fn thing_name(before: &Document, thing: &Thing) -> String {
    match thing {
        Thing::Namespace(namespace) => kind_and_name("namespace", &namespace.name),
        Thing::Workload(workload) => kind_and_name("workload", &workload.name),
        Thing::Service(service) => format!("Service {}", service.name),
        Thing::External(external) => kind_and_name("external", &external.name),
        Thing::Group(group) => kind_and_name("group", &group.name),
        Thing::Node(row) => kind_and_name("node", &row.node.name),
        Thing::Flow(flow) => format!(
            "flow {} to {}",
            before.end_name(&flow.from),
            before.end_name(&flow.to)
        ),
        Thing::Policy(policy) => of_file(policy),
        Thing::Invariant(invariant) => format!("invariant {}", invariant.name),
    }
}

/// `Dialect: CiliumNetworkPolicy` where one setting changes, `Change settings` where several do.
fn settings_name(before: &Settings, after: &Settings) -> String {
    let (old, new) = (before.assumptions, after.assumptions);
    let shown = (before.target(), after.target());
    let all = [
        (shown.0 != shown.1, format!("Dialect: {}", shown.1.kind())),
        (
            shown.0 == shown.1 && before.dialects != after.dialects,
            "Change dialects".to_owned(),
        ),
        (before.style != after.style, style_name(after.style)),
        (before.base != after.base, base_name(after.base)),
        (before.dns != after.dns, dns_name(&before.dns, &after.dns)),
        (
            old.enforcer != new.enforcer,
            format!("Enforcer: {}", new.enforcer.title()),
        ),
        (
            (old.pod_addresses, old.host_network) != (new.pod_addresses, new.host_network),
            "Change assumptions".to_owned(),
        ),
        (
            (&before.labels, &before.annotations) != (&after.labels, &after.annotations),
            "Change labels and annotations of policies".to_owned(),
        ),
    ];
    let mut changed = all.into_iter().filter(|(differs, _)| *differs);
    match (changed.next(), changed.next()) {
        (Some((_, only)), None) => only,
        _ => "Change settings".to_owned(),
    }
}

fn style_name(style: Style) -> String {
    match style {
        Style::PerFlow => "One policy for each flow".to_owned(),
        Style::PerWorkload => "One policy for each workload".to_owned(),
    }
}

fn base_name(base: Base) -> String {
    let directions = match base {
        Base::DenyAll => "both",
        Base::DenyIngress => "ingress only",
        Base::DenyEgress => "egress only",
        Base::None => "none",
    };
    format!("Default deny: {directions}")
}

fn dns_name(before: &Dns, after: &Dns) -> String {
    match (before.allow != after.allow, after.allow) {
        (true, true) => "Allow DNS".to_owned(),
        (true, false) => "Do not allow DNS".to_owned(),
        (false, _) => "Change DNS pods".to_owned(),
    }
}
