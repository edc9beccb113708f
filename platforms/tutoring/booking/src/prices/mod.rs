//! Operations on prices and discounts, independent of the transport.

mod change;
mod quote;
mod reserve;

use seaworthy::{audit_log::AuditLog, data::Database};

pub(crate) use change::PRICE_WRITE;
pub(crate) use quote::{QuoteQuery, QuoteRequest};
pub(crate) use reserve::ReserveRequest;

/// The price list with its dependencies.
#[derive(Debug)]
pub(crate) struct PriceList {
    pub(crate) database: Database,
    pub(crate) audit: AuditLog,
}
