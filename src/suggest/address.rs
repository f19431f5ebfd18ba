//! Texts to the addresses in them: what is a host name, with which port, and what is not.

use std::net::IpAddr;

use super::key::is_no_destination;
use crate::sets::Protocol;

/// A host, and a port if the text names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A host name in lower case, or an IP address.
    pub host: String,
    /// The port that is written.
    pub port: Option<u16>,
    /// What the scheme of its URL implies; none if it is not in a URL.
    pub scheme: Option<Scheme>,
    /// Whether it is the value, or an item of a list that is; false in a longer text.
    pub whole: bool,
}

/// What a URL's scheme implies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scheme {
    /// The port, if the URL has none.
    pub port: Option<u16>,
    /// The protocol.
    pub protocol: Option<Protocol>,
}

impl Address {
    /// The port that its scheme implies.
    pub fn implied_port(&self) -> Option<u16> {
        self.scheme?.port
    }

    /// The protocol that its scheme implies.
    pub fn protocol(&self) -> Option<Protocol> {
        self.scheme?.protocol
    }

    /// Whether it is a host alone: no port, no URL.
    pub fn is_bare(&self) -> bool {
        self.port.is_none() && self.scheme.is_none()
    }

    /// Whether it is a single word, which may mean anything.
    pub fn is_word(&self) -> bool {
        self.is_bare() && !self.host.contains('.')
    }

    /// The IP address that it is, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

/// Schemes with the ports that they imply.
const SCHEMES: &[(&str, u16)] = &[
    ("http", 80),
    ("https", 443),
    ("ws", 80),
    ("wss", 443),
    ("postgres", 5432),
    ("postgresql", 5432),
    ("mysql", 3306),
    ("mysql2", 3306),
    ("mysqlx", 33060),
    ("mariadb", 3306),
    ("sqlserver", 1433),
    ("mssql", 1433),
    ("redis", 6379),
    ("rediss", 6379),
    ("valkey", 6379),
    ("amqp", 5672),
    ("amqps", 5671),
    ("mongodb", 27017),
    ("kafka", 9092),
    ("nats", 4222),
    ("mqtt", 1883),
    ("mqtts", 8883),
    ("ldap", 389),
    ("ldaps", 636),
    ("ftp", 21),
    ("ssh", 22),
    ("sftp", 22),
    ("smtp", 25),
    ("smtps", 465),
    ("bolt", 7687),
    ("neo4j", 7687),
    ("memcached", 11211),
];

/// Schemes of URLs whose first part is no host.
const NO_HOSTS: &[&str] = &[
    "file",
    "unix",
    "s3",
    "s3a",
    "s3n",
    "gs",
    "gcs",
    "abfs",
    "wasb",
    "data",
    "urn",
    "arn",
    "about",
    "classpath",
    "sqlite",
    "sqlite3",
    "memory",
    "mem",
    "docker",
    "containerd",
    "cri-o",
    "secret",
    "vault",
    "ref",
    "k8s",
    "env",
    "spiffe",
    "app",
    "chrome",
    "jar",
    "inmemory",
    "projects",
    "zip",
    "package",
];

/// The addresses in a value. A value that is an address, or a list of them, is read as that. Of a longer text only URLs,
/// full names of Services (`NAME.NAMESPACE.svc`) and the hosts of connection strings count.
pub fn addresses(text: &str) -> Vec<Address> {
    let text = text.trim().trim_matches(['"', '\'']).trim();
    if text.is_empty() {
        return Vec::new();
    }
    let replicas = without_ranges(text);
    let text = replicas.as_deref().unwrap_or(text);
    // A URL may have commas in it, and a list may be one of URLs.
    let is_one = !text.contains(char::is_whitespace) && text.matches("://").count() == 1;
    let whole = if is_one { url(text) } else { None };
    whole
        .or_else(|| oracle(text))
        .or_else(|| list(text))
        .or_else(|| connection_string(text))
        .unwrap_or_else(|| within(text))
}

/// A text with the first number of each range that MinIO expands: `m-{0...3}.m`. All are replicas of one workload.
fn without_ranges(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, (range, after))) = rest
        .split_once('{')
        .and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        out.push_str(before);
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let ends = range.split_once("...");
        match ends.filter(|(first, last)| is_number(first) && is_number(last)) {
            Some((first, _)) => out.push_str(first),
            None => out.push_str(&format!("{{{range}}}")),
        }
        rest = after;
    }
    out.push_str(rest);
    (out != text).then_some(out)
}

