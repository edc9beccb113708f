//! Forms with a file (`multipart/form-data`), read in bounded memory.

#[cfg(test)]
mod tests;

use std::{
    error::Error as StdError,
    future::{self, poll_fn},
    mem::replace,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use http::{HeaderMap, header};
use multer::{Constraints, Field, Multipart, SizeLimit};
use seaworthy_core::ByteSize;

/// Maximum number of fields. A form has one field per option before its file.
const MAX_FIELDS: u32 = 20;
/// Maximum bytes before a file, and maximum bytes that the parser reads ahead.
const MAX_AHEAD: usize = 64 * 1024;

/// An error that prevents the reading of a form.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// The fields before the file are too large, or a header does not end.
    #[error("the form has more than 64 KiB before its file: send the file first")]
    FieldsTooLarge,
    /// The file or a field is larger than its limit.
    #[error("a field of the form is larger than {0}: send a smaller one")]
    TooLarge(ByteSize),
    /// A field is not text.
    #[error("a field of the form is not valid UTF-8")]
    NotText,
    /// The form is not complete or not valid.
    #[error("the form could not be read completely: send it again")]
    Unreadable(#[source] Box<dyn StdError + Send + Sync>),
}

/// A form that ends with a file. Its fields are read in their order.
///
/// Declare at least [`MAX_AHEAD`](Self::MAX_AHEAD) with
/// [`buffers_body`](crate::RouteOptions::buffers_body), and
/// [`size_with_file`](Self::size_with_file) as the
/// [`body_limit`](crate::RouteOptions::body_limit) of the route.
///
/// ```
/// use axum::extract::Request;
/// use futures::StreamExt as _;
/// use seaworthy_core::ByteSize;
/// use seaworthy_http::{Form, FormError};
///
/// async fn receive(request: Request) -> Result<Option<usize>, FormError> {
///     let Some(boundary) = Form::boundary(request.headers()) else {
///         return Ok(None);
///     };
///     let mut form = Form::new(request.into_body(), boundary, ByteSize::mebibytes(10));
///     while let Some(field) = form.next_field().await? {
///         if field.file_name().is_some() {
///             return Ok(Some(field.into_file().count().await));
///         }
///     }
///     Ok(None)
/// }
/// ```
#[derive(Debug)]
pub struct Form {
    form: Multipart<'static>,
    ahead: Ahead,
    fields: u32,
    max_size: ByteSize,
}

/// The bytes that the parser has read since the last chunk of the file.
type Ahead = Arc<AtomicUsize>;

impl Form {
    /// The maximum size of everything before the file, which is also the memory of a form.
    pub const MAX_AHEAD: ByteSize = ByteSize::kibibytes(64);

    /// Returns the maximum size of a form whose file has at most this size. Adds
    /// [`MAX_AHEAD`](Self::MAX_AHEAD).
    #[must_use]
    pub const fn size_with_file(file: ByteSize) -> ByteSize {
        ByteSize::bytes(file.get().saturating_add(Self::MAX_AHEAD.get()))
    }

    /// Returns the boundary of a form, or `None` if the media type of a request is another.
    #[must_use]
    pub fn boundary(headers: &HeaderMap) -> Option<String> {
        let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        multer::parse_boundary(content_type).ok()
    }

    /// Begins to read a form whose file has at most `max_size`.
    #[must_use]
    pub fn new(body: Body, boundary: String, max_size: ByteSize) -> Self {
        let sizes = SizeLimit::new().per_field(max_size.get());
        let constraints = Constraints::new().size_limit(sizes);
        let ahead = Ahead::default();
        let body = Limited {
            body: body.into_data_stream(),
            ahead: Arc::clone(&ahead),
        };
        Self {
            form: Multipart::with_constraints(body, boundary, constraints),
            ahead,
            fields: 0,
            max_size,
        }
    }

    /// Returns the next field. `None` after the last one, and after 20 fields. The previous field
    /// must have been dropped.
    ///
    /// # Errors
    /// [`FormError::FieldsTooLarge`] or [`FormError::Unreadable`].
    pub async fn next_field(&mut self) -> Result<Option<FormField>, FormError> {
        self.fields += 1;
        if self.fields > MAX_FIELDS {
            return Ok(None);
        }
        let (form, max_size) = (&mut self.form, self.max_size);
        let ahead = &self.ahead;
        let polled = poll_fn(|context| limited(ahead, form.poll_next_field(context)));
        let field = polled.await?.map_err(|error| error_of(error, max_size))?;
        Ok(field.map(|field| FormField {
            field,
            ahead: Arc::clone(&self.ahead),
            max_size,
        }))
    }
}

/// A field of a form.
#[derive(Debug)]
pub struct FormField {
    field: Field<'static>,
    ahead: Ahead,
    max_size: ByteSize,
}

impl FormField {
    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.field.name()
    }

    /// Returns the name of a file as the client sent it. Do not use it as a path.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        self.field.file_name()
    }

    /// Returns the declared media type without its parameters.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.field.content_type().map(|media| media.essence_str())
    }

    /// Reads the whole field within the limit of the form.
    ///
    /// # Errors
    /// [`FormError`].
    pub async fn bytes(self) -> Result<Vec<u8>, FormError> {
        let mut chunks = pin!(self.into_file());
        let mut bytes = Vec::new();
        while let Some(chunk) = chunks.next().await {
            bytes.extend_from_slice(&chunk?);
        }
        Ok(bytes)
    }

    /// Reads the whole field as text of at most `max_size`.
    ///
    /// # Errors
    /// [`FormError`].
    pub async fn text(mut self, max_size: ByteSize) -> Result<String, FormError> {
        let mut text = Vec::new();
        loop {
            let (field, ahead) = (&mut self.field, &self.ahead);
            let polled = poll_fn(|context| limited(ahead, field.poll_next_unpin(context)));
            let Some(chunk) = polled.await? else {
                return String::from_utf8(text).map_err(|_| FormError::NotText);
            };
            text.extend_from_slice(&chunk.map_err(|error| error_of(error, max_size))?);
            if text.len() > max_size.as_usize() {
                return Err(FormError::TooLarge(max_size));
            }
        }
    }

    /// Returns the content of a file, chunk by chunk.
    pub fn into_file(self) -> impl Stream<Item = Result<Bytes, FormError>> + Send + 'static {
        let (ahead, max_size) = (self.ahead, self.max_size);
        // multer repeats an error, so the stream ends after the first one.
        self.field.scan(false, move |has_failed, chunk| {
            ahead.store(0, Ordering::Relaxed);
            let chunk = chunk.map_err(|error| error_of(error, max_size));
            future::ready((!replace(has_failed, chunk.is_err())).then_some(chunk))
        })
    }
}

/// Ends a read that exceeds the limit for the bytes before the file.
fn limited<T>(ahead: &Ahead, polled: Poll<T>) -> Poll<Result<T, FormError>> {
    match polled {
        Poll::Pending if ahead.load(Ordering::Relaxed) >= MAX_AHEAD => {
            Poll::Ready(Err(FormError::FieldsTooLarge))
        }
        polled => polled.map(Ok),
    }
}

fn error_of(error: multer::Error, max_size: ByteSize) -> FormError {
    match error {
        multer::Error::FieldSizeExceeded { .. } => FormError::TooLarge(max_size),
        error => FormError::Unreadable(error.into()),
    }
}

/// A body that ends a read of multer after [`MAX_AHEAD`] bytes, because multer reads everything
/// that is available.
struct Limited {
    body: BodyDataStream,
    ahead: Ahead,
}

impl Stream for Limited {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ahead.load(Ordering::Relaxed) >= MAX_AHEAD {
            // multer returns a field or a chunk from its buffer.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let chunk = ready!(self.body.poll_next_unpin(context));
        if let Some(Ok(data)) = &chunk {
            self.ahead.fetch_add(data.len(), Ordering::Relaxed);
        }
        Poll::Ready(chunk)
    }
}
