//! Connections that one end allows and the other denies.
//!
#![doc = include_str!("l13_half_open.md")]

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use crate::analysis::oracle::{Decision, gate_by};
use crate::analysis::{Analysis, Endpoint};
use crate::diag::{Diagnostic, Severity};
use crate::lint::{Input, Rule, ports, witness};
use crate::policy::{self, Action, Direction, Match, Peer, PeerItem, Policy, PortItem, PortMatch};
use crate::sets::hash::HashMap;
use crate::sets::{LabelOp, PortSet, Protocol};

pub const RULE: Rule = Rule {
    code: "L13",
    name: "half-open",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l13_half_open.md"),
    check,
};

/// The most pods of each end that are looked at; rules with more are no rules for particular pods.
const MOST: usize = 200;

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let analysis = OnceCell::new();
    for (index, policy) in input.snapshot.policies.iter().enumerate() {
        for direction in Direction::BOTH {
            let rules = policy.rules(direction).iter();
            for one in rules.filter(|one| one.action == Action::Accept) {
                let Match::Only(items) = &one.peers else {
                    continue;
                };
                let case = Case {
                    input,
                    analysis: &analysis,
                    index,
                    policy,
                    direction,
                    rule: one,
                    wanted: RefCell::default(),
                };
                if let Some(message) = case.judge(items) {
                    let help = match direction {
                        Direction::Egress => "allow it in the ingress of the destination, too",
                        Direction::Ingress => "allow it in the egress of the source, too",
                    };
                    let finding = rule.finding(message).help(help);
                    out.push(finding.at(one.span.clone()).on(policy.title()));
                }
            }
        }
    }
}

/// Whether a peer asks for labels of pods.
fn names_labels(peer: &Peer) -> bool {
    peer.has_leaf(|leaf| matches!(leaf, Peer::PodLabels(selector) if !selector.is_everything()))
}

struct Case<'a, 'b> {
    input: &'b Input<'a>,
    analysis: &'b OnceCell<Analysis<'a>>,
    /// The place of the policy in the snapshot.
    index: usize,
    policy: &'b Policy,
    direction: Direction,
    rule: &'b policy::Rule,
    /// The ports of the rule at each destination that was asked for.
    wanted: RefCell<HashMap<usize, Rc<PortSet>>>,
}

/// What of the ports of a rule is closed between two pods.
enum Closed {
    /// None of those that are meant.
    No,
    /// All of them.
    All,
    /// This one that an egress rule lists and the destination declares.
    Listed(Protocol, u16),
}

impl Case<'_, '_> {
    /// What of the rule is denied. A client that lists a server wants to connect to it. A server may list more clients than
    /// there are, so that something is wrong only if none of them can connect.
    fn judge(&self, items: &[PeerItem]) -> Option<String> {
        let named = items.iter().filter(|item| names_labels(&item.peer));
        let mut denied = named.map(|item| self.denied(item));
        match self.direction {
            Direction::Egress => denied.find_map(|found| found),
            Direction::Ingress => {
                let all: Option<Vec<String>> = denied.collect();
                let mut all = all.filter(|all| all.len() == items.len())?;
                (!all.is_empty()).then(|| all.swap_remove(0))
            }
        }
    }

    /// A workload among the pods of a peer to which none of the policy's pods can connect, or not one that the policy
    /// names; towards ingress, one of them if none can connect to the policy's pods.
    fn denied(&self, item: &PeerItem) -> Option<String> {
        let input = self.input;
        let own = input.one_of_each(input.subjects(self.index));
        let others = input.one_of_each(&input.pods(&item.peer));
        if own.len() > MOST || others.len() > MOST {
            return None;
        }
        let is_open = |other: usize| {
            let mut own = own.iter().filter(|pod| **pod != other);
            own.any(|own| matches!(self.closed(*own, other), Closed::No))
        };
        let closed = others.iter().copied().filter(|other| !is_open(*other));
        let mut closed: Vec<usize> = closed.collect();
        if closed.len() < others.len() {
            match self.direction {
                Direction::Ingress => return None,
                Direction::Egress => closed.retain(|other| self.is_meant(*other, &others)),
            }
        }
        let first = |other: usize| own.iter().copied().find(|pod| *pod != other);
        let mut of_all = closed
            .iter()
            .filter_map(|other| Some((first(*other)?, *other)));
        let of_named = || {
            let named = own.iter().filter(|pod| self.is_named(**pod, &own));
            let mut pairs = named.flat_map(|own| others.iter().map(move |other| (*own, *other)));
            pairs.find_map(|(own, other)| {
                let is_meant = own != other && self.is_meant(other, &others);
                is_meant.then(|| self.explain(own, other)).flatten()
            })
        };
        let found = of_all.find_map(|(own, other)| self.explain(own, other));
        match self.direction {
            Direction::Egress => found.or_else(of_named),
            Direction::Ingress => found,
        }
    }

