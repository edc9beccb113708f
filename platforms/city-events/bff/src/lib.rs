//! The gateway of City Events: its public HTTP interface and its web pages.
//!
//! The gateway has no database. It combines responses of other services: an event page is an event,
//! the caller's participation and the name of the organizer. If the last two are missing, the page
//! is still shown.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `api` | The HTTP interface |
//! | `policy` | What a caller may do with an event |
//! | `upstream` | Calls to the other services, each with a timeout |
//! | `web` | Pages, rendered on the server without a build step |

mod api;
mod api_error;
mod caller;
mod config;
mod event_view;
mod legacy;
mod limit;
mod listing;
mod live;
mod policy;
mod responses;
mod revocation;
mod service;
mod timestamp;
mod upstream;
mod web;

pub use config::{BffConfig, CallerLimitConfig};
pub use service::{assemble, main, service};
