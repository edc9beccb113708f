//! The configuration documents itself (CONF-6): every text is made from the types, so that none can be out of date.

mod docs;
mod env_example;
mod explain;
mod listing;
mod show;

pub use explain::UnknownKey;
pub use show::Shown;
