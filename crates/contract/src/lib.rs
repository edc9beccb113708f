//! The runtime of generated contracts.
//!
//! `seaworthy-contract-build` compiles a `.proto` into a trait that a service implements, and into
//! code that serves it over gRPC and HTTP. The generated code is thin and calls this crate, so both
//! transports check and fail alike (API-1 to API-3). A service uses few of its types: [`Error`] and
//! [`MessageStream`] in methods, and [`ContractConfig`] for settings.
//!
//! ```
//! use seaworthy_contract::{ContractConfig, Naming, Violations, json};
//!
//! // Messages come from the build; the empty one shows the shape of a call.
//! let mut violations = Violations::new(Naming::Json);
//! json::decode_into(br#"{"unknown":1}"#, &mut (), &mut violations).unwrap();
//! assert!(violations.is_empty());
//! assert_eq!(ContractConfig::default().max_body_size.get(), 6 * 1024 * 1024);
//! ```

mod access;
mod around;
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

pub use access::{MethodAccess, MethodDescription, MethodFlag, MethodFlagRejection};
pub use around::{AroundCalls, CallFuture, UnsafeCall};
pub use config::ContractConfig;
pub use contract::{Contract, ContractMethod};
pub use validate::Validate;
pub use violation::{Field, MAX_VIOLATIONS, MAX_VIOLATIONS_BYTES, Naming, Violations};

pub use seaworthy_core::{Code, Error};
#[doc(hidden)]
pub use {axum, serde};
/// The crates that generated code uses. A service needs no dependency on them.
pub use {prost, prost_types, tonic, tonic_prost};

/// A stream of messages, for methods that stream requests or responses.
pub type MessageStream<M> = Pin<Box<dyn futures::Stream<Item = Result<M, Error>> + Send>>;
