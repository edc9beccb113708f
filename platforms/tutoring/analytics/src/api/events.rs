use seaworthy::prelude::*;
use tutoring_contract::{CheckedPage, Json, Path, Query, Reply, Role, grants, require_everywhere};
use tutoring_identity::caller;

use super::{ANALYTICS_READ, ExtractResult, HandlerResult, State};
use crate::{
    analytics::Analytics,
    domain::{Event, EventRequest, RangeRequest, checked_all},
    errors,
    store::{EventFilter, events},
};

#[derive(Deserialize)]
pub(super) struct BulkRequest {
    events: Vec<EventRequest>,
}

async fn store(analytics: &Analytics, events: &[Event]) -> Result<(), Error> {
    let times: Vec<_> = events.iter().map(|event| event.timestamp).collect();
    analytics.partitions.create(times).await?;
    Ok(events::insert(&analytics.database, events).await?)
}

pub(super) async fn record(analytics: State, Json(request): Json<EventRequest>) -> HandlerResult {
    let event = request.checked(caller()?)?;
    store(&analytics, std::slice::from_ref(&event)).await?;
    Reply::created("event recorded", event)
}

pub(super) async fn record_all(
    analytics: State,
    Json(request): Json<BulkRequest>,
) -> HandlerResult {
    let events = checked_all(request.events, caller()?)?;
    store(&analytics, &events).await?;
    Reply::created("events recorded", json!({ "created": events.len() }))
}

pub(super) async fn list(
    analytics: State,
    Query(filter): Query<EventFilter>,
    Query(range): Query<RangeRequest>,
    page: CheckedPage,
) -> HandlerResult {
    page_of(&analytics, &filter, range, page).await
}

/// Returns the events of the caller, or those of any user for an administrator.
pub(super) async fn timeline(
    analytics: State,
    id: ExtractResult<Path<Uuid>>,
    filter: ExtractResult<Query<EventFilter>>,
    range: ExtractResult<Query<RangeRequest>>,
    page: ExtractResult<CheckedPage>,
) -> HandlerResult {
    let Path(id) = id.map_err(|_| errors::other_user())?;
    if id != caller()? && !may_read_all() {
        return Err(errors::other_user());
    }
    let (Query(mut filter), Query(range), page) = (filter?, range?, page?);
    filter.user_id = Some(id);
    page_of(&analytics, &filter, range, page).await
}

/// Whether the caller may read all events. An administrator with a territory may not.
fn may_read_all() -> bool {
    let grants = grants();
    let is_permitted = grants.has_role(Role::Admin.as_str()) && grants.has_scope(ANALYTICS_READ);
    is_permitted && require_everywhere().is_ok()
}

async fn page_of(
    analytics: &Analytics,
    filter: &EventFilter,
    range: RangeRequest,
    page: CheckedPage,
) -> HandlerResult {
    let all = analytics.retention;
    let range = range.checked(all, all)?;
    let found = events::page(&analytics.database, filter, range, page).await?;
    Reply::ok("events", found)
}
