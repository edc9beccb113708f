//! Versioned, reversible migrations, with one text for all engines (DATA-2).
//!
//! Each set of migrations has a history table: `schema_history` for the service, and
//! `schema_history_NAME` for a part of the framework. The history contains the version and the
//! checksum of each migration. A lock lets one process migrate a database at a time: an advisory
//! lock of PostgreSQL, `GET_LOCK` of MySQL, the write lock of SQLite. On PostgreSQL and SQLite a
//! migration is atomic. MySQL commits each change of a table, so a failed migration is marked as
//! unfinished there.

mod adoption;
mod history;
mod lock;
mod migration;
mod migrator;
mod status;
mod text;
mod timeouts;

pub use adoption::{AdoptedTable, Adoption, AdoptionCheck, AdoptionReport, LegacyTable};
pub use migration::{Migration, MigrationSet};
pub use migrator::{Migrator, Step};
pub use status::{MigrationState, MigrationStatus};
