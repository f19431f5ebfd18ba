//! Lowers these policies (G1-G32).

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::owners::{Lowering, Of, Owners};
use super::policy::{self, CalicoPolicy, Entity, Ip, Kind, Number, Port, Rule};
use crate::cluster::{ServicePort, TargetPort};
use crate::dialect::Context;
use crate::policy::{
    Action, Condition, Direction, Match, Peer, PeerItem, Policy, PortItem, PortMatch, Side, order,
};
use crate::sets::{IpSet, Protocol, Selector};
use crate::yaml::{Mark, Object};

/// Lowers a policy that Calico accepts; none if it is for hosts.
pub fn lower(object: &Object, policy: &CalicoPolicy, context: &Context) -> Vec<Policy> {
    if policy.host {
        return Vec::new();
    }
    let lowering = Lowering {
        object,
        context,
        namespace: (policy.kind == Kind::NetworkPolicy).then(|| object.namespace_or_default()),
    };
    vec![lowering.policy(policy)]
}

/// A rule as far as it is the same for every kind of destination.
struct Parts<'a> {
    rule: &'a Rule,
    direction: Direction,
    action: Action,
}

impl Lowering<'_> {
    fn policy(&self, policy: &CalicoPolicy) -> Policy {
        let tiers = self.context.tiers;
        let tier = tiers.named(&policy.tier);
        let isolates = !tiers.passes(tier);
        let side = |direction: Direction| {
            let at = direction as usize;
            let rules = policy.rules[at].iter();
            policy.types[at].then(|| Side {
                isolates,
                rules: rules.flat_map(|rule| self.rules(rule, direction)).collect(),
            })
        };
        let (kind, suffix) = match policy.kind {
            Kind::NetworkPolicy => ("NetworkPolicy.projectcalico.org", "NetworkPolicy"),
            Kind::GlobalNetworkPolicy => ("GlobalNetworkPolicy", "GlobalNetworkPolicy"),
        };
        let namespace = self.namespace.unwrap_or_default();
        Policy {
            kind,
            name: self.object.name.clone(),
            namespace: self.namespace.map(str::to_owned),
            tier,
            order: order(policy.order),
            tie: format!("{}/{namespace}/{suffix}", self.object.name),
            subject: self.subject(policy),
            ingress: side(Direction::Ingress),
            egress: side(Direction::Egress),
            span: self.object.whole(),
        }
    }

    /// The pods that it selects (G10, G11).
    fn subject(&self, policy: &CalicoPolicy) -> Peer {
        let mut all = self.pods();
        all.extend(self.namespace.map(|name| Peer::Namespace(name.to_owned())));
        all.extend(policy.selector.as_ref().map(|s| self.by_labels(s)));
        all.extend(
            policy
                .namespace_selector
                .as_ref()
                .map(|s| self.by_namespace(s)),
        );
        all.extend(
            policy
                .service_account_selector
                .as_ref()
                .map(|s| self.by_account(s)),
        );
        Peer::All(all)
    }

    fn rules(&self, rule: &Rule, direction: Direction) -> Vec<crate::policy::Rule> {
        let action = match rule.action {
            policy::Action::Allow => Action::Accept,
            policy::Action::Deny => Action::Deny,
            policy::Action::Pass => Action::Pass,
            policy::Action::Log => return Vec::new(),
        };
        // Source ports are not modelled: what they restrict allows at most this much, and denies nothing by itself.
        let restricted = !rule.source.ports.is_empty() || !rule.source.not_ports.is_empty();
        if restricted && action != Action::Accept {
            return Vec::new();
        }
        let parts = Parts {
            rule,
            direction,
            action,
        };
        if let Some(named) = &rule.destination.service {
            return self.to_service(&parts, named);
        }
        let destination = self.entity(&rule.destination, rule, Of::destination(direction));
        let whole = self.ports(rule, true);
        if destination.sets == Peer::Nothing {
            return vec![self.rule(&parts, destination.whole(), whole)];
        }
        // A port name counts on pods that match by themselves, not by an address in a set (G22).
        let by_address = Peer::All(vec![
            destination.sets.clone(),
            Peer::Not(Box::new(destination.pods.clone())),
            destination.rest.clone(),
        ]);
        let numbered = self.ports(rule, false);
        if numbered == whole {
            return vec![self.rule(&parts, destination.whole(), whole)];
        }
        let pods = Peer::All(vec![destination.pods, destination.rest]);
        vec![
            self.rule(&parts, pods, whole),
            self.rule(&parts, by_address, numbered),
        ]
    }

    fn rule(
        &self,
        parts: &Parts,
        destination: Peer,
        (ports, except): (Match<PortItem>, Vec<PortItem>),
    ) -> crate::policy::Rule {
        let rule = parts.rule;
        let source = self.source(rule, Of::source(parts.direction));
        let (own, other, at) = match parts.direction {
            Direction::Ingress => (destination, source, &rule.source),
            Direction::Egress => (source, destination, &rule.destination),
        };
        let item = |peer| PeerItem {
            peer,
            span: self.object.span(at.mark.unwrap_or(rule.mark)),
        };
        crate::policy::Rule {
            name: None,
            action: parts.action,
            subject: (own != Peer::Everything).then_some(own),
            peers: match other {
                Peer::Everything => Match::Any,
                some => Match::Only(vec![item(some)]),
            },
            ports,
            except,
            conditions: conditions(rule),
            met_by: Vec::from_iter(rule.met_by.clone()),
            index: 0,
            span: self.object.span(rule.mark),
        }
    }

    /// Which connections a rule matches by their sources. Those of a Service are its pods and addresses (G28).
    fn source(&self, rule: &Rule, of: Of) -> Peer {
        match &rule.source.service {
            Some(named) => {
                let backends = self.backends(named).into_iter();
                Peer::AnyOf(backends.map(|(peer, _)| peer).collect())
            }
            None => self.entity(&rule.source, rule, of).whole(),
        }
    }

    /// An end of a rule by what the rule says of it, in the one family of addresses that it is for (G27).
    fn entity(&self, entity: &Entity, rule: &Rule, of: Of) -> Owners {
        let mut owners = self.owners(entity, of);
        // Blocks are of that family already; and the subject connects by what the peer has.
        let open = entity.nets.is_empty() && of == Of::Peer;
        let Some(version) = version(rule).filter(|_| open) else {
            return owners;
        };
        let (net, pods) = match version {
            4 => (IpNet::V4(Ipv4Net::default()), Peer::PodsIpv4),
            _ => (IpNet::V6(Ipv6Net::default()), of.by_ipv6(Peer::PodsIpv6)),
        };
        let all = IpSet::net(net);
        owners.and(Peer::AnyOf(vec![
            Peer::Addresses(all.clone()),
            Peer::HostAddresses(all),
            pods,
        ]));
        owners
    }

    /// One rule for each kind of backends, at the ports of these.
    fn to_service(&self, parts: &Parts, named: &(String, String)) -> Vec<crate::policy::Rule> {
        let backends = self.backends(named).into_iter();
        let rule = |(peer, ports): (Peer, Vec<PortMatch>)| {
            let of_protocol = ports.into_iter().filter(|port| is_of(port, parts.rule));
            let item = |port| self.item(port, parts.rule.mark);
            let ports = Match::Only(of_protocol.map(item).collect());
            self.rule(parts, peer, (ports, Vec::new()))
        };
        backends.map(rule).collect()
    }

    /// The pods behind a Service, or the addresses that an EndpointSlice lists, with their ports.
    fn backends(&self, (namespace, name): &(String, String)) -> Vec<(Peer, Vec<PortMatch>)> {
        let mut services = self.context.services.iter();
        let Some(service) = services.find(|s| s.namespace == *namespace && s.name == *name) else {
            return Vec::new();
        };
        if !service.selector.is_empty() {
            let mut pods = self.pods();
            pods.push(Peer::Namespace(service.namespace.clone()));
            pods.push(Peer::PodLabels(Selector::match_labels(&service.selector)));
            return vec![(Peer::All(pods), service.ports.iter().map(target).collect())];
        }
        let endpoints = service.endpoints.iter();
        let one = |endpoint: &crate::cluster::ServiceEndpoint| {
            let block = self.block(&IpSet::single(endpoint.address), Of::Peer);
            let ports = endpoint.ports.iter().map(|port| PortMatch::Range {
                protocol: port.protocol,
                first: port.port,
                last: port.port,
            });
            (block, ports.collect())
        };
        endpoints.map(one).collect()
    }

    /// The ports of a rule and those that it leaves out; without port names unless `names`.
    fn ports(&self, rule: &Rule, names: bool) -> (Match<PortItem>, Vec<PortItem>) {
        let protocol = match rule.protocol {
            None => None,
            Some(Ip::Ports(protocol)) => Some(protocol),
            // Protocols without ports are not told apart: the rule matches no port.
            Some(Ip::Other(_)) => return (Match::Only(Vec::new()), Vec::new()),
        };
        let items = |ports: &[Port]| -> Vec<PortItem> {
            let named = |port: &&Port| names || !matches!(port.number, Number::Named(_));
            let ports = ports.iter().filter(named);
            let port = |port: &Port| Some(self.item(port_match(port, protocol)?, port.mark));
            ports.filter_map(port).collect()
        };
        let listed = &rule.destination.ports;
        let ports = match (listed.as_slice(), protocol) {
            ([], None) => Match::Any,
            ([], Some(protocol)) => Match::Only(vec![self.item(whole(rule, protocol), rule.mark)]),
            (listed, _) => Match::Only(items(listed)),
        };
        let mut except = items(&rule.destination.not_ports);
        if let Some(Ip::Ports(protocol)) = rule.not_protocol {
            except.push(self.item(PortMatch::AllPorts(protocol), rule.mark));
        }
        if let (Some(number), Some(protocol)) = (rule.not_icmp, protocol) {
            except.push(self.item(type_of_icmp(protocol, number), rule.mark));
        }
        (ports, except)
    }

    fn item(&self, port: PortMatch, mark: Mark) -> PortItem {
        PortItem {
            port,
            span: self.object.span(mark),
        }
    }
}

