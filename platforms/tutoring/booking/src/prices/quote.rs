use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::{ClassType, DeliveryMode, Quote};

use super::PriceList;
use crate::{
    domain::{Coupon, errors},
    store::{Flags, coupons, prices},
};

/// Every class is offered with 30 sessions. Clients of the legacy service do not send a number.
const DEFAULT_SESSION_COUNT: u16 = 30;

/// A package, and the discount that the student requests.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QuoteRequest {
    pub(crate) class_type: ClassType,
    pub(crate) session_count: u16,
    pub(crate) coupon_code: Option<String>,
    #[serde(default)]
    pub(crate) claim_deal: bool,
    /// Without it, the package has sessions on working days.
    pub(crate) delivery_mode: Option<DeliveryMode>,
}

/// The query of a price. The clients of the legacy service do not send the number of sessions.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QuoteQuery {
    class_type: ClassType,
    session_count: Option<u16>,
    coupon_code: Option<String>,
    #[serde(default)]
    claim_deal: bool,
    delivery_mode: Option<DeliveryMode>,
}

impl From<QuoteQuery> for QuoteRequest {
    fn from(query: QuoteQuery) -> Self {
        Self {
            class_type: query.class_type,
            session_count: query.session_count.unwrap_or(DEFAULT_SESSION_COUNT),
            coupon_code: query.coupon_code,
            claim_deal: query.claim_deal,
            delivery_mode: query.delivery_mode,
        }
    }
}

impl QuoteRequest {
    /// Whether a price was computed for this package and kind of discount.
    pub(super) fn has_price_of(&self, quote: &Quote) -> bool {
        let code = self.coupon_code.as_deref().map(str::trim);
        self.class_type == quote.class_type
            && self.session_count == quote.session_count
            && self.claim_deal == quote.claim_deal_applied
            && code.is_some_and(|code| !code.is_empty()) == quote.coupon_applied
    }
}

impl PriceList {
    /// Returns the price of a package, without a reservation.
    ///
    /// # Errors
    /// `PACKAGE_NOT_OFFERED`, `COUPON_INVALID` or `DISCOUNTS_EXCLUSIVE`.
    pub(crate) async fn quote(&self, request: &QuoteRequest) -> Result<Quote, Error> {
        Ok(quote(&self.database, request).await?.0)
    }

    /// Returns a coupon that may be reserved.
    ///
    /// # Errors
    /// `COUPON_INVALID`.
    pub(crate) async fn coupon(&self, code: &str) -> Result<Coupon, Error> {
        usable(&self.database, ("code", code)).await
    }
}

/// Returns the price with the coupon that reduces it.
pub(super) async fn quote(
    connection: &dyn Connection,
    request: &QuoteRequest,
) -> Result<(Quote, Option<Coupon>), Error> {
    let flags = Flags::read(connection).await?;
    flags.require_offered((request.session_count, request.delivery_mode))?;
    let (class, count) = (request.class_type, request.session_count);
    let with_summer = flags.is_on("summer_pricing_enabled");
    let price = prices::at(connection, class, count, with_summer, Utc::now()).await?;
    let price = price.ok_or_else(errors::not_priced)?;
    let code = request.coupon_code.as_deref().map(str::trim);
    let coupon = match code.filter(|code| !code.is_empty()) {
        Some(code) => Some(usable(connection, (errors::COUPON_CODE, code)).await?),
        None => None,
    };
    Ok((price.quote(coupon.as_ref(), request.claim_deal)?, coupon))
}

/// Returns a coupon that may be reserved. An error names the field with its code.
async fn usable(connection: &dyn Connection, (field, code): (&str, &str)) -> Result<Coupon, Error> {
    let coupon = coupons::find_by_code(connection, code).await?;
    let coupon = coupon.filter(|coupon| coupon.is_usable(Utc::now()));
    coupon.ok_or_else(|| errors::coupon_invalid(field))
}
