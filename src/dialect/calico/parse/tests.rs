//! Which texts are selectors, and what they mean.

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
