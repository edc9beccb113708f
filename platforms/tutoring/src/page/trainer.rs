//! The page of a trainer: the application, and the sessions with their codes.

use maud::{Markup, html};
use seaworthy::{
    axum::{Form, extract::State, http::HeaderMap},
    prelude::*,
};
use serde_json::{Value, json};
use tutoring_contract::PlatformZone;

use super::{
    Page, PageResult,
    gateway::{open_sessions, text},
    layout::{action, field, page},
    visitor::Role,
};
use crate::seed::PLACE;

#[derive(Deserialize)]
pub(super) struct Step {
    session: Uuid,
    #[serde(default)]
    otp: String,
}

pub(super) async fn show(State(state): State<Page>, headers: HeaderMap) -> PageResult {
    let (gateway, visitor) = (state.gateway()?, Role::Trainer.visitor(&headers)?);
    let application = gateway.get(&visitor, "/trainers/auth/application").await?;
    let path = format!("/admin/sessions/trainer/{}?limit=100", visitor.id);
    let sessions = gateway.get(&visitor, &path).await?;
    let main = html! {
        p { "Your application is " strong { (text(&application, "/reviewStatus").to_lowercase()) } "." }
        (plan(&sessions))
    };
    Ok(page("My sessions", Role::Trainer.home(), &main))
}

/// The next sessions, with the actions that their status allows.
fn plan(sessions: &Value) -> Markup {
    let today = PlatformZone::default().today().to_string();
    html! {
        h2 { "Next sessions" }
        table {
            thead { tr { th scope="col" { "Day" } th scope="col" { "State" } th scope="col" { "Student" } th scope="col" { "Next step" } } }
            tbody {
                @for session in open_sessions(sessions) {
                    @let (id, status) = (text(session, "/id"), text(session, "/status"));
                    tr {
                        td { (text(session, "/scheduledDate")) " " (text(session, "/timeSlot")) }
                        td { (status.replace('_', " ")) }
                        td { a href=(format!("/chat/trainer/{}", text(session, "/studentId"))) { "Write a message" } }
                        td { (next_step(&id, &status, text(session, "/scheduledDate") == today)) }
                    }
                }
            }
        }
    }
}

fn next_step(session: &str, status: &str, is_today: bool) -> Markup {
    let hidden = [("session", session)];
    match status {
        "scheduled" if !is_today => html! { "You can begin it on its day." },
        "scheduled" => action("/trainer/start", "I have arrived", &hidden, &html! {}),
        "pending_verification" => {
            let code = field("otp", "Code of the student", "text", "");
            action("/trainer/verify", "Begin", &hidden, &code)
        }
        "in_progress" => action("/trainer/end", "End the session", &hidden, &html! {}),
        _ => html! { "Waiting for the student to confirm." },
    }
}

/// The place of the sample student, where the trainer is.
fn place() -> Value {
    let (_, latitude, longitude) = PLACE;
    json!({ "trainerLocation": { "latitude": latitude, "longitude": longitude } })
}

/// Starts a session: its student gets the code.
pub(super) async fn start(
    State(state): State<Page>,
    headers: HeaderMap,
    Form(step): Form<Step>,
) -> PageResult {
    let path = format!("/admin/sessions/{}/start", step.session);
    state.act(Role::Trainer, &headers, &path, &place()).await
}

/// Checks the code that the student has read out.
pub(super) async fn verify(
    State(state): State<Page>,
    headers: HeaderMap,
    Form(step): Form<Step>,
) -> PageResult {
    let path = format!("/admin/sessions/{}/verify-otp", step.session);
    let body = json!({ "otp": step.otp.trim() });
    state.act(Role::Trainer, &headers, &path, &body).await
}

pub(super) async fn end(
    State(state): State<Page>,
    headers: HeaderMap,
    Form(step): Form<Step>,
) -> PageResult {
    let path = format!("/admin/sessions/{}/end", step.session);
    state.act(Role::Trainer, &headers, &path, &place()).await
}
