use std::time::{Duration, SystemTime};

use seaworthy::{
    auth::token::{ClockReading, Revocations},
    config::Settings,
    data::{DataError, Database, Migration, MigrationSet, Transaction, sql},
    prelude::*,
};

use crate::{ReadPosition, RevocationConfig, messages::UserChanged};

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
/// The same time in microseconds.
const LONGEST_ACCESS_TOKEN_US: i64 = 24 * 60 * 60 * 1_000_000;
/// How soon a replica knows what another one heard.
const LOOK_EVERY: Timeout = Timeout::from_secs(1);
/// After a ban of many there are more than a question may answer.
const PAGE: usize = 1_000;
const PAGE_ROWS: i64 = PAGE as i64;

/// Which access tokens count no more, as the auth service tells it: a ban, a new role, a new password. Cheap to clone.
///
/// The messages go to one replica of a service, so versions are kept in its database, where every replica looks once a second; the one that heard it knows at once. Authentication itself looks in memory alone.
#[derive(Debug, Clone)]
pub struct TokenVersions {
    revocations: Revocations,
    position: ReadPosition,
}

impl TokenVersions {
    /// Nothing is known yet: give its [`revocations`](Self::revocations) to the authentication, then [`follow`](Self::follow) a database.
    #[must_use]
    pub fn new(config: &RevocationConfig) -> Self {
        Self {
            revocations: config.revocations(),
            position: ReadPosition::default(),
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
        self.look(database)
            .await
            .map_err(|error| StartError::because("versions of tokens cannot be read", error))?;
        let (versions, database) = (self.clone(), database.clone());
        service.worker(Worker::new(
            "versions of tokens",
            Schedule::Interval(LOOK_EVERY),
            move |_| {
                let (versions, database) = (versions.clone(), database.clone());
                async move {
                    versions.look(&database).await?;
                    versions.revocations.remove_expired(SystemTime::now());
                    Ok(())
                }
            },
        ));
        Ok(())
    }

    async fn look(&self, database: &Database) -> Result<(), DataError> {
        let now = ClockReading::now();
        let until = SystemTime::now() + LONGEST_ACCESS_TOKEN;
        let (as_of,): (i64,) = sql("SELECT {now_us}").fetch_one(database).await?;
        let oldest = as_of.saturating_sub(LONGEST_ACCESS_TOKEN_US);
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
            let Some(last) = page.last().filter(|_| page.len() == PAGE) else {
                break;
            };
            page = next_page(database, last).await?;
        }
        self.position.advance(as_of);
        self.revocations.record_read(now);
        Ok(())
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
            let until = SystemTime::now() + LONGEST_ACCESS_TOKEN;
            revocations.raise_version(&changed.user_id, changed.version, until);
        });
        Ok(())
    }
}

/// A user, the version, and when it was changed.
type Changed = (String, i64, i64);

/// In the order of the index, so that a table of years costs a look nothing.
async fn first_page(database: &Database, since_us: i64) -> Result<Vec<Changed>, DataError> {
    sql(
        "SELECT user_id, version, changed_us FROM token_versions WHERE changed_us > ?
         ORDER BY changed_us, user_id LIMIT ?",
    )
    .bind(since_us)
    .bind(PAGE_ROWS)
    .fetch_all(database)
    .await
}

/// What follows this row. All rows of one moment have the user to tell them apart.
async fn next_page(
    database: &Database,
    (user, _, changed): &Changed,
) -> Result<Vec<Changed>, DataError> {
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
        let token = signer.sign(NewToken::about(user)).unwrap();
        let verifier = TokenVerifier::new([issuer]).unwrap();
        let token = verifier
            .verify_now(token.expose(), SystemTime::now())
            .unwrap();
        Arc::new(token)
    }

    #[tokio::test]
    async fn what_others_heard_while_the_database_was_away_is_read_later_auth_3() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("versions.db").display());
        let config = DatabaseConfig::at(url.parse().unwrap());
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
            versions.look(&database).await.unwrap();
            let standing = versions.revocations.status(&token);
            assert_eq!(
                matches!(standing, RevocationStatus::Valid),
                is_missed,
                "{minutes}: {standing:?}"
            );
        }
    }

    #[tokio::test]
    async fn suspended_machine_rejects_old_list_auth_3() {
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
