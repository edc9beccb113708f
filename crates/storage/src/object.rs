use std::{
    fmt,
    future::poll_fn,
    ops::Range,
    pin::Pin,
    task::{Context, Poll, ready},
    time::SystemTime,
};

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt as _, stream::BoxStream};
use http_body::{Body, Frame, SizeHint};
use seaworthy_core::ByteSize;

use crate::{ObjectKey, StorageError};

/// The properties of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectMeta {
    /// The size, in bytes.
    pub size: u64,
    /// The media type of the upload.
    pub content_type: String,
    /// A tag that changes with the content, without quotes.
    pub etag: String,
    /// The time of the upload.
    pub modified: SystemTime,
}

/// An object or a range of it. The body is a stream.
#[derive(Debug)]
pub struct Object {
    pub(crate) meta: ObjectMeta,
    pub(crate) range: Range<u64>,
    pub(crate) body: ObjectBody,
}

impl Object {
    /// Returns the properties of the whole object.
    #[must_use]
    pub fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    /// Returns the range of the object that the body contains, in bytes.
    #[must_use]
    pub fn range(&self) -> &Range<u64> {
        &self.range
    }

    /// Returns the body as a stream, for example for a response.
    #[must_use]
    pub fn into_body(self) -> ObjectBody {
        self.body
    }

    /// Reads the whole body, of at most `limit` bytes.
    ///
    /// # Errors
    /// [`StorageError::TooLarge`] if the body is larger, or an error of the engine.
    pub async fn bytes(self, limit: u64) -> Result<Bytes, StorageError> {
        let mut body = self.body;
        if body.left > limit {
            return Err(StorageError::TooLarge(ByteSize::bytes(limit)));
        }
        let mut whole = BytesMut::with_capacity(usize::try_from(body.left).unwrap_or_default());
        while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            if let Ok(data) = frame?.into_data() {
                whole.extend_from_slice(&data);
            }
        }
        Ok(whole.freeze())
    }
}

/// The bytes of an object as a stream of known length.
pub struct ObjectBody {
    stream: BoxStream<'static, Result<Bytes, StorageError>>,
    left: u64,
}

impl ObjectBody {
    pub(crate) fn new(
        stream: impl Stream<Item = Result<Bytes, StorageError>> + Send + 'static,
        size: u64,
    ) -> Self {
        Self {
            stream: stream.boxed(),
            left: size,
        }
    }
}

impl Body for ObjectBody {
    type Data = Bytes;
    type Error = StorageError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StorageError>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let item = match ready!(self.stream.poll_next_unpin(context)) {
            Some(Ok(data)) => {
                let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
                match self.left.checked_sub(length) {
                    Some(left) => {
                        self.left = left;
                        return Poll::Ready(Some(Ok(Frame::data(data))));
                    }
                    None => StorageError::InvalidResponse("it is longer than the object"),
                }
            }
            Some(Err(error)) => error,
            None => StorageError::InvalidResponse("it ended before the end of the object"),
        };
        self.left = 0;
        Poll::Ready(Some(Err(item)))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

impl fmt::Debug for ObjectBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ObjectBody")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// An object of a list. Lists contain no media types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// The key.
    pub key: ObjectKey,
    /// The size, in bytes.
    pub size: u64,
    /// The entity tag, without quotes.
    pub etag: String,
    /// The time of the upload.
    pub modified: SystemTime,
}

/// A page of a list, in the order of the bytes of the keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListPage {
    /// The objects.
    pub objects: Vec<ListedObject>,
    /// The position of the next page. `None` if this is the last page.
    pub next: Option<ObjectKey>,
}
