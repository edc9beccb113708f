//! Uploads by `multipart/form-data`.

use axum::{
    body::Body,
    extract::Request,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use futures::StreamExt as _;
use http_body_util::StreamBody;
use seaworthy_http::{Form, FormError, Json};
use seaworthy_storage::{Content, StorageError};
use serde_json::json;

use crate::{NewUpload, Upload, UploadError, UploadRoutes, Uploads};

/// Stores the first field with a file name. The name is not used.
pub(crate) async fn receive(
    routes: &UploadRoutes,
    boundary: String,
    request: Request,
) -> Result<Response, UploadError> {
    let (uploads, new) = (routes.uploads.clone(), routes.new_upload());
    // The request ends with its connection, but an upload of a lost connection must be removed.
    let stored = routes.uploads.apart("receive form", async move {
        store(&uploads, new, boundary, request.into_body()).await
    });
    let stored = stored.await?;
    let view = json!({ "id": stored.id, "status": stored.status.as_str() });
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

async fn store(
    uploads: &Uploads,
    mut new: NewUpload,
    boundary: String,
    body: Body,
) -> Result<Upload, UploadError> {
    let max_size = uploads.store().config().max_size;
    let mut form = Form::new(body, boundary, max_size);
    while let Some(field) = form.next_field().await? {
        if field.file_name().is_none() {
            continue;
        }
        if let Some(content_type) = field.content_type() {
            new = new.content_type(content_type);
        }
        let upload = uploads.create(new).await?;
        let frames = field
            .into_file()
            .map(|data| data.map(http_body::Frame::data));
        let content = Content::stream(StreamBody::new(frames));
        let error = match uploads.put(&upload, content).await {
            Ok(stored) => return Ok(stored),
            Err(UploadError::Storage(StorageError::Content(error))) => {
                match error.downcast::<FormError>() {
                    Ok(error) => (*error).into(),
                    Err(error) => UploadError::Body(error),
                }
            }
            Err(error) => error,
        };
        uploads.store().delete(upload.id).await?;
        return Err(error);
    }
    Err(UploadError::Invalid(
        "the form has no file: send a field with a file name",
    ))
}

impl From<FormError> for UploadError {
    fn from(error: FormError) -> Self {
        match error {
            FormError::TooLarge(max_size) => Self::TooLarge(max_size),
            FormError::TooMuchAhead => Self::Invalid(
                "the form has more than 64 KiB in front of its file: send the file first",
            ),
            error => Self::Body(error.into()),
        }
    }
}
