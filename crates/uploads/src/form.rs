//! Uploads by `multipart/form-data`.

use axum::{
    extract::Request,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use futures::StreamExt as _;
use http_body_util::StreamBody;
use seaworthy_http::{Form, FormError, Json};
use seaworthy_storage::Content;
use serde_json::json;

use crate::{UploadError, UploadRoutes};

/// Stores the first field with a file name as an upload. Ignores the file name.
pub(crate) async fn receive(
    routes: &UploadRoutes,
    boundary: String,
    request: Request,
) -> Result<Response, UploadError> {
    let max_size = routes.uploads.store().config().max_size;
    let mut form = Form::new(request.into_body(), boundary, max_size);
    while let Some(field) = form.next_field().await? {
        if field.file_name().is_none() {
            continue;
        }
        let mut new = routes.new_upload();
        if let Some(content_type) = field.content_type() {
            new = new.content_type(content_type);
        }
        let frames = field
            .into_file()
            .map(|data| data.map(http_body::Frame::data));
        let content = Content::stream(StreamBody::new(frames));
        let stored = routes.uploads.receive(new, content).await?;
        let view = json!({ "id": stored.id, "status": stored.status.as_str() });
        return Ok((StatusCode::CREATED, Json(view)).into_response());
    }
    Err(UploadError::Invalid(
        "the form has no file: send a field with a file name",
    ))
}

impl From<FormError> for UploadError {
    fn from(error: FormError) -> Self {
        match error {
            FormError::TooLarge(max_size) => Self::TooLarge(max_size),
            FormError::FieldsTooLarge => {
                Self::Invalid("the form has more than 64 KiB before its file: send the file first")
            }
            error => Self::Body(error.into()),
        }
    }
}