/// The host of `jdbc:oracle:thin:@db:1521/NAME`, `...@//db:1521/NAME` and `...@db:1521:SID`.
fn oracle(text: &str) -> Option<Vec<Address>> {
    let (_, after) = text.split_once("oracle:thin:")?;
    let (_, after) = after.split_once('@')?;
    let after = after.trim_start_matches('/');
    let authority = after.split(['/', '?']).next().unwrap_or_default();
    let mut parts = authority.split(':');
    let host = parts.next()?;
    let port = parts.next().unwrap_or("1521");
    host_and_port(&format!("{host}:{port}"), None).map(|found| vec![found])
}

/// A member of a cluster: `1@k-0.k:9093` of Kafka, `server.1=z-0.z:2888:3888` of ZooKeeper.
fn member(word: &str) -> Option<Vec<Address>> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let word = match word.split_once('@') {
        Some((id, address)) if is_number(id) => address,
        _ => word,
    };
    let word = match word.split_once('=') {
        Some((server, address)) if server.starts_with("server.") => address,
        _ => word,
    };
    let (host, ports) = word.split_once(':')?;
    let each = ports.split(':').filter(|port| !port.is_empty());
    let each = each.map(|port| host_and_port(&format!("{host}:{port}"), None));
    let found: Vec<Address> = each.collect::<Option<_>>()?;
    (!found.is_empty()).then_some(found)
}

