//! SQL on PostgreSQL, MySQL, MariaDB and SQLite, chosen by URL (DATA-1).
//!
//! Why it is so: a service has to run on a file for a newcomer and on a server in production without a second copy of its store. What keeps it from that is not SQL, which
//! is much the same; it is placeholders, types, transactions and errors. So SQL stays visible and is written once, and this crate makes those four the same: `?`
//! everywhere, one set of values, transactions that behave alike, errors by kind. It stands on sqlx's typed connections; there is no ORM and no builder that hides a query.
//!
//! The rest is what goes wrong in production: every wait is bounded (a place, a connection, a lock, a statement, a transaction, the caller's deadline), what was given up
//! stops on the server too, and text of a caller cannot become SQL, because [`sql`] takes only what the program wrote (DATA-4).
//!
//! ```
//! use seaworthy_data::{DataError, Database, DatabaseConfig, sql};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let config = DatabaseConfig::at("sqlite::memory:".parse()?);
//! let database = Database::builder("example", config).open().await?;
//! sql("CREATE TABLE symbols (id INTEGER PRIMARY KEY, label TEXT NOT NULL)").execute(&database).await?;
//! sql("INSERT INTO symbols (label) VALUES (?)").bind("a label").execute(&database).await?;
//! let labels: Vec<(String,)> = sql("SELECT label FROM symbols WHERE id = ?").bind(1).fetch_all(&database).await?;
//! assert_eq!(labels[0].0, "a label");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod builder;
mod config;
mod connection;
mod database;
mod database_url;
mod driver;
mod engine;
mod error;
mod holder;
#[cfg(feature = "idempotency")]
mod idempotency;
mod leases;
mod list;
mod migrate;
mod observe;
mod pool;
mod prepared;
mod replica;
mod row;
mod service;
mod sql;
mod transaction;
mod value;

pub use builder::DatabaseBuilder;
pub use chrono;
pub use config::{DatabaseConfig, PoolConfig};
pub use connection::{Connection, Done};
pub use database::Database;
pub use database_url::{DatabaseUrl, InvalidDatabaseUrl};
pub use engine::Engine;
pub use error::{DataError, DataErrorKind};
#[cfg(feature = "idempotency")]
pub use idempotency::{DatabaseStore, IDEMPOTENCY_MIGRATIONS};
pub use leases::{DatabaseLeases, LEASE_MIGRATIONS};
pub use list::{Field, List, ListQuery, ListRequest, Operator, Page};
pub use migrate::{Migration, MigrationSet, MigrationState, MigrationStatus, Migrator, Step};
pub use row::{FromColumn, FromRow, Row};
pub use service::migrate_command;
pub use sql::{Statement, sql};
pub use transaction::{Isolation, Transaction, TransactionOptions};
pub use uuid;
pub use value::{HasKind, Kind, Value};
