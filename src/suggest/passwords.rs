//! Values as evidence repeats them: without passwords.

/// A text without the passwords in its URLs and connection strings.
pub fn without_passwords(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let end = after.find(|c: char| c.is_whitespace() || "/?#\"'".contains(c));
        let (authority, after) = after.split_at(end.unwrap_or(after.len()));
        match authority.rsplit_once('@') {
            Some((user, host)) => {
                out.push_str(user.split(':').next().unwrap_or_default());
                out.push_str(if user.contains(':') { ":***@" } else { "@" });
                out.push_str(host);
            }
            None => out.push_str(authority),
        }
        rest = after;
    }
    out.push_str(rest);
    if let Some((user, host)) = out.split_once("@tcp(") {
        let user = user.split(':').next().unwrap_or_default();
        out = format!("{user}:***@tcp({host}");
    }
    hide_assigned(&out)
}

/// Hides the values of `password=`, `pwd=`, `token=` and the like.
fn hide_assigned(text: &str) -> String {
    let secret = |key: &str| {
        let key = key.to_ascii_lowercase();
        [
            "password",
            "passwd",
            "pwd",
            "secret",
            "token",
            "apikey",
            "api_key",
            "access_key",
            "sig",
        ]
        .iter()
        .any(|word| key.ends_with(word))
    };
    let between = |c: char| c.is_whitespace() || ",;&?".contains(c);
    let hidden = text
        .split_inclusive(between)
        .map(|piece| match piece.split_once('=') {
            Some((key, value)) if secret(key) => {
                let end = value.chars().next_back().filter(|c| between(*c));
                format!("{key}=***{}", end.map(String::from).unwrap_or_default())
            }
            _ => piece.to_owned(),
        });
    hidden.collect()
}
