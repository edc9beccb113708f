//! The gateway of Tutoring.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `route_table` | The service of each path |
//! | `public_routes` | The routes that need no access token |
//! | `proxy` | Forwarding of requests |
//! | `socket_io` | Connections of Socket.IO |
//! | `chat`, `journeys` | Events from connected clients, which a service decides |
//! | `client` | The user and the token of a connected client |
//! | `business_events` | Business events for connected clients |
//! | `limits` | Requests per minute by role |

mod business_events;
mod chat;
mod client;
mod config;
mod journeys;
mod limits;
mod proxy;
mod public_routes;
mod route_table;
mod service;
mod socket_io;
mod variables;

pub use config::{GatewayConfig, GatewayLimitsConfig};
pub use public_routes::PUBLIC_ROUTES;
pub use route_table::Upstream;
pub use service::{assemble, main, service};
