//! Prices, allocations and sessions of Tutoring.
//!
//! This service is the only one that computes a price. The payment service requests a quote,
//! which also reserves the discount. Only the slot ledger of this service reserves a slot
//! of a trainer.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `domain` | The price of a package, the calendar, the choice of trainers, states, errors |
//! | `store` | SQL statements and migrations |
//! | `prices` | Operations: quotes, reservations of discounts, changes by administrators |
//! | `schedule` | Operations: allocations, sessions, requests, substitutions, journeys, zones |
//! | `api` | HTTP routes |

mod api;
mod config;
mod domain;
mod invariants;
mod prices;
mod schedule;
mod service;
mod store;

pub use config::BookingConfig;
pub use invariants::INVARIANTS;
pub use service::{assemble, main, service};
