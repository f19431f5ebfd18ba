//! Projects, manifests and exports on disk: the project file's format (pure), and the only module
//! that accesses files.

pub mod files;
pub mod format;
pub mod recordings;
pub mod sources;
