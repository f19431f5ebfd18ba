//! What may be typed, and the messages about invalid input.

use proptest::prelude::*;

use super::*;
use crate::model::arbitrary;

fn message<T: std::fmt::Debug>(result: Result<T, Refusal>) -> String {
    result.expect_err("an error").to_string()
}

#[test]
fn names() {
    for name in ["web", "a", "x-1", "0"] {
        assert_eq!(label_name(name), Ok(()));
    }
    assert_eq!(subdomain_name("web.v2-x"), Ok(()));
    insta::assert_snapshot!(message(label_name("")), @"the name is empty; enter a name");
    insta::assert_snapshot!(message(label_name("My Shop")), @"`My Shop` contains `M`; use lowercase letters, digits and `-`");
    insta::assert_snapshot!(message(label_name("a.b")), @"`a.b` contains `.`; use lowercase letters, digits and `-`");
    insta::assert_snapshot!(message(label_name("-a")), @"`-a` must start and end with a letter or digit; start and end with a lowercase letter or a digit");
    insta::assert_snapshot!(message(label_name(&"a".repeat(64))), @r##"
    the name has 64 characters; use 63 or fewer
    "##);
    insta::assert_snapshot!(message(subdomain_name("a..b")), @"`a..b` has an empty label or a label that starts or ends with `-`; put a letter or digit on both sides of every `.`");
    assert!(
        subdomain_name("a-.b").is_err() && free_name(" x").is_err() && free_name("a\nb").is_err()
    );
    assert_eq!(free_name("Office VPN"), Ok(()));
}

#[test]
fn labels_are_parsed_as_typed() {
    for key in ["app", "app.kubernetes.io/name", "A_b.c-d", "1"] {
        assert_eq!(label_key(key), Ok(()));
    }
    for value in ["", "on", "1.0", "a_b.c-d"] {
        assert_eq!(label_value(value), Ok(()));
    }
    insta::assert_snapshot!(message(label_key("a/b/c")), @r##"
    the key `a/b/c` has more than one `/`; write PREFIX/NAME or NAME
    "##);
    insta::assert_snapshot!(message(label_key("Up/x")), @"the key's prefix is not a valid domain: `Up` contains `U`; use lowercase letters, digits, `-` and `.`");
    insta::assert_snapshot!(message(label_key("")), @"the label key is empty; enter a key such as `app`");
    insta::assert_snapshot!(message(label_value("x y")), @"the label value `x y` contains a space; use letters, digits, `-`, `_` and `.`");
    insta::assert_snapshot!(message(label_value("-x")), @"the label value `-x` must start and end with a letter or digit; start and end with a letter or a digit");
    assert!(label_key("/x").is_err() && label_key("x/").is_err());
    let typed = labels(" app=web,\n tier = front ,").expect("labels");
    assert_eq!(labels_text(&typed), "app=web, tier=front");
    insta::assert_snapshot!(message(labels("app")), @r##"
    `app` is not a label; write KEY=VALUE
    "##);
    insta::assert_snapshot!(message(labels("a=1,a=2")), @"duplicate key `a`; remove one of them");
}

#[test]
fn ports_are_parsed_as_typed() {
    let typed = |text: &str| flow_ports_text(&flow_ports(text).expect("ports"));
    assert_eq!(typed("80"), "TCP/80");
    assert_eq!(typed("80, 443/udp"), "TCP/80, UDP/443");
    assert_eq!(typed("tcp 5432"), "TCP/5432");
    assert_eq!(typed("udp/4000-4010"), "UDP/4000-4010");
    assert_eq!(typed("http; sctp"), "SCTP, TCP/http");
    assert_eq!(typed("tcp, 80, 81/tcp, 53/udp"), "TCP, UDP/53");
    assert_eq!(typed("80, any"), "any");
    assert_eq!(typed("udp all, tcp/all"), "UDP, TCP/all");
    assert_eq!(typed(""), "");
    insta::assert_snapshot!(message(flow_ports("70000")), @r##"
    `70000` is not a port number; write a number from 1 to 65535
    "##);
    insta::assert_snapshot!(message(flow_ports("0")), @r##"
    `0` is not a port number; write a number from 1 to 65535
    "##);
    insta::assert_snapshot!(message(flow_ports("90-80")), @"the range `90-80` ends before it starts; write 80-90");
    insta::assert_snapshot!(message(flow_ports("foo/8")), @"`foo/8` has an unknown protocol; use TCP, UDP, SCTP, ICMP or ICMPv6: `UDP/53`");
    assert_eq!(
        typed("icmp/8, 128 icmpv6, ICMP 0-3, icmpv6/all"),
        "ICMPv6, ICMP/0-3, ICMP/8"
    );
    for wrong in ["icmp/256", "icmp/http", "icmpv6/-1"] {
        assert!(
            message(flow_ports(wrong)).contains("is not a type of ICMP"),
            "{wrong}"
        );
    }
    insta::assert_snapshot!(message(flow_ports("8 0 8 0")), @r##"
    `8 0 8 0` is not a port; separate ports by commas: `80, 443, UDP/53`
    "##);
    insta::assert_snapshot!(message(flow_ports("http--x")), @r##"
    the port name `http--x` has two hyphens in a row; use 1 to 15 lowercase letters, digits and single hyphens, with at least one letter
    "##);
    insta::assert_snapshot!(message(flow_port("tcp/80")), @r##"
    `tcp/80` is not a port; write TCP/80, UDP/4000-4010, TCP/http, ICMP/8, TCP or any
    "##);
}

#[test]
fn addresses_are_parsed_as_typed() {
    let typed = |text: &str| network(text).expect("a network").to_string();
    assert_eq!(typed("10.0.0.0/8"), "10.0.0.0/8");
    assert_eq!(typed("10.0.0.1"), "10.0.0.1/32");
    assert_eq!(
        typed("2001:db8::/32 except 2001:db8:1::/48"),
        "2001:db8::/32 except 2001:db8:1::/48"
    );
    assert_eq!(networks("10.0.0.0/8\n\n::/0").map(|all| all.len()), Ok(2));
    insta::assert_snapshot!(message(network("10.0.0.1/8")), @"`10.0.0.1/8` has host bits set; write 10.0.0.0/8, or 10.0.0.1 for the single address");
    insta::assert_snapshot!(message(network("10.0.0.0/33")), @r##"
    `10.0.0.0/33` is not an address block; write one such as 10.0.0.0/8 or 2001:db8::/32
    "##);
    insta::assert_snapshot!(message(network("10.0.0.0/8 except 11.0.0.0/24")), @"`11.0.0.0/24` is not a proper subset of `10.0.0.0/8`; except only smaller blocks of the same address family");
    insta::assert_snapshot!(message(network("10.0.0.0/8 except 10.0.0.0/8")), @"`10.0.0.0/8` is not a proper subset of `10.0.0.0/8`; except only smaller blocks of the same address family");
    insta::assert_snapshot!(message(network("::ffff:10.0.0.0/104")), @"`::ffff:10.0.0.0/104` is an IPv4-mapped IPv6 address; write the IPv4 block");
    for name in ["api.stripe.com", "*.x.io", "x.io."] {
        assert_eq!(domain_name(name), Ok(()));
    }
    insta::assert_snapshot!(message(domain_name("localhost")), @"`localhost` has only one label; write a name such as api.example.com, or *.example.com");
    insta::assert_snapshot!(message(domain_name("10.0.0.1")), @"`10.0.0.1` is an address, not a domain name; add it to the networks");
    assert!(
        domain_name("a..b").is_err() && domain_name("-a.b").is_err() && domain_name("*").is_err()
    );
}

#[test]
fn selectors_are_parsed_as_typed() {
    let typed = |text: &str| selector_text(&selector(text).expect("a selector"));
    assert_eq!(
        typed("app=web,tier in (b,a),!x,y"),
        "app=web, tier in (a, b), !x, y"
    );
    assert_eq!(
        typed("a == b, c != d, e notin (f), g not in (h,i)"),
        "a=b, c!=d, e!=f, g notin (h, i)"
    );
    assert_eq!(typed(" "), "");
    insta::assert_snapshot!(message(selector("a in (b")), @"unclosed `(`; add a `)`");
    insta::assert_snapshot!(message(selector("a within (b)")), @r##"
    `a within (b)` is not a requirement; write KEY in (A, B) or KEY notin (A, B)
    "##);
    insta::assert_snapshot!(message(selector("a=b c")), @"the label value `b c` contains a space; use letters, digits, `-`, `_` and `.`");
    insta::assert_snapshot!(message(selector("=b")), @"the label key is empty; enter a key such as `app`");
}

proptest! {
    #[test]
    fn printed_ports_parse_as_the_same_ports(port in arbitrary::flow_port()) {
        prop_assert_eq!(flow_port(&port.to_string()), Ok(port.clone()));
        prop_assert_eq!(flow_ports(&port.to_string()), Ok(vec![port]));
    }

    #[test]
    fn nothing_typed_panics(text in "(?s).{0,24}|[a-z0-9=!(), /.:*-]{0,24}") {
        let _ = (selector(&text), labels(&text), flow_ports(&text), networks(&text));
        let _ = (domain_name(&text), label_key(&text), subdomain_name(&text), free_name(&text));
        if let Ok(read) = selector(&text) {
            prop_assert_eq!(selector(&selector_text(&read)), Ok(read));
        }
    }
}
