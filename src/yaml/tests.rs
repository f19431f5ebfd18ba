//! Trees, ranges, and what real manifests contain.

use super::*;

fn one(text: &str) -> Node {
    let parsed = parse(text);
    assert_eq!(parsed.problems, [], "{text}");
    assert_eq!(parsed.documents.len(), 1, "{text}");
    parsed.documents.into_iter().next().unwrap().node
}

/// The problem of a text that has exactly one, and how many documents came before it.
fn broken(text: &str) -> (Problem, usize) {
    let parsed = parse(text);
    assert_eq!(parsed.problems.len(), 1, "{:?}", parsed.problems);
    let problem = parsed.problems.into_iter().next().unwrap();
    (problem, parsed.documents.len())
}

fn text_at<'a>(node: &'a Node, key: &str) -> &'a str {
    node.get(key).and_then(Node::as_str).unwrap()
}

fn at(node: &Node) -> (u32, u32) {
    (node.mark.line, node.mark.column)
}

#[test]
fn keys_and_values_have_positions() {
    let node = one("# head\na: 1\nlist:\n- x: é\n  \"y\": {z: [1, 2]}\n");
    let Value::Map(map) = &node.value else {
        panic!("a map")
    };
    let keys: Vec<_> = map
        .entries
        .iter()
        .map(|e| (e.key.as_str(), e.mark.line))
        .collect();
    assert_eq!(keys, [("a", 2), ("list", 3)]);
    assert_eq!(at(node.get("a").unwrap()), (2, 4));
    let item = &node.get("list").unwrap().items().unwrap()[0];
    assert_eq!(at(item), (4, 3));
    let z = item.get("y").unwrap().get("z").unwrap();
    assert_eq!(at(z), (5, 12));
    assert_eq!(at(&z.items().unwrap()[1]), (5, 16));
    assert_eq!(node.mark.bytes(), 7..44);
}

#[test]
fn positions_count_across_documents() {
    let parsed = parse("a: 1\n---\n# note\n\n---\nb: 2\n...\n---\nc: 3");
    let places: Vec<_> = parsed.documents.iter().map(|d| at(&d.node)).collect();
    assert_eq!(places, [(1, 1), (6, 1), (9, 1)]);
}

#[test]
fn every_document_has_its_own_text() {
    let text = "---\n# Source: a.yaml\na: 1\n\n---\n---\nb: 2 # end\n...\n--- {c: 3}\n";
    let own: Vec<_> = parse(text)
        .documents
        .iter()
        .map(|d| &text[d.range.clone()])
        .collect();
    assert_eq!(
        own,
        ["# Source: a.yaml\na: 1\n", "b: 2 # end\n", "--- {c: 3}\n"]
    );
}

#[test]
fn empty_documents_are_skipped() {
    for text in [
        "",
        "\n",
        "---\n",
        "# only a comment\n",
        "---\n---\n",
        "null\n",
        "~",
        "--- # x\n...\n",
    ] {
        let parsed = parse(text);
        assert!(
            parsed.documents.is_empty() && parsed.problems.is_empty(),
            "{text:?}"
        );
    }
}

#[test]
fn json_bom_crlf_and_tabs() {
    let json = one("\u{feff}{\n\t\"a\": [1, \"x\\u0041\"],\r\n\t\"b\": null\n}");
    assert_eq!(
        json.get("a").unwrap().items().unwrap()[1].as_str(),
        Some("xA")
    );
    assert_eq!(json.get("b"), None);
    let crlf = one("a: x\r\nb: |\r\n  one\r\n  two\r\n");
    assert_eq!(text_at(&crlf, "a"), "x");
    assert_eq!(text_at(&crlf, "b"), "one\ntwo\n");
    assert_eq!(at(crlf.get("b").unwrap()), (2, 4));
    let (problem, _) = broken("a:\n\tb: 1\n");
    assert!(problem.fatal && problem.mark.line == 2, "{problem:?}");
}

#[test]
fn quoted_scalars_are_text_and_plain_ones_are_not() {
    let node = one("a: \"on\"\nb: on\nc: '1'\nd: 1\ne: |\n  1\nf: !!str 1\n");
    for key in ["a", "c", "e", "f"] {
        assert!(node.get(key).unwrap().as_str().is_some(), "{key}");
    }
    assert_eq!(node.get("b").unwrap().value.what(), "a boolean");
    assert_eq!(node.get("d").unwrap().value.what(), "a number");
}

