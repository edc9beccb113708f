use std::collections::BTreeMap;

use seaworthy::{
    axum::{extract::State as Extract, response::IntoResponse as _},
    prelude::*,
};
use serde_json::json;
use tutoring_contract::{PageRequest, Reply};
use tutoring_identity::caller;
use uuid::Uuid;

use super::{Given, HandlerResult, State};
use crate::{
    domain::errors,
    prices::{NewCoupon, NewPrice, QuoteRequest, ReserveRequest},
    store::{Coupons, Flags, Prices, Redemptions},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ValidateRequest {
    code: String,
}

pub(super) async fn calculate(
    Extract(prices): State,
    query: Given<Query<QuoteRequest>>,
) -> HandlerResult {
    let Query(request) = query?;
    let quote = prices.quote(&request).await?;
    Ok(Reply::new("price", quote).into_response())
}

pub(super) async fn flags(Extract(prices): State) -> HandlerResult {
    let flags = Flags::read(&prices.database).await?;
    Ok(Reply::new("switches", flags.0).into_response())
}

pub(super) async fn validate(
    Extract(prices): State,
    request: Given<Json<ValidateRequest>>,
) -> HandlerResult {
    let Json(request) = request?;
    let coupon = prices.coupon(&request.code).await?;
    if Redemptions::is_held_by(&prices.database, caller()?).await? {
        return Err(errors::discount_used().into());
    }
    let flags = Flags::read(&prices.database).await?;
    let data = json!({
        "valid": true,
        "coupon": {
            "id": coupon.id,
            "code": coupon.code,
            "type": coupon.r#type,
            "discountType": coupon.discount_type,
            "validFrom": coupon.valid_from,
            "validUntil": coupon.valid_until,
            "remainingRedemptions": coupon.max_redemptions - coupon.current_redemptions,
        },
        "appliesSummerPricing": flags.is_on("summer_pricing_enabled"),
    });
    Ok(Reply::new("the coupon is valid", data).into_response())
}

pub(super) async fn reserve(
    Extract(prices): State,
    request: Given<Json<ReserveRequest>>,
) -> HandlerResult {
    let Json(request) = request?;
    let quote = prices.reserve(&request).await?;
    Ok(Reply::new("price", quote).into_response())
}

pub(super) async fn redeem(Extract(prices): State, payment: Given<Path<Uuid>>) -> HandlerResult {
    let Path(payment) = payment?;
    prices.redeem(payment).await?;
    Ok(Reply::message("discount redeemed").into_response())
}

pub(super) async fn release(Extract(prices): State, payment: Given<Path<Uuid>>) -> HandlerResult {
    let Path(payment) = payment?;
    prices.release(payment).await?;
    Ok(Reply::message("discount released").into_response())
}

pub(super) async fn prices(Extract(prices): State) -> HandlerResult {
    let list = Prices::all(&prices.database).await?;
    let view = list.iter().map(|price| {
        json!({
            "classType": price.class_type,
            "sessionCount": price.session_count,
            "basePriceMinor": price.base,
            "currency": price.currency,
            "gstPercentage": price.gst_percentage,
            "couponMinor": price.coupon,
            "dealMinor": price.deal,
            "isSummer": price.is_summer,
        })
    });
    Ok(Reply::new("price list", view.collect::<Vec<_>>()).into_response())
}

pub(super) async fn set_price(
    Extract(prices): State,
    request: Given<Json<NewPrice>>,
) -> HandlerResult {
    let Json(request) = request?;
    prices.set_price(&request).await?;
    Ok(Reply::message("price stored").into_response())
}

pub(super) async fn coupons(
    Extract(prices): State,
    query: Given<Query<PageRequest>>,
) -> HandlerResult {
    let Query(query) = query?;
    let page = query.checked()?;
    let (items, total) = Coupons::list(&prices.database, page.limit, page.offset()).await?;
    Ok(Reply::new("coupons", page.of(items, total)).into_response())
}

pub(super) async fn create(
    Extract(prices): State,
    request: Given<Json<NewCoupon>>,
) -> HandlerResult {
    let Json(request) = request?;
    let coupon = prices.create_coupon(request).await?;
    Ok(Reply::new("coupon created", coupon).created())
}

pub(super) async fn set_flags(
    Extract(prices): State,
    request: Given<Json<BTreeMap<String, bool>>>,
) -> HandlerResult {
    let Json(flags) = request?;
    prices.set_flags(&flags).await?;
    Ok(Reply::message("switches stored").into_response())
}
