//! The words every other crate of Seaworthy speaks.
//!
//! A service is many layers that must agree on few things: who is calling ([`RequestContext`]), how long it may take ([`Deadline`]), what went
//! wrong ([`Error`]), what must not be shown ([`Secret`], [`Personal`]), and what a number in a setting means ([`Timeout`], [`ByteSize`], [`Ratio`]).
//! They live here, below everything, so that no layer needs another layer to talk about them; this crate knows no transport, no
//! engine and no other crate of the workspace.
//!
//! ```
//! use seaworthy_core::{Code, Error};
//!
//! fn seats_left(places: u32, taken: u32) -> Result<u32, Error> {
//!     places
//!         .checked_sub(taken)
//!         .ok_or_else(|| Error::new(Code::Conflict, "EVENT_FULL", "the event has no free place"))
//! }
//!
//! let refused = seats_left(1, 2).unwrap_err();
//! assert_eq!(refused.code().http_status(), 409);
//! ```

mod backoff;
mod code;
pub mod context;
mod deadline;
pub mod effects;
mod error;
mod grants;
mod id;
mod identity;
mod personal;
mod problem;
mod request_id;
#[cfg(feature = "axum")]
mod response;
mod secret;
pub mod trace;
mod units;

pub use backoff::Backoff;
pub use code::Code;
pub use context::{Actor, RequestContext, Tenant};
pub use deadline::Deadline;
pub use error::{Error, FieldViolation};
pub use grants::Grants;
pub use id::new_id;
pub use identity::ServiceIdentity;
pub use personal::Personal;
pub use problem::Problem;
pub use request_id::{InvalidRequestId, RequestId};
#[cfg(feature = "axum")]
pub use response::Failure;
pub use secret::Secret;
pub use trace::TraceContext;
pub use units::{ByteSize, Delay, Ratio, Timeout, UnitError};