    /// Whether the policy names a workload among those that it selects: by one of several values that it lists, which no
    /// other of them has.
    fn is_named(&self, pod: usize, all: &[usize]) -> bool {
        let labels = |pod: usize| self.input.pod(pod).map(|pod| &pod.labels);
        self.policy.subject.has_leaf(|leaf| {
            let Peer::PodLabels(selector) = leaf else {
                return false;
            };
            selector.requirements.iter().any(|requirement| {
                let key = &*requirement.key;
                let value = labels(pod).and_then(|labels| labels.get(key));
                let mut same = all
                    .iter()
                    .filter(|other| labels(**other).and_then(|labels| labels.get(key)) == value);
                let several = matches!(&requirement.op, LabelOp::In(values) if values.len() > 1);
                several && value.is_some() && same.next().is_some() && same.next().is_none()
            })
        })
    }

    /// Whether a destination that is closed is meant, although others of its peer are open: not if pods of the policy
    /// connect among themselves, or if only others declare the port.
    fn is_meant(&self, other: usize, others: &[usize]) -> bool {
        let declares = |pod: usize| {
            let wanted = self.wanted(pod);
            let declared = self.input.pod(pod).map_or(&[][..], |pod| &pod.ports);
            declared.iter().any(|p| wanted.contains(p.protocol, p.port))
        };
        let own = self.input.subjects(self.index);
        own.binary_search(&other).is_err()
            && (declares(other) || !others.iter().any(|pod| declares(*pod)))
    }

    fn ends(&self, own: usize, other: usize) -> (usize, usize) {
        match self.direction {
            Direction::Ingress => (other, own),
            Direction::Egress => (own, other),
        }
    }

    fn wanted(&self, to: usize) -> Rc<PortSet> {
        let mut known = self.wanted.borrow_mut();
        let of = known
            .entry(to)
            .or_insert_with(|| Rc::new(ports::at_pod(self.input, self.rule, to)));
        Rc::clone(of)
    }

    fn closed(&self, own: usize, other: usize) -> Closed {
        let (from, to) = self.ends(own, other);
        let analysis = self
            .analysis
            .get_or_init(|| Analysis::new(self.input.snapshot));
        let wanted = self.wanted(to);
        let closed = wanted.difference(&analysis.allowed(from, to));
        if closed.is_empty() {
            return Closed::No;
        }
        if closed == *wanted {
            return Closed::All;
        }
        let listed = self.rule.ports.listed();
        let is_single = |item: &PortItem| {
            ports::single(item).is_some() || matches!(item.port, PortMatch::Named { .. })
        };
        let is_explicit = !listed.is_empty() && listed.iter().all(is_single);
        if self.direction == Direction::Ingress || !is_explicit {
            return Closed::No;
        }
        let declared = self.input.pod(to).map_or(&[][..], |pod| &pod.ports);
        let mut declared = declared.iter().map(|port| (port.protocol, port.port));
        let found = declared.find(|(protocol, port)| closed.contains(*protocol, *port));
        found.map_or(Closed::No, |(protocol, port)| {
            Closed::Listed(protocol, port)
        })
    }

    /// A port of the rule that is closed between two pods.
    fn closed_port(&self, own: usize, other: usize) -> Option<(Protocol, u16)> {
        match self.closed(own, other) {
            Closed::No => None,
            Closed::All => witness::port(self.input, self.rule, self.ends(own, other).1),
            Closed::Listed(protocol, port) => Some((protocol, port)),
        }
    }

