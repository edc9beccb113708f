//! Payments, refunds and coins of Tutoring.
//!
//! The price comes from the booking service, never from a client. A payment succeeds once, by the
//! confirmation of the client, by a webhook or by the reconciliation. The first of them counts.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `domain` | States of a payment, decisions on payments at the provider, errors |
//! | `provider` | The trait of payment providers: Razorpay over HTTP, and a fake for development |
//! | `store` | SQL statements and migrations |
//! | `payments` | Operations: create, confirm, webhooks, expiry, refunds, coins, reconciliation |
//! | `booking_client` | Calls to the booking service, which owns prices and discounts |
//! | `api` | HTTP routes |

mod api;
mod booking_client;
mod config;
mod domain;
mod invariants;
mod payments;
mod provider;
mod service;
mod store;
mod workers;

pub use config::{
    PaymentConfig, PaymentLimitsConfig, ProviderConfig, ProviderKind, ReconciliationConfig,
};
pub use invariants::INVARIANTS;
pub use service::{assemble, main, service};
