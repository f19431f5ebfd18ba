//! What `render` draws, and what it refuses to write.

use std::fs;
use std::path::Path;

use super::{SENSITIVE, drawbridge, folder, path};

const TWO: &str = "\
format: drawbridge/1
name: two
namespaces:
- {name: shop}
- {name: data}
workloads:
- {name: web, namespace: shop, labels: {app: web}}
- {name: db, namespace: data, labels: {app: db}}
- {name: cache, namespace: data, labels: {app: cache}}
externals:
- {name: office, networks: [{cidr: 203.0.113.0/24}]}
flows:
- {from: shop/web, to: data/db, ports: [TCP/5432]}
- {from: external/office, to: shop/web, ports: [TCP/443]}
";

/// Renders with these arguments after the project and the output; the picture, where there is one.
fn render(project: &str, output: &str, more: &[&str]) -> (super::Answer, Option<Vec<u8>>) {
    let folder = folder(&[("p.drawbridge.yaml", project)]);
    let (project, output) = (path(&folder, "p.drawbridge.yaml"), path(&folder, output));
    let arguments = ["render", &project, "-o", &output, "--date", "2026-11-30"];
    let answer = drawbridge(&[&arguments[..], more].concat());
    let names = fs::read_dir(folder.path()).expect("a folder").count();
    let written = fs::read(&output).ok();
    assert_eq!(
        names,
        1 + usize::from(written.is_some()),
        "nothing else is left"
    );
    (answer, written)
}

fn text(project: &str, more: &[&str]) -> String {
    let (answer, written) = render(project, "p.svg", more);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    String::from_utf8(written.expect("it is written")).expect("it is text")
}

#[test]
fn a_project_is_drawn_with_its_name_date_and_verdict() {
    let svg = text(SENSITIVE, &[]);
    for words in [
        ">sensitive</text>",
        ">2026-11-30</text>",
        ">Exact</text>",
        "<title>sensitive to auth: TCP 80</title>",
        ">allowed on exactly these ports</text>",
    ] {
        assert!(svg.contains(words), "no {words} in {svg}");
    }
    assert_eq!(svg, text(SENSITIVE, &[]), "it is repeatable");
    assert_ne!(svg, text(SENSITIVE, &["--dark"]));
}

#[test]
fn a_part_has_its_flows_and_their_other_ends() {
    let names = [
        "<title>web<",
        "<title>db<",
        "<title>cache<",
        "<title>office<",
    ];
    let shown = |more: &[&str]| names.map(|name| text(TWO, more).contains(name));
    assert_eq!(shown(&[]), [true, true, true, true]);
    assert_eq!(shown(&["--select", "data/db"]), [true, true, false, false]);
    assert_eq!(shown(&["--select", "shop"]), [true, true, false, true]);
    assert_eq!(
        shown(&["--select", "external/office"]),
        [true, false, false, true]
    );
    let both = ["--select", "data/cache", "--select", "external/office"];
    assert_eq!(shown(&both), [true, false, true, true]);
    assert!(text(TWO, &both).contains(">two: data/cache, external/office</text>"));
}

#[test]
fn a_large_project_is_collapsed_except_for_what_is_selected() {
    let mut project =
        String::from("format: drawbridge/1\nnamespaces: [{name: a}, {name: b}]\nworkloads:\n");
    for n in 0..81 {
        let space = if n % 2 == 0 { "a" } else { "b" };
        project += &format!("- {{name: w{n}, namespace: {space}, labels: {{app: w{n}}}}}\n");
    }
    project += "flows:\n- {from: a/w0, to: b/w1, ports: [TCP/80]}\n- {from: a/w2, to: b/w1, ports: [TCP/80]}\n";
    let whole = text(&project, &[]);
    assert!(whole.contains(">2 flows</text>") && !whole.contains("<title>w0</title>"));
    let part = text(&project, &["--select", "a/w0"]);
    assert!(part.contains("<title>w0</title>") && part.contains("<title>w0 to b: TCP 80</title>"));
    assert!(!part.contains("<title>w2</title>"));
}

#[test]
fn a_png_has_the_size_of_the_svg_times_the_scale() {
    let svg = text(SENSITIVE, &[]);
    let side = |name: &str| -> u32 {
        let rest = svg
            .split_once(&format!(" {name}=\""))
            .expect("it has a size")
            .1;
        let number = rest.split('"').next().expect("a number");
        number.parse().expect("a whole number")
    };
    for (more, scale) in [(&[][..], 2), (&["--scale", "3"][..], 3)] {
        let (answer, written) = render(SENSITIVE, "p.png", more);
        assert_eq!(answer.code, Some(0), "{}", answer.err);
        let png = written.expect("it is written");
        assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().expect("4 bytes"));
        assert_eq!(number(16), side("width") * scale);
        assert_eq!(number(20), side("height") * scale);
    }
}

#[test]
fn what_cannot_be_drawn_or_written_says_so_and_writes_nothing() {
    let refused = |output: &str, more: &[&str], words: &[&str]| {
        let (answer, written) = render(TWO, output, more);
        assert_eq!(answer.code, Some(2), "{}", answer.err);
        assert!(written.is_none() || output.ends_with(".yaml"), "{output}");
        for words in words {
            assert!(answer.err.contains(words), "no {words} in {}", answer.err);
        }
    };
    let select = |words| ["--select", words];
    refused(
        "p.svg",
        &select("shpo"),
        &["`shpo`", "did you mean `shop`?"],
    );
    refused("p.svg", &select("data/dp"), &["`dp`", "did you mean `db`?"]);
    refused(
        "p.svg",
        &select("elsewhere"),
        &["`elsewhere`", "NAMESPACE/WORKLOAD"],
    );
    refused("p.svg", &select("10.0.0.1"), &["10.0.0.1"]);
    refused("p.jpg", &[], &["p.jpg", "FILE.svg or FILE.png"]);
    refused("p.svg", &["--scale", "2"], &["`--scale`"]);
    refused("p.png", &["--scale", "90"], &["from 0.25 to 8"]);
    refused("no/p.svg", &[], &["no/p.svg"]);

    let folder = folder(&[("p.svg", TWO)]);
    let project = path(&folder, "p.svg");
    let answer = drawbridge(&["render", &project, "-o", &project]);
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    assert!(
        answer.err.contains("is the input and the output"),
        "{}",
        answer.err
    );
    assert_eq!(fs::read_to_string(Path::new(&project)).expect("text"), TWO);
}

#[test]
fn only_a_picture_of_ours_is_replaced_unasked() {
    for name in ["p.svg", "p.png"] {
        let folder = folder(&[("p.drawbridge.yaml", TWO), (name, "drawn by hand")]);
        let (project, picture) = (path(&folder, "p.drawbridge.yaml"), path(&folder, name));
        let arguments = ["render", &project, "-o", &picture];
        let answer = drawbridge(&arguments);
        assert_eq!(answer.code, Some(2), "{}", answer.err);
        assert!(
            answer.err.contains("was not drawn by Drawbridge"),
            "{}",
            answer.err
        );
        assert_eq!(fs::read_to_string(&picture).expect("text"), "drawn by hand");
        let forced = drawbridge(&[&arguments[..], &["--force"]].concat());
        assert_eq!(forced.code, Some(0), "{}", forced.err);
        let again = drawbridge(&arguments);
        assert_eq!(again.code, Some(0), "{}", again.err);
    }
}
