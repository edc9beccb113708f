//! Lists that callers filter, sort and page through, from an allowlist (DATA-4).
//!
//! A caller names fields and operators and sends values. Names are looked up in the definition, whose columns the program wrote; values are read by their kind and bound. So
//! there is no way from a caller's text into SQL, and whatever is not allowed is refused by the name of its parameter, all of them at once (API-3).

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
