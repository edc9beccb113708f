//! Extractors whose refusals are problem documents that name the field (API-2, API-3). axum's own work as well; their refusals are plain text.

mod json;
mod path;
mod query;

pub use json::Json;
pub use path::Path;
pub use query::Query;

#[cfg(test)]
mod tests;
