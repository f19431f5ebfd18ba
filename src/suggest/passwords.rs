//! Values as evidence repeats them: without passwords and tokens (dep 3.12).

const HIDDEN: &str = "***";

/// A text without the passwords and tokens in its URLs, connection strings, headers, options and assignments.
pub fn without_passwords(text: &str) -> String {
    let text = hide_users(text);
    let text = hide_headers(&text);
    let text = hide_options(&text);
    hide_assigned(&text)
}

/// Whether the name of a variable, an option or a key is that of a secret.
pub fn is_secret(key: &str) -> bool {
    const WORDS: [&str; 16] = [
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "token",
        "apikey",
        "api_key",
        "api-key",
        "access_key",
        "accesskey",
        "secret_key",
        "secretkey",
        "private_key",
        "credentials",
        "sig",
    ];
    let key = key.to_ascii_lowercase();
    let is_pass = key == "pass" || key.ends_with("_pass") || key.ends_with("-pass");
    WORDS.iter().any(|word| key.ends_with(word)) || is_pass && key != "proxy_pass"
}

/// Hides the password in `user:password@host`, with a scheme or without one.
fn hide_users(text: &str) -> String {
    let is_end = |c: char| c.is_whitespace() || "\"'`,;<>".contains(c);
    let hide = |word: &str| {
        let (scheme, rest) = match word.split_once("://") {
            Some((scheme, rest)) => (format!("{scheme}://"), rest),
            None => (String::new(), word),
        };
        let end = match scheme.is_empty() {
            true => rest.len(),
            false => rest.find(['/', '?', '#']).unwrap_or(rest.len()),
        };
        let (authority, path) = rest.split_at(end);
        match authority.rsplit_once('@') {
            Some((user, host)) if user.contains(':') => {
                let user = user.split(':').next().unwrap_or_default();
                format!("{scheme}{user}:{HIDDEN}@{host}{path}")
            }
            _ => word.to_owned(),
        }
    };
    let mut out = String::new();
    for piece in text.split_inclusive(is_end) {
        let word = piece.trim_end_matches(is_end);
        out.push_str(&hide(word));
        out.push_str(piece.get(word.len()..).unwrap_or_default());
    }
    out
}

/// Hides what follows the name of a scheme of HTTP authentication.
fn hide_headers(text: &str) -> String {
    let mut out = String::new();
    let mut words = text.split_inclusive(' ');
    while let Some(word) = words.next() {
        out.push_str(word);
        let plain = word.trim().trim_start_matches(['"', '\'']);
        let plain = plain.rsplit([':', '"', '\'']).next().unwrap_or_default();
        if ["bearer", "basic"].contains(&plain.to_ascii_lowercase().as_str())
            && let Some(value) = words.next()
        {
            let end = value.find(|c: char| c.is_whitespace() || "\"'".contains(c));
            out.push_str(HIDDEN);
            out.push_str(end.and_then(|end| value.get(end..)).unwrap_or_default());
        }
    }
    out
}

/// Hides the password in `curl -u user:password` and `mysql -ppassword`, and the value of options that are named for one.
fn hide_options(text: &str) -> String {
    let has = |names: &[&str]| names.iter().any(|name| text.contains(name));
    let joined = has(&["mysql", "mariadb"]);
    let by_short = match () {
        () if has(&["sshpass"]) => Some("-p"),
        () if has(&["redis-cli", "valkey-cli"]) => Some("-a"),
        () => None,
    };
    let mut out = String::new();
    let mut before = "";
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let space = piece.get(word.len()..).unwrap_or_default();
        let bare = word.trim_matches(['"', '\'']);
        let short = joined && bare.len() > 2 && bare.starts_with("-p") && !bare.contains('=');
        let named = before.starts_with('-') && !before.contains('=') && is_secret(before);
        let user = match bare.split_once(':') {
            Some((user, _)) if ["-u", "--user", "--proxy-user"].contains(&before) => Some(user),
            _ => None,
        };
        let joined_user = bare.strip_prefix("-u").and_then(|own| own.split_once(':'));
        match (user, joined_user) {
            (Some(user), _) => out.push_str(&format!("{user}:{HIDDEN}")),
            (_, Some((user, _))) => out.push_str(&format!("-u{user}:{HIDDEN}")),
            _ if short => out.push_str(&format!("-p{HIDDEN}")),
            _ if named || by_short == Some(before) => out.push_str(HIDDEN),
            _ => out.push_str(word),
        }
        out.push_str(space);
        before = bare;
    }
    out
}

/// Hides the values of `password=`, `"token": ` and the like.
fn hide_assigned(text: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_name) {
        let (before, from_name) = rest.split_at(start);
        let end = from_name.find(|c| !is_name(c)).unwrap_or(from_name.len());
        let (name, after) = from_name.split_at(end);
        out.push_str(before);
        out.push_str(name);
        rest = after;
        let Some((between, value)) = assigned(after).filter(|_| is_secret(name)) else {
            continue;
        };
        out.push_str(between);
        out.push_str(HIDDEN);
        rest = value;
    }
    out.push_str(rest);
    out
}

/// What is between a name and its value, and what follows the value; none if nothing is assigned.
fn assigned(after: &str) -> Option<(&str, &str)> {
    let quote = after.strip_prefix(['"', '\'']).unwrap_or(after);
    let spaced = quote.trim_start_matches(' ');
    let value = spaced.strip_prefix(['=', ':'])?;
    let is_mapped = spaced.starts_with(':');
    let value = value.trim_start_matches(' ');
    let quoted = value.chars().next().filter(|c| "\"'".contains(*c));
    let value = quoted.and_then(|_| value.get(1..)).unwrap_or(value);
    let is_end = |c: char| match quoted {
        Some(quote) => c == quote,
        None => c.is_whitespace() || ",;&\"'".contains(c) || is_mapped && "}]".contains(c),
    };
    let end = value.find(is_end).unwrap_or(value.len());
    let between = after.get(..after.len() - value.len())?;
    (end > 0).then_some((between, value.get(end..)?))
}
