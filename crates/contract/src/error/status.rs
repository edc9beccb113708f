use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use prost::Message as _;
use prost_types::Any;
use seaworthy_core::{Code, Error, ResponseError, context};

use super::details::{
    BadRequest, Detail, ErrorInfo, FieldViolation, RequestInfo, RetryInfo, Status,
};

/// The maximum bytes of a message in a status. It is sent twice, in `grpc-message` and in the
/// details.
const MAX_MESSAGE_BYTES: usize = 1024;

/// The maximum bytes of all field violations in a status. Details are sent as base64 in the
/// headers, and clients accept no more than 8 KiB of headers by default.
const MAX_FIELDS_BYTES: usize = 3 * 1024;

/// The maximum length of a reason (`google.rpc.ErrorInfo`).
const MAX_REASON_BYTES: usize = 63;

/// Converts an error to a gRPC status with its code and public message. The details are `ErrorInfo`
/// (always the first, with the name of the service as its domain), `RequestInfo`, `BadRequest` with
/// every bad field, and `RetryInfo`. The private cause is not sent.
///
/// A long message is cut off. The status names the first field violations and counts the others. A
/// client rejects a status that exceeds its header limit, and then does not see the error.
#[must_use]
pub fn to_status(error: &Error) -> tonic::Status {
    to_status_with(error, None)
}

/// Converts an error as [`to_status`] does, with this domain in `ErrorInfo`.
#[must_use]
pub fn to_status_in_domain(error: &Error, domain: &str) -> tonic::Status {
    status(error, domain.to_owned(), None)
}

/// Converts an error as [`to_status`] does, and adds a detail.
pub(super) fn to_status_with(error: &Error, detail: Option<Any>) -> tonic::Status {
    let domain =
        context::with_current(|context| context.map(|context| context.service().name().to_owned()));
    status(error, domain.unwrap_or_default(), detail)
}

fn status(error: &Error, domain: String, detail: Option<Any>) -> tonic::Status {
    let mut details = vec![
        ErrorInfo {
            reason: error.reason().to_owned(),
            domain,
            metadata: metadata(error),
        }
        .pack(),
    ];
    if !error.fields().is_empty() {
        let field_violations = bounded(error.fields());
        details.push(BadRequest { field_violations }.pack());
    }
    if let Some(wait) = error.retry_after() {
        details.push(
            RetryInfo {
                retry_delay: prost_types::Duration::try_from(wait).ok(),
            }
            .pack(),
        );
    }
    context::with_current(|context| {
        if let Some(context) = context {
            let request_id = context.request_id().as_str().to_owned();
            details.push(RequestInfo { request_id }.pack());
        }
    });
    details.extend(detail);
    let code = error.code().grpc();
    let message = beginning(error.message());
    let status = Status {
        code,
        message: message.to_owned(),
        details,
    };
    tonic::Status::with_details(
        tonic::Code::from_i32(code),
        message,
        Bytes::from(status.encode_to_vec()),
    )
}