/// A list of addresses with nothing between them but commas and semicolons, or spaces where each has a port; options
/// behind the first are left out.
fn list(text: &str) -> Option<Vec<Address>> {
    let quoted = text.starts_with("[\"") || text.starts_with("['");
    let text = match quoted {
        true => text.trim_matches(['[', ']']),
        false => text,
    };
    let mut found: Vec<Address> = Vec::new();
    let mut has_options = false;
    for item in text.split([',', ';']) {
        let words: Vec<&str> = item.split_whitespace().collect();
        for word in &words {
            let word = word.trim_matches(['"', '\'']);
            let is_member = word.starts_with("server.") && member(word).is_some();
            if !found.is_empty() && word.contains('=') && !word.contains("://") && !is_member {
                has_options |= is_option_of_redis(word);
                continue;
            }
            // `z-0.z:2888:3888;2181` names the port for clients last.
            if !found.is_empty() && number(word).is_some() {
                continue;
            }
            let new = match word.contains("://") {
                true => url(word)?,
                false => match host_and_port(word, None) {
                    Some(address) => vec![address],
                    None => member(word)?,
                },
            };
            let is_bare = |a: &Address| a.port.is_none() && a.implied_port().is_none();
            // Words with spaces between them are prose.
            if words.len() > 1 && new.iter().any(is_bare) {
                return None;
            }
            found.extend(new);
        }
    }
    if has_options {
        let implied = Scheme {
            port: Some(6379),
            protocol: Some(Protocol::Tcp),
        };
        for address in found.iter_mut().filter(|address| address.is_bare()) {
            address.scheme = Some(implied);
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Whether an option is one that clients of Redis have behind its address: `redis,password=x,ssl=false`.
fn is_option_of_redis(option: &str) -> bool {
    let key = option.split('=').next().unwrap_or_default();
    let key = key.to_ascii_lowercase();
    ["password", "ssl", "abortconnect", "defaultdatabase"].contains(&key.as_str())
}

/// The host of `host=db port=5432`, `Server=db,1433;Database=x` or `user:password@tcp(db:3306)/name`.
fn connection_string(text: &str) -> Option<Vec<Address>> {
    if let Some((_, after)) = text.split_once("@tcp(") {
        let (inner, _) = after.split_once(')')?;
        return host_and_port(inner, None).map(|found| vec![found]);
    }
    let separator = |c: char| match text.contains(';') {
        true => c == ';',
        false => c.is_whitespace(),
    };
    let mut host = None;
    let mut port = None;
    for pair in text.split(separator).filter(|pair| !pair.trim().is_empty()) {
        let (key, value) = pair.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        match key.trim().to_ascii_lowercase().as_str() {
            "host" | "hostname" | "hostaddr" | "server" | "data source" | "addr" | "address" => {
                host = Some(value);
            }
            "port" => port = value.parse().ok(),
            _ => {}
        }
    }
    let host = host?;
    let host = host.strip_prefix("tcp:").unwrap_or(host);
    // The name of a database or an instance may follow.
    let host = host.split(['/', '\\']).next().unwrap_or_default();
    let mut found = match host.split_once(',') {
        Some((host, after)) if number(after).is_some() => {
            vec![host_and_port(&format!("{host}:{after}"), None)?]
        }
        _ => {
            let each = host.split(',').map(|host| host_and_port(host, None));
            each.collect::<Option<Vec<Address>>>()?
        }
    };
    for address in &mut found {
        address.port = address.port.or(port);
    }
    Some(found)
}

/// The URLs and full names of Services in a longer text.
fn within(text: &str) -> Vec<Address> {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let between = |c: char| c.is_whitespace() || "\"'`,;()[]{}<>|".contains(c);
    // `-Dhttp.nonProxyHosts=api.shop.svc|...` names no destination.
    let is_meant = |word: &&str| {
        !word
            .split_once('=')
            .is_some_and(|(k, _)| is_no_destination(k))
    };
    let words = lines.flat_map(str::split_whitespace).filter(is_meant);
    let words = words.flat_map(|word| word.split(between));
    let mut found = Vec::new();
    for word in words.filter(|word| !word.is_empty()) {
        let word = word.trim_end_matches(['.', ':', '!', '?', '\\', '&']);
        let value = match (word.find("://"), word.find('=')) {
            (Some(scheme), Some(equals)) if equals < scheme => word.get(equals + 1..),
            (None, Some(equals)) => word.get(equals + 1..),
            _ => Some(word),
        };
        let Some(value) = value else { continue };
        if value.contains("://") {
            found.extend(url(value).unwrap_or_default());
        } else if value.contains(".svc") {
            let value = value.split(['/', '?']).next().unwrap_or_default();
            let value = value.rsplit('@').next().unwrap_or_default();
            let full = |a: &Address| {
                a.host
                    .split('.')
                    .skip(2)
                    .take(2)
                    .any(|label| label == "svc")
            };
            found.extend(host_and_port(value, None).filter(full));
        }
    }
    for address in &mut found {
        address.whole = false;
    }
    found
}

/// The hosts of a URL: more than one where its scheme allows a list, as those of MongoDB and Kafka.
fn url(text: &str) -> Option<Vec<Address>> {
    let (before, after) = text.split_once("://")?;
    let mut parts = before.rsplit(':');
    let scheme = parts.next()?.to_ascii_lowercase();
    let is_scheme = |part: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_');
        !part.is_empty() && part.chars().all(fits)
    };
    if !is_scheme(&scheme) || !parts.all(is_scheme) {
        return None;
    }
    let base = scheme.split('+').next().unwrap_or_default();
    if NO_HOSTS.contains(&base) {
        return None;
    }
    let end = |c: char| "/?#;\"'\\<>".contains(c) || c.is_whitespace();
    // `dns:///db:5432`, as gRPC writes names.
    let after = match ["dns", "xds", "passthrough"].contains(&base) {
        true => after.trim_start_matches('/'),
        false => after,
    };
    let authority = after.split(end).next().unwrap_or_default();
    let hosts = authority.rsplit('@').next().unwrap_or_default();
    let known = SCHEMES.iter().find(|(name, _)| *name == base);
    let implied = Some(Scheme {
        port: known
            .filter(|_| !scheme.ends_with("+srv"))
            .map(|(_, port)| *port),
        protocol: match base {
            "udp" => Some(Protocol::Udp),
            "tcp" | "tls" | "grpc" | "grpcs" => Some(Protocol::Tcp),
            _ => known.map(|_| Protocol::Tcp),
        },
    });
    let hosts = hosts.split(',').map(|host| host_and_port(host, implied));
    hosts.collect()
}

/// `host`, `host:port`, `[::1]:port`.
pub(super) fn host_and_port(text: &str, scheme: Option<Scheme>) -> Option<Address> {
    let text = text.trim();
    let address = |host: &str, port| Address {
        host: host.trim_end_matches('.').to_ascii_lowercase(),
        port,
        scheme,
        whole: true,
    };
    if let Some(rest) = text.strip_prefix('[') {
        let (ip, rest) = rest.split_once(']')?;
        ip.parse::<IpAddr>().ok()?;
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(number(port)?),
            None if rest.is_empty() => None,
            None => return None,
        };
        return Some(address(ip, port));
    }
    if text.parse::<IpAddr>().is_ok() {
        return Some(address(text, None));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(number(port)?)),
        None => (text, None),
    };
    let bare = port.is_none() && scheme.is_none();
    // Words such as `Redis` or `DEBUG` are no host names.
    if bare && !host.contains('.') && host.contains(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    // Nor are classes: `django.core.mail.backends.smtp.EmailBackend`.
    if bare && host.split('.').any(is_camel_case) {
        return None;
    }
    is_host(host).then(|| address(host, port))
}

/// Whether a word has letters of both cases.
fn is_camel_case(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_uppercase())
        && word.contains(|c: char| c.is_ascii_lowercase())
}

