use seaworthy::{
    data::{chrono::SubsecRound as _, prelude::*},
    prelude::*,
};

use crate::{Account, AccountKind, errors};

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
    pub(crate) google_id: Option<String>,
    pub(crate) is_email_verified: bool,
    pub(crate) is_phone_verified: bool,
}

/// Turns a violated unique index into an error of the client.
fn unique<T>(done: DataResult<T>) -> Result<(), Error> {
    match done {
        Err(error) if error.is_unique_violation() => Err(errors::taken()),
        other => Ok(other.map(drop)?),
    }
}

impl Accounts {
    /// Inserts an account.
    ///
    /// # Errors
    /// `CONFLICT` if an address or the user name is taken.
    pub(crate) async fn insert(
        tx: &Transaction,
        kind: AccountKind,
        new: NewAccount,
    ) -> Result<Account, Error> {
        let (id, now) = (seaworthy::core::new_id(), Utc::now());
        let key = new.username.as_ref().map(|name| name.to_lowercase());
        let hash = new.password_hash.map(|hash| hash.expose().clone());
        let approval = kind.first_approval_status().map(str::to_owned);
        unique(
            sql!("INSERT INTO accounts (id, email, username, username_key, phone, password_hash, google_id, is_email_verified, is_phone_verified, approval_status, version, created_at, updated_at)
                 VALUES ({id}, {new.email}, {new.username}, {key}, {new.phone}, {hash}, {new.google_id}, {new.is_email_verified}, {new.is_phone_verified}, {approval}, 1, {now}, {now})")
                .execute(tx)
                .await,
        )?;
        Self::lock(tx, id).await
    }

    /// Stores a changed account, whose row the transaction has locked. Returns it with its next
    /// version. Whether the account is disabled and the time of the last login are not stored.
    ///
    /// # Errors
    /// `CONFLICT` if an address, the user name or the account at Google is taken.
    pub async fn update(tx: &Transaction, mut account: Account) -> Result<Account, Error> {
        account.version += 1;
        // Databases store microseconds.
        account.updated_at = Utc::now().trunc_subsecs(6);
        let email = account.email.as_ref().map(|email| email.expose().clone());
        let key = account.username.as_ref().map(|name| name.to_lowercase());
        let phone = account.phone.as_ref().map(|phone| phone.expose().clone());
        let hash = account
            .password_hash
            .as_ref()
            .map(|hash| hash.expose().clone());
        unique(
            sql!("UPDATE accounts SET email = {email}, username = {account.username.clone()}, username_key = {key}, phone = {phone}, password_hash = {hash}, google_id = {account.google_id.clone()}, is_email_verified = {account.is_email_verified}, is_phone_verified = {account.is_phone_verified}, approval_status = {account.approval_status.clone()}, version = {account.version}, updated_at = {account.updated_at} WHERE id = {account.id}")
                .execute(tx)
                .await,
        )?;
        Ok(account)
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

    /// Returns the account with this e-mail address, and locks its row as [`lock`](Self::lock)
    /// does.
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

    pub(crate) async fn record_login(tx: &Transaction, id: Uuid) -> DataResult<()> {
        sql!("UPDATE accounts SET last_login_at = {Utc::now()} WHERE id = {id}")
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
