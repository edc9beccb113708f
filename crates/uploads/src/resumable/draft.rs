//! draft-ietf-httpbis-resumable-upload-12.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use seaworthy_core::{ByteSize, Code, Error};
use serde_json::json;
use uuid::Uuid;

use super::{
    append_with, delete, failure, found, gone,
    headers::{
        UPLOAD_COMPLETE, UPLOAD_LENGTH, UPLOAD_LIMIT, UPLOAD_OFFSET, complete, content_length,
        digest, flag, media_type, number, value,
    },
    is_gone, located,
    problem::problem,
    wrong_type,
};
use crate::{Upload, UploadError, UploadRoutes, UploadStatus, append::Appended};

/// The media type of a part of an upload.
const PARTIAL: &str = "application/partial-upload";
const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const INVALID_DIGEST: &str = "Content-Digest is not valid: send sha-256=:BASE64:";

/// An error in the form that the draft defines.
enum Rejection {
    /// The request lacks a header or has a wrong one.
    Invalid(&'static str),
    /// The media type is not `application/partial-upload`.
    MediaType,
    Offset {
        expected: u64,
        provided: u64,
    },
    Length,
    Completed,
    Upload(UploadError),
}

impl From<UploadError> for Rejection {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Size { .. } => Self::Length,
            UploadError::Closed(status)
                if !matches!(status, UploadStatus::Failed | UploadStatus::Expired) =>
            {
                Self::Completed
            }
            error => Self::Upload(error),
        }
    }
}

impl Rejection {
    fn into_response(self, routes: &UploadRoutes) -> Response {
        let mut response = match self {
            Self::Invalid(text) => {
                Error::new(Code::Invalid, "INVALID_UPLOAD_REQUEST", text).into_response()
            }
            Self::MediaType => {
                let mut response = wrong_type(PARTIAL);
                let accepted = HeaderValue::from_static(PARTIAL);
                response.headers_mut().insert(ACCEPT_PATCH, accepted);
                response
            }
            Self::Offset { expected, provided } => {
                let members = json!({ "expected-offset": expected, "provided-offset": provided });
                let title = "offset from request does not match offset of resource";
                let mut response = problem(
                    StatusCode::CONFLICT,
                    Some("mismatching-upload-offset"),
                    title,
                    &members,
                );
                let headers = response.headers_mut();
                headers.insert(UPLOAD_OFFSET, value(expected));
                response
            }
            Self::Length => {
                let title = "inconsistent length values for upload";
                problem(
                    StatusCode::BAD_REQUEST,
                    Some("inconsistent-upload-length"),
                    title,
                    &json!({}),
                )
            }
            Self::Completed => {
                let title = "upload is already completed";
                problem(
                    StatusCode::BAD_REQUEST,
                    Some("completed-upload"),
                    title,
                    &json!({}),
                )
            }
            Self::Upload(error) => failure(error),
        };
        let headers = response.headers_mut();
        headers.insert(UPLOAD_COMPLETE, flag(false));
        headers.insert(UPLOAD_LIMIT, limit(routes));
        response
    }
}

/// Returns the limits as a dictionary.
fn limit(routes: &UploadRoutes) -> HeaderValue {
    let config = routes.uploads.store().config();
    value(format!(
        "max-size={}, max-age={}",
        config.max_size.get(),
        config.pending_ttl.get().as_secs()
    ))
}

