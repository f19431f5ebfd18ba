//! The command line: one file for each subcommand.
//!
//! Answers go to standard output, diagnostics as text to standard error. Exit codes: 0 success,
//! 1 findings, differences or a denied connection, 2 invalid input or arguments.

mod adopt;
mod beside;
mod completions;
mod convert;
mod diff;
mod enforcers;
mod explain;
mod export;
mod exposure;
mod flows;
mod generate;
mod import;
mod lint;
mod list;
mod paths;
mod places;
mod render;
mod suggest;
mod verify;

use std::io::{self, IsTerminal, Write};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use self::places::{about_flows, approximated, omitted, places};
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::cluster::{Assumptions, Enforcer, HostNetwork, LeftOut, PodAddresses};
use crate::diag::{self, Diagnostic, NOT_JUDGED, Severity, Span, edit_distance, is_incomplete};
use crate::load::{self, Loaded};
use crate::manifest::Source;
use crate::model::enforcer_of;
use crate::model::validate::{Refusal, label_name};
use crate::policy::Target;
use crate::project::{files, format, sources};
use crate::report::summed::summed;

/// Success.
pub const FINE: u8 = 0;
/// Findings, differences, or a denied connection.
pub const FINDINGS: u8 = 1;
/// Invalid input or arguments.
pub const WRONG: u8 = 2;

const EXIT_CODES: &str = "Exit codes: 0 success; 1 findings, differences, a denied `explain` or an unreachable `paths --to`; \
    2 invalid input or arguments (what could be answered is still printed).";

/// Draw the traffic that should exist, get the network policies that allow exactly that.
#[derive(Parser)]
#[command(name = "drawbridge", version, args_conflicts_with_subcommands = true)]
#[command(after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// A project or manifests to open in the window
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// List every diagnostic, instead of a count of those of one kind
    #[arg(long, global = true)]
    verbose: bool,
}

/// Whether `--verbose` is given; a process has one command line.
static VERBOSE: AtomicBool = AtomicBool::new(false);

/// Whether every diagnostic is to be listed.
fn verbose() -> bool {
    VERBOSE.load(Ordering::Relaxed)
}

