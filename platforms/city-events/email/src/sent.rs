use std::time::Duration;

use seaworthy::{
    data::{Connection, DataError, Database, Migration, MigrationSet, sql},
    outbox,
    prelude::*,
};
use sha2::{Digest as _, Sha256};

/// The tables of the service: what was sent, and its inbox.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::of_service(&[
        Migration::new(
            1,
            "sent",
            include_str!("../migrations/0001_sent.up.sql"),
            include_str!("../migrations/0001_sent.down.sql"),
        ),
        Migration::new(
            2,
            "claims have owners",
            include_str!("../migrations/0002_claims_have_owners.up.sql"),
            include_str!("../migrations/0002_claims_have_owners.down.sql"),
        ),
    ]),
    outbox::MIGRATIONS,
];

/// Links are good for a day at most.
const LINKS_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// A repeat of the news that an event is canceled comes within days, if ever.
const NEWS_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What a mail is about: two messages about the same are one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct About {
    hash: Vec<u8>,
    kept: Duration,
}

impl About {
    /// A link, whose token stands at its end.
    pub(crate) fn link(purpose: &str, url: &str) -> Self {
        let token = url.rsplit_once("token=").map_or(url, |(_, token)| token);
        Self::new(&[purpose, token], LINKS_KEPT)
    }

    /// What somebody is told of an event.
    pub(crate) fn news(kind: &str, event: &str, user: &str) -> Self {
        Self::new(&[kind, event, user], NEWS_KEPT)
    }

    fn new(parts: &[&str], kept: Duration) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            // With its length, so that no two lists of parts are one text.
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self {
            hash: hash.finalize().to_vec(),
            kept,
        }
    }

    /// The identifier of the mail, the same at each try.
    pub(crate) fn message_id(&self) -> String {
        self.hash
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// Longer than one mail may take. A sender that takes longer has crashed or was suspended.
const CLAIM_TTL: Duration = Duration::from_secs(35);

/// Mails that were sent or are being sent. Times are those of the database's clock. Cheap to clone.
///
/// A mail is sent twice only if its sender is suspended for more than [`CLAIM_TTL`] until the mail
/// server answers, or crashes between that answer and its record. SMTP offers no way to close these
/// two gaps. Both mails have the same `Message-ID`.
#[derive(Debug, Clone)]
pub(crate) struct Sent(pub(crate) Database);

/// The claim of one sender to one mail. Its owner token is unique.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a claim is recorded as sent or released"]
pub(crate) struct MailClaim {
    about: About,
    owner: String,
}

/// Who sends a mail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The caller holds the claim.
    Mine(MailClaim),
    /// Another sender holds the claim, for at most this time.
    Others(Duration),
    /// The mail was already sent.
    Sent,
}

/// Outcome of recording a mail as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// The sender held the claim throughout.
    Held,
    /// Another sender took over the claim, and may have sent the mail too.
    ClaimLost,
}

impl Sent {
    pub(crate) async fn has(&self, about: &About) -> Result<bool, DataError> {
        Ok(self.look(about).await?.is_some_and(|(sent, _)| sent))
    }

    /// Returns whether the mail was sent or is being sent, and for how long that is valid. Returns
    /// `None` if no sender has claimed the mail.
    async fn look(&self, about: &About) -> Result<Option<(bool, Duration)>, DataError> {
        let found: Option<(bool, i64)> = sql("SELECT sent, until_us - {now_us} FROM sent_mails WHERE about = ? AND until_us > {now_us}")
            .bind(about.hash.as_slice())
            .fetch_optional(&self.0)
            .await?;
        Ok(found.map(|(sent, left)| (sent, Duration::from_micros(left.unsigned_abs()))))
    }

    /// Claims a mail for sending. If two senders claim it at once, one gets it.
    pub(crate) async fn claim(&self, about: &About) -> Result<Claim, DataError> {
        let claim = MailClaim {
            about: about.clone(),
            owner: seaworthy::core::new_id().to_string(),
        };
        let first = sql("INSERT INTO sent_mails (about, sent, until_us, owner) VALUES (?, FALSE, {now_us} + ?, ?) ON CONFLICT DO NOTHING")
            .on_mysql("INSERT IGNORE INTO sent_mails (about, sent, until_us, owner) VALUES (?, FALSE, {now_us} + ?, ?)")
            .bind(about.hash.as_slice())
            .bind(microseconds(CLAIM_TTL))
            .bind(claim.owner.as_str())
            .execute(&self.0)
            .await?;
        if first.rows_affected() > 0 {
            return Ok(Claim::Mine(claim));
        }
        let again = sql("UPDATE sent_mails SET sent = FALSE, until_us = {now_us} + ?, owner = ? WHERE about = ? AND until_us <= {now_us}")
            .bind(microseconds(CLAIM_TTL))
            .bind(claim.owner.as_str())
            .bind(about.hash.as_slice())
            .execute(&self.0)
            .await?;
        if again.rows_affected() > 0 {
            return Ok(Claim::Mine(claim));
        }
        Ok(match self.look(about).await? {
            Some((true, _)) => Claim::Sent,
            Some((false, rest)) => Claim::Others(rest),
            // Released or expired in the meantime.
            None => Claim::Others(Duration::ZERO),
        })
    }

    /// Releases the claim to a mail that was not sent. It does not release the claim of another
    /// sender.
    pub(crate) async fn release(&self, claim: MailClaim) -> Result<(), DataError> {
        sql("DELETE FROM sent_mails WHERE about = ? AND owner = ? AND sent = FALSE")
            .bind(claim.about.hash.as_slice())
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
            .bind(microseconds(claim.about.kept))
            .bind(claim.about.hash.as_slice())
            .bind(claim.owner.as_str())
            .execute(connection)
            .await?;
        if held.rows_affected() > 0 {
            return Ok(Recorded::Held);
        }
        sql("INSERT INTO sent_mails (about, sent, until_us, owner) VALUES (?, TRUE, {now_us} + ?, ?)
             ON CONFLICT (about) DO UPDATE SET sent = TRUE, until_us = excluded.until_us, owner = excluded.owner")
            .on_mysql("INSERT INTO sent_mails (about, sent, until_us, owner) VALUES (?, TRUE, {now_us} + ?, ?)
             ON DUPLICATE KEY UPDATE sent = TRUE, until_us = VALUES(until_us), owner = VALUES(owner)")
            .bind(claim.about.hash.as_slice())
            .bind(microseconds(claim.about.kept))
            .bind(claim.owner.as_str())
            .execute(connection)
            .await?;
        Ok(Recorded::ClaimLost)
    }

    /// The worker that forgets what nobody asks for any more. It may run on every replica.
    pub(crate) fn purge_worker(&self) -> Worker {
        /// Often enough that little has gathered, seldom enough to be no load.
        const EVERY: Timeout = Timeout::from_secs(10 * 60);
        /// Rows that one statement deletes, so that it does not hold locks for long.
        const PURGE_PAGE_SIZE: u32 = 1_000;
        let sent = self.clone();
        Worker::in_steps("purge sent mails", Schedule::Interval(EVERY), move || {
            let sent = sent.clone();
            async move {
                let done = sql("DELETE FROM sent_mails WHERE about IN (SELECT about FROM sent_mails WHERE until_us <= {now_us} LIMIT ?)")
                    .on_mysql("DELETE FROM sent_mails WHERE until_us <= {now_us} LIMIT ?")
                    .bind(PURGE_PAGE_SIZE)
                    .execute(&sent.0)
                    .await?;
                Ok(done.rows_affected() >= PURGE_PAGE_SIZE.into())
            }
        })
    }
}

fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
