//! Pages on which a host sets the cover of an event without a script.

use city_events_contract::{
    PictureFocus,
    event::v1::{CoverImages, UpdateEventRequest},
};
use maud::{Markup, html};
use seaworthy::{
    axum::{
        extract::{Path, Request, State},
        http::{StatusCode, header},
        response::{IntoResponse as _, Redirect, Response},
    },
    http::{Form, FormError},
    prelude::ByteSize,
};
use uuid::Uuid;

use super::{REFRESH, alert, log_in_form, unavailable};
use crate::{
    api::query::QueryPairs,
    api_error::ApiError,
    caller::Caller,
    listing,
    responses::Event,
    upstream::{PictureError, PictureFile, PictureStatus},
    web::{
        Pages,
        address::{Address, stored_id},
        components::{PICTURE_HINT, PICTURE_TYPES},
    },
};

pub(super) const HOME: &str = "/plain/events";
/// Maximum size of a picture: the default of the media service.
pub(super) const MAX_SIZE: ByteSize = ByteSize::mebibytes(10);
/// Maximum size of a field before the file. Such a field is a number.
const MAX_FIELD: ByteSize = ByteSize::bytes(16);

fn shown(status: StatusCode, content: Markup) -> Response {
    super::shown(status, "Cover", content)
}

fn cover_page(event: Uuid) -> Address {
    Address::new(HOME).id(event).segment("cover")
}

/// Responds to a failed call. An expired session redirects to the login, and then to `next`.
fn error_response(error: &ApiError, next: &Address) -> Response {
    match error.status {
        StatusCode::UNAUTHORIZED => log_in_form(error.status, &next.to_string(), "Sign in first."),
        StatusCode::NOT_FOUND | StatusCode::FORBIDDEN => shown(
            StatusCode::NOT_FOUND,
            alert("This event does not exist, or belongs to another user."),
        ),
        status if status.is_server_error() => unavailable(),
        status => shown(status, alert(&error.message)),
    }
}

/// The events that the caller hosts.
pub(super) async fn events(
    State(pages): State<Pages>,
    caller: Caller,
    pairs: QueryPairs,
) -> Response {
    if caller.authorization.is_none() {
        return log_in_form(StatusCode::OK, HOME, "");
    }
    let cursor = pairs.get("cursor");
    let found = listing::own_events(&pages.upstreams, &caller, String::new(), cursor);
    let found = match found.await {
        Ok(found) => found,
        Err(error) => return error_response(&error, &Address::new(HOME)),
    };
    let list = html! {
        ul.rows role="list" {
            @for event in &found.items {
                li.row-card { div { h3 {
                    @match stored_id(&event.id) {
                        Some(id) => a href=(cover_page(id)) { (event.title) },
                        None => (event.title),
                    }
                } } }
            }
        }
        @if found.items.is_empty() { p { "You host no events." } }
        @if found.has_more { p { a href=(Address::new(HOME).query(&[("cursor", &found.next_cursor)])) { "Show more" } } }
    };
    super::shown(StatusCode::OK, "Select an event", list)
}

/// Returns an event that the caller may change.
async fn own_event(pages: &Pages, caller: &Caller, id: Uuid) -> Result<Event, Response> {
    let next = cover_page(id);
    if caller.authorization.is_none() {
        return Err(log_in_form(
            StatusCode::UNAUTHORIZED,
            &next.to_string(),
            "Sign in first.",
        ));
    }
    match pages.upstreams.own_event(caller, &id.to_string()).await {
        Ok(event) => Ok(event.into()),
        Err(status) => Err(error_response(&status.into(), &next)),
    }
}

