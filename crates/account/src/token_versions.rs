use std::{fmt, str::FromStr, time::Duration};

use seaworthy_data::{Connection, DataError, Transaction, microseconds, sql};

/// The number of rows of a page, far below the maximum number of rows of a statement.
const PAGE: usize = 1_000;
const PAGE_ROWS: i64 = PAGE as i64;

/// A user, the version, and when it changed in microseconds since 1970.
type Raised = (String, i64, i64);

/// A page of users whose version changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionPage {
    /// Users and their versions. A user whose version changes again during the read is also on a
    /// later page.
    pub versions: Vec<(String, u64)>,
    /// The start of the next page. `None` on the last page.
    pub next: Option<VersionCursor>,
    /// The database's clock at the start of the read, in microseconds since 1970. The next read
    /// requests versions that were [changed since](TokenVersions::changed_since) this time.
    pub as_of_us: i64,
}

/// The last row of a page. A caller stores its text between two pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionCursor {
    changed_us: i64,
    user: String,
}

/// The text is not a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is not a cursor of token versions: use the cursor of the last page")]
pub struct InvalidCursor;

impl fmt::Display for VersionCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.changed_us, self.user)
    }
}

impl FromStr for VersionCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (changed, user) = text.split_once(':').ok_or(InvalidCursor)?;
        Ok(Self {
            changed_us: changed.parse().map_err(|_| InvalidCursor)?,
            user: user.to_owned(),
        })
    }
}

/// The version of a user's access tokens (AUTH-3). Raising it revokes all tokens that were issued
/// earlier, at each service whose `seaworthy_auth::token::Revocations` gets the new version.
///
/// An access token carries the version as `ver`. A user without a row has version 0.
#[derive(Debug, Clone, Copy)]
pub struct TokenVersions;

impl TokenVersions {
    /// Returns the version for a new token of the user.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn current(connection: &dyn Connection, user: &str) -> Result<u64, DataError> {
        let version: Option<(i64,)> = sql("SELECT version FROM account_versions WHERE user_id = ?")
            .bind(user)
            .fetch_optional(connection)
            .await?;
        Ok(version.map_or(0, |(version,)| version.unsigned_abs()))
    }

    /// Returns whether no token of the user was revoked since `version` was read. Read the version
    /// before you check a password or a code, or take it from the access token of the caller. Call
    /// this in the transaction that uses the check, after it has locked the row of the user.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn is_current(tx: &Transaction, user: &str, version: u64) -> Result<bool, DataError> {
        Ok(Self::current(tx, user).await? <= version)
    }

    /// Revokes all tokens of a user, in the transaction of the ban, the role or the password that
    /// is the reason. Returns the new version.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn increment(connection: &dyn Connection, user: &str) -> Result<u64, DataError> {
        sql("INSERT INTO account_versions (user_id, version, changed_us) VALUES (?, 1, {now_us})
             ON CONFLICT (user_id) DO UPDATE SET version = account_versions.version + 1, changed_us = excluded.changed_us")
            .on_mysql("INSERT INTO account_versions (user_id, version, changed_us) VALUES (?, 1, {now_us})
             ON DUPLICATE KEY UPDATE version = version + 1, changed_us = VALUES(changed_us)")
            .bind(user)
            .execute(connection)
            .await?;
        Self::current(connection, user).await
    }

    /// Returns the versions that changed within this time, page by page, for services that
    /// poll. A transaction writes the time and commits later, so pass more than the time since the
    /// last response.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn changed_within(
        connection: &dyn Connection,
        time: Duration,
        after: Option<&VersionCursor>,
    ) -> Result<VersionPage, DataError> {
        let as_of_us = Self::clock(connection).await?;
        let since = as_of_us.saturating_sub(microseconds(time));
        Self::page(connection, as_of_us, since, after).await
    }

    /// Returns the versions that changed after `since_us`, page by page. The time is that of
    /// the database: take it from [`VersionPage::as_of_us`], less a margin for transactions that
    /// write the time and commit later. With a clock of the caller, the read would miss versions
    /// that changed while its machine was suspended.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn changed_since(
        connection: &dyn Connection,
        since_us: i64,
        after: Option<&VersionCursor>,
    ) -> Result<VersionPage, DataError> {
        let as_of_us = Self::clock(connection).await?;
        Self::page(connection, as_of_us, since_us, after).await
    }

    async fn clock(connection: &dyn Connection) -> Result<i64, DataError> {
        let (now,): (i64,) = sql("SELECT {now_us}").fetch_one(connection).await?;
        Ok(now)
    }

    async fn page(
        connection: &dyn Connection,
        as_of_us: i64,
        since_us: i64,
        after: Option<&VersionCursor>,
    ) -> Result<VersionPage, DataError> {
        let rows = match after {
            None => Self::first_page(connection, since_us).await?,
            Some(last) => Self::next_page(connection, last).await?,
        };
        let is_full = rows.len() >= PAGE;
        let last = rows.last().filter(|_| is_full);
        let next = last.map(|(user, _, changed)| VersionCursor {
            changed_us: *changed,
            user: user.clone(),
        });
        let versions = rows.into_iter();
        Ok(VersionPage {
            versions: versions
                .map(|(user, version, _)| (user, version.unsigned_abs()))
                .collect(),
            next,
            as_of_us,
        })
    }

    async fn first_page(
        connection: &dyn Connection,
        since_us: i64,
    ) -> Result<Vec<Raised>, DataError> {
        sql(
            "SELECT user_id, version, changed_us FROM account_versions WHERE changed_us > ?
             ORDER BY changed_us, user_id LIMIT ?",
        )
        .bind(since_us)
        .bind(PAGE_ROWS)
        .fetch_all(connection)
        .await
    }

    /// Returns the rows after the cursor. The user orders rows of the same time.
    async fn next_page(
        connection: &dyn Connection,
        last: &VersionCursor,
    ) -> Result<Vec<Raised>, DataError> {
        sql("SELECT user_id, version, changed_us FROM account_versions
             WHERE changed_us >= ? AND (changed_us > ? OR user_id > ?)
             ORDER BY changed_us, user_id LIMIT ?")
        .bind(last.changed_us)
        .bind(last.changed_us)
        .bind(&last.user)
        .bind(PAGE_ROWS)
        .fetch_all(connection)
        .await
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn hostile_page_cursors_are_rejected_or_read_auth_3(any in ".{0,60}", near in "-?[0-9]{1,20}:.{0,20}") {
            for text in [any, near] {
                if let Ok(cursor) = text.parse::<VersionCursor>() {
                    prop_assert_eq!(cursor.to_string().parse::<VersionCursor>(), Ok(cursor));
                }
            }
        }
    }
}
