use std::{sync::Arc, time::SystemTime};

use axum::{
    body::Body,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use prost::Message;
use seaworthy_core::{Error, Problem, ResponseError, context};
use serde::Serialize;
use serde_json::Value;

use super::{ErrorCode, ErrorFormat, LibraryCode, details::Detail as _, status::to_status_with};

/// The member with the number of the [`LibraryCode`].
const ERROR_CODE: &str = "error_code";

/// The message `common.v1.ErrorResponse`.
#[derive(Clone, PartialEq, Message, Serialize)]
pub struct ErrorResponse {
    /// The HTTP status.
    #[prost(int32, tag = "1")]
    pub status: i32,
    /// The name of the [`ErrorCode`].
    #[prost(string, tag = "2")]
    pub code: String,
    /// The text for people.
    #[prost(string, tag = "3")]
    pub message: String,
    /// The same text, as in a problem document.
    #[prost(string, tag = "4")]
    pub detail: String,
    /// The trace in hexadecimal. Empty without a trace.
    #[prost(string, tag = "5")]
    pub trace_id: String,
    /// The time in RFC 3339.
    #[prost(string, tag = "6")]
    pub timestamp: String,
    /// The invalid fields.
    #[prost(message, repeated, tag = "7")]
    pub field_errors: Vec<FieldError>,
    /// The next step of the client. May be empty.
    #[prost(string, tag = "8")]
    pub suggestion: String,
    /// A page about the error. May be empty.
    #[prost(string, tag = "9")]
    pub help_url: String,
}

/// The message `common.v1.FieldError`. Its field `value` is not sent, because a value may be
/// secret.
#[derive(Clone, PartialEq, Message, Serialize)]
pub struct FieldError {
    /// The path of the field.
    #[prost(string, tag = "1")]
    pub field: String,
    /// The name of the [`ErrorCode`].
    #[prost(string, tag = "2")]
    pub code: String,
    /// The text for people.
    #[prost(string, tag = "3")]
    pub message: String,
}

impl ErrorResponse {
    /// Creates the message of an error. The trace is that of the current request.
    #[must_use]
    pub fn new(error: &Error) -> Self {
        let trace_id = context::with_current(|context| {
            let trace = context.map(|context| context.trace().trace_id().to_string());
            trace.unwrap_or_default()
        });
        let field_errors = error.fields().iter().map(|violation| FieldError {
            field: violation.field.clone(),
            code: ErrorCode::InvalidParameter.name().to_owned(),
            message: violation.description.clone(),
        });
        let suggestion = error
            .retry_after_seconds()
            .map(|seconds| format!("try again in {seconds} s"));
        Self {
            status: LibraryCode::status(error).into(),
            code: ErrorCode::from_error(error).name().to_owned(),
            message: error.message().to_owned(),
            detail: error.message().to_owned(),
            trace_id,
            timestamp: prost_types::Timestamp::from(SystemTime::now()).to_string(),
            field_errors: field_errors.collect(),
            suggestion: suggestion.unwrap_or_default(),
            help_url: String::new(),
        }
    }
}

/// The form `common.v1.ErrorResponse` on both transports.
///
/// Over HTTP the body has the members of the message and of a problem document (RFC 9457). Over
/// gRPC the message is a further detail of `google.rpc.Status`. The member `error_code`, and the
/// metadata of `ErrorInfo`, have the number of the [`LibraryCode`].
///
/// ```
/// use seaworthy_contract::{Code, ContractConfig, Error, error::{CodedErrors, ErrorCode}};
///
/// let config = ContractConfig::default().with_errors(CodedErrors);
/// let error = Error::new(Code::Forbidden, "ACCOUNT_LOCKED", "the account is locked");
/// assert_eq!(ErrorCode::from_error(&error).number(), 4001);
/// assert_eq!(config.rejection(error).status(), 403);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct CodedErrors;

impl ErrorFormat for CodedErrors {
    fn http(&self, error: Error) -> Response {
        let form = ErrorResponse::new(&error);
        let status = StatusCode::from_u16(LibraryCode::status(&error)).ok();
        let number = LibraryCode::from_error(&error).number();
        let body = context::with_current(|context| {
            let id = context.map(|context| context.request_id());
            let problem = serde_json::to_value(Problem::new(&error, id));
            match (problem, serde_json::to_value(&form)) {
                (Ok(Value::Object(mut problem)), Ok(Value::Object(form))) => {
                    problem.extend(form);
                    problem.insert(ERROR_CODE.to_owned(), number.into());
                    Value::Object(problem).to_string()
                }
                _ => String::new(),
            }
        });
        let mut response = error.into_response().map(|_| Body::from(body));
        if let Some(status) = status {
            *response.status_mut() = status;
        }
        response
    }

    fn grpc(&self, error: Error) -> tonic::Status {
        let detail = ErrorResponse::new(&error).pack();
        let number = LibraryCode::from_error(&error).number();
        let error = error.with_metadata(ERROR_CODE, number.to_string());
        let mut status = to_status_with(&error, Some(detail));
        status.set_source(Arc::new(ResponseError::new(error)));
        status
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use seaworthy_core::Code;

    use super::*;
    use crate::error::details::{ErrorInfo, Status};

    #[tokio::test]
    async fn http_errors_have_the_form_and_a_problem_api_2() {
        let error = Error::invalid(Vec::new())
            .with_field("password", "must have at least 8 characters")
            .with_cause("hunter2");
        let response = CodedErrors.http(error);
        assert_eq!(response.status(), 400);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["status"], 400);
        assert_eq!(body["code"], "VALIDATION_ERROR");
        assert_eq!(body["reason"], "VALIDATION_FAILED");
        assert_eq!(body["message"], body["detail"]);
        assert_eq!(body["field_errors"][0]["field"], "password");
        assert!(body["field_errors"][0].get("value").is_none(), "{body}");
        assert_eq!(body["error_code"], 20_000);
        assert!(body["timestamp"].as_str().unwrap().ends_with('Z'), "{body}");
        assert!(!body.to_string().contains("hunter2"), "{body}");
    }

    #[test]
    fn grpc_errors_have_the_form_as_a_detail_api_2() {
        let error = Error::new(Code::Forbidden, "ACCOUNT_LOCKED", "the account is locked")
            .with_metadata("unlock_time", "1700000000");
        let status = CodedErrors.grpc(error);
        assert_eq!(status.code(), tonic::Code::PermissionDenied);
        let details = Status::decode(status.details()).unwrap().details;
        let info = ErrorInfo::unpack(&details).unwrap();
        assert_eq!(info.metadata["unlock_time"], "1700000000");
        assert_eq!(info.metadata["error_code"], "30004");
        let form = ErrorResponse::unpack(&details).unwrap();
        assert_eq!((form.status, form.code.as_str()), (403, "ACCOUNT_LOCKED"));
    }

    #[tokio::test]
    async fn failure_of_another_service_is_502_api_2() {
        let response = CodedErrors.http(LibraryCode::Upstream.error("the bank did not respond"));
        assert_eq!(response.status(), 502);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (&body["status"], &body["error_code"]),
            (&502.into(), &50_003.into())
        );
    }

    #[test]
    fn codes_follow_the_reason_and_then_the_kind_api_2() {
        let of = |code, reason: &'static str| ErrorCode::from_error(&Error::new(code, reason, ""));
        assert_eq!(of(Code::Invalid, "PASSWORD_WEAK"), ErrorCode::PasswordWeak);
        assert_eq!(
            of(Code::Invalid, "CAPTCHA_EXPIRED"),
            ErrorCode::CaptchaInvalid
        );
        assert_eq!(
            of(Code::Invalid, "TOTP_REQUIRED"),
            ErrorCode::MissingParameter
        );
        assert_eq!(
            of(Code::Unauthenticated, "TOKEN_INVALID"),
            ErrorCode::InvalidToken
        );
        assert_eq!(
            of(Code::Unauthenticated, "PASSWORD_INCORRECT"),
            ErrorCode::Unauthorized
        );
        assert_eq!(
            of(Code::Conflict, "USER_EXISTS"),
            ErrorCode::ResourceAlreadyExists
        );
        assert_eq!(
            of(Code::Exhausted, "RATE_LIMITED"),
            ErrorCode::QuotaExceeded
        );
        assert_eq!(of(Code::Internal, "INTERNAL"), ErrorCode::InternalError);
        let mut numbers: Vec<_> = ErrorCode::ALL.map(ErrorCode::number).to_vec();
        numbers.dedup();
        assert_eq!(numbers.len(), ErrorCode::ALL.len());
        assert!(numbers.is_sorted(), "{numbers:?}");
    }
}
