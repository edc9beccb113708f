use seaworthy::{data::prelude::*, prelude::*};

use crate::{Account, errors};

// Returns the text of a statement that reads accounts.
statements! { statement: "SELECT id, email, username, phone, password_hash, google_id, is_email_verified, is_phone_verified, approval_status, version, disabled_at, last_login_at, created_at, updated_at FROM accounts " }

/// Statements on accounts.
#[derive(Debug, Clone, Copy)]
pub struct Accounts;

/// An account to store. Addresses are normalized.
#[derive(Debug, Default)]
pub(crate) struct NewAccount {
    pub(crate) email: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) password_hash: Option<Secret<String>>,
    pub(crate) is_phone_verified: bool,
    pub(crate) approval_status: Option<&'static str>,
}

impl FromRow for Account {
    fn from_row(row: &Row) -> DataResult<Self> {
        let personal =
            |name| Ok::<_, DataError>(row.get::<Option<String>>(name)?.map(Personal::new));
        Ok(Self {
            id: row.get("id")?,
            email: personal("email")?,
            username: row.get("username")?,
            phone: personal("phone")?,
            password_hash: row.get::<Option<String>>("password_hash")?.map(Secret::new),
            is_google_linked: row.get::<Option<String>>("google_id")?.is_some(),
            is_email_verified: row.get("is_email_verified")?,
            is_phone_verified: row.get("is_phone_verified")?,
            approval_status: row.get("approval_status")?,
            version: row.get("version")?,
            is_disabled: row.get::<Option<DateTime<Utc>>>("disabled_at")?.is_some(),
            last_login_at: row.get("last_login_at")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
        })
    }
}

/// Turns a violated unique index into an error of the client.
fn unique<T>(done: DataResult<T>) -> Result<(), Error> {
    match done {
        Err(error) if error.is_unique_violation() => Err(errors::taken()),
        other => Ok(other.map(drop)?),
    }
}

