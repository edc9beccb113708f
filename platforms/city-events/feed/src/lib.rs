//! The feed service of City Events: published events, ranked by joins, views and start time.
//!
//! The service calls no other service. Messages of the event and join services keep its index
//! current, so the feed works during their outages. Republished messages rebuild the same index.
//!
//! Scores change with time. A cursor contains the time at which its list was ranked, so pages
//! neither skip nor repeat events. Requests for a first page share a ranking for at most one
//! second.

mod actor;
mod api;
mod config;
mod consumers;
mod cursor;
mod legacy;
mod lists;
mod rank;
mod ranking_cache;
mod service;
mod store;

pub use config::{AnonymousConfig, FeedConfig, TrackingConfig};
pub use service::{assemble, main, service};
