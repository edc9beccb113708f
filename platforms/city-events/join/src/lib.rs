//! Join: seats and waitlists of the events of City Events.
//!
//! Each change of an event's seats is one transaction that locks the row of the event first. In
//! this transaction the service checks the idempotency key, decides, writes the history and stores
//! the message. The counts are therefore exact with any number of replicas.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `api` | HTTP routes and gRPC methods |
//! | `consumers` | messages about events and users |
//! | `application` | use cases |
//! | `domain` | rules, without I/O |
//! | `store` | SQL |

mod api;
mod application;
mod config;
mod consumers;
mod domain;
mod legacy;
mod metrics;
mod service;
mod store;
mod workers;

pub use config::{
    IdempotencyKeysConfig, JoinBatchingConfig, JoinConfig, RecountConfig, WaitlistConfig,
};
pub use service::{assemble, main, service};
