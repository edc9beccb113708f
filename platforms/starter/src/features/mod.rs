//! Feature flags as the contract shows them.

mod entry;
mod evaluate;

pub(crate) use entry::Entry;
pub(crate) use evaluate::evaluate;
