use std::collections::HashMap;

use city_events_contract::event::v1::ListEventsRequest;
use maud::{Markup, html};
use seaworthy::{axum::extract::State, prelude::Error};
use serde::Deserialize;

use super::{
    Pages,
    address::Address,
    cards,
    components::{self, CATEGORIES},
    layout::page as layout,
};
use crate::{
    api::query::QueryPairs, api_error::ApiError, caller::Caller, listing, responses::Page,
};

/// The number of cards per page, which fills rows of three and of four.
const PAGE_SIZE: u32 = 12;

/// Orders of the list, with their labels.
const TYPES: [(&str, &str); 4] = [
    ("soon", "Coming up"),
    ("trending", "Trending"),
    ("latest", "Later on"),
    ("personalized", "For you"),
];

/// The parameters of a search.
struct Search {
    kind: &'static str,
    query: String,
    city: String,
    category: String,
    cursor: String,
}

impl Search {
    fn from_query(pairs: &QueryPairs) -> Self {
        let given = pairs.get("type");
        let known = TYPES.iter().find(|(name, _)| *name == given);
        Self {
            kind: known.map_or("soon", |(name, _)| *name),
            query: pairs.get("q").trim().to_owned(),
            city: pairs.get("city").trim().to_owned(),
            category: pairs.text("category"),
            cursor: pairs.text("cursor"),
        }
    }

    /// Returns the address of this search with changed parameters and without the cursor.
    fn address(&self, path: &'static str, changes: &[(&str, &str)]) -> Address {
        let parameters = [
            ("type", self.kind),
            ("q", self.query.as_str()),
            ("city", self.city.as_str()),
            ("category", self.category.as_str()),
            ("cursor", ""),
        ];
        let changed = parameters.map(|(name, value)| {
            let change = changes.iter().find(|(changed, _)| *changed == name);
            match (name, change.map_or(value, |(_, value)| value)) {
                ("type", "soon") => (name, ""),
                pair => pair,
            }
        });
        Address::new(path).query(&changed)
    }

    fn has_filter(&self) -> bool {
        !(self.query.is_empty() && self.city.is_empty() && self.category.is_empty())
    }
}

/// The home page.
pub(super) async fn page(State(pages): State<Pages>, caller: Caller, pairs: QueryPairs) -> Markup {
    let search = Search::from_query(&pairs);
    let list = match search.kind {
        // Only the script has the access token.
        "personalized" => html! {
            div data-fragment=(search.address("/fragments/feed", &[])) {
                div.only-out {
                    (components::empty_state("Sign in first", "Recommendations need an account.", Some((Address::new("/login"), "Sign in"))))
                }
            }
        },
        _ => list(&pages, &caller, &search).await,
    };
    let chip = |category: &str, label: &str| {
        let is_on = search.category == category;
        html! { a.filter href=(search.address("/", &[("category", category)])) aria-current=[is_on.then_some("true")] { (label) } }
    };
    let notice = pages.features.notice.get();
    let main = html! {
        @if !notice.is_empty() { p role="status" { (&*notice) } }
        section.hero {
            h1 { "What happens " em { "in your city" } }
            p { "Concerts, meetups, runs and suppers. Join one or host your own." }
            form.search action="/" method="get" role="search" {
                input type="hidden" name="type" value=(search.kind);
                label { span.visually-hidden { "Search" } input type="search" name="q" value=(search.query) placeholder="Jazz, pottery, Rust…" autocomplete="off"; }
                label { span.visually-hidden { "City" } input type="text" name="city" value=(search.city) placeholder="Any city" list="cities" data-suggest="/api/meta/cities" autocomplete="off"; }
                datalist #cities {}
                @if !search.category.is_empty() { input type="hidden" name="category" value=(search.category); }
                button.button { "Find" }
            }
        }
        nav.filters aria-label="Categories" {
            (chip("", "All"))
            @for category in CATEGORIES { (chip(category, category)) }
        }
        nav.tablist aria-label="Order" {
            @for (kind, label) in TYPES {
                a href=(search.address("/", &[("type", kind)])) aria-current=[(search.kind == kind).then_some("true")] { (label) }
            }
        }
        section aria-label="Events" { (list) }
    };
    layout("Discover", "/", main)
}

