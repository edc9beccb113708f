//! tus 1.0.0 with the extensions creation, creation-with-upload, creation-defer-length, expiration
//! and termination.

use std::time::SystemTime;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use seaworthy_core::{Code, Error};
use seaworthy_http::is_anonymous_owner;
use uuid::Uuid;

use super::{
    append_with, delete, failure, found, gone,
    headers::{UPLOAD_LENGTH, UPLOAD_OFFSET, media_type, number, text, value},
    is_gone, located, wrong_type,
};
use crate::{
    Upload, UploadError, UploadRoutes, UploadStatus,
    append::{Appended, Completes},
    create::is_media_type,
    sweep::ANONYMOUS_PENDING_TTL,
};

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const UPLOAD_DEFER_LENGTH: HeaderName = HeaderName::from_static("upload-defer-length");
const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
const EXTENSIONS: &str =
    "creation,creation-with-upload,creation-defer-length,expiration,termination";
/// The media type of appended bytes.
const OFFSET_STREAM: &str = "application/offset+octet-stream";

/// Returns whether a request uses tus, which its header `Tus-Resumable` declares.
pub(super) fn is_tus_request(headers: &HeaderMap) -> bool {
    headers.contains_key(TUS_RESUMABLE)
}

pub(super) fn limits(routes: &UploadRoutes) -> Response {
    let limit = routes.uploads.store().config().max_size;
    let headers = [
        (TUS_VERSION, VERSION),
        (TUS_MAX_SIZE, value(limit.get())),
        (TUS_EXTENSION, HeaderValue::from_static(EXTENSIONS)),
    ];
    with_version((StatusCode::NO_CONTENT, headers).into_response())
}

/// Adds the version to a response.
fn with_version(mut response: Response) -> Response {
    response.headers_mut().insert(TUS_RESUMABLE, VERSION);
    response
}

/// Returns the rejection of a request whose version of tus is not supported.
fn version_rejection(headers: &HeaderMap) -> Option<Response> {
    let is_known = headers.get(TUS_RESUMABLE) == Some(&VERSION);
    let rejection = || (StatusCode::PRECONDITION_FAILED, [(TUS_VERSION, VERSION)]);
    (!is_known).then(|| with_version(rejection().into_response()))
}

fn invalid(text: &'static str) -> Response {
    with_version(failure(UploadError::Invalid(text)))
}

/// Returns the media type in the metadata, if the client sent one.
fn declared_type(metadata: &str) -> Option<String> {
    let mut pairs = metadata.split(',').map(str::trim);
    let encoded = pairs.find_map(|pair| pair.strip_prefix("filetype "))?;
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    is_media_type(&text).then_some(text)
}

pub(super) async fn create(routes: &UploadRoutes, request: Request) -> Response {
    let headers = request.headers();
    if let Some(rejection) = version_rejection(headers) {
        return rejection;
    }
    let length = number(headers, &UPLOAD_LENGTH);
    let is_deferred = text(headers, &UPLOAD_DEFER_LENGTH).as_deref() == Some("1");
    let mut new = routes.new_upload();
    match (length, is_deferred) {
        (Some(length), false) => new = new.size(length),
        (None, true) => {}
        _ => return invalid("send either Upload-Length or Upload-Defer-Length: 1"),
    }
    if let Some(metadata) = text(headers, &UPLOAD_METADATA) {
        if let Some(content_type) = declared_type(&metadata) {
            new = new.content_type(content_type);
        }
        new = new.metadata(metadata);
    }
    let has_content = media_type(headers).as_deref() == Some(OFFSET_STREAM);
    let created = match routes.uploads.create(new).await {
        Ok(created) => created,
        Err(error) => return with_version(failure(error)),
    };
    let id = created.id;
    // An upload without bytes is complete immediately.
    let upload = if has_content || created.size == Some(0) {
        let body = request.into_body();
        let appended = append_with(routes, id, move |_| Ok(tus(body, None)));
        match appended.await {
            Ok(upload) => upload,
            Err(error) => return with_version(located(routes, id, failure(error))),
        }
    } else {
        created
    };
    let mut response = StatusCode::CREATED.into_response();
    describe(routes, &upload, &mut response);
    with_version(located(routes, id, response))
}

