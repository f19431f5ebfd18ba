//! The icons of the window, by meaning; one set, line icons.

use crate::policy::Entity;
use egui_phosphor::regular as set;

use crate::model::{End, Item, NodeRef, TrafficClass};

pub use set::{
    ARROW_LEFT, ARROW_RIGHT, ARROW_U_UP_LEFT, ARROW_U_UP_RIGHT, ARROWS_IN_SIMPLE,
    ARROWS_OUT_SIMPLE, CARET_DOWN, CARET_RIGHT, CARET_UP, CHECK, CIRCLE, CLIPBOARD_TEXT, COPY,
    CORNERS_OUT, EXPORT, EYE, EYE_SLASH, FILE, FILE_CODE, FILE_PLUS, FLOPPY_DISK, FOLDER_OPEN,
    GEAR, GRADUATION_CAP, INFO, KEYBOARD, MAGNIFYING_GLASS, MINUS, MOON, NOTE, PENCIL_SIMPLE, PLUS,
    PROHIBIT, QUESTION, SCALES, SCISSORS, SHIELD, SHIELD_CHECK, SIDEBAR_SIMPLE, SUN, SWAP, TARGET,
    TRASH, UPLOAD_SIMPLE, WARNING, X, X_CIRCLE as ERROR,
};

/// Imported policies become flows.
pub const ADOPT: &str = set::ARROWS_MERGE;
/// More is allowed than drawn, as the user accepts.
pub const APPROXIMATE: &str = set::APPROXIMATE_EQUALS;
/// Focus.
pub const FOCUS: &str = set::CROSSHAIR;
/// A namespace.
pub const NAMESPACE: &str = set::BOUNDING_BOX;
/// A workload that serves.
pub const WORKLOAD: &str = set::CUBE;
/// A stateful workload.
pub const STATEFUL: &str = set::DATABASE;
/// A workload that runs by the clock.
pub const SCHEDULED: &str = set::CLOCK;
/// A workload on every node.
pub const EVERYWHERE: &str = set::STACK;
/// Something outside.
pub const EXTERNAL: &str = set::CLOUD;
/// All addresses.
pub const INTERNET: &str = set::GLOBE;
/// A part of the cluster that is no workload.
pub const ENTITY: &str = set::CUBE;
/// Pods by selector.
pub const GROUP: &str = set::SELECTION_ALL;
/// A node of the cluster.
pub const NODE: &str = set::HARD_DRIVES;
/// Who reaches whom.
pub const REACH: &str = set::ARROWS_LEFT_RIGHT;
/// Who reaches whom, as a matrix.
pub const MATRIX: &str = set::GRID_NINE;
/// Any pod.
pub const ANY: &str = set::ASTERISK;

/// Recorded traffic.
pub const TRAFFIC: &str = set::BROADCAST;

/// The icon of a class of recorded traffic.
pub fn of_class(class: TrafficClass) -> &'static str {
    use TrafficClass as Class;
    match class {
        Class::Cut | Class::DrawnCut => SCISSORS,
        Class::Blocked => X,
        Class::DrawnDropped | Class::UndrawnDropped => WARNING,
        Class::Undrawn => set::DIAMOND,
        Class::OpenUnseen => set::TRIANGLE,
        Class::DrawnUnseen => set::CIRCLE,
        Class::Denied => PROHIBIT,
        Class::Seen => set::CHECK_CIRCLE,
    }
}

/// The icon of a workload of that API kind.
pub fn of_kind(kind: &str) -> &'static str {
    match kind {
        "StatefulSet" => STATEFUL,
        "Job" | "CronJob" => SCHEDULED,
        "DaemonSet" => EVERYWHERE,
        _ => WORKLOAD,
    }
}

/// The icon of anything.
pub fn of_item(item: Item, document: &crate::model::Document) -> &'static str {
    match item {
        Item::Namespace(_) => NAMESPACE,
        Item::Workload(id) => document
            .workloads
            .get(id)
            .map_or(WORKLOAD, |w| of_kind(&w.kind)),
        Item::Service(_) => set::GRAPH,
        Item::External(id) => document.externals.get(id).map_or(EXTERNAL, of_external),
        Item::Group(_) => GROUP,
        Item::Node(_) => NODE,
        Item::Flow(_) => ARROW_RIGHT,
        Item::Policy(id) => match document.policies.get(id) {
            Some(policy) if policy.replaces.is_some() => PENCIL_SIMPLE,
            _ => FILE,
        },
        Item::Invariant(_) => SHIELD,
    }
}

/// The icon of an external: a globe for whole address families.
pub fn of_external(external: &crate::model::External) -> &'static str {
    match external.entity {
        Some(Entity::World) => return INTERNET,
        Some(_) => return ENTITY,
        None => {}
    }
    if external
        .networks
        .iter()
        .any(|network| network.cidr.prefix_len() == 0)
    {
        INTERNET
    } else {
        EXTERNAL
    }
}

/// The icon of an end.
pub fn of_end(end: &End, document: &crate::model::Document) -> &'static str {
    match end.node() {
        Some(NodeRef::Namespace(_)) => NAMESPACE,
        Some(NodeRef::Workload(id)) => of_item(Item::Workload(id), document),
        Some(NodeRef::External(id)) => of_item(Item::External(id), document),
        Some(NodeRef::Group(_)) => GROUP,
        Some(NodeRef::Node(_)) => NODE,
        Some(NodeRef::AnyPod) => ANY,
        None => WARNING,
    }
}
