//! `drawbridge import PATH... -o PROJECT`: a project from manifests and policies.

use std::path::{Path, PathBuf};

use super::{FINE, Inputs, WRONG, exit_code, load_inputs, tell};
use crate::diag::Diagnostic;
use crate::project::{files, format};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,
    /// The project to write (NAME.drawbridge.yaml)
    #[arg(short, long, value_name = "PROJECT")]
    output: PathBuf,
    /// Overwrite an existing project
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> u8 {
    if args.output.exists() && !args.force {
        let message = format!("`{}` already exists", args.output.display());
        tell(&[Diagnostic::error("file", message).help("choose another name, or pass --force")]);
        return WRONG;
    }
    if args.inputs.rules.namespace.is_some() {
        let message =
            "imported policies are kept as they are written, so `import` takes no --namespace";
        let help = "write metadata.namespace into the manifests, for example with `kubectl create --dry-run=client -o yaml --namespace NAME`";
        tell(&[Diagnostic::error("question", message).help(help)]);
        return WRONG;
    }
    if let Some(input) = args
        .inputs
        .paths
        .iter()
        .find(|path| holds(path, &args.output))
    {
        let message = format!("`{}` is an input and the output", input.display());
        let help = "write the project to another file";
        tell(&[Diagnostic::error("file", message).help(help)]);
        return WRONG;
    }
    let loaded = load_inputs(&args.inputs);
    if loaded.project.is_some() {
        tell(&loaded.diagnostics);
        let message = "the input is a project already";
        tell(&[Diagnostic::error("file", message)
            .help("import takes manifests; open or copy a project as it is")]);
        return WRONG;
    }
    let imported = crate::import::import(&loaded);
    let mut document = imported.document;
    document.name = name_of(&args.output);
    let mut diagnostics = loaded.diagnostics.clone();
    diagnostics.extend(imported.diagnostics);
    for offer in &imported.offers {
        let message = format!("{}: {}", offer.title, offer.detail);
        diagnostics.push(Diagnostic::info("offer", message).help("accept this in the window"));
    }
    if document.namespaces.is_empty() && document.policies.is_empty() {
        tell(&diagnostics);
        let message = "no workloads and no policies were found, so no project is written";
        tell(&[Diagnostic::error("file", message).help("check the paths")]);
        return WRONG;
    }
    let code = match files::save(&args.output, &document, "") {
        Ok(_) => exit_code(&diagnostics, FINE),
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            WRONG
        }
    };
    tell(&diagnostics);
    code
}

/// Whether an input is the output, or a folder with the output among its manifests. A project in a folder is no
/// input: it is skipped.
fn holds(input: &Path, output: &Path) -> bool {
    let (Ok(input), Ok(whole)) = (input.canonicalize(), output.canonicalize()) else {
        return false;
    };
    let manifest = || files::read_text(output).is_ok_and(|text| !format::is_project(&text));
    input == whole || whole.starts_with(&input) && manifest()
}

fn name_of(path: &Path) -> String {
    let name = path
        .file_name()
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let stem = name
        .strip_suffix(".drawbridge.yaml")
        .or(name.strip_suffix(".yaml"));
    stem.unwrap_or(&name).to_owned()
}
