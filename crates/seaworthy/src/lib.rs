//! A framework for microservices that are ready for production.
//!
//! This crate re-exports the crates of the framework. Depend on it only, so that a change in the
//! division into crates does not break your service. The [`prelude`] has the items that every
//! service uses. All others are in the module of their crate.
//!
//! ```no_run
//! use seaworthy::prelude::*;
//!
//! fn main() -> std::process::ExitCode {
//!     Service::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")).main(assemble)
//! }
//!
//! async fn assemble(service: &Assembly<NoSettings>) -> Result<(), StartError> {
//!     service.http(Routes::new().get("/seats/{left}", seats));
//!     Ok(())
//! }
//!
//! async fn seats(Path(left): Path<u32>) -> Result<Json<u32>, Error> {
//!     match left {
//!         0 => Err(Error::new(Code::Conflict, "EVENT_FULL", "the event has no free place")),
//!         left => Ok(Json(left - 1)),
//!     }
//! }
//! ```

pub use axum;
pub use named::UnknownName;
pub use schemars;
#[cfg(feature = "grpc")]
pub use seaworthy_contract::{prost, prost_types, tonic, tonic_prost};
pub use serde;
pub use tracing;

#[cfg(feature = "account")]
pub use seaworthy_account as account;
#[cfg(feature = "audit-log")]
pub use seaworthy_audit_log as audit_log;
#[cfg(feature = "auth")]
pub use seaworthy_auth as auth;
#[cfg(feature = "cache")]
pub use seaworthy_cache as cache;
#[cfg(feature = "captcha")]
pub use seaworthy_captcha as captcha;
pub use seaworthy_client as client;
pub use seaworthy_config as config;
#[cfg(feature = "grpc")]
pub use seaworthy_contract as contract;
pub use seaworthy_core as core;
#[cfg(feature = "crypto")]
pub use seaworthy_crypto as crypto;
#[cfg(feature = "csv")]
pub use seaworthy_csv as csv;
#[cfg(feature = "flags")]
pub use seaworthy_flags as flags;
#[cfg(feature = "grpc")]
pub use seaworthy_grpc as grpc;
pub use seaworthy_health as health;
pub use seaworthy_http as http;
#[cfg(feature = "images")]
pub use seaworthy_images as images;
#[cfg(feature = "mail")]
pub use seaworthy_mail as mail;
#[cfg(feature = "messaging")]
pub use seaworthy_messaging as messaging;
#[cfg(feature = "operation-log")]
pub use seaworthy_operation_log as operation_log;
#[cfg(feature = "outbox")]
pub use seaworthy_outbox as outbox;
#[cfg(feature = "plugins")]
pub use seaworthy_plugins as plugins;
#[cfg(feature = "push")]
pub use seaworthy_push as push;
#[cfg(feature = "realtime")]
pub use seaworthy_realtime as realtime;
#[cfg(any(feature = "realtime-redis", feature = "shared-rate-limit"))]
pub use seaworthy_redis as redis;
pub use seaworthy_resilience as resilience;
pub use seaworthy_service as service;
#[cfg(feature = "storage")]
pub use seaworthy_storage as storage;
pub use seaworthy_telemetry as telemetry;
#[cfg(feature = "uploads")]
pub use seaworthy_uploads as uploads;

/// Masks of personal values, and the derive for responses.
///
/// ```
/// use seaworthy::mask::MakeSensitive;
///
/// #[derive(MakeSensitive)]
/// struct Customer {
///     id: u32,
///     #[sensitive(email)]
///     email: String,
///     #[sensitive(keep_start = 2, keep_end = 1, mask_char = '#')]
///     account: Option<String>,
///     #[sensitive(nested)]
///     contacts: Vec<Contact>,
/// }
///
/// #[derive(MakeSensitive)]
/// struct Contact {
///     #[sensitive(phone)]
///     numbers: Vec<String>,
///     #[sensitive(redact)]
///     note: String,
/// }
///
/// let shown = Customer {
///     id: 7,
///     email: "ada@example.org".to_owned(),
///     account: Some("DE8937040044".to_owned()),
///     contacts: vec![Contact { numbers: vec!["13800000000".to_owned()], note: "calls at 7".to_owned() }],
/// }
/// .anonymized();
/// assert_eq!((shown.id, shown.email.as_str()), (7, "ad***@example.org"));
/// assert_eq!(shown.account.as_deref(), Some("DE#########4"));
/// assert_eq!(shown.contacts[0].numbers, ["138****0000"]);
/// assert_eq!(shown.contacts[0].note, "[REDACTED]");
/// let names: Vec<_> = Customer::sensitive_fields().iter().map(|field| field.name).collect();
/// assert_eq!(names, ["email", "account"]);
/// ```
///
/// An unknown kind does not compile:
///
/// ```compile_fail
/// #[derive(seaworthy::mask::MakeSensitive)]
/// struct Customer {
///     #[sensitive(fax)]
///     fax: String,
/// }
/// ```
pub mod mask {
    pub use seaworthy_core::mask::*;
    pub use seaworthy_derive::MakeSensitive;
}

