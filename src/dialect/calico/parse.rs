//! Parses the selector language, as Calico's tokenizer and parser do.

use super::selector::Expression;

/// The most characters of a selector in a policy.
pub const LONGEST: usize = 1024;
/// The most characters of a label key.
const LONGEST_KEY: usize = 512;

/// Parses a selector; a blank one is `all()`. An error has the position, in characters from 1, and what is
/// expected there.
pub fn parse(text: &str) -> Result<Expression, String> {
    if text.chars().count() > LONGEST {
        return Err(format!("it has more than {LONGEST} characters"));
    }
    let mut cursor = Cursor { text, at: 0 };
    if cursor.at_end() {
        return Ok(Expression::All);
    }
    // Parentheses are a stack, not a recursion: a long selector may nest deep.
    let mut open = vec![Group::default()];
    loop {
        let negated = cursor.negated();
        if cursor.eats("(") {
            open.push(Group::new(negated));
            continue;
        }
        let mut operand = negate(cursor.operation()?, negated);
        loop {
            let Some(group) = open.last_mut() else {
                return Ok(operand);
            };
            group.all.push(operand);
            if cursor.eats("&&") {
                break;
            }
            if cursor.eats("||") {
                group.close_all();
                break;
            }
            let nested = open.len() > 1;
            if nested && !cursor.eats(")") {
                return Err(cursor.expected("`&&`, `||` or `)`"));
            }
            if !nested && !cursor.at_end() {
                return Err(cursor.expected("`&&`, `||` or the end"));
            }
            operand = open.pop().unwrap_or_default().close();
        }
    }
}

/// The operations between two parentheses, so far.
#[derive(Default)]
struct Group {
    negated: bool,
    /// Complete alternatives.
    any: Vec<Expression>,
    /// Operations of the alternative that is being parsed.
    all: Vec<Expression>,
}

impl Group {
    fn new(negated: bool) -> Self {
        Self {
            negated,
            ..Self::default()
        }
    }

    fn close_all(&mut self) {
        let all = std::mem::take(&mut self.all);
        self.any.push(joined(all, Expression::And));
    }

    fn close(mut self) -> Expression {
        self.close_all();
        negate(joined(self.any, Expression::Or), self.negated)
    }
}

fn joined(mut terms: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match terms.pop() {
        Some(only) if terms.is_empty() => only,
        last => {
            terms.extend(last);
            join(terms)
        }
    }
}

fn negate(expression: Expression, negated: bool) -> Expression {
    match negated {
        true => Expression::Not(Box::new(expression)),
        false => expression,
    }
}

struct Cursor<'a> {
    text: &'a str,
    /// The next byte.
    at: usize,
}

