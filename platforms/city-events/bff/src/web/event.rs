use maud::{Markup, html};
use seaworthy::axum::{extract::State, http::StatusCode};
use uuid::Uuid;

use super::{
    Pages,
    address::Address,
    cards,
    event_id::{FragmentEventId, PageEventId, unknown_event},
    layout::page as whole,
    words,
};
use crate::{
    caller::Caller,
    moment,
    view::{EventView, event_view},
};

/// How often a page that is looked at asks for news, in milliseconds: soon enough to see a place become free.
const POLL: &str = "4000";

/// An event as everybody sees it. What is one's own comes as a piece.
pub(super) async fn page(
    State(pages): State<Pages>,
    caller: Caller,
    PageEventId(id): PageEventId,
) -> (StatusCode, Markup) {
    let (status, title, content) = look(&pages, &caller, id).await;
    let main = html! {
        div data-fragment=(Address::new("/fragments/events").id(id)) data-poll=(POLL) data-status=(status.as_u16()) { (content) }
    };
    (status, whole(&title, "", main))
}

/// The same for whoever asks.
pub(super) async fn fragment(
    State(pages): State<Pages>,
    caller: Caller,
    FragmentEventId(id): FragmentEventId,
) -> (StatusCode, Markup) {
    let (status, _, content) = look(&pages, &caller, id).await;
    (status, content)
}

async fn look(pages: &Pages, caller: &Caller, id: Uuid) -> (StatusCode, String, Markup) {
    match event_view(&pages.upstreams, caller, id).await {
        Ok(view) => (
            StatusCode::OK,
            view.event.title.clone(),
            article(pages, id, &view),
        ),
        Err(refusal) if refusal.status == StatusCode::NOT_FOUND => {
            (refusal.status, "Not found".to_owned(), unknown_event())
        }
        Err(refusal) => (
            refusal.status,
            "Away".to_owned(),
            words::nothing(
                "This event is away for a moment",
                "The service that keeps it does not answer. The page tries again by itself.",
                None,
            ),
        ),
    }
}

fn article(pages: &Pages, id: Uuid, view: &EventView) -> Markup {
    let (event, source) = (&view.event, &view.source);
    let starts = moment::of(source.start_time.as_ref());
    let ends = moment::of(source.end_time.as_ref());
    let host = event.organizer_name.as_deref().unwrap_or("Unknown Host");
    html! {
        article.event {
            div.banner {
                (cards::picture(pages, &id.to_string(), &event.category, event.cover_image.as_deref(), 1600))
            }
            div.event-grid {
                div.event-main {
                    p.pills {
                        span.pill { (event.category) }
                        @if event.status == "draft" { span.pill data-state="draft" { "Draft: nobody else sees it" } }
                        @if event.status == "canceled" { span.pill data-state="off" { "Canceled" } }
                        @if source.ended && event.status == "published" { span.pill data-state="off" { "Over" } }
                    }
                    h1 { (event.title) }
                    dl.facts {
                        div { dt { "When" } dd { (words::time(starts, "long")) span.until { " until " (words::time(ends, "until")) } } }
                        div { dt { "Where" } dd { (event.city) } }
                        div { dt { "Host" } dd { (host) } }
                    }
                    div.prose {
                        @for paragraph in event.description.split("\n\n") { p { (paragraph) } }
                    }
                }
                aside.panel aria-label="Taking part" { (panel(id, view)) }
            }
        }
    }
}

fn panel(id: Uuid, view: &EventView) -> Markup {
    let event = &view.event;
    let (active, capacity) = (event.active_participants, event.capacity);
    let is_full = capacity > 0 && active >= capacity;
    html! {
        @if event.status == "published" {
            div.seats {
                p.seats-line {
                    strong { (active) }
                    @if capacity > 0 { " of " (capacity) " places taken" } @else { " going, and room for everybody" }
                }
                @if capacity > 0 {
                    progress max=(capacity) value=(active.min(capacity)) data-full[is_full] aria-label="Places taken" { (active) }
                }
                @if is_full { p.hint { "Full. Whoever joins now waits, and moves up when somebody leaves." } }
            }
        }
        (part(id, view, is_full))
        (managing(id, view))
    }
}

