//! What these policies are often not meant to say: empty rules and empty lists (C7, C12, C13), Services that the agent
//! does not find (C13), and labels that are written twice (C20).

use std::collections::BTreeMap;

use super::peers::Written;
use super::{lower, read};
use crate::cluster::{Service, Snapshot};
use crate::diag::Diagnostic;
use crate::dialect::{DnsRule, cidr};
use crate::policy::Direction;
use crate::sets::DomainPattern;
use crate::yaml::{Map, Mark, Node, Object, Value};

/// Code of empty rules and lists.
const EMPTY: &str = "L42";
/// Code of Services that the agent does not find.
const SERVICES: &str = "C33";

const LISTS: [&str; 4] = ["ingress", "egress", "ingressDeny", "egressDeny"];
/// Empty lists of these match no peer.
const GUARDED: &[&str] = &[
    "fromEndpoints",
    "fromEntities",
    "fromCIDR",
    "fromCIDRSet",
    "fromNodes",
    "toEndpoints",
    "toEntities",
    "toCIDR",
    "toCIDRSet",
    "toNodes",
];
/// Empty lists of these are as if the key were missing.
const UNGUARDED: &[&str] = &["toFQDNs", "toServices", "toGroups", "fromGroups"];

/// Words of policies that are meant to allow, and of those that are meant to deny.
const ALLOWS: &[&str] = &[
    "allow",
    "allows",
    "allowed",
    "open",
    "opens",
    "permit",
    "permits",
    "public",
    "unrestricted",
];
const DENIES: &[&str] = &[
    "deny",
    "denies",
    "denied",
    "block",
    "blocks",
    "isolate",
    "isolates",
    "isolated",
    "isolation",
    "lockdown",
    "lock",
    "close",
    "closes",
    "closed",
    "restrict",
    "restricted",
    "drop",
    "nothing",
    "nobody",
    "none",
    "no",
];

/// Words that mean that everything is allowed behind `no`.
const LIMITS: &[&str] = &["limit", "limits", "restriction", "restrictions"];

/// Whether a Service is named in a namespace of which the input has no Services and no workloads.
fn is_elsewhere(written: &Written, cluster: &Snapshot) -> bool {
    let Written::Service {
        namespace: Some(namespace),
        ..
    } = written
    else {
        return false;
    };
    let has_service = cluster.services.iter().any(|s| s.namespace == *namespace);
    !has_service && cluster.workloads.iter().all(|w| w.namespace != *namespace)
}

/// Whether it names Services by their names that are not among these.
pub fn lacks_services(object: &Object, services: &[Service]) -> bool {
    let (Some(policy), _) = read::policy(object) else {
        return false;
    };
    let egress = Direction::Egress as usize;
    let entries = policy.rules.iter().flat_map(|spec| &spec.allow[egress]);
    let mut named = entries.flat_map(|entry| entry.written());
    named.any(|(written, _)| {
        matches!(written, Written::Service { .. }) && lower::services(written, services).is_empty()
    })
}

/// What is probably not meant in a policy that the agent accepts, in a cluster.
pub fn lint(object: &Object, cluster: &Snapshot) -> Vec<Diagnostic> {
    let mut found = Lint {
        object,
        purpose: Purpose::of(object),
        found: cidr::ambiguous(object),
    };
    for spec in specs(object) {
        for key in LISTS {
            found.list(spec, key);
        }
        found.labels_written_twice(spec);
    }
    found.services(cluster);
    found.found
}

/// For each rule for pods what makes the agent learn the addresses of domain names: `rules.dns` (C35).
pub fn dns_rules(object: &Object) -> Vec<Vec<DnsRule>> {
    let pods = specs(object).filter(|spec| spec.get("nodeSelector").is_none());
    let of_spec = |spec: &Node| {
        let entries = items(spec, "egress");
        let ports = entries.flat_map(|entry| items(entry, "toPorts").map(move |p| (entry, p)));
        let rules = ports.filter_map(|(entry, ports)| {
            let names = items(ports.get("rules")?, "dns").filter_map(|name| {
                let name = name.get("matchName").or_else(|| name.get("matchPattern"));
                Some(DomainPattern::labelwise(name?.as_str()?))
            });
            let names: Vec<DomainPattern> = names.collect();
            (!names.is_empty()).then(|| DnsRule {
                rule: object.span(entry.mark),
                ports: items(ports, "ports")
                    .map(|port| object.span(port.mark))
                    .collect(),
                names,
            })
        });
        rules.collect()
    };
    pods.map(of_spec).collect()
}

