//! Responses of S3.

use std::{future::poll_fn, pin::Pin, time::SystemTime};

use http::{
    HeaderMap, HeaderName, StatusCode,
    header::{CONTENT_TYPE, ETAG, LAST_MODIFIED},
};
use http_body::Body as _;
use seaworthy_client::HttpResponse;

use crate::{ObjectKey, ObjectMeta, StorageError};

/// Maximum size of an XML response, in bytes. A page with 1,000 long keys has about 3 MiB.
const MAX_XML_SIZE: usize = 4 * 1024 * 1024;
/// The media type of objects that other programs stored without one.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// The condition of a request, which determines the error after status 412.
#[derive(Debug, Clone, Copy)]
pub(super) enum Condition {
    /// `If-None-Match: *`.
    Absent,
    /// `If-Match` with the tag of the first response.
    Unchanged,
}

/// Returns the response if its status is 2xx. Otherwise reads the code of the error.
pub(super) async fn checked(
    response: HttpResponse,
    key: Option<&ObjectKey>,
    condition: Condition,
) -> Result<HttpResponse, StorageError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    // A response to HEAD has no body. An error whose body cannot be read still has its status.
    let text = text(response).await.unwrap_or_default();
    Err(error_of(status, code_of(&text), key, condition))
}

pub(super) fn error_of(
    status: StatusCode,
    code: &str,
    key: Option<&ObjectKey>,
    condition: Condition,
) -> StorageError {
    let other = || StorageError::Response {
        status,
        code: code.to_owned(),
    };
    let Some(key) = key.cloned() else {
        return other();
    };
    match (status, code) {
        (_, "NoSuchUpload") => StorageError::NoSuchUpload(key),
        (_, "InvalidPart" | "InvalidPartOrder") => {
            StorageError::Parts("a part is missing or changed")
        }
        (_, "EntityTooSmall") => {
            StorageError::Parts("only the last part may be smaller than 5 MiB")
        }
        (StatusCode::NOT_FOUND, "" | "NoSuchKey" | "NotFound") => StorageError::NotFound(key),
        (StatusCode::PRECONDITION_FAILED, _) => match condition {
            Condition::Absent => StorageError::AlreadyExists(key),
            Condition::Unchanged => StorageError::Changed(key),
        },
        (StatusCode::CONFLICT, "ConditionalRequestConflict") => StorageError::AlreadyExists(key),
        _ => other(),
    }
}

/// Returns the code of an error document, or an empty text. Codes are short and alphanumeric.
pub(super) fn code_of(text: &str) -> &str {
    let code = text
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"));
    let code = code.map_or("", |(code, _)| code);
    let is_code = code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_code { code } else { "" }
}

/// Reads a response of at most [`MAX_XML_SIZE`].
pub(super) async fn text(response: HttpResponse) -> Result<String, StorageError> {
    let mut body = response.into_http().into_body();
    let mut whole = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        if whole.len().saturating_add(data.len()) > MAX_XML_SIZE {
            return Err(StorageError::InvalidResponse("it is larger than 4 MiB"));
        }
        whole.extend_from_slice(&data);
    }
    String::from_utf8(whole).map_err(|_| StorageError::InvalidResponse("it is not UTF-8"))
}

pub(super) fn header(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Returns an entity tag without quotes.
pub(super) fn plain_tag(text: &str) -> String {
    text.trim_start_matches("W/").trim_matches('"').to_owned()
}

pub(super) fn tag_of(headers: &HeaderMap) -> Result<String, StorageError> {
    let tag = header(headers, ETAG).ok_or(StorageError::InvalidResponse("it has no ETag"))?;
    Ok(plain_tag(tag))
}

/// Returns the properties of an object of this size.
pub(super) fn meta_of(headers: &HeaderMap, size: u64) -> Result<ObjectMeta, StorageError> {
    let modified = header(headers, LAST_MODIFIED);
    let modified = modified.and_then(|text| httpdate::parse_http_date(text).ok());
    Ok(ObjectMeta {
        size,
        content_type: header(headers, CONTENT_TYPE)
            .unwrap_or(UNKNOWN_TYPE)
            .to_owned(),
        etag: tag_of(headers)?,
        modified: modified.unwrap_or(SystemTime::UNIX_EPOCH),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_of_reads_only_codes_file_1() {
        let text =
            "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>x</Message></Error>";
        assert_eq!(code_of(text), "NoSuchKey");
        for text in [
            "",
            "<Code>",
            "<Code>a b</Code>",
            "</Code><Code>",
            "NoSuchKey",
        ] {
            assert_eq!(code_of(text), "", "{text}");
        }
    }

    #[test]
    fn missing_bucket_is_not_a_missing_object_file_1() {
        let key: ObjectKey = "a".parse().unwrap();
        let of = |code| error_of(StatusCode::NOT_FOUND, code, Some(&key), Condition::Absent);
        assert!(matches!(of("NoSuchKey"), StorageError::NotFound(_)));
        let bucket = of("NoSuchBucket");
        assert!(bucket.to_string().contains("create the bucket"), "{bucket}");
    }
}
