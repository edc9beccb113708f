//! The grammar of the lines of an HTTP/1 head (RFC 9112, sections 3 and 5).
//!
//! The parser behind refuses the same lines, with an answer that has no body and no request ID. Here they are refused before it sees them.

use http::{Method, Uri};

use super::rejection::Rejection;

/// The longest name of a header that the parser takes.
const LONGEST_NAME: usize = 65_535;

/// `method SP request-target SP HTTP-version`
pub(super) fn check_request_line(line: &[u8], max_uri: usize) -> Result<(), Rejection> {
    let mut parts = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Rejection::Malformed);
    };
    if target.len() > max_uri {
        return Err(Rejection::LongTarget);
    }
    let is_sound = Method::from_bytes(method).is_ok()
        && is_target(target)
        && matches!(version, b"HTTP/1.1" | b"HTTP/1.0");
    is_sound.then_some(()).ok_or(Rejection::Malformed)
}

/// What may become a sound request line with more bytes. The parser does not wait for the end of a line, so neither may its guard.
pub(super) fn check_request_line_start(start: &[u8]) -> Result<(), Rejection> {
    let mut parts = start.split(|byte| *byte == b' ');
    let method = parts.next().unwrap_or_default();
    let is_sound = match (parts.next(), parts.next(), parts.next()) {
        (None, ..) => start == b"\r" || method.iter().all(is_token),
        (Some(target), None, _) => {
            Method::from_bytes(method).is_ok() && target.iter().all(is_target_byte)
        }
        (Some(target), Some(version), None) => {
            let is_version =
                b"HTTP/1.1\r".starts_with(version) || b"HTTP/1.0\r".starts_with(version);
            Method::from_bytes(method).is_ok() && is_target(target) && is_version
        }
        _ => false,
    };
    is_sound.then_some(()).ok_or(Rejection::Malformed)
}

/// What may become a sound header with more bytes.
pub(super) fn check_header_start(start: &[u8]) -> Result<(), Rejection> {
    match memchr::memchr(b':', start) {
        Some(_) => check_header(start.strip_suffix(b"\r").unwrap_or(start)),
        None if start == b"\r" || start.iter().all(is_token) => Ok(()),
        None => Err(Rejection::Malformed),
    }
}

/// `field-name ":" OWS field-value OWS`
pub(super) fn check_header(line: &[u8]) -> Result<(), Rejection> {
    let colon = memchr::memchr(b':', line).ok_or(Rejection::Malformed)?;
    let (name, value) = line.split_at(colon);
    if name.len() > LONGEST_NAME {
        return Err(Rejection::LargeHead);
    }
    let is_sound = !name.is_empty() && name.iter().all(is_token) && is_field_value(value);
    is_sound.then_some(()).ok_or(Rejection::Malformed)
}

/// What nearly every target consists of is told without a copy.
fn is_target(target: &[u8]) -> bool {
    let is_plain =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"/-._~%?=&+,:;@!$'()*".contains(byte);
    (target.first() == Some(&b'/') && target.iter().all(is_plain)) || Uri::try_from(target).is_ok()
}

/// What the parser takes before it has seen the whole target.
fn is_target_byte(byte: &u8) -> bool {
    *byte > b' ' && *byte != 0x7f
}

/// Without an early end, so that many bytes are looked at in one step.
fn is_field_value(value: &[u8]) -> bool {
    let is_control = |byte: u8| (byte < b' ' && byte != b'\t') || byte == 0x7f;
    !value
        .iter()
        .fold(false, |found, byte| found | is_control(*byte))
}

fn is_token(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte)
}
