use std::time::Duration;

use seaworthy::{
    data::{
        Connection, DataError, Database, Migration, MigrationSet, microseconds, purge_worker, sql,
    },
    outbox,
    prelude::*,
};
use sha2::{Digest as _, Sha256};

/// The accepted checksum of a former text of migration 1, with other comments.
const OTHER_COMMENTS: &[&str] =
    &["a46c4a61dcb53bed6ad80c572cc6c67780e3f5333b42c33360fe8b202832fa09"];

/// The tables of the service: sent mails and the inbox.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::for_service(&[
        Migration::new(
            1,
            "sent",
            include_str!("../migrations/0001_sent.up.sql"),
            include_str!("../migrations/0001_sent.down.sql"),
        )
        .with_previous_checksums(OTHER_COMMENTS),
        Migration::new(
            2,
            "claims have owners",
            include_str!("../migrations/0002_claims_have_owners.up.sql"),
            include_str!("../migrations/0002_claims_have_owners.down.sql"),
        ),
    ]),
    outbox::MIGRATIONS,
];

/// How long the records of mails with links are stored. Links are valid for at most a day.
const LINK_RETENTION: Duration = Duration::from_secs(24 * 60 * 60);
/// How long the records of notifications are stored. The broker repeats messages within days.
const NOTIFICATION_RETENTION: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The identity of a mail. Two messages with the same identity are one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MailKey {
    hash: Vec<u8>,
    retention: Duration,
}

impl MailKey {
    /// The key of a mail with a link, whose token is at its end.
    pub(crate) fn link(purpose: &str, url: &str) -> Self {
        let token = url.rsplit_once("token=").map_or(url, |(_, token)| token);
        Self::new(&[purpose, token], LINK_RETENTION)
    }

    /// The key of a notification about an event.
    pub(crate) fn notification(kind: &str, event: &str, user: &str) -> Self {
        Self::new(&[kind, event, user], NOTIFICATION_RETENTION)
    }

    fn new(parts: &[&str], retention: Duration) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            // The length separates the parts.
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self {
            hash: hash.finalize().to_vec(),
            retention,
        }
    }

    /// Returns the `Message-ID` of the mail, the same at each attempt.
    pub(crate) fn message_id(&self) -> String {
        self.hash
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// The lifetime of a claim. A sender that takes longer for one mail has crashed or was suspended.
const CLAIM_TTL: Duration = Duration::from_secs(35);

/// Mails that were sent or are being sent. Times are those of the database's clock. Cheap to clone.
///
/// A mail is sent twice only if its sender is suspended for more than [`CLAIM_TTL`] until the mail
/// server responds. The same happens if the sender crashes between that response and its record.
/// SMTP cannot prevent these two repeats. Both mails have the same `Message-ID`.
#[derive(Debug, Clone)]
pub(crate) struct SentMails(pub(crate) Database);

/// The claim of one sender to one mail. Its owner token is unique.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a claim is recorded as sent or released"]
pub(crate) struct MailClaim {
    key: MailKey,
    owner: String,
}

/// The state of a mail when a sender claims it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The caller holds the claim.
    Acquired(MailClaim),
    /// Another sender holds the claim, for at most this time.
    Held(Duration),
    /// The mail was already sent.
    Sent,
}

/// Outcome of recording a mail as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// The sender held the claim throughout.
    ClaimHeld,
    /// Another sender took over the claim, and may have sent the mail too.
    ClaimLost,
}

impl SentMails {
    pub(crate) async fn is_sent(&self, key: &MailKey) -> Result<bool, DataError> {
        Ok(self.read(key).await?.is_some_and(|(sent, _)| sent))
    }

    /// Returns whether the mail was sent or is being sent, and for how long that is valid. Returns
    /// `None` if no sender has claimed the mail.
    async fn read(&self, key: &MailKey) -> Result<Option<(bool, Duration)>, DataError> {
        let found: Option<(bool, i64)> = sql("SELECT sent, until_us - {now_us} FROM sent_mails WHERE about = ? AND until_us > {now_us}")
            .bind(key.hash.as_slice())
            .fetch_optional(&self.0)
            .await?;
        Ok(found.map(|(sent, left)| (sent, Duration::from_micros(left.unsigned_abs()))))
    }

