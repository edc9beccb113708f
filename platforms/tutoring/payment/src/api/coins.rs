use seaworthy::{
    axum::{extract::State as Extract, response::IntoResponse as _},
    prelude::*,
};
use serde_json::json;
use tutoring_contract::{PageRequest, Reply};
use uuid::Uuid;

use super::{
    Given, HandlerResult, State,
    access::{require_admin_scope, require_reader},
};
use crate::{
    payments::{COINS_WRITE, CoinChange, CoinValues},
    store::{CoinKind, Coins, Wallet},
};

fn wallet_reply(message: &'static str, wallet: Wallet) -> HandlerResult {
    let data = json!({
        "balance": wallet.balance,
        "reserved": wallet.reserved,
        "available": wallet.free(),
    });
    Ok(Reply::new(message, data).into_response())
}

pub(super) async fn wallet(Extract(payments): State, student: Given<Path<Uuid>>) -> HandlerResult {
    let Path(student) = student?;
    require_reader(student)?;
    wallet_reply("wallet", Coins::wallet(&payments.database, student).await?)
}

pub(super) async fn ledger(
    Extract(payments): State,
    student: Given<Path<Uuid>>,
    query: Given<Query<PageRequest>>,
) -> HandlerResult {
    let (Path(student), Query(query)) = (student?, query?);
    require_reader(student)?;
    let page = query.checked()?;
    let (limit, offset) = (page.limit, page.offset());
    let (items, total) = Coins::ledger(&payments.database, student, limit, offset).await?;
    Ok(Reply::new("transactions", page.of(items, total)).into_response())
}

async fn change(
    Extract(payments): State,
    change: Given<Json<CoinChange>>,
    kind: CoinKind,
) -> HandlerResult {
    require_admin_scope(COINS_WRITE)?;
    let Json(change) = change?;
    wallet_reply("coins", payments.change_coins(kind, &change).await?)
}

pub(super) async fn complete_course(state: State, given: Given<Json<CoinChange>>) -> HandlerResult {
    change(state, given, CoinKind::CourseCompletion).await
}

pub(super) async fn refer(state: State, given: Given<Json<CoinChange>>) -> HandlerResult {
    change(state, given, CoinKind::Referral).await
}

/// Takes the coins of a referral back, for the service of referrals.
pub(super) async fn reverse_referral(
    Extract(payments): State,
    change: Given<Json<CoinChange>>,
) -> HandlerResult {
    let Json(change) = change?;
    wallet_reply("coins", payments.reverse_referral(&change).await?)
}

pub(super) async fn adjust(state: State, given: Given<Json<CoinChange>>) -> HandlerResult {
    change(state, given, CoinKind::Adjust).await
}

pub(super) async fn redeem(state: State, given: Given<Json<CoinChange>>) -> HandlerResult {
    change(state, given, CoinKind::Redeem).await
}

pub(super) async fn configuration(Extract(payments): State) -> HandlerResult {
    let settings = Coins::settings(&payments.database).await?;
    Ok(Reply::new("coins", settings.0).into_response())
}

pub(super) async fn configure(
    Extract(payments): State,
    values: Given<Json<CoinValues>>,
) -> HandlerResult {
    let Json(values) = values?;
    payments.configure_coins(&values).await?;
    Ok(Reply::message("coins configured").into_response())
}
