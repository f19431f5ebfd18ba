//! What may be typed, and what is said about what may not.

use proptest::prelude::*;

use super::*;
use crate::model::arbitrary;

fn says<T: std::fmt::Debug>(result: Result<T, Refusal>) -> String {
    result.expect_err("it is refused").to_string()
}

#[test]
fn names() {
    for name in ["web", "a", "x-1", "0"] {
        assert_eq!(label_name(name), Ok(()));
    }
    assert_eq!(subdomain_name("web.v2-x"), Ok(()));
    insta::assert_snapshot!(says(label_name("")), @r##"
    the name is empty; type a name
    "##);
    insta::assert_snapshot!(says(label_name("My Shop")), @r##"
    `My Shop` has `M` in it; use lowercase letters, digits and `-`
    "##);
    insta::assert_snapshot!(says(label_name("a.b")), @r##"
    `a.b` has `.` in it; use lowercase letters, digits and `-`
    "##);
    insta::assert_snapshot!(says(label_name("-a")), @r##"
    `-a` does not start and end with a letter or digit; start and end with a lowercase letter or a digit
    "##);
    insta::assert_snapshot!(says(label_name(&"a".repeat(64))), @r##"
    the name has 64 characters; use 63 or fewer
    "##);
    insta::assert_snapshot!(says(subdomain_name("a..b")), @r##"
    `a..b` has a `.` next to another `.` or to a `-`; put letters or digits around every `.`
    "##);
    assert!(
        subdomain_name("a-.b").is_err() && free_name(" x").is_err() && free_name("a\nb").is_err()
    );
    assert_eq!(free_name("Office VPN"), Ok(()));
}

#[test]
fn labels_as_they_are_typed() {
    for key in ["app", "app.kubernetes.io/name", "A_b.c-d", "1"] {
        assert_eq!(label_key(key), Ok(()));
    }
    for value in ["", "on", "1.0", "a_b.c-d"] {
        assert_eq!(label_value(value), Ok(()));
    }
    insta::assert_snapshot!(says(label_key("a/b/c")), @r##"
    the key `a/b/c` has more than one `/`; write PREFIX/NAME or NAME
    "##);
    insta::assert_snapshot!(says(label_key("Up/x")), @r##"
    the key's prefix is not a domain: `Up` has `U` in it; use lowercase letters, digits, `-` and `.`
    "##);
    insta::assert_snapshot!(says(label_key("")), @r##"
    the label key is empty; type a key such as `app`
    "##);
    insta::assert_snapshot!(says(label_value("x y")), @r##"
    the label value `x y` has a space in it; use letters, digits, `-`, `_` and `.`
    "##);
    insta::assert_snapshot!(says(label_value("-x")), @r##"
    the label value `-x` does not start and end with a letter or digit; start and end with a letter or a digit
    "##);
    assert!(label_key("/x").is_err() && label_key("x/").is_err());
    let typed = labels(" app=web,\n tier = front ,").expect("labels");
    assert_eq!(labels_text(&typed), "app=web, tier=front");
    insta::assert_snapshot!(says(labels("app")), @r##"
    `app` is not a label; write KEY=VALUE
    "##);
    insta::assert_snapshot!(says(labels("a=1,a=2")), @r##"
    the key `a` is there twice; keep one of them
    "##);
}

#[test]
fn ports_as_they_are_typed() {
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
    insta::assert_snapshot!(says(flow_ports("70000")), @r##"
    `70000` is not a port number; write a number from 1 to 65535
    "##);
    insta::assert_snapshot!(says(flow_ports("0")), @r##"
    `0` is not a port number; write a number from 1 to 65535
    "##);
    insta::assert_snapshot!(says(flow_ports("90-80")), @r##"
    the range `90-80` runs backwards; write 80-90
    "##);
    insta::assert_snapshot!(says(flow_ports("icmp/8")), @r##"
    `icmp/8` names no protocol that policies know; use TCP, UDP or SCTP: `UDP/53`
    "##);
    insta::assert_snapshot!(says(flow_ports("8 0 8 0")), @r##"
    `8 0 8 0` is not a port; separate ports by commas: `80, 443, UDP/53`
    "##);
    insta::assert_snapshot!(says(flow_ports("http--x")), @r##"
    the port name `http--x` has two hyphens in a row; use 1 to 15 lowercase letters, digits and single hyphens, with at least one letter
    "##);
    insta::assert_snapshot!(says(flow_port("tcp/80")), @r##"
    `tcp/80` is not a port; write TCP/80, UDP/4000-4010, TCP/http, TCP or any
    "##);
}

#[test]
fn addresses_as_they_are_typed() {
    let typed = |text: &str| network(text).expect("a network").to_string();
    assert_eq!(typed("10.0.0.0/8"), "10.0.0.0/8");
    assert_eq!(typed("10.0.0.1"), "10.0.0.1/32");
    assert_eq!(
        typed("2001:db8::/32 except 2001:db8:1::/48"),
        "2001:db8::/32 except 2001:db8:1::/48"
    );
    assert_eq!(networks("10.0.0.0/8\n\n::/0").map(|all| all.len()), Ok(2));
    insta::assert_snapshot!(says(network("10.0.0.1/8")), @r##"
    `10.0.0.1/8` has bits set behind its prefix; write 10.0.0.0/8, or 10.0.0.1 for the address alone
    "##);
    insta::assert_snapshot!(says(network("10.0.0.0/33")), @r##"
    `10.0.0.0/33` is not an address block; write one such as 10.0.0.0/8 or 2001:db8::/32
    "##);
    insta::assert_snapshot!(says(network("10.0.0.0/8 except 11.0.0.0/24")), @r##"
    `11.0.0.0/24` is not strictly inside `10.0.0.0/8`; leave out smaller blocks of the same family only
    "##);
    insta::assert_snapshot!(says(network("10.0.0.0/8 except 10.0.0.0/8")), @r##"
    `10.0.0.0/8` is not strictly inside `10.0.0.0/8`; leave out smaller blocks of the same family only
    "##);
    insta::assert_snapshot!(says(network("::ffff:10.0.0.0/104")), @r##"
    `::ffff:10.0.0.0/104` is an IPv4 address inside IPv6; write the IPv4 block
    "##);
    for name in ["api.stripe.com", "*.x.io", "x.io."] {
        assert_eq!(domain_name(name), Ok(()));
    }
    insta::assert_snapshot!(says(domain_name("localhost")), @r##"
    `localhost` has only one part; write a name such as api.example.com, or *.example.com
    "##);
    insta::assert_snapshot!(says(domain_name("10.0.0.1")), @r##"
    `10.0.0.1` is an address, not a domain name; put it among the networks
    "##);
    assert!(
        domain_name("a..b").is_err() && domain_name("-a.b").is_err() && domain_name("*").is_err()
    );
}

#[test]
fn selectors_as_they_are_typed() {
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
    insta::assert_snapshot!(says(selector("a in (b")), @r##"
    a `(` is not closed; add a `)`
    "##);
    insta::assert_snapshot!(says(selector("a within (b)")), @r##"
    `a within (b)` is not a requirement; write KEY in (A, B) or KEY notin (A, B)
    "##);
    insta::assert_snapshot!(says(selector("a=b c")), @r##"
    the label value `b c` has a space in it; use letters, digits, `-`, `_` and `.`
    "##);
    insta::assert_snapshot!(says(selector("=b")), @r##"
    the label key is empty; type a key such as `app`
    "##);
}

proptest! {
    #[test]
    fn ports_print_as_they_are_read(port in arbitrary::flow_port()) {
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
