use std::time::{Duration, SystemTime};

use seaworthy::{
    auth::token::{ClockReading, Revocations},
    config::Settings,
    data::{Connection, DataError, Database, Migration, MigrationSet, Transaction, sql},
    prelude::*,
};

use crate::{ReadPosition, RevocationConfig, messages::UserChanged};

/// The table of token versions. Add this set to the migrations of the service.
pub const TOKEN_VERSION_MIGRATIONS: MigrationSet = MigrationSet::for_part(
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

/// The maximum lifetime of an access token, and how long services store a revocation.
pub const MAX_ACCESS_TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// The same lifetime in microseconds.
const MAX_ACCESS_TOKEN_LIFETIME_US: i64 = 24 * 60 * 60 * 1_000_000;
/// The delay until a replica applies a message that another replica received.
const POLL_INTERVAL: Timeout = Timeout::from_secs(1);
/// Number of rows of one read. Many revocations in one step can exceed `database.max_rows`.
const PAGE_SIZE: usize = 1_000;
const PAGE_ROWS: i64 = PAGE_SIZE as i64;

/// Revoked access tokens, from messages of the auth service about a ban, a new role or a new
/// password. Cheap to clone.
///
/// One replica of a service receives each message and stores the version in the database. It
/// applies the version immediately. The other replicas poll the database every second.
/// Authentication reads only memory.
#[derive(Debug, Clone)]
pub struct TokenVersions {
    revocations: Revocations,
    position: ReadPosition,
}

impl TokenVersions {
    /// Creates an empty list. Pass its [`revocations`](Self::revocations) to the authentication,
    /// then [`follow`](Self::follow) a database.
    #[must_use]
    pub fn new(config: &RevocationConfig) -> Self {
        Self {
            revocations: config.revocations(),
            position: ReadPosition::default(),
        }
    }

    /// Returns the list that the authentication reads.
    #[must_use]
    pub fn revocations(&self) -> Revocations {
        self.revocations.clone()
    }

    /// Reads the versions in this database and starts a worker that polls it. The migrations of the
    /// database must include [`TOKEN_VERSION_MIGRATIONS`].
    ///
    /// # Errors
    /// [`StartError`] if the table cannot be read.
    pub async fn follow<C: Settings>(
        &self,
        service: &Assembly<C>,
        database: &Database,
    ) -> Result<(), StartError> {
        self.refresh(database).await.map_err(|error| {
            StartError::with_cause("the token versions cannot be read from the database", error)
        })?;
        let (versions, database) = (self.clone(), database.clone());
        service.worker(Worker::new(
            "token versions",
            Schedule::Interval(POLL_INTERVAL),
            move |_| {
                let (versions, database) = (versions.clone(), database.clone());
                async move {
                    versions.refresh(&database).await?;
                    versions.revocations.remove_expired(SystemTime::now());
                    Ok(())
                }
            },
        ));
        Ok(())
    }

    async fn refresh(&self, database: &Database) -> Result<(), DataError> {
        let now = ClockReading::now();
        let until = SystemTime::now() + MAX_ACCESS_TOKEN_LIFETIME;
        let (as_of,): (i64,) = sql("SELECT {now_us}").fetch_one(database).await?;
        let oldest = as_of.saturating_sub(MAX_ACCESS_TOKEN_LIFETIME_US);
        let since = self
            .position
            .since_us()
            .map_or(oldest, |since| since.max(oldest));
        let mut page = first_page(database, since).await?;
        loop {
            for (user, version, _) in &page {
                let version = u64::try_from(*version).unwrap_or_default();
                self.revocations.raise_version(user, version, until);
            }
            let Some(last) = page.last().filter(|_| page.len() == PAGE_SIZE) else {
                break;
            };
            page = next_page(database, last).await?;
        }
        self.position.advance(as_of);
        self.revocations.record_read(now);
        Ok(())
    }

    /// Returns the version of a user that the database has. A ban, a new role and a new password
    /// raise it.
    ///
    /// # Errors
    /// The database error of the statement.
    pub async fn stored_version(connection: &dyn Connection, user: &str) -> Result<u64, DataError> {
        let stored: Option<(u64,)> = sql("SELECT version FROM token_versions WHERE user_id = ?")
            .bind(user)
            .fetch_optional(connection)
            .await?;
        Ok(stored.map_or(0, |(version,)| version))
    }

    /// Stores the version of a message in the transaction of its inbox entry. A version that is not
    /// higher than the stored one has no effect.
    ///
    /// # Errors
    /// The database error of the statement.
    pub async fn apply(&self, tx: &Transaction, changed: &UserChanged) -> Result<(), DataError> {
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
            let until = SystemTime::now() + MAX_ACCESS_TOKEN_LIFETIME;
            revocations.raise_version(&changed.user_id, changed.version, until);
        });
        Ok(())
    }
}

