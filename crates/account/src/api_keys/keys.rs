use std::time::Duration;

use seaworthy_core::{Code, Error, FieldViolation, Secret, prefixed_id};
use seaworthy_data::{
    Connection, DataError, Database, Migration, MigrationSet, microseconds, purge_worker, sql,
};
use seaworthy_service::Worker;

use super::ApiKeysConfig;
use crate::{SecretToken, TokenVersions};

/// The table of API keys. Add the set to the migrations of a service with [`ApiKeys`], after
/// [`MIGRATIONS`](crate::MIGRATIONS).
pub const API_KEY_MIGRATIONS: MigrationSet = MigrationSet::for_part(
    "api_keys",
    &[
        Migration::new(
            1,
            "api_keys",
            include_str!("../../migrations/api_keys/0001_api_keys.up.sql"),
            include_str!("../../migrations/api_keys/0001_api_keys.down.sql"),
        ),
        Migration::new(
            2,
            "versions",
            include_str!("../../migrations/api_keys/0002_versions.up.sql"),
            include_str!("../../migrations/api_keys/0002_versions.down.sql"),
        ),
    ],
);

/// Appends the condition of valid keys to a statement. A key is valid until its expiry, and until
/// the tokens of its owner are revoked.
macro_rules! valid {
    ($start:literal, $rest:literal) => {
        concat!(
            $start,
            " until_us > {now_us} AND version >= COALESCE((SELECT owners.version FROM account_versions owners WHERE owners.user_id = account_api_keys.user_id), 0)",
            $rest
        )
    };
}

/// The prefix of key IDs, by which people recognize them in logs. An ID is not a secret.
const ID_PREFIX: &str = "key";
/// The prefix of keys, by which secret scanners recognize them.
const PREFIX: &str = "sk_";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Maximum length of a name, in characters: the length of the column.
const MAX_NAME: usize = 100;
/// Maximum length of all scopes of a key, in bytes.
const MAX_SCOPES: usize = 2_000;

/// Keys with which programs call on behalf of a user. Cheap to clone. All replicas share them.
///
/// The database stores the SHA-256 of a key. A key has scopes, an expiry and an owner, who lists
/// and revokes it. [`TokenVersions::increment`](crate::TokenVersions::increment) ends all keys of
/// an owner, so a key that a stolen token created is invalid after a new password.
///
/// ```no_run
/// use seaworthy_account::{ApiKeys, ApiKeysConfig};
/// use seaworthy_core::Error;
/// use seaworthy_data::Database;
///
/// # async fn example(database: Database) -> Result<(), Error> {
/// let keys = ApiKeys::new(database.clone(), ApiKeysConfig::default());
/// let new = keys.create(&database, "user-7", "nightly report", &["order:read".to_owned()], None).await?;
/// let caller = keys.verify(new.key.expose()).await?;
/// assert_eq!(caller.unwrap().owner, "user-7");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ApiKeys {
    database: Database,
    config: ApiKeysConfig,
}

/// A new key, which is shown once.
#[derive(Debug)]
pub struct NewApiKey {
    /// The ID, such as `key_3f…`, with which the owner revokes the key.
    pub id: String,
    /// The key.
    pub key: Secret<String>,
    /// The lifetime.
    pub lifetime: Duration,
}

/// A stored key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeySummary {
    /// The ID.
    pub id: String,
    /// The name that its owner chose.
    pub name: String,
    /// The scopes, such as `order:read` or `order:*`.
    pub scopes: Vec<String>,
    /// The creation, in microseconds since 1970.
    pub created_us: i64,
    /// The expiry, in microseconds since 1970.
    pub expires_us: i64,
}

/// The caller of a valid key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyCaller {
    /// The user who created the key.
    pub owner: String,
    /// The scopes of the key.
    pub scopes: Vec<String>,
}

impl ApiKeys {
    /// Creates a handle to the keys in a database that has the tables of [`API_KEY_MIGRATIONS`] and
    /// [`MIGRATIONS`](crate::MIGRATIONS).
    #[must_use]
    pub fn new(database: Database, config: ApiKeysConfig) -> Self {
        Self { database, config }
    }

