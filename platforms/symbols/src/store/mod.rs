//! The SQL store of symbols.

mod adoption;
mod error;
mod migrations;
mod row;
mod symbols;

pub(crate) use migrations::MIGRATIONS;
pub(crate) use symbols::Store;

#[cfg(test)]
mod tests;