#[test]
fn keys_of_json_have_no_limit() {
    let long = "k".repeat(5_000);
    let text = format!("{{\"{long}\": \"x\", \"b\"\n: {{\"c\"   : 1}}}}");
    let node = one(&text);
    assert_eq!(text_at(&node, &long), "x");
    let c = node.get("b").unwrap().get("c").unwrap();
    assert_eq!((c.mark.line, c.mark.column), (2, 12));
    let Value::Map(map) = &node.value else {
        panic!("a map")
    };
    assert_eq!(map.entries[0].mark.bytes(), 1..5_003);
    assert_eq!(node.mark.bytes(), 0..text.len());
    // In YAML it has one.
    assert!(broken(&format!("{long}: x\n")).0.fatal);
}

#[test]
fn keys_other_than_strings_are_written_as_json_does() {
    let node = one("1: a\non: b\n1.10: c\n");
    assert_eq!(text_at(&node, "1"), "a");
    assert_eq!(text_at(&node, "true"), "b");
    assert_eq!(text_at(&node, "1.1"), "c");
    for text in ["~: x\n", "? [a]\n: x\n", "{{ .Values.x }}\n"] {
        let (problem, documents) = broken(text);
        assert!(!problem.fatal, "{text}");
        assert_eq!(documents, 0);
        assert_eq!(problem.template, text.contains("{{"));
    }
}

#[test]
fn the_last_of_equal_keys_counts_and_is_reported() {
    let node = one("a: 1\nb: 2\na: x\n");
    assert_eq!(text_at(&node, "a"), "x");
    let Value::Map(map) = &node.value else {
        panic!("a map")
    };
    assert_eq!(
        map.duplicates,
        [(
            "a".to_owned(),
            Mark {
                line: 3,
                column: 1,
                start: 10,
                end: 11
            }
        )]
    );
    assert_eq!(map.entries.len(), 2);
    let long: String = (0..100).map(|i| format!("k{}: {i}\n", i % 60)).collect();
    let Value::Map(map) = one(&long).value else {
        panic!("a map")
    };
    assert_eq!((map.entries.len(), map.duplicates.len()), (60, 40));
    assert!(matches!(map.entry("k0").unwrap().value.value, Value::Number(n, _) if n == 60.0));
}

#[test]
fn aliases_and_merge_keys_as_go_yaml_v2_reads_them() {
    let node = one(
        "base: &b {x: 1, k: base}\nuse: *b\nover:\n  <<: *b\n  k: own\nunder:\n  k: own\n  <<: *b\nmany:\n  <<: [{x: first}, {x: second, z: z}]\n",
    );
    assert_eq!(text_at(node.get("use").unwrap(), "k"), "base");
    assert_eq!(text_at(node.get("over").unwrap(), "k"), "own");
    assert_eq!(text_at(node.get("under").unwrap(), "k"), "base");
    assert_eq!(text_at(node.get("many").unwrap(), "x"), "first");
    assert_eq!(text_at(node.get("many").unwrap(), "z"), "z");
    assert_eq!(at(node.get("use").unwrap()), (2, 6));
    assert_eq!(broken("a: *none\n").0.message, "unknown anchor `none`");
    assert!(!broken("a: &a [*a]\n").0.fatal);
    assert!(!broken("a: {<<: 1}\n").0.fatal);
}

#[test]
fn a_key_that_overrides_a_merged_one_is_no_duplicate() {
    for (text, k, duplicates) in [
        ("{<<: {k: a}, k: b}", "b", 0),
        ("{<<: [{k: a, x: 1}, {k: c, x: 2}], x: 3, k: b}", "b", 0),
        ("{<<: {k: a}, <<: {k: b}}", "b", 0),
        ("{<<: {k: a}, k: b, k: c}", "c", 1),
        ("{k: a, <<: {k: b}, k: c}", "c", 1),
        ("{<<: {<<: {k: a}, k: b}, k: c}", "c", 0),
    ] {
        let node = one(text);
        assert_eq!(text_at(&node, "k"), k, "{text}");
        let Value::Map(map) = &node.value else {
            panic!("a map")
        };
        assert_eq!(map.duplicates.len(), duplicates, "{text}");
    }
}

#[test]
fn anchors_end_with_their_document() {
    let (problem, documents) = broken("a: &a 1\n---\nb: *a\n---\nc: 1\n");
    assert_eq!((problem.mark.line, documents), (3, 2));
}

#[test]
fn alias_expansion_is_bounded() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..12 {
        let many = vec![format!("*a{}", i - 1); 10].join(", ");
        text.push_str(&format!("a{i}: &a{i} [{many}]\n"));
    }
    assert!(broken(&text).0.message.contains("expand to too many nodes"));
}