    /// Creates a key, in the transaction of the audit log entry if there is one. Check first that
    /// the owner has the scopes, and ask for the password. Without a lifetime, the key has the
    /// maximum lifetime.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for an invalid name or scope, `LIFETIME_TOO_LONG`, `TOO_MANY_API_KEYS`,
    /// and errors of the database.
    pub async fn create(
        &self,
        connection: &dyn Connection,
        owner: &str,
        name: &str,
        scopes: &[String],
        lifetime: Option<Duration>,
    ) -> Result<NewApiKey, Error> {
        self.check(name, scopes, lifetime)?;
        let lifetime = lifetime.unwrap_or_else(|| self.max_lifetime());
        let token = SecretToken::generate()?;
        let id = prefixed_id(ID_PREFIX);
        let version = TokenVersions::current(connection, owner).await?;
        // Revoked keys would otherwise fill the table until they expire.
        sql("DELETE FROM account_api_keys WHERE user_id = ? AND version < ?")
            .bind(owner)
            .bind(version.cast_signed())
            .execute(connection)
            .await?;
        // The count and the insert are one statement. Two concurrent calls may exceed the limit by
        // one.
        let stored = sql("INSERT INTO account_api_keys (id, key_hash, user_id, name, scopes, created_us, until_us, version)
             SELECT ?, ?, ?, ?, ?, {now_us}, {now_us} + ?, ? FROM (SELECT count(*) AS own FROM account_api_keys WHERE user_id = ? AND until_us > {now_us}) counted
             WHERE counted.own < ?")
            .bind(id.clone())
            .bind(token.hash())
            .bind(owner)
            .bind(name)
            .bind(scopes.join(" "))
            .bind(microseconds(lifetime))
            .bind(version.cast_signed())
            .bind(owner)
            .bind(self.config.max_per_user.get())
            .execute(connection)
            .await?;
        if stored.rows_affected() == 0 {
            return Err(too_many());
        }
        Ok(NewApiKey {
            id,
            key: Secret::new(format!("{PREFIX}{}", token.expose())),
            lifetime,
        })
    }

    /// Checks the name, the scopes and the lifetime of a new key. Call it before you consume a code
    /// of the second factor. [`create`](Self::create) checks them too.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for an invalid name or scope, and `LIFETIME_TOO_LONG`.
    pub fn check(
        &self,
        name: &str,
        scopes: &[String],
        lifetime: Option<Duration>,
    ) -> Result<(), Error> {
        check(name, scopes)?;
        if lifetime.is_some_and(|lifetime| lifetime > self.max_lifetime()) {
            let days = self.config.max_lifetime_days;
            let message = format!("the lifetime is longer than {days} days: choose a shorter one");
            return Err(Error::new(Code::Invalid, "LIFETIME_TOO_LONG", message));
        }
        Ok(())
    }

    /// Checks whether an owner may have a further key. Call it before you consume a code of the
    /// second factor. [`create`](Self::create) checks it too.
    ///
    /// # Errors
    /// `TOO_MANY_API_KEYS`, and errors of the database.
    pub async fn check_limit(&self, owner: &str) -> Result<(), Error> {
        let (own,): (i64,) = sql(valid!(
            "SELECT count(*) FROM account_api_keys WHERE user_id = ? AND",
            ""
        ))
        .bind(owner)
        .fetch_one(&self.database)
        .await?;
        if own >= i64::from(self.config.max_per_user.get()) {
            return Err(too_many());
        }
        Ok(())
    }

    fn max_lifetime(&self) -> Duration {
        DAY.saturating_mul(self.config.max_lifetime_days.get())
    }

    /// Lists the valid keys of an owner, newest first.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn list(&self, owner: &str) -> Result<Vec<ApiKeySummary>, DataError> {
        let rows: Vec<(String, String, String, i64, i64)> =
            sql(valid!("SELECT id, name, scopes, created_us, until_us FROM account_api_keys WHERE user_id = ? AND", " ORDER BY created_us DESC, id DESC LIMIT ?"))
            .bind(owner)
            // Concurrent creations may slightly exceed the limit.
            .bind(self.config.max_per_user.get().saturating_mul(2))
            .fetch_all(&self.database)
            .await?;
        let summary =
            |(id, name, scopes, created_us, expires_us): (_, _, String, _, _)| ApiKeySummary {
                id,
                name,
                scopes: split(&scopes),
                created_us,
                expires_us,
            };
        Ok(rows.into_iter().map(summary).collect())
    }

