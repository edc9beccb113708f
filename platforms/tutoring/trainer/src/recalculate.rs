use std::collections::BTreeSet;

use jiff::civil::Date;
use seaworthy::{data::prelude::*, outbox::Outbox, prelude::*};
use tutoring_contract::{
    events::{BusinessEvent, PayrollRecalculated, message},
    groups::TRAINER,
};

use crate::{
    payroll::{Month, Payroll},
    store::{Snapshot, payroll, periods},
};

/// Maximum number of months of an allocation, more than 30 sessions need.
const MAX_MONTHS: usize = 24;

/// Computes the pay of trainers for the months of some days. A changed pay is stored with its
/// message. The rows of the trainers are locked.
///
/// # Errors
/// An error of the database.
pub(crate) async fn recalculate(
    tx: &Transaction,
    outbox: &Outbox,
    trainers: &BTreeSet<Uuid>,
    (first, last): (Date, Date),
) -> Result<(), Error> {
    let months = std::iter::successors(Some(Month::of(first)), |month| month.next());
    let months = months.take_while(|month| month.first() <= last);
    for month in months.take(MAX_MONTHS) {
        for trainer in trainers {
            recalculate_month(tx, outbox, *trainer, month).await?;
        }
    }
    Ok(())
}

async fn recalculate_month(
    tx: &Transaction,
    outbox: &Outbox,
    trainer: Uuid,
    month: Month,
) -> Result<(), Error> {
    let periods = periods::of_month(tx, trainer, month).await?;
    let substituted = periods::substituted(tx, trainer, month).await?;
    let payroll = Payroll::of(month, trainer, &periods, &substituted);
    let known = payroll::of_month(tx, trainer, month).await?;
    let is_known = match &known {
        Some(known) => known.payroll == payroll,
        None => payroll.student_days == 0 && payroll.total_minor == 0,
    };
    if is_known {
        return Ok(());
    }
    let snapshot = Snapshot {
        id: known.map_or_else(Uuid::new_v4, |known| known.id),
        month: month.to_string(),
        payroll,
        recalculated_at: Utc::now(),
    };
    payroll::store(tx, trainer, &snapshot).await?;
    let event = BusinessEvent::new(PayrollRecalculated {
        trainer_id: trainer,
        month: snapshot.month,
        snapshot_id: snapshot.id,
        recalculated_by: TRAINER.name().to_owned(),
    });
    Ok(outbox.store(tx, message(&event)).await?)
}
