use seaworthy::{
    data::{chrono::TimeDelta, prelude::*},
    prelude::*,
};
use tutoring_contract::Quote;

use super::{PriceList, QuoteRequest, quote::quote};
use crate::{
    domain::{Place, errors},
    store::{Redemption, coupons, redemptions, zones},
};

/// The payment service releases reservations itself. This service releases those of payments that
/// were never stored, after this time.
const GRACE_PERIOD: TimeDelta = TimeDelta::hours(1);
/// Reservations that one step releases.
const BATCH: u32 = 100;

/// A quote for a payment.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReserveRequest {
    payment_id: Uuid,
    student_id: Uuid,
    expires_at: DateTime<Utc>,
    /// The place of the student.
    place: Option<Place>,
    #[serde(flatten)]
    package: QuoteRequest,
}

impl PriceList {
    /// Returns the price of a package and reserves its discount for a payment. A repeat returns the
    /// same quote until the discount is released.
    ///
    /// # Errors
    /// Those of [`quote`](Self::quote), `DISCOUNT_USED`, and `SERVICE_NOT_AVAILABLE` outside of all
    /// zones.
    pub(crate) async fn reserve(&self, request: &ReserveRequest) -> Result<Quote, Error> {
        self.database
            .transaction(|tx| async move {
                if let Some(known) = redemptions::lock(&tx, request.payment_id).await? {
                    if known.state != "released" || known.student_id != request.student_id {
                        return repeated(known, request);
                    }
                    // The first request ended before the payment was stored.
                    redemptions::delete(&tx, request.payment_id).await?;
                }
                if let Some(place) = request.place {
                    zones::require(&tx, place).await?;
                }
                let (quote, coupon) = match quote(&tx, &request.package).await {
                    Err(error) if error.code() == Code::Invalid => {
                        return repeated_or(&tx, request, error).await;
                    }
                    priced => priced?,
                };
                if coupon.is_none() && !quote.claim_deal_applied {
                    return Ok(quote);
                }
                if let Some(coupon) = &coupon
                    && !coupons::take(&tx, coupon.id).await?
                {
                    let invalid = errors::coupon_invalid(errors::COUPON_CODE);
                    return repeated_or(&tx, request, invalid).await;
                }
                let redemption = Redemption {
                    payment_id: request.payment_id,
                    student_id: request.student_id,
                    coupon_id: coupon.map(|coupon| coupon.id),
                    state: "reserved".to_owned(),
                    quote: serde_json::to_value(&quote).map_err(Error::internal)?,
                    expires_at: request.expires_at,
                };
                if redemptions::insert(&tx, &redemption).await? {
                    return Ok(quote);
                }
                if let Some(coupon) = redemption.coupon_id {
                    coupons::release(&tx, coupon).await?;
                }
                repeated_or(&tx, request, errors::discount_used()).await
            })
            .await
    }

    /// Records that a payment with a discount succeeded. A repeat changes nothing. A released
    /// discount is reserved again, because the money was captured.
    ///
    /// # Errors
    /// `NOT_FOUND`, and `CONFLICT` if the student has meanwhile used another discount.
    pub(crate) async fn redeem(&self, payment: Uuid) -> Result<(), Error> {
        self.database
            .transaction(|tx| async move {
                let known = redemptions::lock(&tx, payment).await?;
                let known = known.ok_or_else(errors::reservation_not_found)?;
                match known.state.as_str() {
                    "redeemed" => return Ok(()),
                    "released" => retake(&tx, &known).await?,
                    _ => {}
                }
                redemptions::set_state(&tx, &known, "redeemed").await
            })
            .await
    }

    /// Releases the discount of a payment that failed. A repeat changes nothing, and a redeemed
    /// discount stays redeemed.
    ///
    /// # Errors
    /// An error of the database.
    pub(crate) async fn release(&self, payment: Uuid) -> Result<(), Error> {
        self.database
            .transaction(|tx| async move {
                let known = redemptions::lock(&tx, payment).await?;
                let Some(known) = known.filter(|known| known.state == "reserved") else {
                    return Ok(());
                };
                if let Some(coupon) = known.coupon_id {
                    coupons::release(&tx, coupon).await?;
                }
                redemptions::set_state(&tx, &known, "released").await
            })
            .await
    }

    /// Releases a batch of reservations that the payment service has not settled. Returns whether
    /// there may be more. A reservation that is not released does not block the others.
    ///
    /// # Errors
    /// The last error of the database.
    pub(crate) async fn release_expired(&self) -> Result<bool, Error> {
        let before = Utc::now() - GRACE_PERIOD;
        let expired = redemptions::expired(&self.database, before, BATCH).await?;
        let mut result = Ok(expired.len() == BATCH as usize);
        for payment in expired {
            if let Err(error) = self.release(payment).await {
                tracing::warn!(%payment, %error, "an expired discount was not released and is retried later");
                result = Err(error);
            }
        }
        result
    }
}

/// Returns the quote of a reserved discount to a repeat of its request.
fn repeated(known: Redemption, request: &ReserveRequest) -> Result<Quote, Error> {
    if known.student_id != request.student_id || known.state == "released" {
        return Err(errors::discount_used());
    }
    let quote = serde_json::from_value(known.quote).map_err(Error::internal)?;
    // A payment that was not stored must not give another package this price.
    match request.package.has_price_of(&quote) {
        true => Ok(quote),
        false => Err(errors::discount_used()),
    }
}

/// Returns the quote that a concurrent repeat has reserved, or else an error.
async fn repeated_or(
    tx: &Transaction,
    request: &ReserveRequest,
    error: Error,
) -> Result<Quote, Error> {
    match redemptions::lock(tx, request.payment_id).await? {
        Some(known) => repeated(known, request),
        None => Err(error),
    }
}

async fn retake(tx: &Transaction, known: &Redemption) -> Result<(), Error> {
    match known.coupon_id {
        Some(coupon) if !coupons::take(tx, coupon).await? => Err(errors::discount_used()),
        _ => Ok(()),
    }
}