/// What a rule asks for beyond ends and ports. What has no port is not judged.
fn conditions(rule: &Rule) -> Vec<Condition> {
    let from_ports = !rule.source.ports.is_empty() || !rule.source.not_ports.is_empty();
    let all = [
        rule.http.then_some(Condition::Http),
        from_ports.then_some(Condition::SourcePorts),
        rule.icmp_code.then_some(Condition::Icmp),
    ];
    all.into_iter().flatten().collect()
}

/// All ports of a protocol, or the type of ICMP that a rule is for.
pub fn whole(rule: &Rule, protocol: Protocol) -> PortMatch {
    match rule.icmp {
        Some(number) => type_of_icmp(protocol, number),
        None => PortMatch::AllPorts(protocol),
    }
}

fn type_of_icmp(protocol: Protocol, number: u16) -> PortMatch {
    PortMatch::Range {
        protocol,
        first: number,
        last: number,
    }
}

/// The family that a rule is for, if it is for one: by `ipVersion`, by its protocol, or by its blocks.
fn version(rule: &Rule) -> Option<u8> {
    let ends = [&rule.source, &rule.destination].into_iter();
    let mut nets = ends.flat_map(|end| end.nets.iter().chain(&end.not_nets));
    let by_nets = nets
        .next()
        .map(|net| if net.addr().is_ipv4() { 4 } else { 6 });
    rule.version.or(by_nets)
}

/// Numbers have a protocol, or Calico refuses the rule (G26).
fn port_match(port: &Port, protocol: Option<Protocol>) -> Option<PortMatch> {
    Some(match &port.number {
        Number::Range(first, last) => PortMatch::Range {
            protocol: protocol?,
            first: *first,
            last: *last,
        },
        Number::Named(name) => PortMatch::Named {
            protocol,
            name: name.clone(),
        },
    })
}

fn target(port: &ServicePort) -> PortMatch {
    let protocol = port.protocol;
    match &port.target {
        TargetPort::Number(number) => PortMatch::Range {
            protocol,
            first: *number,
            last: *number,
        },
        TargetPort::Name(name) => PortMatch::Named {
            protocol: Some(protocol),
            name: name.clone(),
        },
    }
}

/// Whether a port is of the protocols that a rule is for.
fn is_of(port: &PortMatch, rule: &Rule) -> bool {
    let is = |ip: Ip| matches!((ip, port.protocol()), (Ip::Ports(a), Some(b)) if a == b);
    rule.protocol.is_none_or(is) && !rule.not_protocol.is_some_and(is)
}
