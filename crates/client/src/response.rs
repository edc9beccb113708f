use std::{future::poll_fn, pin::Pin, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body::Body as _;
use seaworthy_core::ByteSize;
use seaworthy_resilience::{Classify as _, ClassifyHttp};
use serde::de::DeserializeOwned;

use crate::{ClientError, ResponseBody};

/// A response whose head has arrived.
#[derive(Debug)]
pub struct HttpResponse {
    response: Response<ResponseBody>,
    host: Arc<str>,
    max_size: ByteSize,
}

impl HttpResponse {
    pub(crate) fn new(
        response: Response<ResponseBody>,
        host: Arc<str>,
        max_size: ByteSize,
    ) -> Self {
        Self {
            response,
            host,
            max_size,
        }
    }

    /// Returns the status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// Returns the headers. `Content-Encoding` and `Content-Length` are removed if the body is
    /// decompressed.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Returns the host and port that responded, after redirects.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the response if its status is 2xx.
    ///
    /// # Errors
    /// [`ClientError::Status`] for all other statuses.
    pub fn success(self) -> Result<Self, ClientError> {
        if self.status().is_success() {
            return Ok(self);
        }
        let outcome = ClassifyHttp.classify(Ok::<_, &ClientError>(&self.response));
        Err(ClientError::Status {
            host: self.host,
            status: self.response.status(),
            retry_after: outcome.retry_after(),
        })
    }

    /// Reads the whole body.
    ///
    /// # Errors
    /// [`ClientError`] if the body is too large, too slow, incomplete or not validly encoded.
    pub async fn bytes(self) -> Result<Bytes, ClientError> {
        let mut body = self.response.into_body();
        let max_size = self.max_size.as_usize();
        let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        let mut whole = Vec::with_capacity(announced.min(max_size));
        while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            if let Ok(data) = frame?.into_data() {
                grow(&mut whole, data.len(), max_size);
                whole.extend_from_slice(&data);
            }
        }
        whole.shrink_to_fit();
        Ok(whole.into())
    }

    /// Reads the whole body as text.
    ///
    /// # Errors
    /// As [`HttpResponse::bytes`], and [`ClientError::Text`] if it is not UTF-8.
    pub async fn text(self) -> Result<String, ClientError> {
        let host = Arc::clone(&self.host);
        let bytes = self.bytes().await?;
        String::from_utf8(bytes.into()).map_err(|_| ClientError::Text { host })
    }

    /// Reads the whole body as JSON.
    ///
    /// # Errors
    /// As [`HttpResponse::bytes`], and [`ClientError::Json`] if it is not JSON of this type.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, ClientError> {
        let host = Arc::clone(&self.host);
        let bytes = self.bytes().await?;
        serde_json::from_slice(&bytes).map_err(|error| ClientError::Json {
            host,
            line: error.line(),
            column: error.column(),
        })
    }

    /// Returns the response with its body as a stream, within the same limits.
    #[must_use]
    pub fn into_http(self) -> Response<ResponseBody> {
        self.response
    }
}

/// Up to this maximum size a growing buffer gets its whole capacity in one allocation. Unused pages
/// cost nothing, and growing would hold the body twice.
const MAX_EAGER_CAPACITY: usize = 16 * 1024 * 1024;
/// First capacity of a body of unknown length.
const INITIAL_CAPACITY: usize = 64 * 1024;

/// Reserves capacity, at most the maximum size of the body.
fn grow(whole: &mut Vec<u8>, more: usize, max_size: usize) {
    let needed = whole.len().saturating_add(more);
    if needed <= whole.capacity() {
        return;
    }
    let capacity = if needed <= INITIAL_CAPACITY {
        INITIAL_CAPACITY
    } else if max_size <= MAX_EAGER_CAPACITY {
        max_size
    } else {
        whole.capacity().saturating_mul(2)
    };
    let capacity = capacity.min(max_size).max(needed);
    whole.reserve_exact(capacity.saturating_sub(whole.len()));
}
