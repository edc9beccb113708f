//! The import page for browsers without a script: plain forms, and the session in a cookie.
//!
//! The cookie has the access token, so the session ends after some minutes. Other pages ignore it.

use std::time::Duration;

use maud::{Markup, html};
use seaworthy::{
    axum::{
        self,
        extract::{Path, Request, State},
        http::{HeaderMap, HeaderValue, Method, StatusCode, header},
        middleware::{Next, from_fn, from_fn_with_state},
        response::{IntoResponse as _, Redirect, Response},
        routing::{MethodRouter, get, post},
    },
    core::context,
    http::{Form, FormError},
    prelude::*,
};
use serde_json::{Value, json};
use tonic::{Code as GrpcCode, Status};
use uuid::Uuid;

use super::{
    Pages, imports,
    layout::{heading, page as layout},
};
use crate::{
    api::MAX_IMPORT_SIZE,
    caller::Caller,
    limit::{CallerLimit, add_security_headers, admit},
    upstream::ImportChange,
};
use city_events_contract::event::v1::CreateImportRequest;

const HOME: &str = "/plain/imports";
/// A browser reads the progress again after this time.
const REFRESH: HeaderValue = HeaderValue::from_static("1");

/// Returns the routes.
pub(super) fn routes(pages: Pages, limit: &CallerLimit) -> Routes {
    let policy = pages.policy.clone();
    let set_headers = move |request: Request, next: Next| {
        let policy = policy.clone();
        async move { super::set_page_headers(policy, next.run(request).await) }
    };
    let prepare = |methods: MethodRouter<Pages>| -> MethodRouter<Pages> {
        methods
            .layer(from_fn_with_state(pages.clone(), read_session))
            .layer(from_fn(set_headers.clone()))
            .layer(from_fn_with_state(limit.clone(), admit))
            .layer(from_fn(add_security_headers))
    };
    let options = RouteOptions::new().access(Access::Public).sets_session();
    let file = ByteSize::bytes(MAX_IMPORT_SIZE.get() + Form::MAX_AHEAD.get());
    let uploading = options.clone().body_limit(file).buffers_body(file);
    Routes::new()
        .route_with(HOME, prepare(get(page).post(create)), uploading)
        .route_with("/plain/session", prepare(post(log_in)), options.clone())
        .route_with(
            "/plain/imports/{id}",
            prepare(get(progress)),
            options.clone(),
        )
        .route_with(
            "/plain/imports/{id}/{action}",
            prepare(post(change)),
            options,
        )
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

fn shown(status: StatusCode, content: Markup) -> Response {
    let main = html! { div.narrow { (heading("Import events", "")) (content) } };
    (status, layout("Import events", "", main)).into_response()
}

fn alert(text: &str) -> Markup {
    html! { @if !text.is_empty() { p.alert role="alert" { (text) } } }
}

fn log_in_form(status: StatusCode, text: &str) -> Response {
    let form = html! {
        form.form method="post" action="/plain/session" {
            (alert(text))
            label { span { "E-mail" } input type="email" name="email" required autocomplete="username"; }
            label { span { "Password" } input type="password" name="password" required autocomplete="current-password"; }
            label { span { "Code, if you use two-step sign-in" } input name="totp_code" maxlength="32" autocomplete="one-time-code"; }
            button.button.wide { "Sign in" }
        }
    };
    shown(status, form)
}

/// Answers a failed call. An expired session leads to the form.
fn failed(status: &Status) -> Response {
    match status.code() {
        GrpcCode::Unauthenticated => log_in_form(StatusCode::UNAUTHORIZED, "Sign in first."),
        GrpcCode::NotFound => shown(StatusCode::NOT_FOUND, alert("This import does not exist.")),
        GrpcCode::Unavailable | GrpcCode::DeadlineExceeded | GrpcCode::Internal => shown(
            StatusCode::BAD_GATEWAY,
            alert("A required service does not respond. Try again shortly."),
        ),
        _ => shown(StatusCode::BAD_REQUEST, alert(status.message())),
    }
}

/// The form and the latest imports.
async fn page(State(pages): State<Pages>, caller: Caller) -> Response {
    if caller.authorization.is_none() {
        return log_in_form(StatusCode::OK, "");
    }
    match pages.upstreams.imports(&caller).await {
        Ok(all) => shown(StatusCode::OK, upload_form("", &imports::list(&all, HOME))),
        Err(status) => failed(&status),
    }
}

fn upload_form(text: &str, list: &Markup) -> Markup {
    html! {
        form.form method="post" action=(HOME) enctype="multipart/form-data" {
            (alert(text))
            (imports::file_field())
            button.button { "Check the file" }
        }
        (imports::columns())
        (list)
    }
}

#[derive(Debug, Deserialize)]
struct Login {
    email: String,
    password: Secret<String>,
    #[serde(default)]
    totp_code: String,
}

async fn log_in(State(pages): State<Pages>, axum::Form(login): axum::Form<Login>) -> Response {
    let mut body = json!({ "email": login.email, "password": login.password.expose() });
    if let (false, Some(members)) = (login.totp_code.is_empty(), body.as_object_mut()) {
        members.insert("totp_code".to_owned(), login.totp_code.into());
    }
    let auth = &pages.upstreams.auth_http;
    let mut request = auth.request(Method::POST, "/auth/v1/login").json(&body);
    let address =
        context::with_current(|context| context.and_then(|context| context.client_address()));
    if let Some(address) = address {
        request = request.header("x-forwarded-for", address.to_string());
    }
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) => return failed(&Status::unavailable(error.to_string())),
    };
    let is_ok = answer.status().is_success();
    let answer: Value = answer.json().await.unwrap_or_default();
    if !is_ok {
        let text = answer.pointer("/error/message").and_then(Value::as_str);
        let text = text.unwrap_or("The e-mail or the password is wrong.");
        return log_in_form(StatusCode::UNAUTHORIZED, text);
    }
    let tokens = answer.pointer("/data/tokens");
    let token = tokens.and_then(|tokens| tokens.get("access_token")?.as_str());
    let lifetime = tokens.and_then(|tokens| tokens.get("expires_in")?.as_u64());
    let lifetime = Duration::from_secs(lifetime.unwrap_or_default());
    let cookie = pages.plain_session.set(token.unwrap_or_default(), lifetime);
    match cookie {
        Ok(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to(HOME)).into_response(),
        Err(error) => Error::from(error).into_response(),
    }
}

