use city_events_contract::join::v1::Participation;
use futures::future::join_all;
use maud::{Markup, html};
use seaworthy::axum::{extract::State, http::StatusCode};
use tonic::{Code, Status};
use uuid::Uuid;

use super::{
    Pages,
    address::{Address, stored_id},
    components,
    event_id::{FragmentEventId, PageEventId},
    layout::{heading, page as layout, private_fragment},
};
use crate::{
    api::query::QueryPairs,
    caller::Caller,
    timestamp,
    upstream::{ParticipantList, Upstreams},
};

/// The page with the participants and the waitlist of an event.
pub(super) async fn page(PageEventId(id): PageEventId, pairs: QueryPairs) -> Markup {
    let fragment = Address::new("/fragments/events")
        .id(id)
        .segment("people")
        .query(&[("list", pairs.get("list")), ("cursor", pairs.get("cursor"))]);
    let main = html! {
        (heading("Participants", "Only the host and moderators see this page. The audit log records every action."))
        (private_fragment(&fragment))
    };
    layout("Participants", "/me/events", main)
}

pub(super) async fn fragment(
    State(pages): State<Pages>,
    caller: Caller,
    FragmentEventId(id): FragmentEventId,
    pairs: QueryPairs,
) -> (StatusCode, Markup) {
    let list = match pairs.get("list") {
        "waitlist" => ParticipantList::Waitlist,
        _ => ParticipantList::Participants,
    };
    let listed = match caller.user {
        None => Err(Status::unauthenticated("")),
        Some(_) => {
            let upstreams = &pages.upstreams;
            upstreams
                .participants(&caller, id.to_string(), list, pairs.text("cursor"))
                .await
        }
    };
    match listed {
        Ok((participants, next)) => {
            let names = names(&pages.upstreams, &participants).await;
            let content = content(id, list, &participants, &names, &next);
            (StatusCode::OK, content)
        }
        Err(status) => error_message(&status, id),
    }
}

/// Reads the names of all participants in parallel.
async fn names(upstreams: &Upstreams, participants: &[Participation]) -> Vec<String> {
    let names = participants
        .iter()
        .map(|participant| upstreams.display_name(&participant.user_id));
    join_all(names).await
}

fn error_message(status: &Status, id: Uuid) -> (StatusCode, Markup) {
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied => (
            StatusCode::FORBIDDEN,
            components::empty_state(
                "Access denied",
                "Only the host and moderators see the participants.",
                Some((Address::event(id), "Back to the event")),
            ),
        ),
        Code::NotFound | Code::InvalidArgument => (
            StatusCode::NOT_FOUND,
            components::empty_state(
                "No participants",
                "Users can join after you publish the event.",
                Some((Address::event(id), "Back to the event")),
            ),
        ),
        _ => (
            StatusCode::BAD_GATEWAY,
            components::empty_state(
                "The list is temporarily unavailable",
                "The join service does not respond. Try again shortly.",
                None,
            ),
        ),
    }
}

fn content(
    id: Uuid,
    list: ParticipantList,
    participants: &[Participation],
    names: &[String],
    next: &str,
) -> Markup {
    let is_waitlist = list == ParticipantList::Waitlist;
    let (empty, since) = match list {
        ParticipantList::Participants => ("No participants yet", "Joined on "),
        ParticipantList::Waitlist => ("The waitlist is empty", "On the waitlist since "),
    };
    let page = || Address::event(id).segment("people");
    html! {
        nav.tablist aria-label="Lists" {
            a href=(page()) aria-current=[(!is_waitlist).then_some("true")] { "Joined" }
            a href=(page().query(&[("list", "waitlist")])) aria-current=[is_waitlist.then_some("true")] { "Waitlist" }
            a href=(Address::event(id)) { "Back to the event" }
        }
        @if participants.is_empty() { (components::empty_state(empty, "Users appear here when they join.", None)) }
        ul.rows role="list" {
            @for (participant, name) in participants.iter().zip(names) { (row(id, participant, name, since, is_waitlist)) }
        }
        @if !next.is_empty() {
            @let list = if is_waitlist { "waitlist" } else { "" };
            p.more { a.button.quiet href=(page().query(&[("list", list), ("cursor", next)])) { "Show more" } }
        }
        section.form {
            h2 { "Lift a ban" }
            form data-form="unban" data-id=(id) {
                p.alert role="alert" hidden {}
                label { span { "User ID" } input name="user_id" required pattern="[0-9a-fA-F-]{36}" autocomplete="off"; }
                button.button.quiet { "Lift the ban" }
            }
        }
    }
}

fn row(
    id: Uuid,
    participant: &Participation,
    name: &str,
    since: &str,
    is_waitlist: bool,
) -> Markup {
    let user = &participant.user_id;
    let question = match is_waitlist {
        true => format!("Remove {name} from the waitlist?"),
        false => format!("Remove {name}? The next user on the waitlist gets the seat."),
    };
    html! {
        li.row-card {
            div {
                h3 { (name) }
                p.hint { (since) (components::time(timestamp::from_proto(participant.joined_at.as_ref()), "card")) }
                p.hint { code { (user) } }
            }
            @if let Some(user) = stored_id(user) { div.row {
                button.button.quiet.small data-post=(Address::event_api(id, "participants").id(user)) data-method="DELETE" data-reason data-confirm=(question) data-done="Removed." { "Remove" }
                button.button.danger.small data-post=(Address::event_api(id, "bans")) data-user-id=(user) data-reason data-confirm=(format!("Ban {name} from this event? They cannot join it again.")) data-done="Banned from this event." { "Ban" }
            } }
        }
    }
}
