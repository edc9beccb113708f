//! The accept loop: a deadline on every phase of every connection (SEC-3) and a stop that loses nothing (LIFE-4).
//!
//! The stock loops leave a connection alone until it has spoken, and hold it as long as it likes afterwards. Here each connection is
//! watched by one timer that knows its phase: handshake, first byte, head, idle, blocked write, age. The timer is moved lazily, so that a
//! request costs no timer at all. What the HTTP parser lets pass although peers may read it differently (request smuggling) is refused by a
//! scanner in front of it.
//!
//! A connection whose time is over is told good-bye before it is cut. A peer that neither asks anything nor leaves (it sends blank lines, part of
//! a frame, pings) therefore lasts longer than `first_byte_timeout` or `idle_timeout`: by `linger` and 5 seconds at most.
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
    ListenerConfig, Protocols, ResponseLimitsConfig,
};
pub use connection::{ConnectionInfo, RequestBodyError};
pub use error::ListenError;
pub use handle::ServerHandle;
pub use listener::Listener;
pub use receive_windows::ReceiveWindows;
pub use registry::ConnectionSnapshot;
pub use stats::{ConnectionStats, ConnectionStatsSnapshot};
