use seaworthy::{data::chrono::Utc, prelude::*};

use super::Payments;
use crate::{
    domain::{Decision, Payment, errors},
    provider::{ProviderPayment, ProviderStatus},
    store::payments,
};

/// Maximum length of an ID of the provider that is requested.
const MAX_ID: usize = 64;

impl Payments {
    /// Confirms a payment of a student: checks the signature of the provider, and reads the payment
    /// at the provider.
    ///
    /// # Errors
    /// `NOT_FOUND`, also for payments of others, `SIGNATURE_INVALID`, `PAYMENT_MISMATCH`,
    /// `CONFLICT` or `SERVICE_UNAVAILABLE`.
    pub(crate) async fn confirm(
        &self,
        student: Uuid,
        id: Uuid,
        provider_payment: &str,
        signature: &str,
    ) -> Result<Payment, Error> {
        let payment = payments::by_id(&self.database, id).await?;
        let payment = payment.filter(|payment| payment.student_id == student);
        let payment = payment.ok_or_else(errors::payment_not_found)?;
        let order = payment.order_id.as_deref().unwrap_or_default();
        let signatures = &self.provider.signatures;
        let is_valid = !order.is_empty()
            && provider_payment.len() <= MAX_ID
            && signatures.is_confirmation(order, provider_payment, signature);
        if !is_valid {
            return Err(errors::signature_invalid());
        }
        let found = self.provider.calls.payment(provider_payment).await?;
        let found = found.ok_or_else(errors::payment_mismatch)?;
        let found = self.captured(&payment, found).await?;
        let (payment, decision) = self.apply(id, &found).await?;
        match decision {
            Decision::Mismatch => Err(errors::payment_mismatch()),
            Decision::Flag(_) => Err(errors::order_closed()),
            _ => Ok(payment),
        }
    }

    /// Reads the payments of an order at the provider and applies them.
    ///
    /// # Errors
    /// `SERVICE_UNAVAILABLE`, or those of the database.
    pub(crate) async fn refresh(&self, payment: &Payment) -> Result<(), Error> {
        let Some(order) = &payment.order_id else {
            return Ok(());
        };
        let mut found = self.provider.calls.payments_of_order(order).await?;
        // Money precedes attempts that failed, because a failed payment captures nothing.
        found.sort_by_key(|found| match found.status {
            ProviderStatus::Captured => 0,
            ProviderStatus::Authorized => 1,
            _ => 2,
        });
        let mut payment = payment.clone();
        for found in found {
            let found = self.captured(&payment, found).await?;
            (payment, _) = self.apply(payment.id, &found).await?;
        }
        Ok(())
    }

    /// Captures the authorized money of an open order, also after its expiry, or of a later attempt
    /// after one that failed. Returns the current state of the payment.
    async fn captured(
        &self,
        payment: &Payment,
        found: ProviderPayment,
    ) -> Result<ProviderPayment, Error> {
        let may_capture = found.status == ProviderStatus::Authorized
            && found.order_id == payment.order_id
            && found.amount == payment.amount
            && payment.can_capture(Utc::now());
        if !may_capture {
            return Ok(found);
        }
        match self.provider.calls.capture(&found.id, found.amount).await {
            Ok(captured) => Ok(captured),
            // The payment may be captured already, so read its state.
            Err(error) if error.is_permanent() => {
                let current = self.provider.calls.payment(&found.id).await?;
                Ok(current.unwrap_or(found))
            }
            Err(error) => Err(error.into()),
        }
    }
}
