//! The size of a request's body (SEC-3): refused when it is declared too large, cut off when it grows too large.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body::{Body as _, Frame, SizeHint};
use seaworthy_core::{ByteSize, Code, Error};

/// A body that grew beyond its limit: the error that a reader of the body gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is larger than the limit of {limit} bytes")]
pub struct BodyTooLarge {
    limit: u64,
}

impl BodyTooLarge {
    /// Whether this error is why reading a body failed.
    #[must_use]
    pub fn caused(error: &(dyn std::error::Error + 'static)) -> bool {
        std::iter::successors(Some(error), |error| error.source())
            .any(|error| error.is::<Self>() || error.is::<http_body_util::LengthLimitError>())
    }
}

/// The answer to a body that is too large.
pub(crate) fn too_large(limit: ByteSize) -> Error {
    Error::new(
        Code::TooLarge,
        "BODY_TOO_LARGE",
        format!("the body is larger than the limit of {} bytes", limit.get()),
    )
}

/// Whether the head already says that the body is too large.
pub(crate) fn declared_too_large(headers: &HeaderMap, limit: ByteSize) -> bool {
    headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok())
        .is_some_and(|length| length > limit.get())
}

/// The body, cut off at the limit. One whose length is known to fit, which the connection enforces, is passed on as it is.
pub(crate) fn limited(body: Body, limit: ByteSize) -> Body {
    if body.is_end_stream()
        || body
            .size_hint()
            .upper()
            .is_some_and(|upper| upper <= limit.get())
    {
        return body;
    }
    Body::new(LimitedBody {
        body,
        limit: limit.get(),
        remaining: limit.get(),
    })
}

#[derive(Debug)]
struct LimitedBody {
    body: Body,
    limit: u64,
    remaining: u64,
}

impl http_body::Body for LimitedBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(context)) else {
            return Poll::Ready(None);
        };
        let frame = frame?;
        if let Some(data) = frame.data_ref() {
            let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
            match self.remaining.checked_sub(length) {
                Some(remaining) => self.remaining = remaining,
                None => {
                    let limit = self.limit;
                    return Poll::Ready(Some(Err(BodyTooLarge { limit }.into())));
                }
            }
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use http_body_util::BodyExt as _;

    use super::*;

    fn streamed(chunks: &'static [&'static str]) -> Body {
        Body::from_stream(stream::iter(chunks).map_ok_bytes())
    }

    trait MapOkBytes {
        fn map_ok_bytes(
            self,
        ) -> impl futures::Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static;
    }

    impl<S: futures::Stream<Item = &'static &'static str> + Send + 'static> MapOkBytes for S {
        fn map_ok_bytes(
            self,
        ) -> impl futures::Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
            futures::StreamExt::map(self, |chunk| Ok(Bytes::from_static(chunk.as_bytes())))
        }
    }

    #[tokio::test]
    async fn a_streamed_body_is_cut_off_at_its_limit_sec_3() {
        let limit = ByteSize::bytes(8);
        let fits = limited(streamed(&["1234", "5678"]), limit);
        assert_eq!(fits.collect().await.unwrap().to_bytes(), "12345678");
        let grows = limited(streamed(&["1234", "5678", "9"]), limit);
        let error = grows.collect().await.unwrap_err();
        assert!(BodyTooLarge::caused(&error), "{error:?}");
    }

    #[test]
    fn a_declared_length_beyond_the_limit_is_known_at_once_sec_3() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, 9.into());
        assert!(declared_too_large(&headers, ByteSize::bytes(8)));
        assert!(!declared_too_large(&headers, ByteSize::bytes(9)));
        assert!(!declared_too_large(&HeaderMap::new(), ByteSize::bytes(0)));
    }
}
