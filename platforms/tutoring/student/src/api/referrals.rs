//! Handlers of referrals.

use rand::RngExt as _;
use seaworthy::{
    data::{DataResult, Transaction},
    prelude::*,
};
use tutoring_contract::{Json, Path, Reply};
use tutoring_identity::invalid;

use super::{ExtractResult, HandlerResult, State, own::own};
use crate::store::{payments, referrals, students};

/// Letters and digits that are not easily confused.
const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// The length of a referral code, in letters: 40 random bits.
const CODE_LENGTH: usize = 8;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RedeemRequest {
    referral_code: String,
}

pub(super) async fn code(api: State, Path(id): Path<String>) -> HandlerResult {
    let id = own(&id)?;
    let database = &api.backend.database;
    let code = database.transaction(|tx| async move { code_of(&tx, id).await });
    Reply::ok("referral code", json!({ "referralCode": code.await? }))
}

/// Returns the referral code of a student, and creates it at the first call.
async fn code_of(tx: &Transaction, id: Uuid) -> DataResult<String> {
    if let Some(code) = students::lock(tx, id).await?.referral_code {
        return Ok(code);
    }
    let letter = |_| {
        let index = rand::rng().random_range(0..LETTERS.len());
        LETTERS.get(index).copied().map_or('A', char::from)
    };
    let code: String = (0..CODE_LENGTH).map(letter).collect();
    students::set_referral_code(tx, id, &code).await?;
    Ok(code)
}

pub(super) async fn stats(api: State, Path(id): Path<String>) -> HandlerResult {
    let id = own(&id)?;
    let database = &api.backend.database;
    let student = students::by_id(database, id).await?;
    let (referred, rewarded) = referrals::counts(database, id).await?;
    let data = json!({
        "referralCode": student.and_then(|student| student.referral_code),
        "totalReferrals": referred,
        "rewardedReferrals": rewarded,
    });
    Reply::ok("referrals", data)
}

/// Redeems the code of another student, before the first course of the caller. The other student
/// gets coins when that course opens.
pub(super) async fn redeem(
    api: State,
    Path(id): Path<String>,
    request: ExtractResult<Json<RedeemRequest>>,
) -> HandlerResult {
    let id = own(&id)?;
    let Json(request) = request?;
    let code = request.referral_code.trim().to_uppercase();
    let is_code = |byte: u8| LETTERS.contains(&byte);
    if code.len() != CODE_LENGTH || !code.bytes().all(is_code) {
        let problem = "must be a referral code of 8 letters and digits";
        return Err(invalid("referralCode", problem));
    }
    let code = &code;
    api.backend
        .database
        .transaction(|tx| async move {
            // The message about a first course waits for this lock, and then reads the referral.
            students::lock(&tx, id).await?;
            let referrer = students::of_referral_code(&tx, code).await?;
            let unknown = || Error::new(Code::NotFound, "NOT_FOUND", "no student has this code");
            let referrer = referrer.ok_or_else(unknown)?;
            if referrer == id {
                return Err(invalid(
                    "referralCode",
                    "must be the code of another student",
                ));
            }
            if payments::exist(&tx, id).await? {
                return Err(conflict(
                    "redeem a referral code before you buy the first course",
                ));
            }
            match referrals::insert(&tx, id, referrer).await? {
                true => Ok(()),
                false => Err(conflict("you have already redeemed a referral code")),
            }
        })
        .await?;
    let data = json!({ "redeemed": true });
    Reply::created("the referral code is redeemed", data)
}

fn conflict(message: &'static str) -> Error {
    Error::new(Code::Conflict, "CONFLICT", message)
}