/// `spec` and the items of `specs`, in the order in which they are lowered.
fn specs(object: &Object) -> impl Iterator<Item = &Node> {
    let one = object.node.get("spec").into_iter();
    one.chain(items(&object.node, "specs"))
}

fn items<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = &'a Node> {
    let list = node.get(key).and_then(Node::items);
    list.unwrap_or_default().iter()
}

/// What a policy is for, in the words of its name, its description and its comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Allow,
    Deny,
    Unknown,
}

impl Purpose {
    fn of(object: &Object) -> Self {
        let descriptions = specs(object).filter_map(|spec| spec.get("description")?.as_str());
        let lines = object.text.lines().filter_map(|line| line.split_once('#'));
        let comments = lines.map(|(_, comment)| comment);
        let texts = [object.name.as_str()]
            .into_iter()
            .chain(descriptions)
            .chain(comments);
        let (mut allows, mut denies) = (false, false);
        for text in texts {
            let text = text.to_ascii_lowercase();
            let words = text.split(|c: char| !c.is_ascii_alphanumeric());
            let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
            for (at, word) in words.iter().enumerate() {
                let next = words.get(at + 1).copied().unwrap_or_default();
                let unlimited = *word == "no" && LIMITS.contains(&next);
                allows |= unlimited || ALLOWS.contains(word);
                denies |= !unlimited && DENIES.contains(word);
            }
        }
        match (allows, denies) {
            (_, true) => Self::Deny,
            (true, false) => Self::Allow,
            (false, false) => Self::Unknown,
        }
    }
}

struct Lint<'a> {
    object: &'a Object,
    purpose: Purpose,
    found: Vec<Diagnostic>,
}

