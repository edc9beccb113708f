//! The claim of a request on an upload, because another replica may serve a lost connection.

use std::time::Duration;

use seaworthy_core::Timeout;
use seaworthy_data::{microseconds, sql};
use uuid::Uuid;

use super::Append;
use crate::{UploadError, UploadStatus, Uploads};

/// A request renews its claim three times within its duration.
const CLAIM_TTL: Timeout = Timeout::from_secs(15);
pub(super) const RENEW_INTERVAL: Duration = Duration::from_secs(5);

pub(super) fn claim_ttl() -> i64 {
    microseconds(CLAIM_TTL.get())
}

impl Uploads {
    /// Claims an upload for a request. Returns `None` if the upload is not pending.
    pub(super) async fn claim(&self, id: Uuid) -> Result<Option<Uuid>, UploadError> {
        let claim = seaworthy_core::new_id();
        let claimed = sql("UPDATE uploads SET claimed_by = ?, claimed_until_us = {now_us} + ? WHERE id = ? AND status = 'pending' AND claimed_until_us <= {now_us}")
            .bind(claim)
            .bind(claim_ttl())
            .bind(id)
            .execute(&self.store().0.database)
            .await?;
        if claimed.rows_affected() > 0 {
            return Ok(Some(claim));
        }
        match self.store().find(id).await?.status {
            UploadStatus::Pending => Err(UploadError::Busy),
            _ => Ok(None),
        }
    }

    pub(super) async fn release(&self, id: Uuid, claim: Option<Uuid>) -> Result<(), UploadError> {
        let Some(claim) = claim else {
            return Ok(());
        };
        sql("UPDATE uploads SET claimed_by = NULL, claimed_until_us = 0 WHERE id = ? AND claimed_by = ? AND status = 'pending'")
            .bind(id)
            .bind(claim)
            .execute(&self.store().0.database)
            .await?;
        Ok(())
    }
}

impl Append<'_> {
    pub(super) async fn renew(&self) -> Result<(), UploadError> {
        let renewed = sql("UPDATE uploads SET claimed_until_us = {now_us} + ? WHERE id = ? AND claimed_by = ? AND status = 'pending'")
            .bind(claim_ttl())
            .bind(self.upload.id)
            .bind(self.claim)
            .execute(&self.uploads.store().0.database)
            .await?;
        check_claim(renewed.rows_affected())
    }
}

/// Fails if the claim is lost: the upload was deleted, or another replica claimed it.
pub(super) fn check_claim(rows: u64) -> Result<(), UploadError> {
    match rows {
        0 => Err(UploadError::Replaced),
        _ => Ok(()),
    }
}
