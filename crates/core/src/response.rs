//! Converts an [`Error`] into the response of an axum handler.
//!
//! The orphan rule requires the implementation in this crate. It needs the feature `axum`.

use std::{error::Error as StdError, fmt, sync::Arc};

use axum_core::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};

use crate::{Error, Problem, context};

/// The error of a response, as an extension of the response.
///
/// Layers around the handler log its cause or encode it in another format.
#[derive(Debug, Clone)]
pub struct ResponseError(Arc<Error>);

impl ResponseError {
    /// Creates the extension.
    #[must_use]
    pub fn new(error: Error) -> Self {
        Self(Arc::new(error))
    }

    /// Returns the error.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.0
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl StdError for ResponseError {
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
        if let Some(seconds) = self.retry_after_seconds() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(ResponseError::new(self));
        response
    }
}
