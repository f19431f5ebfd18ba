//! How long answers take, without reading YAML.

#[path = "cluster.rs"]
mod cluster;

use std::hint::black_box;

use cluster::{Size, cluster};
use criterion::{Criterion, criterion_group, criterion_main};
use drawbridge::analysis::{compare, for_each_connection, isolation};

/// Names, namespaces, workloads, pods of each, policies.
const SIZES: [(&str, Size); 3] = [
    ("100 workloads, 80 policies", size(10, 100, 2, 80)),
    ("500 workloads, 400 policies", size(50, 500, 2, 400)),
    (
        "2,000 workloads, 2,000 policies",
        size(100, 2_000, 2, 2_000),
    ),
];

const fn size(namespaces: usize, workloads: usize, pods_each: usize, policies: usize) -> Size {
    Size {
        namespaces,
        workloads,
        pods_each,
        policies,
    }
}

fn answers(c: &mut Criterion) {
    for (name, size) in SIZES {
        let snapshot = cluster(size);
        let mut group = c.benchmark_group(name);
        group.sample_size(20);
        group.bench_function("isolation", |b| b.iter(|| isolation(black_box(&snapshot))));
        group.bench_function("every connection", |b| {
            b.iter(|| {
                let mut count = 0;
                for_each_connection(black_box(&snapshot), |_| count += 1);
                count
            });
        });
        let mut other = snapshot.clone();
        other.policies.pop();
        group.bench_function("comparison", |b| {
            b.iter(|| compare(black_box(&snapshot), black_box(&other)).len());
        });
        group.finish();
    }
}

criterion_group!(benches, answers);
criterion_main!(benches);
