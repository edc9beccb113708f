//! Compiles contracts at build time, without `protoc` or other system packages.
//!
//! One `.proto` with `google.api.http` and validation rules becomes messages, a gRPC server and
//! client, and HTTP routes over the same implementation. The compiler also generates checks for
//! both, and an OpenAPI 3.1 document (API-1). The compiler implements every rule of a contract, or
//! fails the build with its location. Every method declares its callers with `(seaworthy.access)`,
//! or the build fails (AUTH-5).
//!
//! ```
//! let folder = tempfile::tempdir()?;
//! let file = folder.path().join("greeter.proto");
//! std::fs::write(&file, r#"
//!     syntax = "proto3";
//!     package greeter.v1;
//!     import "google/api/annotations.proto";
//!     import "buf/validate/validate.proto";
//!     import "seaworthy/access.proto";
//!     // Greets.
//!     service Greeter {
//!       // Greets by name.
//!       rpc Greet(GreetRequest) returns (Greeting) {
//!         option (google.api.http).get = "/v1/greetings/{name}";
//!         option (seaworthy.access).callers = PUBLIC;
//!       }
//!     }
//!     message GreetRequest { string name = 1 [(buf.validate.field).string = { min_len: 1, max_len: 40 }]; }
//!     message Greeting { string text = 1; }
//! "#)?;
//! // A build script leaves `out_dir` out.
//! seaworthy_contract_build::Builder::new("Greeter", "1.0")
//!     .out_dir(folder.path())
//!     .compile(&[&file], &[folder.path()])?;
//! let code = std::fs::read_to_string(folder.path().join("greeter.v1.rs"))?;
//! assert!(code.contains("pub trait Greeter"));
//! let document = std::fs::read_to_string(folder.path().join("openapi.json"))?;
//! assert!(document.contains(r#""maxLength": 40"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod access;
mod builder;
mod contract;
mod diagnostic;
mod generate;
mod http_rule;
mod names;
mod openapi;
mod required_flag;
mod rules;
mod runtime;
mod source;

pub use access::Access;
pub use builder::Builder;
pub use diagnostic::{BuildError, Diagnostic, Location};
