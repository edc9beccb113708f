use std::{collections::BTreeMap, time::Duration};

use seaworthy_data::{Connection, DataError, sql};

/// Rows that are asked for at once: far below the limit of rows that one answer of a database may have (`maximum_rows`), and a day without an incident has no second page.
const PAGE: usize = 1_000;
const PAGE_ROWS: i64 = PAGE as i64;

/// A user, the version, and when it was raised.
type Raised = (String, i64, i64);

/// The version of a user's access tokens (AUTH-3): raising it takes back all that were issued before, wherever `seaworthy_auth::token::Revocations` hear of it.
///
/// An access token carries the version as `ver`; a user without a row is at 0.
#[derive(Debug, Clone, Copy)]
pub struct TokenVersions;

impl TokenVersions {
    /// The version that a new token of the user carries.
    ///
    /// # Errors
    /// The database's.
    pub async fn current(connection: &dyn Connection, user: &str) -> Result<u64, DataError> {
        let version: Option<(i64,)> = sql("SELECT version FROM account_versions WHERE user_id = ?")
            .bind(user)
            .fetch_optional(connection)
            .await?;
        Ok(version.map_or(0, |(version,)| version.unsigned_abs()))
    }

    /// Takes back all tokens of a user, in the transaction of the ban, the role or the password that is the reason; tells the new version.
    ///
    /// # Errors
    /// The database's.
    pub async fn raise(connection: &dyn Connection, user: &str) -> Result<u64, DataError> {
        sql("INSERT INTO account_versions (user_id, version, changed_us) VALUES (?, 1, {now_us})
             ON CONFLICT (user_id) DO UPDATE SET version = account_versions.version + 1, changed_us = excluded.changed_us")
            .on_mysql("INSERT INTO account_versions (user_id, version, changed_us) VALUES (?, 1, {now_us})
             ON DUPLICATE KEY UPDATE version = version + 1, changed_us = VALUES(changed_us)")
            .bind(user)
            .execute(connection)
            .await?;
        Self::current(connection, user).await
    }

    /// Whose version was raised within this time, with the newest of each and however many they are, for services that ask instead of being told. A transaction writes the time before it
    /// commits: ask for more than has passed since the last answer.
    ///
    /// # Errors
    /// The database's.
    pub async fn raised_within(
        connection: &dyn Connection,
        time: Duration,
    ) -> Result<Vec<(String, u64)>, DataError> {
        let mut raised = BTreeMap::new();
        let mut page = Self::first_page(connection, time).await?;
        loop {
            let last = page.last().map(|row| (row.0.clone(), row.2));
            let is_full = page.len() >= PAGE;
            // Whoever is raised between two pages comes again, with the newer version.
            raised.extend(page.into_iter().map(|(user, version, _)| (user, version)));
            page = match last {
                Some((user, changed)) if is_full => {
                    Self::next_page(connection, &user, changed).await?
                }
                _ => break,
            };
        }
        let raised = raised.into_iter();
        Ok(raised
            .map(|(user, version)| (user, version.unsigned_abs()))
            .collect())
    }

    async fn first_page(
        connection: &dyn Connection,
        time: Duration,
    ) -> Result<Vec<Raised>, DataError> {
        sql("SELECT user_id, version, changed_us FROM account_versions WHERE changed_us > {now_us} - ?
             ORDER BY changed_us, user_id LIMIT ?")
            .bind(i64::try_from(time.as_micros()).unwrap_or(i64::MAX))
            .bind(PAGE_ROWS)
            .fetch_all(connection)
            .await
    }

    /// What follows this row. All rows of one moment have the user to tell them apart.
    async fn next_page(
        connection: &dyn Connection,
        user: &str,
        changed: i64,
    ) -> Result<Vec<Raised>, DataError> {
        sql("SELECT user_id, version, changed_us FROM account_versions
             WHERE changed_us >= ? AND (changed_us > ? OR user_id > ?)
             ORDER BY changed_us, user_id LIMIT ?")
        .bind(changed)
        .bind(changed)
        .bind(user)
        .bind(PAGE_ROWS)
        .fetch_all(connection)
        .await
    }
}
