//! Adoption of a database of a legacy service (DATA-2).

mod definition;
mod fingerprint;
mod guard;
mod mark;
mod relocate;
mod run;

pub use definition::{Adoption, AdoptionCheck, LegacyTable};
pub use run::{AdoptedTable, AdoptionReport};

pub(super) use guard::{reject_foreign_tables, reject_legacy};

/// The schema of moved tables on PostgreSQL, and the prefix of their names elsewhere.
const LEGACY: &str = "legacy";