#[test]
fn alias_expansion_is_bounded_by_bytes_too() {
    let long = "x".repeat(1 << 20);
    let many = |count: usize| vec!["*a"; count].join(", ");
    one(&format!("a: &a {long}\nb: [{}]\n", many(20)));
    let (problem, _) = broken(&format!("a: &a {long}\nb: [{}]\n", many(100)));
    assert!(problem.message.contains("aliases"), "{problem:?}");
    let (problem, _) = broken(
        &format!("a: &a {{{long}: 1}}\nb: [{}]\n", many(100))
            .replace(&format!("{{{long}: 1}}"), &format!("{{? {long} : 1}}")),
    );
    assert!(problem.message.contains("aliases"), "{problem:?}");
}

#[test]
fn documents_before_a_syntax_error_are_read() {
    let (problem, documents) = broken("a: 1\n---\nb: 2\n---\n@c: 3\n---\nd: 4\n");
    assert_eq!(documents, 2);
    assert!(problem.fatal);
    assert_eq!((problem.mark.line, problem.mark.column), (5, 1));
    assert!(problem.message.starts_with("invalid YAML: found character"));
    let (problem, _) = broken("a: 1\nb: \u{1}\n");
    assert_eq!((problem.mark.line, problem.mark.column), (2, 4));
    assert!(broken("a: [1, 2\nb: {{ x }}\n").0.template);
}

#[test]
fn depth_is_bounded() {
    for text in [
        "[".repeat(100_000),
        "{a: ".repeat(50_000),
        "- ".repeat(50_000),
    ] {
        let (problem, documents) = broken(&text);
        assert_eq!(documents, 0);
        assert!(problem.message.contains("levels deep"), "{problem:?}");
    }
    let deep = format!("{}{}", "[".repeat(400), "]".repeat(400));
    one(&deep);
}

/// libyaml-safer panics at such a tag.
#[test]
fn a_tag_followed_by_a_comma_is_invalid() {
    for (text, column) in [
        ("a: 1\nb: [!x, 2]\n", 5),
        ("a: 1\nb: [!<tag:x>, 2]\n", 5),
        ("a: \"[!x,\"\nb: {!, 2}\n", 5),
        ("a: 1 # [!x,\nb: [&c !x!y, 2]\n", 8),
        ("a: ü!x,\nb: [!!str, 2]\n", 5),
    ] {
        let (problem, documents) = broken(text);
        let at = (documents, problem.mark.line, problem.mark.column);
        assert_eq!((at, problem.fatal), ((0, 2, column), true), "{text}");
        assert_eq!(
            problem.message,
            "invalid YAML: a tag must be followed by a space, not by a comma"
        );
    }
    let node = one("a: [b !x, \"!y,\", !<tag:yaml.org,2002:str> 1, !z 2, 3] # !x,\n");
    let items = node.get("a").unwrap().items().unwrap();
    let texts: Vec<_> = items.iter().filter_map(Node::as_str).collect();
    assert_eq!(texts, ["b !x", "!y,", "1", "2"]);
}

