//! How long the verdict on an edit takes: writing the policies, reading them back, comparing them with
//! the drawing. A window that shows sixty frames a second has 16 ms.

use std::fmt::Write;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use drawbridge::model::Document;
use drawbridge::project::format;
use drawbridge::query::check;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn verdicts(c: &mut Criterion) {
    let platform = include_str!("../../assets/examples/platform.drawbridge.yaml");
    let drawings = [
        ("the platform example", read(platform)),
        ("300 workloads, 337 flows", read(&chains(10, 30))),
        ("2,000 workloads, 2,250 flows", read(&chains(20, 100))),
    ];
    let mut group = c.benchmark_group("verdict");
    group.sample_size(20);
    for (name, document) in drawings {
        group.bench_function(name, |b| b.iter(|| check(black_box(&document))));
    }
    group.finish();
}

fn read(text: &str) -> Document {
    format::read(text, "bench").expect("it is readable").0
}

/// Namespaces with workloads that call each other in a ring, and every eighth across.
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
            if number % 8 == 0 {
                flow(format!("team-{other}/svc-{number}"));
            }
        }
    }
    text + "workloads:\n" + &things + "flows:\n" + &flows
}

criterion_group!(benches, verdicts);
criterion_main!(benches);
