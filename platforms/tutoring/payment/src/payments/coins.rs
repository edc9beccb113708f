use std::collections::BTreeMap;

use seaworthy::{audit_log::AuditEntry, core::FieldViolation, data::Transaction, prelude::*};
use serde_json::json;
use uuid::Uuid;

use super::{COINS_WRITE, Payments};
use crate::{
    domain::errors,
    store::{CoinKind, Coins, Wallet},
};

const MAX_REFERENCE: usize = 128;
/// More coins than any package costs.
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
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CoinChange {
    student_id: Uuid,
    /// The course, the referred student, or an ID of the caller. One reference counts once.
    reference_id: String,
    /// Required by adjustments and redemptions.
    #[serde(default)]
    amount: Option<i64>,
    #[serde(default)]
    reason: Option<String>,
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
        let reference = change.reference_id.trim();
        let mut wrong = Vec::new();
        if reference.is_empty() || reference.len() > MAX_REFERENCE {
            wrong.push(FieldViolation::new("referenceId", "must be 1 to 128 bytes"));
        }
        let amount = change.amount.unwrap_or_default();
        let is_amount = match kind {
            CoinKind::Adjust => amount != 0 && (-MAX_COINS..=MAX_COINS).contains(&amount),
            CoinKind::Redeem => (1..=MAX_COINS).contains(&amount),
            _ => change.amount.is_none(),
        };
        if !is_amount {
            let problem = match kind {
                CoinKind::Adjust => "must be from -1000000 to 1000000 and not 0",
                CoinKind::Redeem => "must be from 1 to 1000000",
                _ => "is decided by the configuration: omit it",
            };
            wrong.push(FieldViolation::new("amount", problem));
        }
        if !wrong.is_empty() {
            return Err(Error::invalid(wrong));
        }
        let student = change.student_id;
        self.database
            .transaction(|tx| async move {
                let amount = match kind {
                    CoinKind::Adjust => amount,
                    CoinKind::Redeem => -amount,
                    _ => Coins::settings(&tx).await?.value(kind.as_str()),
                };
                if post(&tx, student, amount, kind, reference).await? {
                    let mut entry = AuditEntry::new("coins.change")
                        .target("student", student.to_string())
                        .detail("kind", kind.as_str())
                        .detail("amount", amount.to_string())
                        .detail("reference", reference);
                    if let Some(reason) = &change.reason {
                        entry = entry.detail("reason", reason.as_str());
                    }
                    self.audit.append(&tx, entry).await?;
                }
                Ok(Coins::wallet(&tx, student).await?)
            })
            .await
    }

    /// Sets values of coins.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`.
    pub(crate) async fn configure_coins(&self, values: &CoinValues) -> Result<(), Error> {
        let wrong: Vec<_> = values
            .iter()
            .filter_map(|(name, value)| {
                let problem = match SETTINGS.contains(&name.as_str()) {
                    false => "is not a value of coins",
                    true if (0..=MAX_COINS).contains(value) => return None,
                    true => "must be from 0 to 1000000",
                };
                Some(FieldViolation::new(name.as_str(), problem))
            })
            .collect();
        if !wrong.is_empty() {
            return Err(Error::invalid(wrong));
        }
        self.database
            .transaction(|tx| async move {
                let before = Coins::settings(&tx).await?;
                for (name, value) in values {
                    Coins::set(&tx, name, *value).await?;
                }
                let entry = AuditEntry::new("coins.configure")
                    .target("coins", "configuration")
                    .detail("permission", COINS_WRITE)
                    .detail("before", json!(before.0).to_string())
                    .detail("after", json!(values).to_string());
                self.audit.append(&tx, entry).await?;
                Ok(())
            })
            .await
    }
}

/// Posts an entry. A negative one takes free coins alone.
async fn post(
    tx: &Transaction,
    student: Uuid,
    amount: i64,
    kind: CoinKind,
    reference: &str,
) -> Result<bool, Error> {
    if amount >= 0 {
        return Ok(Coins::post(tx, student, amount, kind, reference).await?);
    }
    // The reservation locks the wallet and proves that the coins are free.
    if !Coins::reserve(tx, student, -amount).await? {
        return Err(errors::wallet_too_small());
    }
    Coins::free(tx, student, -amount).await?;
    Ok(Coins::post(tx, student, amount, kind, reference).await?)
}