    /// Which policies deny a connection at the other end; none if it is denied at this one, too.
    fn explain(&self, own: usize, other: usize) -> Option<String> {
        let snapshot = self.input.snapshot;
        let (from, to) = self.ends(own, other);
        let (protocol, port) = self.closed_port(own, other)?;
        let gate = |direction| {
            let selecting = self.input.selecting(match direction {
                Direction::Ingress => to,
                Direction::Egress => from,
            });
            let (from, to) = (Endpoint::Pod(from), Endpoint::Pod(to));
            let probe = Some((protocol, port));
            gate_by(snapshot, direction, &from, &to, probe, selecting)
        };
        let there = gate(self.direction.other());
        if there.allowed || !gate(self.direction).allowed {
            return None;
        }
        let by = match there.decision {
            Decision::Rule { policy, .. } => vec![policy],
            Decision::Isolated { policies, .. } => policies,
            _ => return None,
        };
        let names = by.iter().filter_map(|at| snapshot.policies.get(*at));
        let names: Vec<String> = names.map(|p| format!("`{}`", p.full_name())).collect();
        let key = self.direction.other().field();
        Some(format!(
            "this rule of `{}` allows {} to connect to {} on {protocol} {port}, but its {key} is denied by {}",
            self.policy.full_name(),
            self.input.name_of(from),
            self.input.name_of(to),
            names.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{NONE, example, lines};

    #[test]
    fn connections_that_the_other_end_denies() {
        let example = example(include_str!("l13_half_open.md"));
        assert_eq!(lines("L13", example), [18]);
        let let_in = "{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}";
        for fine in [
            example.replace("ingress: []", &format!("ingress: [{let_in}]")),
            example.replace(
                "podSelector: {matchLabels: {app: db}}}]",
                "podSelector: {}}]",
            ),
            example.replace(
                "{podSelector: {matchLabels: {app: db}}, ingress: []}",
                "{podSelector: {matchLabels: {app: x}}}",
            ),
        ] {
            assert!(lines("L13", &fine).is_empty(), "{fine}");
        }
        let both = |peers: &str| {
            let ingress = example
                .replace(
                    "policyTypes: [Egress]\n  egress",
                    "policyTypes: [Ingress]\n  ingress",
                )
                .replace("  - to: [", &format!("  - from: [{peers}"))
                .replace("ingress: []", "policyTypes: [Egress]");
            lines("L13", &ingress)
        };
        assert_eq!(both(""), [18]);
        assert!(both("{podSelector: {}}, ").is_empty());
    }

    fn pod(name: &str, labels: &str, ports: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: data, labels: {{{labels}}}}}\nspec: {{containers: [{{name: c{ports}}}]}}\n---\n"
        )
    }

