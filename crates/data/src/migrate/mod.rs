//! Versioned, reversible changes of a database's tables, one text for all engines (DATA-2).
//!
//! Each set of migrations has a history table of its own: `schema_history` for those of the service, `schema_history_NAME` for those that come with a part of the framework. A
//! migration is known by its version and the checksum of its text; two processes never change a database at once (an advisory lock of PostgreSQL, `GET_LOCK` of MySQL,
//! the write lock of SQLite). On PostgreSQL and SQLite a migration is all or nothing; MySQL commits each change of a table by itself, so there a migration that failed in the
//! middle is marked as unfinished and has to be looked at.

mod history;
mod lock;
mod migration;
mod migrator;
mod status;
mod text;

pub use migration::{Migration, MigrationSet};
pub use migrator::{Migrator, Step};
pub use status::{MigrationState, MigrationStatus};
