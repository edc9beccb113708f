//! The types that all crates of Seaworthy share.
//!
//! - [`RequestContext`] and [`Deadline`]: the caller of a request and its time limit.
//! - [`Error`] and [`Problem`]: failures and their representation. [`Checks`]: fields of requests.
//! - [`Secret`] and [`Personal`]: values that logs must not contain.
//! - [`mask`]: personal values that people see in part.
//! - [`Timeout`], [`Delay`], [`Lifetime`], [`ByteSize`] and [`Ratio`]: settings with units.
//! - [`TraceContext`] and [`RequestId`]: identifiers for traces and logs.
//!
//! This crate depends on no transport, no engine and no other crate of the workspace.
//!
//! ```
//! use seaworthy_core::{Code, Error};
//!
//! fn free_seats(seats: u32, taken: u32) -> Result<u32, Error> {
//!     seats
//!         .checked_sub(taken)
//!         .ok_or_else(|| Error::new(Code::Conflict, "EVENT_FULL", "the event is full"))
//! }
//!
//! let error = free_seats(1, 2).unwrap_err();
//! assert_eq!(error.code().http_status(), 409);
//! ```

mod backoff;
mod checks;
mod code;
pub mod context;
mod deadline;
pub mod effects;
mod error;
mod error_chain;
mod grants;
pub mod host;
mod id;
mod identity;
pub mod mask;
mod memory;
mod network;
mod personal;
mod problem;
mod request_id;
#[cfg(feature = "axum")]
mod response;
mod rotation_attempts;
mod secret;
mod secret_rotation;
mod snowflake;
mod span_event;
mod switch;
mod text_conversions;
mod text_id;
pub mod trace;
mod units;

pub use backoff::Backoff;
pub use checks::{Checks, NOT_STORABLE, is_storable};
pub use code::Code;
pub use context::{Actor, InFlight, RequestContext, Snapshot, Tenant};
pub use deadline::Deadline;
pub use error::{Error, FieldViolation};
pub use error_chain::{error_causes, error_chain};
pub use grants::Grants;
pub use id::new_id;
pub use identity::ServiceIdentity;
pub use memory::RequestMemory;
pub use network::network_of;
pub use personal::Personal;
pub use problem::Problem;
pub use request_id::{InvalidRequestId, RequestId};
#[cfg(feature = "axum")]
pub use response::ResponseError;
pub use rotation_attempts::RotationAttempts;
pub use secret::Secret;
pub use secret_rotation::SecretRotation;
pub use serde_json::json;
pub use snowflake::{SnowflakeError, Snowflakes};
pub use span_event::SpanEvent;
pub use switch::{Switch, SwitchKind, Switches};
pub use text_id::{nano_id, prefixed_id};
pub use trace::TraceContext;
pub use units::{ByteSize, Delay, Lifetime, Ratio, Timeout, UnitError};
pub use uuid::Uuid;

/// Compiles and runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