    /// Claims a mail for sending. If two senders claim it at the same time, one gets it.
    pub(crate) async fn claim(&self, key: &MailKey) -> Result<Claim, DataError> {
        let claim = MailClaim {
            key: key.clone(),
            owner: seaworthy::core::new_id().to_string(),
        };
        let first = sql("INSERT INTO sent_mails (about, sent, until_us, owner) VALUES (?, FALSE, {now_us} + ?, ?) ON CONFLICT DO NOTHING")
            .on_mysql("INSERT IGNORE INTO sent_mails (about, sent, until_us, owner) VALUES (?, FALSE, {now_us} + ?, ?)")
            .bind(key.hash.as_slice())
            .bind(microseconds(CLAIM_TTL))
            .bind(claim.owner.as_str())
            .execute(&self.0)
            .await?;
        if first.rows_affected() > 0 {
            return Ok(Claim::Acquired(claim));
        }
        let again = sql("UPDATE sent_mails SET sent = FALSE, until_us = {now_us} + ?, owner = ? WHERE about = ? AND until_us <= {now_us}")
            .bind(microseconds(CLAIM_TTL))
            .bind(claim.owner.as_str())
            .bind(key.hash.as_slice())
            .execute(&self.0)
            .await?;
        if again.rows_affected() > 0 {
            return Ok(Claim::Acquired(claim));
        }
        Ok(match self.read(key).await? {
            Some((true, _)) => Claim::Sent,
            Some((false, rest)) => Claim::Held(rest),
            // Another sender has released the claim, or it has expired.
            None => Claim::Held(Duration::ZERO),
        })
    }

    /// Releases the claim to a mail that was not sent. It does not release the claim of another
    /// sender.
    pub(crate) async fn release(&self, claim: MailClaim) -> Result<(), DataError> {
        sql("DELETE FROM sent_mails WHERE about = ? AND owner = ? AND sent = FALSE")
            .bind(claim.key.hash.as_slice())
            .bind(claim.owner)
            .execute(&self.0)
            .await
            .map(drop)
    }

    /// Records that the mail of a claim was sent, even if the claim was lost. The other sender can
    /// then not release it.
    pub(crate) async fn record(
        connection: &dyn Connection,
        claim: &MailClaim,
    ) -> Result<Recorded, DataError> {
        let held = sql("UPDATE sent_mails SET sent = TRUE, until_us = {now_us} + ? WHERE about = ? AND owner = ?")
            .bind(microseconds(claim.key.retention))
            .bind(claim.key.hash.as_slice())
            .bind(claim.owner.as_str())
            .execute(connection)
            .await?;
        if held.rows_affected() > 0 {
            return Ok(Recorded::ClaimHeld);
        }
        sql("INSERT INTO sent_mails (about, sent, until_us, owner) VALUES (?, TRUE, {now_us} + ?, ?)
             ON CONFLICT (about) DO UPDATE SET sent = TRUE, until_us = excluded.until_us, owner = excluded.owner")
            .on_mysql("INSERT INTO sent_mails (about, sent, until_us, owner) VALUES (?, TRUE, {now_us} + ?, ?)
             ON DUPLICATE KEY UPDATE sent = TRUE, until_us = VALUES(until_us), owner = VALUES(owner)")
            .bind(claim.key.hash.as_slice())
            .bind(microseconds(claim.key.retention))
            .bind(claim.owner.as_str())
            .execute(connection)
            .await?;
        Ok(Recorded::ClaimLost)
    }

    /// Returns the worker that deletes expired rows. It may run on every replica.
    pub(crate) fn purge_worker(&self) -> Worker {
        purge_worker("purge sent mails", self, async |mails: Self| {
            mails.purge().await
        })
    }

    async fn purge(&self) -> Result<bool, DataError> {
        // The outer condition keeps a mail that is claimed after the page was selected.
        sql("DELETE FROM sent_mails WHERE until_us <= {now_us} AND about IN (SELECT about FROM sent_mails WHERE until_us <= {now_us} LIMIT ?)")
            .on_mysql("DELETE FROM sent_mails WHERE until_us <= {now_us} LIMIT ?")
            .delete_page(&self.0)
            .await
    }
}

#[cfg(test)]
mod tests;
