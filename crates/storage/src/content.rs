use std::{fmt, future::poll_fn, pin::Pin};

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use seaworthy_core::ByteSize;

use crate::StorageError;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type BoxBody = Pin<Box<dyn Body<Data = Bytes, Error = BoxError> + Send>>;

/// The content of an upload: bytes, or a stream such as the body of a request.
///
/// ```
/// use axum::body::Body;
/// use seaworthy_storage::Content;
///
/// let bytes = Content::from("text");
/// let stream = Content::stream(Body::from("text")).with_size(4);
/// # drop((bytes, stream));
/// ```
pub struct Content {
    body: BoxBody,
    size: Option<u64>,
}

impl Content {
    /// Creates content from a stream of any length up to the limit of the storage.
    pub fn stream<B>(body: B) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let size = body.size_hint().exact();
        let body = Box::pin(body.map_err(Into::into));
        Self { body, size }
    }

    /// Declares the size in bytes. The upload fails if the stream has another size.
    #[must_use]
    pub fn with_size(mut self, size: u64) -> Self {
        self.size = Some(size);
        self
    }

    pub(crate) fn reader(self, limit: ByteSize) -> Result<Reader, StorageError> {
        if self.size.is_some_and(|size| size > limit.get()) {
            return Err(StorageError::TooLarge(limit));
        }
        Ok(Reader {
            body: self.body,
            expected: self.size,
            limit,
            read: 0,
            rest: Bytes::new(),
        })
    }
}

impl<T: Into<Bytes>> From<T> for Content {
    fn from(bytes: T) -> Self {
        Self::stream(Full::new(bytes.into()))
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Content")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// Reads content within its limits.
pub(crate) struct Reader {
    body: BoxBody,
    expected: Option<u64>,
    limit: ByteSize,
    read: u64,
    /// Data that was received and not returned.
    rest: Bytes,
}

impl Reader {
    /// Returns the next data, or `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, StorageError> {
        if !self.rest.is_empty() {
            return Ok(Some(std::mem::take(&mut self.rest)));
        }
        while let Some(frame) = poll_fn(|context| self.body.as_mut().poll_frame(context)).await {
            let Ok(data) = frame.map_err(StorageError::Content)?.into_data() else {
                continue;
            };
            if data.is_empty() {
                continue;
            }
            let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
            self.read = self.read.saturating_add(length);
            if self.read > self.limit.get() {
                return Err(StorageError::TooLarge(self.limit));
            }
            match self.expected {
                Some(expected) if self.read > expected => return Err(self.mismatch(expected)),
                _ => return Ok(Some(data)),
            }
        }
        match self.expected {
            Some(expected) if self.read < expected => Err(self.mismatch(expected)),
            _ => Ok(None),
        }
    }

    /// Returns up to `size` bytes. Less only at the end.
    pub(crate) async fn part(&mut self, size: usize) -> Result<Bytes, StorageError> {
        let mut part = BytesMut::new();
        while part.len() < size {
            let Some(mut data) = self.next().await? else {
                break;
            };
            let missing = size.saturating_sub(part.len());
            if data.len() > missing {
                self.rest = data.split_off(missing);
            }
            if part.is_empty() && data.len() == size {
                return Ok(data);
            }
            if part.is_empty() {
                // Only content above one frame needs the whole part.
                part.reserve(data.len());
            }
            part.extend_from_slice(&data);
        }
        Ok(part.freeze())
    }

    fn mismatch(&self, expected: u64) -> StorageError {
        StorageError::Size {
            expected,
            actual: self.read,
        }
    }
}
