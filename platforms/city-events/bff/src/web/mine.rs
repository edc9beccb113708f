use city_events_contract::join::v1::ListOwnJoinsRequest;
use maud::{Markup, html};
use seaworthy::axum::{extract::State, http::StatusCode};

use super::{
    Pages,
    address::Address,
    cards,
    layout::{heading, page as whole, private_piece},
    words,
};
use crate::{api::query::Pairs, caller::Caller, listing, refusal::Refusal, shapes::Page};

/// The page of one's own events.
pub(super) async fn events(pairs: Pairs) -> Markup {
    let (status, cursor) = (pairs.get("status"), pairs.get("cursor"));
    let tab = |value: &str, label: &str| {
        let address = Address::new("/me/events").query(&[("status", value)]);
        html! { a href=(address) aria-current=[(status == value).then_some("true")] { (label) } }
    };
    let fragment =
        Address::new("/fragments/me/events").query(&[("status", status), ("cursor", cursor)]);
    let main = html! {
        (heading("My events", "What you make happen."))
        nav.kinds aria-label="State" {
            (tab("", "Current")) (tab("draft", "Drafts")) (tab("published", "Published")) (tab("canceled", "Canceled"))
        }
        (private_piece(&fragment))
    };
    whole("My events", "/me/events", main)
}

/// The page of what one joined.
pub(super) async fn joins(pairs: Pairs) -> Markup {
    let status = pairs.get("status");
    let tab = |value: &str, label: &str| {
        let address = Address::new("/me/joins").query(&[("status", value)]);
        html! { a href=(address) aria-current=[(status == value).then_some("true")] { (label) } }
    };
    let fragment = Address::new("/fragments/me/joins")
        .query(&[("status", status), ("cursor", pairs.get("cursor"))]);
    let main = html! {
        (heading("My joins", "Where you go, and where you wait."))
        nav.kinds aria-label="State" {
            (tab("", "All")) (tab("active", "Going")) (tab("waitlisted", "Waiting")) (tab("canceled", "Left"))
        }
        (private_piece(&fragment))
    };
    whole("My joins", "/me/joins", main)
}

pub(super) async fn events_fragment(
    State(pages): State<Pages>,
    caller: Caller,
    pairs: Pairs,
) -> (StatusCode, Markup) {
    let status = pairs.text("status");
    let found = listing::own_events(
        &pages.upstreams,
        &caller,
        status.clone(),
        pairs.get("cursor"),
    );
    let empty = words::nothing(
        "Nothing here",
        "Make something happen in your city.",
        Some((Address::new("/new"), "New event")),
    );
    let next =
        |cursor: &str| Address::new("/me/events").query(&[("status", &status), ("cursor", cursor)]);
    list(&pages, found.await, empty, next)
}

pub(super) async fn joins_fragment(
    State(pages): State<Pages>,
    caller: Caller,
    pairs: Pairs,
) -> (StatusCode, Markup) {
    let status = pairs.text("status");
    let request = ListOwnJoinsRequest {
        status: status.clone(),
        cursor: pairs.text("cursor"),
        ..ListOwnJoinsRequest::default()
    };
    let found = listing::own_joins(&pages.upstreams, &caller, request);
    let empty = words::nothing(
        "Nothing here",
        "You have not joined anything like that.",
        Some((Address::new("/"), "Discover")),
    );
    let next =
        |cursor: &str| Address::new("/me/joins").query(&[("status", &status), ("cursor", cursor)]);
    list(&pages, found.await, empty, next)
}

fn list(
    pages: &Pages,
    found: Result<Page, Refusal>,
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
        Err(refusal) if refusal.status == StatusCode::UNAUTHORIZED => (
            refusal.status,
            words::nothing(
                "Sign in first",
                "This page is about you.",
                Some((Address::new("/login"), "Sign in")),
            ),
        ),
        Err(refusal) => (
            refusal.status,
            words::nothing(
                "Away for a moment",
                "The service that knows this does not answer. Nothing is lost; try again shortly.",
                None,
            ),
        ),
    }
}
