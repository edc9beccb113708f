//! Operations on payments and coins, independent of the transport.

mod apply;
mod coins;
mod confirm;
mod consumers;
mod create;
mod discounts;
mod expire;
mod reconcile;
mod refund;
mod webhook;

use seaworthy::{
    audit_log::AuditLog, data::Database, outbox::Outbox, prelude::*, telemetry::metrics::Gauge,
};
use tutoring_contract::PlatformZone;

pub(crate) use coins::{CoinChange, CoinValues};
pub(crate) use consumers::{Rows, consumer};
pub(crate) use create::{Created, GeneralOrder};
pub(crate) use refund::RefundRequest;

use crate::{booking_client::Booking, provider::Provider};

/// The permission to read the payments of all students.
pub(crate) const PAYMENT_READ: &str = "payment:read";
/// The permission to refund payments.
pub(crate) const PAYMENT_REFUND: &str = "payment:refund";
/// The permission to change coins.
pub(crate) const COINS_WRITE: &str = "coins:write";

/// The payments with their dependencies.
#[derive(Debug)]
pub(crate) struct Payments {
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
    pub(crate) audit: AuditLog,
    pub(crate) provider: Provider,
    pub(crate) booking: Booking,
    pub(crate) order_ttl: Timeout,
    pub(crate) lookback: Timeout,
    pub(crate) zone: PlatformZone,
    /// The unresolved differences of the last reconciliation.
    pub(crate) unresolved: Gauge,
}
