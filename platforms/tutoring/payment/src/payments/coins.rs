use std::collections::BTreeMap;

use seaworthy::{audit_log::AuditEntry, data::Transaction, prelude::*};
use tutoring_contract::require_admin_scope;
use tutoring_identity::Checks;

use super::{COINS_WRITE, Payments};
use crate::{
    domain::errors,
    store::{CoinKind, Wallet, coins},
};

const MAX_REFERENCE: usize = 128;
/// The start of the reference of a reversal, and its reason.
const REVERSAL: &str = "reversal:";
const REFUNDED: &str = "the courses of the referred student were refunded";
/// Maximum amount of a change, in coins.
const MAX_COINS: i64 = 1_000_000;
const SETTINGS: [&str; 4] = [
    "registration",
    "course_completion",
    "referral",
    "coin_to_rupee_rate",
];

/// Values of coins by name.
pub(crate) type CoinValues = BTreeMap<String, i64>;

/// A change of a wallet.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CoinChange {
    /// Required. The type is optional, so that a response names all invalid fields.
    student_id: Option<Uuid>,
    /// The course, the referred student, or an ID of the caller. One reference counts once.
    #[serde(default)]
    reference_id: String,
    /// Required by adjustments and redemptions. Others ignore it.
    amount: Option<i64>,
    reason: Option<String>,
}

impl CoinChange {
    /// Returns the student and the reference, and whether they are valid.
    fn target(&self) -> (Uuid, &str, Checks) {
        let reference = self.reference_id.trim();
        let is_valid = (1..=MAX_REFERENCE).contains(&reference.len());
        let mut checks = Checks::new();
        checks.require("studentId", self.student_id.is_some(), "is required");
        checks.require("referenceId", is_valid, "must be 1 to 128 bytes");
        checks.storable("referenceId", reference);
        checks.storable("reason", self.reason.as_deref().unwrap_or_default());
        (self.student_id.unwrap_or_default(), reference, checks)
    }
}

impl Payments {
    /// Changes the coins of a student once per reference, with an entry in the audit log. The
    /// amount of a reward comes from the configuration.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, or `CONFLICT` if the wallet has too few free coins.
    pub(crate) async fn change_coins(
        &self,
        kind: CoinKind,
        change: &CoinChange,
    ) -> Result<Wallet, Error> {
        let (student, reference, mut checks) = change.target();
        let amount = change.amount.unwrap_or_default();
        let is_amount = match kind {
            CoinKind::Adjust => amount != 0 && (-MAX_COINS..=MAX_COINS).contains(&amount),
            CoinKind::Redeem => (1..=MAX_COINS).contains(&amount),
            // The amount comes from the configuration.
            _ => true,
        };
        let problem = match kind {
            CoinKind::Adjust => "must be from -1000000 to 1000000 and not 0",
            _ => "must be from 1 to 1000000",
        };
        checks.require("amount", is_amount, problem);
        checks.finish()?;
        self.database
            .transaction(|tx| async move {
                let amount = match kind {
                    CoinKind::Adjust => amount,
                    CoinKind::Redeem => -amount,
                    _ => coins::settings(&tx).await?.value(kind.as_str()),
                };
                let amount = match replaced(reference).filter(|_| kind == CoinKind::Referral) {
                    Some(referred) => {
                        coins::lock(&tx, student).await?;
                        let kept = coins::kept(&tx, student, referred, REVERSAL).await?;
                        (amount - kept).max(0)
                    }
                    None => amount,
                };
                let reason = change.reason.as_deref();
                self.post_audited(&tx, student, (amount, kind, reference), reason)
                    .await?;
                Ok(coins::wallet(&tx, student).await?)
            })
            .await
    }

    /// Reverses the coins of a referral once, because the referred student has no paid course.
    /// Coins that the student has spent or reserved stay. Without the referral this is a no-op.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`.
    pub(crate) async fn reverse_referral(&self, change: &CoinChange) -> Result<Wallet, Error> {
        let (student, reference, checks) = change.target();
        checks.finish()?;
        self.database
            .transaction(|tx| async move {
                coins::lock(&tx, student).await?;
                let given = coins::amount(&tx, student, CoinKind::Referral, reference).await?;
                let taken = given.unwrap_or_default();
                let taken = taken.min(coins::wallet(&tx, student).await?.free());
                if taken > 0 {
                    let reversal = format!("{REVERSAL}{reference}");
                    let entry = (-taken, CoinKind::Adjust, reversal.as_str());
                    self.post_audited(&tx, student, entry, Some(REFUNDED))
                        .await?;
                }
                Ok(coins::wallet(&tx, student).await?)
            })
            .await
    }

    /// Posts an entry with its entry in the audit log, unless its reference was counted.
    async fn post_audited(
        &self,
        tx: &Transaction,
        student: Uuid,
        (amount, kind, reference): (i64, CoinKind, &str),
        reason: Option<&str>,
    ) -> Result<(), Error> {
        if !post(tx, student, amount, kind, reference).await? {
            return Ok(());
        }
        // The change has locked the wallet.
        let after = coins::wallet(tx, student).await?;
        let balance = after.balance - amount;
        let mut entry = AuditEntry::new("coins.change")
            .target("student", student.to_string())
            .detail("kind", kind.as_str())
            .detail("reference", reference)
            .change(&json!(Wallet { balance, ..after }), &json!(after));
        // Other services need no permission.
        if require_admin_scope(COINS_WRITE)? {
            entry = entry.detail("permission", COINS_WRITE);
        }
        if let Some(reason) = reason {
            entry = entry.detail("reason", reason);
        }
        Ok(self.audit.append(tx, entry).await?)
    }

    /// Sets values of coins.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`.
    pub(crate) async fn configure_coins(&self, values: &CoinValues) -> Result<(), Error> {
        let mut checks = Checks::new();
        for (name, value) in values {
            match SETTINGS.contains(&name.as_str()) {
                false => checks.reject(name, "is not a coin setting"),
                true => checks.range(name, *value, 0, MAX_COINS),
            }
        }
        checks.finish()?;
        self.database
            .transaction(|tx| async move {
                let before = coins::settings(&tx).await?;
                for (name, value) in values {
                    coins::set(&tx, name, *value).await?;
                }
                let entry = AuditEntry::new("coins.configure")
                    .target("coins", "configuration")
                    .detail("permission", COINS_WRITE)
                    .change(&json!(before.0), &json!(values));
                self.audit.append(&tx, entry).await?;
                Ok(())
            })
            .await
    }
}

/// Returns the referred student of a reward after a reversal, such as `ID` for `ID:2`. Other
/// references are of first rewards.
fn replaced(reference: &str) -> Option<&str> {
    let (referred, number) = reference.split_once(':')?;
    referred.parse::<Uuid>().ok()?;
    number
        .parse::<u32>()
        .is_ok_and(|number| number > 0)
        .then_some(referred)
}

/// Posts an entry once. A new negative entry fails if there are too few free coins.
async fn post(
    tx: &Transaction,
    student: Uuid,
    amount: i64,
    kind: CoinKind,
    reference: &str,
) -> Result<bool, Error> {
    if amount < 0 {
        coins::lock(tx, student).await?;
        // A repeat finds the coins already taken.
        if coins::amount(tx, student, kind, reference).await?.is_some() {
            return Ok(false);
        }
        if coins::wallet(tx, student).await?.free() < -amount {
            return Err(errors::wallet_too_small());
        }
    }
    Ok(coins::post(tx, student, amount, kind, reference).await?)
}
