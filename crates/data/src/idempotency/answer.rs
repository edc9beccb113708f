use seaworthy_contract::idempotency::{Begun, Fingerprint, RecordedAnswer};

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
    let (headers, body) = (headers.unwrap_or_default(), body.unwrap_or_default());
    RecordedAnswer::restored(status, &headers, body.into())
        .map(Begun::Answered)
        .ok_or_else(|| {
            let problem = format!("{status} is no status of an answer");
            DataError::new(DataErrorKind::UnexpectedRow, problem)
        })
}
