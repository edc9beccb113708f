use std::time::{Duration, SystemTime};

use seaworthy::{
    auth::token::Revocations,
    config::Settings,
    data::{DataError, Database, Migration, MigrationSet, Transaction, sql},
    prelude::*,
};

use crate::messages::UserChanged;

/// The table of versions, in the database of a service: add this set to the service's own.
pub const TOKEN_VERSION_MIGRATIONS: MigrationSet = MigrationSet::of_part(
    "token_versions",
    &[Migration::new(
        1,
        "token_versions",
        "CREATE TABLE token_versions (
            user_id {string} NOT NULL PRIMARY KEY,
            version {bigint} NOT NULL,
            -- Microseconds since 1970, by the database's clock.
            changed_us {bigint} NOT NULL
        );
        CREATE INDEX token_versions_changed ON token_versions (changed_us)",
        "DROP TABLE token_versions",
    )],
);

/// No access token may live longer: so long services remember what was taken back.
pub const LONGEST_ACCESS_TOKEN: Duration = Duration::from_secs(24 * 60 * 60);
const KEEP: Duration = LONGEST_ACCESS_TOKEN;
/// How soon a replica knows what another one heard.
const LOOK_EVERY: Timeout = Timeout::from_secs(1);
/// After a ban of many there are more than a question may answer.
const ROWS_AT_ONCE: i64 = 1_000;
/// What was changed since so long is looked at again: transactions commit later than they write.
const LOOK_BACK: Duration = Duration::from_secs(60);

/// Which access tokens count no more, as the auth service tells it: a ban, a new role, a new password. Cheap to clone.
///
/// The messages go to one replica of a service, so versions are kept in its database, where every replica looks once a second; the one that heard it knows at once. Authentication itself looks in memory alone.
#[derive(Debug, Clone)]
pub struct TokenVersions {
    revocations: Revocations,
}

impl TokenVersions {
    /// Nothing is known yet: give its [`revocations`](Self::revocations) to the authentication, then [`follow`](Self::follow) a database.
    #[must_use]
    pub fn new() -> Self {
        Self {
            revocations: Revocations::new(),
        }
    }

    /// What the authentication asks.
    #[must_use]
    pub fn revocations(&self) -> Revocations {
        self.revocations.clone()
    }

    /// Reads what is known in this database, whose migrations hold [`TOKEN_VERSION_MIGRATIONS`], and goes on doing so.
    ///
    /// # Errors
    /// [`StartError`] where the table cannot be read.
    pub async fn follow<C: Settings>(
        &self,
        service: &Assembly<C>,
        database: &Database,
    ) -> Result<(), StartError> {
        self.look(database, KEEP)
            .await
            .map_err(|error| StartError::because("versions of tokens cannot be read", error))?;
        let (versions, database) = (self.clone(), database.clone());
        service.worker(Worker::new(
            "versions of tokens",
            Schedule::Interval(LOOK_EVERY),
            move |_| {
                let (versions, database) = (versions.clone(), database.clone());
                async move {
                    versions.look(&database, LOOK_BACK).await?;
                    versions.revocations.forget_expired(SystemTime::now());
                    Ok(())
                }
            },
        ));
        Ok(())
    }

    async fn look(&self, database: &Database, back: Duration) -> Result<(), DataError> {
        let back = i64::try_from(back.as_micros()).unwrap_or(i64::MAX);
        let until = SystemTime::now() + KEEP;
        let mut last = String::new();
        loop {
            let changed: Vec<(String, i64)> = sql(
                "SELECT user_id, version FROM token_versions WHERE changed_us > {now_us} - ? AND user_id > ? ORDER BY user_id LIMIT ?",
            )
            .bind(back)
            .bind(last.as_str())
            .bind(ROWS_AT_ONCE)
            .fetch_all(database)
            .await?;
            let Some((user, _)) = changed.last() else {
                return Ok(());
            };
            last.clone_from(user);
            for (user, version) in changed {
                let version = u64::try_from(version).unwrap_or_default();
                self.revocations.raise_version(&user, version, until);
            }
        }
    }

    /// Takes a message, in the transaction that remembers it. Versions only rise.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn take(&self, tx: &Transaction, changed: &UserChanged) -> Result<(), DataError> {
        sql("INSERT INTO token_versions (user_id, version, changed_us) VALUES (?, ?, {now_us})
             ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, changed_us = excluded.changed_us WHERE token_versions.version < excluded.version")
            .on_mysql("INSERT INTO token_versions (user_id, version, changed_us) VALUES (?, ?, {now_us})
             ON DUPLICATE KEY UPDATE version = GREATEST(version, VALUES(version)), changed_us = VALUES(changed_us)")
            .bind(&changed.user_id)
            .bind(changed.version)
            .execute(tx)
            .await?;
        let (revocations, changed) = (self.revocations.clone(), changed.clone());
        tx.on_commit(move || {
            let until = SystemTime::now() + KEEP;
            revocations.raise_version(&changed.user_id, changed.version, until);
        });
        Ok(())
    }
}

impl Default for TokenVersions {
    fn default() -> Self {
        Self::new()
    }
}
