//! Kustomize folders: their resources are read as they are; what changes them is not, and the command that builds them is reported.

mod build;
mod tree;

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

pub use build::{collect, collect_until};
pub(super) use tree::settle;

/// The names of a kustomization file that kustomize accepts.
pub const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A program that builds Kustomize folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `kustomize build`.
    Kustomize,
    /// `kubectl kustomize`.
    Kubectl,
}

impl Tool {
    /// The program.
    pub fn program(self) -> &'static str {
        match self {
            Self::Kustomize => "kustomize",
            Self::Kubectl => "kubectl",
        }
    }

    fn subcommand(self) -> &'static str {
        match self {
            Self::Kustomize => "build",
            Self::Kubectl => "kustomize",
        }
    }

    /// The arguments that build a folder.
    pub fn arguments(self, folder: &Path) -> [OsString; 2] {
        [self.subcommand().into(), no_option(folder).into()]
    }

    /// The command that builds a folder, as a shell reads it.
    pub fn command(self, folder: &Path) -> String {
        let folder = no_option(folder).to_string_lossy().into_owned();
        let plain = |c: char| c.is_alphanumeric() || "/._-+,:@%\\".contains(c);
        let folder = match folder.chars().all(plain) {
            true => folder,
            false => format!("'{}'", folder.replace('\'', r"'\''")),
        };
        format!("{} {} {folder}", self.program(), self.subcommand())
    }
}

/// A folder that no program takes for an option, and never an empty text.
fn no_option(folder: &Path) -> PathBuf {
    match folder.to_string_lossy() {
        name if name.is_empty() => PathBuf::from("."),
        name if name.starts_with('-') => Path::new(".").join(folder),
        _ => folder.to_owned(),
    }
}

/// The first of the programs that is on the PATH.
pub fn tool() -> Option<Tool> {
    found_on(&env::var_os("PATH")?).map(|(tool, _)| tool)
}

/// The first of the programs in the folders of a `PATH`, and its file.
pub fn found_on(path: &OsStr) -> Option<(Tool, PathBuf)> {
    [Tool::Kustomize, Tool::Kubectl]
        .into_iter()
        .find_map(|tool| {
            let name = format!("{}{}", tool.program(), env::consts::EXE_SUFFIX);
            let mut files = env::split_paths(path).map(|folder| folder.join(&name));
            files.find(|file| file.is_file()).map(|file| (tool, file))
        })
}

/// Whether a folder has a kustomization.
pub fn is_folder(path: &Path) -> bool {
    head(path).is_some()
}

/// The kustomization of a folder.
fn head(folder: &Path) -> Option<PathBuf> {
    let mut files = NAMES.iter().map(|name| folder.join(name));
    files.find(|file| file.is_file())
}

/// Whether a file is the kustomization of its folder.
pub(super) fn is_kustomization(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| NAMES.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_written_as_a_shell_reads_them() {
        for (folder, command) in [
            ("", "kustomize build ."),
            ("overlays/prod", "kustomize build overlays/prod"),
            ("-x", "kustomize build ./-x"),
            ("a b's", r"kustomize build 'a b'\''s'"),
        ] {
            assert_eq!(Tool::Kustomize.command(Path::new(folder)), command);
        }
        let kubectl = Tool::Kubectl.command(Path::new("prod"));
        assert_eq!(kubectl, "kubectl kustomize prod");
    }

    #[test]
    fn the_option_is_offered_where_it_works() {
        let changes = ["patches"].into();
        let help = |tool| tree::diagnostic(Path::new("prod"), &changes, tool).help;
        let plain = "build it and read the result: `kustomize build prod > all.yaml`";
        assert_eq!(help(None).as_deref(), Some(plain));
        let offered = format!("{plain}, or let `--kustomize` build it");
        assert_eq!(help(Some(Tool::Kustomize)), Some(offered));
    }
}
