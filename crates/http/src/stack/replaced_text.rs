use axum::body::Body;
use futures::FutureExt as _;
use http::{HeaderMap, Response, header};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use seaworthy_telemetry::redact::Redactor;

/// Maximum size of a replaced text in the log, in bytes.
const MAX_CAUSE: usize = 1_024;
/// Maximum bytes of a text that the stack redacts. A handler may return megabytes.
const MAX_REDACTED: usize = 8 * MAX_CAUSE;
/// Bytes at the end of an incomplete text that the log does not show. They may be the first part of
/// a card number or an address, which no pattern recognizes. An address has at most 254 bytes.
const MAX_DIVIDED: usize = 512;

/// Marks the body of a 5xx response, or the message of a gRPC status, as written for clients. Put
/// it into the extensions of the response. The client then gets the text unchanged, and no part of
/// it is in the log.
///
/// Without the mark, a problem document replaces a text, JSON, HTML or XML that is not of an
/// [`Error`](seaworthy_core::Error) (SEC-4). The title of the code replaces the message of a status
/// such as `INTERNAL`.
///
/// ```
/// use axum::{Extension, http::StatusCode, response::{Html, IntoResponse}};
/// use seaworthy_http::PublicErrorBody;
///
/// async fn page() -> impl IntoResponse {
///     let page = Html("<p>The list is temporarily unavailable.</p>");
///     (StatusCode::BAD_GATEWAY, Extension(PublicErrorBody), page)
/// }
/// # drop(page());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct PublicErrorBody;

/// The start of a body of a 5xx response, or of the message of a gRPC status, that the stack
/// replaced, redacted. The log shows it as the cause.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct ReplacedText(String);

impl ReplacedText {
    /// Returns the start of the body, as far as it is ready. It does not wait for the rest, which
    /// may never arrive.
    pub(super) fn take(response: &mut Response<Body>, redactor: &Redactor) -> Option<Self> {
        if response.headers().contains_key(header::CONTENT_ENCODING) {
            return None;
        }
        let body = response.body_mut();
        let mut bytes = Vec::new();
        while bytes.len() < MAX_REDACTED
            && let Some(Some(Ok(frame))) = body.frame().now_or_never()
        {
            let data = frame.into_data().unwrap_or_default();
            let free = MAX_REDACTED - bytes.len();
            if data.len() > free {
                bytes.extend_from_slice(data.get(..free).unwrap_or_default());
                return Self::of(&bytes, false, redactor);
            }
            bytes.extend_from_slice(&data);
        }
        Self::of(&bytes, body.is_end_stream(), redactor)
    }

    /// Returns the start of the message of a gRPC status.
    pub(super) fn of_message(message: &[u8], redactor: &Redactor) -> Option<Self> {
        let start = message.get(..MAX_REDACTED).unwrap_or(message);
        Self::of(start, start.len() == message.len(), redactor)
    }

    /// Redacts a text and cuts it afterwards, because no pattern recognizes a part of a value.
    fn of(bytes: &[u8], is_complete: bool, redactor: &Redactor) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let mut text = redactor.redact(&text).into_owned();
        if !is_complete {
            let end = text.len().saturating_sub(MAX_DIVIDED);
            truncate(&mut text, end);
        }
        truncate(&mut text, MAX_CAUSE);
        (!text.is_empty()).then_some(Self(text))
    }
}

/// Cuts a text at the last character boundary up to `max` bytes.
fn truncate(text: &mut String, max: usize) {
    let end = (0..=max.min(text.len())).rev();
    let end = end.into_iter().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or_default());
}

/// Returns whether a body is text, which may contain internals.
pub(super) fn is_text(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let kind = kind.as_bytes().split(|byte| *byte == b';').next();
    let kind = kind.unwrap_or_default().trim_ascii().to_ascii_lowercase();
    kind.starts_with(b"text/")
        || [&b"/json"[..], b"+json", b"/xml", b"+xml"]
            .iter()
            .any(|end| kind.ends_with(end))
}
