//! Statements on wallets and their ledger.

use std::collections::BTreeMap;

use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::{CheckedPage, Page};
use tutoring_identity::paged;

named! {
    /// The kind of an entry of the ledger.
    pub(crate) enum CoinKind {
        RegistrationBonus = "registration_bonus",
        CourseCompletion = "course_completion",
        Referral = "referral",
        Redeem = "redeem",
        RedeemReversal = "redeem_reversal",
        Adjust = "adjust",
    }
}

/// The coins of a student.
#[derive(Debug, Clone, Copy, Default, Serialize, FromRow)]
pub(crate) struct Wallet {
    pub(crate) balance: i64,
    /// The part of the balance that open payments reserve.
    pub(crate) reserved: i64,
}

impl Wallet {
    pub(crate) const fn free(&self) -> i64 {
        self.balance - self.reserved
    }
}

#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LedgerEntry {
    id: Uuid,
    amount: i64,
    r#type: String,
    reference_id: String,
    created_at: DateTime<Utc>,
}

/// The values of coins.
#[derive(Debug, Clone)]
pub(crate) struct CoinSettings(pub(crate) BTreeMap<String, i64>);

impl CoinSettings {
    pub(crate) fn value(&self, name: &str) -> i64 {
        self.0.get(name).copied().unwrap_or_default()
    }
}

pub(crate) async fn wallet(connection: &dyn Connection, student: Uuid) -> DataResult<Wallet> {
    let found: Option<Wallet> =
        sql!("SELECT balance, reserved FROM coin_wallets WHERE student_id = {student}")
            .fetch_optional(connection)
            .await?;
    Ok(found.unwrap_or_default())
}

/// Reserves free coins. Returns `false` if there are too few.
pub(crate) async fn reserve(tx: &Transaction, student: Uuid, coins: i64) -> DataResult<bool> {
    sql!("UPDATE coin_wallets SET reserved = reserved + {coins}, updated_at = {Utc::now()} WHERE student_id = {student} AND balance - reserved >= {coins}")
        .changes(tx)
        .await
}

/// Frees reserved coins.
pub(crate) async fn free(tx: &Transaction, student: Uuid, coins: i64) -> DataResult<()> {
    sql!("UPDATE coin_wallets SET reserved = reserved - {coins}, updated_at = {Utc::now()} WHERE student_id = {student}")
        .apply(tx)
        .await
}

/// Creates the wallet of a student if it is missing, and locks it until the transaction ends.
pub(crate) async fn lock(tx: &Transaction, student: Uuid) -> DataResult<()> {
    let now = Utc::now();
    open(tx, student, now).await?;
    sql!("UPDATE coin_wallets SET updated_at = {now} WHERE student_id = {student}")
        .apply(tx)
        .await
}

async fn open(tx: &Transaction, student: Uuid, now: DateTime<Utc>) -> DataResult<()> {
    insert_or_ignore!("coin_wallets (student_id, balance, reserved, updated_at) VALUES ({student}, {0_i64}, {0_i64}, {now})")
    .apply(tx)
    .await
}

/// Adds an entry to the ledger and changes the balance, once per reference. Returns `false` for
/// a repeat.
pub(crate) async fn post(
    tx: &Transaction,
    student: Uuid,
    amount: i64,
    kind: CoinKind,
    reference: &str,
) -> DataResult<bool> {
    if amount == 0 {
        return Ok(false);
    }
    let now = Utc::now();
    open(tx, student, now).await?;
    let is_new = insert_or_ignore!("coin_transactions (id, student_id, amount, type, reference_id, created_at) VALUES ({Uuid::new_v4()}, {student}, {amount}, {kind.as_str()}, {reference}, {now})")
        .changes(tx)
        .await?;
    if is_new {
        sql!("UPDATE coin_wallets SET balance = balance + {amount}, updated_at = {now} WHERE student_id = {student}")
            .apply(tx)
            .await?;
    }
    Ok(is_new)
}

/// Returns the amount of an entry.
pub(crate) async fn amount(
    connection: &dyn Connection,
    student: Uuid,
    kind: CoinKind,
    reference: &str,
) -> DataResult<Option<i64>> {
    sql!("SELECT amount FROM coin_transactions WHERE student_id = {student} AND type = {kind.as_str()} AND reference_id = {reference}")
        .fetch_optional(connection)
        .await
}

/// Returns the coins of a referral that its reversals did not take, because the student had spent
/// them. The next reward is reduced by this amount, so that no coin is credited twice.
pub(crate) async fn kept(
    connection: &dyn Connection,
    student: Uuid,
    referred: &str,
    reversal: &str,
) -> DataResult<i64> {
    let (again, reversed) = (format!("{referred}:%"), format!("{reversal}{referred}"));
    let reversed_again = format!("{reversed}:%");
    let entries: Vec<i64> = sql!("SELECT amount FROM coin_transactions WHERE student_id = {student} AND ((type = {CoinKind::Referral.as_str()} AND (reference_id = {referred} OR reference_id LIKE {again})) OR (type = {CoinKind::Adjust.as_str()} AND (reference_id = {reversed} OR reference_id LIKE {reversed_again})))")
        .fetch_all(connection)
        .await?;
    Ok(entries.iter().sum())
}

/// Returns a page of the ledger, the newest first.
pub(crate) async fn ledger(
    connection: &dyn Connection,
    student: Uuid,
    page: CheckedPage,
) -> DataResult<Page<LedgerEntry>> {
    paged!("SELECT id, amount, type, reference_id, created_at FROM coin_transactions WHERE student_id = {student}"; "ORDER BY created_at DESC, id", page)
        .fetch(connection)
        .await
}

pub(crate) async fn settings(connection: &dyn Connection) -> DataResult<CoinSettings> {
    let rows: Vec<(String, i64)> = sql("SELECT name, value FROM coin_configuration")
        .fetch_all(connection)
        .await?;
    Ok(CoinSettings(rows.into_iter().collect()))
}

pub(crate) async fn set(tx: &Transaction, name: &str, value: i64) -> DataResult<()> {
    sql!("UPDATE coin_configuration SET value = {value} WHERE name = {name}")
        .apply(tx)
        .await
}
