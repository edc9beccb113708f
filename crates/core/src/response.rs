//! An [`Error`] as an answer of an axum handler, so that handlers return `Result<_, Error>` and `?` needs no conversion.
//!
//! It lives in this crate because the orphan rule allows it nowhere else without a second error type, and behind a feature so that the kernel
//! stays free of any transport.

use std::{error::Error as StdError, fmt, sync::Arc};

use axum_core::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};

use crate::{Error, Problem, context};

/// The error behind an answer, left in the answer's extensions for the layers outside the handler: they log its cause, or render it in another form.
#[derive(Debug, Clone)]
pub struct Failure(Arc<Error>);

impl Failure {
    /// Notes an error beside an answer that was made of it.
    #[must_use]
    pub fn new(error: Error) -> Self {
        Self(Arc::new(error))
    }

    /// The error.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.0
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let body = context::with_current(|context| {
            serde_json::to_vec(&Problem::new(
                &self,
                context.map(|context| context.request_id()),
            ))
        })
        .unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(self.code().http_status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(Problem::MEDIA_TYPE),
        );
        if let Some(wait) = self.retry_after() {
            // Rounded up: a client that waits the rounded-down time is refused again.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(Failure::new(self));
        response
    }
}
