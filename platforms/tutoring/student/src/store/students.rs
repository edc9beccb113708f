use seaworthy::data::prelude::*;
use serde_json::{Value, json};
use tutoring_identity::{insert_or_ignore, locked};
use uuid::Uuid;

/// The first part of statements that read students.
macro_rules! statement {
    (locked $rest:literal) => {
        locked!("SELECT id, username, is_verified, is_disabled, profile, referral_code, deal_claimed_at, version, created_at, updated_at FROM students ", $rest)
    };
    ($($rest:literal),+) => {
        sql!("SELECT id, username, is_verified, is_disabled, profile, referral_code, deal_claimed_at, version, created_at, updated_at FROM students ", $($rest),+)
    };
}

/// A student as stored.
#[derive(Debug, FromRow)]
pub(crate) struct Student {
    pub(crate) id: Uuid,
    pub(crate) username: Option<String>,
    pub(crate) is_verified: bool,
    pub(crate) is_disabled: bool,
    pub(crate) profile: Value,
    pub(crate) referral_code: Option<String>,
    pub(crate) deal_claimed_at: Option<DateTime<Utc>>,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// A version of an account, from a message.
#[derive(Debug)]
pub(crate) struct AccountCopy {
    pub(crate) id: Uuid,
    pub(crate) version: i64,
    pub(crate) username: Option<String>,
    pub(crate) is_verified: bool,
    pub(crate) is_disabled: bool,
}

/// Statements on students.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Students;

impl Students {
    /// Inserts a student who is not stored. The message about the account may arrive later.
    pub(crate) async fn ensure(tx: &Transaction, id: Uuid) -> Result<(), DataError> {
        let now = Utc::now();
        insert_or_ignore!("students (id, is_verified, is_disabled, account_version, profile, search_text, version, created_at, updated_at)
             VALUES (?, ?, ?, 0, ?, '', 0, ?, ?)")
            .bind(id)
            .bind(true)
            .bind(false)
            .bind(json!({}))
            .bind(now)
            .bind(now)
            .apply(tx)
            .await
    }

    /// Returns a student, and locks the row until the transaction ends.
    pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> Result<Student, DataError> {
        Self::ensure(tx, id).await?;
        statement!(locked "WHERE id = {id}").fetch_one(tx).await
    }

    /// Stores a version of an account. An older one changes nothing.
    pub(crate) async fn store_account(
        tx: &Transaction,
        account: &AccountCopy,
    ) -> Result<(), DataError> {
        let student = Self::lock(tx, account.id).await?;
        sql!("UPDATE students SET username = {account.username.clone()}, is_verified = {account.is_verified}, is_disabled = {account.is_disabled}, account_version = {account.version}, search_text = {search_text(account.username.as_deref(), &student.profile)} WHERE id = {account.id} AND account_version <= {account.version}")
            .apply(tx)
            .await
    }

    /// Stores the profile of a locked student.
    pub(crate) async fn set_profile(
        tx: &Transaction,
        student: &Student,
        profile: &Value,
    ) -> Result<(), DataError> {
        sql!("UPDATE students SET profile = {profile.clone()}, search_text = {search_text(student.username.as_deref(), profile)}, version = version + 1, updated_at = {Utc::now()} WHERE id = {student.id}")
            .apply(tx)
            .await
    }

    pub(crate) async fn by_id(
        connection: &dyn Connection,
        id: Uuid,
    ) -> Result<Option<Student>, DataError> {
        statement!("WHERE id = {id}")
            .fetch_optional(connection)
            .await
    }

    /// Returns a page of the students with their number, the oldest first. `text` is a part of the
    /// names in lower case. Without a status, all students match. A status says whether the student
    /// is disabled, and whether the account is verified, if that matters.
    pub(crate) async fn list(
        connection: &dyn Connection,
        text: &str,
        status: Option<(bool, Option<bool>)>,
        (limit, offset): (u32, u64),
    ) -> Result<(Vec<Student>, u64), DataError> {
        let pattern = format!("%{}%", escaped(text));
        let (is_disabled, is_verified) = status.unwrap_or_default();
        let bind = |statement: Statement| {
            statement
                .bind(pattern.clone())
                .bind(i64::from(status.is_none()))
                .bind(is_disabled)
                .bind(i64::from(is_verified.is_none()))
                .bind(is_verified.unwrap_or_default())
        };
        let count = sql(
            "SELECT COUNT(*) FROM students WHERE search_text LIKE ? ESCAPE '!' AND (? = 1 OR (is_disabled = ? AND (? = 1 OR is_verified = ?)))",
        );
        let (total,): (u64,) = bind(count).fetch_one(connection).await?;
        let students = bind(statement!("WHERE search_text LIKE ? ESCAPE '!' AND (? = 1 OR (is_disabled = ? AND (? = 1 OR is_verified = ?))) ORDER BY created_at, id LIMIT ? OFFSET ?"))
            .bind(limit)
            .bind(offset)
            .fetch_all(connection)
            .await?;
        Ok((students, total))
    }

    /// Returns the student with a referral code.
    pub(crate) async fn of_referral_code(
        connection: &dyn Connection,
        code: &str,
    ) -> Result<Option<Uuid>, DataError> {
        let found: Option<(Uuid,)> = sql!("SELECT id FROM students WHERE referral_code = {code}")
            .fetch_optional(connection)
            .await?;
        Ok(found.map(|(id,)| id))
    }

    /// Sets the referral code of a student who has none.
    pub(crate) async fn set_referral_code(
        tx: &Transaction,
        id: Uuid,
        code: &str,
    ) -> Result<(), DataError> {
        sql!("UPDATE students SET referral_code = {code} WHERE id = {id} AND referral_code IS NULL")
            .apply(tx)
            .await
    }

    /// Claims the welcome offer. Returns false if the student has claimed it.
    pub(crate) async fn claim_deal(tx: &Transaction, id: Uuid) -> Result<bool, DataError> {
        Self::ensure(tx, id).await?;
        sql!("UPDATE students SET deal_claimed_at = {Utc::now()} WHERE id = {id} AND deal_claimed_at IS NULL")
                .changes(tx)
                .await
    }
}

fn search_text(username: Option<&str>, profile: &Value) -> String {
    let name = profile.get("fullName").and_then(Value::as_str);
    let text = format!(
        "{} {}",
        username.unwrap_or_default(),
        name.unwrap_or_default()
    );
    text.to_lowercase()
}

/// Escapes the wildcards of `LIKE`.
fn escaped(text: &str) -> String {
    let text = text.to_lowercase();
    text.replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_")
}
