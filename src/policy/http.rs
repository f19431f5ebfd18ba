//! HTTP rules of flows, for the dialects that filter requests.

use std::fmt;

/// Requests that match all that is given. Both parts are regular expressions, as Envoy matches them: the whole method,
/// the whole path.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpRule {
    /// `GET`; none: every method.
    pub method: Option<String>,
    /// `/products/.*`; none: every path.
    pub path: Option<String>,
}

impl HttpRule {
    /// The rule that its text means: `GET /products/.*`, `GET`, `/healthz`. None: there is nothing in it, or more than
    /// a method and a path.
    pub fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (method, path) = match words[..] {
            [path] if path.starts_with('/') => (None, Some(path)),
            [method] => (Some(method), None),
            [method, path] => (Some(method), Some(path)),
            _ => return None,
        };
        Some(Self {
            method: method.map(str::to_owned),
            path: path.map(str::to_owned),
        })
    }
}

/// As [`HttpRule::parse`] reads it.
impl fmt::Display for HttpRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [&self.method, &self.path];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        f.write_str(&parts.join(" "))
    }
}
