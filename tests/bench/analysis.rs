//! Time of analyses, without reading YAML. First up to 100,000 pods, then the folders of manifests that
//! `DRAWBRIDGE_CLUSTERS` lists (separated as in `PATH`), with the time of reading them.

#[path = "cluster.rs"]
mod cluster;

use std::hint::black_box;
use std::sync::Arc;

use cluster::{Size, cluster};
use criterion::{Criterion, criterion_group, criterion_main};
use drawbridge::analysis::exposure::exposure;
use drawbridge::analysis::{Analysis, compare, for_each_connection, isolation};
use drawbridge::cluster::Snapshot;
use drawbridge::load::{Settings, load};
use drawbridge::policy::Policy;
use drawbridge::project::sources::collect;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SMALL: Size = size(10, 100, 2, 80);
const MIDDLE: Size = size(50, 500, 2, 400);
const BIG: Size = size(100, 2_000, 2, 2_000);
const HUGE: Size = size(2_000, 100_000, 1, 10_000);

/// Namespaces, workloads, pods of each, policies.
const fn size(namespaces: usize, workloads: usize, pods_each: usize, policies: usize) -> Size {
    Size {
        namespaces,
        workloads,
        pods_each,
        policies,
    }
}

fn answers(c: &mut Criterion) {
    for (name, size) in [
        ("100 workloads, 80 policies", SMALL),
        ("500 workloads, 400 policies", MIDDLE),
        ("2,000 workloads, 2,000 policies", BIG),
    ] {
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
        group.bench_function("exposure", |b| {
            b.iter(|| exposure(black_box(&snapshot)).lines.len());
        });
        let mut other = snapshot.clone();
        other.policies.pop();
        group.bench_function("comparison", |b| {
            b.iter(|| compare(black_box(&snapshot), black_box(&other)).len());
        });
        every_gate(&mut group, &snapshot);
        group.finish();
    }
}

type Group<'a> = criterion::BenchmarkGroup<'a, criterion::measurement::WallTime>;

/// Every gate of every pod, their exposure, and the changes by one policy.
fn every_gate(group: &mut Group, snapshot: &Snapshot) {
    group.bench_function("every gate", |b| {
        b.iter(|| Analysis::new(black_box(snapshot)));
    });
    group.bench_function("every gate and exposure", |b| {
        b.iter(|| {
            let analysis = Analysis::new(black_box(snapshot));
            analysis.exposure().lines.len()
        });
    });
    let mut analysis = Analysis::new(snapshot);
    let mut policies: Vec<Arc<Policy>> = snapshot.policies.clone();
    let middle = policies.len() / 2;
    group.bench_function("after one policy changed", |b| {
        b.iter(|| {
            let policy = Arc::make_mut(&mut policies[middle]);
            std::mem::swap(&mut policy.ingress, &mut policy.egress);
            analysis.update(black_box(&policies)).len()
        });
    });
}

fn huge(c: &mut Criterion) {
    let snapshot = cluster(HUGE);
    let mut group = c.benchmark_group("100,000 pods, 10,000 policies");
    group.sample_size(10);
    every_gate(&mut group, &snapshot);
    group.finish();
}

fn folders(c: &mut Criterion) {
    let named = std::env::var_os("DRAWBRIDGE_CLUSTERS").unwrap_or_default();
    for folder in std::env::split_paths(&named) {
        let mut group = c.benchmark_group(folder.display().to_string());
        group.sample_size(20);
        let (sources, _) = collect(&[folder]);
        group.bench_function("reading", |b| {
            b.iter(|| {
                load(black_box(&sources), &Settings::default())
                    .policies
                    .len()
            });
        });
        let snapshot = load(&sources, &Settings::default()).snapshot;
        every_gate(&mut group, &snapshot);
        group.finish();
    }
}

criterion_group!(benches, answers, huge, folders);
criterion_main!(benches);
