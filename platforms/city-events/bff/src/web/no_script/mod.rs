//! Pages for browsers without a script: plain forms, and the session in a cookie.
//!
//! The cookie has the access token, so the session ends after some minutes. Other pages ignore it.

mod covers;
mod imports;

use std::time::Duration;

use maud::{Markup, html};
use seaworthy::{
    auth::oidc::LocalPath,
    axum::{
        self,
        extract::{Request, State},
        http::{HeaderValue, Method, StatusCode, header},
        middleware::{Next, from_fn, from_fn_with_state},
        response::{IntoResponse as _, Redirect, Response},
        routing::{MethodRouter, get, post},
    },
    http::Form,
    prelude::*,
};
use serde_json::{Value, json};

use super::{Pages, layout};
use crate::{
    api::MAX_IMPORT_SIZE,
    limit::{CallerLimit, admit},
    upstream::forward_address,
};

/// The header `Refresh`, in seconds, with which a browser reloads a page that shows progress.
const REFRESH: HeaderValue = HeaderValue::from_static("1");

pub(super) fn routes(pages: Pages, limit: &CallerLimit) -> Routes {
    let policy = pages.policy.clone();
    let set_headers = move |request: Request, next: Next| {
        let policy = policy.clone();
        async move { super::set_page_headers(policy, next.run(request).await) }
    };
    let options = RouteOptions::new().access(Access::Public).sets_session();
    let uploading = |max_size: ByteSize| {
        let max_size = Form::size_with_file(max_size);
        options.clone().body_limit(max_size).buffers_body(max_size)
    };
    let accepts_covers = pages.pictures.accepts_uploads();
    let of_imports: [(&str, MethodRouter<Pages>, RouteOptions); 4] = [
        ("/plain/session", post(log_in), options.clone()),
        (
            imports::HOME,
            get(imports::page).post(imports::create),
            uploading(MAX_IMPORT_SIZE),
        ),
        (
            "/plain/imports/{id}",
            get(imports::progress),
            options.clone(),
        ),
        (
            "/plain/imports/{id}/{action}",
            post(imports::change),
            options.clone(),
        ),
    ];
    let of_covers = [
        (covers::HOME, get(covers::events), options.clone()),
        (
            "/plain/events/{id}/cover",
            get(covers::page).post(covers::receive),
            uploading(covers::MAX_SIZE),
        ),
        (
            "/plain/events/{id}/cover/{upload}",
            get(covers::preview).post(covers::set),
            options.clone(),
        ),
    ];
    let of_covers = of_covers.into_iter().filter(|_| accepts_covers);
    of_imports
        .into_iter()
        .chain(of_covers)
        .fold(Routes::new(), |routes, (path, methods, options)| {
            let methods = methods
                .layer(from_fn_with_state(pages.clone(), read_session))
                .layer(from_fn(set_headers.clone()))
                .layer(from_fn_with_state(limit.clone(), admit));
            routes.route_with(path, methods, options)
        })
        .with_state(pages)
}

/// Passes the token of the cookie to the handlers as the credentials of the caller.
async fn read_session(State(pages): State<Pages>, mut request: Request, next: Next) -> Response {
    let token = pages.plain_session.read(request.headers());
    let bearer = token.and_then(|token| HeaderValue::try_from(format!("Bearer {token}")).ok());
    request.headers_mut().remove(header::AUTHORIZATION);
    if let Some(mut bearer) = bearer {
        bearer.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
    }
    next.run(request).await
}

fn shown(status: StatusCode, title: &str, content: Markup) -> Response {
    let main = html! { div.narrow { (layout::heading(title, "")) (content) } };
    (status, layout::page(title, "", main)).into_response()
}

fn alert(text: &str) -> Markup {
    html! { @if !text.is_empty() { p.alert role="alert" { (text) } } }
}

fn unavailable() -> Response {
    let text = "A required service does not respond. Try again shortly.";
    shown(StatusCode::BAD_GATEWAY, "Unavailable", alert(text))
}

/// The form that redirects to `next` after the login.
fn log_in_form(status: StatusCode, next: &str, text: &str) -> Response {
    let form = html! {
        form.form method="post" action="/plain/session" {
            (alert(text))
            input type="hidden" name="next" value=(next);
            label { span { "E-mail" } input type="email" name="email" required autocomplete="username"; }
            label { span { "Password" } input type="password" name="password" required autocomplete="current-password"; }
            label { span { "Code, if you use two-step sign-in" } input name="totp_code" maxlength="32" autocomplete="one-time-code"; }
            button.button.wide { "Sign in" }
        }
    };
    shown(status, "Sign in", form)
}

#[derive(Debug, Deserialize)]
struct Login {
    email: String,
    password: Secret<String>,
    #[serde(default)]
    totp_code: String,
    #[serde(default)]
    next: String,
}

/// Returns the page after the login. The session is for these pages only.
fn page_after(next: &str) -> &str {
    match next.parse::<LocalPath>() {
        Ok(_) if next.starts_with("/plain/") => next,
        _ => imports::HOME,
    }
}

async fn log_in(State(pages): State<Pages>, axum::Form(login): axum::Form<Login>) -> Response {
    let next = page_after(&login.next);
    let mut body = json!({ "email": login.email, "password": login.password.expose() });
    if let (false, Some(members)) = (login.totp_code.is_empty(), body.as_object_mut()) {
        members.insert("totp_code".to_owned(), login.totp_code.into());
    }
    let auth = &pages.upstreams.auth_http;
    let request = auth.request(Method::POST, "/auth/v1/login").json(&body);
    let Ok(answer) = forward_address(request).send().await else {
        return unavailable();
    };
    let is_ok = answer.status().is_success();
    let answer: Value = answer.json().await.unwrap_or_default();
    if !is_ok {
        let text = answer.pointer("/error/message").and_then(Value::as_str);
        let text = text.unwrap_or("The e-mail or the password is wrong.");
        return log_in_form(StatusCode::UNAUTHORIZED, next, text);
    }
    let tokens = answer.pointer("/data/tokens");
    let token = tokens.and_then(|tokens| tokens.get("access_token")?.as_str());
    let lifetime = tokens.and_then(|tokens| tokens.get("expires_in")?.as_u64());
    let lifetime = Duration::from_secs(lifetime.unwrap_or_default());
    let cookie = pages.plain_session.set(token.unwrap_or_default(), lifetime);
    match cookie {
        Ok(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response(),
        Err(error) => Error::from(error).into_response(),
    }
}
