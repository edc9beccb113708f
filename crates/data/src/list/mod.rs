//! Lists that clients filter, sort and page through, by an allowlist (DATA-4).
//!
//! A client sends names of fields and operators, and values. The definition maps the names to
//! columns that the program wrote. Values are parsed by kind and bound, so text of a client never
//! becomes SQL. One error names all parameters that are not allowed (API-3).

mod cursor;
mod definition;
mod field;
mod query;
mod request;

pub use definition::List;
pub use field::{Field, Operator};
pub use query::{ListQuery, Page};
pub use request::ListRequest;

#[cfg(test)]
mod tests;
