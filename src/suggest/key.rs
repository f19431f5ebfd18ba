//! What the names of variables and options tell of their values.

/// What the name of a variable or an option tells of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A host or an address.
    Host,
    /// Something else: a user, a database, a kind.
    Other,
    /// It does not tell.
    Unclear,
}

const HOSTS: &[&str] = &[
    "host",
    "hosts",
    "hostname",
    "hostnames",
    "addr",
    "addrs",
    "address",
    "addresses",
    "url",
    "urls",
    "uri",
    "uris",
    "endpoint",
    "endpoints",
    "server",
    "servers",
    "service",
    "svc",
    "broker",
    "brokers",
    "upstream",
    "backend",
    "target",
    "targets",
    "peer",
    "peers",
    "seed",
    "seeds",
    "node",
    "nodes",
    "dsn",
    "proxy",
    "pass",
    "gateway",
    "master",
    "replica",
];
const OTHERS: &[&str] = &[
    "user",
    "username",
    "password",
    "passwd",
    "secret",
    "token",
    "name",
    "names",
    "type",
    "kind",
    "driver",
    "mode",
    "database",
    "db",
    "dbname",
    "schema",
    "component",
    "tier",
    "env",
    "environment",
    "role",
    "namespace",
    "image",
    "version",
    "label",
    "labels",
    "class",
    "provider",
    "engine",
    "dialect",
    "level",
    "domain",
    "domains",
    "prefix",
    "topic",
    "queue",
    "bucket",
    "id",
    "key",
    "path",
    "file",
    "profile",
    "profiles",
    "module",
    "modules",
    "tag",
    "format",
    "group",
    "vhost",
    "exchange",
    "index",
    "job",
];

/// Whether what a key names is no destination: where the workload itself listens or is reached, or hosts that its own
/// clients may name or that it must not use a proxy for.
pub fn is_no_destination(name: &str) -> bool {
    const PARTS: [&str; 31] = [
        "noproxy",
        "nonproxyhosts",
        "allowedhosts",
        "alloweddomains",
        "allowedorigin",
        "trustedhosts",
        "trustedproxies",
        "trustedorigins",
        "redirecturl",
        "redirecturi",
        "callbackurl",
        "rooturl",
        "publicurl",
        "publichost",
        "externalurl",
        "siteurl",
        "advertised",
        "advertiseaddr",
        "advertisehost",
        "advertiseclient",
        "advertisepeer",
        "bindaddr",
        "bindhost",
        "listenaddr",
        "listenhost",
        "listenon",
        "virtualhost",
        "kchostname",
        "keycloakhostname",
        "tlssan",
        "publishservice",
    ];
    let whole = plain(name);
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    PARTS.iter().any(|part| whole.contains(part))
        || whole.ends_with("image")
        || words.any(|word| ["cors", "bind"].contains(&word.to_ascii_lowercase().as_str()))
}

/// Whether a key outside a file is that of where the workload itself listens, as often as of a host.
pub fn may_be_own_host(name: &str) -> bool {
    ["host", "hostname"].contains(&plain(name).as_str())
}

/// What the last word of a key tells.
pub fn key(name: &str) -> Key {
    if name == "-h" {
        return Key::Host;
    }
    let mut words = Vec::new();
    for part in name.split(|c: char| !c.is_ascii_alphanumeric()) {
        // `dbHost` is two words, `PGHOST` is one.
        let lower = part.rfind(|c: char| c.is_ascii_lowercase()).is_some();
        let camel = part
            .rfind(|c: char| c.is_ascii_uppercase())
            .filter(|_| lower);
        words.extend(camel.and_then(|at| part.get(at..)).or(Some(part)));
    }
    // `HOST_1` is a host.
    let is_word = |word: &&str| word.contains(|c: char| !c.is_ascii_digit());
    let last = words.into_iter().rfind(is_word);
    let last = last.unwrap_or_default().to_ascii_lowercase();
    if plain(name).ends_with("hostname") {
        return Key::Host;
    }
    let is = |all: &[&str]| all.contains(&last.as_str());
    match () {
        () if is(OTHERS) => Key::Other,
        () if is(HOSTS) || last.ends_with("host") || last.ends_with("addr") => Key::Host,
        () => Key::Unclear,
    }
}

/// Names of the variable that has the port of the host in another one: of `DB_HOST` these are those of `DB_PORT`.
/// Compare them by [`port_key`].
pub fn port_keys(host_key: &str) -> Vec<String> {
    const ENDS: &[&str] = &[
        "hostname",
        "servername",
        "address",
        "endpoint",
        "service",
        "server",
        "host",
        "addr",
        "svc",
        "url",
        "uri",
        "ip",
    ];
    let whole = plain(host_key);
    let stems = ENDS.iter().filter_map(|end| whole.strip_suffix(end));
    // A bare `HOST` is mostly where the workload itself listens, with its own `PORT`.
    let stems = stems.filter(|stem| !stem.is_empty());
    let mut found: Vec<String> = stems.map(|stem| format!("{stem}port")).collect();
    found.push(format!("{whole}port"));
    found.retain(|name| name != "port" && name != "hostport");
    // So Envoy names it.
    found.extend(found.clone().iter().map(|name| format!("{name}value")));
    if !is_option(host_key) {
        return found;
    }
    if HOST_OPTIONS.contains(&host_key) {
        found.extend(["p".to_owned(), "port".to_owned()]);
    }
    found.iter().map(|name| format!("-{name}")).collect()
}

/// Options before the name of a host.
pub const HOST_OPTIONS: [&str; 3] = ["-h", "--host", "--hostname"];

fn is_option(key: &str) -> bool {
    key.starts_with('-')
}

/// The key of a port as [`port_keys`] has it: options of commands are no variables.
pub fn port_key(key: &str) -> String {
    match is_option(key) {
        true => format!("-{}", plain(key)),
        false => plain(key),
    }
}

/// A key in lower case without anything between its words.
pub fn plain(key: &str) -> String {
    let letters = key.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}