fn metadata(error: &Error) -> BTreeMap<String, String> {
    let metadata = error.metadata().iter();
    metadata
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

fn beginning(message: &str) -> &str {
    let end = message.floor_char_boundary(MAX_MESSAGE_BYTES);
    message.get(..end).unwrap_or_default()
}

/// Returns the violations that fit, and the number of the others.
fn bounded(fields: &[seaworthy_core::FieldViolation]) -> Vec<FieldViolation> {
    let mut left = MAX_FIELDS_BYTES;
    let mut bounded: Vec<FieldViolation> = fields
        .iter()
        .map_while(|violation| {
            let length = violation.field.len() + violation.description.len();
            left = left.checked_sub(length)?;
            Some(FieldViolation {
                field: violation.field.clone(),
                description: violation.description.clone(),
            })
        })
        .collect();
    let more = fields.len() - bounded.len();
    if more > 0 {
        bounded.push(FieldViolation {
            field: String::new(),
            description: format!("{more} more fields are invalid"),
        });
    }
    bounded
}

/// Converts the error of another service into the error of a request that needs that service.
///
/// Message and fields pass on if they concern the request: a bad argument, a missing resource, a
/// conflict, a permission or a limit. For faults of the other service or of the network, only code,
/// reason and retry delay pass on. The message may contain addresses or database texts. The status
/// is then the private cause.
#[must_use]
pub fn from_status(status: &tonic::Status) -> Error {
    let details = Status::decode(status.details())
        .map(|status| status.details)
        .unwrap_or_default();
    let code = code(status.code());
    let reason = ErrorInfo::unpack(&details)
        .map(|info| info.reason)
        .filter(|reason| is_reason(reason))
        .unwrap_or_else(|| screaming(status.code()));
    let mut error = match fixed_message(status.code()) {
        Some(message) => Error::new(code, reason, message).with_cause(status.clone()),
        None => {
            let fields = BadRequest::unpack(&details)
                .map(|bad| bad.field_violations)
                .unwrap_or_default();
            let error = Error::new(code, reason, status.message().to_owned());
            fields.into_iter().fold(error, |error, violation| {
                error.with_field(violation.field, violation.description)
            })
        }
    };
    let wait = RetryInfo::unpack(&details)
        .and_then(|retry| retry.retry_delay)
        .and_then(|delay| Duration::try_from(delay).ok());
    if let Some(wait) = wait {
        error = error.with_retry_after(wait);
    }
    error
}

/// Converts the error of a request stream that broke. `status` is the result of reading the stream.
///
/// The client receives the reason of a rejection during the read. Any other status means that the
/// client or the network ended the stream.
pub(crate) fn from_request_stream(status: &tonic::Status) -> Error {
    let rejection = std::error::Error::source(status).and_then(|source| source.downcast_ref());
    if let Some(rejection) = rejection.map(ResponseError::error) {
        let (reason, message) = (
            rejection.reason().to_owned(),
            rejection.message().to_owned(),
        );
        let error = Error::new(rejection.code(), reason, message);
        return match rejection.retry_after() {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        };
    }
    match status.code() {
        tonic::Code::Cancelled
        | tonic::Code::Unknown
        | tonic::Code::Internal
        | tonic::Code::Unavailable => Error::new(
            Code::Cancelled,
            "CANCELLED",
            "the stream of requests ended before it was complete",
        )
        .with_cause(status.clone()),
        _ => from_status(status),
    }
}

/// Returns the public message of a failure that does not concern the request. `None` if it does.
fn fixed_message(code: tonic::Code) -> Option<&'static str> {
    match code {
        tonic::Code::Ok
        | tonic::Code::Unknown
        | tonic::Code::Internal
        | tonic::Code::DataLoss
        | tonic::Code::Unimplemented => Some("a dependency of this service failed"),
        tonic::Code::Unavailable => {
            Some("a dependency of this service is failing: try again later")
        }
        tonic::Code::DeadlineExceeded => {
            Some("a dependency of this service did not respond in time")
        }
        tonic::Code::Cancelled => Some("the request was canceled"),
        tonic::Code::Unauthenticated => Some("the request is not authenticated"),
        tonic::Code::InvalidArgument
        | tonic::Code::OutOfRange
        | tonic::Code::NotFound
        | tonic::Code::AlreadyExists
        | tonic::Code::Aborted
        | tonic::Code::PermissionDenied
        | tonic::Code::ResourceExhausted
        | tonic::Code::FailedPrecondition => None,
    }
}

/// Whether text has the form of a reason (`google.rpc.ErrorInfo`). Other text of another service is
/// not passed on.
fn is_reason(text: &str) -> bool {
    (1..=MAX_REASON_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

fn code(code: tonic::Code) -> Code {
    match code {
        tonic::Code::Ok | tonic::Code::Unknown | tonic::Code::Internal | tonic::Code::DataLoss => {
            Code::Internal
        }
        tonic::Code::Cancelled => Code::Cancelled,
        tonic::Code::InvalidArgument | tonic::Code::OutOfRange => Code::Invalid,
        tonic::Code::DeadlineExceeded => Code::DeadlineExceeded,
        tonic::Code::NotFound => Code::NotFound,
        tonic::Code::AlreadyExists | tonic::Code::Aborted => Code::Conflict,
        tonic::Code::PermissionDenied => Code::Forbidden,
        tonic::Code::ResourceExhausted => Code::Exhausted,
        tonic::Code::FailedPrecondition => Code::PreconditionFailed,
        tonic::Code::Unimplemented => Code::Unimplemented,
        tonic::Code::Unavailable => Code::Unavailable,
        tonic::Code::Unauthenticated => Code::Unauthenticated,
    }
}

fn screaming(code: tonic::Code) -> String {
    let mut name = String::new();
    for character in format!("{code:?}").chars() {
        if character.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(character.to_ascii_uppercase());
    }
    name
}
