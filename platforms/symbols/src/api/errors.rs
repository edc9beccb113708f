use std::sync::Arc;

use seaworthy::{
    axum::{
        body::Body,
        response::{IntoResponse as _, Response},
    },
    contract::error::{ErrorFormat, reason, to_status_in_domain},
    core::{Problem, ResponseError, context},
    prelude::*,
    tonic::Status,
};
use serde_json::json;

/// Reasons and fields of the legacy error format.
#[derive(Debug)]
pub(super) struct SymbolErrors;

impl ErrorFormat for SymbolErrors {
    fn adapt(&self, error: Error) -> Error {
        let as_reason = |error: &Error, reason: &'static str, message: String| {
            let adapted = Error::new(error.code(), reason, message);
            error.fields().iter().fold(adapted, |adapted, violation| {
                adapted.with_field(violation.field.clone(), violation.description.clone())
            })
        };
        match (error.code(), error.reason()) {
            (_, reason::VALIDATION_FAILED) if error.fields().iter().any(|f| f.field == "id") => {
                let message = "invalid symbol ID: must be greater than zero".to_owned();
                as_reason(&error, "INVALID_ID", message)
            }
            (_, reason::VALIDATION_FAILED) => {
                let fields = error.fields().iter();
                let fields: Vec<_> = fields
                    .map(|violation| format!("{} {}", violation.field, violation.description))
                    .collect();
                let message = format!("validation failed: {}", fields.join("; "));
                as_reason(&error, "VALIDATION_ERROR", message)
            }
            (_, reason::MALFORMED_REQUEST) => {
                let message = error.message().to_owned();
                as_reason(&error, "CODEC", message)
            }
            (_, reason::UNSUPPORTED_MEDIA_TYPE) => {
                let message = format!("unregister Content-Type: {}", error.message());
                Error::new(Code::Invalid, "CODEC", message)
            }
            (_, "OVERLOADED") | (Code::Exhausted, _) => {
                let message = "service unavailable due to rate limit exceeded";
                let limited = Error::new(Code::Exhausted, "RATELIMIT", message);
                match error.retry_after() {
                    Some(wait) => limited.with_retry_after(wait),
                    None => limited,
                }
            }
            // Errors of this service have other reasons, so this error is a panic.
            (Code::Internal, "INTERNAL") => {
                Error::new(Code::Internal, "UNKNOWN", "unknown request error").with_cause(error)
            }
            _ => error,
        }
    }

    fn grpc(&self, error: Error) -> Status {
        // Clients of the legacy service expect an empty domain in `ErrorInfo`.
        let mut status = to_status_in_domain(&error, "");
        status.set_source(Arc::new(ResponseError::new(error)));
        status
    }

    fn http(&self, error: Error) -> Response {
        let legacy_fields = json!({
            "code": error.code().http_status(),
            "reason": error.reason(),
            "message": error.message(),
            "metadata": {},
        });
        let body = context::with_current(|context| {
            let id = context.map(|context| context.request_id());
            let mut problem = serde_json::to_value(Problem::new(&error, id)).unwrap_or_default();
            if let (Some(problem), Some(legacy_fields)) =
                (problem.as_object_mut(), legacy_fields.as_object())
            {
                problem.extend(legacy_fields.clone());
            }
            problem.to_string()
        });
        error.into_response().map(|_| Body::from(body))
    }
}