/// The cover of an event, and the form for another one.
pub(super) async fn page(
    State(pages): State<Pages>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Response {
    match own_event(&pages, &caller, id).await {
        Ok(event) => form(&pages, StatusCode::OK, id, &event, ""),
        Err(response) => response,
    }
}

fn form(pages: &Pages, status: StatusCode, id: Uuid, event: &Event, text: &str) -> Response {
    let cover = event.cover_image.as_deref();
    let cover = cover.and_then(|cover| pages.pictures.cover(cover, 800));
    let part = |name: &str, label: &str, options: [(&str, &str); 3], selected: &str| {
        html! {
            label { span { (label) } select name=(name) {
                @for (value, label) in options { option value=(value) selected[value == selected] { (label) } }
            } }
        }
    };
    let content = html! {
        p { (event.title) }
        @if let Some(cover) = cover { img.art alt="The cover of the event" src=(cover); }
        form.form method="post" action=(cover_page(id)) enctype="multipart/form-data" {
            (alert(text))
            (part("x", "Part from left to right", [("0", "Left"), ("0.5", "Center"), ("1", "Right")], "0.5"))
            (part("y", "Part from top to bottom", [("0", "Top"), ("0.5", "Center"), ("1", "Bottom")], "0.5"))
            (part("zoom", "Size of the part", [("1", "As large as possible"), ("2", "Half"), ("4", "A quarter")], "1"))
            label { span { "Picture" } input type="file" name="file" accept=(PICTURE_TYPES) required; small { (PICTURE_HINT) } }
            button.button { "Upload the picture" }
        }
        p { a href=(HOME) { "All events" } }
    };
    shown(status, content)
}

/// Receives a picture and sends it to the media service.
pub(super) async fn receive(
    State(pages): State<Pages>,
    caller: Caller,
    Path(id): Path<Uuid>,
    request: Request,
) -> Response {
    let event = match own_event(&pages, &caller, id).await {
        Ok(event) => event,
        Err(response) => return response,
    };
    let refused = |status, text: &str| form(&pages, status, id, &event, text);
    let file = match read_file(request).await {
        Ok(Some(file)) => file,
        Ok(None) => {
            return refused(
                StatusCode::BAD_REQUEST,
                "Select a picture and a part of it.",
            );
        }
        Err(FormError::TooLarge(_)) => {
            let text = "The picture is larger than 10 MB.";
            return refused(StatusCode::PAYLOAD_TOO_LARGE, text);
        }
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    match pages.upstreams.upload_cover(&caller, file).await {
        Ok(upload) => Redirect::to(&cover_page(id).id(upload).to_string()).into_response(),
        Err(PictureError::Rejected(status, text)) => refused(status, &text),
        Err(PictureError::Unavailable) => unavailable(),
    }
}

/// Reads the file of a form and the part to show. A browser sends an empty file if the user has
/// selected none.
async fn read_file(request: Request) -> Result<Option<PictureFile>, FormError> {
    let Some(boundary) = Form::boundary(request.headers()) else {
        return Ok(None);
    };
    let mut form = Form::new(request.into_body(), boundary, MAX_SIZE);
    let (mut x, mut y, mut zoom) = (String::new(), String::new(), String::new());
    while let Some(field) = form.next_field().await? {
        if field.file_name().is_some() {
            let Ok(focus) = format!("{x},{y},{zoom}").parse::<PictureFocus>() else {
                return Ok(None);
            };
            let content_type = field.content_type().map(str::to_owned);
            let content = field.bytes().await?;
            let file = PictureFile {
                focus,
                content_type,
                content,
            };
            return Ok((!file.content.is_empty()).then_some(file));
        }
        let number = match field.name() {
            Some("x") => &mut x,
            Some("y") => &mut y,
            Some("zoom") => &mut zoom,
            _ => continue,
        };
        *number = field.text(MAX_FIELD).await?;
    }
    Ok(None)
}

/// The cover as pages will show it.
pub(super) async fn preview(
    State(pages): State<Pages>,
    caller: Caller,
    Path((id, upload)): Path<(Uuid, Uuid)>,
) -> Response {
    let event = match own_event(&pages, &caller, id).await {
        Ok(event) => event,
        Err(response) => return response,
    };
    match pages.upstreams.picture(upload).await {
        Ok(PictureStatus::Processing) => {
            let wait = html! { p role="status" { "The picture is being processed…" } };
            let mut response = shown(StatusCode::OK, wait);
            response.headers_mut().insert(header::REFRESH, REFRESH);
            response
        }
        Ok(PictureStatus::Ready) => {
            let picture = pages.pictures.cover(&upload.to_string(), 800);
            let content = html! {
                p { (event.title) }
                @if let Some(picture) = picture { img.art alt="The new cover" src=(picture); }
                form.form method="post" action=(cover_page(id).id(upload)) { button.button { "Use this cover" } }
                p { a href=(cover_page(id)) { "Select another picture or part" } }
            };
            shown(StatusCode::OK, content)
        }
        Ok(PictureStatus::Failed(text)) => form(&pages, StatusCode::OK, id, &event, &text),
        Err(PictureError::Rejected(status, text)) => shown(status, alert(&text)),
        Err(PictureError::Unavailable) => unavailable(),
    }
}

/// Sets the cover of an event.
pub(super) async fn set(
    State(pages): State<Pages>,
    caller: Caller,
    Path((id, upload)): Path<(Uuid, Uuid)>,
) -> Response {
    let covers = CoverImages {
        ids: vec![upload.to_string()],
    };
    let request = UpdateEventRequest {
        id: id.to_string(),
        covers: Some(covers),
        ..UpdateEventRequest::default()
    };
    match pages.upstreams.update_event(&caller, request).await {
        Ok(_) => Redirect::to(&cover_page(id).to_string()).into_response(),
        Err(status) => error_response(&status.into(), &cover_page(id)),
    }
}
