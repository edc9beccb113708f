//! Handlers of payroll.

use seaworthy::prelude::*;
use serde_json::{Value, json};
use tutoring_contract::{CallerTerritory, CheckedPage, Currency, Path, Query, Reply, Role};
use tutoring_identity::{invalid, own_or_permitted};

use super::{Api, ExtractResult, HandlerResult, State, TRAINER_READ};
use crate::{
    payroll::{Month, PER_STUDENT_DAY, Payroll, SLABS, active},
    store::{payroll, periods, trainers},
};

#[derive(Deserialize)]
pub(super) struct MonthQuery {
    month: Option<String>,
}

/// Returns the trainer of a path, who is the caller or whom the admin may read. A trainer who is
/// not stored does not have pay.
async fn readable(api: &Api, territory: &CallerTerritory, id: &str) -> Result<Uuid, Error> {
    let id = own_or_permitted(id, Role::Trainer, Some(TRAINER_READ))?;
    if !territory.is_everywhere() {
        let trainer = trainers::by_id(&api.backend.database, id).await?;
        let place = trainer.and_then(|trainer| trainer.territory());
        territory.require(place.as_ref())?;
    }
    Ok(id)
}

/// Returns the pay of a month. A month without students is not stored.
async fn view(api: &Api, trainer: Uuid, month: Month) -> Result<Value, Error> {
    let stored = payroll::of_month(&api.backend.database, trainer, month).await?;
    let mut view = match stored {
        Some(stored) => json!(stored),
        None => json!(Payroll::of(month, trainer, &[], &[])),
    };
    if let Some(members) = view.as_object_mut() {
        members.insert("trainerId".to_owned(), json!(trainer));
        members.insert("month".to_owned(), json!(month));
        members.insert("currency".to_owned(), json!(Currency::INR));
    }
    Ok(view)
}

/// Returns the rule, and the pay of the current month.
pub(super) async fn info(
    api: State,
    territory: CallerTerritory,
    Path(id): Path<String>,
) -> HandlerResult {
    let id = readable(&api, &territory, &id).await?;
    let today = api.zone.today();
    let month = Month::of(today);
    let periods = periods::of_month(&api.backend.database, id, month).await?;
    let slabs =
        SLABS.map(|(students, amount)| json!({ "students": students, "amountMinor": amount }));
    let data = json!({
        "currency": Currency::INR,
        "slabs": slabs,
        "perStudentDayMinor": PER_STUDENT_DAY,
        "activeStudents": active(&periods, today).len(),
        "currentMonth": view(&api, id, month).await?,
    });
    Reply::ok("payroll", data)
}

pub(super) async fn monthly(
    api: State,
    territory: CallerTerritory,
    Path(id): Path<String>,
    query: ExtractResult<Query<MonthQuery>>,
) -> HandlerResult {
    let id = readable(&api, &territory, &id).await?;
    let Query(query) = query?;
    let no_month = |_| {
        let problem = "must be a month such as 2026-11";
        invalid("month", problem)
    };
    let month = match query.month {
        Some(text) => text.parse().map_err(no_month)?,
        None => Month::of(api.zone.today()),
    };
    Reply::ok("payroll", view(&api, id, month).await?)
}

/// Returns the months up to the current one.
pub(super) async fn history(
    api: State,
    territory: CallerTerritory,
    Path(id): Path<String>,
    page: ExtractResult<CheckedPage>,
) -> HandlerResult {
    let id = readable(&api, &territory, &id).await?;
    let until = Month::of(api.zone.today());
    let found = payroll::until(&api.backend.database, id, until, page?).await?;
    Reply::ok("payroll", found)
}