fn number(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port > 0)
}

/// Whether a text is a host name or an IP address, by its characters.
fn is_host(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.parse::<IpAddr>().is_ok() {
        return true;
    }
    let fits = |label: &str| {
        let inside = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(inside)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 253
        && text.split('.').all(fits)
        && last.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Endings by which names are domain names, beside those of two letters. Other names of two labels may be a Service with
/// its namespace, or a file; longer ones without a port may be a class or a module.
const ENDINGS: &[&str] = &[
    "com",
    "net",
    "org",
    "dev",
    "app",
    "cloud",
    "info",
    "biz",
    "edu",
    "gov",
    "mil",
    "int",
    "online",
    "tech",
    "site",
    "xyz",
    "corp",
    "lan",
    "internal",
    "intranet",
    "home",
    "example",
    "test",
    "name",
    "pro",
    "store",
    "shop",
    "blog",
    "live",
    "media",
    "news",
    "email",
    "systems",
    "services",
    "solutions",
    "network",
    "global",
    "digital",
    "world",
    "agency",
    "company",
    "software",
    "technology",
    "team",
    "group",
    "bank",
    "health",
    "page",
    "run",
    "space",
    "website",
    "host",
    "tools",
    "works",
    "zone",
    "intra",
    "private",
];

/// Whether a host name is a domain name outside the cluster, as far as its text tells; `bare` is one without a port and a
/// scheme.
pub fn is_domain(host: &str, bare: bool) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    let Some(last) = labels.last() else {
        return false;
    };
    let inside = [
        "local",
        "localhost",
        "localdomain",
        "svc",
        "invalid",
        "arpa",
    ]
    .contains(last)
        || labels.iter().skip(1).any(|label| *label == "svc");
    let letters = last.len() >= 2 && last.bytes().all(|b| b.is_ascii_alphabetic());
    let known = last.len() == 2 || ENDINGS.contains(last);
    let named = letters || last.starts_with("xn--");
    !inside && named && (labels.len() > 2 && !bare || labels.len() >= 2 && known)
}

#[cfg(test)]
mod tests;
