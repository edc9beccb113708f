//! The accept loop, with a timeout on every phase of a connection (SEC-3) and a stop that does not
//! lose requests (LIFE-4).
//!
//! One timer watches each connection in every phase: handshake, first byte, head, idle,
//! blocked write, age. It is reset lazily, so a request needs no timer. A scanner in front of the
//! HTTP parser rejects input that other parsers may read differently (request smuggling).
//!
//! A connection at its timeout is closed gracefully. A client that sends only blank lines, parts of
//! a frame or pings can exceed `first_byte_timeout` or `idle_timeout` by at most `linger` and 5
//! seconds.
//!
//! ```
//! use std::{convert::Infallible, net::SocketAddr};
//!
//! use axum::{Router, body::Body, routing::get};
//! use seaworthy_http::server::{Listener, ListenerConfig};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), seaworthy_http::server::ListenError> {
//! let config = ListenerConfig {
//!     address: SocketAddr::from(([127, 0, 0, 1], 0)),
//!     ..ListenerConfig::default()
//! };
//! let listener = Listener::bind(&config).await?;
//! assert_ne!(listener.local_addr().port(), 0);
//!
//! let server = listener.serve(Router::<()>::new().route("/", get(async || "hello")));
//! server.drain();
//! server.finished().await;
//! # Ok(())
//! # }
//! ```

mod accept;
mod config;
mod connection;
mod error;
mod handle;
mod listener;
mod receive_windows;
mod registry;
mod reload;
mod stats;

pub use config::{
    BodyLimitsConfig, ConnectionLimitsConfig, HeadLimitsConfig, Http2Config, LimitsConfig,
    ListenerConfig, Protocols, ResponseLimitsConfig, deserialize_address,
};
pub use connection::{ConnectionInfo, RequestBodyError};
pub use error::ListenError;
pub use handle::ServerHandle;
pub use listener::Listener;
pub use receive_windows::ReceiveWindows;
pub use registry::ConnectionSnapshot;
pub use stats::{ConnectionStats, ConnectionStatsSnapshot};
