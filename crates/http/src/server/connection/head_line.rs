//! The grammar of the lines of an HTTP/1 head (RFC 9112, sections 3 and 5).
//!
//! The parser of hyper rejects the same lines, with a response without body and request ID. These
//! checks run first.

use http::{Method, Uri};

use super::rejection::Rejection;

/// Maximum length of a header name that the parser accepts.
const MAX_NAME: usize = 65_535;

/// Checks that a line has the form `method SP request-target SP HTTP-version`.
pub(super) fn check_request_line(line: &[u8], max_uri_length: usize) -> Result<(), Rejection> {
    let rest = line
        .strip_suffix(b" HTTP/1.1")
        .or_else(|| line.strip_suffix(b" HTTP/1.0"))
        .ok_or(Rejection::Malformed)?;
    let blank = rest
        .iter()
        .position(|byte| *byte == b' ')
        .ok_or(Rejection::Malformed)?;
    let (method, target) = rest.split_at(blank);
    let target = target.get(1..).unwrap_or_default();
    if target.len() > max_uri_length {
        return Err(Rejection::LongTarget);
    }
    let is_sound = Method::from_bytes(method).is_ok() && is_target(target);
    is_sound.then_some(()).ok_or(Rejection::Malformed)
}

/// Checks that more bytes can complete a valid request line. The parser does not wait for the end
/// of a line, so this check cannot wait either.
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

/// Checks that more bytes can complete a valid header.
pub(super) fn check_header_start(start: &[u8]) -> Result<(), Rejection> {
    match memchr::memchr(b':', start) {
        Some(_) => check_header(start.strip_suffix(b"\r").unwrap_or(start)),
        None if start == b"\r" || start.iter().all(is_token) => Ok(()),
        None => Err(Rejection::Malformed),
    }
}

/// Checks that a line has the form `field-name ":" OWS field-value OWS`.
pub(super) fn check_header(line: &[u8]) -> Result<(), Rejection> {
    let end = line.iter().position(|byte| !is_token(byte));
    let (name, value) = line.split_at(end.ok_or(Rejection::Malformed)?);
    if name.len() > MAX_NAME {
        return Err(Rejection::LargeHead);
    }
    let is_sound = !name.is_empty() && value.first() == Some(&b':') && is_field_value(value);
    is_sound.then_some(()).ok_or(Rejection::Malformed)
}

/// Accepts the usual characters of a target without a copy.
fn is_target(target: &[u8]) -> bool {
    let is_plain = |byte: &u8| is_of(PLAIN, *byte);
    (target.first() == Some(&b'/') && target.iter().all(is_plain))
        || (target.iter().all(is_target_byte) && Uri::try_from(target).is_ok())
}

/// Returns true for bytes that the parser accepts before it has seen the whole target.
fn is_target_byte(byte: &u8) -> bool {
    *byte > b' ' && *byte != 0x7f
}

/// Returns whether a field value is valid. Without an early return, the compiler can vectorize it.
fn is_field_value(value: &[u8]) -> bool {
    let control = |byte: u8| u8::from((byte < b' ') & (byte != b'\t')) | u8::from(byte == 0x7f);
    value.iter().fold(0, |found, byte| found | control(*byte)) == 0
}

fn is_token(byte: &u8) -> bool {
    is_of(TOKEN, *byte)
}

fn is_of(class: u8, byte: u8) -> bool {
    let classes = CLASSES.get(usize::from(byte));
    classes.is_some_and(|classes| classes & class != 0)
}

/// The class of the bytes of `tchar` (RFC 9110, section 5.6.2).
const TOKEN: u8 = 1;
/// The class of the bytes that a path and a query need not encode: `pchar`, `/`, `?` (RFC 3986).
const PLAIN: u8 = 2;
/// The classes of every byte.
const CLASSES: [u8; 256] = {
    let classes = with_class([0; 256], TOKEN, b"!#$%&'*+-.^_`|~");
    with_class(classes, PLAIN, b"/-._~%?=&+,:;@!$'()*")
};

/// Letters, digits and some others are of a class.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler alone, and a byte is below 256"
)]
const fn with_class(mut classes: [u8; 256], class: u8, others: &[u8]) -> [u8; 256] {
    let mut byte = 0;
    while byte < u8::MAX {
        if byte.is_ascii_alphanumeric() {
            classes[byte as usize] |= class;
        }
        byte += 1;
    }
    let mut others = others;
    while let Some((other, rest)) = others.split_first() {
        classes[*other as usize] |= class;
        others = rest;
    }
    classes
}
