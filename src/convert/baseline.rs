//! Baseline policies that become policies of one namespace. A baseline policy holds only for pods that no such policy selects,
//! and one after another; as NetworkPolicies they would all add to what the others allow.

use super::{Converted, Reason};
use crate::cluster::NAMESPACE_NAME_LABEL;
use crate::dialect;
use crate::policy::{Action, Direction};
use crate::sets::{Requirement, Selector};
use crate::yaml::Object;

/// Leaves out baseline policies where others may select the same pods and more would be allowed; the policies and what becomes
/// of them are in one order.
pub(super) fn refuse_additions(objects: &[&Object], all: &mut [Converted]) {
    let is_written = |(object, one): (&&Object, &Converted)| {
        one.written.is_some() && !dialect::is_namespaced(object)
    };
    if !objects.iter().zip(all.iter()).any(is_written) {
        return;
    }
    let selections: Vec<Option<Selection>> = objects.iter().map(|one| Selection::of(one)).collect();
    for (at, one) in all.iter_mut().enumerate() {
        let Some(own) = selections.get(at).and_then(Option::as_ref) else {
            continue;
        };
        if !own.is_baseline || one.written.is_none() {
            continue;
        }
        let others = objects.iter().zip(&selections).enumerate();
        let found = others
            .filter(|(other, _)| *other != at)
            .find_map(|(_, (object, other))| Some((object, own.addition(other.as_ref()?)?)));
        if let Some((object, direction)) = found {
            let title = dialect::title(object);
            let name = direction.name().to_lowercase();
            one.refuse(Reason {
                why: format!(
                    "`{title}` may select the same pods for {name}, and NetworkPolicies would allow what either allows"
                ),
                help: Some("select other pods, or merge the two".to_owned()),
            });
        }
    }
}

/// The pods that a policy selects, and for what.
struct Selection {
    namespaces: Selector,
    pods: Selector,
    is_baseline: bool,
    /// The directions in which it holds, and whether it allows something there.
    sides: Vec<(Direction, bool)>,
}

impl Selection {
    /// That of a policy that isolates pods, or of a baseline policy; none of any other.
    fn of(object: &Object) -> Option<Self> {
        let parsed = dialect::read(object);
        let Some(ordered) = parsed.raise_ordered(object) else {
            let raised = parsed.raise_in_part(object).ok()?;
            let allows = |d| {
                raised.rules.iter().any(|rule| rule.direction == d)
                    || raised.unraised.iter().any(|rule| rule.direction == d)
            };
            let sides = raised.isolates.iter().map(|d| (*d, allows(*d))).collect();
            return Some(Self {
                namespaces: raised
                    .across
                    .unwrap_or_else(|| Selector::label(NAMESPACE_NAME_LABEL, raised.namespace)),
                pods: raised.subject,
                is_baseline: false,
                sides,
            });
        };
        let raised = ordered.ok().filter(|raised| raised.place.baseline)?;
        let side = |direction| {
            let own = raised.rules.iter();
            let mut own = own.filter(|one| one.rule.direction == direction).peekable();
            own.peek()?;
            Some((direction, own.any(|one| one.action != Action::Deny)))
        };
        Some(Self {
            sides: Direction::BOTH.into_iter().filter_map(side).collect(),
            namespaces: raised.namespaces,
            pods: raised.pods,
            is_baseline: true,
        })
    }

    /// A direction in which pods that both may select would be allowed more. One that allows nothing adds nothing, and
    /// nothing is added to what a policy allows that is no baseline.
    fn addition(&self, other: &Self) -> Option<Direction> {
        let (direction, _) = self.sides.iter().find(|(direction, allows)| {
            let mut sides = other.sides.iter();
            let other_allows = sides
                .find(|(d, _)| d == direction)
                .map(|(_, allows)| *allows);
            other_allows.is_some_and(|other_allows| *allows || (other.is_baseline && other_allows))
        })?;
        let meets = |a: &Selector, b: &Selector| {
            let both: Vec<Requirement> = [a, b]
                .iter()
                .flat_map(|selector| selector.requirements.iter().cloned())
                .collect();
            !Selector { requirements: both }.is_contradiction()
        };
        let may_meet = meets(&self.namespaces, &other.namespaces) && meets(&self.pods, &other.pods);
        may_meet.then_some(*direction)
    }
}
