//! Compiles a contract at build time, without `protoc` or any other system package.
//!
//! One `.proto` with `google.api.http` and validation rules becomes messages, a gRPC server and client, routes for HTTP over the same
//! implementation, the checks for both and an OpenAPI 3.1 document (API-1). What a contract asks for is promised or refused: a rule that is not
//! supported fails the build with its place, because a rule that everybody believes in and nobody runs is worse than none.

mod builder;
mod contract;
mod diagnostic;
mod generate;
mod http_rule;
mod names;
mod openapi;
mod rules;
mod source;

pub use builder::Builder;
pub use diagnostic::{BuildError, Diagnostic, Location};