    /// Whether an owner has a valid key.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn has_any(
        &self,
        connection: &dyn Connection,
        owner: &str,
    ) -> Result<bool, DataError> {
        sql(valid!(
            "SELECT id FROM account_api_keys WHERE user_id = ? AND",
            " LIMIT 1"
        ))
        .bind(owner)
        .exists(connection)
        .await
    }

    /// Revokes a key of an owner, in the transaction of the audit log entry if there is one.
    /// Returns whether it existed.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn revoke(
        &self,
        connection: &dyn Connection,
        owner: &str,
        id: &str,
    ) -> Result<bool, DataError> {
        let revoked = sql("DELETE FROM account_api_keys WHERE user_id = ? AND id = ?")
            .bind(owner)
            .bind(id)
            .execute(connection)
            .await?;
        Ok(revoked.rows_affected() > 0)
    }

    /// Returns the caller of a key. `None` for an unknown, revoked or expired key.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn verify(&self, key: &str) -> Result<Option<ApiKeyCaller>, DataError> {
        let Some(token) = key.strip_prefix(PREFIX).and_then(SecretToken::parse) else {
            return Ok(None);
        };
        let found: Option<(String, String)> = sql(valid!(
            "SELECT user_id, scopes FROM account_api_keys WHERE key_hash = ? AND",
            ""
        ))
        .bind(token.hash())
        .fetch_optional(&self.database)
        .await?;
        Ok(found.map(|(owner, scopes)| ApiKeyCaller {
            owner,
            scopes: split(&scopes),
        }))
    }

    /// Returns the worker that deletes expired keys. It may run on every replica.
    #[must_use]
    pub fn purge_worker(&self) -> Worker {
        purge_worker("purge API keys", &self.database, async |database| {
            let page = sql("DELETE FROM account_api_keys WHERE id IN (SELECT id FROM account_api_keys WHERE until_us <= {now_us} LIMIT ?)")
                .on_mysql("DELETE FROM account_api_keys WHERE until_us <= {now_us} LIMIT ?");
            page.delete_page(&database).await
        })
    }
}

fn split(scopes: &str) -> Vec<String> {
    scopes.split_whitespace().map(str::to_owned).collect()
}

fn too_many() -> Error {
    let message = "there are too many API keys: revoke one first";
    Error::new(Code::Conflict, "TOO_MANY_API_KEYS", message)
}

/// Checks the name and the scopes of a new key.
fn check(name: &str, scopes: &[String]) -> Result<(), Error> {
    let invalid =
        |field: &str, text: &str| Err(Error::invalid(vec![FieldViolation::new(field, text)]));
    let is_long = name.chars().count() > MAX_NAME;
    if name.trim().is_empty() || is_long || name.contains(char::is_control) {
        return invalid("name", "use 1 to 100 characters without control characters");
    }
    let is_scope = |scope: &String| {
        // A `*` is a wildcard only at the end. Elsewhere it would match only itself.
        let start = scope.strip_suffix('*').unwrap_or(scope);
        let is_plain = start
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'*');
        !scope.is_empty() && is_plain
    };
    let length: usize = scopes.iter().map(|scope| scope.len() + 1).sum();
    if scopes.is_empty() || length > MAX_SCOPES || !scopes.iter().all(is_scope) {
        return invalid("scopes", "name permissions such as order:read or order:*");
    }
    Ok(())
}
