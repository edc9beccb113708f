//! Resumable uploads by two protocols on one resource.
//!
//! A request with `Tus-Resumable` uses tus 1.0.0. Every other request uses
//! draft-ietf-httpbis-resumable-upload-12. Both protocols create a resource, ask for its offset with
//! `HEAD`, append with `PATCH` and cancel with `DELETE`.

mod answer;
mod draft;
mod headers;
mod tus;

use axum::{
    extract::Request,
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use seaworthy_core::Error;
use uuid::Uuid;

use crate::{Upload, UploadError, UploadRoutes, UploadStatus, append::Appended, routes::owner};

/// Returns the limits of uploads.
pub(crate) fn limits(routes: &UploadRoutes, headers: &HeaderMap) -> Response {
    if tus::is_asked(headers) {
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
    match tus::is_asked(request.headers()) {
        true => tus::create(routes, request).await,
        false => draft::create(routes, request).await,
    }
}

pub(crate) async fn offset(routes: &UploadRoutes, id: Uuid, request: Request) -> Response {
    match tus::is_asked(request.headers()) {
        true => tus::offset(routes, id, request.headers()).await,
        false => draft::offset(routes, id, request.headers()).await,
    }
}

pub(crate) async fn append(routes: &UploadRoutes, id: Uuid, request: Request) -> Response {
    match tus::is_asked(request.headers()) {
        true => tus::append(routes, id, request).await,
        false => draft::append(routes, id, request).await,
    }
}

pub(crate) async fn cancel(routes: &UploadRoutes, id: Uuid, request: Request) -> Response {
    match tus::is_asked(request.headers()) {
        true => tus::cancel(routes, id, request.headers()).await,
        false => draft::cancel(routes, id).await,
    }
}

/// Returns an upload of the caller. The upload of another owner counts as not found.
async fn found(routes: &UploadRoutes, id: Uuid) -> Result<Upload, UploadError> {
    match routes.uploads.store().find_of(id, &owner()).await {
        Err(UploadError::Forbidden) => Err(UploadError::NotFound),
        found => found,
    }
}

/// Returns whether the upload failed or expired.
fn is_gone(upload: &Upload) -> bool {
    matches!(upload.status, UploadStatus::Failed | UploadStatus::Expired)
}

async fn delete(routes: &UploadRoutes, id: Uuid) -> Result<(), UploadError> {
    found(routes, id).await?;
    routes.uploads.store().delete(id).await
}

/// Stores the length that a client declares after the creation.
async fn declare(routes: &UploadRoutes, id: Uuid, length: u64) -> Result<(), UploadError> {
    found(routes, id).await?;
    routes.uploads.declare_length(id, length).await
}

/// A request that was checked against the current upload.
struct Checked {
    upload: Upload,
    appended: Appended,
}

/// Appends in a task of its own, because the request ends with its connection, but the bytes that
/// arrived must be stored. `check` gets the upload after other requests have ended.
async fn append_with<F, E>(
    routes: &UploadRoutes,
    id: Uuid,
    check: F,
) -> Result<Result<Upload, E>, UploadError>
where
    F: FnOnce(Upload) -> Result<Checked, E> + Send + 'static,
    E: From<UploadError> + Send + 'static,
{
    found(routes, id).await?;
    let uploads = routes.uploads.clone();
    let task = routes
        .uploads
        .tasks()
        .spawn_apart("append to upload", async move {
            let writer = uploads.writers().enter(id).await?;
            let upload = uploads.store().find(id).await?;
            let Checked { upload, appended } = match check(upload) {
                Ok(checked) => checked,
                Err(error) => return Ok(Err(error)),
            };
            let appended = uploads.append(upload, &writer, appended).await;
            Ok(appended.map_err(E::from))
        });
    match task.await {
        Ok(Some(outcome)) => outcome,
        _ => Err(UploadError::Replaced),
    }
}

fn failure(error: UploadError) -> Response {
    Error::from(error).into_response()
}
