//! The headers of both protocols.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};

pub(super) const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub(super) const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub(super) const UPLOAD_COMPLETE: HeaderName = HeaderName::from_static("upload-complete");
pub(super) const UPLOAD_LIMIT: HeaderName = HeaderName::from_static("upload-limit");
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// Returns a header as text.
pub(super) fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.trim().to_owned())
}

/// Returns a header as a number. Another value counts as absent.
pub(super) fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    let text = text(headers, name)?;
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// Returns `Upload-Complete`. Another value than `?0` and `?1` counts as absent.
pub(super) fn complete(headers: &HeaderMap) -> Option<bool> {
    match text(headers, &UPLOAD_COMPLETE)?.as_str() {
        "?1" => Some(true),
        "?0" => Some(false),
        _ => None,
    }
}

pub(super) fn content_length(headers: &HeaderMap) -> Option<u64> {
    number(headers, &header::CONTENT_LENGTH)
}

/// Returns the media type without parameters, in lower case.
pub(super) fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = text(headers, &header::CONTENT_TYPE)?;
    let essence = text.split(';').next().unwrap_or_default();
    Some(essence.trim().to_ascii_lowercase())
}

/// Returns the SHA-256 of `Content-Digest` (RFC 9530). Other algorithms are ignored, as the RFC
/// requires.
///
/// # Errors
/// The digest is not Base64.
pub(super) fn digest(headers: &HeaderMap) -> Result<Option<Vec<u8>>, ()> {
    let Some(text) = text(headers, &CONTENT_DIGEST) else {
        return Ok(None);
    };
    let mut members = text.split(',').map(str::trim);
    let Some(member) = members.find_map(|member| member.strip_prefix("sha-256=:")) else {
        return Ok(None);
    };
    let encoded = member.split(':').next().unwrap_or_default();
    STANDARD.decode(encoded).map(Some).map_err(drop)
}

pub(super) fn value(text: impl ToString) -> HeaderValue {
    let invalid = HeaderValue::from_static("");
    HeaderValue::try_from(text.to_string()).unwrap_or(invalid)
}

pub(super) fn flag(is_complete: bool) -> HeaderValue {
    HeaderValue::from_static(if is_complete { "?1" } else { "?0" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name.clone(), HeaderValue::from_static(value))])
    }

    #[test]
    fn numbers_have_only_digits_file_1() {
        for (text, expected) in [
            ("0", Some(0)),
            ("12", Some(12)),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.0", None),
            ("abc", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(
                number(&headers(&UPLOAD_OFFSET, text), &UPLOAD_OFFSET),
                expected
            );
        }
    }

    #[test]
    fn digests_of_other_algorithms_are_ignored_file_1() {
        let read = |text| digest(&headers(&CONTENT_DIGEST, text));
        assert_eq!(read("sha-256=:AAA=:"), Ok(Some(vec![0, 0])));
        assert_eq!(read("sha-512=:BBB=:, sha-256=:AAA=:"), Ok(Some(vec![0, 0])));
        assert_eq!(read("md5=:AAA=:"), Ok(None));
        assert_eq!(read("sha-256=:not base64:"), Err(()));
    }
}
