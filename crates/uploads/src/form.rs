//! Uploads by `multipart/form-data`.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    body::{Body, BodyDataStream},
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use http_body_util::StreamBody;
use multer::{Constraints, Field, Multipart, SizeLimit};
use seaworthy_http::Json;
use seaworthy_storage::{Content, StorageError};
use serde_json::json;

use crate::{NewUpload, Upload, UploadError, UploadRoutes, Uploads};

/// The maximum number of fields up to the file. Fields without a file name are skipped.
const MAX_FIELDS: usize = 20;
/// The maximum size of everything in front of the file, and of the bytes that are read ahead.
pub(crate) const MAX_AHEAD: usize = 64 * 1024;

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
    let boundary = boundary(request.headers()).unwrap_or_default();
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
    let limit = uploads.store().config().max_size;
    let sizes = SizeLimit::new().per_field(limit.get());
    let constraints = Constraints::new().size_limit(sizes);
    let ahead = Arc::new(AtomicUsize::new(0));
    let body = Limited {
        body: body.into_data_stream(),
        ahead: Arc::clone(&ahead),
    };
    let mut form = Multipart::with_constraints(body, boundary, constraints);
    for _ in 0..MAX_FIELDS {
        let Some(field) = next_field(&mut form, &ahead).await? else {
            break;
        };
        if field.file_name().is_none() {
            continue;
        }
        if let Some(content_type) = field.content_type() {
            new = new.content_type(content_type.essence_str());
        }
        let upload = uploads.create(new).await?;
        let frames = field.map(move |data| {
            ahead.store(0, Ordering::Relaxed);
            data.map(http_body::Frame::data)
        });
        let content = Content::stream(StreamBody::new(frames));
        let error = match uploads.put(&upload, content).await {
            Ok(stored) => return Ok(stored),
            Err(UploadError::Storage(StorageError::Content(error))) => {
                match error.downcast::<multer::Error>() {
                    Ok(error) => refusal(*error, uploads),
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

/// Returns the next field, within the limit of bytes in front of the file.
async fn next_field(
    form: &mut Multipart<'static>,
    ahead: &AtomicUsize,
) -> Result<Option<Field<'static>>, UploadError> {
    poll_fn(|context| match form.poll_next_field(context) {
        Poll::Ready(field) => Poll::Ready(field.map_err(|error| UploadError::Body(error.into()))),
        Poll::Pending if ahead.load(Ordering::Relaxed) >= MAX_AHEAD => {
            Poll::Ready(Err(UploadError::Invalid(
                "the form has more than 64 KiB in front of its file: send the file first",
            )))
        }
        Poll::Pending => Poll::Pending,
    })
    .await
}

fn refusal(error: multer::Error, uploads: &Uploads) -> UploadError {
    match error {
        multer::Error::FieldSizeExceeded { .. } => {
            UploadError::TooLarge(uploads.store().config().max_size)
        }
        error => UploadError::Body(error.into()),
    }
}

/// A body that ends a read of multer after [`MAX_AHEAD`] bytes, because multer reads everything
/// that is available.
struct Limited {
    body: BodyDataStream,
    /// The bytes that multer has read since the last chunk of the file.
    ahead: Arc<AtomicUsize>,
}

impl Stream for Limited {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ahead.load(Ordering::Relaxed) >= MAX_AHEAD {
            // multer returns a field or a chunk from its buffer.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let polled = self.body.poll_next_unpin(context);
        if let Poll::Ready(Some(Ok(data))) = &polled {
            self.ahead.fetch_add(data.len(), Ordering::Relaxed);
        }
        polled
    }
}
