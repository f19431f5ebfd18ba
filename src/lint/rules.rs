//! The rules, one a file.

pub(super) mod l08_unmatched_named_port;
pub(super) mod l35_route_broken;
