//! How long the verdict on an edit takes: writing the policies, reading them back, comparing them with
//! the drawing. A window that shows sixty frames a second has 16 ms.

use std::fmt::Write;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use drawbridge::model::{Document, FlowPort};
use drawbridge::project::format;
use drawbridge::query::{Cache, check, check_with};
use drawbridge::sets::Protocol;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn verdicts(c: &mut Criterion) {
    let platform = include_str!("../../assets/examples/platform.drawbridge.yaml");
    let drawings = [
        ("the platform example", read(platform)),
        ("300 workloads, 450 flows", read(&chains(10, 30))),
        ("2,000 workloads, 3,000 flows", read(&chains(20, 100))),
    ];
    let mut group = c.benchmark_group("verdict");
    group.sample_size(20);
    for (name, document) in drawings {
        group.bench_function(name, |b| b.iter(|| check(black_box(&document))));
        let kinds = [
            ("an edit of a flow", flows(&document)),
            ("an edit of labels", labels(&document)),
            ("a new workload", workloads(&document)),
        ];
        for (kind, edited) in kinds {
            let (mut cache, mut edits) = (Cache::default(), edited.into_iter().cycle());
            group.bench_function(format!("{name}, after {kind}"), |b| {
                b.iter_batched_ref(
                    || edits.next().expect("an edit"),
                    |edited| check_with(&mut cache, black_box(edited), &|| false),
                    BatchSize::SmallInput,
                );
            });
        }
    }
    group.finish();
}

/// The document with one flow after the other at another port.
fn flows(document: &Document) -> Vec<Document> {
    let flows: Vec<_> = document.flows.ids().step_by(37).take(8).collect();
    let edited = |flow| {
        let mut document = document.clone();
        let flow = document.flows.get_mut(flow).expect("the flow");
        flow.ports = vec![FlowPort::Range(Protocol::Tcp, 7, 7)];
        document
    };
    flows.into_iter().map(edited).collect()
}

/// The document, and the document with another label of one workload, in turn.
fn labels(document: &Document) -> Vec<Document> {
    let workloads: Vec<_> = document.workloads.ids().step_by(7).take(8).collect();
    let edited = |workload| {
        let mut document = document.clone();
        let workload = document.workloads.get_mut(workload).expect("the workload");
        workload
            .labels
            .insert("tier".to_owned(), "edited".to_owned());
        document
    };
    let edited = workloads.into_iter().map(edited);
    edited
        .flat_map(|edited| [document.clone(), edited])
        .collect()
}

/// The document, and the document with a workload more, in turn.
fn workloads(document: &Document) -> Vec<Document> {
    let mut more = document.clone();
    let (_, first) = document.workloads.iter().next().expect("a workload");
    let mut added = first.clone();
    added.name = "added".to_owned();
    added.labels = [("app".to_owned(), "added".to_owned())].into();
    more.workloads.add(added);
    vec![document.clone(), more]
}

fn read(text: &str) -> Document {
    format::read(text, "bench").expect("it is readable").0
}

/// Namespaces with workloads that call each other in a ring, and every second across.
fn chains(namespaces: usize, workloads: usize) -> String {
    let mut text = String::from("format: drawbridge/1\nname: many\nnamespaces:\n");
    let (mut things, mut flows) = (String::new(), String::new());
    for space in 0..namespaces {
        let _ = writeln!(text, "- {{name: team-{space}}}");
        for number in 0..workloads {
            let (next, other) = ((number + 1) % workloads, (space + 1) % namespaces);
            let _ = writeln!(
                things,
                "- {{name: svc-{number}, namespace: team-{space}, labels: {{app: svc-{number}}}}}"
            );
            let mut flow = |to: String| {
                let _ = writeln!(
                    flows,
                    "- {{from: team-{space}/svc-{number}, to: {to}, ports: [TCP/80]}}"
                );
            };
            flow(format!("team-{space}/svc-{next}"));
            if number % 2 == 0 {
                flow(format!("team-{other}/svc-{number}"));
            }
        }
    }
    text + "workloads:\n" + &things + "flows:\n" + &flows
}

criterion_group!(benches, verdicts);
criterion_main!(benches);
