//! Who did what to which thing, from where and with what result (OBS-11). Not to be confused with the auditor, which judges repositories.
//!
//! Why it is so: an audit log is worth what can be said of it later. So an entry is written in the transaction of what it tells of, and nothing is done that could not be written down;
//! each entry's hash covers the one before it, keyed, so that nobody who merely has the database can alter, add or remove one before the last unseen;
//! where the log begins after a pruning is keyed too, and a pruning first follows what it removes, or it would sign for somebody who has the database; and the hash of each goes to
//! the service's log too, which leaves the machine, because a chain alone cannot tell that its end was cut off. The price is that transactions which append do so one after the other,
//! which is right for what people do and wrong for what machines do a thousand times a second: that is what metrics and logs are for.
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
mod follow;
mod keys;
mod log;
mod mark;
mod migrations;
mod prune;
mod record;
mod reference;
mod verify;

pub use command::audit_log_command;
pub use config::{AuditLogConfig, BelievedKeyConfig};
pub use entry::{AuditEntry, Outcome};
pub use log::{AppendError, AuditLog};
pub use migrations::MIGRATIONS;
pub use reference::{InvalidRecordReference, RecordReference};
pub use verify::{Seen, Verified, VerifyError};
