//! The size of a request's body (SEC-3): refused when it is declared too large, cut off when it grows too large.

use std::{
    error::Error as StdError,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body::{Body as _, Frame, SizeHint};
use seaworthy_core::{ByteSize, Code, Error};

use crate::server::RequestBodyError;

/// A body that grew beyond its limit: the error that a reader of the body gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is larger than the limit of {limit} bytes")]
pub(crate) struct BodyTooLarge {
    limit: u64,
}

/// Why a body ended early through the client's fault, known to the answer whatever the handler's extractor made of the error.
#[derive(Debug, Clone, Default)]
pub(crate) struct BodyReport(Arc<OnceLock<BodyFault>>);

#[derive(Debug, Clone, Copy)]
enum BodyFault {
    TooLarge(u64),
    TooSlow,
}

impl BodyFault {
    fn of(error: &(dyn StdError + 'static)) -> Option<Self> {
        if let Some(BodyTooLarge { limit }) = error.downcast_ref() {
            return Some(Self::TooLarge(*limit));
        }
        match error.downcast_ref() {
            Some(RequestBodyError::TooSlow) => Some(Self::TooSlow),
            Some(RequestBodyError::TooLarge(limit)) => Some(Self::TooLarge(limit.get())),
            _ => Self::of(error.source()?),
        }
    }

    fn error(self) -> Error {
        match self {
            Self::TooLarge(limit) => too_large(ByteSize::bytes(limit)),
            Self::TooSlow => Error::new(
                Code::RequestTimeout,
                "BODY_TOO_SLOW",
                "the body came more slowly than the service waits for",
            ),
        }
    }
}

impl BodyReport {
    /// The answer that the fault is worth, if there was one.
    pub(crate) fn error(&self) -> Option<Error> {
        self.0.get().map(|fault| fault.error())
    }
}

/// The answer that the reason for which reading a body failed is worth.
pub(crate) fn unreadable(error: axum::Error) -> Error {
    match BodyFault::of(&error) {
        Some(fault) => fault.error(),
        None => Error::new(
            Code::Invalid,
            "BODY_INCOMPLETE",
            "the body could not be read to its end",
        )
        .with_cause(error),
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

/// The body, cut off at the limit, and a report of how its reading went where there is one to read.
pub(crate) fn limited(body: Body, limit: ByteSize) -> (Body, Option<BodyReport>) {
    if body.is_end_stream() {
        return (body, None);
    }
    let report = BodyReport::default();
    let body = Body::new(LimitedBody {
        body,
        limit: limit.get(),
        remaining: limit.get(),
        report: report.clone(),
    });
    (body, Some(report))
}

#[derive(Debug)]
struct LimitedBody {
    body: Body,
    limit: u64,
    remaining: u64,
    report: BodyReport,
}

impl LimitedBody {
    fn fail<E: Into<axum::BoxError>>(&self, error: E) -> axum::BoxError {
        let error = error.into();
        if let Some(fault) = BodyFault::of(&*error) {
            // A second error of the same body says nothing new.
            let _ = self.report.0.set(fault);
        }
        error
    }
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
        let frame = frame.map_err(|error| self.fail(error))?;
        if let Some(data) = frame.data_ref() {
            let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
            match self.remaining.checked_sub(length) {
                Some(remaining) => self.remaining = remaining,
                None => {
                    let limit = self.limit;
                    return Poll::Ready(Some(Err(self.fail(BodyTooLarge { limit }))));
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
        let (fits, report) = limited(streamed(&["1234", "5678"]), limit);
        assert_eq!(fits.collect().await.unwrap().to_bytes(), "12345678");
        assert!(report.unwrap().error().is_none());
        let (grows, report) = limited(streamed(&["1234", "5678", "9"]), limit);
        let error = unreadable(grows.collect().await.unwrap_err());
        assert_eq!(error.code(), Code::TooLarge);
        assert_eq!(report.unwrap().error().unwrap().code(), Code::TooLarge);
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
