//! Events for connected clients.
//!
//! A [`Hub`] delivers events to the connections of a [`Room`]. Delivery is at most once: an event
//! is a hint, and the client reads the state from the service. Each connection has a bounded queue.
//! A client that reads too slowly is disconnected, so it never delays others.
//!
//! [`sse`] responds to a request with server-sent events, and [`websocket`] with a WebSocket. A
//! [`SocketIo`] serves clients of Socket.IO, which also send events. One emission reaches all three
//! kinds of clients.
//!
//! ```
//! use seaworthy_realtime::{Client, Event, Hub, RealtimeConfig, Room};
//! use seaworthy_telemetry::metrics::Metrics;
//! use serde_json::json;
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let hub = Hub::new(&RealtimeConfig::default(), &Metrics::new());
//! let mut connection = hub.connect(&Client::user("u-1")).unwrap();
//! connection.join(Room::new("event", 42).unwrap()).unwrap();
//!
//! let seats = Event::new("seats", &json!({ "left": 3 })).unwrap();
//! hub.emit(&Room::new("event", 42).unwrap(), seats.clone());
//! assert_eq!(connection.next().await.unwrap(), seats);
//! # });
//! ```

mod config;
mod event;
#[cfg(feature = "redis")]
mod fan_out;
mod hub;
mod message;
mod name;
mod presence;
mod room;
mod socket_io;
mod sse;
#[cfg(test)]
mod test_server;
mod websocket;

pub use config::RealtimeConfig;
pub use event::{Event, InvalidEvent};
pub use hub::{Client, Closed, ConnectError, Connection, Hub, JoinError};
pub use message::Message;
pub use presence::{Presence, PublishPresence};
pub use room::{InvalidRoom, Room};
pub use socket_io::{Call, Handshake, Peer, Socket, SocketIo};
pub use sse::sse;
pub use websocket::websocket;

/// Compiles and runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