#[derive(Subcommand)]
enum Command {
    /// Open the window
    Open {
        /// A project or manifests
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Create a project from manifests and policies
    Import(import::Args),
    /// Create a project in which policies are flows, where that is proven equivalent
    ///
    /// As import, then each policy becomes flows, default denies, isolation of workloads and DNS settings, or
    /// stays imported with the reason. No connection changes. A project whose policies are Cilium's or Calico's writes
    /// these.
    Adopt(import::Args),
    /// Write the policies of a project
    ///
    /// Exit code 0: every flow is written exactly as it is drawn; 1: some are left out, or allow more because they have
    /// `approximate: true`; 2: the project is wrong.
    Generate(generate::Args),
    /// Convert policies to another dialect, compared before and after
    ///
    /// Each policy keeps its name, namespace, labels and annotations. What the dialect cannot express is left out
    /// and reported, and nothing wider is written in its place. The new policies are read under the enforcer of their
    /// dialect, the old ones under theirs, and every connection whose verdict changes is listed: also where the pods
    /// of a policy that is left out are open.
    ///
    /// Exit code 0: every policy is converted in full and nothing changes; 1 otherwise.
    Convert(convert::Args),
    /// Check policies against the flows and invariants of a project
    ///
    /// Exit code 0: the policies allow exactly what is drawn, and the invariants hold; 1: they do not, or the dialect
    /// cannot express some flows, or these are approximated (`approximate: true`); 2: the project or a policy is wrong.
    Verify(verify::Args),
    /// Write the diagram of a project as an SVG or PNG picture
    ///
    /// With the verdicts, the isolation of workloads, a legend, the project's name and a date; no display is needed.
    /// Namespaces are collapsed as when the window opens the project. What --select names is laid out alone and expanded.
    Render(render::Args),
    /// Report what the API server would refuse, and other findings
    Lint(lint::Args),
    /// List the allowed connections
    List(list::Args),
    /// Compare what two clusters allow
    ///
    /// With --promote-staged and one path: what Calico's staged policies would change if they were promoted. A
    /// policy with `stagedAction: Delete` removes the policy of its name, one with Learn or Ignore changes nothing.
    Diff(diff::Args),
    /// Explain why a connection is allowed or denied
    Explain(explain::Args),
    /// Show what is reachable in any number of hops, with the paths
    ///
    /// Without --to: everything reachable, by number of hops. With --to: a shortest path to each of its
    /// workloads and addresses; exit code 1 if none of them is reachable.
    ///
    /// A hop is a connection that the policies allow on at least one port. Paths are between workloads: a
    /// pod counts as its workload. Addresses can only be the start or the end of a path; 0.0.0.0/0 and ::/0
    /// are everything outside the cluster. The ingress controller is a hop between outside and the
    /// backends of Ingress and Route objects.
    Paths(paths::Args),
    /// Show exposure to future pods, Services and routes
    Exposure(exposure::Args),
    /// Suggest flows that the manifests imply, and what isolated pods also need, with evidence
    ///
    /// Addresses in environment variables, arguments, commands and ConfigMaps that workloads read; Ingress and other routes;
    /// Services that take connections from outside; monitors, scrape annotations and webhooks. Secrets are never read.
    ///
    /// For each namespace whose pods policies isolate, what these pods need and nobody draws: DNS, the API server, webhooks,
    /// metrics, ingress controllers, HTTP-01 solvers, service meshes, credentials of clouds, other replicas. What policies
    /// allow already is listed with these policies. With a project, the policies are those in force.
    Suggest(suggest::Args),
    /// List the connections in recorded traffic, and which of them policies would deny
    ///
    /// Reads what Hubble, Retina, Calico's Goldmane and Whisker record, in files, logs or gzip, and CSV with the header
    /// source,destination,protocol,port[,count,first,last,verdict]. All files are read together; their order does not
    /// matter, and equal records count once.
    ///
    /// Exit code 1 with --against: a recorded connection would be dropped, or that is uncertain.
    Flows(flows::Args),
    /// Print a shell completion script
    Completions(completions::Args),
}

/// The action that the arguments select.
pub enum Start {
    /// The window, on these paths.
    Window(Vec<PathBuf>),
    /// The exit code of a command that has already run.
    Exit(u8),
}

/// Reads the arguments and runs the subcommand, if there is one. Wrong arguments end the process
/// with exit code 2, `--help` and `--version` with 0.
pub fn start() -> Start {
    let cli = Cli::parse();
    VERBOSE.store(cli.verbose, Ordering::Relaxed);
    if let (None, Some(diagnostic)) = (&cli.command, cli.paths.first().and_then(|p| mistyped(p))) {
        print_diagnostics(&[diagnostic]);
        return Start::Exit(WRONG);
    }
    if !matches!(cli.command, None | Some(Command::Open { .. })) {
        work_along();
    }
    let code = match cli.command {
        None => return Start::Window(cli.paths),
        Some(Command::Open { paths }) => return Start::Window(paths),
        Some(Command::Import(args)) => import::run(&args),
        Some(Command::Adopt(args)) => adopt::run(&args),
        Some(Command::Generate(args)) => generate::run(&args),
        Some(Command::Convert(args)) => convert::run(&args),
        Some(Command::Verify(args)) => verify::run(&args),
        Some(Command::Render(args)) => render::run(&args),
        Some(Command::Lint(args)) => lint::run(&args),
        Some(Command::List(args)) => list::run(&args),
        Some(Command::Diff(args)) => diff::run(&args),
        Some(Command::Explain(args)) => explain::run(&args),
        Some(Command::Paths(args)) => paths::run(&args),
        Some(Command::Exposure(args)) => exposure::run(&args),
        Some(Command::Suggest(args)) => suggest::run(&args),
        Some(Command::Flows(args)) => flows::run(&args),
        Some(Command::Completions(args)) => completions::run(&args),
    };
    Start::Exit(code)
}

/// Why a first argument that is neither a command nor a file is not opened. A path is left to the window.
fn mistyped(word: &Path) -> Option<Diagnostic> {
    let text = word.to_str()?;
    let bare = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !bare || text == "-" || word.exists() {
        return None;
    }
    let command = Cli::command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    let typed = text.to_ascii_lowercase();
    let near = names.map(|name| (edit_distance(&typed, name), name)).min();
    let problem = format!("`{text}` is neither a command nor a file");
    Some(Diagnostic::error("question", problem).help(match near {
        Some((far, name)) if far <= 2 && far < name.len() => format!("did you mean `{name}`?"),
        _ => "`drawbridge --help` lists the commands".to_owned(),
    }))
}

/// Standard input, named more than once among these paths, can only be read for one of them.
pub(crate) fn stdin_twice<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> bool {
    let twice = paths
        .into_iter()
        .filter(|path| sources::is_stdin(path))
        .count()
        > 1;
    if twice {
        let message = "standard input can only be read once";
        let help = "write one of the inputs to a file";
        print_diagnostics(&[Diagnostic::error("file", message).help(help)]);
    }
    twice
}

/// Makes this thread one of the workers: it would only wait for them, with a heap and a stack of
/// its own.
fn work_along() {
    // Fails only if there are workers already, who then do as well.
    let _ = rayon::ThreadPoolBuilder::new()
        .use_current_thread()
        .build_global();
}

/// Output formats.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Text
    Txt,
    /// JSON
    Json,
}

