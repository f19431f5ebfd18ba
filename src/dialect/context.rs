//! What lowering a policy depends on besides its text.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::calico::policy::AddressSet;
use crate::cluster::{Assumptions, Namespace, Service};
use crate::policy::{Combine, Tier};
use crate::sets::{IpSet, Labels};

/// What lowering a policy depends on besides its text.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The assumptions of the answers, settled under their enforcer.
    pub assumptions: Assumptions,
    /// The namespaces of the cluster.
    pub namespaces: &'a [Namespace],
    /// The Services of the cluster, which some policies name.
    pub services: &'a [Service],
    /// Other objects that some policies name.
    pub resources: &'a Resources,
    /// The tiers of the cluster.
    pub tiers: &'a Tiers,
}

static NO_RESOURCES: Resources = Resources::none();
static KUBERNETES: LazyLock<Tiers> = LazyLock::new(Tiers::kubernetes);

impl Context<'_> {
    /// That of the Kubernetes API, whose policies name no other objects.
    pub fn kubernetes(assumptions: Assumptions) -> Self {
        Self {
            assumptions,
            namespaces: &[],
            services: &[],
            resources: &NO_RESOURCES,
            tiers: &KUBERNETES,
        }
    }
}

/// Objects that policies name and that nothing else needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resources {
    /// CiliumCIDRGroups.
    pub cidr_groups: Vec<CidrGroup>,
    /// Calico's NetworkSets, GlobalNetworkSets and HostEndpoints.
    pub address_sets: Vec<AddressSet>,
    /// Calico's Tiers.
    pub tiers: Vec<DeclaredTier>,
    /// Service accounts, those that only pods name included.
    pub service_accounts: Vec<ServiceAccount>,
}

impl Resources {
    /// The addresses in network sets, by `NAMESPACE/NAME`, or by the name of one without a namespace.
    pub fn network_sets(&self) -> BTreeMap<String, IpSet> {
        let mut found: BTreeMap<String, IpSet> = BTreeMap::new();
        for set in &self.address_sets {
            let name = match &set.namespace {
                Some(namespace) => format!("{namespace}/{}", set.name),
                None => set.name.clone(),
            };
            let nets: IpSet = set.nets.iter().copied().collect();
            let known = found.entry(name).or_default();
            *known = known.union(&nets);
        }
        found
    }

    /// Adds the service accounts, by namespace and name, that no object declares.
    pub fn add_accounts(&mut self, used: impl Iterator<Item = (String, String)>) {
        let known = self.service_accounts.iter();
        let known: BTreeSet<_> =
            (known.map(|account| (account.namespace.clone(), account.name.clone()))).collect();
        let used: BTreeSet<_> = used.filter(|account| !known.contains(account)).collect();
        let undeclared = |(namespace, name)| ServiceAccount {
            namespace,
            name,
            labels: Labels::new(),
        };
        self.service_accounts
            .extend(used.into_iter().map(undeclared));
    }

    const fn none() -> Self {
        Self {
            cidr_groups: Vec::new(),
            address_sets: Vec::new(),
            tiers: Vec::new(),
            service_accounts: Vec::new(),
        }
    }
}

/// A group of addresses that policies name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CidrGroup {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// The addresses.
    pub addresses: IpSet,
}

/// A service account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceAccount {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
}

/// A tier that an object declares.
#[derive(Clone, Debug, PartialEq)]
pub struct DeclaredTier {
    /// Its name.
    pub name: String,
    /// `spec.order`; none: behind all that have one.
    pub order: Option<f64>,
    /// Whether its default action is Pass.
    pub passes: bool,
}

/// The tiers of a cluster under an enforcer, in order of judgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiers {
    /// All of them.
    pub all: Vec<Tier>,
    /// How many of them are known; the others are only named by policies.
    pub known: usize,
    /// Whether connections that no rule of the tier matches go on to the next one.
    passes: Vec<bool>,
    /// Where AdminNetworkPolicy and the Admin tier of ClusterNetworkPolicy are judged.
    pub admin: usize,
    /// Where NetworkPolicy is judged.
    pub network_policy: usize,
    /// Where BaselineAdminNetworkPolicy and the Baseline tier of ClusterNetworkPolicy are judged.
    pub baseline: usize,
}

impl Tiers {
    /// Those of the Kubernetes APIs.
    pub fn kubernetes() -> Self {
        Self {
            all: vec![
                tier("Admin", Combine::FirstMatch),
                tier("NetworkPolicy", Combine::DenyOverAccept),
                tier("Baseline", Combine::FirstMatch),
            ],
            known: 3,
            passes: vec![true; 3],
            admin: 0,
            network_policy: 1,
            baseline: 2,
        }
    }

