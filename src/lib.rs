//! Drawbridge: draw the traffic that should exist, get the network policies that allow exactly that.
//!
//! A native editor for Kubernetes network policies. You draw which connections should exist; it generates
//! the policies that allow exactly these, proves it, and explains every connection that is denied. The same
//! binary is a command-line tool, so the window and a pipeline run the same checks.
//!
//! This page describes the architecture: concepts, modules and their dependencies, data flow, and what is
//! forbidden. `tests/architecture.rs` checks what can be checked by a test.
//!
//! # Concepts
//!
//! | Concept | What it is | Where |
//! | --- | --- | --- |
//! | Document | what the user edits: namespaces, workloads, services, nodes, externals, groups, flows, imported policies, invariants, layout, settings | [`model`] |
//! | Flow | an intent: this source should be able to open connections to that destination on these ports | [`model::Flow`] |
//! | Snapshot | the input of the analysis: namespaces, pods, nodes, services, policies, tiers, assumptions | [`cluster::Snapshot`] |
//! | Policy | dialect-neutral rules: tier, order, subject, ingress and egress, each part with its source lines | [`policy`] |
//! | Plan | the policies that have to be generated, before a dialect writes them; what a dialect cannot express is a [`policy::Loss`] | [`policy::PlanPolicy`] |
//! | Dialect | a wire format: parses YAML with spans, lowers it to policies, writes it, reports what it cannot express | [`dialect`] |
//! | Invariant | a requirement on the policies, independent of the flows: who must or must not reach whom | [`model::Invariant`] |
//! | Set algebra | ports, addresses, labels as sets with union, intersection, difference, equality | [`sets`] |
//! | Analysis | answers about one or more snapshots | [`analysis`] |
//! | Proof | the generated policies, read back and compared with the intent of the flows: exact, too wide, blocked, cannot be expressed | [`proof`] |
//! | Scene | the diagram: boxes, arrows and labels with their positions; no toolkit | [`scene`] |
//! | Diagnostic | a message: severity, code, location, problem and help | [`diag::Diagnostic`] |
//!
//! Pods of one workload may differ, and an editor's model must not hold a hundred thousand pods. So the
//! analysis reads a Snapshot and never a Document: [`mod@crate::load`] makes it from manifests, [`intent`] from a Document.
//!
//! # Modules and dependencies
//!
//! Modules to the right of an arrow may use those to its left, never the reverse:
//!
//! ```text
//! sets, diag, yaml  ->  policy  ->  cluster  ->  manifest, dialect
//! sets, policy, cluster  ->  analysis                (no dialect, no YAML)
//! policy, cluster  ->  model
//! policy, cluster, model  ->  plan                   (no intent, no dialect)
//! policy, cluster, model  ->  intent                 (no plan, no dialect)
//! manifest, dialect, analysis, model  ->  load  ->  lint  ->  fix
//! plan, intent, load, analysis  ->  proof  ->  import, adopt, convert, suggest
//! import, adopt, lint  ->  query                     (fix: the command line and the window)
//! dialect, analysis, model, query, suggest  ->  observe
//! model  ->  scene                                   (no analysis, no egui)
//! scene, query  ->  picture                          (no egui)
//! model, dialect, manifest  ->  project
//! query, convert, suggest, observe, lint, analysis  ->  report
//! all of these  ->  cli, app                         (cli and app never import each other)
//! ```
//!
//! - [`diag`]: diagnostics, and the source ranges they point at.
//! - [`yaml`]: parsing, each node with its byte range, line and column; writing, with comments and line numbers; and
//!   [`yaml::patch`], which edits a text and leaves all other bytes unchanged.
//! - [`sets`]: the set algebra, independent of Kubernetes.
//! - [`policy`]: what dialects lower to and the analysis reads; also the types that modules share without knowing a dialect:
//!   planned policies, losses and imported policies ([`policy::Imported`]).
//! - [`cluster`]: the Snapshot.
//! - [`manifest`]: text to resources and diagnostics; workloads to pods. Never fails.
//! - [`dialect`]: one folder for each wire format, behind one registry. The rules of each dialect are pages beside its code, which
//!   `drawbridge lint --explain CODE` prints.
//! - [`model`]: the Document, its ids, its edits, its history.
//! - [`analysis`]: partitions pods, addresses, domain names and ports into classes that no policy distinguishes, then computes on bit
//!   sets; and [`analysis::oracle`], an evaluator of single connections that shares no code with it.
//! - [`load`]: manifests and policies into one Snapshot, under an enforcer and assumptions; every answer starts here.
//! - [`plan`]: from a Document to the policies to generate, in no dialect.
//! - [`intent`]: what ingress and egress of each workload should allow, computed from the Document and its imported policies.
//!   It shares no code with [`plan`]: what the plan forgets shows up as blocked.
//! - [`proof`]: generates the policies, reads them back, compares them with the intent, and finds edits that fix a difference.
//! - [`import`]: manifests to a Document. [`adopt`]: imported policies to flows, proven equivalent. [`convert`]: policies to another
//!   dialect, compared before and after.
//! - [`suggest`]: flows that manifests imply, with evidence: addresses in the configuration of workloads, routes, monitors, webhooks; and
//!   [`suggest::catalogue`], dependencies that a default deny breaks and nobody draws.
//! - [`query`]: the queries of the window and the command line, one file each.
//! - [`observe`]: recorded traffic: files of flow recorders to connections, what policies would do to them, how they differ from
//!   the drawing, and flows to draw for them.
//! - [`lint`]: one registry of rules, and the manual of every code.
//! - [`fix`]: corrections of findings as patches of their texts, proven by reading the patched texts.
//! - [`scene`]: layout and routing of the diagram; [`scene::bundle`] for collapsed namespaces.
//! - [`picture`]: a scene as an SVG or PNG image, with its legend and verdict; and the look of verdicts, which the canvas shares.
//! - [`project`]: the project format, pure ([`project::format::save`] keeps the bytes of what did not change); and `files`, the only module
//!   that accesses the disk.
//! - [`report`]: output formats, one file for each command.
//! - [`cli`]: one file for each subcommand.
#![cfg_attr(feature = "gui", doc = "- [`app`]: the window (feature `gui`).")]
#![cfg_attr(not(feature = "gui"), doc = "- `app`: the window (feature `gui`).")]
//!
//! # Data flow
//!
//! ```text
//!  manifests --manifest, dialect--> Snapshot ---------------------+--analysis--> answers --report--> text, JSON
//!      |                                                          |
//!      +--import--> Document --intent--> Snapshot ------------------+--compare--> proof
//!                      |                                          |
//!                      +--plan--> YAML text ----------------------+   (read back like any other file)
//!                      |
//!                      +--scene--> diagram --picture--> SVG, PNG
//! ```
//!
//! The proof does not trust the generator: it reads the generated text like any other file, analyses it
//! together with the intent, and compares ingress and egress of each workload.
//!
//! # After an edit
//!
//! [`query::check_with`] computes only what an edit touches. Tables of a Document, policies and texts are shared, so "unchanged" is
//! mostly a comparison of pointers; there is no dependency tracking. While only flows and workloads change, the plan and the intent of
//! every flow that does not concern them are used again, and the selectors of other namespaces; a planned policy that is the same keeps
//! its text, a text that is the same keeps what was read from it. The comparison looks again at the gates that a changed policy selects,
//! and at those whose rules select a changed pod, and keeps the differences of all others. A property test holds the answer equal to
//! [`query::check`].
//!
//! # As a library
//!
//! Everything but the window is available without default features (`default-features = false`). To answer
//! questions about manifests; see also `cargo run --example analyse`:
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
//! To generate and prove the policies of a Document; see also `cargo run --example draw`:
//!
//! ```
//! use drawbridge::proof::generate;
//! use drawbridge::proof::{State, prove};
//! use drawbridge::model::{Document, Edit, End, Flow, FlowPort, Namespace, Thing, Workload};
//!
//! # fn main() -> Result<(), drawbridge::model::Refusal> {
//! let mut document = Document::default();
//! let shop = document.namespaces.next_id();
//! Edit::Add(Thing::Namespace(Namespace::new("shop"))).apply(&mut document)?;
//! let mut ends = Vec::new();
//! for name in ["web", "db"] {
//!     ends.push(End::Workload(document.workloads.next_id()));
//!     let labels = [("app".to_owned(), name.to_owned())].into();
//!     let workload = Workload::new(shop, "Deployment", name, labels);
//!     Edit::Add(Thing::Workload(workload)).apply(&mut document)?;
//! }
//! let flow = Flow::new(ends[0].clone(), ends[1].clone(), vec![FlowPort::Any]);
//! Edit::Add(Thing::Flow(flow)).apply(&mut document)?;
//!
//! let generated = generate(&document);
//! assert!(generated.text().contains("name: web-to-db"));
//! assert_eq!(prove(&document, &generated).state, State::Exact);
//! # Ok(())
//! # }
//! ```
//!
//! # Forbidden
//!
//! - Outside `project::files`, `cli`, `app` and `main`: no files, no clock, no environment; outside `app`: no egui.
//! - `analysis` never branches on a dialect or an enforcer: lowering already chose tiers, order and isolation.
//! - No output depends on the order of a hash map: every output is sorted and repeatable. Hash maps are for lookup only.
//! - Nothing in the library panics on input. Bad input is a [`diag::Diagnostic`] with file, line and column.
//! - The window never blocks: reading, analysis, layout and export run on workers.
//! - Files are written only where the user asks and in Drawbridge's own state folder; the network is never used.
//! - No unsafe code.
//!
//! # Notes
//!
//! - A [`cluster::Snapshot`] has workloads beside its pods, because answers are given by workload.
//! - [`manifest`] passes policies on as objects and [`mod@crate::load`] gives them to their [`dialect`]; neither module
//!   uses the other.
//! - [`analysis::Analysis`] is reusable: if changed policies add no new selectors, addresses or ports, only the classes
//!   that they affect are computed again.
//! - `diff` compares pods, not workloads, and reports where pods of one workload differ; then policies, for future
//!   pods. `list` answers by workload; connections between replicas are listed apart, where policies restrict them.
//! - Host-network pods keep their port names where they count as nodes, because Services still find them;
//!   [`cluster::Assumptions::bears_names`] decides whether policies do.
//! - Fixes are not part of a finding: [`crate::proof::fixes`] computes them on demand, because each is proven first.
//! - Groups isolate their pods (`isolate`), as workloads do, so that policies whose subject is no workload can be adopted. Such
//!   isolation allows no DNS: it is drawn.
//! - A group may be the pods of some service accounts ([`policy::Accounts`]), which only Cilium and Calico select: in the others each gate
//!   of its flows that names it is a loss, and its isolation a warning. Future pods run as `default`, or as an account that is named.
//! - Pods that are not in a document have gates, too. The proof and adoption make up one for each selector of a subject, and for each
//!   two of them (`intent::future_pods`): what one policy allows is too much only where another one isolates.
//! - The enforcer is one of the [`cluster::Assumptions`], which it settles ([`cluster::Assumptions::settled`]); a document with a dialect
//!   that one enforcer alone implements is judged under that one ([`model::Settings::judged`]).
//! - Who writes a dialect ([`policy::Target`], `dialect::Writer`) is apart from who reads one: not every dialect that is read can be written.
//! - Of the [entities](policy::Entity) of Cilium three are endpoints of their own (the API server, the node of a pod, the ingress
//!   proxy); the others are pods, nodes and addresses. At the gate of a source whose node is known, the node of the pod is also that node. `world` is the addresses outside: where blocks match pods, too, it is a loss.
//! - Cilium learns the addresses of domain names from DNS answers: a flow to a name is a loss where no written and no imported policy lets its
//!   pods resolve names ([`policy::Resolution`]).
//! - A flow that denies is written at every gate of managed namespaces, isolated or not, and isolates nothing: Cilium by
//!   `enableDefaultDeny`, the others where something else isolates. In the intent its bounds are reversed: what may be denied need
//!   not be allowed. Where a dialect cannot write it, it is a loss even if nothing allows these connections yet, because nothing
//!   would keep them denied; each that is allowed at both gates is too wide, as well: the proof puts the denial before the
//!   policies in force and asks what that changes (`proof::prove`).
//! - A flow that a dialect cannot express is widened only where the user accepts it (`approximate`): the [form](policy::Form) is
//!   chosen by what the dialect lacks, `dialect` writes it, and [`intent`] computes by itself what it allows at most. Such a flow is
//!   approximated, never exact, and everything beyond the form is too wide. Sources that nothing isolates need no form.
//! - Pods of one workload that are on the host network beside others that are not are a loss of their own where such pods count as
//!   nodes ([`policy::Part::HostNetwork`]).
//! - An invalid flow is an error of its project: exit code 2 in every command that reads it, `lint` as well.
//! - HTTP rules are filtered at one gate, the destination's if a policy is written there. The analysis does not model requests; the
//!   proof removes the filtered rules and asks whether the connections are still allowed (`proof::prove`).
//! - Adopting policies of a dialect that one enforcer implements makes the project write that dialect. A policy whose DNS rules make
//!   domain names known (Cilium) is adopted only where the DNS setting does that as well.
//! - Calico's staged policies are promoted among the objects that are read ([`load::load_promoted`]), before any is lowered.
//! - Objects that policies name (CIDR groups, network sets, tiers, service accounts) are read before any policy is lowered, into
//!   [`dialect::Resources`].
//! - Calico's pods of both families connect by IPv4; the rules for IPv6 match them towards outside addresses only.
//! - A node is an end of flows by its addresses. Like an external it has no gate ([`model::End::has_gate`]), and its own pods are always
//!   reachable from it. Only the user draws it: adopting makes an external of a block with its address, as of any other block.

#![forbid(unsafe_code)]

pub mod adopt;
pub mod analysis;
#[cfg(feature = "gui")]
pub mod app;
pub mod cli;
pub mod cluster;
pub mod convert;
pub mod diag;
pub mod dialect;
pub mod fix;
pub mod import;
pub mod intent;
pub mod lint;
pub mod load;
pub mod manifest;
pub mod model;
pub mod observe;
pub mod picture;
pub mod plan;
pub mod policy;
pub mod project;
pub mod proof;
pub mod query;
pub mod report;
pub mod scene;
pub mod sets;
pub mod suggest;
pub mod yaml;
