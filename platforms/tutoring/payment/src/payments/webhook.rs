use seaworthy::prelude::*;
use serde_json::Value;

use super::{Payments, create::sha256};
use crate::{
    domain::errors,
    provider::{ProviderPayment, ProviderRefund},
    store::{captures, events, payments},
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
        let read = entity
            .map(|of| serde_json::from_value(of.entity))
            .transpose();
        read.map_err(|error| errors::webhook_malformed().with_cause(error))
    }
}

/// The result of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Received {
    /// It was applied, or it had no effect.
    Handled,
    /// It was a repeat of a handled webhook.
    Repeated,
    /// No payment of this service belongs to it.
    Unknown,
}

impl Payments {
    /// Handles a webhook. The body is the signed bytes. One transaction records the event and its
    /// effect, so that a repeat does nothing.
    ///
    /// # Errors
    /// `TOKEN_INVALID` for a wrong signature, `WEBHOOK_MALFORMED`, or those of the database.
    pub(crate) async fn receive(
        &self,
        body: &[u8],
        signature: Option<&str>,
        event_id: Option<&str>,
    ) -> Result<Received, Error> {
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
                    return Ok(Received::Repeated);
                }
                if let Some(refund) = refund {
                    let of = refund.payment_id.as_deref().unwrap_or_default();
                    let known = self.apply_refund(&tx, of, refund).await?;
                    return Ok(known_or_not(known, event));
                }
                let Some(payment) = payment else {
                    return Ok(Received::Handled);
                };
                let order = payment.order_id.as_deref().unwrap_or_default();
                let known = payments::id_of_order(&tx, order).await?;
                if let Some(id) = known {
                    self.apply_in(&tx, id, payment).await?;
                }
                Ok(known_or_not(known.is_some(), event))
            })
            .await
    }
}

fn known_or_not(is_known: bool, event: &str) -> Received {
    if is_known {
        return Received::Handled;
    }
    tracing::warn!(
        event,
        "a webhook does not belong to a payment of this service"
    );
    Received::Unknown
}

impl Payments {
    /// Returns the payment whose money a payment at the provider was.
    pub(super) async fn owner_of(
        &self,
        connection: &dyn seaworthy::data::Connection,
        provider_payment: &str,
    ) -> Result<Option<uuid::Uuid>, Error> {
        let id = payments::id_of_provider_payment(connection, provider_payment).await?;
        if id.is_some() {
            return Ok(id);
        }
        let capture = captures::by_id(connection, provider_payment).await?;
        Ok(capture.map(|capture| capture.payment_id))
    }
}
