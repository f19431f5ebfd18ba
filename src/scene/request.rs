//! The input of a layout, taken from a Document and measured: plain values that compare.

use crate::policy::Entity;
use std::collections::{BTreeMap, BTreeSet};

use super::bundle::{self, Bundle, Drawn, Visible, bundles, drawn};
use super::{ArrowId, Icon, Measure, Point, Shape, TextStyle, elide, pt, tokens};
use crate::model::{
    Base, Direction, Document, External, Flow, FlowId, FlowPort, NamespaceId, NodeRef,
};
use crate::model::{Group, Namespace, Workload};
use crate::sets::{LabelOp, Labels, Protocol, Requirement, Selector};

/// Everything that a layout depends on. Equal requests have equal layouts, so `==` tests whether a
/// layout is current.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    pub(crate) namespaces: Vec<NamespaceSpec>,
    pub(crate) nodes: Vec<NodeSpec>,
    pub(crate) flows: Vec<FlowSpec>,
    /// Arrows that are no flows.
    pub(crate) extras: Vec<FlowSpec>,
}

/// A namespace to be placed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NamespaceSpec {
    pub id: NamespaceId,
    pub name: String,
    pub title: String,
    pub count: usize,
    pub base: &'static str,
    pub dns: bool,
    pub collapsed: bool,
    pub managed: bool,
    pub hue: usize,
    pub header_widths: [f32; 2],
    pub pin: Option<Point>,
}

/// A node to be placed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NodeSpec {
    pub node: NodeRef,
    pub namespace: Option<NamespaceId>,
    pub name: String,
    pub title: String,
    pub subtitle: String,
    pub icon: Icon,
    pub hue: Option<usize>,
    pub shape: Shape,
    pub width: f32,
    pub pin: Option<Point>,
}

/// An arrow to be routed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FlowSpec {
    pub id: ArrowId,
    pub from: NodeRef,
    pub to: NodeRef,
    pub label: String,
    pub label_width: f32,
    pub half: Option<Direction>,
    pub muted: bool,
    pub denies: bool,
    /// How many flows it stands for.
    pub flows: usize,
    /// The weighted arrow that it continues within an expanded namespace.
    pub port: Option<Bundle>,
}

impl Request {
    /// The layout input of that Document. Flows with an end that does not exist are not drawn.
    pub fn of(document: &Document, measure: &dyn Measure) -> Self {
        Self::visible(document, &Visible::default(), measure)
    }

