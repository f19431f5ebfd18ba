//! `drawbridge import PATH... -o PROJECT`: a project from manifests and policies.

use std::path::PathBuf;

use super::{FINE, Inputs, WRONG, exit_code, load_inputs, tell};
use crate::diag::Diagnostic;
use crate::model::Document;
use crate::project::files;

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
    let Some((document, mut diagnostics)) = args.document() else {
        return WRONG;
    };
    let code = args.save(&document, &mut diagnostics);
    tell(&diagnostics);
    code
}

impl Args {
    /// The project of the inputs, with what was found; none, with the reason printed, if it cannot be written.
    pub(super) fn document(&self) -> Option<(Document, Vec<Diagnostic>)> {
        if self.output.exists() && !self.force {
            let message = format!("`{}` already exists", self.output.display());
            let help = "choose another name, or pass --force";
            tell(&[Diagnostic::error("file", message).help(help)]);
            return None;
        }
        if self.inputs.rules.namespace.is_some() {
            let message = "imported policies are kept as they are written, so a project is made without --namespace";
            let help = "write metadata.namespace into the manifests, for example with `kubectl create --dry-run=client -o yaml --namespace NAME`";
            tell(&[Diagnostic::error("question", message).help(help)]);
            return None;
        }
        let loaded = load_inputs(&self.inputs);
        let imported = crate::import::import(&loaded);
        let mut document = imported.document;
        document.name = name_of(&self.output);
        let mut diagnostics = loaded.diagnostics.clone();
        diagnostics.extend(imported.diagnostics);
        for offer in &imported.offers {
            let message = format!("{}: {}", offer.title, offer.detail);
            let offer = Diagnostic::info("offer", message);
            diagnostics.push(offer.help("accept this in the window"));
        }
        Some((document, diagnostics))
    }

    /// Writes the project; the exit code.
    pub(super) fn save(&self, document: &Document, diagnostics: &mut Vec<Diagnostic>) -> u8 {
        match files::save(&self.output, document, "") {
            Ok(_) => exit_code(diagnostics, FINE),
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                WRONG
            }
        }
    }
}

fn name_of(path: &std::path::Path) -> String {
    let name = path
        .file_name()
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let stem = name
        .strip_suffix(".drawbridge.yaml")
        .or(name.strip_suffix(".yaml"));
    stem.unwrap_or(&name).to_owned()
}
