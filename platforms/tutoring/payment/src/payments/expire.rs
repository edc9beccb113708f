use seaworthy::{
    data::chrono::{DateTime, TimeDelta, Utc},
    prelude::*,
};

use super::{Payments, apply::release};
use crate::{
    domain::{Payment, Status},
    store::{events, payments},
};

/// Payments that one statement reads.
const BATCH: u32 = 50;
/// Retention of handled webhooks. The provider repeats webhooks for a day.
const EVENT_RETENTION: TimeDelta = TimeDelta::days(30);
const PURGE_BATCH: u32 = 500;

impl Payments {
    /// Cancels the payments whose order expired, after it has read their state at the provider.
    /// Shortly before the expiry, it completes a failed payment if a later attempt was captured. A
    /// payment that fails does not delay the others.
    ///
    /// # Errors
    /// The last error of the database or the provider.
    pub(crate) async fn expire(&self) -> Result<(), Error> {
        let (now, mut result) = (Utc::now(), Ok(()));
        let mut after = (DateTime::UNIX_EPOCH, Uuid::nil());
        loop {
            let page = payments::expired(&self.database, now, after, BATCH).await?;
            for (_, id) in &page {
                if let Err(error) = self.expire_one(*id).await {
                    tracing::warn!(payment = %id, %error, "a payment could not be checked for its expiry and is retried later");
                    result = Err(error);
                }
            }
            match page.last() {
                Some(last) if page.len() == BATCH as usize => after = *last,
                _ => return result,
            }
        }
    }

    async fn expire_one(&self, id: Uuid) -> Result<(), Error> {
        let Some(payment) = payments::by_id(&self.database, id).await? else {
            return Ok(());
        };
        let payment = self.complete_order(payment).await?;
        self.refresh(&payment).await?;
        let cancelled = (Status::Cancelled, "the order expired");
        self.end(id, cancelled, |payment| payment.is_expired(Utc::now()))
            .await
    }

    /// Stores the order of a payment whose creation was interrupted, if the provider has one.
    pub(super) async fn complete_order(&self, mut payment: Payment) -> Result<Payment, Error> {
        if payment.order_id.is_some() {
            return Ok(payment);
        }
        let found = self.provider.calls.find_order(&payment.receipt).await?;
        if let Some(order) = found {
            payments::set_order(&self.database, payment.id, &order).await?;
            payment.order_id = Some(order);
        }
        Ok(payment)
    }

    /// Ends an open payment that meets a condition.
    pub(super) async fn end(
        &self,
        id: Uuid,
        (status, reason): (Status, &str),
        is_over: fn(&Payment) -> bool,
    ) -> Result<(), Error> {
        self.database
            .transaction(|tx| async move {
                let mut payment = payments::lock(&tx, id).await?;
                if !payment.is_open() || !is_over(&payment) {
                    return Ok(());
                }
                payment.status = status;
                payment.failure_reason = Some(reason.to_owned());
                release(&tx, &mut payment).await?;
                payments::update(&tx, &payment).await?;
                Ok(())
            })
            .await
    }

    /// Deletes a batch of old webhooks. Returns whether there may be more.
    ///
    /// # Errors
    /// An error of the database.
    pub(crate) async fn purge_events(&self) -> Result<bool, Error> {
        let before = Utc::now() - EVENT_RETENTION;
        Ok(events::purge(&self.database, before, PURGE_BATCH).await?)
    }
}