    /// The same with only what is visible: what is in collapsed namespaces is left out, and flows from or
    /// to them are drawn as bundles.
    pub fn visible(document: &Document, visible: &Visible, measure: &dyn Measure) -> Self {
        let collapsed = &visible.collapsed;
        let hides = |node| visible.hides(document, node);
        let mut counts: BTreeMap<NamespaceId, usize> = BTreeMap::new();
        for (_, workload) in document.workloads.iter() {
            *counts.entry(workload.namespace).or_default() += 1;
        }
        let hues: BTreeMap<NamespaceId, usize> = document
            .namespaces
            .ids()
            .map(|id| (id, u32::from(id) as usize % tokens::HUES.len()))
            .collect();
        let pin = |node: NodeRef| document.layout.get(&node).map(|p| pt(p[0], p[1]));
        let namespaces = document
            .namespaces
            .iter()
            .filter(|(id, _)| !hides(NodeRef::Namespace(*id)))
            .map(|(id, namespace)| NamespaceSpec {
                id,
                count: counts.get(&id).copied().unwrap_or(0),
                collapsed: collapsed.contains(&id),
                hue: hues.get(&id).copied().unwrap_or(0),
                pin: pin(NodeRef::Namespace(id)),
                ..namespace_spec(document, namespace, measure)
            })
            .map(|spec| with_header_widths(spec, measure))
            .collect();
        let mut nodes = node_specs(document, collapsed, &hues, measure);
        nodes.retain(|node| !hides(node.node));
        let mut flows: Vec<FlowSpec> = document
            .flows
            .iter()
            .filter_map(|(id, flow)| match drawn(document, visible, (id, flow)) {
                Drawn::Itself => flow_spec(id, flow, measure),
                Drawn::Through(bundle) => {
                    let spec = flow_spec(id, flow, measure)?;
                    Some(FlowSpec {
                        from: bundle::shown(document, collapsed, spec.from),
                        to: bundle::shown(document, collapsed, spec.to),
                        port: Some(bundle),
                        ..spec
                    })
                }
                Drawn::In(_) | Drawn::Hidden => None,
            })
            .collect();
        let bundles = bundles(document, visible);
        flows.extend(
            bundles
                .iter()
                .map(|(id, of)| bundle_spec(*id, of.len(), measure)),
        );
        if flows
            .iter()
            .any(|f| f.from == NodeRef::AnyPod || f.to == NodeRef::AnyPod)
        {
            nodes.push(any_pod(measure));
        }
        for node in &mut nodes {
            node.pin = pin(node.node);
        }
        nodes.sort_by_key(|n| n.node);
        let known: BTreeSet<NodeRef> = nodes
            .iter()
            .map(|n| n.node)
            .chain(document.namespaces.ids().map(NodeRef::Namespace))
            .collect();
        flows.retain(|f| known.contains(&f.from) && known.contains(&f.to));
        Self {
            namespaces,
            nodes,
            flows,
            extras: Vec::new(),
        }
    }
}

fn namespace_spec(
    document: &Document,
    namespace: &Namespace,
    measure: &dyn Measure,
) -> NamespaceSpec {
    let base = namespace.base.unwrap_or(document.settings.base);
    let dns = namespace.dns.unwrap_or(document.settings.dns.allow);
    NamespaceSpec {
        id: NamespaceId(0),
        name: namespace.name.clone(),
        title: elide(&namespace.name, TextStyle::Title, 220.0, measure),
        count: 0,
        base: base_words(base),
        dns: dns && matches!(base, Base::DenyAll | Base::DenyEgress),
        collapsed: false,
        managed: namespace.managed,
        hue: 0,
        header_widths: [0.0; 2],
        pin: None,
    }
}

/// The badge of a namespace without a generated default deny.
pub const NO_BASE: &str = "no default deny";

/// The badge of a namespace's default deny.
pub fn base_words(base: Base) -> &'static str {
    match base {
        Base::DenyAll => "deny all",
        Base::DenyIngress => "deny ingress",
        Base::DenyEgress => "deny egress",
        Base::None => NO_BASE,
    }
}

fn with_header_widths(mut spec: NamespaceSpec, measure: &dyn Measure) -> NamespaceSpec {
    let count = measure.width(&spec.count.to_string(), TextStyle::Badge);
    let title = 38.0 + measure.width(&spec.title, TextStyle::Title) + 8.0 + count;
    let mut badges = 30.0 + measure.width(spec.base, TextStyle::Badge);
    if spec.dns {
        badges += 4.0 + 16.0 + measure.width("DNS", TextStyle::Badge);
    }
    spec.header_widths = [title.ceil(), badges.ceil()];
    spec
}

