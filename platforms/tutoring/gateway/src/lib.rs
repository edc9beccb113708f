//! The gateway of Tutoring.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `table` | The service of each path |
//! | `public` | The routes that need no access token |
//! | `proxy` | Forwarding of requests |
//! | `socket_io` | Connections of Socket.IO |
//! | `chat`, `journeys` | Events from connected clients, which a service decides |
//! | `client_tokens` | The tokens of connected clients for these decisions |
//! | `feed` | Business events for connected clients |
//! | `limits` | Requests per minute by role |

mod chat;
mod client_tokens;
mod config;
mod feed;
mod journeys;
mod limits;
mod proxy;
mod public;
mod service;
mod socket_io;
mod table;
mod variables;

pub use config::{GatewayConfig, GatewayLimitsConfig};
pub use public::PUBLIC_ROUTES;
pub use service::{assemble, main, service};
pub use table::Upstream;
