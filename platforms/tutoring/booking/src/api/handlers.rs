use std::collections::BTreeMap;

use seaworthy::prelude::*;
use tutoring_contract::{CheckedPage, Json, Path, Query, Reply};
use tutoring_identity::caller;

use super::{HandlerResult, State};
use crate::{
    domain::errors,
    prices::{NewCoupon, NewPrice, QuoteQuery, ReserveRequest},
    store::{Flags, coupons, prices, redemptions},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ValidateRequest {
    code: String,
}

pub(super) async fn calculate(prices: State, Query(query): Query<QuoteQuery>) -> HandlerResult {
    let quote = prices.quote(&query.into()).await?;
    Ok(Reply::new("price", quote).into_response())
}

pub(super) async fn flags(prices: State) -> HandlerResult {
    let flags = Flags::read(&prices.database).await?;
    Ok(Reply::new("switches", flags.0).into_response())
}

pub(super) async fn validate(prices: State, Json(request): Json<ValidateRequest>) -> HandlerResult {
    let coupon = prices.coupon(&request.code).await?;
    if redemptions::is_held_by(&prices.database, caller()?).await? {
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

pub(super) async fn reserve(prices: State, Json(request): Json<ReserveRequest>) -> HandlerResult {
    let quote = prices.reserve(&request).await?;
    Ok(Reply::new("price", quote).into_response())
}

pub(super) async fn redeem(prices: State, Path(payment): Path<Uuid>) -> HandlerResult {
    prices.redeem(payment).await?;
    Ok(Reply::message("discount redeemed").into_response())
}

pub(super) async fn release(prices: State, Path(payment): Path<Uuid>) -> HandlerResult {
    prices.release(payment).await?;
    Ok(Reply::message("discount released").into_response())
}

pub(super) async fn prices(prices: State) -> HandlerResult {
    let list = prices::all(&prices.database).await?;
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

pub(super) async fn set_price(prices: State, Json(request): Json<NewPrice>) -> HandlerResult {
    prices.set_price(&request).await?;
    Ok(Reply::message("price stored").into_response())
}

pub(super) async fn coupons(prices: State, page: CheckedPage) -> HandlerResult {
    let found = coupons::list(&prices.database, page).await?;
    Ok(Reply::new("coupons", found).into_response())
}

pub(super) async fn create(prices: State, Json(request): Json<NewCoupon>) -> HandlerResult {
    let coupon = prices.create_coupon(request).await?;
    Ok(Reply::new("coupon created", coupon).created())
}

pub(super) async fn set_flags(
    prices: State,
    Json(flags): Json<BTreeMap<String, bool>>,
) -> HandlerResult {
    prices.set_flags(&flags).await?;
    Ok(Reply::message("switches stored").into_response())
}
