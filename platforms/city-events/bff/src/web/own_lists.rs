use city_events_contract::join::v1::ListOwnJoinsRequest;
use maud::{Markup, html};
use seaworthy::axum::{extract::State, http::StatusCode};

use super::{
    Pages,
    address::Address,
    cards, components,
    layout::{heading, page as layout, private_fragment},
};
use crate::{
    api::query::QueryPairs, api_error::ApiError, caller::Caller, listing, responses::Page,
};

/// The page of the caller's own events.
pub(super) async fn events(State(pages): State<Pages>, pairs: QueryPairs) -> Markup {
    let (status, cursor) = (pairs.get("status"), pairs.get("cursor"));
    let tab = |value: &str, label: &str| {
        let address = Address::new("/me/events").query(&[("status", value)]);
        html! { a href=(address) aria-current=[(status == value).then_some("true")] { (label) } }
    };
    let fragment =
        Address::new("/fragments/me/events").query(&[("status", status), ("cursor", cursor)]);
    let main = html! {
        (heading("My events", "Events that you host."))
        nav.tablist aria-label="State" {
            (tab("", "Current")) (tab("draft", "Drafts")) (tab("published", "Published")) (tab("canceled", "Canceled"))
            a href="/me/imports" { "Import" }
        }
        @if pages.pictures.accepts_uploads() {
            noscript { p { a.button href="/plain/events" { "Set a cover without JavaScript" } } }
        }
        (private_fragment(&fragment))
    };
    layout("My events", "/me/events", main)
}

/// The page of the events that the caller joined.
pub(super) async fn joins(pairs: QueryPairs) -> Markup {
    let status = pairs.get("status");
    let tab = |value: &str, label: &str| {
        let address = Address::new("/me/joins").query(&[("status", value)]);
        html! { a href=(address) aria-current=[(status == value).then_some("true")] { (label) } }
    };
    let fragment = Address::new("/fragments/me/joins")
        .query(&[("status", status), ("cursor", pairs.get("cursor"))]);
    let main = html! {
        (heading("My joins", "Events that you joined and waitlists that you are on."))
        nav.tablist aria-label="State" {
            (tab("", "All")) (tab("active", "Going")) (tab("waitlisted", "Waitlisted")) (tab("canceled", "Left"))
        }
        (private_fragment(&fragment))
    };
    layout("My joins", "/me/joins", main)
}

pub(super) async fn events_fragment(
    State(pages): State<Pages>,
    caller: Caller,
    pairs: QueryPairs,
) -> (StatusCode, Markup) {
    let status = pairs.text("status");
    let found = listing::own_events(
        &pages.upstreams,
        &caller,
        status.clone(),
        pairs.get("cursor"),
    );
    let empty = components::empty_state(
        "No events",
        "Host an event in your city.",
        Some((Address::new("/new"), "New event")),
    );
    let next =
        |cursor: &str| Address::new("/me/events").query(&[("status", &status), ("cursor", cursor)]);
    list(&pages, found.await, empty, next)
}

pub(super) async fn joins_fragment(
    State(pages): State<Pages>,
    caller: Caller,
    pairs: QueryPairs,
) -> (StatusCode, Markup) {
    let status = pairs.text("status");
    let request = ListOwnJoinsRequest {
        status: status.clone(),
        cursor: pairs.text("cursor"),
        ..ListOwnJoinsRequest::default()
    };
    let found = listing::own_joins(&pages.upstreams, &caller, request);
    let empty = components::empty_state(
        "No joins",
        "You have no joins with this status.",
        Some((Address::new("/"), "Discover")),
    );
    let next =
        |cursor: &str| Address::new("/me/joins").query(&[("status", &status), ("cursor", cursor)]);
    list(&pages, found.await, empty, next)
}

fn list(
    pages: &Pages,
    found: Result<Page, ApiError>,
    empty: Markup,
    next: impl Fn(&str) -> Address,
) -> (StatusCode, Markup) {
    match found {
        Ok(found) if found.items.is_empty() => (StatusCode::OK, empty),
        Ok(found) => (
            StatusCode::OK,
            html! {
                (cards::grid(pages, &found.items))
                @if found.has_more { p.more { a.button.quiet href=(next(&found.next_cursor)) { "Show more" } } }
            },
        ),
        Err(error) if error.status == StatusCode::UNAUTHORIZED => (
            error.status,
            components::empty_state(
                "Sign in first",
                "This page is private.",
                Some((Address::new("/login"), "Sign in")),
            ),
        ),
        Err(error) => (
            error.status,
            components::empty_state(
                "Temporarily unavailable",
                "A required service does not respond. Try again shortly.",
                None,
            ),
        ),
    }
}