fn node_specs(
    document: &Document,
    collapsed: &BTreeSet<NamespaceId>,
    hues: &BTreeMap<NamespaceId, usize>,
    measure: &dyn Measure,
) -> Vec<NodeSpec> {
    let workloads = document.workloads.iter();
    let workloads = workloads.filter(|(_, workload)| !collapsed.contains(&workload.namespace));
    let workloads = workloads.filter_map(|(id, workload)| {
        let hue = *hues.get(&workload.namespace)?;
        let spec = node_spec(&workload.name, &workload_label(workload), measure);
        Some(NodeSpec {
            node: NodeRef::Workload(id),
            namespace: Some(workload.namespace),
            icon: workload_icon(&workload.kind),
            hue: Some(hue),
            shape: Shape::Rounded,
            ..spec
        })
    });
    let externals = document.externals.iter().map(|(id, external)| NodeSpec {
        node: NodeRef::External(id),
        icon: if is_internet(external) {
            Icon::Internet
        } else {
            Icon::External
        },
        ..node_spec(&external.name, &external_words(external), measure)
    });
    let groups = document.groups.iter().map(|(id, group)| {
        let namespaces = match selector_words(&group.namespaces) {
            words if words == "any" => String::new(),
            words => format!(" in {words}"),
        };
        let words = format!("{}{namespaces}", pods_words(group));
        NodeSpec {
            node: NodeRef::Group(id),
            icon: Icon::Group,
            ..node_spec(&group.name, &words, measure)
        }
    });
    let cluster_nodes = document.nodes_of_flows().into_iter().filter_map(|id| {
        let node = &document.nodes.get(id)?.node;
        Some(NodeSpec {
            node: NodeRef::Node(id),
            icon: Icon::Node,
            ..node_spec(&node.name, &addresses_words(&node.addresses), measure)
        })
    });
    workloads
        .chain(externals)
        .chain(groups)
        .chain(cluster_nodes)
        .collect()
}

/// The addresses of a node: `10.0.0.7 and 1 more`.
pub fn addresses_words(addresses: &[std::net::IpAddr]) -> String {
    let mut all = addresses.iter().map(ToString::to_string);
    match all.next() {
        Some(first) => more(first, all.collect()),
        None => "no addresses".to_string(),
    }
}

/// The pods of a group in its namespaces: `app=db`, `any as robot`.
pub fn pods_words(group: &Group) -> String {
    let pods = selector_words(&group.pods);
    match group.accounts.is_any() {
        true => pods,
        false => format!("{pods} as {}", group.accounts),
    }
}

/// A pill with these texts, as wide as they need.
pub(super) fn node_spec(name: &str, subtitle: &str, measure: &dyn Measure) -> NodeSpec {
    let around = tokens::NODE_TEXT_LEFT + tokens::NODE_TEXT_RIGHT;
    let title_width = measure.width(name, TextStyle::Title);
    let text = title_width.max(measure.width(subtitle, TextStyle::Label));
    let wanted = (text + around).clamp(tokens::NODE_MIN_WIDTH, tokens::NODE_MAX_WIDTH);
    let width = (wanted / tokens::GRID).ceil() * tokens::GRID;
    let available = width - around;
    NodeSpec {
        node: NodeRef::AnyPod,
        namespace: None,
        name: name.to_string(),
        title: elide(name, TextStyle::Title, available, measure),
        subtitle: elide(subtitle, TextStyle::Label, available, measure),
        icon: Icon::AnyPod,
        hue: None,
        shape: Shape::Pill,
        width,
        pin: None,
    }
}

pub(super) fn any_pod(measure: &dyn Measure) -> NodeSpec {
    node_spec("Any pod", "of the cluster", measure)
}

fn workload_icon(kind: &str) -> Icon {
    match kind {
        "StatefulSet" => Icon::StatefulSet,
        "DaemonSet" => Icon::DaemonSet,
        "Job" => Icon::Job,
        "CronJob" => Icon::CronJob,
        "Pod" => Icon::Pod,
        _ => Icon::Deployment,
    }
}

/// The label that identifies a workload best: of its selector, else of its pods.
fn workload_label(workload: &Workload) -> String {
    const KEYS: [&str; 4] = [
        "app",
        "app.kubernetes.io/name",
        "k8s-app",
        "app.kubernetes.io/instance",
    ];
    let pick = |labels: &Labels| {
        let known = KEYS.iter().find_map(|key| labels.get_key_value(*key));
        known
            .or_else(|| labels.iter().next())
            .map(|(key, value)| format!("{}={value}", key.rsplit('/').next().unwrap_or(key)))
    };
    let selector = workload
        .selector
        .as_ref()
        .filter(|s| !s.requirements.is_empty())
        .map(selector_words);
    pick(&workload.labels)
        .or(selector)
        .unwrap_or_else(|| "no labels".to_string())
}

