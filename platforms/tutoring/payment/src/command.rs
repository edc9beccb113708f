//! The command `invariants`.

use seaworthy::{
    data::{Connection, DataError, Database, sql},
    prelude::*,
    service::{CommandRun, ServiceCommand, clap::Command},
};
use serde_json::json;

use crate::{
    config::PaymentConfig,
    service::{DATABASE, database},
};

/// The invariants of `docs/tutoring/invariants.md`: the name, and a query that counts violations.
const INVARIANTS: [(&str, &str); 7] = [
    (
        "wallet_is_sum_of_ledger",
        "SELECT COUNT(*) FROM coin_wallets w WHERE w.balance <> (SELECT COALESCE(SUM(t.amount), 0) FROM coin_transactions t WHERE t.student_id = w.student_id)",
    ),
    (
        "reserved_coins_belong_to_open_payments",
        "SELECT COUNT(*) FROM coin_wallets w WHERE w.reserved <> (SELECT COALESCE(SUM(p.coins), 0) FROM payments p WHERE p.student_id = w.student_id AND p.coin_state = 'reserved')",
    ),
    (
        "only_open_payments_hold_coins_and_discounts",
        "SELECT COUNT(*) FROM payments WHERE status NOT IN ('initiated', 'processing') AND (coin_state = 'reserved' OR discount_state = 'reserved')",
    ),
    (
        "paid_coins_are_spent_once",
        "SELECT COUNT(*) FROM payments p WHERE p.coins > 0 AND p.status = 'succeeded' AND (p.coin_state <> 'spent' OR (SELECT COUNT(*) FROM coin_transactions t WHERE t.student_id = p.student_id AND t.type = 'redeem' AND t.amount = -p.coins) = 0)",
    ),
    (
        "success_has_money_of_the_provider",
        "SELECT COUNT(*) FROM payments WHERE status IN ('succeeded', 'refunded') AND (provider_payment_id IS NULL OR order_id IS NULL OR confirmed_at IS NULL)",
    ),
    (
        "captured_money_is_used_once",
        "SELECT COUNT(*) FROM unexpected_captures c WHERE EXISTS (SELECT 1 FROM payments p WHERE p.provider_payment_id = c.provider_payment_id AND p.status IN ('succeeded', 'refunded'))",
    ),
    (
        "processed_refunds_end_payments",
        "SELECT COUNT(*) FROM refunds r JOIN payments p ON p.provider_payment_id = r.provider_payment_id WHERE r.state = 'processed' AND p.status <> 'refunded'",
    ),
];

/// Returns the command that checks the invariants of the stored payments. It only reads.
pub(crate) fn invariants_command() -> ServiceCommand<PaymentConfig> {
    let command = Command::new("invariants")
        .about("Check the invariants of stored payments and coins. Fails if one is violated.");
    ServiceCommand::new(command, |run| Box::pin(check(run)))
}

async fn check(run: CommandRun<'_, PaymentConfig>) -> Result<(), StartError> {
    let config = database(run.service.settings());
    let database = Database::connect(run.service, DATABASE, config, &[]).await?;
    let violations = violations(&database)
        .await
        .map_err(|error| StartError::because("the invariants cannot be read", error))?;
    let mut text = String::new();
    for (name, count) in &violations {
        text.push_str(&format!("{name}: {count} violations\n"));
    }
    let document = json!(violations);
    run.console.answer(text.trim_end(), &document);
    match violations.iter().all(|(_, count)| *count == 0) {
        true => Ok(()),
        false => Err(StartError::new("an invariant is violated: see the output")),
    }
}

/// Returns the number of violations of each invariant.
async fn violations(connection: &dyn Connection) -> Result<Vec<(&'static str, u64)>, DataError> {
    let mut violations = Vec::new();
    for (name, query) in INVARIANTS {
        let (count,): (u64,) = sql(query).fetch_one(connection).await?;
        violations.push((name, count));
    }
    Ok(violations)
}
