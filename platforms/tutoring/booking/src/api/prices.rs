use std::collections::BTreeMap;

use seaworthy::prelude::*;
use tutoring_contract::{CheckedPage, Json, Path, Query, Reply};
use tutoring_identity::caller;

use super::{HandlerResult, State};
use crate::{
    domain::{Coupon, Price, errors},
    prices::{QuoteQuery, ReserveRequest},
    store::{Flags, coupons, prices, redemptions},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ValidateRequest {
    code: String,
}

pub(super) async fn calculate(prices: State, Query(query): Query<QuoteQuery>) -> HandlerResult {
    Reply::ok("price", prices.quote(&query.into()).await?)
}

pub(super) async fn flags(prices: State) -> HandlerResult {
    let flags = Flags::read(&prices.database).await?;
    Reply::ok("switches", flags.0)
}

pub(super) async fn validate(prices: State, Json(request): Json<ValidateRequest>) -> HandlerResult {
    let coupon = prices.coupon(&request.code).await?;
    if redemptions::is_held_by(&prices.database, caller()?).await? {
        return Err(errors::discount_used());
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
    Reply::ok("the coupon is valid", data)
}

pub(super) async fn reserve(prices: State, Json(request): Json<ReserveRequest>) -> HandlerResult {
    Reply::ok("price", prices.reserve(&request).await?)
}

pub(super) async fn redeem(prices: State, Path(payment): Path<Uuid>) -> HandlerResult {
    prices.redeem(payment).await?;
    Ok(Reply::message("discount redeemed").into_response())
}

pub(super) async fn release(prices: State, Path(payment): Path<Uuid>) -> HandlerResult {
    prices.release(payment).await?;
    Ok(Reply::message("discount released").into_response())
}

pub(super) async fn list(prices: State) -> HandlerResult {
    Reply::ok("price list", prices::all(&prices.database).await?)
}

pub(super) async fn set_price(prices: State, Json(price): Json<Price>) -> HandlerResult {
    prices.set_price(&price).await?;
    Ok(Reply::message("price stored").into_response())
}

pub(super) async fn coupons(prices: State, page: CheckedPage) -> HandlerResult {
    Reply::ok("coupons", coupons::list(&prices.database, page).await?)
}

pub(super) async fn create_coupon(prices: State, Json(request): Json<Coupon>) -> HandlerResult {
    Reply::created("coupon created", prices.create_coupon(request).await?)
}

pub(super) async fn set_flags(
    prices: State,
    Json(flags): Json<BTreeMap<String, bool>>,
) -> HandlerResult {
    prices.set_flags(&flags).await?;
    Ok(Reply::message("switches stored").into_response())
}
