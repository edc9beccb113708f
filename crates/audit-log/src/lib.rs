//! A hash-chained log of who did what to which target, from where and with what result (OBS-11).
//! The auditor, which checks repositories, is a different tool.
//!
//! - An entry is written in the transaction of its change. A change that cannot be logged is rolled
//!   back.
//! - The hash of each record is an HMAC over the record and the previous hash. An attacker with the
//!   database and without the key cannot alter, add or remove a record unnoticed, except at the
//!   end.
//! - Pruning signs the new beginning with the same key, after it has verified the removed records.
//! - The hash of each record also goes to the log of the service, which leaves the machine. It
//!   shows whether the end of the chain was removed.
//!
//! Transactions that append run one after another. Log the actions of people here, and frequent
//! actions of programs in metrics and logs.
//!
//! ```no_run
//! use seaworthy_audit_log::{AppendError, AuditEntry, AuditLog};
//! use seaworthy_data::{Database, sql};
//!
//! # async fn example(database: Database, log: AuditLog) -> Result<(), AppendError> {
//! database.transaction(|tx| {
//!     let log = log.clone();
//!     async move {
//!         sql("UPDATE users SET banned = ? WHERE id = ?").bind(true).bind(7).execute(&tx).await?;
//!         log.append(&tx, AuditEntry::new("user.ban").target("user", "7").detail("reason", "spam")).await
//!     }
//! }).await
//! # }
//! ```

mod command;
mod config;
mod entry;
mod export;
mod fields;
mod follow;
mod keys;
mod log;
mod mark;
mod migrations;
mod prune;
mod record;
mod reference;
mod verify;
mod workers;

pub use command::{audit_log_command, audit_log_command_with};
pub use config::{AuditLogConfig, VerificationKeyConfig};
pub use entry::{AuditEntry, Outcome};
pub use log::{AppendError, AuditLog};
pub use migrations::MIGRATIONS;
pub use reference::{InvalidRecordReference, RecordReference};
pub use verify::{ReferenceState, Verified, VerifyError};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
