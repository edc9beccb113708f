//! The page of a student: purchase, sessions, codes, progress and certificate.

use maud::{Markup, html};
use seaworthy::{
    axum::{
        Form,
        extract::{Query, State},
        http::HeaderMap,
        response::{IntoResponse as _, Redirect},
    },
    prelude::*,
};
use serde_json::{Value, json};

use super::{
    Page, PageResult, Targets,
    gateway::{items, open_sessions, text},
    layout::{action, field, page},
    visitor::Role,
};
use crate::seed::PLACE;

/// The numbers of sessions that packages have.
const PACKAGES: [u8; 3] = [10, 20, 30];

/// An order of a student.
#[derive(Deserialize)]
pub(super) struct Order {
    course: Uuid,
    sessions: u8,
    start: String,
    slot: String,
    /// The key of the price page, so that a second click does not buy again.
    #[serde(default = "seaworthy::core::new_id")]
    key: Uuid,
}

#[derive(Deserialize)]
pub(super) struct Session {
    session: Uuid,
}

/// The query of the page after a payment.
#[derive(Deserialize)]
pub(super) struct Shown {
    paid: Option<String>,
}

pub(super) async fn show(
    State(state): State<Page>,
    headers: HeaderMap,
    Query(shown): Query<Shown>,
) -> PageResult {
    let (targets, visitor) = (state.targets()?, Role::Student.visitor(&headers)?);
    let id = visitor.id;
    let gateway = &targets.gateway;
    let learning = gateway
        .get(&visitor, &format!("/students/{id}/learning"))
        .await?;
    let sessions = format!("/admin/sessions/student/{id}?limit=100");
    let sessions = gateway.get(&visitor, &sessions).await?;
    let notices = gateway.get(&visitor, "/notifications?limit=100").await?;
    let catalogue = gateway.get_public("/courses").await?;
    let courses = items(&learning, "/courses");
    let is_waiting = shown.paid.is_some() && courses.is_empty();
    let main = html! {
        @if is_waiting { p role="status" { "The payment is received. Reload this page to see the course." } }
        div.cards {
            @for course in courses { (bought(targets, course, items(&notices, "/items"))) }
            (offer(items(&catalogue, "/items")))
        }
        (plan(&sessions, items(&notices, "/items")))
    };
    Ok(page("My courses", Role::Student.home(), &main))
}

/// A course of the student.
fn bought(targets: &Targets, course: &Value, notices: &[Value]) -> Markup {
    let name = text(course, "/course/title");
    let trainer = text(course, "/allocation/trainerId");
    let number = |name: &str| text(course, &format!("/progress/{name}"));
    let (held, total) = (number("completedSessions"), number("totalSessions"));
    let link = notices
        .iter()
        .map(|notice| text(notice, "/data/certificateUrl"));
    let certificate = link
        .filter_map(|link| Some(link.rsplit_once('/')?.1.to_owned()))
        .next();
    html! {
        section.card aria-label=(name) {
            h2 { (name) }
            p { (held) " of " (total) " sessions held" }
            progress aria-label="Progress" value=(held) max=(total) {}
            @if trainer.is_empty() {
                p { "An administrator is looking for a trainer." }
            } @else {
                p {
                    "Your trainer is " (text(course, "/allocation/trainerName")) ". "
                    a href=(format!("/chat/student/{trainer}")) { "Write a message" }
                }
            }
            @if let Some(number) = certificate {
                p { a href=(format!("{}/certificates/{number}", targets.catalogue)) { "Your certificate" } }
            }
        }
    }
}

/// The form of a purchase.
fn offer(courses: &[Value]) -> Markup {
    html! {
        section.card aria-label="Buy sessions" {
            h2 { "Buy sessions" }
            form method="post" action="/student/quote" {
                label { "Course"
                    select name="course" required {
                        @for course in courses { option value=(text(course, "/id")) { (text(course, "/title")) } }
                    }
                }
                label { "Sessions"
                    select name="sessions" {
                        @for package in PACKAGES { option value=(package) { (package) } }
                    }
                }
                (field("start", "First day", "date", ""))
                (field("slot", "Time", "time", "18:00"))
                button { "See the price" }
            }
        }
    }
}