impl<'a> Cursor<'a> {
    /// What follows the blanks.
    fn rest(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let trimmed = rest.trim_start_matches([' ', '\t']);
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    fn at_end(&mut self) -> bool {
        self.rest().is_empty()
    }

    fn eats(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn expected(&mut self, what: &str) -> String {
        let rest = self.rest();
        let before = self.text.get(..self.at).unwrap_or_default();
        let position = before.chars().count() + 1;
        let found = match rest.chars().next() {
            Some(found) => format!("{found:?}"),
            None => "the end".to_owned(),
        };
        format!("expected {what} at character {position}, found {found}")
    }

    /// Eats all `!`; whether their number is odd.
    fn negated(&mut self) -> bool {
        let mut negated = false;
        while self.rest().starts_with('!') && !self.rest().starts_with("!=") {
            self.at += 1;
            negated = !negated;
        }
        negated
    }

    fn operation(&mut self) -> Result<Expression, String> {
        if self.eats("has(") {
            let key = self.key("a label key")?;
            return self.closed(Expression::Has(key));
        }
        if self.eats("all(") {
            return self.closed(Expression::All);
        }
        if self.eats("global(") {
            return self.closed(Expression::Global);
        }
        let key = self.key("a label key, `has(KEY)`, `all()`, `!` or `(`")?;
        self.condition(key)
    }

    fn closed(&mut self, expression: Expression) -> Result<Expression, String> {
        match self.eats(")") {
            true => Ok(expression),
            false => Err(self.expected("`)`")),
        }
    }

    fn key(&mut self, wanted: &str) -> Result<String, String> {
        let rest = self.rest();
        let in_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-');
        let end = rest.find(|c| !in_key(c)).unwrap_or(rest.len());
        let key = rest.get(..end).unwrap_or_default();
        if key.is_empty() {
            return Err(self.expected(wanted));
        }
        if key.len() > LONGEST_KEY {
            let wanted = format!("a label key of at most {LONGEST_KEY} characters");
            return Err(self.expected(&wanted));
        }
        self.at += end;
        Ok(key.to_owned())
    }

    /// The operator behind a key, and its value. Words need no blank behind them.
    fn condition(&mut self, key: String) -> Result<Expression, String> {
        let start = self.at;
        let compare: fn(String, String) -> Expression = match () {
            () if self.eats("==") => Expression::Equal,
            () if self.eats("!=") => Expression::NotEqual,
            () if self.eats("contains") => Expression::Contains,
            () if self.eats("starts") && self.eats("with") => Expression::StartsWith,
            () if self.eats("ends") && self.eats("with") => Expression::EndsWith,
            () if self.eats("not") && self.eats("in") => {
                return Ok(Expression::NotIn(key, self.values()?));
            }
            () if self.eats("in") => return Ok(Expression::In(key, self.values()?)),
            () => {
                self.at = start;
                return Err(self.expected(
                    "`==`, `!=`, `in`, `not in`, `contains`, `starts with` or `ends with`",
                ));
            }
        };
        Ok(compare(key, self.value()?))
    }

    fn value(&mut self) -> Result<String, String> {
        let found = self.literal()?;
        found.ok_or_else(|| self.expected("a value in quotes"))
    }

    /// A text in quotes, which has no escapes; none if there is none.
    fn literal(&mut self) -> Result<Option<String>, String> {
        let rest = self.rest();
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
            return Ok(None);
        };
        let inner = rest.get(1..).unwrap_or_default();
        let Some((value, _)) = inner.split_once(quote) else {
            return Err(self.expected(&format!("a value that ends with {quote}")));
        };
        self.at += value.len() + 2;
        Ok(Some(value.to_owned()))
    }

    /// `{'A', 'B'}`: it may be empty, and end with a comma.
    fn values(&mut self) -> Result<Vec<String>, String> {
        if !self.eats("{") {
            return Err(self.expected("`{`"));
        }
        let mut values = Vec::new();
        while let Some(value) = self.literal()? {
            values.push(value);
            if !self.eats(",") {
                break;
            }
        }
        match self.eats("}") {
            true => Ok(values),
            false if values.is_empty() => Err(self.expected("a value in quotes or `}`")),
            false => Err(self.expected("`,` or `}`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::selector::Expression::{
        All, And, Contains, EndsWith, Equal, Global, Has, In, Not, NotEqual, NotIn, Or, StartsWith,
    };
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> String {
        text.to_owned()
    }

    fn texts(all: &[&str]) -> Vec<String> {
        all.iter().map(|t| text(t)).collect()
    }

    fn not(inner: Expression) -> Expression {
        Not(Box::new(inner))
    }

    fn has(key: &str) -> Expression {
        Has(text(key))
    }

    fn is(key: &str, value: &str) -> Expression {
        Equal(text(key), text(value))
    }

    #[test]
    fn selectors_are_parsed() {
        for (written, want) in [
            ("", All),
            (" \t ", All),
            ("all()", All),
            ("all( \t)", All),
            ("global()", Global),
            (" global( ) ", Global),
            ("has(a)", has("a")),
            ("has( a\t)", has("a")),
            ("has(has)", has("has")),
            ("a == 'b'", is("a", "b")),
            ("a=='b'", is("a", "b")),
            ("A == \"q\"", is("A", "q")),
            ("a == ''", is("a", "")),
            ("a == \"it's\"", is("a", "it's")),
            ("a == 'x\\'", is("a", "x\\")),
            ("a == 'ä && \"'", is("a", "ä && \"")),
            ("a.b/c-d_E0 == 'x'", is("a.b/c-d_E0", "x")),
            ("-a == 'x'", is("-a", "x")),
            ("in == 'x'", is("in", "x")),
            ("has == 'x'", is("has", "x")),
            ("all == 'x'", is("all", "x")),
            ("not == 'x'", is("not", "x")),
            ("a != 'b'", NotEqual(text("a"), text("b"))),
            ("a in {}", In(text("a"), Vec::new())),
            ("a in{'x'}", In(text("a"), texts(&["x"]))),
            ("a in {'x',}", In(text("a"), texts(&["x"]))),
            ("a in { \"x\" , 'y' }", In(text("a"), texts(&["x", "y"]))),
            ("a not in {'x'}", NotIn(text("a"), texts(&["x"]))),
            ("a notin {'x'}", NotIn(text("a"), texts(&["x"]))),
            ("a not\tin{}", NotIn(text("a"), Vec::new())),
            ("a contains 'x'", Contains(text("a"), text("x"))),
            ("a contains'x'", Contains(text("a"), text("x"))),
            ("a starts with 'x'", StartsWith(text("a"), text("x"))),
            ("a startswith 'x'", StartsWith(text("a"), text("x"))),
            ("a ends  with 'x'", EndsWith(text("a"), text("x"))),
            ("a endswith 'x'", EndsWith(text("a"), text("x"))),
            ("!has(a)", not(has("a"))),
            ("! has(a)", not(has("a"))),
            ("!!has(a)", has("a")),
            ("!!!has(a)", not(has("a"))),
            ("!a == 'b'", not(is("a", "b"))),
            ("!(has(a))", not(has("a"))),
            ("!(!has(a))", not(not(has("a")))),
            ("((has(a)))", has("a")),
            ("has(a) && has(b)", And(vec![has("a"), has("b")])),
            ("!has(a) && has(b)", And(vec![not(has("a")), has("b")])),
            (
                "a != 'b'&&c=='d'\t&& all()",
                And(vec![NotEqual(text("a"), text("b")), is("c", "d"), All]),
            ),
            (
                "has(a) || has(b) && has(c)",
                Or(vec![has("a"), And(vec![has("b"), has("c")])]),
            ),
            (
                "(has(a) || has(b)) && has(c)",
                And(vec![Or(vec![has("a"), has("b")]), has("c")]),
            ),
            (
                "has(a) && !(has(b) || has(c)) || has(d)",
                Or(vec![
                    And(vec![has("a"), not(Or(vec![has("b"), has("c")]))]),
                    has("d"),
                ]),
            ),
        ] {
            assert_eq!(parse(written), Ok(want), "{written}");
        }
    }

    #[test]
    fn errors_have_the_position() {
        for (written, want) in [
            ("a = 'b'", "expected `==`, `!=`, `in`"),
            (
                "a == b",
                "expected a value in quotes at character 6, found 'b'",
            ),
            (
                "a == 'b",
                "expected a value that ends with ' at character 6",
            ),
            (
                "a == 'b' & c == 'd'",
                "expected `&&`, `||` or the end at character 10, found '&'",
            ),
            (
                "a == 'b' | c == 'd'",
                "expected `&&`, `||` or the end at character 10, found '|'",
            ),
            ("a in ['x']", "expected `{` at character 6, found '['"),
            (
                "a in {,}",
                "expected a value in quotes or `}` at character 7",
            ),
            ("a in {'x' 'y'}", "expected `,` or `}` at character 11"),
            (
                "a in {'x'",
                "expected `,` or `}` at character 10, found the end",
            ),
            ("a NOT IN {'x'}", "expected `==`"),
            ("a not contains 'x'", "expected `==`"),
            ("a starts 'x'", "expected `==`"),
            ("a matches 'x'", "expected `==`"),
            ("a > '1'", "expected `==`"),
            ("has a", "expected `==`"),
            ("has(a", "expected `)` at character 6, found the end"),
            ("has()", "expected a label key at character 5, found ')'"),
            ("has('a')", "expected a label key at character 5"),
            ("has (x)", "expected `==`"),
            ("all ()", "expected `==`"),
            ("any()", "expected `==`"),
            ("true", "expected `==`"),
            ("a b", "expected `==`"),
            (
                "a == 'it\\'s'",
                "expected `&&`, `||` or the end at character 11, found 's'",
            ),
            ("a==‘b’", "expected a value in quotes at character 4"),
            ("a == 'b' ||", "expected a label key, `has(KEY)`"),
            ("&& has(a)", "expected a label key"),
            (
                "(a == 'b'",
                "expected `&&`, `||` or `)` at character 10, found the end",
            ),
            (
                "a == 'b')",
                "expected `&&`, `||` or the end at character 9, found ')'",
            ),
            ("()", "expected a label key"),
            ("!", "expected a label key"),
            (
                "has(a)\n&& has(b)",
                "expected `&&`, `||` or the end at character 7, found '\\n'",
            ),
            ("all()\n", "expected `&&`"),
            ("ä == 'b'", "expected a label key"),
        ] {
            let error = parse(written).expect_err(written);
            assert!(error.starts_with(want), "{written}: {error}");
        }
        assert!(parse(&"a".repeat(1025)).is_err());
        assert!(parse(&format!("has({})", "a".repeat(513))).is_err());
        assert!(parse(&format!("has({})", "a".repeat(512))).is_ok());
    }

    #[test]
    fn deep_nesting_is_parsed() {
        let nested = format!("{}has(a){}", "(".repeat(509), ")".repeat(509));
        assert_eq!(parse(&nested), Ok(has("a")));
        let negated = format!("{}all(){}", "!(".repeat(339), ")".repeat(339));
        let parsed = parse(&negated).unwrap();
        assert_eq!(parse(&parsed.to_string()), Ok(parsed));
        assert!(parse(&"(".repeat(1024)).is_err());
    }

    fn expressions() -> impl Strategy<Value = Expression> {
        let key = || "[A-Za-z0-9_./-]{1,6}".prop_map(String::from);
        let value = || prop_oneof!["[^']{0,6}", "[^\"]{0,6}"];
        let values = || prop::collection::vec(value(), 0..3);
        let leaf = prop_oneof![
            Just(All),
            Just(Global),
            key().prop_map(Has),
            (key(), value()).prop_map(|(k, v)| Equal(k, v)),
            (key(), value()).prop_map(|(k, v)| NotEqual(k, v)),
            (key(), values()).prop_map(|(k, v)| In(k, v)),
            (key(), values()).prop_map(|(k, v)| NotIn(k, v)),
            (key(), value()).prop_map(|(k, v)| Contains(k, v)),
            (key(), value()).prop_map(|(k, v)| StartsWith(k, v)),
            (key(), value()).prop_map(|(k, v)| EndsWith(k, v)),
        ];
        leaf.prop_recursive(4, 12, 3, |inner| {
            let several = || prop::collection::vec(inner.clone(), 2..4);
            prop_oneof![
                inner.clone().prop_map(not),
                several().prop_map(And),
                several().prop_map(Or),
            ]
        })
    }

    proptest! {
        #[test]
        fn printed_selectors_are_parsed_again(expression in expressions()) {
            let printed = expression.to_string();
            prop_assume!(printed.chars().count() <= LONGEST);
            prop_assert_eq!(parse(&printed), Ok(expression), "{}", printed);
        }

        #[test]
        fn no_text_panics(words in prop::collection::vec(prop_oneof![
            Just(text("(")), Just(text(")")), Just(text("!")), Just(text("&&")), Just(text("||")),
            Just(text("has(")), Just(text("a")), Just(text("==")), Just(text("'x'")), Just(text("in")),
            Just(text("{")), Just(text("}")), Just(text(",")), Just(text(" ")), ".{0,3}",
        ], 0..16)) {
            if let Ok(parsed) = parse(&words.concat()) {
                prop_assert_eq!(parse(&parsed.to_string()), Ok(parsed));
            }
        }
    }
}