/// A user ID, the version, and the time of the change in microseconds since 1970.
type VersionRow = (String, i64, i64);

/// Reads in the order of the index, so the cost does not depend on the size of the table.
async fn first_page(database: &Database, since_us: i64) -> Result<Vec<VersionRow>, DataError> {
    sql(
        "SELECT user_id, version, changed_us FROM token_versions WHERE changed_us > ?
         ORDER BY changed_us, user_id LIMIT ?",
    )
    .bind(since_us)
    .bind(PAGE_ROWS)
    .fetch_all(database)
    .await
}

/// Reads the rows after this one. The user orders rows with the same time.
async fn next_page(
    database: &Database,
    (user, _, changed): &VersionRow,
) -> Result<Vec<VersionRow>, DataError> {
    sql("SELECT user_id, version, changed_us FROM token_versions
         WHERE changed_us >= ? AND (changed_us > ? OR user_id > ?)
         ORDER BY changed_us, user_id LIMIT ?")
    .bind(*changed)
    .bind(*changed)
    .bind(user)
    .bind(PAGE_ROWS)
    .fetch_all(database)
    .await
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Instant};

    use seaworthy::{
        auth::token::{
            Algorithm, Issuer, IssuerConfig, NewToken, Revocation as _, RevocationStatus,
            SigningKey, TokenSigner, TokenSignerConfig, TokenVerifier, VerifiedToken,
        },
        data::{DatabaseConfig, Migrator},
    };

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn token_of(user: &str) -> Arc<VerifiedToken> {
        let key = SigningKey::generate("k1", Algorithm::EdDsa).unwrap();
        let signer = TokenSigner::new(TokenSignerConfig::default(), key);
        let algorithms = IssuerConfig {
            algorithms: vec![Algorithm::EdDsa],
            ..IssuerConfig::default()
        };
        let issuer = Issuer::with_keys(algorithms, signer.verification().unwrap()).unwrap();
        let token = signer.sign(NewToken::for_subject(user)).unwrap();
        let verifier = TokenVerifier::new([issuer]).unwrap();
        let token = verifier
            .verify_now(token.expose(), SystemTime::now())
            .unwrap();
        Arc::new(token)
    }

    #[tokio::test]
    async fn versions_of_other_replicas_are_read_after_an_outage_auth_3() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("versions.db").display());
        let config = DatabaseConfig::from_url(url.parse().unwrap());
        let database = Database::builder("test", config).open().await.unwrap();
        let migrator = Migrator::new(&database, &[TOKEN_VERSION_MIGRATIONS]);
        migrator.up(false).await.unwrap();
        let missed = i64::try_from((5 * MINUTE).as_micros()).unwrap();
        sql("INSERT INTO token_versions (user_id, version, changed_us) VALUES ('eve', 1, {now_us} - ?)")
            .bind(missed)
            .execute(&database)
            .await
            .unwrap();
        let token = token_of("eve");
        let config = RevocationConfig::default();
        let (now,): (i64,) = sql("SELECT {now_us}").fetch_one(&database).await.unwrap();
        for (minutes, is_missed) in [(10, false), (1, true)] {
            let versions = TokenVersions::new(&config);
            let ago = i64::try_from((minutes * MINUTE).as_micros()).unwrap();
            versions.position.advance(now - ago);
            // The machine was suspended. By its monotonic clock, the last response has just
            // arrived.
            versions.revocations.record_read(ClockReading::now());
            versions.refresh(&database).await.unwrap();
            let status = versions.revocations.status(&token);
            assert_eq!(
                matches!(status, RevocationStatus::Valid),
                is_missed,
                "{minutes}: {status:?}"
            );
        }
    }

    #[tokio::test]
    async fn stale_list_is_pending_after_machine_suspension_auth_3() {
        let versions = TokenVersions::new(&RevocationConfig::default());
        let token = token_of("eve");
        versions.revocations.record_read(ClockReading::now());
        assert!(matches!(
            versions.revocations.status(&token),
            RevocationStatus::Valid
        ));
        let versions = TokenVersions::new(&RevocationConfig::default());
        let before = SystemTime::now() - 6 * MINUTE;
        versions
            .revocations
            .record_read(ClockReading::new(Instant::now(), before));
        assert!(matches!(
            versions.revocations.status(&token),
            RevocationStatus::Pending(_)
        ));
    }
}
