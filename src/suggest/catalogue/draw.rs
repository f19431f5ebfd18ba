//! Dependencies as edits of a document: the groups and externals that it does not have, and the flows.

use super::{Dependency, Place};
use crate::model::{Base, Document, Edit, End, Flow, FlowPort, Item, Thing};
use crate::suggest::catalogue::entries::DNS;

/// The edit that draws missing dependencies, as one undo step; none if there is nothing to draw. Ends that the document
/// has under another name are used as they are.
pub fn edit(document: &Document, dependencies: &[Dependency]) -> Option<Edit> {
    let mut after = document.clone();
    let mut edits = Vec::new();
    let missing: Vec<&Dependency> = dependencies.iter().filter(|d| d.is_missing()).collect();
    for dependency in &missing {
        for edit in edits_of(&after, dependency) {
            if edit.apply(&mut after).is_ok() {
                edits.push(edit);
            }
        }
    }
    let name = match missing.as_slice() {
        [only] => format!("Allow {}", only.entry.name),
        all => format!("Allow {} dependencies", all.len()),
    };
    (!edits.is_empty()).then(|| Edit::Batch(name, edits))
}

fn edits_of(document: &Document, dependency: &Dependency) -> Vec<Edit> {
    if let Some(edit) = dns_setting(document, dependency) {
        return vec![edit];
    }
    let mut edits = Vec::new();
    let mut end = |place: &Place| {
        let mut place = place.clone();
        if !rename(document, &mut place) {
            edits.extend(added(document, &mut place).map(Edit::Add));
        }
        End::Missing(place.words())
    };
    let (from, to) = (end(&dependency.from), end(&dependency.to));
    let entry = dependency.entry;
    let mut note = format!("{}: {}", entry.name, entry.why);
    if let Some(help) = dependency.other_dialects {
        note.push_str(&format!(" ({help})"));
    }
    let flow = Flow {
        note,
        ..Flow::new(from, to, FlowPort::of(&dependency.ports))
    };
    edits.push(Edit::Add(Thing::Flow(flow)));
    edits
}

/// Gives the ends of dependencies the names that a document has for them.
pub fn with_names_of(document: &Document, dependencies: &mut [Dependency]) {
    for dependency in dependencies {
        rename(document, &mut dependency.from);
        rename(document, &mut dependency.to);
    }
}

/// Gives a place the name that the document has for it; false if it has none.
fn rename(document: &Document, place: &mut Place) -> bool {
    match place {
        Place::Known(_) => true,
        Place::Group(group) => {
            let same = document.groups.iter().find(|(_, known)| {
                (&known.namespaces, &known.pods, &known.accounts)
                    == (&group.namespaces, &group.pods, &group.accounts)
            });
            same.map(|(_, known)| group.name.clone_from(&known.name))
                .is_some()
        }
        Place::External(external) => {
            let same = document.externals.iter().find(|(_, known)| {
                known.entity == external.entity
                    && known.networks == external.networks
                    && known.domain_names == external.domain_names
            });
            same.map(|(_, known)| external.name.clone_from(&known.name))
                .is_some()
        }
    }
}

/// A group or an external for a place, under a name that the document does not have yet.
fn added(document: &Document, place: &mut Place) -> Option<Thing> {
    match place {
        Place::Known(_) => None,
        Place::Group(group) => {
            group.name = document.fresh_group_name(&group.name);
            Some(Thing::Group(group.clone()))
        }
        Place::External(external) => {
            external.name = document.fresh_external_name(&external.name);
            Some(Thing::External(external.clone()))
        }
    }
}

/// DNS is a setting of namespaces with a default deny of egress, not a flow.
fn dns_setting(document: &Document, dependency: &Dependency) -> Option<Edit> {
    let id = document.namespace_named(&dependency.namespace)?;
    let namespace = document.namespaces.get(id)?;
    let closed = matches!(document.base_of(id), Base::DenyAll | Base::DenyEgress);
    let off = dependency.entry == &DNS && closed && !document.dns_of(id);
    off.then(|| {
        let mut changed = namespace.clone();
        changed.dns = Some(true);
        Edit::Change(Item::Namespace(id), Thing::Namespace(changed))
    })
}
