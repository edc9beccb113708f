use city_events_contract::{Role, event::v1::ListEventsRequest};
use maud::{Markup, html};
use seaworthy::axum::{extract::State, http::StatusCode};
use tonic::Code;

use super::{
    Pages,
    address::{Address, stored_id},
    cards,
    layout::{heading, page as whole, private_piece},
    words,
};
use crate::{api::query::Pairs, caller::Caller, moment};

/// The page of moderators.
pub(super) async fn page(pairs: Pairs) -> Markup {
    let fragment = Address::new("/fragments/moderation")
        .query(&[("q", pairs.get("q")), ("cursor", pairs.get("cursor"))]);
    let main = html! {
        (heading("Moderation", "Everything done here is written down, with your name."))
        form.search.plain action="/moderation" method="get" role="search" {
            label { span.visually-hidden { "Search" } input type="search" name="q" value=(pairs.get("q")) placeholder="Words of an event"; }
            button.button { "Find" }
        }
        (private_piece(&fragment))
    };
    whole("Moderation", "/moderation", main)
}

pub(super) async fn fragment(
    State(pages): State<Pages>,
    caller: Caller,
    pairs: Pairs,
) -> (StatusCode, Markup) {
    if caller.user.is_none() || caller.role < Role::Moderator {
        let refused = words::nothing(
            "Not for you",
            "This page is for moderators.",
            Some((Address::new("/"), "Discover")),
        );
        return (StatusCode::FORBIDDEN, refused);
    }
    let request = ListEventsRequest {
        query: pairs.text("q"),
        cursor: pairs.text("cursor"),
        exclude_expired: true,
        ..ListEventsRequest::default()
    };
    let listed = match pages.upstreams.list_events(request).await {
        Ok(listed) => listed,
        Err(status) if status.code() == Code::InvalidArgument => {
            let start = Some((Address::new("/moderation"), "Start over"));
            let refused = words::nothing("This search is not valid", status.message(), start);
            return (StatusCode::BAD_REQUEST, refused);
        }
        Err(_) => {
            let away = words::nothing("Events are away for a moment", "Try again shortly.", None);
            return (StatusCode::BAD_GATEWAY, away);
        }
    };
    let content = html! {
        ul.rows role="list" {
            @for event in &listed.items {
                li.row-card {
                    div {
                        h3 { (cards::event_link(&event.id, &event.title)) }
                        p.hint { (event.city) " · " (words::time(moment::of(event.start_time.as_ref()), "card")) " · " (words::places(event.active_participants, event.capacity)) }
                        p.hint { "Host " code { (event.owner_id) } }
                    }
                    div.row {
                        @if let Some(id) = stored_id(&event.id) {
                        button.button.quiet.small data-post=(Address::new("/api/admin/events").id(id).segment("unpublish")) data-reason data-confirm="Take this event off the list?" data-done="It is a draft again." { "Unpublish" }
                        button.button.danger.small data-post=(Address::new("/api/admin/events").id(id).segment("cancel")) data-reason data-confirm="Cancel this event for good?" data-done="The event is canceled." { "Cancel" }
                        }
                        @if let Some(owner) = stored_id(&event.owner_id) {
                        button.button.danger.small data-post=(Address::new("/api/auth/mod/users").id(owner).segment("ban")) data-confirm="Ban the host? They are signed out everywhere." data-done="The host is banned." { "Ban host" }
                        }
                    }
                }
            }
        }
        @if listed.items.is_empty() { (words::nothing("Nothing to look at", "No event is like that.", None)) }
        @if !listed.next_cursor.is_empty() {
            @let next = Address::new("/moderation").query(&[("q", pairs.get("q")), ("cursor", &listed.next_cursor)]);
            p.more { a.button.quiet href=(next) { "Show more" } }
        }
        section.form {
            h2 { "A user" }
            form data-form="ban" {
                p.alert role="alert" hidden {}
                label { span { "Id of the user" } input name="user_id" required pattern="[0-9a-fA-F-]{36}" autocomplete="off"; }
                div.row {
                    button.button.danger name="then" value="ban" { "Ban" }
                    button.button.quiet name="then" value="unban" { "Unban" }
                }
            }
            @if caller.role >= Role::Admin {
                form data-form="role" {
                    p.alert role="alert" hidden {}
                    label { span { "Id of the user" } input name="user_id" required pattern="[0-9a-fA-F-]{36}" autocomplete="off"; }
                    label { span { "Role" } select name="role" { @for role in Role::ALL { option value=(role.as_str()) { (role.as_str()) } } } }
                    button.button { "Give the role" }
                }
            }
        }
    };
    (StatusCode::OK, content)
}
