//! The files of a repository: what is read, what is left out and why, and what each file is for.

mod git_ignore;
mod limits;
mod role;
mod tracked;
mod walk;

pub use limits::Limits;
pub use role::Role;
pub use tracked::{Tracked, TrackedFiles};
pub use walk::{Inventory, SkipReason, Skipped, walk};
