//! Answers as rows.

use seaworthy_contract::{
    axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    idempotency::{Begun, Fingerprint, RecordedAnswer},
};

use crate::{DataError, DataErrorKind};

/// Fingerprint, status, headers, body.
pub(super) type Known = (Vec<u8>, Option<u16>, Option<Vec<u8>>, Option<Vec<u8>>);

/// What is known of a key that a request with this fingerprint asks for.
pub(super) fn known_as(row: Known, wanted: Fingerprint) -> Result<Begun, DataError> {
    let (fingerprint, status, headers, body) = row;
    if fingerprint != wanted.0 {
        return Ok(Begun::Mismatch);
    }
    let Some(status) = status else {
        return Ok(Begun::Running);
    };
    let status = StatusCode::from_u16(status)
        .map_err(|error| DataError::new(DataErrorKind::UnexpectedRow, error.to_string()))?;
    Ok(Begun::Answered(RecordedAnswer {
        status,
        headers: headers_of(&headers.unwrap_or_default()),
        body: body.unwrap_or_default().into(),
    }))
}

/// One header a line, as on the wire: neither names nor values have line feeds.
pub(super) fn lines(headers: &HeaderMap) -> Vec<u8> {
    headers
        .iter()
        .flat_map(|(name, value)| [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"])
        .flatten()
        .copied()
        .collect()
}

fn headers_of(lines: &[u8]) -> HeaderMap {
    lines
        .split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let (name, value) = line.split_at_checked(colon)?;
            let name = HeaderName::from_bytes(name).ok()?;
            let value = HeaderValue::from_bytes(value.strip_prefix(b": ")?).ok()?;
            Some((name, value))
        })
        .collect()
}
