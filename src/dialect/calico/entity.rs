//! Reads `source` and `destination` (G21-G28).

use std::net::IpAddr;

use ipnet::IpNet;

use super::policy::{Entity, Kind, ServiceAccounts};
use super::reader::Reader;
use super::selector::Expression;
use crate::dialect::cidr;
use crate::dialect::schema::At;

/// The most items of `nets`.
const MOST_NETS: usize = 256;

impl<'a> Reader<'a> {
    /// One side of a rule; without criteria if it is missing.
    pub fn entity(&mut self, rule: &At<'a>, key: &str, kind: Kind) -> Entity {
        let Some(at) = self.get(rule, key) else {
            return Entity::default();
        };
        if self.schema.map(&at).is_none() {
            return Entity::default();
        }
        if let Some(domains) = self.get(&at, "domains") {
            let reason = "`domains` is a field of Calico Enterprise and Calico Cloud; open source Calico does not have it";
            self.refuse(&domains, reason);
        }
        self.refuse_blank(&at, "selector");
        self.refuse_global(&at, &["selector"]);
        let service = self.service(&at, kind);
        Entity {
            nets: self.nets(&at, "nets"),
            not_nets: self.not_nets(&at),
            selector: self.selector(&at, "selector"),
            not_selector: self.selector(&at, "notSelector"),
            namespace_selector: self.namespaces(&at),
            service_accounts: self.service_accounts(&at),
            service,
            ports: self.port_list(&at, "ports"),
            not_ports: self.port_list(&at, "notPorts"),
            mark: Some(at.node.mark),
        }
    }

    /// `namespaceSelector`, in which `global()` is alone (G23).
    fn namespaces(&mut self, at: &At<'a>) -> Option<Expression> {
        let found = self.selector(at, "namespaceSelector")?;
        let field = self.get(at, "namespaceSelector")?;
        let text = field.node.as_str().unwrap_or_default();
        let is_alone = found == Expression::Global && text.trim_start().starts_with("global(");
        if text.contains("global(") && !is_alone {
            let reason = "global() cannot be combined with other selectors";
            self.invalid(&field, text, reason);
        }
        Some(found)
    }

    fn service_accounts(&mut self, at: &At<'a>) -> Option<ServiceAccounts> {
        let field = self.get(at, "serviceAccounts")?;
        self.schema.map(&field)?;
        let names = self.list(&field, "names", usize::MAX);
        let names = names.iter().filter_map(|at| self.schema.text(at)).collect();
        Some(ServiceAccounts {
            names,
            selector: self.selector(&field, "selector"),
        })
    }

    /// Namespace and name of a Service, which excludes the other criteria of peers (G28).
    fn service(&mut self, at: &At<'a>, kind: Kind) -> Option<(String, String)> {
        let field = self.get(at, "services")?;
        self.schema.map(&field)?;
        let is_used = |key: &str| match at.node.get(key) {
            Some(node) => node.as_str() != Some("") && node.items().is_none_or(|i| !i.is_empty()),
            None => false,
        };
        for (keys, names) in [
            (&["nets", "notNets"][..], "Nets/NotNets"),
            (&["selector", "notSelector"], "Selector/NotSelector"),
            (&["namespaceSelector"], "NamespaceSelector"),
            (&["serviceAccounts"], "ServiceAccounts"),
        ] {
            if keys.iter().any(|key| is_used(key)) {
                let message = format!("cannot specify {names} and Services on the same rule");
                self.schema.refuse(at, message);
            }
        }
        let name = self.text(&field, "name");
        let namespace = self.text(&field, "namespace");
        if name.is_none() {
            self.refuse(&field, "must specify a service name");
        }
        let namespace = match (namespace, kind) {
            (None, Kind::GlobalNetworkPolicy) => {
                let path = format!("{}.namespace", field.path);
                let node = field.node;
                self.refuse(&At { node, path }, "must specify a namespace");
                return None;
            }
            (None, Kind::NetworkPolicy) => self.object.namespace_or_default().to_owned(),
            (Some(namespace), _) => namespace,
        };
        Some((namespace, name?))
    }

    fn nets(&mut self, at: &At<'a>, key: &str) -> Vec<IpNet> {
        let items = self.list(at, key, MOST_NETS);
        items.iter().filter_map(|at| self.net(at)).collect()
    }

    fn not_nets(&mut self, at: &At<'a>) -> Vec<IpNet> {
        let items = self.list(at, "notNets", MOST_NETS);
        let mut nets = Vec::new();
        for item in &items {
            let Some(net) = self.net(item) else { continue };
            if net.prefix_len() == 0 {
                let reason =
                    "catch-all CIDR in negation creates logical contradiction (matches no traffic)";
                self.invalid(item, &net.to_string(), reason);
            }
            nets.push(net);
        }
        nets
    }

    /// A block without host bits.
    fn net(&mut self, at: &At<'a>) -> Option<IpNet> {
        let text = self.schema.text(at)?;
        let since = self.schema.out.found.len();
        let Ok(block) = cidr::parse(&text) else {
            self.invalid(at, &text, "invalid CIDR");
            if let Ok(address) = text.parse::<IpAddr>() {
                let help = format!("write `{}`", IpNet::from(address.to_canonical()));
                self.schema.out.help(since, &help);
            }
            return None;
        };
        if let Some(why) = block.strict {
            self.invalid(at, &text, &format!("invalid CIDR: it {why}"));
            let help = format!("write `{}`", block.net);
            self.schema.out.help(since, &help);
            return None;
        }
        Some(block.net)
    }

    /// All networks of a rule are of one family, which is the rule's (G27).
    pub fn families(&mut self, rule: &At<'a>, version: Option<u8>) {
        let mut seen = [false; 2];
        for side in ["source", "destination"] {
            for key in ["nets", "notNets"] {
                let entity = self.get(rule, side);
                let Some(list) = entity.and_then(|entity| self.get(&entity, key)) else {
                    continue;
                };
                let items = list.node.items().unwrap_or_default().iter();
                let nets = items.filter_map(|node| cidr::parse(node.as_str()?).ok());
                let mut found = [false; 2];
                for block in nets {
                    found[usize::from(matches!(block.net, IpNet::V6(_)))] = true;
                }
                let [v4, v6] = found;
                if version == Some(4) && v6 || version == Some(6) && v4 {
                    self.refuse(&list, "rule IP version doesn't match CIDR version");
                }
                if v4 && (v6 || seen[1]) || v6 && seen[0] {
                    self.refuse(&list, "rule contains both IPv4 and IPv6 CIDRs");
                }
                seen = [seen[0] || v4, seen[1] || v6];
            }
        }
    }
}

/// A network of a network set: a block with or without host bits, or an address (G27).
pub fn loose_net(text: &str) -> Option<IpNet> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(IpNet::from(address.to_canonical()));
    }
    cidr::parse(text).ok().map(|block| block.net)
}