/// SQL databases, and the macros for rows and statements.
///
/// ```
/// use seaworthy::data::{Connection, DataError, FromRow, Row, chrono::NaiveDate, sql};
///
/// #[derive(FromRow)]
/// struct Invoice {
///     id: i64,
///     #[from_row(column = "customer_id")]
///     customer: i64,
///     #[from_row(with = date)]
///     due_on: NaiveDate,
///     #[from_row(map = Cents)]
///     amount: Cents,
///     #[from_row(flatten)]
///     address: Address,
///     /// Read by another statement.
///     #[from_row(default)]
///     lines: Vec<String>,
/// }
///
/// struct Cents(i64);
///
/// #[derive(FromRow)]
/// struct Address {
///     street: String,
///     city: String,
/// }
///
/// fn date(row: &Row, column: &str) -> Result<NaiveDate, DataError> {
///     let text: String = row.get(column)?;
///     text.parse().map_err(|_| DataError::unexpected_value("the column is not a date"))
/// }
///
/// async fn open_invoices(database: &dyn Connection, customer: i64) -> Result<Vec<Invoice>, DataError> {
///     sql!("SELECT id, customer_id, due_on, amount, street, city FROM invoices WHERE customer_id = {customer} AND paid_at IS NULL")
///         .fetch_all(database)
///         .await
/// }
/// ```
///
/// [`sql!`](macro@data::sql) binds the expressions in braces, so a value can never become SQL. An
/// expression that is not in scope does not compile:
///
/// ```compile_fail
/// let statement = seaworthy::data::sql!("DELETE FROM invoices WHERE id = {unknown}");
/// ```
///
/// A `?` after the last expression takes a value of `bind`. An expression after a `?` does not
/// compile:
///
/// ```
/// # let id = 1_i64;
/// let statement = seaworthy::data::sql!("DELETE FROM invoices WHERE id = {id} AND tag IN (?*)");
/// ```
///
/// ```compile_fail
/// # let id = 1_i64;
/// let statement = seaworthy::data::sql!("DELETE FROM invoices WHERE tag IN (?*) AND id = {id}");
/// ```
#[cfg(feature = "data")]
pub mod data {
    pub use seaworthy_data::*;
    pub use seaworthy_derive::{FromRow, sql};

    pub use crate::{insert_or_ignore, locked, migration, statements};

    /// The items that most statements use.
    pub mod prelude {
        pub use super::{
            Connection, DataError, DataResult, FromRow, Row, Statement, Transaction,
            chrono::{DateTime, Utc},
            from_json, from_optional_text, from_text, insert_or_ignore, locked, sql, statements,
            uuid::Uuid,
        };
    }
}

/// The items that most services use.
///
/// The derives of `serde` and `schemars` refer to their crates by name. A package that depends on
/// `seaworthy` alone names the re-exports:
///
/// ```
/// use seaworthy::prelude::*;
///
/// #[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
/// #[serde(crate = "seaworthy::serde", default)]
/// #[schemars(crate = "seaworthy::schemars")]
/// struct Settings {
///     greeting: String,
/// }
///
/// assert_eq!(Settings::default().greeting, "");
/// ```
pub mod prelude {
    pub use schemars::JsonSchema;
    pub use seaworthy_core::{
        ByteSize, Code, Delay, Error, Lifetime, Personal, Ratio, RequestContext, Secret, Timeout,
        Uuid, context, json,
    };
    pub use seaworthy_health::{CheckFailure, Probe};
    pub use seaworthy_http::{Access, Json, Path, Query, RequestIds, RouteOptions, Routes};
    pub use seaworthy_service::{
        Assembly, Dependency, NoSettings, Schedule, Service, StartError, Worker,
    };
    pub use serde::{Deserialize, Serialize};

    pub use crate::named;
}

mod errors;
mod named;
#[cfg(feature = "data")]
mod statements;

/// The examples of the documentation, compiled with the tests.
#[cfg(doctest)]
mod pages;
