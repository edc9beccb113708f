use city_events_contract::join::v1::ListOwnJoinsRequest;
use seaworthy::{axum::extract::State, prelude::Json};
use serde_json::{Value, json};

use super::{
    EventId,
    query::{self, QueryPairs},
};
use crate::{
    api_error::ApiError,
    caller::Caller,
    event_view::{EventView, event_view},
    listing,
    responses::Page,
    upstream::Upstreams,
};

/// Lists published events. By default, ended events are omitted.
pub(super) async fn feed(
    State(upstreams): State<Upstreams>,
    pairs: QueryPairs,
) -> Result<Json<Page>, ApiError> {
    let mut request = query::events(&pairs)?;
    if pairs.get("exclude_expired").is_empty() {
        request.exclude_expired = true;
    }
    listing::public(&upstreams, request).await.map(Json)
}

/// Lists published events.
pub(super) async fn events(
    State(upstreams): State<Upstreams>,
    pairs: QueryPairs,
) -> Result<Json<Page>, ApiError> {
    let request = query::events(&pairs)?;
    listing::public(&upstreams, request).await.map(Json)
}

/// Returns the view of an event.
pub(super) async fn view(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(id): EventId,
) -> Result<Json<EventView>, ApiError> {
    event_view(&upstreams, &caller, id).await.map(Json)
}

/// Lists cities that begin with a text.
pub(super) async fn cities(
    State(upstreams): State<Upstreams>,
    pairs: QueryPairs,
) -> Result<Json<Value>, ApiError> {
    let cities = upstreams.cities(pairs.text("q")).await?;
    Ok(Json(json!({ "data": cities })))
}

/// Lists the caller's own events.
pub(super) async fn own_events(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    pairs: QueryPairs,
) -> Result<Json<Page>, ApiError> {
    let (status, cursor) = (pairs.text("status"), pairs.get("cursor"));
    let page = listing::own_events(&upstreams, &caller, status, cursor).await?;
    Ok(Json(page))
}

/// Lists the events that the caller joined.
pub(super) async fn own_joins(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    pairs: QueryPairs,
) -> Result<Json<Page>, ApiError> {
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

/// Clamps a limit to 1–100. An invalid number becomes 0, the default of the join service.
fn limit(text: &str) -> u32 {
    let number: Option<i64> = text.parse().ok();
    number.map_or(0, |number| {
        u32::try_from(number.clamp(1, 100)).unwrap_or_default()
    })
}
