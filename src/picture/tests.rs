//! Pictures: what is in them, a golden one, their size in pixels.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::svg::escape;
use super::*;
use crate::model::fixture::Fixture;
use crate::model::{Direction, Document, Edit, FlowId, arbitrary};
use crate::query::exposure;
use crate::query::results::check;
use crate::scene::{ApproxMeasure, Extra, ExtraId, ExtraKind, Request, Visible, fixture, layout};

fn judged(document: &Document, visible: &Visible) -> (Arc<Judged>, Caption) {
    let results = check(document);
    let gates = exposure::gates(document, &results.in_force);
    let caption = Caption {
        title: "Online shop".to_owned(),
        date: "2026-11-30".to_owned(),
        verdict: Some(results.with_invariants(results.proof.summary())),
    };
    let judged = Judged::of(&results, &gates, document, (visible, &BTreeSet::new()));
    (Arc::new(judged), caption)
}

fn picture_of(document: &Document, visible: &Visible) -> String {
    let request = Request::visible(document, visible, &ApproxMeasure);
    let (judged, caption) = judged(document, visible);
    let picture = Picture {
        judged,
        caption: Some(caption),
        legend: true,
        ..Picture::default()
    };
    picture.svg(&layout::arrange(&request))
}

fn plain(document: &Document) -> String {
    let request = Request::of(document, &ApproxMeasure);
    Picture::default().svg(&layout::arrange(&request))
}

/// Two flows of one workload: few enough to read.
fn small() -> Document {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    fixture.workload("shop/db", "app=db");
    fixture.external("payments", &["203.0.113.0/24"], &[]);
    fixture.flow("shop/web", "shop/db", "TCP/5432");
    fixture.flow("shop/web", "external/payments", "TCP/443");
    fixture.document
}

#[test]
fn a_small_project_is_drawn_as_it_was_looked_at() {
    insta::assert_snapshot!(picture_of(&small(), &Visible::default()));
}

