//! The event service of City Events: events from draft to cancellation.
//!
//! Each change locks the row of the event first and stores the outbox message in the same
//! transaction. The type of the state (`src/domain/`) decides which transitions are valid. SQL
//! statements do not.
//!
//! Messages of the join service carry the whole participant count and a revision, so duplicated,
//! late and lost messages do not corrupt the count.
//!
//! On PostgreSQL the table `events` is in the schema `public` and has exactly the columns of the
//! legacy service. All other tables (outbox, inbox, counts, audit log, migration history) go to the
//! first schema of the search path. An operator can create a separate schema and select it with
//! `?options=-csearch_path%3Dcity_events_event,public` in the database URL.

mod api;
mod config;
mod consumers;
mod domain;
mod legacy;
mod service;
mod store;

pub use config::EventConfig;
pub use service::{assemble, main, service};
