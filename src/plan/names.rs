//! Names of policies: readable, stable, and never a counter.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::model::edit::kind_and_name;
use crate::model::{End, NamespaceId};
use crate::plan::context::{Context, Unit, UnitPods};
use crate::sets::hash::{HashMap, HashMapExt};

/// The longest name that is not shortened.
const LONGEST: usize = 63;

/// Gives each `(namespace, stem, ends)` its name: the stem, or where the stem is too long, used
/// twice or `taken`, the stem with a hash of the ends.
pub(crate) fn assign<'a>(
    wanted: &[(&str, &'a str, &str)],
    taken: &BTreeSet<(String, String)>,
) -> Vec<Cow<'a, str>> {
    let taken: BTreeSet<(&str, &str)> = taken.iter().map(|(n, s)| (&**n, &**s)).collect();
    let mut uses: HashMap<(&str, &str), usize> = HashMap::with_capacity(wanted.len());
    for &(namespace, stem, _) in wanted {
        *uses.entry((namespace, stem)).or_default() += 1;
    }
    let name = |&(namespace, stem, ends): &(&str, &'a str, &str)| {
        let alone = uses.get(&(namespace, stem)) == Some(&1);
        match alone && !taken.contains(&(namespace, stem)) && stem.len() <= LONGEST {
            true => Cow::Borrowed(stem),
            false => {
                let head: String = stem.chars().take(LONGEST - 6).collect();
                Cow::Owned(format!("{}-{}", head.trim_end_matches('-'), hash(ends)))
            }
        }
    };
    wanted.iter().map(name).collect()
}

/// Five letters and digits out of a text (FNV-1a).
fn hash(text: &str) -> String {
    let mut state: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let digit = |at: u32| {
        let value = (state / 36_u64.pow(at) % 36) as u32;
        char::from_digit(value, 36).unwrap_or('0')
    };
    (0..5).map(digit).collect()
}

/// What of a text a policy name may hold: lower case letters, digits and single hyphens.
pub(crate) fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => out.push(c),
            _ if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    match out.trim_end_matches('-') {
        "" => "unnamed".to_owned(),
        name => name.to_owned(),
    }
}

/// The other end, as part of the name of a policy of this namespace.
pub(crate) fn of_end(context: &Context, end: &End, namespace: NamespaceId) -> String {
    let document = context.document;
    let within = |of: NamespaceId, name: &str| match of == namespace {
        true => slug(name),
        false => slug(&format!("{}-{name}", context.namespace_name(of))),
    };
    match end {
        End::Workload(id) => match document.workloads.get(*id) {
            Some(workload) => within(workload.namespace, &workload.name),
            None => slug(""),
        },
        End::AnyPodOf(of) => within(*of, "any-pod"),
        End::AnyPod => "cluster".to_owned(),
        End::External(id) => slug(document.externals.get(*id).map_or("", |e| &e.name)),
        End::Group(id) => slug(document.groups.get(*id).map_or("", |g| &g.name)),
        End::Node(_) => slug(&document.end_name(end)),
        End::Missing(words) => slug(words),
    }
}

/// The pods of a unit, as part of the name of their policy.
pub(crate) fn of_unit(context: &Context, unit: Unit) -> String {
    match unit.pods {
        UnitPods::All => "any-pod".to_owned(),
        UnitPods::Group(id) => of_end(context, &End::Group(id), unit.namespace),
        UnitPods::Workload(id) => of_end(context, &End::Workload(id), unit.namespace),
        UnitPods::Subject(at, _) => {
            let policy = context.subject(at).map_or("", |s| s.policy);
            format!("{}-pods", slug(policy))
        }
    }
}

/// The same in a sentence.
pub(crate) fn sentence(context: &Context, end: &End, namespace: NamespaceId) -> String {
    let document = context.document;
    match end {
        End::Workload(id) => match document.workloads.get(*id) {
            Some(w) if w.namespace == namespace => w.name.clone(),
            Some(w) => format!("{}/{}", context.namespace_name(w.namespace), w.name),
            None => document.end_name(end),
        },
        End::Group(id) => {
            let name = document.groups.get(*id).map_or("", |g| &g.name);
            format!("group {name}")
        }
        End::Node(_) => kind_and_name("node", &document.end_name(end)),
        End::AnyPod => "any pod of the cluster".to_owned(),
        _ => document.end_name(end),
    }
}

/// The pods of a unit in a sentence.
pub(crate) fn unit_sentence(context: &Context, unit: Unit) -> String {
    let end = match unit.pods {
        UnitPods::All => End::AnyPodOf(unit.namespace),
        UnitPods::Group(id) => End::Group(id),
        UnitPods::Workload(id) => End::Workload(id),
        UnitPods::Subject(at, group) => {
            let policy = context.subject(at).map_or("", |s| s.policy);
            let group = group.and_then(|id| context.document.groups.get(id));
            return match group {
                Some(group) => format!("pods of group {} that {policy} selects", group.name),
                None => format!("pods that {policy} selects"),
            };
        }
    };
    sentence(context, &end, unit.namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unique_name_stays_and_every_other_gets_a_hash_of_its_ends() {
        let wanted = [
            ("shop", "web-to-db".to_owned(), "a".to_owned()),
            ("shop", "web-to-x".to_owned(), "b".to_owned()),
            ("shop", "web-to-x".to_owned(), "c".to_owned()),
            ("data", "web-to-x".to_owned(), "d".to_owned()),
            ("data", "kept".to_owned(), "e".to_owned()),
            (
                "data",
                format!("{}-{}", "l".repeat(56), "m".repeat(9)),
                "f".to_owned(),
            ),
        ];
        let taken = BTreeSet::from([("data".to_owned(), "kept".to_owned())]);
        let assigned = |wanted: &[(&str, String, String)]| -> Vec<String> {
            let wanted: Vec<_> = wanted
                .iter()
                .map(|(n, stem, ends)| (*n, &**stem, &**ends))
                .collect();
            assign(&wanted, &taken)
                .into_iter()
                .map(Cow::into_owned)
                .collect()
        };
        let names = assigned(&wanted);
        assert_eq!(names[0], "web-to-db");
        assert_eq!(names[3], "web-to-x");
        let hashed: Vec<&String> = [1, 2, 4, 5].iter().map(|at| &names[*at]).collect();
        let distinct: BTreeSet<_> = hashed.iter().collect();
        assert_eq!(distinct.len(), 4);
        for name in hashed {
            assert!(name.len() <= 63 && !name.contains("--"), "{name}");
        }
        let mut turned: Vec<_> = wanted.to_vec();
        turned.reverse();
        let mut again = assigned(&turned);
        again.reverse();
        assert_eq!(names, again, "names do not depend on the order");
    }

    #[test]
    fn slugs() {
        assert_eq!(slug("Office VPN (HQ)"), "office-vpn-hq");
        assert_eq!(slug("api.stripe.com"), "api-stripe-com");
        assert_eq!(slug("日本"), "unnamed");
    }
}
