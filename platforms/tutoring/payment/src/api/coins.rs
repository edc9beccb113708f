use serde_json::json;
use tutoring_contract::{CheckedPage, Json, Path, Reply, require_admin_scope};
use uuid::Uuid;

use super::{ExtractResult, HandlerResult, State, access::require_reader};
use crate::{
    payments::{COINS_WRITE, CoinChange, CoinValues},
    store::{CoinKind, Wallet, coins},
};

fn wallet_reply(message: &'static str, wallet: Wallet) -> HandlerResult {
    let data = json!({
        "balance": wallet.balance,
        "reserved": wallet.reserved,
        "available": wallet.free(),
    });
    Reply::ok(message, data)
}

pub(super) async fn wallet(payments: State, Path(student): Path<Uuid>) -> HandlerResult {
    require_reader(student)?;
    wallet_reply("wallet", coins::wallet(&payments.database, student).await?)
}

pub(super) async fn ledger(
    payments: State,
    Path(student): Path<Uuid>,
    page: CheckedPage,
) -> HandlerResult {
    require_reader(student)?;
    let found = coins::ledger(&payments.database, student, page).await?;
    Reply::ok("transactions", found)
}

async fn change(
    payments: State,
    change: ExtractResult<Json<CoinChange>>,
    kind: CoinKind,
) -> HandlerResult {
    require_admin_scope(COINS_WRITE)?;
    let Json(change) = change?;
    wallet_reply("coins", payments.change_coins(kind, &change).await?)
}

pub(super) async fn complete_course(
    state: State,
    given: ExtractResult<Json<CoinChange>>,
) -> HandlerResult {
    change(state, given, CoinKind::CourseCompletion).await
}

pub(super) async fn refer(state: State, given: ExtractResult<Json<CoinChange>>) -> HandlerResult {
    change(state, given, CoinKind::Referral).await
}

/// Reverses the coins of a referral, for the student service.
pub(super) async fn reverse_referral(
    payments: State,
    Json(change): Json<CoinChange>,
) -> HandlerResult {
    wallet_reply("coins", payments.reverse_referral(&change).await?)
}

pub(super) async fn adjust(state: State, given: ExtractResult<Json<CoinChange>>) -> HandlerResult {
    change(state, given, CoinKind::Adjust).await
}

pub(super) async fn redeem(state: State, given: ExtractResult<Json<CoinChange>>) -> HandlerResult {
    change(state, given, CoinKind::Redeem).await
}

pub(super) async fn configuration(payments: State) -> HandlerResult {
    let settings = coins::settings(&payments.database).await?;
    Reply::ok("coins", settings.0)
}

pub(super) async fn configure(payments: State, Json(values): Json<CoinValues>) -> HandlerResult {
    payments.configure_coins(&values).await?;
    Ok(Reply::message("coins configured").into_response())
}