/// The inputs of a subcommand, its enforcer and assumptions.
#[derive(clap::Args)]
pub(crate) struct Inputs {
    /// Files, folders (searched for .yaml, .yml and .json), a project, or - for standard input. Beside manifests, a
    /// project adds its workloads, nodes and Services; its flows and policies are not read
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub rules: Rules,
}

/// The enforcer and the assumptions.
#[derive(Clone, Default, clap::Args)]
pub(crate) struct Rules {
    /// The enforcer whose rules decide (default: the project's, else the one that has its own policies in the input, else
    /// kubernetes)
    #[arg(long, value_enum)]
    pub enforcer: Option<EnforcerName>,
    /// Set an assumption: pod-addresses=unknown|outside|known, host-network=pods|nodes
    /// (default: the project's, else unknown and pods)
    #[arg(long, value_name = "KEY=VALUE", value_parser = assumption)]
    pub assume: Vec<Assumption>,
    /// Accept that policies of this kind are not judged (may be given several times)
    #[arg(long, value_name = "KIND")]
    pub leave_out: Vec<String>,
    /// The namespace of objects that name none, as for `kubectl apply --namespace` (default: default)
    #[arg(long, value_name = "NAME", value_parser = namespace)]
    pub namespace: Option<String>,
    /// Build the folders that have a kustomization.yaml, with `kustomize` or `kubectl` from the PATH, and read the
    /// result
    #[arg(long)]
    pub kustomize: bool,
}

/// A value of `--enforcer`.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum EnforcerName {
    /// As the Kubernetes API specifies
    Kubernetes,
    /// As Cilium does
    Cilium,
    /// As Calico does
    Calico,
}

impl From<EnforcerName> for Enforcer {
    fn from(name: EnforcerName) -> Self {
        match name {
            EnforcerName::Kubernetes => Self::Kubernetes,
            EnforcerName::Cilium => Self::Cilium,
            EnforcerName::Calico => Self::Calico,
        }
    }
}

impl From<Enforcer> for EnforcerName {
    fn from(enforcer: Enforcer) -> Self {
        match enforcer {
            Enforcer::Kubernetes => Self::Kubernetes,
            Enforcer::Cilium => Self::Cilium,
            Enforcer::Calico => Self::Calico,
        }
    }
}

/// A value of `--dialect` and `--to`.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum DialectName {
    /// NetworkPolicy
    Kubernetes,
    /// CiliumNetworkPolicy
    Cilium,
    /// Calico's NetworkPolicy
    Calico,
    /// AdminNetworkPolicy (policy.networking.k8s.io/v1alpha1)
    AdminNetworkPolicy,
    /// ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2)
    ClusterNetworkPolicy,
}

impl From<DialectName> for Target {
    fn from(name: DialectName) -> Self {
        match name {
            DialectName::Kubernetes => Self::Kubernetes,
            DialectName::Cilium => Self::Cilium,
            DialectName::Calico => Self::Calico,
            DialectName::AdminNetworkPolicy => Self::AdminNetworkPolicy,
            DialectName::ClusterNetworkPolicy => Self::ClusterNetworkPolicy,
        }
    }
}

/// A value of `--assume`.
#[derive(Clone, Copy)]
pub(crate) enum Assumption {
    PodAddresses(PodAddresses),
    HostNetwork(HostNetwork),
}

/// The name of a namespace.
pub(crate) fn namespace(text: &str) -> Result<String, String> {
    match label_name(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(refusal) => Err(match refusal.help {
            Some(help) => format!("{}; {help}", refusal.message),
            None => refusal.message,
        }),
    }
}