/// The caller's own part, and what can be done about it.
fn part(id: Uuid, view: &EventView, is_full: bool) -> Markup {
    let actions = &view.actions;
    let status = view.participation.as_ref().map_or("", |part| part.status);
    let leave = |label: &str, question: &str| {
        html! {
            @if actions.can_cancel {
                button.button.quiet.wide data-post=(Address::event_api(id, "cancel")) data-idempotent data-confirm=(question) data-done="You left. The place is free for somebody else." { (label) }
            }
        }
    };
    html! {
        @if view.degraded.is_some() {
            (words::notice("warn", "We cannot see your place right now", "The service that keeps places is away. The event takes place all the same, and your place is safe. We keep trying."))
        }
        @match status {
            "active" => {
                p.mine data-state="in" { strong { "You're in." } " See you there." }
                (leave("Give the place back", "Give your place back? Somebody who waits will get it."))
            },
            "waitlisted" => {
                p.mine data-state="wait" { strong { "You're on the waitlist." } " You move up by yourself when a place becomes free." }
                (leave("Leave the waitlist", "Leave the waitlist? If you come back you begin at its end."))
            },
            "rejected" => p.mine data-state="off" { "The organiser has removed you from this event." },
            _ => {},
        }
        @if actions.can_join {
            button.button.wide data-post=(Address::event_api(id, "join")) data-idempotent data-done=(if is_full { "You are on the waitlist." } else { "You're in!" }) {
                @if is_full { "Join the waitlist" } @else { "Join" }
            }
        }
        @match actions.reason {
            "auth_required" if view.event.status == "published" && !view.source.ended => {
                a.button.wide href=(Address::new("/login").query(&[("next", &Address::event(id).to_string())])) { "Sign in to join" }
            },
            "auth_required" if view.source.ended => p.hint { "This event is over." },
            "event_ended" => p.hint { "This event is over." },
            "event_closed" if view.event.status == "canceled" => p.hint { "This event was canceled." },
            "event_closed" => p.hint { "Joining is closed." },
            "is_organizer" => p.hint { "This is your event." },
            _ => {},
        }
    }
}

/// What owners and moderators can do.
fn managing(id: Uuid, view: &EventView) -> Markup {
    let actions = &view.actions;
    let is_draft = view.event.status == "draft";
    let is_owner = actions.reason == "is_organizer";
    let path = |own: &'static str, moderated: &'static str| match is_owner {
        true => Address::event_api(id, own),
        false => Address::new("/api/admin/events").id(id).segment(moderated),
    };
    html! {
        @if actions.can_edit || actions.can_unpublish || actions.can_cancel_event {
            div.manage {
                @if actions.can_edit && is_draft {
                    button.button.wide data-post=(Address::event_api(id, "publish")) data-done="Published. Everybody can see it now." { "Publish" }
                }
                @if actions.can_edit { a.button.quiet.wide href=(Address::event(id).segment("edit")) { "Edit" } }
                @if !is_draft { a.button.quiet.wide href=(Address::event(id).segment("people")) { "Who comes" } }
                @if actions.can_unpublish {
                    button.button.quiet.wide data-post=(path("unpublish", "unpublish")) data-reason[!is_owner] data-confirm="Take this event off the list? It becomes a draft again, and nobody can join." data-done="It is a draft again." { "Unpublish" }
                }
                @if actions.can_cancel_event {
                    button.button.danger.wide data-post=(path("cancel-event", "cancel")) data-reason[!is_owner] data-confirm="Cancel this event for good? Everybody who has a place will hear of it." data-done="The event is canceled." { "Cancel the event" }
                }
            }
        }
    }
}
