//! HTTP client of a named dependency, with all limits on by default.
//!
//! A client belongs to one dependency. These limits apply to every call:
//!
//! - timeouts for the connection, the response head, the pauses of a body and the whole call
//!   (RES-3),
//! - the size of a response body, before and after decompression (RES-4),
//! - the number of redirects, and the policies of `seaworthy-resilience` (RES-1, RES-2, RES-5).
//!
//! A call propagates the deadline, the trace and the request ID of the current request (LIFE-6,
//! MSG-8).
//!
//! The client uses hyper instead of `reqwest`. `reqwest` does not limit bodies, its resolver does
//! not see addresses that are part of a URL, and its errors contain URLs with their queries.
//!
//! ```no_run
//! use seaworthy_client::{ClientError, HttpClient, HttpClientConfig};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize)]
//! struct NewCharge { cents: u64 }
//!
//! #[derive(Deserialize)]
//! struct Charge { id: String }
//!
//! async fn charge(payments: &HttpClient, cents: u64, key: &str) -> Result<Charge, ClientError> {
//!     payments
//!         .post("/charges")
//!         .idempotency_key(key)
//!         .json(&NewCharge { cents })
//!         .send()
//!         .await?
//!         .success()?
//!         .json()
//!         .await
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = HttpClientConfig {
//!     base_url: Some("https://payments.internal".parse()?),
//!     ..HttpClientConfig::default()
//! };
//! let payments = HttpClient::builder("payments").config(config).build()?;
//! # Ok(())
//! # }
//! ```

mod base_url;
mod body;
mod builder;
mod call;
mod classify;
mod client;
mod config;
mod connect;
mod credentials;
mod error;
mod factory;
mod observe;
mod propagation;
mod redirect;
mod reload;
mod replay;
mod request;
mod resend;
mod response;
mod sender;
mod target;
mod transport;

pub use base_url::{BaseUrl, InvalidBaseUrl};
pub use body::{RequestBody, ResponseBody};
pub use builder::HttpClientBuilder;
pub use client::HttpClient;
pub use config::{HttpClientConfig, HttpVersion, PoolConfig, RedirectConfig};
pub use connect::{
    AllowedAddresses, BuildError, ClientTlsConfig, Resolve, ResolveFuture, is_connection_refused,
    is_public, system_resolver,
};
pub use credentials::{Credentials, CredentialsError};
pub use error::{BodySize, ClientError, RedirectProblem, TimeoutKind};
pub use propagation::Propagation;
pub use reload::{HttpClients, ReloadError};
pub use request::RequestBuilder;
pub use response::HttpResponse;
pub use target::Target;

/// Compiles and runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