/// The list for the caller.
pub(super) async fn fragment(
    State(pages): State<Pages>,
    caller: Caller,
    pairs: QueryPairs,
) -> Markup {
    list(&pages, &caller, &Search::from_query(&pairs)).await
}

async fn list(pages: &Pages, caller: &Caller, search: &Search) -> Markup {
    let (found, is_fallback) = match search.kind {
        "soon" => (by_date(pages, search).await, false),
        _ if !pages.features.ranking.get() => (by_date(pages, search).await, true),
        _ => match ranked(pages, caller, search).await {
            Ok(found) => (Ok(found), false),
            Err(error) => {
                tracing::warn!(%error, "the feed service is unavailable: events are sorted by date");
                (by_date(pages, search).await, true)
            }
        },
    };
    let found = match found {
        Ok(found) => found,
        Err(error) if error.status.is_client_error() => {
            return components::empty_state(
                "This search is not valid",
                &error.message,
                Some((Address::new("/"), "Start over")),
            );
        }
        Err(_) => {
            return components::empty_state(
                "Events are temporarily unavailable",
                "The event service does not respond. Try again shortly.",
                Some((search.address("/", &[]), "Try again")),
            );
        }
    };
    html! {
        @if is_fallback {
            (components::notice("calm", "Sorted by date for now", "The feed service is unavailable, so the next events are shown."))
        }
        @if found.items.is_empty() && search.cursor.is_empty() {
            @if search.has_filter() {
                (components::empty_state("No matching events", "Try fewer words or another city.", Some((Address::new("/"), "Show all"))))
            } @else {
                (components::empty_state("No events yet", "Host the first one.", Some((Address::new("/new"), "New event"))))
            }
        }
        (cards::grid(pages, &found.items))
        @if found.has_more {
            p.more { a.button.quiet href=(search.address("/", &[("cursor", &found.next_cursor)])) data-more { "Show more" } }
        }
    }
}

/// Returns upcoming events by start time.
async fn by_date(pages: &Pages, search: &Search) -> Result<Page, ApiError> {
    let request = ListEventsRequest {
        city: search.city.clone(),
        category: search.category.clone(),
        query: search.query.clone(),
        exclude_expired: true,
        cursor: search.cursor.clone(),
        page_size: PAGE_SIZE,
        ..ListEventsRequest::default()
    };
    listing::public(&pages.upstreams, request).await
}

/// The used fields of the feed service's response.
#[derive(Deserialize)]
struct Ranked {
    items: Option<Vec<RankedItem>>,
    #[serde(default)]
    next_cursor: String,
}

#[derive(Deserialize)]
struct RankedItem {
    id: String,
}

/// Returns events in the order of the feed service, with the data of the event service.
async fn ranked(pages: &Pages, caller: &Caller, search: &Search) -> Result<Page, Error> {
    let limit = PAGE_SIZE.to_string();
    let mut request = pages.upstreams.feed_http.get("/api/feed").query(&[
        ("type", search.kind),
        ("limit", &limit),
        ("q", &search.query),
        ("city", &search.city),
        ("category", &search.category),
        ("cursor", &search.cursor),
    ]);
    // A revoked or invalid token makes the request anonymous there too.
    if let (Some(_), Some(authorization)) = (&caller.user, &caller.authorization) {
        request = request.header("authorization", authorization.clone());
    }
    let ranked: Ranked = request.send().await?.success()?.json().await?;
    let ids: Vec<String> = ranked
        .items
        .unwrap_or_default()
        .into_iter()
        .map(|item| item.id)
        .collect();
    let mut events = match ids.is_empty() {
        true => HashMap::new(),
        false => pages
            .upstreams
            .events(&ids)
            .await
            .map_err(|status| seaworthy::contract::error::from_status(&status))?,
    };
    let cards = ids
        .iter()
        .filter_map(|id| events.remove(id))
        .map(Into::into);
    Ok(Page::new(cards.collect(), ranked.next_cursor))
}
