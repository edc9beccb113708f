use city_events_contract::{Role, event::v1::ListEventsRequest};
use maud::{Markup, html};
use seaworthy::axum::{extract::State, http::StatusCode};
use tonic::Code;

use super::{
    Pages,
    address::{Address, stored_id},
    cards, components,
    layout::{heading, page as layout, private_fragment},
};
use crate::{api::query::QueryPairs, caller::Caller, timestamp};

/// The page for moderators.
pub(super) async fn page(pairs: QueryPairs) -> Markup {
    let fragment = Address::new("/fragments/moderation")
        .query(&[("q", pairs.get("q")), ("cursor", pairs.get("cursor"))]);
    let main = html! {
        (heading("Moderation", "The audit log records every action with your name."))
        form.search.plain action="/moderation" method="get" role="search" {
            label { span.visually-hidden { "Search" } input type="search" name="q" value=(pairs.get("q")) placeholder="Search events"; }
            button.button { "Find" }
        }
        (private_fragment(&fragment))
    };
    layout("Moderation", "/moderation", main)
}

pub(super) async fn fragment(
    State(pages): State<Pages>,
    caller: Caller,
    pairs: QueryPairs,
) -> (StatusCode, Markup) {
    if caller.user.is_none() || caller.role < Role::Moderator {
        let denied = components::empty_state(
            "Access denied",
            "Only moderators can see this page.",
            Some((Address::new("/"), "Discover")),
        );
        return (StatusCode::FORBIDDEN, denied);
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
            let invalid =
                components::empty_state("This search is not valid", status.message(), start);
            return (StatusCode::BAD_REQUEST, invalid);
        }
        Err(_) => {
            let unavailable = components::empty_state(
                "Events are temporarily unavailable",
                "Try again shortly.",
                None,
            );
            return (StatusCode::BAD_GATEWAY, unavailable);
        }
    };
    let content = html! {
        ul.rows role="list" {
            @for event in &listed.items {
                li.row-card {
                    div {
                        h3 { (cards::event_link(&event.id, &event.title)) }
                        p.hint { (event.city) " · " (components::time(timestamp::from_proto(event.start_time.as_ref()), "card")) " · " (components::seats_label(event.active_participants, event.capacity)) }
                        p.hint { "Host " code { (event.owner_id) } }
                    }
                    div.row {
                        @if let Some(id) = stored_id(&event.id) {
                        button.button.quiet.small data-post=(Address::new("/api/admin/events").id(id).segment("unpublish")) data-reason data-confirm="Unpublish this event?" data-done="The event is a draft again." { "Unpublish" }
                        button.button.danger.small data-post=(Address::new("/api/admin/events").id(id).segment("cancel")) data-reason data-confirm="Cancel this event? You cannot undo this." data-done="The event is canceled." { "Cancel" }
                        }
                        @if let Some(owner) = stored_id(&event.owner_id) {
                        button.button.danger.small data-post=(Address::new("/api/auth/mod/users").id(owner).segment("ban")) data-confirm="Ban the host? This ends all their sessions." data-done="The host is banned." { "Ban host" }
                        }
                    }
                }
            }
        }
        @if listed.items.is_empty() { (components::empty_state("No matching events", "Try other words.", None)) }
        @if !listed.next_cursor.is_empty() {
            @let next = Address::new("/moderation").query(&[("q", pairs.get("q")), ("cursor", &listed.next_cursor)]);
            p.more { a.button.quiet href=(next) { "Show more" } }
        }
        section.form {
            h2 { "Users" }
            form data-form="moderate" {
                p.alert role="alert" hidden {}
                label { span { "User ID" } input name="user_id" required pattern="[0-9a-fA-F-]{36}" autocomplete="off"; }
                div.row {
                    button.button.danger name="then" value="ban" { "Ban" }
                    button.button.quiet name="then" value="unban" { "Unban" }
                    @if caller.role >= Role::Admin {
                        button.button.quiet name="then" value="reset" { "Reset two-step sign-in" }
                    }
                }
            }
            @if caller.role >= Role::Admin {
                form data-form="role" {
                    p.alert role="alert" hidden {}
                    label { span { "User ID" } input name="user_id" required pattern="[0-9a-fA-F-]{36}" autocomplete="off"; }
                    label { span { "Role" } select name="role" { @for role in Role::ALL { option value=(role.as_str()) { (role.as_str()) } } } }
                    button.button { "Set the role" }
                }
            }
        }
    };
    (StatusCode::OK, content)
}
