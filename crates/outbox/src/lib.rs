//! A transactional outbox for events, and an inbox that makes consumers idempotent (MSG-4, MSG-5).
//!
//! A service that changes its database and then publishes an event loses the event if it crashes in
//! between. If it publishes first, the event may describe a change that is never committed. So
//! [`Outbox::store`] stores the event in the transaction of the change, and a relay publishes
//! committed events. A relay that crashes may publish an event twice. So a consumer records the
//! messages that it has processed in the transaction of its effect ([`Inbox::process_once`], or a
//! [`Consumer`] for the events of a group).
//!
//! Several relays share one table. Each key belongs to one of 16 partitions, and a relay claims
//! partitions for a limited time ([`RelayConfig::claim_ttl`]), which it renews while it publishes.
//! If a relay crashes, its claims expire and another relay takes over. Events of one key are
//! published in the order in which they were stored. While one of them waits for another attempt,
//! the later events of its key wait too.
//!
//! A relay dead-letters an event immediately if the broker rejects it permanently, and after
//! [`RelayConfig::max_attempts`] transient rejections. Attempts while the broker is unavailable do
//! not count.

// The fixture of the integration tests is also a fixture of unit tests.
#[cfg(test)]
extern crate self as seaworthy_outbox;

mod batch;
mod batch_size;
mod commands;
mod config;
mod consumer;
mod inbox;
mod metrics;
mod migrations;
mod outbox;
mod relay;
mod store;

pub use batch::OutboxBatch;
pub use batch_size::{BatchSize, InvalidBatchSize};
pub use commands::outbox_command;
pub use config::{InboxConfig, OutboxConfig, RelayConfig};
pub use consumer::{Consumer, Effect};
pub use inbox::{Inbox, InboxOutcome};
pub use migrations::MIGRATIONS;
pub use outbox::{Outbox, StoreError};
pub use relay::RelayTarget;
