//! Calico's selector language.

use std::fmt::{self, Display, Formatter};

use crate::sets::Labels;

/// A selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// `all()`, or an empty text.
    All,
    /// `global()`, only in the `namespaceSelector` of an entity.
    Global,
    /// `has(KEY)`.
    Has(String),
    /// `KEY == 'VALUE'`.
    Equal(String, String),
    /// `KEY != 'VALUE'`: also where the key is absent.
    NotEqual(String, String),
    /// `KEY in {'VALUE', ...}`.
    In(String, Vec<String>),
    /// `KEY not in {'VALUE', ...}`: also where the key is absent.
    NotIn(String, Vec<String>),
    /// `KEY contains 'VALUE'`.
    Contains(String, String),
    /// `KEY starts with 'VALUE'`.
    StartsWith(String, String),
    /// `KEY ends with 'VALUE'`.
    EndsWith(String, String),
    /// `!EXPRESSION`.
    Not(Box<Expression>),
    /// `A && B`.
    And(Vec<Expression>),
    /// `A || B`.
    Or(Vec<Expression>),
}

impl Expression {
    /// Whether it selects something with these labels. A missing key matches only the negative operators.
    pub fn matches(&self, labels: &Labels) -> bool {
        let value = |key: &String| labels.get(key);
        let tests = |key: &String, test: &dyn Fn(&str) -> bool| value(key).is_some_and(|v| test(v));
        match self {
            // `global()` restricts only where namespaces are selected.
            Self::All | Self::Global => true,
            Self::Has(key) => value(key).is_some(),
            Self::Equal(key, wanted) => value(key) == Some(wanted),
            Self::NotEqual(key, wanted) => value(key) != Some(wanted),
            Self::In(key, wanted) => value(key).is_some_and(|v| wanted.contains(v)),
            Self::NotIn(key, wanted) => value(key).is_none_or(|v| !wanted.contains(v)),
            Self::Contains(key, part) => tests(key, &|v| v.contains(part.as_str())),
            Self::StartsWith(key, part) => tests(key, &|v| v.starts_with(part.as_str())),
            Self::EndsWith(key, part) => tests(key, &|v| v.ends_with(part.as_str())),
            Self::Not(inner) => !inner.matches(labels),
            Self::And(all) => all.iter().all(|e| e.matches(labels)),
            Self::Or(any) => any.iter().any(|e| e.matches(labels)),
        }
    }

    /// Whether it needs parentheses as a term of `&&`, `||` and `!`.
    fn is_compound(&self) -> bool {
        matches!(self, Self::And(_) | Self::Or(_))
    }
}

/// In the language itself.
impl Display for Expression {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self {
            Self::All => write!(f, "all()"),
            Self::Global => write!(f, "global()"),
            Self::Has(key) => write!(f, "has({key})"),
            Self::Equal(key, value) => write!(f, "{key} == {}", Literal(value)),
            Self::NotEqual(key, value) => write!(f, "{key} != {}", Literal(value)),
            Self::In(key, values) => write!(f, "{key} in {}", Set(values)),
            Self::NotIn(key, values) => write!(f, "{key} not in {}", Set(values)),
            Self::Contains(key, value) => write!(f, "{key} contains {}", Literal(value)),
            Self::StartsWith(key, value) => write!(f, "{key} starts with {}", Literal(value)),
            Self::EndsWith(key, value) => write!(f, "{key} ends with {}", Literal(value)),
            // `!!` would be read as nothing.
            Self::Not(inner) if matches!(**inner, Self::Not(_)) => write!(f, "!({inner})"),
            Self::Not(inner) => {
                write!(f, "!")?;
                term(f, inner, inner.is_compound())
            }
            Self::And(all) => joined(f, all, " && ", Self::is_compound),
            Self::Or(any) => joined(f, any, " || ", |e| matches!(e, Self::Or(_))),
        }
    }
}

fn term(f: &mut Formatter, expression: &Expression, nested: bool) -> fmt::Result {
    match nested {
        true => write!(f, "({expression})"),
        false => write!(f, "{expression}"),
    }
}

fn joined(
    f: &mut Formatter,
    terms: &[Expression],
    operator: &str,
    nested: fn(&Expression) -> bool,
) -> fmt::Result {
    for (i, expression) in terms.iter().enumerate() {
        if i > 0 {
            write!(f, "{operator}")?;
        }
        term(f, expression, nested(expression))?;
    }
    Ok(())
}

/// A value in the quotes that it does not contain.
struct Literal<'a>(&'a str);

impl Display for Literal<'_> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        let quote = if self.0.contains('\'') { '"' } else { '\'' };
        write!(f, "{quote}{}{quote}", self.0)
    }
}

struct Set<'a>(&'a [String]);

impl Display for Set<'_> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        let values: Vec<String> = self.0.iter().map(|v| Literal(v).to_string()).collect();
        write!(f, "{{{}}}", values.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use crate::sets::Labels;

    #[test]
    fn absent_keys_match_negative_operators_only() {
        let web = Labels::from([("app".to_owned(), "web-1".to_owned())]);
        let none = Labels::new();
        for (selector, of_web, of_none) in [
            ("all()", true, true),
            ("global()", true, true),
            ("has(app)", true, false),
            ("!has(app)", false, true),
            ("app == 'web-1'", true, false),
            ("app == 'web'", false, false),
            ("app != 'web-1'", false, true),
            ("app != 'web'", true, true),
            ("!app == 'web-1'", false, true),
            ("app in {'a', 'web-1'}", true, false),
            ("app in {}", false, false),
            ("app not in {'web-1'}", false, true),
            ("app not in {}", true, true),
            ("app contains 'b-'", true, false),
            ("app contains ''", true, false),
            ("app starts with 'web'", true, false),
            ("app starts with '1'", false, false),
            ("app ends with '1'", true, false),
            ("!(app ends with '1')", false, true),
            ("has(app) && app != 'web-1'", false, false),
            ("has(app) || !has(app)", true, true),
            ("!(has(app) && all())", false, true),
        ] {
            let parsed = parse(selector).unwrap();
            assert_eq!(parsed.matches(&web), of_web, "{selector}");
            assert_eq!(parsed.matches(&none), of_none, "{selector}");
        }
    }
}