/// The next sessions, with the actions that their status allows.
fn plan(sessions: &Value, notices: &[Value]) -> Markup {
    let code_of = |session: &str| {
        let mut notices = notices.iter();
        let notice = notices.find(|one| {
            text(one, "/data/sessionId") == session && one.pointer("/data/otp").is_some()
        });
        notice.map(|notice| text(notice, "/data/otp"))
    };
    html! {
        h2 { "Next sessions" }
        table {
            thead { tr { th scope="col" { "Session" } th scope="col" { "Day" } th scope="col" { "State" } th scope="col" { "Next step" } } }
            tbody {
                @for session in open_sessions(sessions) {
                    @let (id, status) = (text(session, "/id"), text(session, "/status"));
                    tr {
                        td { (text(session, "/sessionNumber")) }
                        td { (text(session, "/scheduledDate")) " " (text(session, "/timeSlot")) }
                        td { (status.replace('_', " ")) }
                        td {
                            @match status.as_str() {
                                "pending_verification" => {
                                    @match code_of(&id) {
                                        Some(code) => { "Read this code to your trainer: " span.code { (code) } },
                                        None => { "Your trainer has arrived. Reload to see the code." },
                                    }
                                }
                                "pending_confirmation" => (action("/student/confirm", "Confirm that it was held", &[("session", &id)], &html! {})),
                                _ => {},
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Shows the price of an order, which the student can then pay.
pub(super) async fn quote(
    State(state): State<Page>,
    headers: HeaderMap,
    Form(order): Form<Order>,
) -> PageResult {
    Role::Student.visitor(&headers)?;
    let (course, sessions) = (order.course.to_string(), order.sessions.to_string());
    let path = format!("/booking/pricing/calculate?classType=ONE_ON_ONE&sessionCount={sessions}");
    let quote = state.gateway()?.get_public(&path).await?;
    let total = quote
        .pointer("/total")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    let key = order.key.to_string();
    let hidden = [
        ("key", key.as_str()),
        ("course", course.as_str()),
        ("sessions", &sessions),
        ("start", &order.start),
        ("slot", &order.slot),
    ];
    let main = html! {
        p { (sessions) " sessions from " (order.start) " at " (order.slot) " cost " strong { "₹" (total / 100) "." (format!("{:02}", total % 100)) } "." }
        p.hint { "The payment provider of this platform is a fake. No money moves." }
        (action("/student/buy", "Pay", &hidden, &html! {}))
    };
    Ok(page("Price", "", &main))
}

/// Orders, pays at the fake provider, and confirms the payment.
pub(super) async fn buy(
    State(state): State<Page>,
    headers: HeaderMap,
    Form(order): Form<Order>,
) -> PageResult {
    let (gateway, visitor) = (state.gateway()?, Role::Student.visitor(&headers)?);
    let (address, latitude, longitude) = PLACE;
    let body = json!({
        "courseId": order.course,
        "sessionCount": order.sessions,
        "groupSize": 1,
        "learningMode": "home",
        "schedule": {
            "timeSlot": order.slot, "startDate": order.start, "deliveryMode": "WEEKDAY_DAILY",
        },
        "location": { "address": address, "latitude": latitude, "longitude": longitude },
    });
    let ordered = gateway
        .post_once(&visitor, "/payments/session-booking", order.key, &body)
        .await?;
    let path = format!("/payments/fake/{}/pay", text(&ordered, "/orderId"));
    let paid = gateway.post(&visitor, &path, &json!({})).await?;
    let path = format!("/payments/{}/confirm", text(&ordered, "/payment/id"));
    gateway.post(&visitor, &path, &paid).await?;
    Ok(Redirect::to("/student?paid=1").into_response())
}

/// Confirms that a session was held.
pub(super) async fn confirm(
    State(state): State<Page>,
    headers: HeaderMap,
    Form(form): Form<Session>,
) -> PageResult {
    let path = format!("/admin/sessions/{}/confirm", form.session);
    let body = json!({ "confirmed": true });
    state.act(Role::Student, &headers, &path, &body).await
}
