//! Blocks of all addresses.
//!
#![doc = include_str!("l18_broad_block.md")]

use std::net::IpAddr;

use ipnet::IpNet;

use crate::diag::{Diagnostic, Severity};
use crate::lint::written::{Block, blocks};
use crate::lint::{Input, Rule, ports, witness};
use crate::policy::Direction;

pub const RULE: Rule = Rule {
    code: "L18",
    name: "broad-block",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l18_broad_block.md"),
    check,
};

/// Private addresses: RFC 1918 and unique local ones.
const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    for block in blocks(input).filter(|block| block.net.prefix_len() == 0) {
        let Some((message, help)) = judge(input, &block) else {
            continue;
        };
        let finding = rule.finding(message).help(help);
        let written = block.written;
        out.push(written.about(finding, written.span(block.node)));
    }
}

/// Whether a private range is left out of a block, or a part of one.
fn excepts_private(block: &Block) -> bool {
    let private = PRIVATE.iter().filter_map(|net| net.parse::<IpNet>().ok());
    let mut private = private.filter(|net| block.net.contains(net));
    private.any(|net| {
        let mut except = block.except.iter();
        except.any(|(hole, _)| hole.contains(&net) || net.contains(hole))
    })
}

/// A connection to a private address that a block opens.
fn private_witness(input: &Input, block: &Block) -> String {
    let private = PRIVATE.iter().filter_map(|net| net.parse::<IpNet>().ok());
    let first = private.filter_map(|net| net.hosts().next());
    let addresses: Vec<IpAddr> = first.filter(|a| block.net.contains(a)).collect();
    let (policy, direction) = (block.written.index, block.direction);
    witness::opened_to(input, policy, direction, block.rule, &addresses)
        .map_or_else(String::new, |witness| format!(": {witness}"))
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
                    private_witness(input, block)
                ),
                "if the Internet is meant, except the private ranges: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 and fc00::/7",
            )
        });
    }
    let pods = input.one_of_each(input.subjects(block.written.index));
    let is_published = |pod: &usize| {
        let allowed = ports::at_pod(input, rule, *pod);
        allowed.intersects(&ports::published(input, *pod))
            || input.pod(*pod).is_some_and(|pod| pod.host_network)
    };
    let first = *pods.first()?;
    (!pods.iter().any(is_published)).then(|| {
        (
            format!(
                "`{net}` lets every address in{}, but no LoadBalancer, NodePort or route publishes these ports of {}",
                but_except(&block.except),
                input.name_of(first)
            ),
            "name the clients that are meant, or the addresses that they come from",
        )
    })
}

#[cfg(test)]
mod tests {
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
        // The address of the API server is not known.
        let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: p, namespace: crawl}\nspec: {selector: {app: spider}, ports: [{port: 443, targetPort: 443}]}\n";
        let webhook = "---\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: w}\nwebhooks: [{name: w.example.com, clientConfig: {service: {name: p, namespace: crawl, port: 443}}}]\n";
        assert_eq!(lines("L18", &format!("{ingress}{service}")), [12]);
        assert!(lines("L18", &format!("{ingress}{service}{webhook}")).is_empty());
    }
}
