//! `drawbridge import PATH... -o PROJECT`: a project from manifests and policies.

use std::path::{Path, PathBuf};

use super::{FINE, Inputs, WRONG, answer, exit_code, load_inputs, print_diagnostics};
use crate::diag::Diagnostic;
use crate::model::Document;
use crate::project::{files, format};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,
    /// The project to write (NAME.drawbridge.yaml), or - for standard output
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
    print_diagnostics(&diagnostics);
    code
}

impl Args {
    /// The project of the inputs, with what was found; none, with the reason printed, if it cannot be written.
    pub(super) fn document(&self) -> Option<(Document, Vec<Diagnostic>)> {
        if !self.to_stdout() && self.output.exists() && !self.force {
            let message = format!("`{}` already exists", self.output.display());
            print_diagnostics(&[
                Diagnostic::error("file", message).help("choose another name, or pass --force")
            ]);
            return None;
        }
        if self.inputs.rules.namespace.is_some() {
            let message = "imported policies are kept as they are written, so a project is made without --namespace";
            let help = "write metadata.namespace into the manifests, for example with `kubectl create --dry-run=client -o yaml --namespace NAME`";
            print_diagnostics(&[Diagnostic::error("question", message).help(help)]);
            return None;
        }
        if let Some(input) = self
            .inputs
            .paths
            .iter()
            .find(|path| holds(path, &self.output))
        {
            let message = format!("`{}` is an input and the output", input.display());
            let help = "write the project to another file";
            print_diagnostics(&[Diagnostic::error("file", message).help(help)]);
            return None;
        }
        let loaded = load_inputs(&self.inputs)
            .map_err(|diagnostics| print_diagnostics(&diagnostics))
            .ok()?;
        if loaded.project.is_some() {
            let message = "the input is a project already";
            let help = "give manifests; open or copy a project as it is";
            print_diagnostics(&[Diagnostic::error("file", message).help(help)]);
            return None;
        }
        let imported = crate::import::import(&loaded);
        let mut document = imported.document;
        let file = (!self.to_stdout()).then_some(&*self.output);
        document.name = files::name_of(&document, file);
        let mut diagnostics = loaded.diagnostics.clone();
        // `--namespace` is refused here.
        for found in diagnostics.iter_mut().filter(|d| d.code == "W3") {
            let help = &mut found.help;
            *help = help.take().map(|_| "write metadata.namespace".to_owned());
        }
        diagnostics.extend(imported.diagnostics);
        for offer in &imported.offers {
            let message = format!("{}: {}", offer.title, offer.detail);
            diagnostics.push(Diagnostic::info("offer", message).help("accept this in the window"));
        }
        if document.namespaces.is_empty() && document.policies.is_empty() {
            print_diagnostics(&diagnostics);
            let message = "no workloads and no policies were found, so no project is written";
            print_diagnostics(&[Diagnostic::error("file", message).help("check the paths")]);
            return None;
        }
        Some((document, diagnostics))
    }

    /// Whether the project goes to standard output.
    pub(super) fn to_stdout(&self) -> bool {
        self.output.as_os_str() == "-"
    }

    /// Writes the project; the exit code.
    pub(super) fn save(&self, document: &Document, diagnostics: &mut Vec<Diagnostic>) -> u8 {
        if self.to_stdout() {
            return answer(&format::write(document), exit_code(diagnostics, FINE));
        }
        match files::save(&self.output, document, "") {
            Ok(_) => exit_code(diagnostics, FINE),
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                WRONG
            }
        }
    }
}

/// Whether an input is the output, or a folder with the output among its manifests. A project in a folder is no
/// input: it is skipped.
fn holds(input: &Path, output: &Path) -> bool {
    let (Ok(input), Ok(whole)) = (input.canonicalize(), output.canonicalize()) else {
        return false;
    };
    // A pipe could be waited for without end.
    let manifest = || {
        output.is_file() && files::read_text(output).is_ok_and(|text| !format::is_project(&text))
    };
    input == whole || whole.starts_with(&input) && manifest()
}
