//! SQL that is written in the program, with values beside it.

mod rewrite;
mod statement;

pub(crate) use rewrite::{Dialect, Rewritten, rewrite};
pub use statement::{Statement, sql};
pub(crate) use statement::Text;

#[cfg(test)]
mod tests;
