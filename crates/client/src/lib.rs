//! HTTP client with every limit on, by the name of the dependency.
//!
//! Why it is so: what takes a service down is seldom its own code; it is a call without a bound, to something that is slow, endless or somewhere else than it says. So a
//! client belongs to one named dependency, and everything that bounds its calls is on before the first one: time to connect, to the head of the answer, between two
//! parts of its body and in all (RES-3), the size of the body also after decompression (RES-4), the number of redirects, and the policies of `seaworthy-resilience`
//! under the same name (RES-1, RES-2, RES-5). What the running request knows travels along: its deadline, its trace and its identifier (LIFE-6, MSG-8).
//!
//! It stands on hyper's own client. `reqwest` was looked at and is not used: it bounds no body, decompressed or not, its resolver is not asked about addresses that are
//! written out in a URL, and its errors show URLs with their queries.
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
mod observe;
mod propagation;
mod redirect;
mod replay;
mod request;
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
    Addresses, BuildError, ClientTlsConfig, Resolve, Resolving, is_public, is_refused,
    system_resolver,
};
pub use credentials::{Credentials, CredentialsError};
pub use error::{ClientError, Limit, RedirectProblem, SizeOf};
pub use propagation::Propagation;
pub use request::RequestBuilder;
pub use response::HttpResponse;
pub use target::Target;
