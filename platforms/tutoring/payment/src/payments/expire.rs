use seaworthy::{
    data::chrono::{TimeDelta, Utc},
    prelude::*,
};
use uuid::Uuid;

use super::{Payments, apply::release};
use crate::{
    domain::{Payment, Status},
    store::{Events, PaymentRows},
};

/// Payments that one step expires.
const BATCH: u32 = 50;
/// The provider repeats webhooks for a day. Repeats after this time find a payment that is over.
const EVENT_RETENTION: TimeDelta = TimeDelta::days(30);
const PURGE_BATCH: u32 = 500;

impl Payments {
    /// Cancels a batch of payments whose order expired, after a look at the provider. Returns
    /// whether there may be more.
    ///
    /// # Errors
    /// Those of the database, or `SERVICE_UNAVAILABLE` if the provider returns no payment.
    pub(crate) async fn expire(&self) -> Result<bool, Error> {
        let expired = PaymentRows::expired(&self.database, Utc::now(), BATCH).await?;
        let mut failure = None;
        let mut cancelled = 0;
        for id in &expired {
            match self.expire_one(*id).await {
                Ok(()) => cancelled += 1,
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            Some(error) if cancelled == 0 => Err(error),
            Some(_) => Ok(false),
            None => Ok(expired.len() == BATCH as usize),
        }
    }

    async fn expire_one(&self, id: Uuid) -> Result<(), Error> {
        let Some(payment) = PaymentRows::by_id(&self.database, id).await? else {
            return Ok(());
        };
        let payment = self.complete_order(payment).await?;
        self.refresh(&payment).await?;
        self.database
            .transaction(|tx| async move {
                let mut payment = PaymentRows::lock(&tx, id).await?;
                if !payment.is_open() || !payment.is_expired(Utc::now()) {
                    return Ok(());
                }
                payment.status = Status::Cancelled;
                payment.failure_reason = Some("the order expired".to_owned());
                release(&tx, &mut payment).await?;
                PaymentRows::update(&tx, &payment).await?;
                Ok(())
            })
            .await
    }

    /// Stores the order of a payment whose creation was interrupted, if the provider has one.
    pub(super) async fn complete_order(&self, mut payment: Payment) -> Result<Payment, Error> {
        if payment.order_id.is_some() {
            return Ok(payment);
        }
        let found = self.provider.calls.find_order(&payment.receipt).await?;
        if let Some(order) = found {
            PaymentRows::set_order(&self.database, payment.id, &order).await?;
            payment.order_id = Some(order);
        }
        Ok(payment)
    }

    /// Ends a payment that cannot be paid.
    pub(super) async fn close(&self, id: Uuid, reason: &str) -> Result<(), Error> {
        self.database
            .transaction(|tx| async move {
                let mut payment = PaymentRows::lock(&tx, id).await?;
                if !payment.is_open() || payment.order_id.is_some() {
                    return Ok(());
                }
                payment.status = Status::Failed;
                payment.failure_reason = Some(reason.to_owned());
                release(&tx, &mut payment).await?;
                PaymentRows::update(&tx, &payment).await?;
                Ok(())
            })
            .await
    }

    /// Deletes a batch of old webhooks. Returns whether there may be more.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn purge_events(&self) -> Result<bool, Error> {
        let before = Utc::now() - EVENT_RETENTION;
        Ok(Events::purge(&self.database, before, PURGE_BATCH).await?)
    }
}
