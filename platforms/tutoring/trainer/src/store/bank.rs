//! Statements on bank details.

use seaworthy::data::prelude::*;

use crate::bank::SealedBankDetails;

/// Replaces the bank details of a trainer.
pub(crate) async fn store(
    tx: &Transaction,
    trainer: Uuid,
    details: &SealedBankDetails,
) -> DataResult<()> {
    sql!("DELETE FROM bank_details WHERE trainer_id = {trainer}")
        .execute(tx)
        .await?;
    sql!("INSERT INTO bank_details (trainer_id, account_number, ifsc, account_holder, updated_at) VALUES ({trainer}, {details.account_number.clone()}, {details.ifsc.clone()}, {details.account_holder.clone()}, {Utc::now()})")
        .apply(tx)
        .await
}

pub(crate) async fn of(
    connection: &dyn Connection,
    trainer: Uuid,
) -> DataResult<Option<SealedBankDetails>> {
    sql!(
        "SELECT account_number, ifsc, account_holder FROM bank_details WHERE trainer_id = {trainer}"
    )
    .fetch_optional(connection)
    .await
}
