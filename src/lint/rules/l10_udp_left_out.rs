//! Ports without a protocol, where the pods declare UDP.
//!
#![doc = include_str!("l10_udp_left_out.md")]

use crate::cluster::ContainerPort;
use crate::diag::{Change, Diagnostic, Severity};
use crate::lint::written::{items, network_policies};
use crate::lint::{Input, Rule, ports};
use crate::policy::{self, Direction, PortItem, PortMatch};
use crate::sets::{PortSet, Protocol};

pub const RULE: Rule = Rule {
    code: "L10",
    name: "udp-left-out",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l10_udp_left_out.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    for written in network_policies(input) {
        for direction in Direction::BOTH {
            for one in written.rules(direction) {
                let Some(lowered) = one.rule else { continue };
                let nodes = items(one.node, "ports").iter();
                let without = nodes
                    .zip(lowered.ports.listed())
                    .filter(|(node, _)| node.get("protocol").is_none());
                let mut pods = None;
                for (node, item) in without {
                    let pods = pods.get_or_insert_with(|| {
                        ports::destinations(input, written.index, direction, lowered)
                            .unwrap_or_default()
                    });
                    let Some((pod, port)) = only_udp(input, item, pods, lowered) else {
                        continue;
                    };
                    let message = format!(
                        "a port without `protocol` is TCP, but pods of {} have {port} as UDP only",
                        input.name_of(pod)
                    );
                    let finding = rule.finding(message).help("add `protocol: UDP`").corrected(
                        (node.mark.start, node.mark.end),
                        Change::SetText("protocol", "UDP"),
                    );
                    out.push(written.about(finding, item.span.clone()));
                }
            }
        }
    }
}

/// A pod that has the port as UDP, if none has it as TCP and no item of the rule has it as UDP.
fn only_udp(
    input: &Input,
    item: &PortItem,
    pods: &[usize],
    rule: &policy::Rule,
) -> Option<(usize, String)> {
    let has = |pod: usize, protocol: Protocol| match &item.port {
        PortMatch::Range { first, last, .. } => {
            let range = PortSet::range(protocol, *first, *last);
            ports::in_use(input, pod).intersects(&range)
        }
        PortMatch::Named { name, .. } => {
            let named = |p: &ContainerPort| p.name.as_ref() == Some(name);
            let own = input.pod(pod).map_or(&[][..], |pod| &pod.ports);
            own.iter().any(|p| p.protocol == protocol && named(p))
        }
        _ => false,
    };
    if pods.iter().any(|pod| has(*pod, Protocol::Tcp)) {
        return None;
    }
    let pod = *pods.iter().find(|pod| has(**pod, Protocol::Udp))?;
    let (used, shown) = match &item.port {
        PortMatch::Range { first, last, .. } => {
            let range = PortSet::range(Protocol::Udp, *first, *last);
            let used = ports::in_use(input, pod).intersection(&range);
            let shown = match first == last {
                true => first.to_string(),
                false => format!("ports of {first}-{last}"),
            };
            (Some(used), shown)
        }
        PortMatch::Named { name, .. } => (None, format!("`{name}`")),
        _ => return None,
    };
    let both = |other: &PortItem| match (&other.port, &used) {
        (PortMatch::Named { protocol, .. }, None) => {
            other.port != item.port && *protocol == Some(Protocol::Udp)
        }
        (_, Some(used)) => {
            let mut used = used.ranges(Protocol::Udp);
            used.any(|(port, _)| ports::covers(input, other, pod, (Protocol::Udp, port)))
        }
        _ => false,
    };
    let covered = rule.ports.listed().iter().any(both);
    (!covered).then_some((pod, shown))
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{example, lines};

    #[test]
    fn udp_has_to_be_written() {
        let example = example(include_str!("l10_udp_left_out.md"));
        assert_eq!(lines("L10", example), [12]);
        let named = example.replace("port: 514}\n", "port: syslog}\n");
        assert_eq!(lines("L10", &named), [12]);
        let range = example.replace("port: 514}\n", "port: 500, endPort: 520}\n");
        assert_eq!(lines("L10", &range), [12]);
        for fine in [
            range.replace("port: 500", "port: 515"),
            range.replace("port: 500", "protocol: UDP, port: 500"),
            range.replace(
                ", protocol: UDP}]",
                ", protocol: UDP}, {containerPort: 515}]",
            ),
            example.replace("port: 514}\n", "port: 514, protocol: UDP}\n"),
            example.replace(
                "port: 514}\n",
                "port: 514}\n    - {port: 514, protocol: UDP}\n",
            ),
            example.replace(", protocol: UDP}", "}"),
            example.replace(
                ", protocol: UDP}]",
                ", protocol: UDP}, {containerPort: 514}]",
            ),
            example.replace("port: 514}\n", "port: 515}\n"),
        ] {
            assert!(lines("L10", &fine).is_empty(), "{fine}");
        }
    }
}
