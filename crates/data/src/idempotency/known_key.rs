use seaworthy_contract::idempotency::{Fingerprint, KeyState, RecordedResponse};

use super::outcome;
use crate::{Connection, DataError, DataErrorKind, FromRow, Row, sql};

/// The row of a key.
pub(super) struct Known {
    fingerprint: Vec<u8>,
    status: Option<u16>,
    headers: Option<Vec<u8>>,
    body: Option<Vec<u8>>,
    outcome: i64,
    run_ends_ms: i64,
    pub(super) token: i64,
}

impl FromRow for Known {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            fingerprint: row.get("fingerprint")?,
            status: row.get("status")?,
            headers: row.get("headers")?,
            body: row.get("body")?,
            outcome: row.get("outcome")?,
            run_ends_ms: row.get("run_ends_ms")?,
            token: row.get("token")?,
        })
    }
}

impl Known {
    pub(super) async fn of(
        connection: &dyn Connection,
        digest: &str,
    ) -> Result<Option<Self>, DataError> {
        sql("SELECT fingerprint, status, headers, body, outcome, run_ends_ms, token FROM idempotency_keys WHERE digest = ?")
            .bind(digest)
            .fetch_optional(connection)
            .await
    }

    /// Returns what a request with this fingerprint gets. `None` if the earlier call is over and
    /// changed nothing.
    pub(super) fn into_begun(
        self,
        wanted: Fingerprint,
        now: i64,
    ) -> Result<Option<KeyState>, DataError> {
        if self.fingerprint != wanted.0 {
            return Ok(Some(KeyState::Mismatch));
        }
        if let Some(status) = self.status {
            let (headers, body) = (
                self.headers.unwrap_or_default(),
                self.body.unwrap_or_default(),
            );
            let answer = RecordedResponse::from_parts(status, &headers, body.into());
            return answer.map(KeyState::Completed).map(Some).ok_or_else(|| {
                let problem = format!("{status} is not a valid HTTP status");
                DataError::new(DataErrorKind::UnexpectedRow, problem)
            });
        }
        // An older replica does not store the end of the run, and deletes the row at its end.
        if self.run_ends_ms == 0 || now < self.run_ends_ms {
            return Ok(Some(KeyState::Running));
        }
        Ok(match self.outcome {
            outcome::NONE => None,
            outcome::DONE => Some(KeyState::ResponseNotStored),
            _ => Some(KeyState::OutcomeUnknown),
        })
    }
}
