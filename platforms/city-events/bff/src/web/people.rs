use city_events_contract::join::v1::Participation;
use futures::future::join_all;
use maud::{Markup, html};
use seaworthy::axum::{
    extract::{Path, State},
    http::StatusCode,
};
use tonic::{Code, Status};
use uuid::Uuid;

use super::{
    Pages,
    layout::{heading, page as whole, private_piece},
    words,
};
use crate::{
    api::query::Pairs,
    caller::Caller,
    moment,
    upstream::{People, Upstreams},
};

/// The page of an event's host: who comes, and who waits.
pub(super) async fn page(Path(id): Path<String>, pairs: Pairs) -> Markup {
    let main = html! {
        (heading("Who comes", "For you as the host, and for moderators. What is done here is written down."))
        (private_piece(&fragment_address(&id, pairs.get("list"), pairs.get("cursor"))))
    };
    whole("Who comes", "/me/events", main)
}

pub(super) async fn fragment(
    State(pages): State<Pages>,
    caller: Caller,
    Path(id): Path<String>,
    pairs: Pairs,
) -> (StatusCode, Markup) {
    let list = match pairs.get("list") {
        "waitlist" => People::Waiting,
        _ => People::Coming,
    };
    let listed = match Uuid::try_parse(&id) {
        Ok(_) if caller.user.is_none() => Err(Status::unauthenticated("")),
        Ok(event) => {
            let upstreams = &pages.upstreams;
            upstreams
                .people(&caller, event.to_string(), list, pairs.text("cursor"))
                .await
        }
        Err(_) => Err(Status::not_found("")),
    };
    match listed {
        Ok((people, next)) => {
            let names = names(&pages.upstreams, &people).await;
            let content = content(&id, list, &people, &names, &next);
            (StatusCode::OK, content)
        }
        Err(status) => refused(&status, &id),
    }
}

/// All at once: each waits no longer than the others.
async fn names(upstreams: &Upstreams, people: &[Participation]) -> Vec<String> {
    let asked = people
        .iter()
        .map(|person| upstreams.display_name(&person.user_id));
    join_all(asked).await
}

fn refused(status: &Status, id: &str) -> (StatusCode, Markup) {
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied => (
            StatusCode::FORBIDDEN,
            words::nothing(
                "Not for you",
                "Who comes is for the host and for moderators.",
                Some((&format!("/events/{id}"), "To the event")),
            ),
        ),
        Code::NotFound | Code::InvalidArgument => (
            StatusCode::NOT_FOUND,
            words::nothing(
                "Nobody yet",
                "Nobody can join before the event is published.",
                Some((&format!("/events/{id}"), "To the event")),
            ),
        ),
        _ => (
            StatusCode::BAD_GATEWAY,
            words::nothing(
                "The list is away for a moment",
                "The service that keeps places does not answer. Try again shortly.",
                None,
            ),
        ),
    }
}

fn fragment_address(id: &str, list: &str, cursor: &str) -> String {
    let query = query(list, cursor);
    format!("/fragments/events/{id}/people?{query}")
}

fn query(list: &str, cursor: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("list", list)
        .append_pair("cursor", cursor)
        .finish()
}

fn content(
    id: &str,
    list: People,
    people: &[Participation],
    names: &[String],
    next: &str,
) -> Markup {
    let is_waiting = list == People::Waiting;
    let (empty, since) = match list {
        People::Coming => ("Nobody has a place yet.", "Has a place since "),
        People::Waiting => ("Nobody waits.", "Waits since "),
    };
    html! {
        nav.kinds aria-label="Lists" {
            a href=(format!("/events/{id}/people")) aria-current=[(!is_waiting).then_some("true")] { "With a place" }
            a href=(format!("/events/{id}/people?list=waitlist")) aria-current=[is_waiting.then_some("true")] { "Waitlist" }
            a href=(format!("/events/{id}")) { "To the event" }
        }
        @if people.is_empty() { (words::nothing(empty, "They are listed here as they come.", None)) }
        ul.rows role="list" {
            @for (person, name) in people.iter().zip(names) { (row(id, person, name, since, is_waiting)) }
        }
        @if !next.is_empty() {
            @let list = if is_waiting { "waitlist" } else { "" };
            p.more { a.button.quiet href=(format!("/events/{id}/people?{}", query(list, next))) { "Show more" } }
        }
        section.form {
            h2 { "Let somebody in again" }
            form data-form="unban" data-id=(id) {
                p.alert role="alert" hidden {}
                label { span { "Id of the user" } input name="user_id" required pattern="[0-9a-fA-F-]{36}" autocomplete="off"; }
                button.button.quiet { "Lift the ban" }
            }
        }
    }
}

fn row(id: &str, person: &Participation, name: &str, since: &str, is_waiting: bool) -> Markup {
    let user = &person.user_id;
    let what = if is_waiting { "wait" } else { "place" };
    html! {
        li.row-card {
            div {
                h3 { (name) }
                p.hint { (since) (words::time(moment::of(person.joined_at.as_ref()), "card")) }
                p.hint { code { (user) } }
            }
            div.row {
                button.button.quiet.small data-post=(format!("/api/events/{id}/participants/{user}")) data-method="DELETE" data-reason data-confirm=(format!("Take the {what} of {name} away? Whoever waits longest moves up. They cannot join again by themselves.")) data-done="Removed." { "Remove" }
                button.button.danger.small data-post=(format!("/api/events/{id}/bans")) data-user-id=(user) data-reason data-confirm=(format!("Ban {name} from this event? They cannot join it again.")) data-done="Banned from this event." { "Ban" }
            }
        }
    }
}
