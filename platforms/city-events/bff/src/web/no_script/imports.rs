//! The import page for browsers without a script.

use maud::{Markup, html};
use seaworthy::{
    axum::{
        extract::{Path, Request, State},
        http::{HeaderMap, StatusCode, header},
        response::{IntoResponse as _, Redirect, Response},
    },
    http::{Form, FormError},
};
use tonic::{Code as GrpcCode, Status};
use uuid::Uuid;

use super::{REFRESH, alert, log_in_form, unavailable};
use crate::{
    api::MAX_IMPORT_SIZE,
    caller::Caller,
    upstream::ImportChange,
    web::{Pages, imports},
};
use city_events_contract::event::v1::CreateImportRequest;

pub(super) const HOME: &str = "/plain/imports";

fn shown(status: StatusCode, content: Markup) -> Response {
    super::shown(status, "Import events", content)
}

/// Responds to a failed call. An expired session redirects to the form.
fn error_response(status: &Status) -> Response {
    match status.code() {
        GrpcCode::Unauthenticated => log_in_form(StatusCode::UNAUTHORIZED, HOME, "Sign in first."),
        GrpcCode::NotFound => shown(StatusCode::NOT_FOUND, alert("This import does not exist.")),
        GrpcCode::Unavailable | GrpcCode::DeadlineExceeded | GrpcCode::Internal => unavailable(),
        _ => shown(StatusCode::BAD_REQUEST, alert(status.message())),
    }
}

/// The form and the latest imports.
pub(super) async fn page(State(pages): State<Pages>, caller: Caller) -> Response {
    if caller.authorization.is_none() {
        return log_in_form(StatusCode::OK, HOME, "");
    }
    match pages.upstreams.imports(&caller).await {
        Ok(all) => shown(StatusCode::OK, upload_form("", &imports::list(&all, HOME))),
        Err(status) => error_response(&status),
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

/// Receives a file and starts its check.
pub(super) async fn create(
    State(pages): State<Pages>,
    caller: Caller,
    request: Request,
) -> Response {
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
        Err(status) => error_response(&status),
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
pub(super) async fn progress(
    State(pages): State<Pages>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Response {
    if caller.authorization.is_none() {
        return log_in_form(StatusCode::UNAUTHORIZED, HOME, "Sign in first.");
    }
    let found = match pages.upstreams.import(&caller, id.to_string()).await {
        Ok(found) => found,
        Err(status) => return error_response(&status),
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

pub(super) async fn change(
    State(pages): State<Pages>,
    caller: Caller,
    Path((id, action)): Path<(Uuid, String)>,
) -> Response {
    let change = match action.as_str() {
        "confirm" => ImportChange::Confirm,
        "cancel" => ImportChange::Cancel,
        "undo" => ImportChange::Undo,
        _ => return error_response(&Status::not_found("the action is not known")),
    };
    let changed = pages
        .upstreams
        .change_import(&caller, id.to_string(), change);
    match changed.await {
        Ok(_) => Redirect::to(&format!("{HOME}/{id}")).into_response(),
        Err(status) => error_response(&status),
    }
}