pub(super) fn limits(routes: &UploadRoutes) -> Response {
    let headers = [
        (UPLOAD_LIMIT, limit(routes)),
        (ACCEPT_PATCH, HeaderValue::from_static(PARTIAL)),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Returns the length of the upload that a request declares, in bytes.
fn declared(headers: &HeaderMap, offset: u64, is_end: bool) -> Result<Option<u64>, Rejection> {
    let length = number(headers, &UPLOAD_LENGTH);
    let end = content_length(headers).filter(|_| is_end);
    let end = end.map(|content| offset.saturating_add(content));
    match (length, end) {
        (Some(length), Some(end)) if length != end => Err(Rejection::Length),
        (length, end) => Ok(length.or(end)),
    }
}

pub(super) async fn create(routes: &UploadRoutes, request: Request) -> Response {
    match try_create(routes, request).await {
        Ok(response) => response,
        Err(rejection) => rejection.into_response(routes),
    }
}

async fn try_create(routes: &UploadRoutes, request: Request) -> Result<Response, Rejection> {
    let headers = request.headers();
    let is_end = complete(headers).ok_or(Rejection::Invalid(
        "send multipart/form-data, or Upload-Complete: ?0 or ?1 for a resumable upload",
    ))?;
    let digest = digest(headers).map_err(|()| Rejection::Invalid(INVALID_DIGEST))?;
    let limit = routes.uploads.store().config().max_size;
    check_limit(headers, limit)?;
    let mut new = routes.new_upload();
    if let Some(length) = declared(headers, 0, is_end)? {
        new = new.size(length);
    }
    if let Some(content_type) = media_type(headers).filter(|kind| kind != PARTIAL) {
        new = new.content_type(content_type);
    }
    let created = routes.uploads.create(new).await?;
    let (id, body) = (created.id, request.into_body());
    let appended = append_with(routes, id, move |_| {
        Ok::<_, Rejection>(Appended {
            body,
            digest,
            completes: is_end.into(),
            declared: None,
        })
    });
    let response = match appended.await {
        Ok(upload) => state(routes, StatusCode::CREATED, &upload),
        // The client can continue the upload.
        Err(rejection) => rejection.into_response(routes),
    };
    Ok(located(routes, id, response))
}

fn check_limit(headers: &HeaderMap, limit: ByteSize) -> Result<(), Rejection> {
    let sizes = [number(headers, &UPLOAD_LENGTH), content_length(headers)];
    match sizes.into_iter().flatten().any(|size| size > limit.get()) {
        true => Err(UploadError::TooLarge(limit).into()),
        false => Ok(()),
    }
}

/// Returns a response with the state of an upload.
fn state(routes: &UploadRoutes, status: StatusCode, upload: &Upload) -> Response {
    let is_complete = upload.status != UploadStatus::Pending;
    let mut response = status.into_response();
    let headers = response.headers_mut();
    headers.insert(UPLOAD_COMPLETE, flag(is_complete));
    headers.insert(UPLOAD_OFFSET, value(upload.received));
    headers.insert(UPLOAD_LIMIT, limit(routes));
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    if let Some(size) = upload.size {
        headers.insert(UPLOAD_LENGTH, value(size));
    }
    response
}

pub(super) async fn offset(routes: &UploadRoutes, id: Uuid, headers: &HeaderMap) -> Response {
    if headers.contains_key(UPLOAD_OFFSET) || headers.contains_key(UPLOAD_COMPLETE) {
        let text = "remove Upload-Offset and Upload-Complete: HEAD returns them";
        return Rejection::Invalid(text).into_response(routes);
    }
    match found(routes, id).await {
        Ok(upload) if is_gone(&upload) => gone(&upload),
        Ok(upload) => state(routes, StatusCode::NO_CONTENT, &upload),
        Err(error) => failure(error),
    }
}

pub(super) async fn cancel(routes: &UploadRoutes, id: Uuid) -> Response {
    match delete(routes, id).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => failure(error),
    }
}

pub(super) async fn append(routes: &UploadRoutes, id: Uuid, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    if media_type(&headers).as_deref() != Some(PARTIAL) {
        return Rejection::MediaType.into_response(routes);
    }
    let provided = number(&headers, &UPLOAD_OFFSET);
    let (Some(provided), Some(is_end)) = (provided, complete(&headers)) else {
        let text = "send Upload-Offset and Upload-Complete with PATCH";
        return Rejection::Invalid(text).into_response(routes);
    };
    let Ok(digest) = digest(&headers) else {
        return Rejection::Invalid(INVALID_DIGEST).into_response(routes);
    };
    let limit = routes.uploads.store().config().max_size;
    let length = content_length(&headers);
    let appended = append_with(routes, id, move |upload| {
        if is_gone(upload) {
            return Err(UploadError::Closed(upload.status).into());
        }
        if upload.status != UploadStatus::Pending {
            return Err(Rejection::Completed);
        }
        if provided != upload.received {
            let expected = upload.received;
            return Err(Rejection::Offset { expected, provided });
        }
        if upload.size.is_none() {
            check_limit(&headers, limit)?;
        }
        let first = number(&headers, &UPLOAD_LENGTH).filter(|_| upload.size.is_none());
        let size = upload.size.or(first);
        let end = length.map(|length| provided.saturating_add(length));
        // Append a request that exceeds the declared size: the upload then fails.
        let is_beyond = size.is_some_and(|size| end.is_some_and(|end| end > size));
        let mut length = first;
        if !is_beyond {
            match (declared(&headers, provided, is_end)?, size) {
                (Some(declared), Some(size)) if declared != size => return Err(Rejection::Length),
                (declared, None) => length = declared,
                _ => {}
            }
        }
        Ok(Appended {
            body,
            digest,
            completes: is_end.into(),
            declared: length,
        })
    });
    match appended.await {
        Ok(upload) => state(routes, StatusCode::NO_CONTENT, &upload),
        Err(rejection) => {
            let mut response = rejection.into_response(routes);
            // The client continues after the stored bytes.
            if let Ok(upload) = found(routes, id).await {
                response
                    .headers_mut()
                    .insert(UPLOAD_OFFSET, value(upload.received));
            }
            response
        }
    }
}
