//! Resumable uploads by two protocols on one resource.
//!
//! A request with `Tus-Resumable` uses tus 1.0.0. Every other request uses
//! draft-ietf-httpbis-resumable-upload-12. Both protocols create a resource, read its offset with
//! `HEAD`, append with `PATCH` and cancel with `DELETE`.

mod draft;
mod headers;
mod problem;
mod tus;

use axum::http::{StatusCode, header};
use axum::{
    extract::Request,
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use seaworthy_core::{Code, Error, context};
use seaworthy_http::{is_anonymous_owner, request_owner};
use serde_json::json;
use uuid::Uuid;

use crate::{Upload, UploadError, UploadRoutes, UploadStatus, append::Appended};
use headers::value;
use problem::problem;

/// Returns the limits of uploads.
pub(crate) fn limits(routes: &UploadRoutes, headers: &HeaderMap) -> Response {
    if tus::is_tus_request(headers) {
        return tus::limits(routes);
    }
    // Without a protocol header the response describes both protocols.
    let mut response = draft::limits(routes);
    response
        .headers_mut()
        .extend(tus::limits(routes).headers().clone());
    response
}

pub(crate) async fn create(routes: &UploadRoutes, request: Request) -> Response {
    match tus::is_tus_request(request.headers()) {
        true => tus::create(routes, request).await,
        false => draft::create(routes, request).await,
    }
}

pub(crate) async fn offset(routes: &UploadRoutes, id: Uuid, request: Request) -> Response {
    match tus::is_tus_request(request.headers()) {
        true => tus::offset(routes, id, request.headers()).await,
        false => draft::offset(routes, id, request.headers()).await,
    }
}

pub(crate) async fn append(routes: &UploadRoutes, id: Uuid, request: Request) -> Response {
    match tus::is_tus_request(request.headers()) {
        true => tus::append(routes, id, request).await,
        false => draft::append(routes, id, request).await,
    }
}

pub(crate) async fn cancel(routes: &UploadRoutes, id: Uuid, request: Request) -> Response {
    match tus::is_tus_request(request.headers()) {
        true => tus::cancel(routes, id, request.headers()).await,
        false => draft::cancel(routes, id).await,
    }
}

/// Returns an upload of the caller. The upload of another owner counts as not found. An anonymous
/// client may have changed its network, so the ID is sufficient.
async fn found(routes: &UploadRoutes, id: Uuid) -> Result<Upload, UploadError> {
    let (upload, owner) = (routes.uploads.store().find(id).await?, request_owner());
    let is_own =
        upload.owner == owner || is_anonymous_owner(&upload.owner) && is_anonymous_owner(&owner);
    is_own.then_some(upload).ok_or(UploadError::NotFound)
}

/// Returns whether the upload failed or expired.
fn is_gone(upload: &Upload) -> bool {
    matches!(upload.status, UploadStatus::Failed | UploadStatus::Expired)
}

async fn delete(routes: &UploadRoutes, id: Uuid) -> Result<(), UploadError> {
    found(routes, id).await?;
    routes.uploads.store().delete(id).await
}

/// Appends in a separate task. The request ends with its connection, but the bytes that arrived
/// must be stored. `check` gets the upload after other requests have ended.
async fn append_with<F, E>(routes: &UploadRoutes, id: Uuid, check: F) -> Result<Upload, E>
where
    F: FnOnce(&Upload) -> Result<Appended, E> + Send + 'static,
    E: From<UploadError> + Send + 'static,
{
    found(routes, id).await?;
    let (uploads, request) = (routes.uploads.clone(), context::current());
    let appended = async move { uploads.append(id, request, check).await };
    routes
        .uploads
        .run_detached("append to upload", appended)
        .await
}

fn failure(error: UploadError) -> Response {
    Error::from(error).into_response()
}

/// Returns the response to a request for an upload that failed or expired.
fn gone(upload: &Upload) -> Response {
    let detail = UploadError::Closed(upload.status).to_string();
    let members = json!({ "reason": "UPLOAD_CLOSED", "detail": detail });
    problem(
        StatusCode::GONE,
        None,
        "the upload failed or expired: create another one",
        &members,
    )
}

/// Returns the response to a body with another media type.
fn wrong_type(expected: &'static str) -> Response {
    let text = format!("send Content-Type: {expected}");
    Error::new(Code::UnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", text).into_response()
}

/// Adds the address of an upload.
fn located(routes: &UploadRoutes, id: Uuid, mut response: Response) -> Response {
    let location = value(format!("{}/{id}", routes.path));
    response.headers_mut().insert(header::LOCATION, location);
    response
}
