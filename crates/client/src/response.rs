use std::{future::poll_fn, pin::Pin, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body::Body as _;
use seaworthy_core::ByteSize;
use seaworthy_resilience::{Classify as _, ClassifyHttp};
use serde::de::DeserializeOwned;

use crate::{ClientError, ResponseBody};

/// An answer whose head has come.
#[derive(Debug)]
pub struct HttpResponse {
    response: Response<ResponseBody>,
    host: Arc<str>,
    maximum: ByteSize,
}

impl HttpResponse {
    pub(crate) fn new(response: Response<ResponseBody>, host: Arc<str>, maximum: ByteSize) -> Self {
        Self {
            response,
            host,
            maximum,
        }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The headers. `Content-Encoding` and `Content-Length` are gone where the body is decompressed.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Host and port that answered, after redirects.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The answer, if its status is one of success.
    ///
    /// # Errors
    /// [`ClientError::Status`] for every status outside of 200 to 299.
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

    /// The whole body.
    ///
    /// # Errors
    /// [`ClientError`] when it is too large, too slow, broken off, or not what its encoding says.
    pub async fn bytes(self) -> Result<Bytes, ClientError> {
        let mut body = self.response.into_body();
        let maximum = self.maximum.as_usize();
        let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        let mut whole = Vec::with_capacity(announced.min(maximum));
        while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            if let Ok(data) = frame?.into_data() {
                grow(&mut whole, data.len(), maximum);
                whole.extend_from_slice(&data);
            }
        }
        whole.shrink_to_fit();
        Ok(whole.into())
    }

    /// The whole body as text.
    ///
    /// # Errors
    /// As [`HttpResponse::bytes`], and [`ClientError::Text`] when it is not UTF-8.
    pub async fn text(self) -> Result<String, ClientError> {
        let host = Arc::clone(&self.host);
        let bytes = self.bytes().await?;
        String::from_utf8(bytes.into()).map_err(|_| ClientError::Text { host })
    }

    /// The whole body as JSON.
    ///
    /// # Errors
    /// As [`HttpResponse::bytes`], and [`ClientError::Json`] when it is something else.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, ClientError> {
        let host = Arc::clone(&self.host);
        let bytes = self.bytes().await?;
        serde_json::from_slice(&bytes).map_err(|error| ClientError::Json {
            host,
            line: error.line(),
            column: error.column(),
        })
    }

    /// The answer with its body as a stream, still within all bounds.
    #[must_use]
    pub fn into_http(self) -> Response<ResponseBody> {
        self.response
    }
}

/// Up to this a growing body is given its whole bound at once: pages that are never written cost nothing, and growing step by step would hold it twice.
const AT_ONCE: usize = 16 * 1024 * 1024;
/// What most bodies of an unknown length fit into.
const FIRST: usize = 64 * 1024;

/// Makes room for more, and never beyond the bound of the body.
fn grow(whole: &mut Vec<u8>, more: usize, maximum: usize) {
    let needed = whole.len().saturating_add(more);
    if needed <= whole.capacity() {
        return;
    }
    let capacity = if needed <= FIRST {
        FIRST
    } else if maximum <= AT_ONCE {
        maximum
    } else {
        whole.capacity().saturating_mul(2)
    };
    let capacity = capacity.min(maximum).max(needed);
    whole.reserve_exact(capacity.saturating_sub(whole.len()));
}
