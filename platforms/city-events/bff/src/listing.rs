//! Lists of events for the interface and for pages.

use std::collections::HashMap;

use city_events_contract::{
    event::v1::{ListEventsRequest, ListOwnEventsRequest},
    join::v1::ListOwnJoinsRequest,
};
use seaworthy::axum::http::StatusCode;
use tonic::Code;

use crate::{
    api_error::ApiError,
    caller::Caller,
    responses::{Card, Page, join_status},
    upstream::Upstreams,
};

/// Events per page in the list of own events. Clients rely on it.
const OWN_PAGE_SIZE: u32 = 10;

/// Returns published events.
pub(crate) async fn public(
    upstreams: &Upstreams,
    request: ListEventsRequest,
) -> Result<Page, ApiError> {
    let listed = upstreams.list_events(request).await?;
    let cards = listed.items.into_iter().map(Card::from).collect();
    Ok(Page::new(cards, listed.next_cursor))
}

/// Returns the caller's own events, newest first. The cursor is a page number.
pub(crate) async fn own_events(
    upstreams: &Upstreams,
    caller: &Caller,
    status: String,
    cursor: &str,
) -> Result<Page, ApiError> {
    let page = cursor.parse().ok().filter(|page| *page >= 1).unwrap_or(1);
    let request = ListOwnEventsRequest {
        status,
        page,
        page_size: OWN_PAGE_SIZE,
    };
    let listed = upstreams.own_events(caller, request).await?;
    let is_last = u64::from(page) * u64::from(OWN_PAGE_SIZE) >= listed.total;
    let next = if is_last {
        String::new()
    } else {
        page.saturating_add(1).to_string()
    };
    let cards = listed.items.into_iter().map(Card::from).collect();
    Ok(Page::new(cards, next))
}

/// Returns the events that the caller joined, newest join first, without unpublished events.
pub(crate) async fn own_joins(
    upstreams: &Upstreams,
    caller: &Caller,
    request: ListOwnJoinsRequest,
) -> Result<Page, ApiError> {
    let listed = upstreams.own_joins(caller, request).await;
    let listed = listed.map_err(|status| match status.code() {
        Code::Unauthenticated => {
            ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", "session expired")
        }
        _ => status.into(),
    })?;
    let ids: Vec<String> = listed
        .items
        .iter()
        .map(|join| join.event_id.clone())
        .collect();
    let events = match ids.is_empty() {
        true => HashMap::new(),
        // One call for all events.
        false => upstreams.events(&ids).await?,
    };
    let cards = listed.items.iter().filter_map(|join| {
        let event = events.get(&join.event_id)?;
        Some(Card {
            participation: Some(join_status(join.status())),
            ..event.clone().into()
        })
    });
    Ok(Page::new(cards.collect(), listed.next_cursor))
}
