use city_events_contract::join::v1::ListOwnJoinsRequest;
use seaworthy::{axum::extract::State, prelude::Json};
use serde_json::{Value, json};

use super::{
    EventId,
    query::{self, Pairs},
};
use crate::{
    caller::Caller,
    listing,
    refusal::Refusal,
    shapes::Page,
    upstream::Upstreams,
    view::{EventView, event_view},
};

/// Published events that are not over, unless the query says otherwise.
pub(super) async fn feed(
    State(upstreams): State<Upstreams>,
    pairs: Pairs,
) -> Result<Json<Page>, Refusal> {
    let mut request = query::events(&pairs)?;
    if pairs.get("exclude_expired").is_empty() {
        request.exclude_expired = true;
    }
    listing::public(&upstreams, request).await.map(Json)
}

/// Published events.
pub(super) async fn events(
    State(upstreams): State<Upstreams>,
    pairs: Pairs,
) -> Result<Json<Page>, Refusal> {
    let request = query::events(&pairs)?;
    listing::public(&upstreams, request).await.map(Json)
}

/// An event page.
pub(super) async fn view(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(id): EventId,
) -> Result<Json<EventView>, Refusal> {
    event_view(&upstreams, &caller, id).await.map(Json)
}

/// Cities that begin so.
pub(super) async fn cities(
    State(upstreams): State<Upstreams>,
    pairs: Pairs,
) -> Result<Json<Value>, Refusal> {
    let cities = upstreams.cities(pairs.text("q")).await?;
    Ok(Json(json!({ "data": cities })))
}

/// The caller's own events.
pub(super) async fn own_events(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    pairs: Pairs,
) -> Result<Json<Page>, Refusal> {
    let (status, cursor) = (pairs.text("status"), pairs.get("cursor"));
    let page = listing::own_events(&upstreams, &caller, status, cursor).await?;
    Ok(Json(page))
}

/// The events that the caller joined.
pub(super) async fn own_joins(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    pairs: Pairs,
) -> Result<Json<Page>, Refusal> {
    let request = ListOwnJoinsRequest {
        status: pairs.text("status"),
        limit: limit(pairs.get("limit")),
        cursor: pairs.text("cursor"),
        from: pairs.text("from"),
        to: pairs.text("to"),
    };
    let page = listing::own_joins(&upstreams, &caller, request).await?;
    Ok(Json(page))
}

/// Below 1 is 1, and what is no number the default of the service.
fn limit(text: &str) -> u32 {
    let number: Option<i64> = text.parse().ok();
    number.map_or(0, |number| {
        u32::try_from(number.clamp(1, 100)).unwrap_or_default()
    })
}
