//! Prices, coupons and switches of Tutoring.
//!
//! This service is the only one that computes a price. The payment service asks it for a quote,
//! which also reserves the discount.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `domain` | The price of a package, discounts, errors |
//! | `store` | SQL statements and migrations |
//! | `prices` | Operations: quotes, reservations of discounts, changes by administrators |
//! | `api` | HTTP routes |
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     tutoring_booking::main()
//! }
//! ```

mod api;
mod config;
mod domain;
mod prices;
mod service;
mod store;

pub use config::BookingConfig;
pub use service::{assemble, main, service};