impl Lint<'_> {
    fn list(&mut self, spec: &Node, key: &str) {
        let entries: Vec<&Node> = items(spec, key).collect();
        for entry in &entries {
            let Value::Map(map) = &entry.value else {
                continue;
            };
            if map.entries.is_empty() {
                let meant = match self.purpose {
                    Purpose::Allow => true,
                    Purpose::Deny => false,
                    Purpose::Unknown => entries.len() > 1,
                };
                if meant && !key.ends_with("Deny") {
                    self.empty_rule(key, entry.mark);
                }
            } else {
                self.empty_lists(key, map);
            }
        }
    }

    fn empty_rule(&mut self, key: &str, mark: Mark) {
        let message = format!(
            "this empty rule allows nothing: it only isolates the pods for {key}, unlike `- {{}}` in a NetworkPolicy"
        );
        let peers = if key == "ingress" {
            "fromEntities"
        } else {
            "toEntities"
        };
        self.report(
            message,
            format!("to allow every peer, write `- {peers}: [all]`"),
            mark,
        );
    }

    fn empty_lists(&mut self, key: &str, rule: &Map) {
        let has_ports = rule
            .entry("toPorts")
            .is_some_and(|ports| ports.value.items().is_some_and(|items| !items.is_empty()));
        for entry in &rule.entries {
            if entry.value.items().is_none_or(|items| !items.is_empty()) {
                continue;
            }
            let name = entry.key.as_str();
            let verb = if key.ends_with("Deny") {
                "denies"
            } else {
                "allows"
            };
            if UNGUARDED.contains(&name) && has_ports {
                let message = format!(
                    "`{name}: []` is as if it were missing: this rule {verb} its ports for every peer, those outside the cluster included"
                );
                self.report(
                    message,
                    format!("list what is meant in `{name}`, or remove the rule"),
                    entry.mark,
                );
            } else if (GUARDED.contains(&name) || UNGUARDED.contains(&name))
                && self.purpose != Purpose::Deny
            {
                let message = format!("`{name}: []` matches no peer, so this rule {verb} nothing");
                let help = match name.ends_with("Endpoints") {
                    true => {
                        format!("for all pods that a selector can match write `{name}: [{{}}]`")
                    }
                    false => format!("list what is meant in `{name}`, or remove the rule"),
                };
                self.report(message, help, entry.mark);
            }
        }
    }

    /// Rules to Services of which none is in the cluster, as far as that is known, and denials to Services: as if the
    /// key were missing.
    fn services(&mut self, cluster: &Snapshot) {
        let denials = specs(self.object).flat_map(|spec| items(spec, "egressDeny"));
        let lists = denials.filter_map(|entry| entry.get("toServices"));
        for list in lists.filter(|list| list.items().is_some_and(|all| !all.is_empty())) {
            let message = "the agent does not look for the Services of a denial: without ports it denies nothing, with ports it denies them for every peer";
            let help = "name the pods behind the Services in `toEndpoints`";
            self.add(SERVICES, message.to_owned(), help.to_owned(), list.mark);
        }
        let (Some(policy), _) = read::policy(self.object) else {
            return;
        };
        if cluster.pods.is_empty() && cluster.services.is_empty() {
            return;
        }
        let egress = Direction::Egress as usize;
        for entry in policy.rules.iter().flat_map(|spec| &spec.allow[egress]) {
            let named = entry.written();
            let missing = |written| lower::services(written, &cluster.services).is_empty();
            if named.is_empty() || !named.iter().all(|(w, _)| w.is_of_services() && missing(w)) {
                continue;
            }
            let meant = match entry.ports.is_some() || entry.icmps.is_some() {
                true => "allows its ports for every peer, those outside the cluster included",
                false => "allows nothing",
            };
            if named
                .iter()
                .any(|(written, _)| is_elsewhere(written, cluster))
            {
                let message = format!(
                    "the input does not have the Services of `toServices`, nor anything else of their namespace: without them this rule {meant}"
                );
                let found =
                    Diagnostic::info(SERVICES, message).help("add the Services to the input");
                self.found.push(self.object.about(found, entry.mark));
                continue;
            }
            let message =
                format!("no Service of the input is one of `toServices`: this rule {meant}");
            let help = "correct the name, the namespace or the selector of the Service";
            self.add(SERVICES, message, help.to_owned(), entry.mark);
        }
    }

    /// One label with two values, once with the source `any` and once without a source.
    fn labels_written_twice(&mut self, node: &Node) {
        if let Some(labels) = node.get("matchLabels")
            && let Value::Map(map) = &labels.value
        {
            let mut known: BTreeMap<&str, &Node> = BTreeMap::new();
            for entry in &map.entries {
                let key = entry.key.strip_prefix("any:").unwrap_or(&entry.key);
                let Some(first) = known.insert(key, &entry.value) else {
                    continue;
                };
                if first.as_str() != entry.value.as_str() {
                    let message = format!(
                        "`{key}` and `any:{key}` are one label, and which of the two values counts is random"
                    );
                    let help = format!(
                        "write `{key}` once; for any of several values write `matchExpressions`"
                    );
                    self.add("C20", message, help, entry.mark);
                }
            }
        }
        match &node.value {
            Value::Map(map) => {
                let values = map.entries.iter().map(|entry| &entry.value);
                values.for_each(|value| self.labels_written_twice(value));
            }
            _ => {
                let items = node.items().unwrap_or_default().iter();
                items.for_each(|item| self.labels_written_twice(item));
            }
        }
    }

    fn report(&mut self, message: String, help: String, mark: Mark) {
        self.add(EMPTY, message, help, mark);
    }

    fn add(&mut self, code: &'static str, message: String, help: String, mark: Mark) {
        let found = Diagnostic::error(code, message).help(help);
        self.found.push(self.object.about(found, mark));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::parse;

    fn object(name: &str, spec: &str) -> Object {
        let text = format!(
            "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: {name}, namespace: s}}\nspec:\n  endpointSelector: {{}}\n{spec}"
        );
        let mut documents = parse(&text).documents;
        Object {
            file: "a.yaml".into(),
            api_version: "cilium.io/v2".into(),
            kind: "CiliumNetworkPolicy".into(),
            namespace: Some("s".into()),
            name: name.into(),
            node: documents.remove(0).node,
            text,
        }
    }

    fn lines(name: &str, spec: &str) -> Vec<u32> {
        let found = lint(&object(name, spec), &Snapshot::default()).into_iter();
        found.filter_map(|d| Some(d.span?.line)).collect()
    }

    #[test]
    fn services_that_the_agent_does_not_find() {
        let mut cluster = Snapshot::default();
        let mut service = Service::new("s", "db");
        service.labels = [("app".to_owned(), "db".to_owned())].into();
        std::sync::Arc::make_mut(&mut cluster.services).push(service);
        let found = |cluster: &Snapshot, list: &str, item: &str, rest: &str| {
            let spec = format!("  {list}:\n  - toServices: [{item}]\n{rest}");
            let found = lint(&object("web", &spec), cluster).into_iter();
            found.map(|d| (d.code, d.message)).collect::<Vec<_>>()
        };
        let ports = "    toPorts: [{ports: [{port: '80', protocol: TCP}]}]\n";
        let named = |name: &str| format!("{{k8sService: {{serviceName: {name}, namespace: s}}}}");
        let labelled = "{k8sServiceSelector: {selector: {matchLabels: {app: web}}}}";
        assert!(found(&cluster, "egress", &named("db"), ports).is_empty());
        assert!(found(&cluster, "egress", "{k8sService: {serviceName: db}}", ports).is_empty());
        for item in [&*named("bd"), labelled] {
            let all = found(&cluster, "egress", item, ports);
            assert!(
                matches!(&all[..], [("C33", m)] if m.contains("every peer")),
                "{all:?}"
            );
            let all = found(&cluster, "egress", item, "");
            assert!(
                matches!(&all[..], [("C33", m)] if m.ends_with("allows nothing")),
                "{all:?}"
            );
            assert!(found(&Snapshot::default(), "egress", item, ports).is_empty());
        }
        let elsewhere = "{k8sService: {serviceName: kube-dns, namespace: kube-system}}";
        let all = lint(
            &object(
                "web",
                &format!("  egress:\n  - toServices: [{elsewhere}]\n"),
            ),
            &cluster,
        );
        assert_eq!(all[0].severity, crate::diag::Severity::Info);
        let one = format!("{}, {}", named("bd"), named("db"));
        assert!(found(&cluster, "egress", &one, ports).is_empty());
        let all = found(&cluster, "egressDeny", &named("db"), ports);
        assert!(
            matches!(&all[..], [("C33", m)] if m.contains("denial")),
            "{all:?}"
        );
    }

    #[test]
    fn labels_with_two_values() {
        let twice = |labels: &str| {
            lines(
                "web",
                &format!("  ingress:\n  - fromEndpoints:\n    - matchLabels: {{{labels}}}\n"),
            )
        };
        assert_eq!(twice("app: web, 'any:app': db"), [8]);
        assert!(twice("app: web, 'any:app': web").is_empty());
        assert!(twice("app: web, 'k8s:app': db").is_empty());
    }

    #[test]
    fn empty_rules_and_lists() {
        let empty = "  ingress:\n  - {}\n";
        let web = "  - fromEndpoints: [{matchLabels: {app: web}}]\n";
        let ports = "    toPorts: [{ports: [{port: '80', protocol: TCP}]}]\n";
        for (name, spec, wanted) in [
            ("allow-all", empty.to_owned(), &[7][..]),
            ("default-deny", empty.to_owned(), &[]),
            ("no-restrictions", empty.to_owned(), &[7]),
            ("no-clients", empty.to_owned(), &[]),
            ("web", empty.to_owned(), &[]),
            ("web", format!("{empty}{web}"), &[7]),
            ("web", format!("  ingress:\n{web}"), &[]),
            (
                "web",
                "  ingress:\n  - fromEndpoints: []\n".to_owned(),
                &[7],
            ),
            (
                "deny",
                "  ingress:\n  - fromEndpoints: []\n".to_owned(),
                &[],
            ),
            ("deny", format!("  egress:\n  - toFQDNs: []\n{ports}"), &[7]),
            ("deny", "  egress:\n  - toFQDNs: []\n".to_owned(), &[]),
        ] {
            assert_eq!(lines(name, &spec), wanted, "{name}: {spec}");
        }
    }

    #[test]
    fn names_are_learnt_with_dns_rules() {
        let dns = |rules: &str| {
            format!("  egress:\n  - toPorts:\n    - ports: [{{port: '53'}}]\n{rules}")
        };
        let learns = |spec: &str| -> Vec<bool> {
            let rules = dns_rules(&object("web", spec));
            rules.iter().map(|rules| !rules.is_empty()).collect()
        };
        assert_eq!(
            learns(&dns("      rules: {dns: [{matchPattern: '*'}]}\n")),
            [true]
        );
        assert_eq!(learns(&dns("      rules: {dns: []}\n")), [false]);
        assert_eq!(learns(&dns("")), [false]);
    }
}