/// A folder to write files to, which standard output is not.
pub(crate) fn folder(path: PathBuf) -> Result<PathBuf, &'static str> {
    match sources::is_stdin(&path) {
        true => Err("files are written to a folder; leave this out to print the policies"),
        false => Ok(path),
    }
}

fn assumption(text: &str) -> Result<Assumption, String> {
    Ok(match text {
        "pod-addresses=unknown" => Assumption::PodAddresses(PodAddresses::Unknown),
        "pod-addresses=outside" => Assumption::PodAddresses(PodAddresses::Outside),
        "pod-addresses=known" => Assumption::PodAddresses(PodAddresses::Known),
        "host-network=pods" => Assumption::HostNetwork(HostNetwork::Pods),
        "host-network=nodes" => Assumption::HostNetwork(HostNetwork::Nodes),
        _ => {
            return Err(
                "expected pod-addresses=unknown|outside|known or host-network=pods|nodes".into(),
            );
        }
    })
}

impl Rules {
    /// The same enforcer, with both assumptions set.
    pub fn assuming(&self, all: Assumptions) -> Self {
        let assume = vec![
            Assumption::PodAddresses(all.pod_addresses),
            Assumption::HostNetwork(all.host_network),
        ];
        Self {
            assume,
            ..self.clone()
        }
    }

    /// Turns warnings about policies that are left out on purpose into notes.
    pub fn accept(&self, diagnostics: &mut [Diagnostic]) {
        let kind = |d: &Diagnostic| d.resource.as_ref()?.split(' ').next().map(str::to_owned);
        for found in diagnostics.iter_mut().filter(|d| d.code == NOT_JUDGED) {
            if kind(found).is_some_and(|kind| self.leave_out.contains(&kind)) {
                found.severity = Severity::Info;
                found.help = None;
            }
        }
    }

    /// Overrides `settings` with the given options; the last value of a repeated key wins.
    pub fn over(&self, mut settings: load::Settings) -> load::Settings {
        if let Some(name) = self.enforcer {
            settings.enforcer = Some(name.into());
        }
        let assumptions = &mut settings.assumptions;
        for one in &self.assume {
            match *one {
                Assumption::PodAddresses(value) => assumptions.pod_addresses = value,
                Assumption::HostNetwork(value) => assumptions.host_network = value,
            }
        }
        settings
    }
}

/// What inputs are read to, or why a project among them cannot be read.
type Read = Result<ManuallyDrop<Loaded>, Vec<Diagnostic>>;

/// Reads the inputs and adds the lint findings that qualify answers.
///
/// # Errors
/// If the input is a project that cannot be read.
pub(crate) fn load_inputs(inputs: &Inputs) -> Read {
    load_texts(inputs, &Texts::of(inputs))
}

/// The same for texts that are read already: standard input can be read only once.
pub(crate) fn load_texts(inputs: &Inputs, texts: &Texts) -> Read {
    load_texts_by(load::load_in, inputs, texts)
}

/// The same, with another way to read manifests.
pub(crate) fn load_texts_by(load: Load, inputs: &Inputs, texts: &Texts) -> Read {
    let mut loaded = read_texts(load, inputs, load::Settings::default(), texts);
    if loaded
        .diagnostics
        .iter()
        .any(|d| d.code == "project-format" && d.severity == Severity::Error)
        && loaded.project.is_none()
    {
        return Err(std::mem::take(&mut loaded.diagnostics));
    }
    crate::lint::qualify(&mut loaded);
    Ok(loaded)
}

/// Reads manifests under settings, with the namespace of objects that name none.
pub(crate) type Load = fn(&[Source], &load::Settings, Option<&str>) -> Loaded;

/// Reads the inputs, with defaults for manifests. Diagnostics of files come first. Never dropped: the process exits soon
/// after and frees everything at once.
pub(crate) fn read_under(inputs: &Inputs, defaults: load::Settings) -> ManuallyDrop<Loaded> {
    read_by(load::load_in, inputs, defaults).0
}

/// The same, with another way to read manifests; with the texts.
pub(crate) fn read_by(
    load: Load,
    inputs: &Inputs,
    defaults: load::Settings,
) -> (ManuallyDrop<Loaded>, Vec<Source>) {
    let texts = Texts::of(inputs);
    let loaded = read_texts(load, inputs, defaults, &texts);
    (loaded, texts.sources)
}

/// The texts of inputs, and what could not be read of them.
pub(crate) struct Texts {
    sources: Vec<Source>,
    diagnostics: Vec<Diagnostic>,
}

