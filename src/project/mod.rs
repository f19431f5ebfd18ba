//! Projects, manifests and exports on disk: the project file's format (pure), and the one place
//! that touches files.

pub mod files;
pub mod format;
pub mod sources;
