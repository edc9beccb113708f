//! Where symbols are kept.

mod connection;
mod error;
mod row;
mod symbols;

pub(crate) use connection::Store;

#[cfg(test)]
mod tests;
