//! What generated contracts need at run time.
//!
//! `seaworthy-contract-build` writes, from one `.proto`, a trait that a service implements and the code that serves it over gRPC and over HTTP. That
//! code is thin: whatever does not depend on the contract is here, so both transports check alike, fail alike and are tested once (API-1 to
//! API-3). A service sees a few types: [`Error`] and [`MessageStream`] in the methods it writes, [`ContractConfig`] where it is assembled.
//!
//! ```
//! use seaworthy_contract::{ContractConfig, Naming, Violations, json};
//!
//! // Messages come from the build; the empty one shows the shape of a call.
//! let mut violations = Violations::new(Naming::Json);
//! json::decode_into(br#"{"unknown":1}"#, &mut (), &mut violations).unwrap();
//! assert!(violations.is_empty());
//! assert_eq!(ContractConfig::default().body_limit.get(), 6 * 1024 * 1024);
//! ```

mod access;
mod config;
mod contract;
pub mod error;
pub mod footprint;
pub mod grpc;
pub mod http;
pub mod idempotency;
pub mod json;
pub mod rule;
mod validate;
mod violation;

use std::pin::Pin;

pub use access::{MethodAccess, MethodDescription};
pub use config::ContractConfig;
pub use contract::{Contract, ContractMethod};
pub use validate::Validate;
pub use violation::{Field, MAX_VIOLATIONS_BYTES, MOST_VIOLATIONS, Naming, Violations};

pub use seaworthy_core::{Code, Error};
#[doc(hidden)]
pub use {axum, serde};
/// The crates that generated code uses. A service needs no dependency on them.
pub use {prost, prost_types, tonic, tonic_prost};

/// A stream of messages: what a streaming method takes or gives.
pub type MessageStream<M> = Pin<Box<dyn futures::Stream<Item = Result<M, Error>> + Send>>;
