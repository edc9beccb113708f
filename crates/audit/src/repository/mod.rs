//! The files of a repository: which files are read, which are excluded and why, and the role of
//! each file.

mod git_ignore;
mod limits;
mod role;
mod tracked;
mod walk;

pub use limits::Limits;
pub use role::Role;
pub use tracked::{Tracked, TrackedFiles};
pub use walk::{Inventory, SkipReason, Skipped, walk};
