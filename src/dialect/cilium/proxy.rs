//! Checks settings of the proxy that the answers do not depend on, as the schema does: TLS, listeners, headers (C44, C45).

use super::reader::Reader;
use crate::dialect::schema::At;

/// What a request without the right header gets.
const MISMATCHES: [&str; 4] = ["LOG", "ADD", "DELETE", "REPLACE"];
const ENVOY_KINDS: [&str; 2] = ["CiliumEnvoyConfig", "CiliumClusterwideEnvoyConfig"];
/// The most characters of a name of a TLS server.
const LONGEST_NAME: usize = 255;
const SERVER_NAME: &str = r"^(\*?\*\.)?([-a-zA-Z0-9_]+\.?)+$";

impl<'a> Reader<'a> {
    /// `terminatingTLS` and `originatingTLS`.
    pub fn tls(&mut self, at: &At<'a>) {
        if let Some(secret) = self.schema.required(at, "secret") {
            self.secret(&secret);
        }
        self.texts(at, &["certificate", "privateKey", "trustedCA"]);
    }

    fn secret(&mut self, at: &At<'a>) {
        if let Some(name) = self.schema.required(at, "name") {
            self.schema.text(&name);
        }
        self.texts(at, &["namespace"]);
    }

    /// `serverNames`.
    pub fn server_names(&mut self, at: &At<'a>) {
        for item in self.schema.list(at, 1, usize::MAX) {
            let text = self.schema.short_text(&item, LONGEST_NAME);
            if let Some(text) = text.filter(|text| !is_server_name(text)) {
                self.unmatched(&item, &text, SERVER_NAME);
            }
        }
    }

    /// The fields of `listener`; its name.
    pub fn listener_fields(&mut self, at: &At<'a>) -> String {
        if let Some(config) = self.schema.required(at, "envoyConfig") {
            if let Some(kind) = self.schema.get(&config, "kind") {
                self.schema.word(&kind, &ENVOY_KINDS);
            }
            self.name(&config);
        }
        if let Some(priority) = self.schema.get(at, "priority") {
            self.schema.number(&priority, 1, 100);
        }
        self.name(at)
    }

    /// `headers` and `headerMatches` of an HTTP rule.
    pub fn headers(&mut self, at: &At<'a>) {
        for item in self.items(at, "headers", usize::MAX) {
            self.schema.text(&item);
        }
        for item in self.items(at, "headerMatches", usize::MAX) {
            self.name(&item);
            self.texts(&item, &["value"]);
            if let Some(mismatch) = self.schema.get(&item, "mismatch") {
                self.schema.word(&mismatch, &MISMATCHES);
            }
            if let Some(secret) = self.schema.get(&item, "secret") {
                self.secret(&secret);
            }
        }
    }

    /// A name that is required and not empty.
    fn name(&mut self, at: &At<'a>) -> String {
        let name = self.schema.required(at, "name");
        let text = name.as_ref().and_then(|name| self.schema.text(name));
        if let (Some(name), Some("")) = (&name, text.as_deref()) {
            let detail = format!("{} in body should be at least 1 chars long", name.path);
            self.schema.invalid(name, &"\"\"", &detail);
        }
        text.unwrap_or_default()
    }

    fn texts(&mut self, at: &At<'a>, keys: &[&str]) {
        for key in keys {
            if let Some(field) = self.schema.get(at, key) {
                self.schema.text(&field);
            }
        }
    }
}

/// Whether a text matches the pattern of names of TLS servers.
fn is_server_name(text: &str) -> bool {
    let wild = text.strip_prefix("**.").or_else(|| text.strip_prefix("*."));
    let name = wild.unwrap_or(text);
    let name = name.strip_suffix('.').unwrap_or(name);
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let label = |label: &str| !label.is_empty() && label.bytes().all(plain);
    name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::is_server_name;

    #[test]
    fn names_of_servers_may_start_with_a_wildcard() {
        for name in ["a.example.com", "*.example.com", "**.example.com.", "_a-b"] {
            assert!(is_server_name(name), "{name}");
        }
        for name in ["", "*", "a.*.com", ".example.com", "a..b", "***.a", "a b"] {
            assert!(!is_server_name(name), "{name}");
        }
    }
}
