//! Extractors whose errors are problem documents that name the field (API-2, API-3). The extractors
//! of axum work too, with errors in plain text.

mod json;
mod object;
mod path;
mod query;
mod type_names;
mod violations;

pub use json::{Json, is_json};
pub use path::Path;
pub use query::Query;

#[cfg(test)]
mod tests;
