//! One redacted entry per unsafe call, in the database of the service (OBS-11).
//!
//! The entry is stored before the call runs, and its result after, so that a killed process leaves
//! an entry. Secrets of the request are replaced, and personal values are masked by their
//! [kind](seaworthy_core::mask::Kind).
//!
//! ```no_run
//! use seaworthy_data::Database;
//! use seaworthy_operation_log::{OperationLog, OperationLogConfig, OperationQuery};
//! use seaworthy_service::{Assembly, NoSettings, StartError};
//!
//! async fn assemble(service: &Assembly<NoSettings>, database: Database) -> Result<(), StartError> {
//!     let config = OperationLogConfig::enabled();
//!     // The descriptors of the contracts, with which the log reads gRPC requests.
//!     let log = OperationLog::start(service, &database, &config, &[])?;
//!     let page = log.list(&OperationQuery::default()).await;
//!     # drop(page);
//!     Ok(())
//! }
//! ```

mod admin;
mod body;
mod config;
mod content;
mod declared;
mod entry;
mod list;
mod log;
mod methods;
mod node;
mod outcome;
mod path;
mod record;
mod redact;
mod running_call;
mod store;
#[cfg(test)]
mod tests;
mod trailers;

pub use config::OperationLogConfig;
pub use declared::{DeclaredOperation, OperationResult};
pub use entry::{Operation, OperationPage, OperationQuery};
pub use log::{MIGRATIONS, OperationLog};
pub use running_call::{record_actor, record_change};
