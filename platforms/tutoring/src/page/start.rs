//! The start page: logins of the three roles, and the registration of students.

use maud::{Markup, html};
use seaworthy::axum::{
    Form,
    extract::{Path, State},
    http::{HeaderMap, header::SET_COOKIE},
    response::{IntoResponse as _, Redirect, Response},
};
use seaworthy::prelude::*;
use serde_json::{Value, json};
use tutoring_admin::{SEED_EMAIL, SEED_PASSWORD};

use super::{
    Page, PageResult,
    layout::{action, field, page},
    visitor::Role,
};
use crate::seed::{PASSWORD, STUDENT, TRAINER};

#[derive(Deserialize)]
pub(super) struct Login {
    email: String,
    password: Secret<String>,
}

#[derive(Deserialize)]
pub(super) struct Verification {
    email: String,
    otp: String,
}

/// The account that a form suggests.
const fn sample(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::Student => (STUDENT, PASSWORD),
        Role::Trainer => (TRAINER, PASSWORD),
        Role::Admin => (SEED_EMAIL, SEED_PASSWORD),
    }
}

fn credentials(email: &str, password: &str) -> Markup {
    html! {
        (field("email", "E-mail", "email", email))
        (field("password", "Password", "password", password))
    }
}

pub(super) async fn show(headers: HeaderMap) -> Response {
    let main = html! {
        p { "Log in as each role, in one browser. The forms suggest the sample accounts." }
        div.cards {
            @for role in Role::ALL {
                @let label = role.label();
                @let (email, password) = sample(role);
                section.card aria-label=(label) {
                    h2 { (label) }
                    @if role.visitor(&headers).is_ok() {
                        p { a href=(role.home()) { "Continue as " (label.to_lowercase()) } }
                        (action(&format!("/logout/{}", role.as_str()), "Log out", &[], &html! {}))
                    } @else {
                        form method="post" action=(format!("/login/{}", role.as_str())) {
                            (credentials(email, password))
                            button { "Log in as " (label.to_lowercase()) }
                        }
                    }
                }
            }
            section.card aria-label="New student" {
                h2 { "New student" }
                form method="post" action="/register" {
                    (credentials("", PASSWORD))
                    button { "Register" }
                }
            }
        }
    };
    page("Tutoring", "/", &main)
}

/// Returns the redirect to the page of a role, with the cookie of its session.
fn login_response(role: Role, login: &Value) -> PageResult {
    let cookie = role.begin(login)?;
    Ok(([(SET_COOKIE, cookie)], Redirect::to(role.home())).into_response())
}

pub(super) async fn log_in(
    State(state): State<Page>,
    Path(role): Path<Role>,
    Form(login): Form<Login>,
) -> PageResult {
    let body = json!({ "email": login.email, "password": login.password.expose() });
    let path = format!("{}/login", role.accounts());
    let login = state.gateway()?.post_anonymous(&path, &body).await?;
    login_response(role, &login)
}

pub(super) async fn log_out(Path(role): Path<Role>) -> PageResult {
    Ok(([(SET_COOKIE, role.end()?)], Redirect::to("/")).into_response())
}

pub(super) async fn register(State(state): State<Page>, Form(login): Form<Login>) -> PageResult {
    let targets = state.targets()?;
    let body = json!({ "email": login.email, "password": login.password.expose() });
    let path = format!("{}/register", Role::Student.accounts());
    targets.gateway.post_anonymous(&path, &body).await?;
    let mailbox = format!("{}/mailbox", targets.accounts);
    let fields = field("otp", "Code", "text", "");
    let main = html! {
        p {
            "The code is in a mail to " strong { (login.email) } ". Mails stay in the "
            a href=(mailbox) target="_blank" rel="noreferrer" { "mailbox of this platform" } "."
        }
        (action("/verify", "Verify", &[("email", &login.email)], &fields))
    };
    Ok(page("Check your mail", "", &main))
}

pub(super) async fn verify(
    State(state): State<Page>,
    Form(code): Form<Verification>,
) -> PageResult {
    let body = json!({ "email": code.email, "otp": code.otp.trim() });
    let path = format!("{}/email/verify", Role::Student.accounts());
    let login = state.gateway()?.post_anonymous(&path, &body).await?;
    login_response(Role::Student, &login)
}
