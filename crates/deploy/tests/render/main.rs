//! The rendered files, checked by the tools that read them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "this is how a test fails"
)]

mod addresses;
mod audited;
mod committed;
mod dashboards;
mod derived;
mod folder;
mod ignored;
mod images;
mod mutations;
mod object_names;
mod observability;
mod operations;
mod prometheus;
mod resources;
mod rollout;
mod rule_files;
mod runbooks;
mod sample;
mod scanned;
mod validators;
mod workflows;
