//! SQL on PostgreSQL, MySQL, MariaDB and SQLite, selected by URL (DATA-1).
//!
//! A service runs on a file during development and on a server in production, with one store. SQL
//! itself hardly differs between the engines. This crate unifies the rest: placeholders (`?`), the
//! set of values, the behavior of transactions, and the kinds of errors. It uses the typed
//! connections of sqlx, without an ORM and without a query builder.
//!
//! Every wait has a timeout: for a connection, a lock, a statement, a transaction, and the deadline
//! of the request. A statement that times out also stops on the server. [`sql`] accepts only text
//! of the program, so text of a client never becomes SQL (DATA-4).
//!
//! ```
//! use seaworthy_data::{DataError, Database, DatabaseConfig, sql};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let config = DatabaseConfig::from_url("sqlite::memory:".parse()?);
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
mod invariants;
mod leases;
mod list;
mod migrate;
mod observe;
mod policies;
mod pool;
mod prepared;
mod purge;
mod replica;
mod row;
mod service;
mod sql;
mod storable;
mod text;
mod transaction;
mod value;

pub use builder::DatabaseBuilder;
pub use chrono;
pub use config::{DatabaseConfig, PoolConfig, ReplicaConfig};
pub use connection::{Connection, StatementResult};
pub use database::Database;
pub use database_url::{DatabaseUrl, InvalidDatabaseUrl};
pub use engine::Engine;
pub use error::{DataError, DataErrorKind, DataResult};
#[cfg(feature = "idempotency")]
pub use idempotency::{DatabaseStore, IDEMPOTENCY_MIGRATIONS};
pub use invariants::Invariants;
pub use leases::{DatabaseLeases, LEASE_MIGRATIONS};
pub use list::{Field, List, ListQuery, ListRequest, Operator, Page};
pub use migrate::{
    AdoptedTable, Adoption, AdoptionCheck, AdoptionReport, LegacyTable, Migration, MigrationSet,
    MigrationState, MigrationStatus, Migrator, Step,
};
pub use purge::purge_worker;
pub use row::{FromColumn, FromRow, Row, from_json, from_optional_text, from_text};
pub use service::migrate_command;
pub use sql::{Statement, microseconds, sql};
pub use storable::is_storable_json;
pub use text::truncated;
pub use transaction::{Isolation, Transaction, TransactionOptions};
pub use uuid;
pub use value::{HasKind, Kind, Value};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
