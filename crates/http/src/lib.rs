//! HTTP server with a timeout on every phase of a connection and one fixed middleware order.
//!
//! The [`server`] accepts connections and limits the resources that a client can use. The
//! [`Stack`] passes every request through the same steps in the same order ([`Step::ORDER`]).
//! Handlers are plain axum handlers, registered with [`Routes`].
//!
//! ```
//! use seaworthy_core::{Code, Error, ServiceIdentity};
//! use seaworthy_http::{HttpConfig, Json, Path, Routes, Stack};
//! use seaworthy_http::server::{Listener, ListenerConfig};
//! use seaworthy_telemetry::{MetricsConfig, Telemetry, logs::LogConfig, tracer::TracingConfig};
//!
//! async fn seats(Path(event): Path<u32>) -> Result<Json<u32>, Error> {
//!     match event {
//!         7 => Ok(Json(100)),
//!         _ => Err(Error::new(Code::NotFound, "EVENT_NOT_FOUND", "there is no such event")),
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let identity = ServiceIdentity::new("event-service", "1.0.0");
//! let telemetry = Telemetry::start(&identity, &LogConfig::default(), &MetricsConfig::default(), &TracingConfig::default(), false)?;
//! let stack = Stack::builder(identity, HttpConfig::default(), &telemetry)
//!     .build(Routes::new().get("/events/{event}/seats", seats))?;
//! println!("{}", stack.describe());
//!
//! let config = ListenerConfig { address: "127.0.0.1:0".parse()?, ..ListenerConfig::default() };
//! let listener = Listener::bind(&config).await?;
//! let server = listener.serve_with(move |connection| stack.connection(connection.peer(), false));
//! server.drain();
//! server.finished().await;
//! # Ok(())
//! # }
//! ```

mod authentication;
mod body_budget;
mod body_limit;
mod client_address;
mod compression;
mod config;
pub mod cookie;
mod cors;
mod cross_site;
mod deadline;
mod extract;
mod form;
mod health;
mod load_shed;
mod observe;
mod openapi;
mod owner;
mod page;
mod request_id;
mod routes;
mod rpc;
mod security_headers;
pub mod server;
mod stack;
pub mod tls;

pub use authentication::{Attach, Authenticate, Authentication, Identity};
pub use body_budget::{BodyBudget, DEFAULT_BODY_BUDGET};
pub use client_address::{AddressRange, ForwardedHeader, InvalidAddressRange};
pub use compression::{CompressionConfig, ContentEncoding};
pub use config::{AccessLogConfig, HttpConfig};
pub use cors::{CorsConfig, CorsError};
pub use extract::{Json, Path, Query, is_json};
pub use form::{Form, FormError, FormField};
pub use health::HealthSource;
pub use load_shed::{LoadShedConfig, OpenEnded};
pub use openapi::{AllowedAddress, OpenApiConfig, openapi_routes};
pub use owner::{is_anonymous_owner, request_owner};
pub use page::{CheckedPage, MAX_PAGE_LIMIT, Page, Pagination};
pub use request_id::RequestIds;
pub use routes::{
    Access, FlagDecision, FlagGate, FlagRejection, RequiredFlag, RouteDescription, RouteError,
    RouteOptions, Routes, Variant, VariantMatch,
};
pub use rpc::{RpcStatus, StatusInTrailers, grpc_timeout, is_grpc};
pub use seaworthy_resilience::adaptive_concurrency::Priority;
pub use seaworthy_resilience::rate_limit::RateLimitsConfig;
pub use security_headers::{SecurityHeadersConfig, SecurityHeadersError};
pub use stack::{
    ErrorRenderer, PublicErrorBody, Stack, StackBody, StackBuilder, StackError, StackFuture,
    StackService, Step, layer_rejection,
};

/// The example of the README, compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
