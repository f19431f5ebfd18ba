//! Blocks of all addresses.
//!
#![doc = include_str!("l18_broad_block.md")]

use std::net::IpAddr;

use ipnet::IpNet;

use crate::diag::{Diagnostic, Severity};
use crate::lint::written::{Block, blocks, blocks_of_enforcers};
use crate::lint::{Input, Rule, ports, witness};
use crate::policy::{Direction, Network};
use crate::sets::IpSet;

pub const RULE: Rule = Rule {
    code: "L18",
    name: "broad-block",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l18_broad_block.md"),
    check,
};

/// Networks for documentation, which no rule names on purpose.
const PUBLIC: [&str; 2] = ["203.0.113.0/24", "2001:db8::/32"];

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    // Other rules of these dialects may deny what a block allows: what is not open is not broad.
    let others = blocks_of_enforcers(input).filter(|block| is_open(input, block));
    let all = blocks(input).chain(others);
    for block in all.filter(|block| block.net.prefix_len() == 0) {
        let Some((message, help)) = judge(input, &block) else {
            continue;
        };
        let mut finding = rule.finding(message).help(help);
        if block.direction == Direction::Ingress && input.has_unread_routes {
            finding.severity = Severity::Info;
            finding.message = format!("possibly {}", finding.message);
        }
        let written = block.written;
        out.push(written.about(finding, written.span(block.node)));
    }
}

/// Whether all private ranges of its family are left out of a block.
fn excepts_private(block: &Block) -> bool {
    let except: Vec<IpNet> = block.except.iter().map(|(net, _)| *net).collect();
    let inside = IpSet::block(block.net, &except);
    let mut private = Network::private().into_iter();
    private.all(|own| IpSet::net(own.cidr).intersection(&inside).is_empty())
}

/// A connection with a private address that a block opens; from outside, with a public one.
fn opened(input: &Input, block: &Block) -> Option<String> {
    let blocks: Vec<IpNet> = match block.direction {
        Direction::Egress => Network::private().map(|own| own.cidr).to_vec(),
        Direction::Ingress => PUBLIC.iter().filter_map(|text| text.parse().ok()).collect(),
    };
    let first = blocks.iter().filter_map(|own| own.hosts().next());
    let addresses: Vec<IpAddr> = first.filter(|a| block.net.contains(a)).collect();
    let (policy, direction) = (block.written.index, block.direction);
    witness::opened_to(input, policy, direction, block.rule, &addresses)
}

fn is_open(input: &Input, block: &Block) -> bool {
    opened(input, block).is_some()
}

/// The exceptions of a block, after "every address".
fn but_except<T>(except: &[(IpNet, T)]) -> String {
    match except {
        [] => String::new(),
        [(only, _)] => format!(" but those of its exception `{only}`"),
        all => format!(" but those of its {} exceptions", all.len()),
    }
}

fn judge(input: &Input, block: &Block) -> Option<(String, &'static str)> {
    let (rule, net) = (block.rule, block.net);
    if block.direction == Direction::Egress {
        let fine = excepts_private(block) || ports::are_of_dns(rule);
        return (!fine).then(|| {
            (
                format!(
                    "`{net}` is every address{}, private networks included{}",
                    but_except(&block.except),
                    opened(input, block).map_or_else(String::new, |open| format!(": {open}"))
                ),
                "if the Internet is meant, except the private ranges: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 and fc00::/7",
            )
        });
    }
    let mut pods = input
        .one_of_each(input.subjects(block.written.index))
        .into_iter();
    let (pod, published) = pods.find_map(|pod| {
        let allowed = ports::at_pod(input, rule, pod);
        let published = ports::published(input, pod);
        let fine = input.pod(pod)?.host_network || allowed.is_subset(&published);
        (!fine).then(|| (pod, allowed.intersection(&published)))
    })?;
    let name = input.name_of(pod);
    let what = match published.is_empty() {
        true => format!("no LoadBalancer, NodePort or route publishes these ports of {name}"),
        false => {
            format!("only {published} of {name} is published by a LoadBalancer, NodePort or route")
        }
    };
    Some((
        format!(
            "`{net}` lets every address in{}, but {what}",
            but_except(&block.except),
        ),
        "name the clients that are meant, or the addresses that they come from",
    ))
}

#[cfg(test)]
mod tests {
    use crate::diag::Severity;
    use crate::lint::tests::{all_of, example, lines};

