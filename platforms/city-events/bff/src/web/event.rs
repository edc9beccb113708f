use maud::{Markup, html};
use seaworthy::axum::{extract::State, http::StatusCode};
use uuid::Uuid;

use super::{
    Pages,
    address::Address,
    cards, components,
    event_id::{FragmentEventId, PageEventId, unknown_event},
    layout::page as layout,
};
use crate::{
    caller::Caller,
    event_view::{EventView, event_view},
    timestamp,
};

/// How often a visible page without a live connection reloads its fragment, in milliseconds.
const POLL_INTERVAL: &str = "4000";

/// The public page of an event. A fragment adds the caller's participation.
pub(super) async fn page(
    State(pages): State<Pages>,
    caller: Caller,
    PageEventId(id): PageEventId,
) -> (StatusCode, Markup) {
    let (status, title, content) = render(&pages, &caller, id).await;
    let main = html! {
        div data-fragment=(Address::new("/fragments/events").id(id)) data-poll=(POLL_INTERVAL) data-live=(Address::new("/live/events").id(id)) data-status=(status.as_u16()) { (content) }
    };
    (status, layout(&title, "", main))
}

/// The content of the page for the caller.
pub(super) async fn fragment(
    State(pages): State<Pages>,
    caller: Caller,
    FragmentEventId(id): FragmentEventId,
) -> (StatusCode, Markup) {
    let (status, _, content) = render(&pages, &caller, id).await;
    (status, content)
}

async fn render(pages: &Pages, caller: &Caller, id: Uuid) -> (StatusCode, String, Markup) {
    match event_view(&pages.upstreams, caller, id).await {
        Ok(view) => (
            StatusCode::OK,
            view.event.title.clone(),
            article(pages, id, &view),
        ),
        Err(error) if error.status == StatusCode::NOT_FOUND => {
            (error.status, "Not found".to_owned(), unknown_event())
        }
        Err(error) => (
            error.status,
            "Unavailable".to_owned(),
            components::empty_state(
                "This event is temporarily unavailable",
                "The event service does not respond. This page retries automatically.",
                None,
            ),
        ),
    }
}

fn article(pages: &Pages, id: Uuid, view: &EventView) -> Markup {
    let (event, source) = (&view.event, &view.source);
    let starts = timestamp::from_proto(source.start_time.as_ref());
    let ends = timestamp::from_proto(source.end_time.as_ref());
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
                        @if event.status == "draft" { span.pill data-state="draft" { "Draft: not public" } }
                        @if event.status == "canceled" { span.pill data-state="off" { "Canceled" } }
                        @if source.ended && event.status == "published" { span.pill data-state="off" { "Ended" } }
                    }
                    h1 { (event.title) }
                    dl.facts {
                        div { dt { "When" } dd { (components::time(starts, "long")) span.until { " until " (components::time(ends, "until")) } } }
                        div { dt { "Where" } dd { (event.city) } }
                        div { dt { "Host" } dd { (host) } }
                    }
                    div.prose {
                        @for paragraph in event.description.split("\n\n") { p { (paragraph) } }
                    }
                }
                aside.panel aria-label="Participation" { (panel(id, view)) }
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
                    @if capacity > 0 { " of " (capacity) " seats taken" } @else { " going, no limit" }
                }
                @if capacity > 0 {
                    progress max=(capacity) value=(active.min(capacity)) data-full[is_full] aria-label="Seats taken" { (active) }
                }
                @if is_full { p.hint { "Full. You can join the waitlist and move up when a participant leaves." } }
            }
        }
        (participation(id, view, is_full))
        (management(id, view))
    }
}

/// The caller's participation and its actions.
fn participation(id: Uuid, view: &EventView, is_full: bool) -> Markup {
    let actions = &view.actions;
    let status = view
        .participation
        .as_ref()
        .map_or("", |participation| participation.status);
    let leave = |label: &str, question: &str| {
        html! {
            @if actions.can_cancel {
                button.button.quiet.wide data-post=(Address::event_api(id, "cancel")) data-idempotent data-confirm=(question) data-done="You left. Another user can take your seat." { (label) }
            }
        }
    };
    html! {
        @if view.degraded.is_some() {
            (components::notice("warn", "Your participation cannot be shown right now", "The join service is unavailable. Your seat is safe. This page retries automatically."))
        }
        @match status {
            "active" => {
                p.mine data-state="in" { strong { "You're in." } " See you there." }
                (leave("Leave event", "Leave this event? The next user on the waitlist gets your seat."))
            },
            "waitlisted" => {
                p.mine data-state="wait" { strong { "You're on the waitlist." } " You get a seat automatically when one becomes free." }
                (leave("Leave the waitlist", "Leave the waitlist? If you join again, you start at its end."))
            },
            "rejected" => p.mine data-state="off" { "The host removed you from this event." },
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
            "auth_required" if view.source.ended => p.hint { "This event has ended." },
            "event_ended" => p.hint { "This event has ended." },
            "event_closed" if view.event.status == "canceled" => p.hint { "This event was canceled." },
            "event_closed" => p.hint { "Joining is closed." },
            "is_organizer" => p.hint { "This is your event." },
            _ => {},
        }
    }
}

/// The actions of owners and moderators.
fn management(id: Uuid, view: &EventView) -> Markup {
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
                    button.button.wide data-post=(Address::event_api(id, "publish")) data-done="Published. Everyone can see it now." { "Publish" }
                }
                @if actions.can_edit { a.button.quiet.wide href=(Address::event(id).segment("edit")) { "Edit" } }
                @if !is_draft { a.button.quiet.wide href=(Address::event(id).segment("people")) { "Participants" } }
                @if actions.can_unpublish {
                    button.button.quiet.wide data-post=(path("unpublish", "unpublish")) data-reason[!is_owner] data-confirm="Unpublish this event? It becomes a draft again, and users cannot join it." data-done="The event is a draft again." { "Unpublish" }
                }
                @if actions.can_cancel_event {
                    button.button.danger.wide data-post=(path("cancel-event", "cancel")) data-reason[!is_owner] data-confirm="Cancel this event? You cannot undo this. All participants get a message." data-done="The event is canceled." { "Cancel the event" }
                }
            }
        }
    }
}