impl Accounts {
    /// Inserts an unverified account, or one with a verified telephone number. Returns its ID.
    ///
    /// # Errors
    /// `CONFLICT` if an address or the user name is taken.
    pub(crate) async fn insert(tx: &Transaction, new: NewAccount) -> Result<Uuid, Error> {
        let (id, now) = (seaworthy::core::new_id(), Utc::now());
        let key = new.username.as_ref().map(|name| name.to_lowercase());
        let hash = new.password_hash.map(|hash| hash.expose().clone());
        unique(
            sql!("INSERT INTO accounts (id, email, username, username_key, phone, password_hash, is_email_verified, is_phone_verified, approval_status, version, created_at, updated_at)
                 VALUES ({id}, {new.email}, {new.username}, {key}, {new.phone}, {hash}, {false}, {new.is_phone_verified}, {new.approval_status.map(str::to_owned)}, 1, {now}, {now})")
                .execute(tx)
                .await,
        )?;
        Ok(id)
    }

    /// Returns the account with this ID.
    ///
    /// # Errors
    /// An error of the database.
    pub async fn find_by_id(connection: &dyn Connection, id: Uuid) -> DataResult<Option<Account>> {
        statement!(sql, "WHERE id = {id}")
            .fetch_optional(connection)
            .await
    }

    /// Returns the account with this e-mail address in lower case.
    ///
    /// # Errors
    /// An error of the database.
    pub async fn find_by_email(
        connection: &dyn Connection,
        email: &str,
    ) -> DataResult<Option<Account>> {
        statement!(sql, "WHERE email = {email}")
            .fetch_optional(connection)
            .await
    }

    pub(crate) async fn find_by_username(
        connection: &dyn Connection,
        username: &str,
    ) -> DataResult<Option<Account>> {
        statement!(sql, "WHERE username_key = {username.to_lowercase()}")
            .fetch_optional(connection)
            .await
    }

    pub(crate) async fn find_by_google(
        connection: &dyn Connection,
        subject: &str,
    ) -> DataResult<Option<Account>> {
        statement!(sql, "WHERE google_id = {subject}")
            .fetch_optional(connection)
            .await
    }

    /// Returns the account with this e-mail address, and locks its row as [`lock`](Self::lock) does.
    pub(crate) async fn lock_by_email(
        tx: &Transaction,
        email: &str,
    ) -> DataResult<Option<Account>> {
        statement!(locked, "WHERE email = {email}")
            .fetch_optional(tx)
            .await
    }

    /// Returns the account with this telephone number, and locks its row as [`lock`](Self::lock)
    /// does.
    pub(crate) async fn lock_by_phone(
        tx: &Transaction,
        phone: &str,
    ) -> DataResult<Option<Account>> {
        statement!(locked, "WHERE phone = {phone}")
            .fetch_optional(tx)
            .await
    }

    /// Returns an account, and locks its row until the transaction ends.
    ///
    /// # Errors
    /// `TOKEN_INVALID` if the account does not exist.
    pub async fn lock(tx: &Transaction, id: Uuid) -> Result<Account, Error> {
        let account = statement!(locked, "WHERE id = {id}")
            .fetch_optional(tx)
            .await?;
        account.ok_or_else(errors::token_invalid)
    }

    pub(crate) async fn set_email_verified(tx: &Transaction, id: Uuid) -> DataResult<()> {
        sql!("UPDATE accounts SET is_email_verified = {true}, version = version + 1, updated_at = {Utc::now()} WHERE id = {id}")
            .apply(tx)
            .await
    }

    pub(crate) async fn set_phone_verified(tx: &Transaction, id: Uuid) -> DataResult<()> {
        sql!("UPDATE accounts SET is_phone_verified = {true}, version = version + 1, updated_at = {Utc::now()} WHERE id = {id}")
            .apply(tx)
            .await
    }

    /// Sets a new password.
    pub(crate) async fn set_password(tx: &Transaction, id: Uuid, hash: &str) -> DataResult<()> {
        sql!("UPDATE accounts SET password_hash = {hash}, version = version + 1, updated_at = {Utc::now()} WHERE id = {id}")
            .apply(tx)
            .await
    }

    /// Links an account to one at Google.
    ///
    /// # Errors
    /// `CONFLICT` if a concurrent login has linked it.
    pub(crate) async fn set_google(tx: &Transaction, id: Uuid, subject: &str) -> Result<(), Error> {
        unique(
            sql!("UPDATE accounts SET google_id = {subject}, version = version + 1, updated_at = {Utc::now()} WHERE id = {id}")
                .execute(tx)
                .await,
        )
    }

    /// Removes an e-mail address that is not verified, with its password. The account then has its
    /// telephone number only. The worker deletes an account without any verified address.
    pub(crate) async fn release_email(tx: &Transaction, id: Uuid) -> DataResult<()> {
        sql!("UPDATE accounts SET email = NULL, password_hash = NULL, version = version + 1, updated_at = {Utc::now()} WHERE id = {id} AND is_email_verified = {false}")
            .apply(tx)
            .await
    }

    /// Removes the password. The owner sets one by a code.
    pub(crate) async fn clear_password(tx: &Transaction, id: Uuid) -> DataResult<()> {
        sql!("UPDATE accounts SET password_hash = NULL, version = version + 1, updated_at = {Utc::now()} WHERE id = {id}")
            .apply(tx)
            .await
    }

    /// Removes a telephone number that is not verified.
    pub(crate) async fn release_phone(tx: &Transaction, id: Uuid) -> DataResult<()> {
        sql!("UPDATE accounts SET phone = NULL, version = version + 1, updated_at = {Utc::now()} WHERE id = {id} AND is_phone_verified = {false}")
            .apply(tx)
            .await
    }

    pub(crate) async fn record_login(tx: &Transaction, id: Uuid) -> DataResult<()> {
        sql!("UPDATE accounts SET last_login_at = {Utc::now()} WHERE id = {id}")
            .apply(tx)
            .await
    }

    /// Sets the user name and the telephone number. A new number is unverified.
    ///
    /// # Errors
    /// `CONFLICT` if one of them is taken.
    pub(crate) async fn set_profile(
        tx: &Transaction,
        account: &Account,
        username: Option<String>,
        phone: Option<String>,
    ) -> Result<(), Error> {
        let known = account.phone.as_ref().map(Personal::expose);
        let is_verified = account.is_phone_verified && known == phone.as_ref();
        let key = username.as_ref().map(|name| name.to_lowercase());
        unique(
            sql!("UPDATE accounts SET username = {username}, username_key = {key}, phone = {phone}, is_phone_verified = {is_verified}, version = version + 1, updated_at = {Utc::now()} WHERE id = {account.id}")
                .execute(tx)
                .await,
        )
    }

    /// Sets the state of a trainer's application: `pending`, `approved` or `rejected`.
    ///
    /// # Errors
    /// An error of the database, also for another state.
    pub async fn set_approval_status(tx: &Transaction, id: Uuid, status: &str) -> DataResult<()> {
        sql!("UPDATE accounts SET approval_status = {status}, version = version + 1, updated_at = {Utc::now()} WHERE id = {id}")
            .apply(tx)
            .await
    }

    /// Disables or enables an account. Returns `false` if it does not exist.
    pub(crate) async fn set_disabled(
        tx: &Transaction,
        id: Uuid,
        is_disabled: bool,
    ) -> DataResult<bool> {
        let now = Utc::now();
        let disabled_at = is_disabled.then_some(now);
        sql!("UPDATE accounts SET disabled_at = {disabled_at}, version = version + 1, updated_at = {now} WHERE id = {id}")
            .changes(tx)
            .await
    }

    /// Deletes a page of accounts that are older than a moment and were never verified. A user who
    /// has logged in may have a new telephone number that is not verified yet. Returns whether more
    /// accounts may be left.
    pub(crate) async fn delete_unverified(
        connection: &dyn Connection,
        before: DateTime<Utc>,
    ) -> DataResult<bool> {
        // A verification records a login. The condition outside of the page is checked again after
        // a wait for the lock of its row.
        sql("DELETE FROM accounts WHERE last_login_at IS NULL AND id IN (SELECT id FROM accounts WHERE is_email_verified = ? AND is_phone_verified = ? AND google_id IS NULL AND last_login_at IS NULL AND created_at < ? LIMIT ?)")
            .bind(false)
            .bind(false)
            .bind(before)
            .delete_page(connection)
            .await
    }
}
