//! Patterns of domain names, label by label from the last one (A8, C34).

use crate::sets::DomainPattern;

/// Whether a pattern matches a name. Case and a trailing dot are ignored.
pub(super) fn is_named(name: &str, pattern: &DomainPattern) -> bool {
    let name = name.to_ascii_lowercase();
    let mut labels: Vec<&str> = name.strip_suffix('.').unwrap_or(&name).split('.').collect();
    if labels.iter().any(|label| label.is_empty()) {
        return false;
    }
    for wanted in pattern.labels().iter().rev() {
        match labels.pop() {
            Some(label) if fits(label, wanted) => {}
            _ => return false,
        }
    }
    labels.is_empty() != pattern.is_below()
}

/// Whether a label begins and ends as the pattern does, with the parts between its `*` in their order.
fn fits(label: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return label == pattern;
    };
    let Some(mut label) = label.strip_prefix(start) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match label.split_once(part) {
            Some((_, after)) => label = after,
            None => return false,
        }
    }
    label.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_fit_from_both_ends() {
        for (label, pattern, want) in [
            ("api", "api", true),
            ("api", "ap", false),
            ("api", "*", true),
            ("api", "a*i", true),
            ("a", "a*a", false),
            ("abcbd", "a*b*d", true),
            ("abd", "a*b*b*d", false),
        ] {
            assert_eq!(fits(label, pattern), want, "{label} {pattern}");
        }
        let below = DomainPattern::subdomains("*.example.com");
        assert!(is_named("a.b.Example.com.", &below));
        assert!(!is_named("example.com", &below));
        assert!(!is_named(".example.com", &below));
    }
}
