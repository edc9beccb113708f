//! Uploads by `multipart/form-data`.

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use futures::StreamExt as _;
use http_body_util::StreamBody;
use multer::{Constraints, Multipart, SizeLimit};
use seaworthy_http::Json;
use seaworthy_storage::Content;
use serde_json::json;

use crate::{UploadError, UploadRoutes};

/// The maximum number of fields up to the file. Fields without a file name are skipped.
const MAX_FIELDS: usize = 20;

pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    boundary(headers).is_some()
}

fn boundary(headers: &HeaderMap) -> Option<String> {
    let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    multer::parse_boundary(content_type).ok()
}

/// Stores the first field with a file name. The name is not used.
pub(crate) async fn receive(
    routes: &UploadRoutes,
    request: Request,
) -> Result<Response, UploadError> {
    let uploads = &routes.uploads;
    let limit = uploads.store().config().max_size;
    let boundary = boundary(request.headers()).unwrap_or_default();
    let body = request.into_body().into_data_stream();
    let sizes = SizeLimit::new().per_field(limit.get());
    let constraints = Constraints::new().size_limit(sizes);
    let mut form = Multipart::with_constraints(body, boundary, constraints);
    let failed = |error: multer::Error| match error {
        multer::Error::FieldSizeExceeded { .. } => UploadError::TooLarge(limit),
        error => UploadError::Body(error.into()),
    };
    for _ in 0..MAX_FIELDS {
        let Some(field) = form.next_field().await.map_err(failed)? else {
            break;
        };
        if field.file_name().is_none() {
            continue;
        }
        let mut new = routes.new_upload();
        if let Some(content_type) = field.content_type() {
            new = new.content_type(content_type.essence_str());
        }
        let upload = uploads.create(new).await?;
        let frames = field.map(|data| data.map(http_body::Frame::data));
        let content = Content::stream(StreamBody::new(frames));
        let stored = match uploads.put(&upload, content).await {
            Err(UploadError::Storage(seaworthy_storage::StorageError::Content(error)))
                if is_too_large(&*error) =>
            {
                Err(UploadError::TooLarge(limit))
            }
            stored => stored,
        };
        return match stored {
            Ok(stored) => {
                let view = json!({ "id": stored.id, "status": stored.status.as_str() });
                Ok((StatusCode::CREATED, Json(view)).into_response())
            }
            Err(error) => {
                uploads.store().delete(upload.id).await?;
                Err(error)
            }
        };
    }
    Err(UploadError::Invalid(
        "the form has no file: send a field with a file name",
    ))
}

fn is_too_large(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    matches!(
        error.downcast_ref::<multer::Error>(),
        Some(multer::Error::FieldSizeExceeded { .. })
    )
}
