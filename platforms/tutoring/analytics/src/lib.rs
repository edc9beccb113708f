//! Events of Tutoring: business events of all services and events of clients, and counts of them.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `domain` | Rules: events of clients and of services, intervals of trends |
//! | `ingest` | Consumes the topics of all services |
//! | `retention` | Creates the partitions of months, and removes old events |
//! | `store` | SQL statements and migrations |
//! | `api` | HTTP routes |

mod analytics;
mod api;
mod config;
mod domain;
mod errors;
mod ingest;
mod retention;
mod service;
mod store;

pub use config::AnalyticsConfig;
pub use service::{assemble, main, service};
