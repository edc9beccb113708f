use maud::{Markup, html};
use seaworthy::axum::{extract::State, http::StatusCode};
use uuid::Uuid;

use super::{
    Pages,
    address::Address,
    components::{self, CATEGORIES, login_then},
    event_id::{FragmentEventId, PageEventId},
    layout::{heading, page as layout, private_fragment},
};
use crate::{caller::Caller, event_view::event_view, responses::Event};

/// The page for a new event.
pub(super) async fn create(State(pages): State<Pages>) -> Markup {
    let main = html! {
        div.narrow {
            (heading("New event", "It is a draft until you publish it."))
            div.only-out { (components::empty_state("Sign in first", "You need an account to host an event.", Some((login_then("/new"), "Sign in")))) }
            div.not-out { (form(&pages, None)) }
        }
    };
    layout("New event", "/new", main)
}

/// The page that edits an event.
pub(super) async fn edit(PageEventId(id): PageEventId) -> Markup {
    let fragment = Address::new("/fragments/events").id(id).segment("edit");
    let main = html! {
        div.narrow {
            (heading("Edit event", "Changes to a published event are visible immediately."))
            (private_fragment(&fragment))
        }
    };
    layout("Edit event", "", main)
}

/// The form with the stored values.
pub(super) async fn fragment(
    State(pages): State<Pages>,
    caller: Caller,
    FragmentEventId(id): FragmentEventId,
) -> (StatusCode, Markup) {
    match event_view(&pages.upstreams, &caller, id).await.ok() {
        Some(view) if view.actions.can_edit => {
            (StatusCode::OK, form(&pages, Some((id, &view.event))))
        }
        Some(view) if view.degraded.is_some() => (
            StatusCode::OK,
            components::notice(
                "warn",
                "You cannot edit this event right now",
                "A required service is unavailable. Try again shortly.",
            ),
        ),
        _ => (
            StatusCode::NOT_FOUND,
            components::empty_state(
                "Event not found",
                "The event does not exist, is canceled, or belongs to another user.",
                Some((Address::new("/me/events"), "My events")),
            ),
        ),
    }
}

fn form(pages: &Pages, stored: Option<(Uuid, &Event)>) -> Markup {
    let event = stored.map(|(_, event)| event);
    let text = |of: fn(&Event) -> &str| event.map(of).unwrap_or_default();
    let is_new = event.is_none();
    html! {
        form.form data-form=(if is_new { "create" } else { "update" }) data-id=[stored.map(|(id, _)| id)] novalidate {
            p.alert role="alert" hidden {}
            label { span { "Title" } input name="title" required maxlength="120" value=(text(|event| &event.title)) autocomplete="off"; }
            label { span { "Description" } textarea name="description" required maxlength="4000" rows="7" { (text(|event| &event.description)) } }
            div.two {
                label { span { "City" } input name="city" required maxlength="80" value=(text(|event| &event.city)) list="cities" data-suggest="/api/meta/cities" autocomplete="off"; datalist #cities {} }
                label { span { "Category" } input name="category" required maxlength="80" value=(text(|event| &event.category)) list="categories" autocomplete="off";
                    datalist #categories { @for category in CATEGORIES { option value=(category) {} } } }
            }
            div.two {
                label { span { "Begins" } input type="datetime-local" name="start_time" required data-instant=(text(|event| &event.start_time)); }
                label { span { "Ends" } input type="datetime-local" name="end_time" required data-instant=(text(|event| &event.end_time)); }
            }
            label { span { "Seats" } input type="number" name="capacity" min="0" max="1000000" step="1" inputmode="numeric" value=(event.map_or(20, |event| event.capacity)); small { "0 means unlimited." } }
            @if pages.pictures.accepts_uploads() {
                @let cover = event.and_then(|event| event.cover_image.as_deref());
                (components::picture_field("event_cover", "Cover", cover.and_then(|cover| pages.pictures.cover(cover, 800)).as_ref(), cover))
            }
            div.row {
                @if is_new {
                    button.button name="then" value="publish" { "Publish" }
                    button.button.quiet name="then" value="draft" { "Save as a draft" }
                } @else {
                    button.button { "Save" }
                }
            }
        }
    }
}