impl Texts {
    pub fn of(inputs: &Inputs) -> Self {
        let spinner = spinner("reading manifests");
        let (sources, diagnostics) = match inputs.rules.kustomize {
            true => sources::kustomize::collect(&inputs.paths),
            false => sources::collect(&inputs.paths),
        };
        spinner.finish_and_clear();
        Self {
            sources,
            diagnostics,
        }
    }
}

fn read_texts(
    load: Load,
    inputs: &Inputs,
    defaults: load::Settings,
    texts: &Texts,
) -> ManuallyDrop<Loaded> {
    let spinner = spinner("reading manifests");
    let mut diagnostics = texts.diagnostics.clone();
    let mut loaded = match project(inputs, &texts.sources) {
        Some(loaded) => loaded,
        None => {
            let loaded = read_manifests(load, inputs, defaults, &texts.sources);
            let fails = |d: &Diagnostic| d.severity == Severity::Error;
            if loaded.objects == 0 && !diagnostics.iter().chain(&loaded.diagnostics).any(fails) {
                diagnostics.extend(inputs.paths.first().map(|path| nothing_found(path)));
            }
            loaded
        }
    };
    diagnostics.append(&mut loaded.diagnostics);
    inputs.rules.accept(&mut diagnostics);
    loaded.snapshot.unread = diag::unread(&diagnostics);
    loaded.diagnostics = diagnostics;
    spinner.finish_and_clear();
    ManuallyDrop::new(loaded)
}

/// Reads manifests, and what a project among the inputs declares.
fn read_manifests(
    load: Load,
    inputs: &Inputs,
    defaults: load::Settings,
    sources: &[Source],
) -> Loaded {
    let namespace = inputs.rules.namespace.as_deref();
    let read =
        |sources: &[Source], settings| load(sources, &inputs.rules.over(settings), namespace);
    match beside::beside(inputs, sources) {
        None => read(sources, defaults),
        Some(Ok(beside)) => {
            let mut loaded = read(&beside.sources, beside.settings);
            loaded.diagnostics.splice(0..0, beside.diagnostics);
            loaded
        }
        Some(Err(diagnostics)) => Loaded {
            diagnostics,
            ..Loaded::default()
        },
    }
}

fn nothing_found(path: &Path) -> Diagnostic {
    Diagnostic::error("no-objects", "no Kubernetes object was found")
        .at(Span::new(path.to_string_lossy().into(), 1, 1))
        .help("check the paths, and the command whose output is read")
}

/// An error if a project is to be judged under an enforcer that does not implement its dialect.
fn other_enforcer(target: Target, wanted: Option<EnforcerName>) -> Option<Diagnostic> {
    let wanted = Enforcer::from(wanted?);
    let only = enforcer_of(target, wanted);
    (wanted != only).then(|| {
        let message = format!(
            "the project is written as {}, which {} does not enforce: it is judged under {}",
            target.kind(),
            wanted.name(),
            only.name()
        );
        let help = "leave out `--enforcer`, or change `settings.dialects`";
        Diagnostic::error("enforcer", message).help(help)
    })
}

/// The generated and imported policies of a project, if it is the only path.
fn project(inputs: &Inputs, texts: &[Source]) -> Option<Loaded> {
    let ([path], [source]) = (&*inputs.paths, texts) else {
        return None;
    };
    if sources::is_folder(path) || !format::is_project(&source.text) {
        return None;
    }
    Some(match format::read(&source.text, &source.name) {
        Ok((mut document, diagnostics)) => {
            // The policies are what `generate` writes, whoever judges them.
            let generated = crate::proof::generate(&document);
            let settings = &mut document.settings;
            let judged = inputs.rules.over(load::Settings::of(settings));
            let conflict = other_enforcer(settings.target(), inputs.rules.enforcer);
            settings.assumptions = judged.assumptions;
            settings.assumptions.enforcer = judged.enforcer.unwrap_or_default();
            let placed = format::in_place(&document, &source.name, &source.text);
            let mut loaded = crate::proof::loaded_with(&placed, &generated);
            loaded.project = Some(document.clone());
            let places = places(&source.name, &source.text);
            let about_flows = about_flows(&document, &generated, &places);
            let all = diagnostics.into_iter().chain(conflict).chain(about_flows);
            loaded.diagnostics.splice(0..0, all);
            loaded
        }
        Err(diagnostics) => Loaded {
            diagnostics,
            ..Loaded::default()
        },
    })
}