fn is_internet(external: &External) -> bool {
    external.entity == Some(Entity::World)
        || external.networks.iter().any(|n| n.cidr.prefix_len() == 0)
}

fn external_words(external: &External) -> String {
    let mut blocks = external.networks.iter().map(|n| n.cidr.to_string());
    if let Some(entity) = external.entity {
        return entity.description().to_string();
    }
    match (blocks.next(), external.domain_names.first()) {
        (Some(first), _) => more(first, blocks.collect()),
        (None, Some(name)) if *name == external.name => "domain name".to_string(),
        (None, Some(name)) => more(name.clone(), external.domain_names.iter().skip(1).collect()),
        (None, None) => "no addresses".to_string(),
    }
}

fn more<T: ToString>(first: String, others: Vec<T>) -> String {
    match others.as_slice() {
        [] => first,
        [one] => format!("{first}, {}", one.to_string()),
        many => format!("{first} +{}", many.len()),
    }
}

/// A selector in a few words: `app=web, tier in (a, b), !legacy`; `any` when it is empty.
pub fn selector_words(selector: &Selector) -> String {
    if selector.requirements.is_empty() {
        return "any".to_string();
    }
    let words: Vec<String> = selector
        .requirements
        .iter()
        .map(requirement_words)
        .collect();
    words.join(", ")
}

fn requirement_words(requirement: &Requirement) -> String {
    let key = requirement
        .key
        .rsplit('/')
        .next()
        .unwrap_or(&requirement.key);
    let list = |values: &BTreeSet<String>| {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        values.join(", ")
    };
    match &requirement.op {
        LabelOp::In(values) if values.len() == 1 => format!("{key}={}", list(values)),
        LabelOp::NotIn(values) if values.len() == 1 => format!("{key}!={}", list(values)),
        LabelOp::In(values) => format!("{key} in ({})", list(values)),
        LabelOp::NotIn(values) => format!("{key} not in ({})", list(values)),
        LabelOp::Exists => key.to_string(),
        LabelOp::DoesNotExist => format!("!{key}"),
        LabelOp::StartsWith(text) => format!("{key}={text}*"),
        LabelOp::EndsWith(text) => format!("{key}=*{text}"),
        LabelOp::Contains(text) => format!("{key}=*{text}*"),
    }
}

fn flow_spec(flow_id: FlowId, flow: &Flow, measure: &dyn Measure) -> Option<FlowSpec> {
    let label = flow_label(flow);
    Some(FlowSpec {
        id: ArrowId::Flow(flow_id),
        from: flow.from.node()?,
        to: flow.to.node()?,
        label_width: measure.width(&label, TextStyle::Chip).ceil(),
        label,
        half: flow.half,
        muted: flow.muted,
        denies: flow.denies,
        flows: 1,
        port: None,
    })
}

fn bundle_spec(id: Bundle, flows: usize, measure: &dyn Measure) -> FlowSpec {
    let label = bundle::words(flows);
    FlowSpec {
        id: ArrowId::Bundle(id),
        from: id.from,
        to: id.to,
        label_width: measure.width(&label, TextStyle::Badge).ceil(),
        label,
        half: None,
        muted: false,
        denies: false,
        flows,
        port: None,
    }
}

/// What is written on an arrow: its ports, that it denies, and that only some requests pass.
fn flow_label(flow: &Flow) -> String {
    let ports = ports_label(&flow.ports);
    match (flow.denies, flow.http.is_empty()) {
        (true, _) => format!("deny {ports}"),
        (false, true) => ports,
        (false, false) => format!("{ports} HTTP"),
    }
}