    /// That of Cilium: all policies are one pool of rules (C2).
    pub fn cilium() -> Self {
        Self {
            all: vec![tier("Cilium", Combine::DenyOverAccept)],
            known: 1,
            passes: vec![true],
            admin: 0,
            network_policy: 0,
            baseline: 0,
        }
    }

    /// Those of Calico: its own, the declared ones, and behind all others those that policies name and nobody
    /// declares (G1). Before version 3.32 the first and the last had the names of the kinds that are judged there.
    pub fn calico(declared: &[DeclaredTier], named: &[&str]) -> Self {
        let is_named =
            |name: &str| named.contains(&name) || declared.iter().any(|t| t.name == name);
        let names = match ["adminnetworkpolicy", "baselineadminnetworkpolicy"] {
            old if old.into_iter().any(is_named) => old,
            _ => ["kube-admin", "kube-baseline"],
        };
        let own = [
            (names[0], 1_000.0, true),
            ("default", 1_000_000.0, false),
            (names[1], 10_000_000.0, true),
        ];
        let mut all: Vec<(bool, f64, &str, bool)> = Vec::new();
        all.extend(own.map(|(name, order, passes)| (false, order, name, passes)));
        for tier in declared {
            if !all.iter().any(|(_, _, name, _)| *name == tier.name) {
                let order = tier.order.unwrap_or(f64::INFINITY);
                all.push((false, order, &tier.name, tier.passes));
            }
        }
        for name in named {
            if !all.iter().any(|(_, _, known, _)| known == name) {
                all.push((true, f64::INFINITY, name, false));
            }
        }
        all.sort_by(|a, b| (a.0.cmp(&b.0)).then(a.1.total_cmp(&b.1)).then(a.2.cmp(b.2)));
        let place = |wanted: &str| {
            let place = all.iter().position(|(_, _, name, _)| *name == wanted);
            place.unwrap_or_default()
        };
        Self {
            admin: place(names[0]),
            network_policy: place("default"),
            baseline: place(names[1]),
            known: all.iter().filter(|(is_unknown, ..)| !is_unknown).count(),
            passes: all.iter().map(|(.., passes)| *passes).collect(),
            all: all
                .iter()
                .map(|(_, _, name, _)| tier(name, Combine::FirstMatch))
                .collect(),
        }
    }

    /// The place of the tier of this name; none has it: behind the last.
    pub fn named(&self, name: &str) -> usize {
        let place = self.all.iter().position(|tier| tier.name == name);
        place.unwrap_or(self.all.len())
    }

    /// Whether connections that no rule of a tier matches go on to the next one.
    pub fn passes(&self, place: usize) -> bool {
        self.passes.get(place).copied().unwrap_or_default()
    }
}

fn tier(name: &str, combine: Combine) -> Tier {
    Tier {
        name: name.to_owned(),
        combine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(tiers: &Tiers) -> Vec<&str> {
        tiers.all.iter().map(|tier| tier.name.as_str()).collect()
    }

    #[test]
    fn tiers_of_calico_are_ordered() {
        let declared = |name: &str, order| DeclaredTier {
            name: name.into(),
            order,
            passes: true,
        };
        let declared = [
            declared("security", Some(100.0)),
            declared("late", None),
            declared("default", Some(1_000_000.0)),
            declared("a", Some(1_000_000.5)),
        ];
        let tiers = Tiers::calico(&declared, &["default", "gone", "security"]);
        let wanted = [
            "security",
            "kube-admin",
            "default",
            "a",
            "kube-baseline",
            "late",
            "gone",
        ];
        assert_eq!(names(&tiers), wanted);
        assert_eq!(tiers.known, 6);
        let at = [tiers.admin, tiers.network_policy, tiers.baseline];
        assert_eq!(at.map(|at| tiers.passes(at)), [true, false, true]);
        assert!(tiers.passes(tiers.named("security")) && !tiers.passes(tiers.named("gone")));
    }

    #[test]
    fn tiers_of_older_calico_keep_their_names() {
        let tiers = Tiers::calico(&[], &["adminnetworkpolicy"]);
        let wanted = [
            "adminnetworkpolicy",
            "default",
            "baselineadminnetworkpolicy",
        ];
        assert_eq!(names(&tiers), wanted);
    }
}
