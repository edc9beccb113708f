use std::collections::HashMap;

use city_events_contract::event::v1::ListEventsRequest;
use maud::{Markup, html};
use seaworthy::{axum::extract::State, prelude::Error};
use serde::Deserialize;

use super::{
    Pages,
    address::Address,
    cards,
    layout::page as whole,
    words::{self, CATEGORIES},
};
use crate::{api::query::Pairs, caller::Caller, listing, refusal::Refusal, shapes::Page};

/// Cards at once: four rows of three, three of four.
const PAGE: u32 = 12;

/// Ways to look at events.
const TYPES: [(&str, &str); 4] = [
    ("soon", "Coming up"),
    ("trending", "Trending"),
    ("latest", "Later on"),
    ("personalized", "For you"),
];

/// What is looked for.
struct Search {
    kind: &'static str,
    query: String,
    city: String,
    category: String,
    cursor: String,
}

impl Search {
    fn of(pairs: &Pairs) -> Self {
        let wanted = pairs.get("type");
        let known = TYPES.iter().find(|(name, _)| *name == wanted);
        Self {
            kind: known.map_or("soon", |(name, _)| *name),
            query: pairs.get("q").trim().to_owned(),
            city: pairs.get("city").trim().to_owned(),
            category: pairs.text("category"),
            cursor: pairs.text("cursor"),
        }
    }

    /// The same search seen otherwise.
    fn address(&self, path: &'static str, changes: &[(&str, &str)]) -> Address {
        let present = [
            ("type", self.kind),
            ("q", self.query.as_str()),
            ("city", self.city.as_str()),
            ("category", self.category.as_str()),
            ("cursor", ""),
        ];
        let changed = present.map(|(name, value)| {
            let change = changes.iter().find(|(changed, _)| *changed == name);
            match (name, change.map_or(value, |(_, value)| value)) {
                ("type", "soon") => (name, ""),
                pair => pair,
            }
        });
        Address::new(path).query(&changed)
    }

    fn is_narrow(&self) -> bool {
        !(self.query.is_empty() && self.city.is_empty() && self.category.is_empty())
    }
}

/// The first page that anybody sees.
pub(super) async fn page(State(pages): State<Pages>, caller: Caller, pairs: Pairs) -> Markup {
    let search = Search::of(&pairs);
    let list = match search.kind {
        // Whom it is for is known to the script alone.
        "personalized" => html! {
            div data-fragment=(search.address("/fragments/feed", &[])) {
                div.only-out {
                    (words::nothing("Sign in first", "Then this page knows what you like.", Some((Address::new("/login"), "Sign in"))))
                }
            }
        },
        _ => list(&pages, &caller, &search).await,
    };
    let chip = |category: &str, label: &str| {
        let is_on = search.category == category;
        html! { a.filter href=(search.address("/", &[("category", category)])) aria-current=[is_on.then_some("true")] { (label) } }
    };
    let main = html! {
        section.hero {
            h1 { "What happens " em { "in your city" } }
            p { "Concerts, meetups, runs and suppers. Join one, or make one happen." }
            form.search action="/" method="get" role="search" {
                input type="hidden" name="type" value=(search.kind);
                label { span.visually-hidden { "Search" } input type="search" name="q" value=(search.query) placeholder="Jazz, pottery, Rust…" autocomplete="off"; }
                label { span.visually-hidden { "City" } input type="text" name="city" value=(search.city) placeholder="Any city" list="cities" data-suggest="/api/meta/cities" autocomplete="off"; }
                datalist #cities {}
                @if !search.category.is_empty() { input type="hidden" name="category" value=(search.category); }
                button.button { "Find" }
            }
        }
        nav.filters aria-label="Kinds of events" {
            (chip("", "Everything"))
            @for category in CATEGORIES { (chip(category, category)) }
        }
        nav.kinds aria-label="Order" {
            @for (kind, label) in TYPES {
                a href=(search.address("/", &[("type", kind)])) aria-current=[(search.kind == kind).then_some("true")] { (label) }
            }
        }
        section aria-label="Events" { (list) }
    };
    whole("Discover", "/", main)
}

/// The list alone, for somebody.
pub(super) async fn fragment(State(pages): State<Pages>, caller: Caller, pairs: Pairs) -> Markup {
    list(&pages, &caller, &Search::of(&pairs)).await
}

async fn list(pages: &Pages, caller: &Caller, search: &Search) -> Markup {
    let (found, is_fallback) = match search.kind {
        "soon" => (by_date(pages, search).await, false),
        _ => match ranked(pages, caller, search).await {
            Ok(found) => (Ok(found), false),
            Err(error) => {
                tracing::warn!(cause = %error, "the feed is away; events are shown by date");
                (by_date(pages, search).await, true)
            }
        },
    };
    let found = match found {
        Ok(found) => found,
        Err(refusal) if refusal.status.is_client_error() => {
            return words::nothing(
                "That search means nothing to us",
                &refusal.message,
                Some((Address::new("/"), "Start over")),
            );
        }
        Err(_) => {
            return words::nothing(
                "Events are away for a moment",
                "The service that keeps them does not answer. Nothing is lost; try again shortly.",
                Some((search.address("/", &[]), "Try again")),
            );
        }
    };
    html! {
        @if is_fallback {
            (words::notice("calm", "Sorted by date for now", "The service that ranks events is away. These are the next ones."))
        }
        @if found.items.is_empty() && search.cursor.is_empty() {
            @if search.is_narrow() {
                (words::nothing("Nothing like that yet", "Try fewer words or another city.", Some((Address::new("/"), "Show everything"))))
            } @else {
                (words::nothing("No events yet", "Somebody has to begin.", Some((Address::new("/new"), "Make the first one"))))
            }
        }
        (cards::grid(pages, &found.items))
        @if found.has_more {
            p.more { a.button.quiet href=(search.address("/", &[("cursor", &found.next_cursor)])) data-more { "Show more" } }
        }
    }
}

/// What comes next.
async fn by_date(pages: &Pages, search: &Search) -> Result<Page, Refusal> {
    let request = ListEventsRequest {
        city: search.city.clone(),
        category: search.category.clone(),
        query: search.query.clone(),
        exclude_expired: true,
        cursor: search.cursor.clone(),
        page_size: PAGE,
        ..ListEventsRequest::default()
    };
    listing::public(&pages.upstreams, request).await
}

/// What the feed service answers, as far as it is looked at here.
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

/// What the feed service thinks is worth looking at. How many take part is asked of the event service, at once for all.
async fn ranked(pages: &Pages, caller: &Caller, search: &Search) -> Result<Page, Error> {
    let limit = PAGE.to_string();
    let mut request = pages.upstreams.feed_http.get("/api/feed").query(&[
        ("type", search.kind),
        ("limit", &limit),
        ("q", &search.query),
        ("city", &search.city),
        ("category", &search.category),
        ("cursor", &search.cursor),
    ]);
    // Whose token counts no more is nobody there too.
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
