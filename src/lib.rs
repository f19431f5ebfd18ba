//! Drawbridge: draw the traffic that should exist, get the network policies that allow exactly that.
//!
//! A native editor for Kubernetes network policies. You draw who may talk to whom; it writes the
//! policies that allow exactly that, proves it, and tells you why whenever the answer is no. The same
//! binary is a command line, so what you see on the canvas is what your pipeline checks.
//!
//! This page is the map of the house: the ideas, the rooms, who may know whom, how data walks
//! through, and what must not be anywhere. `tests/architecture.rs` holds the parts that a machine can check.
//!
//! # The ideas
//!
//! | Idea | What it is | Where |
//! | --- | --- | --- |
//! | Document | what the user edits: namespaces, workloads, services, externals, groups, flows, imported policies, invariants, layout, settings | [`model`] |
//! | Flow | an intent: this source may open connections to that destination on these ports | [`model::Flow`] |
//! | Snapshot | what analysis looks at: namespaces, pods, nodes, services, policies, tiers, assumptions | [`cluster::Snapshot`] |
//! | Policy | rules without a dialect: tier, order, subject, ingress and egress, and the lines each part came from | [`policy`] |
//! | Dialect | a wire format: parses YAML with spans, lowers it to policies, writes it, states what it cannot say | [`dialect`] |
//! | Invariant | what policies must keep, whatever is drawn: who must or must not reach whom | [`model::Invariant`] |
//! | Set algebra | ports, addresses, labels as sets with union, intersection, difference, equality | [`sets`] |
//! | Analysis | immutable answers about one or more snapshots | [`analysis`] |
//! | Proof | the written policies, read back, compared with the drawn intent: exact, too wide, blocked, cannot be expressed | [`proof`] |
//! | Scene | what is drawn: boxes, arrows, labels and where they are; no toolkit | [`scene`] |
//! | Diagnostic | something worth telling: severity, code, place, what is wrong, what to do | [`diag::Diagnostic`] |
//!
//! Pods of one workload may differ, and a hundred thousand pods must not pass through an editor's model.
//! So analysis reads a Snapshot and never a Document: [`cluster`] is made from manifests by [`manifest`],
//! or from a Document by [`intent`].
//!
//! # The rooms, and who may know whom
//!
//! What stands to the left of an arrow may be used by what stands to its right, and never the other way round:
//!
//! ```text
//! sets, diag, yaml  ->  policy  ->  cluster  ->  manifest, dialect
//! sets, policy, cluster  ->  analysis                (no dialect, no YAML)
//! policy, cluster  ->  model
//! manifest, dialect, model  ->  load  ->  plan  ->  intent
//! load, analysis  ->  lint
//! plan, intent, load, analysis  ->  proof  ->  import, adopt
//! import, adopt, lint  ->  query
//! model  ->  scene                                   (no analysis, no egui)
//! model, dialect, manifest  ->  project
//! query, lint, analysis  ->  report
//! all of these  ->  cli, app                         (cli and app never import each other)
//! ```
//!
//! - [`diag`]: diagnostics, the byte ranges they point at, and patches of a text.
//! - [`yaml`]: reading, each node with its bytes, line and column; writing, with comments, and the lines recorded; patching, which
//!   leaves every other byte of a text alone.
//! - [`sets`]: the algebra. Knows no Kubernetes.
//! - [`policy`]: what every dialect is lowered to, and all that the analysis reads.
//! - [`cluster`]: the Snapshot.
//! - [`manifest`]: bytes to resources and diagnostics; workloads to pods. Never fails.
//! - [`dialect`]: one folder for each wire format, reached through one registry.
//! - [`model`]: the Document, its ids, its edits, its history.
//! - [`analysis`]: classes of pods, addresses, domain names and ports that no policy tells apart, then bit sets;
//!   and [`analysis::oracle`], the plain evaluator, which shares no code with that.
//! - [`load`]: manifests and policies into one Snapshot, under an enforcer and assumptions: the one way in.
//! - [`plan`]: from a Document to the policies that have to be written.
//! - [`intent`]: what every gate should allow.
//! - [`proof`]: the written texts read back and compared with the intent, and the edits that mend a difference.
//! - [`import`], [`adopt`]: manifests become a Document; policies become flows, proven equal.
//! - [`query`]: the questions of the window and the command line, one file each.
//! - [`lint`]: one registry of rules, and the manual of every code.
//! - [`scene`]: layout and routing.
//! - [`project`]: the project format, pure (saving keeps the bytes of what did not change); and files, the one place that touches the disk.
//! - [`report`]: one file for each output format.
//! - [`cli`]: one file for each subcommand.
#![cfg_attr(feature = "gui", doc = "- [`app`]: the window (feature `gui`).")]
#![cfg_attr(not(feature = "gui"), doc = "- `app`: the window (feature `gui`).")]
//!
//! # How data walks through
//!
//! ```text
//!  manifests --manifest, dialect--> Snapshot ---------------------+--analysis--> answers --report--> text, JSON
//!      |                                                          |
//!      +--import--> Document --intent--> Snapshot +-----------------+--compare--> proof
//!                      |                                          |
//!                      +--plan--> YAML text ----------------------+   (read back like any other file)
//!                      |
//!                      +--scene--> picture
//! ```
//!
//! The proof trusts nothing that wrote the policies: it reads the emitted text as it would read a
//! stranger's, analyses it beside the drawn intent in one universe, and compares gate by gate.
//!
//! # As a library
//!
//! Without the window (`default-features = false`) everything else is there. Manifests in, answers out;
//! `cargo run --example analyse` does more of it:
//!
//! ```
//! use drawbridge::{analysis, load::{self, load}, manifest::Source};
//!
//! let manifests = "
//! {apiVersion: v1, kind: Pod, metadata: {name: web}}
//! ---
//! {apiVersion: v1, kind: Pod, metadata: {name: db, labels: {app: db}}}
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db}
//! spec: {podSelector: {matchLabels: {app: db}}}
//! ";
//! let loaded = load(&[Source::new("pods.yaml", manifests)], &load::Settings::default());
//! let snapshot = &loaded.snapshot;
//! let between_pods: Vec<String> = analysis::connections(snapshot)
//!     .into_iter()
//!     .filter_map(|c| match (c.src, c.dst) {
//!         (analysis::Party::Workload(a), analysis::Party::Workload(b)) => {
//!             let name = |at: usize| &snapshot.workloads[at].name;
//!             Some(format!("{} => {}: {}", name(a), name(b), c.ports))
//!         }
//!         _ => None,
//!     })
//!     .collect();
//! assert_eq!(between_pods, ["db => web: any"]);
//! ```
//!
//! A drawing in, policies and their proof out; see `cargo run --example draw`:
//!
//! ```
//! use drawbridge::proof::generate;
//! use drawbridge::proof::{State, prove};
//! use drawbridge::model::{Document, Edit, End, Flow, FlowPort, Namespace, Thing, Workload};
//!
//! # fn main() -> Result<(), drawbridge::model::Refusal> {
//! let mut drawing = Document::default();
//! let shop = drawing.namespaces.next_id();
//! Edit::Add(Thing::Namespace(Namespace::new("shop"))).apply(&mut drawing)?;
//! let mut ends = Vec::new();
//! for name in ["web", "db"] {
//!     ends.push(End::Workload(drawing.workloads.next_id()));
//!     let labels = [("app".to_owned(), name.to_owned())].into();
//!     let workload = Workload::new(shop, "Deployment", name, labels);
//!     Edit::Add(Thing::Workload(workload)).apply(&mut drawing)?;
//! }
//! let flow = Flow::new(ends[0].clone(), ends[1].clone(), vec![FlowPort::Any]);
//! Edit::Add(Thing::Flow(flow)).apply(&mut drawing)?;
//!
//! let generated = generate(&drawing);
//! assert!(generated.text().contains("name: web-to-db"));
//! assert_eq!(prove(&drawing, &generated).state, State::Exact);
//! # Ok(())
//! # }
//! ```
//!
//! # What must not be anywhere
//!
//! - Outside `project::files`, `cli`, `app` and `main`: no files, no clock, no environment; outside `app`: no egui.
//! - `analysis` never branches on a dialect or an enforcer: lowering already chose tiers, order and isolation.
//! - Nothing iterates over a hash map into output: every output is sorted and repeatable.
//! - Nothing in the library panics on input. Bad input is a [`diag::Diagnostic`] with file, line and column.
//! - The window never blocks: reading, analysis, layout and export run on workers.
//! - Nothing is written except where the user said and in Drawbridge's own state folder, and no network is talked to.
//! - No unsafe code.
//!
//! # Where the code went another way than planned
//!
//! - Hash maps are used for looking up and for sharing equal values, which the analysis does all the
//!   time. What is forbidden is to loop over one.
//! - A [`cluster::Snapshot`] has workloads beside its pods, because answers are told by workload.
//! - [`manifest`] hands policies on as objects and [`mod@crate::load`] gives them to their [`dialect`]: the two
//!   rooms stand side by side and neither knows the other.
//! - [`analysis::Analysis`] is a kept answer: where a change of policies brings no new words, universe and rows
//!   stay, and only the classes that it touches are computed anew.
//! - `diff` compares pods, not workloads, and says so where pods of one workload differ; then policies, for pods
//!   that may come. `list` answers by workload, and leaves out what replicas do among themselves.
//! - Host-network pods keep their port names where they count as nodes, as Services go on finding them;
//!   [`cluster::Assumptions::bears_names`] says whether policies do.
//! - Fixes are no part of a finding: [`crate::proof::fixes`] makes them when somebody looks, because each is proven first.
//! - Nodes cannot be ends of a flow yet: NetworkPolicy can only name their addresses, which an external does as well.

#![forbid(unsafe_code)]

pub mod adopt;
pub mod analysis;
#[cfg(feature = "gui")]
pub mod app;
pub mod cli;
pub mod cluster;
pub mod diag;
pub mod dialect;
pub mod import;
pub mod intent;
pub mod lint;
pub mod load;
pub mod manifest;
pub mod model;
pub mod plan;
pub mod policy;
pub mod project;
pub mod proof;
pub mod query;
pub mod report;
pub mod scene;
pub mod sets;
pub mod yaml;
