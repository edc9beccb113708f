//! Lists of events, for the interface and for pages.

use std::collections::HashMap;

use city_events_contract::{
    event::v1::{ListEventsRequest, ListOwnEventsRequest},
    join::v1::ListOwnJoinsRequest,
};
use seaworthy::axum::http::StatusCode;
use tonic::Code;

use crate::{
    caller::Caller,
    refusal::Refusal,
    shapes::{Card, Page, join_status},
    upstream::Upstreams,
};

/// Of the caller's own events at once; clients know it.
const OWN_PAGE: u32 = 10;

/// Published events.
pub(crate) async fn public(
    upstreams: &Upstreams,
    request: ListEventsRequest,
) -> Result<Page, Refusal> {
    let listed = upstreams.list_events(request).await?;
    let cards = listed.items.into_iter().map(Card::from).collect();
    Ok(Page::new(cards, listed.next_cursor))
}

/// The caller's own events, newest first. The cursor is the number of a page.
pub(crate) async fn own_events(
    upstreams: &Upstreams,
    caller: &Caller,
    status: String,
    cursor: &str,
) -> Result<Page, Refusal> {
    let page = cursor.parse().ok().filter(|page| *page >= 1).unwrap_or(1);
    let request = ListOwnEventsRequest {
        status,
        page,
        page_size: OWN_PAGE,
    };
    let listed = upstreams.own_events(caller, request).await?;
    let is_last = u64::from(page) * u64::from(OWN_PAGE) >= listed.total;
    let next = if is_last {
        String::new()
    } else {
        page.saturating_add(1).to_string()
    };
    let cards = listed.items.into_iter().map(Card::from).collect();
    Ok(Page::new(cards, next))
}

/// The events that the caller joined, newest join first. Those that nobody can see any more are left out.
pub(crate) async fn own_joins(
    upstreams: &Upstreams,
    caller: &Caller,
    request: ListOwnJoinsRequest,
) -> Result<Page, Refusal> {
    let listed = upstreams.own_joins(caller, request).await;
    let listed = listed.map_err(|status| match status.code() {
        Code::Unauthenticated => {
            Refusal::new(StatusCode::UNAUTHORIZED, "unauthorized", "session expired")
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
        // One question for all of them, and not one for each.
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
