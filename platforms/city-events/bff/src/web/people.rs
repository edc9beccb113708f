use city_events_contract::join::v1::Participation;
use futures::future::join_all;
use maud::{Markup, html};
use seaworthy::axum::{extract::State, http::StatusCode};
use tonic::{Code, Status};
use uuid::Uuid;

use super::{
    Pages,
    address::{Address, stored_id},
    event_id::{FragmentEventId, PageEventId},
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
pub(super) async fn page(PageEventId(id): PageEventId, pairs: Pairs) -> Markup {
    let fragment = Address::new("/fragments/events")
        .id(id)
        .segment("people")
        .query(&[("list", pairs.get("list")), ("cursor", pairs.get("cursor"))]);
    let main = html! {
        (heading("Who comes", "For you as the host, and for moderators. What is done here is written down."))
        (private_piece(&fragment))
    };
    whole("Who comes", "/me/events", main)
}

pub(super) async fn fragment(
    State(pages): State<Pages>,
    caller: Caller,
    FragmentEventId(id): FragmentEventId,
    pairs: Pairs,
) -> (StatusCode, Markup) {
    let list = match pairs.get("list") {
        "waitlist" => People::Waiting,
        _ => People::Coming,
    };
    let listed = match caller.user {
        None => Err(Status::unauthenticated("")),
        Some(_) => {
            let upstreams = &pages.upstreams;
            upstreams
                .people(&caller, id.to_string(), list, pairs.text("cursor"))
                .await
        }
    };
    match listed {
        Ok((people, next)) => {
            let names = names(&pages.upstreams, &people).await;
            let content = content(id, list, &people, &names, &next);
            (StatusCode::OK, content)
        }
        Err(status) => refused(&status, id),
    }
}

/// All at once: each waits no longer than the others.
async fn names(upstreams: &Upstreams, people: &[Participation]) -> Vec<String> {
    let asked = people
        .iter()
        .map(|person| upstreams.display_name(&person.user_id));
    join_all(asked).await
}

fn refused(status: &Status, id: Uuid) -> (StatusCode, Markup) {
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied => (
            StatusCode::FORBIDDEN,
            words::nothing(
                "Not for you",
                "Who comes is for the host and for moderators.",
                Some((Address::event(id), "To the event")),
            ),
        ),
        Code::NotFound | Code::InvalidArgument => (
            StatusCode::NOT_FOUND,
            words::nothing(
                "Nobody yet",
                "Nobody can join before the event is published.",
                Some((Address::event(id), "To the event")),
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

fn content(
    id: Uuid,
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
    let people_page = || Address::event(id).segment("people");
    html! {
        nav.kinds aria-label="Lists" {
            a href=(people_page()) aria-current=[(!is_waiting).then_some("true")] { "With a place" }
            a href=(people_page().query(&[("list", "waitlist")])) aria-current=[is_waiting.then_some("true")] { "Waitlist" }
            a href=(Address::event(id)) { "To the event" }
        }
        @if people.is_empty() { (words::nothing(empty, "They are listed here as they come.", None)) }
        ul.rows role="list" {
            @for (person, name) in people.iter().zip(names) { (row(id, person, name, since, is_waiting)) }
        }
        @if !next.is_empty() {
            @let list = if is_waiting { "waitlist" } else { "" };
            p.more { a.button.quiet href=(people_page().query(&[("list", list), ("cursor", next)])) { "Show more" } }
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

fn row(id: Uuid, person: &Participation, name: &str, since: &str, is_waiting: bool) -> Markup {
    let user = &person.user_id;
    let what = if is_waiting { "wait" } else { "place" };
    html! {
        li.row-card {
            div {
                h3 { (name) }
                p.hint { (since) (words::time(moment::of(person.joined_at.as_ref()), "card")) }
                p.hint { code { (user) } }
            }
            @if let Some(user) = stored_id(user) { div.row {
                button.button.quiet.small data-post=(Address::event_api(id, "participants").id(user)) data-method="DELETE" data-reason data-confirm=(format!("Take the {what} of {name} away? Whoever waits longest moves up. They cannot join again by themselves.")) data-done="Removed." { "Remove" }
                button.button.danger.small data-post=(Address::event_api(id, "bans")) data-user-id=(user) data-reason data-confirm=(format!("Ban {name} from this event? They cannot join it again.")) data-done="Banned from this event." { "Ban" }
            } }
        }
    }
}
