//! SQL text of the program, and the values that are bound to it.

mod rewrite;
mod statement;

pub(crate) use rewrite::{Dialect, Lengths, Rewritten, rewrite, split};
pub(crate) use statement::{Rows, Text};
pub use statement::{Statement, microseconds, sql};

#[cfg(test)]
mod tests;
