use seaworthy::prelude::*;
use serde_json::Value;

use super::{Payments, create::sha256};
use crate::{
    domain::errors,
    provider::{ProviderPayment, ProviderRefund},
    store::{events, payments},
};

/// Maximum length of an event ID. The hash of the body replaces a longer one.
const MAX_EVENT_ID: usize = 128;

/// An event of the provider.
#[derive(Debug, Deserialize)]
struct Webhook {
    event: String,
    #[serde(default)]
    payload: Payload,
}

#[derive(Debug, Default, Deserialize)]
struct Payload {
    payment: Option<Entity>,
    refund: Option<Entity>,
}

#[derive(Debug, Deserialize)]
struct Entity {
    entity: Value,
}

impl Entity {
    fn read<T: serde::de::DeserializeOwned>(entity: Option<Self>) -> Result<Option<T>, Error> {
        let read = entity.map(|entity| serde_json::from_value(entity.entity));
        read.transpose()
            .map_err(|error| errors::webhook_malformed().with_cause(error))
    }
}

impl Payments {
    /// Handles a webhook. The body is the signed bytes. One transaction records the event and its
    /// effect, so that a repeat does nothing.
    ///
    /// # Errors
    /// `WEBHOOK_SIGNATURE_INVALID`, `WEBHOOK_MALFORMED`, or those of the database.
    pub(crate) async fn receive(
        &self,
        body: &[u8],
        signature: Option<&str>,
        event_id: Option<&str>,
    ) -> Result<(), Error> {
        let is_signed = signature.is_some_and(|signature| {
            let signatures = &self.provider.signatures;
            signatures.is_webhook(body, signature)
        });
        if !is_signed {
            return Err(errors::webhook_signature_invalid());
        }
        let malformed = |error| errors::webhook_malformed().with_cause(error);
        let webhook: Webhook = serde_json::from_slice(body).map_err(malformed)?;
        let hash = sha256(body);
        let event_id = event_id.filter(|id| !id.is_empty() && id.len() <= MAX_EVENT_ID);
        let event_id = event_id.unwrap_or(&hash);
        let payment: Option<ProviderPayment> = Entity::read(webhook.payload.payment)?;
        let refund: Option<ProviderRefund> = Entity::read(webhook.payload.refund)?;
        let (event, hash) = (&webhook.event, &hash);
        let (payment, refund) = (&payment, &refund);
        self.database
            .transaction(|tx| async move {
                if !events::insert(&tx, event_id, hash, event).await? {
                    return Ok(());
                }
                let mut is_known = payment.is_none() && refund.is_none();
                // The event of a refund has both. Apply the payment first: its capture may not have
                // arrived.
                if let Some(payment) = payment {
                    let order = payment.order_id.as_deref().unwrap_or_default();
                    if let Some(id) = payments::id_of_order(&tx, order).await? {
                        self.apply_in(&tx, id, payment).await?;
                        is_known = true;
                    }
                }
                if let Some(refund) = refund {
                    let provider_payment = refund.payment_id.as_deref().unwrap_or_default();
                    is_known |= self.apply_refund(&tx, provider_payment, refund).await?;
                }
                if !is_known {
                    tracing::warn!(
                        event,
                        "a webhook does not belong to a payment of this service"
                    );
                }
                Ok(())
            })
            .await
    }
}