/// Every range is the text that was read there.
#[test]
fn ranges_contain_the_text_of_keys_and_values() {
    let text = "\u{feff}# é\r\na: &x 'ü'\r\nb:\r\n- c: |\r\n    d\r\n\r\n- [e, *x]\r\n---\r\nf:\r\n  g: {h: i}\r\n# j";
    fn ranges<'t>(node: &Node, text: &'t str, out: &mut Vec<&'t str>) {
        out.push(&text[node.mark.bytes()]);
        match &node.value {
            Value::Map(map) => {
                for entry in &map.entries {
                    out.push(&text[entry.mark.bytes()]);
                    ranges(&entry.value, text, out);
                }
            }
            Value::Seq(items) => items.iter().for_each(|item| ranges(item, text, out)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    for document in parse(text).documents {
        ranges(&document.node, text, &mut out);
    }
    let whole = &text[9..text.find("\r\n---").unwrap()];
    let list = &whole[whole.find('-').unwrap()..];
    let block = "|\r\n    d\r\n\r\n";
    assert_eq!(
        out,
        [
            whole,
            "a",
            "&x 'ü'",
            "b",
            list,
            &list[2..list.find("- [").unwrap()],
            "c",
            block,
            "[e, *x]",
            "e",
            "*x",
            "f:\r\n  g: {h: i}",
            "f",
            "g: {h: i}",
            "g",
            "{h: i}",
            "h",
            "i"
        ]
    );
}

#[test]
fn a_block_scalar_may_end_with_the_text() {
    for (text, value) in [
        ("a: |\n  x", "x"),
        ("a: >-\n  x ", "x "),
        ("a: |+\n  x\n\n", "x\n\n"),
        ("a: |\n  x\n  ", "x\n"),
        ("a: |\n  x\n---\n", "x\n"),
        ("a: |\n  x\n\n  y", "x\n\ny"),
    ] {
        assert_eq!(text_at(&one(text), "a"), value, "{text:?}");
    }
    for (text, want) in [
        ("a: |\n  x \n\n", "a: |\n  x \n\n"),
        ("---\na: |\n  x\n\n   \n...\n", "a: |\n  x\n\n   \n"),
        ("a: x \n\n", "a: x \n"),
    ] {
        let parsed = parse(text);
        assert_eq!(&text[parsed.documents[0].range.clone()], want);
        assert_eq!(
            text_at(&one(want), "a"),
            text_at(&parsed.documents[0].node, "a")
        );
    }
}

/// The first byte of both is that of a byte order mark.
#[test]
fn a_text_may_begin_with_any_character() {
    assert_eq!(text_at(&one("ﾃ: x\n"), "ﾃ"), "x");
    assert_eq!(text_at(&one("\u{feff}ﾃ: x\n"), "ﾃ"), "x");
}

#[test]
fn unusual_line_ends_are_counted_as_the_parser_counts_them() {
    let text = "# x\u{2028}# y\ra: 1\n--- # z\rb: 2\n";
    let parsed = parse(text);
    let found = parsed.documents.iter();
    let found: Vec<_> = found
        .map(|d| (at(&d.node), &text[d.range.clone()]))
        .collect();
    assert_eq!(
        found,
        [((3, 1), "# x\u{2028}# y\ra: 1\n"), ((5, 1), "b: 2\n")]
    );
}

/// Found by fuzzing.
#[test]
fn a_merge_at_the_end_belongs_to_the_document() {
    let text = "a: &x {k: 1}\n<<: *x\n# c\r---\nb: 2\n";
    let own = parse(text).documents.into_iter().map(|d| &text[d.range]);
    assert_eq!(own.collect::<Vec<_>>(), ["a: &x {k: 1}\n<<: *x", "b: 2"]);
}

/// Found by fuzzing: the second document begins after an unusual line end.
#[test]
fn documents_of_one_chunk_keep_their_indentation_without_the_byte_order_mark() {
    let text = "\u{feff}  a: 0.\n  b: 1\r---";
    let parsed = parse(text);
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    let own: Vec<_> = parsed
        .documents
        .iter()
        .map(|d| &text[d.range.clone()])
        .collect();
    assert_eq!(own, ["  a: 0.\n  b: 1"]);
    let Value::Map(map) = &parsed.documents[0].node.value else {
        panic!("{parsed:?}");
    };
    let values = map.entries.iter().map(|e| &text[e.value.mark.bytes()]);
    assert_eq!(values.collect::<Vec<_>>(), ["0.", "1"]);
}

/// Found by fuzzing: the blanks after the key are its last line, and no value follows.
#[test]
fn a_block_scalar_that_is_a_key_may_end_with_the_text() {
    let text = "? |\n a\n\n  \n";
    let parsed = parse(text);
    assert_eq!(&text[parsed.documents[0].range.clone()], text);
    let Value::Map(map) = &parsed.documents[0].node.value else {
        panic!("{parsed:?}");
    };
    assert_eq!(map.entries[0].key, "a\n\n \n");
}

/// A blank of two bytes at the end: found by the property below.
#[test]
fn a_document_ends_between_characters() {
    for text in ["0\u{a0}", "0\n\u{2003}\n", "---\n0\u{85}\n...\n\u{a0}"] {
        for document in parse(text).documents {
            assert!(text.get(document.range).is_some(), "{text:?}");
        }
    }
}

/// The scanner finds a later error before it hands out the tag.
#[test]
fn a_tag_before_a_comma_is_an_error_also_before_another_one() {
    let broken_map = " !!sttext\n\n:a:\n{ !!stro4n, ~,*(-\n]\u{fffd}-\r";
    for text in [
        broken_map,
        "{!,*",
        "0:\n[,:\t!,",
        "[!a,%",
        "{a: !,@",
        "- [!<b>,`",
    ] {
        let parsed = parse(text);
        let [problem] = &parsed.problems[..] else {
            panic!("{text:?}: {:?}", parsed.problems);
        };
        assert!(!problem.message.contains("failed"), "{text:?}: {problem:?}");
    }
}

#[test]
fn a_directive_may_begin_a_joined_file() {
    let parsed = parse("a: 1\n\u{feff}%YAML 1.1\n---\nb: 2\n");
    assert_eq!(parsed.documents.len(), 2, "{:?}", parsed.problems);
}

proptest::proptest! {
    #[test]
    fn nothing_panics(text in "\\PC{0,80}|[-:#&*!|>'\"%@`{}\\[\\], ?a0<\\n\\t~.]{0,120}") {
        let parsed = parse(&text);
        for document in parsed.documents {
            proptest::prop_assert!(text.get(document.range).is_some());
        }
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        parse(&String::from_utf8_lossy(&bytes));
    }
}