/// Opens a project, from standard input if the path is `-`, and prints its diagnostics.
///
/// # Errors
/// The diagnostics, printed as well, if it cannot be opened.
pub(crate) fn open_project(path: &std::path::Path) -> Result<files::Opened, Vec<Diagnostic>> {
    let opened = match sources::is_stdin(path) {
        true => sources::open(path),
        false => files::open(path),
    };
    print_diagnostics(match &opened {
        Ok(opened) => &opened.diagnostics,
        Err(diagnostics) => diagnostics,
    });
    opened
}

/// A progress spinner on standard error; hidden unless that is a terminal.
pub(crate) fn spinner(message: &'static str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner().with_message(message);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// Writes an answer to standard output.
pub(crate) fn answer(text: &str, code: u8) -> u8 {
    let mut out = io::stdout().lock();
    written(
        out.write_all(text.as_bytes()).and_then(|()| out.flush()),
        code,
    )
}

/// The exit code after writing to standard output. A closed pipe is no error; anything else, such as a full disk,
/// is exit code 2.
pub(crate) fn written(result: io::Result<()>, code: u8) -> u8 {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let message = format!("the answer cannot be written: {error}");
            print_diagnostics(&[
                Diagnostic::error("file", message).help("parts of it may be missing")
            ]);
            WRONG
        }
        _ => code,
    }
}

/// Writes diagnostics to standard error.
pub fn print_diagnostics(diagnostics: &[Diagnostic]) {
    let text = match verbose() {
        true => diagnostics.iter().map(|d| format!("{d}\n")).collect(),
        false => summed(diagnostics),
    };
    // In one write: standard error is not buffered, so single writes could interleave with other processes.
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Prints why a query cannot be answered. Always returns 2.
pub(crate) fn refused(refusal: Refusal) -> u8 {
    print_diagnostics(&[wrong_question(refusal)]);
    WRONG
}

/// A query that cannot be answered.
fn wrong_question(refusal: Refusal) -> Diagnostic {
    let mut diagnostic = Diagnostic::error("question", refusal.message);
    diagnostic.help = refusal.help;
    diagnostic
}

/// Prints why there is no answer, and in place of an answer in JSON a document of this format. Always returns 2.
fn no_answer(json: Option<&str>, diagnostics: &[Diagnostic]) -> u8 {
    no_answer_without(json, diagnostics, &[])
}

/// The same where the answer would leave out these policies.
fn no_answer_without(json: Option<&str>, diagnostics: &[Diagnostic], left_out: &[LeftOut]) -> u8 {
    print_diagnostics(diagnostics);
    match json {
        Some(format) => answer(
            &crate::report::no_answer(format, diagnostics, left_out),
            WRONG,
        ),
        None => WRONG,
    }
}

/// The format of an answer, where it is JSON.
fn json_of(output: Format, format: &str) -> Option<&str> {
    match output {
        Format::Json => Some(format),
        Format::Txt => None,
    }
}

/// 2 if any diagnostic is an error, a policy that is not judged or a Kustomize folder that is not built, else `code`.
pub fn exit_code(diagnostics: &[Diagnostic], code: u8) -> u8 {
    match diagnostics.iter().any(is_incomplete) {
        true => WRONG,
        false => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn bare_paths_and_open_start_the_window() {
        for arguments in [
            &["drawbridge", "a.yaml", "b"][..],
            &["drawbridge", "open", "a.yaml", "b"],
        ] {
            let cli = Cli::try_parse_from(arguments).unwrap();
            let paths = match cli.command {
                Some(Command::Open { paths }) => paths,
                None => cli.paths,
                Some(_) => panic!("not the window"),
            };
            assert_eq!(paths, [PathBuf::from("a.yaml"), PathBuf::from("b")]);
        }
        let lint = Cli::try_parse_from(["drawbridge", "lint", "-"]).unwrap();
        assert!(matches!(lint.command, Some(Command::Lint(_))));
    }

    #[test]
    fn last_value_of_a_repeated_assumption_wins() {
        let rules = Rules {
            assume: ["pod-addresses=known", "pod-addresses=outside"]
                .map(|text| assumption(text).unwrap())
                .into(),
            ..Rules::default()
        };
        let settings = rules.over(load::Settings::default());
        assert_eq!(settings.assumptions.pod_addresses, PodAddresses::Outside);
        assert!(assumption("pod-addresses=maybe").is_err());
    }
}
