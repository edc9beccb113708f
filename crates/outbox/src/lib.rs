//! Outbox and inbox: a change and the word of it are one, and what comes twice counts once (MSG-4, MSG-5).
//!
//! A service that changes its database and then publishes loses the event when it dies between the two, and tells of what never happened when it publishes first. So the
//! event is stored in the transaction of the change ([`Outbox::store`]) and a relay publishes what was committed. The relay may die at any point too, after which it
//! publishes again; so a consumer writes down which messages it has seen in the transaction of its own effect ([`Inbox::once`]).
//!
//! Several relays run side by side on one table. Each key has its lane, and a relay claims lanes for a time ([`RelayConfig::claim`]); the claims of one that died end by
//! themselves, nobody owns anything beyond that, and no row is stranded. Rows of one key are published in the order in which they were stored: while one waits for another attempt, the key's
//! later ones wait. A row that the broker will never take is parked at once, one that fails again and again after [`RelayConfig::attempts`]; a broker that is down
//! counts for nothing. The relay publishes the later rows of a key only after the failed one.

mod commands;
mod config;
mod inbox;
mod migrations;
mod observe;
mod outbox;
mod relay;
mod store;

pub use commands::outbox_command;
pub use config::{InboxConfig, OutboxConfig, RelayConfig};
pub use inbox::{Inbox, Once};
pub use migrations::MIGRATIONS;
pub use outbox::{Outbox, StoreError};
pub use relay::RelayTarget;
