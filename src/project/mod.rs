//! Files: projects, manifests, exports.

pub mod sources;
