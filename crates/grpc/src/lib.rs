//! Serves contracts over gRPC and HTTP, and calls other services over gRPC.
//!
//! A contract (`seaworthy-contract`) has messages, routes and checks. The kernel has listeners and
//! the steps of the stack. [`Contracts::serve`] connects them: it mounts the HTTP routes, the gRPC
//! methods, the standard health service, reflection and the OpenAPI page (API-1, API-4, HLTH-1).
//! This is a separate crate, so that services without gRPC do not build it.
//!
//! ```no_run
//! use seaworthy_contract::Contract;
//! use seaworthy_grpc::Contracts;
//! use seaworthy_service::{Assembly, NoSettings, StartError};
//!
//! async fn assemble(
//!     service: &Assembly<NoSettings>,
//!     library: impl Contract,
//! ) -> Result<(), StartError> {
//!     Contracts::new().with(library).serve(service)
//! }
//! ```

pub mod client;
mod contracts;
mod described_methods;
mod health;
mod method_options;
mod methods;
mod reflection;
mod single_message;

pub use contracts::Contracts;
pub use method_options::MethodOptions;