#[test]
fn a_collapsed_namespace_is_a_card_and_its_arrows_are_weighted() {
    let document = fixture::platform();
    let all = Visible::collapsed(document.namespaces.ids().collect());
    let scene = layout::arrange(&Request::visible(&document, &all, &ApproxMeasure));
    let svg = picture_of(&document, &all);
    for space in &scene.namespaces {
        assert!(svg.contains(&format!(">{}</text>", escape(&space.title))));
    }
    let widest = scene.arrows.iter().max_by_key(|arrow| arrow.flows);
    let widest = widest.expect("it has arrows");
    assert!(widest.flows > 3);
    assert!(svg.contains(&format!(r#"stroke-width="{}""#, widest.width())));
    assert!(svg.contains(&format!(">{}</text>", widest.label)));
    assert!(svg.contains(" isolated") && svg.contains("several flows: the wider, the more"));
}

#[test]
fn the_legend_explains_only_what_occurs() {
    let mut document = small();
    let words = [
        "muted: drawn, but not enforced",
        "denies these connections",
        "opens only the gate at the solid half",
    ];
    let before = picture_of(&document, &Visible::default());
    assert!(before.contains(">allowed on exactly these ports<") && before.contains(">isolated<"));
    for (at, word) in words.into_iter().enumerate() {
        assert!(!before.contains(word), "{word}");
        let flow = document.flows.get_mut(FlowId(0)).expect("it is drawn");
        (flow.muted, flow.denies) = (at == 0, at == 1);
        flow.half = (at == 2).then_some(Direction::Egress);
        assert!(
            picture_of(&document, &Visible::default()).contains(word),
            "{word}"
        );
    }
}

#[test]
fn arrows_that_are_no_flows_have_signs_and_lines_of_their_own() {
    let document = fixture::online_shop();
    let nodes: Vec<NodeRef> = document.workloads.ids().map(NodeRef::Workload).collect();
    for kind in [ExtraKind::Imported, ExtraKind::Closed, ExtraKind::TooWide] {
        let (from, to) = (nodes[0], nodes[5]);
        let extra = Extra {
            id: ExtraId { kind, from, to },
            label: "TCP 9090".to_owned(),
        };
        let request = Request::of(&document, &ApproxMeasure).with_extras(&[extra], &ApproxMeasure);
        let svg = Picture::default().svg(&layout::arrange(&request));
        assert!(svg.contains(kind.sign()), "{kind:?}");
        let dashes = svg.contains("stroke-dasharray");
        assert_eq!(dashes, kind != ExtraKind::TooWide, "{kind:?}");
    }
}

#[test]
fn texts_are_escaped_and_what_xml_does_not_allow_is_left_out() {
    let mut document = fixture::online_shop();
    let id = document.workloads.ids().next().expect("it has some");
    let rename = Edit::Rename(crate::model::Item::Workload(id), "web".into());
    assert!(rename.apply(&mut document).is_ok());
    let workload = document.workloads.get_mut(id).expect("it is there");
    workload.name = "a<b>&c\u{1}\u{FFFE}".into();
    let svg = plain(&document);
    assert!(svg.contains(">a&lt;b&gt;&amp;c</text>"));
    assert!(pixels(&svg, 0.25).is_ok());
}

#[test]
fn pixels_are_as_many_as_points_times_scale_and_not_all_of_one_colour() {
    let svg = picture_of(&small(), &Visible::default());
    let size = |scale| pixels(&svg, scale).expect("it is drawn").size;
    let [width, height] = size(1.0);
    assert!(svg.contains(&format!(r#"width="{width}" height="{height}""#)));
    assert_eq!(size(3.0), [3 * width, 3 * height]);
    let drawn = pixels(&svg, 1.0).expect("it is drawn");
    assert_eq!(drawn.rgba.len(), 4 * width * height);
    let canvas = Theme::Light.palette().canvas;
    let is_canvas = |p: &&[u8]| p[..3] == canvas;
    let share = drawn.rgba.chunks(4).filter(is_canvas).count() * 100 / (width * height);
    assert!((20..95).contains(&share), "{share} % background");
    for scale in [0.7, 1.0, 1.3] {
        let drawn = pixels(&svg, scale).expect("it is drawn");
        assert!(
            drawn.rgba.chunks(4).all(|p| p[3] == 255),
            "{scale}: it is opaque"
        );
    }
    let file = png(&svg, 2.0).expect("it is drawn");
    assert_eq!(file[..8], *b"\x89PNG\r\n\x1a\n");
    let number =
        |at: usize| u32::from_be_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]);
    assert_eq!(
        [number(16), number(20)],
        [2 * width as u32, 2 * height as u32]
    );
}

#[test]
fn text_is_set_in_the_faces_of_the_window() {
    let text = |family: &str| {
        let svg = format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" width="200" height="30"><text x="4" y="20" font-size="14"{family}>will</text></svg>"##
        );
        let drawn = pixels(&svg, 1.0).expect("it is drawn").rgba;
        assert!(drawn.iter().any(|byte| *byte != 0), "{family}");
        drawn
    };
    let faces = [
        r#" font-family="Inter, sans-serif""#,
        r#" font-family="Inter, sans-serif" font-weight="600""#,
        r#" font-family="JetBrains Mono, monospace""#,
    ];
    let different: BTreeSet<Vec<u8>> = faces.into_iter().map(text).collect();
    assert_eq!(different.len(), 3);
}

#[test]
fn a_picture_that_is_too_large_says_so() {
    let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="20000" height="20000"/>"#;
    let refused = png(svg, 2.0).expect_err("it is too large");
    assert!(
        refused.message.contains("40000 x 40000 pixels"),
        "{refused}"
    );
    assert!(png("<svg", 1.0).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn everything_is_in_the_picture_by_name(document in arbitrary::document()) {
        let svg = plain(&document);
        let title = |name: &str| format!("<title>{}</title>", escape(name));
        for (_, workload) in document.workloads.iter() {
            prop_assert!(svg.contains(&title(&workload.name)), "{}", workload.name);
        }
        for (_, external) in document.externals.iter() {
            prop_assert!(svg.contains(&title(&external.name)), "{}", external.name);
        }
        for (_, space) in document.namespaces.iter() {
            prop_assert!(svg.contains(&title(&space.name)), "{}", space.name);
        }
        let name = |end: &crate::model::End| match end.node()? {
            NodeRef::AnyPod => Some("Any pod"),
            node => document.has_node(node).then(|| document.node_name(node)),
        };
        let mut arrows = 0;
        for (id, flow) in document.flows.iter() {
            let (Some(from), Some(to)) = (name(&flow.from), name(&flow.to)) else { continue };
            let begin = format!("<title>{} to {}: ", escape(from), escape(to));
            prop_assert!(svg.contains(&begin), "{id:?}: {begin}");
            arrows += 1;
        }
        prop_assert!(svg.matches(" to ").count() >= arrows);
        // Well-formed, whatever the names are.
        prop_assert!(pixels(&svg, 0.25).is_ok());
    }
}
