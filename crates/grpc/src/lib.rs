//! Serves contracts over gRPC and HTTP, and calls those of others.
//!
//! A contract (`seaworthy-contract`) knows its messages, routes and checks; the kernel knows listeners and the fixed order of steps in front of every handler. This
//! crate brings them together, so that a service says one line: [`Contracts::serve`] mounts the HTTP routes, the gRPC methods behind the same steps, the standard
//! health service, and in development reflection and a page of the document (API-1, API-4, HLTH-1). It is a crate of its own so that a service without gRPC builds
//! without it.
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
mod health;
mod method_options;
mod methods;
mod reflection;
mod single_message;

pub use contracts::Contracts;
pub use method_options::MethodOptions;