/// Receives a file and starts its check.
async fn create(State(pages): State<Pages>, caller: Caller, request: Request) -> Response {
    let refused = |status, text: &str| shown(status, upload_form(text, &imports::list(&[], HOME)));
    let request = match read_file(request).await {
        Ok(Some(file)) => file,
        Ok(None) => return refused(StatusCode::BAD_REQUEST, "Select a file first."),
        Err(FormError::TooLarge(_)) => {
            return refused(
                StatusCode::PAYLOAD_TOO_LARGE,
                "The file is larger than 1 MB.",
            );
        }
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    match pages.upstreams.create_import(&caller, request).await {
        Ok(import) => Redirect::to(&format!("{HOME}/{}", import.id)).into_response(),
        Err(status) if status.code() == GrpcCode::InvalidArgument => {
            refused(StatusCode::BAD_REQUEST, status.message())
        }
        Err(status) => failed(&status),
    }
}

/// Reads the file of a form. A browser sends an empty one if the user has selected none.
async fn read_file(request: Request) -> Result<Option<CreateImportRequest>, FormError> {
    let Some(boundary) = Form::boundary(request.headers()) else {
        return Ok(None);
    };
    let mut form = Form::new(request.into_body(), boundary, MAX_IMPORT_SIZE);
    while let Some(field) = form.next_field().await? {
        let Some(name) = field.file_name().map(str::to_owned) else {
            continue;
        };
        let content = field.bytes().await?;
        let file = CreateImportRequest { name, content };
        return Ok((!file.content.is_empty()).then_some(file));
    }
    Ok(None)
}

/// The progress and the report of an import.
async fn progress(State(pages): State<Pages>, caller: Caller, Path(id): Path<Uuid>) -> Response {
    if caller.authorization.is_none() {
        return log_in_form(StatusCode::UNAUTHORIZED, "Sign in first.");
    }
    let found = match pages.upstreams.import(&caller, id.to_string()).await {
        Ok(found) => found,
        Err(status) => return failed(&status),
    };
    let import = found.import.unwrap_or_default();
    let content = html! {
        (imports::content(id, &import, &found.bad_rows, imports::Buttons::Forms))
        p { a href=(HOME) { "All imports" } }
    };
    let mut response = shown(StatusCode::OK, content);
    if imports::is_running(&import) {
        let headers: &mut HeaderMap = response.headers_mut();
        headers.insert(header::REFRESH, REFRESH);
    }
    response
}

async fn change(
    State(pages): State<Pages>,
    caller: Caller,
    Path((id, action)): Path<(Uuid, String)>,
) -> Response {
    let change = match action.as_str() {
        "confirm" => ImportChange::Confirm,
        "cancel" => ImportChange::Cancel,
        "undo" => ImportChange::Undo,
        _ => return failed(&Status::not_found("the action is not known")),
    };
    let changed = pages
        .upstreams
        .change_import(&caller, id.to_string(), change);
    match changed.await {
        Ok(_) => Redirect::to(&format!("{HOME}/{id}")).into_response(),
        Err(status) => failed(&status),
    }
}