fn tus(body: axum::body::Body, declared: Option<u64>) -> Appended {
    Appended {
        body,
        digest: None,
        completes: Completes::AtSize,
        declared,
    }
}

/// Adds the offset and the expiration.
fn describe(routes: &UploadRoutes, upload: &Upload, response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(UPLOAD_OFFSET, value(upload.received));
    if upload.status == UploadStatus::Pending {
        let mut ttl = routes.uploads.store().config().pending_ttl;
        if is_anonymous_owner(&upload.owner) {
            ttl = ttl.min(ANONYMOUS_PENDING_TTL);
        }
        let expires = SystemTime::from(upload.created_at) + ttl.get();
        headers.insert(UPLOAD_EXPIRES, value(httpdate::fmt_http_date(expires)));
    }
}

pub(super) async fn offset(routes: &UploadRoutes, id: Uuid, headers: &HeaderMap) -> Response {
    if let Some(rejection) = version_rejection(headers) {
        return rejection;
    }
    let upload = match found(routes, id).await {
        Ok(upload) if is_gone(&upload) => return with_version(gone(&upload)),
        Ok(upload) => upload,
        Err(error) => return with_version(failure(error)),
    };
    let mut response = StatusCode::OK.into_response();
    describe(routes, &upload, &mut response);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match upload.size {
        Some(size) => headers.insert(UPLOAD_LENGTH, value(size)),
        None => headers.insert(UPLOAD_DEFER_LENGTH, HeaderValue::from_static("1")),
    };
    if let Some(metadata) = &upload.metadata {
        headers.insert(UPLOAD_METADATA, value(metadata));
    }
    with_version(response)
}

/// A rejection of an append.
enum Rejection {
    Offset { expected: u64, provided: u64 },
    Length,
    Upload(UploadError),
}

impl From<UploadError> for Rejection {
    fn from(error: UploadError) -> Self {
        Self::Upload(error)
    }
}

pub(super) async fn append(routes: &UploadRoutes, id: Uuid, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    if let Some(rejection) = version_rejection(&headers) {
        return rejection;
    }
    if media_type(&headers).as_deref() != Some(OFFSET_STREAM) {
        return with_version(wrong_type(OFFSET_STREAM));
    }
    let Some(provided) = number(&headers, &UPLOAD_OFFSET) else {
        return invalid("send Upload-Offset with PATCH");
    };
    let length = number(&headers, &UPLOAD_LENGTH);
    let appended = append_with(routes, id, move |upload| {
        let expected = upload.received;
        if expected != provided {
            return Err(Rejection::Offset { expected, provided });
        }
        if upload.size.is_some() && length.is_some() && upload.size != length {
            return Err(Rejection::Length);
        }
        if upload.status != UploadStatus::Pending {
            return Err(UploadError::Closed(upload.status).into());
        }
        Ok(tus(body, length.filter(|_| upload.size.is_none())))
    });
    with_version(match appended.await {
        Ok(upload) => {
            let mut response = StatusCode::NO_CONTENT.into_response();
            describe(routes, &upload, &mut response);
            response
        }
        Err(Rejection::Offset { expected, provided }) => {
            let text = format!("Upload-Offset is {provided}: continue at {expected}");
            Error::new(Code::Conflict, "UPLOAD_OFFSET_MISMATCH", text).into_response()
        }
        Err(Rejection::Length) => return invalid("Upload-Length differs from the declared length"),
        Err(Rejection::Upload(error)) => failure(error),
    })
}

pub(super) async fn cancel(routes: &UploadRoutes, id: Uuid, headers: &HeaderMap) -> Response {
    if let Some(rejection) = version_rejection(headers) {
        return rejection;
    }
    with_version(match delete(routes, id).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => failure(error),
    })
}