    fn policy(name: &str, subject: &str, rules: &str) -> String {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: data}}\nspec: {{podSelector: {{matchLabels: {{{subject}}}}}, {rules}}}\n---\n"
        )
    }

    #[test]
    fn a_peer_of_several_workloads_means_those_that_listen() {
        let postgres = ", ports: [{containerPort: 5432}]";
        let found = |dump_ports: &str| {
            let pods = pod("web", "app: web", "")
                + &pod("primary", "set: pg, role: primary", postgres)
                + &pod("dump", "set: pg, role: dump", dump_ports);
            let policies = policy("dump", "role: dump", "ingress: []")
                + &policy(
                    "web",
                    "app: web",
                    "policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {set: pg}}}], ports: [{port: 5432}]}]",
                );
            lines("L13", &(pods + &policies))
        };
        assert_eq!(found(""), NONE);
        assert_eq!(found(postgres), [24]);
    }

    #[test]
    fn each_workload_that_is_named_has_to_connect() {
        let postgres = ", ports: [{containerPort: 5432}, {containerPort: 9187}]";
        let pods = pod("web", "app: web, tier: x", "")
            + &pod("api", "app: api, tier: x", "")
            + &pod("db", "app: db", postgres);
        let egress = |subject: &str, ports: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: out, namespace: data}}\nspec: {{podSelector: {{{subject}}}, policyTypes: [Egress], egress: [{{to: [{{podSelector: {{matchLabels: {{app: db}}}}}}]{ports}}}]}}\n---\n"
            )
        };
        let db = |peers: &str, port: &str| {
            policy(
                "db",
                "app: db",
                &format!("ingress: [{{from: [{peers}], ports: [{{port: {port}}}]}}]"),
            )
        };
        let web = "{podSelector: {matchLabels: {app: web}}}";
        let both = "matchExpressions: [{key: app, operator: In, values: [web, api]}]";
        let one = ", ports: [{port: 5432}]";
        let found = |policies: String| lines("L13", &format!("{pods}{policies}"));
        assert_eq!(found(egress(both, one) + &db(web, "5432")), [19]);
        assert_eq!(
            found(egress("matchLabels: {tier: x}", one) + &db(web, "5432")),
            NONE
        );
        assert_eq!(
            found(egress(both, one) + &db("{podSelector: {}}", "5432")),
            NONE
        );
        // Ports that are listed and declared are meant, too.
        let subject = "matchLabels: {app: web}";
        let two = ", ports: [{port: 5432}, {port: 9187}]";
        assert_eq!(found(egress(subject, two) + &db(web, "5432")), [19]);
        for ports in [
            "",
            ", ports: [{port: 5432}, {port: 9188}]",
            ", ports: [{port: 5000, endPort: 9999}]",
        ] {
            assert_eq!(
                found(egress(subject, ports) + &db(web, "5432")),
                NONE,
                "{ports}"
            );
        }
    }

    #[test]
    fn every_dialect_has_both_ends() {
        let pods =
            pod("web", "app: web", "") + &pod("db", "app: db", ", ports: [{containerPort: 5432}]");
        let found =
            |client: &str, server: &str| lines("L13", &format!("{pods}{client}---\n{server}"));
        let cilium = |name: &str, subject: &str, rules: &str| {
            format!(
                "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: {name}, namespace: data}}\nspec:\n  endpointSelector: {{matchLabels: {{app: {subject}}}}}\n  {rules}\n"
            )
        };
        let client = cilium(
            "web",
            "web",
            "egress: [{toEndpoints: [{matchLabels: {app: db}}], toPorts: [{ports: [{port: \"5432\", protocol: TCP}]}]}]",
        );
        assert_eq!(found(&client, &cilium("db", "db", "ingress: [{}]")), [16]);
        let open = "ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}]";
        assert_eq!(found(&client, &cilium("db", "db", open)), NONE);
        let denied = "ingressDeny: [{fromEndpoints: [{matchLabels: {app: web}}]}]";
        assert_eq!(found(&client, &cilium("db", "db", denied)), [16]);
        let calico = |name: &str, rules: &str| {
            format!(
                "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: data}}\nspec:\n  selector: app == '{name}'\n  {rules}\n"
            )
        };
        let client = calico(
            "web",
            "egress: [{action: Allow, protocol: TCP, destination: {selector: app == 'db', ports: [5432]}}]",
        );
        assert_eq!(found(&client, &calico("db", "types: [Ingress]")), [16]);
        let open = "ingress: [{action: Allow, source: {selector: app == 'web'}}]";
        assert_eq!(found(&client, &calico("db", open)), NONE);
    }

    #[test]
    fn pods_of_one_policy_need_not_all_connect_to_each_other() {
        let postgres = ", ports: [{containerPort: 5432}]";
        let pods = pod("primary", "set: pg, role: primary", postgres)
            + &pod("read", "set: pg, role: read", postgres);
        let group = policy(
            "group",
            "set: pg",
            "policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {set: pg}}}], ports: [{port: 5432}]}]",
        );
        let read = policy("read", "role: read", "ingress: []");
        assert_eq!(lines("L13", &format!("{pods}{group}{read}")), NONE);
        // That none can connect is a mistake.
        let both = policy("pg", "set: pg", "ingress: []");
        assert_eq!(lines("L13", &format!("{pods}{group}{both}")), [14]);
    }
}