    #[test]
    fn blocks_of_all_addresses() {
        let example = example(include_str!("l18_broad_block.md"));
        assert_eq!(lines("L18", example), [12]);
        let excepted = example.replace(
            "0.0.0.0/0}",
            "0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]}",
        );
        assert!(lines("L18", &excepted).is_empty());
        let one = excepted.replace("172.16.0.0/12, 192.168.0.0/16", "192.168.7.0/24");
        assert_eq!(lines("L18", &one), [12]);
        assert!(lines("L18", &example.replace("port: 443", "port: 53")).is_empty());
        let ingress = example
            .replace("policyTypes: [Egress]", "policyTypes: [Ingress]")
            .replace("egress:", "ingress:")
            .replace("to:", "from:");
        assert_eq!(lines("L18", &ingress), [12]);
        let one = ingress.replace("0.0.0.0/0}", "0.0.0.0/0, except: [203.0.113.0/24]}");
        let found = all_of("L18", &one);
        let found = found.iter().map(|d| d.message.as_str()).collect::<String>();
        assert!(
            found.contains("every address in but those of its exception `203.0.113.0/24`, but no"),
            "{found}"
        );
        let published = format!(
            "{ingress}---\napiVersion: v1\nkind: Service\nmetadata: {{name: p, namespace: crawl}}\nspec: {{type: LoadBalancer, selector: {{app: spider}}, ports: [{{port: 443}}]}}\n"
        );
        assert!(lines("L18", &published).is_empty());
        let more = published.replace("[{port: 443}]\n---", "[{port: 443}, {port: 9090}]\n---");
        let message = &all_of("L18", &more)[0].message;
        assert!(
            message.contains("only TCP 443 of `crawl/spider` is"),
            "{message}"
        );
        let other = "---\n{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: crawl}, spec: {containers: [{name: x}]}}\n";
        assert_eq!(lines("L18", &format!("{published}{other}")), [12]);
        let on_host = ingress.replace(
            "{name: spider}]",
            "{name: spider, ports: [{containerPort: 443, hostPort: 443}]}]",
        );
        assert!(lines("L18", &on_host).is_empty());
        let unread = "---\n{apiVersion: traefik.io/v1alpha1, kind: IngressRoute, metadata: {name: r, namespace: crawl}, spec: {}}\n";
        let found = all_of("L18", &format!("{ingress}{unread}"));
        assert_eq!(found[0].severity, Severity::Info);
        assert!(found[0].message.starts_with("possibly "));
        // The address of the API server is not known.
        let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: p, namespace: crawl}\nspec: {selector: {app: spider}, ports: [{port: 443, targetPort: 443}]}\n";
        let webhook = "---\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: w}\nwebhooks: [{name: w.example.com, clientConfig: {service: {name: p, namespace: crawl, port: 443}}}]\n";
        assert_eq!(lines("L18", &format!("{ingress}{service}")), [12]);
        assert!(lines("L18", &format!("{ingress}{service}{webhook}")).is_empty());
    }

    #[test]
    fn blocks_of_cilium_and_calico_that_no_other_rule_denies() {
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: spider, namespace: crawl, labels: {app: spider}}\nspec: {containers: [{name: spider}]}\n---\n";
        let cilium = |egress: &str| {
            format!(
                "{pod}apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: crawl}}\nspec:\n  endpointSelector: {{}}\n  egress:\n{egress}"
            )
        };
        assert_eq!(lines("L18", &cilium("  - toCIDR: [0.0.0.0/0]\n")), [12]);
        let private = "[10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]";
        let set = format!("  - toCIDRSet: [{{cidr: 0.0.0.0/0, except: {private}}}]\n");
        assert!(lines("L18", &cilium(&set)).is_empty());
        let denied = format!("  - toCIDR: [0.0.0.0/0]\n  egressDeny:\n  - toCIDR: {private}\n");
        assert!(lines("L18", &cilium(&denied)).is_empty());
        let calico = |rules: &str| {
            format!(
                "{pod}apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: crawl}}\nspec:\n  types: [Egress]\n  egress:\n{rules}"
            )
        };
        let all = "  - {action: Allow, destination: {nets: [0.0.0.0/0]}}\n";
        assert_eq!(lines("L18", &calico(all)), [12]);
        let denied = format!("  - {{action: Deny, destination: {{nets: {private}}}}}\n{all}");
        assert!(lines("L18", &calico(&denied)).is_empty());
        let but = all.replace("0/0]", &format!("0/0], notNets: {private}"));
        assert!(lines("L18", &calico(&but)).is_empty());
    }
}
