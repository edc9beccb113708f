use std::time::Duration;

use seaworthy::{
    data::{
        Connection, DataError, Database, Migration, MigrationSet,
        chrono::{TimeDelta, Utc},
        sql,
    },
    outbox,
    prelude::*,
};
use sha2::{Digest as _, Sha256};

/// The tables of the service: what was sent, and its inbox.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::of_service(&[Migration::new(
        1,
        "sent",
        include_str!("../migrations/0001_sent.up.sql"),
        include_str!("../migrations/0001_sent.down.sql"),
    )]),
    outbox::MIGRATIONS,
];

/// Links are good for a day at most.
const LINKS_KEPT: TimeDelta = TimeDelta::hours(24);
/// A repeat of the news that an event is canceled comes within days, if ever.
const NEWS_KEPT: TimeDelta = TimeDelta::days(7);

/// What a mail is about: two messages about the same are one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct About {
    hash: Vec<u8>,
    kept: TimeDelta,
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

    fn new(parts: &[&str], kept: TimeDelta) -> Self {
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

/// Longer than one mail may take; whoever sends it for longer has died.
const CLAIMED: TimeDelta = TimeDelta::seconds(35);

/// What was sent. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Sent(pub(crate) Database);

/// Who sends a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Whoever asks.
    Mine,
    /// Somebody else, for no longer than this.
    Others(Duration),
    /// Nobody: it was sent.
    Sent,
}

impl Sent {
    pub(crate) async fn has(&self, about: &About) -> Result<bool, DataError> {
        Ok(self.look(about).await?.is_some_and(|(sent, _)| sent))
    }

    /// Whether it was sent or is being sent, and for how long that counts; none where nobody has begun.
    async fn look(&self, about: &About) -> Result<Option<(bool, Duration)>, DataError> {
        let found: Option<(bool, i64)> =
            sql("SELECT sent, until_us FROM sent_mails WHERE about = ?")
                .bind(about.hash.as_slice())
                .fetch_optional(&self.0)
                .await?;
        let now = Utc::now().timestamp_micros();
        Ok(found
            .filter(|(_, until)| *until > now)
            .map(|(sent, until)| (sent, Duration::from_micros(until.abs_diff(now)))))
    }

    /// Takes the mail over, before it is sent. Of two at once one gets it.
    pub(crate) async fn claim(&self, about: &About) -> Result<Claim, DataError> {
        let now = Utc::now();
        let (now, until) = (now.timestamp_micros(), (now + CLAIMED).timestamp_micros());
        let first = sql("INSERT INTO sent_mails (about, sent, until_us) VALUES (?, FALSE, ?) ON CONFLICT DO NOTHING")
            .on_mysql("INSERT IGNORE INTO sent_mails (about, sent, until_us) VALUES (?, FALSE, ?)")
            .bind(about.hash.as_slice())
            .bind(until)
            .execute(&self.0)
            .await?;
        if first.rows_affected() > 0 {
            return Ok(Claim::Mine);
        }
        let again = sql(
            "UPDATE sent_mails SET sent = FALSE, until_us = ? WHERE about = ? AND until_us <= ?",
        )
        .bind(until)
        .bind(about.hash.as_slice())
        .bind(now)
        .execute(&self.0)
        .await?;
        if again.rows_affected() > 0 {
            return Ok(Claim::Mine);
        }
        Ok(match self.look(about).await? {
            Some((true, _)) => Claim::Sent,
            Some((false, rest)) => Claim::Others(rest),
            // Given back or at its end since.
            None => Claim::Others(Duration::ZERO),
        })
    }

    /// Gives a mail back that was not sent.
    pub(crate) async fn release(&self, about: &About) -> Result<(), DataError> {
        sql("DELETE FROM sent_mails WHERE about = ? AND sent = FALSE")
            .bind(about.hash.as_slice())
            .execute(&self.0)
            .await
            .map(drop)
    }

    pub(crate) async fn remember(
        connection: &dyn Connection,
        about: &About,
    ) -> Result<(), DataError> {
        let until = (Utc::now() + about.kept).timestamp_micros();
        sql("UPDATE sent_mails SET sent = TRUE, until_us = ? WHERE about = ?")
            .bind(until)
            .bind(about.hash.as_slice())
            .execute(connection)
            .await
            .map(drop)
    }

    /// The worker that forgets what nobody asks for any more. It may run on every replica.
    pub(crate) fn purge_worker(&self) -> Worker {
        /// Often enough that little has gathered, seldom enough to be no load.
        const EVERY: Timeout = Timeout::from_secs(10 * 60);
        let sent = self.clone();
        Worker::new("purge sent mails", Schedule::Interval(EVERY), move |_| {
            let sent = sent.clone();
            async move {
                sql("DELETE FROM sent_mails WHERE until_us <= ?")
                    .bind(Utc::now().timestamp_micros())
                    .execute(&sent.0)
                    .await?;
                Ok(())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_the_same_is_one_mail_msg_5() {
        let one = About::link("verify", "https://a.example/verify?token=abc");
        assert_eq!(one, About::link("verify", "https://b.example/?token=abc"));
        assert_ne!(
            one,
            About::link("reset", "https://a.example/verify?token=abc")
        );
        assert_ne!(About::news("a", "bc", "d"), About::news("ab", "c", "d"));
        assert_eq!(one.message_id().len(), 32);
    }
}
