//! SQL that is written in the program, with values beside it.

mod rewrite;
mod statement;

pub(crate) use rewrite::{Dialect, Lengths, Rewritten, rewrite, split};
pub(crate) use statement::{Rows, Text};
pub use statement::{Statement, sql};

#[cfg(test)]
mod tests;