/// Ports in short: `TCP 80, 443`, `UDP 4000-4010`, `any`; at most about 22 characters, then `+2`.
pub fn ports_label(ports: &[FlowPort]) -> String {
    const ROOM: usize = 22;
    if ports.contains(&FlowPort::Any) {
        return "any".to_string();
    }
    let mut sorted = ports.to_vec();
    sorted.sort_by(|a, b| (protocol_of(a), a).cmp(&(protocol_of(b), b)));
    sorted.dedup();
    let (mut text, mut last): (String, Option<Protocol>) = (String::new(), None);
    for (shown, port) in sorted.iter().enumerate() {
        let (protocol, number) = match port {
            FlowPort::Any => continue,
            FlowPort::All(protocol) => (*protocol, String::new()),
            FlowPort::Range(protocol, a, b) if a == b => (*protocol, a.to_string()),
            FlowPort::Range(protocol, a, b) => (*protocol, format!("{a}-{b}")),
            FlowPort::Named(protocol, name) => (*protocol, name.clone()),
        };
        let separator = if text.is_empty() { "" } else { ", " };
        let word = match (last == Some(protocol), number.is_empty()) {
            (true, true) => continue,
            (true, false) => number,
            (false, true) => protocol.name().to_string(),
            (false, false) => format!("{} {number}", protocol.name()),
        };
        let left = sorted.len() - shown;
        let reserve = if left > 1 { 3 } else { 0 };
        if !text.is_empty() && text.chars().count() + 2 + word.chars().count() + reserve > ROOM {
            return format!("{text} +{left}");
        }
        text = format!("{text}{separator}{word}");
        last = Some(protocol);
    }
    if text.is_empty() {
        "no ports".to_string()
    } else {
        text
    }
}

fn protocol_of(port: &FlowPort) -> Option<Protocol> {
    match port {
        FlowPort::Any => None,
        FlowPort::All(p) | FlowPort::Range(p, _, _) | FlowPort::Named(p, _) => Some(*p),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(port: u16) -> FlowPort {
        FlowPort::Range(Protocol::Tcp, port, port)
    }

    #[test]
    fn ports_are_abbreviated() {
        let named = FlowPort::Named(Protocol::Tcp, "http".into());
        let range = FlowPort::Range(Protocol::Udp, 4000, 4010);
        assert_eq!(ports_label(&[tcp(5050)]), "TCP 5050");
        assert_eq!(ports_label(&[tcp(443), tcp(80), tcp(80)]), "TCP 80, 443");
        assert_eq!(ports_label(&[tcp(80), range, named]), "TCP 80, http +1");
        assert_eq!(ports_label(&[FlowPort::Any, tcp(1)]), "any");
        assert_eq!(ports_label(&[FlowPort::All(Protocol::Sctp)]), "SCTP");
        assert_eq!(ports_label(&[]), "no ports");
        let many: Vec<FlowPort> = (9000..9012).map(tcp).collect();
        assert_eq!(ports_label(&many), "TCP 9000, 9001 +10");
    }

    #[test]
    fn moving_or_adding_makes_a_layout_stale_and_notes_do_not() {
        let mut document = crate::scene::fixture::online_shop();
        let before = Request::of(&document, &crate::scene::ApproxMeasure);
        let flow = document.flows.ids().next().unwrap();
        document.flows.get_mut(flow).unwrap().note = "changed".into();
        let same = Request::of(&document, &crate::scene::ApproxMeasure);
        assert_eq!(before, same);
        let workload = document.workloads.ids().next().unwrap();
        let node = NodeRef::Workload(workload);
        std::sync::Arc::make_mut(&mut document.layout).insert(node, [8.0, 8.0]);
        let moved = Request::of(&document, &crate::scene::ApproxMeasure);
        assert_ne!(before, moved);
    }
}
