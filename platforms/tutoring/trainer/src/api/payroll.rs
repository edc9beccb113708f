//! Handlers of payroll.

use seaworthy::{
    axum::{extract::State as Extract, response::IntoResponse as _},
    core::FieldViolation,
    prelude::*,
};
use serde_json::{Value, json};
use tutoring_contract::{Currency, PageRequest, Reply, Role};
use tutoring_identity::own_or_permitted;
use uuid::Uuid;

use super::{Api, Given, HandlerResult, State, TRAINER_READ};
use crate::{
    payroll::{Month, PER_STUDENT_DAY, Payroll, SLABS, active},
    store::{Payrolls, Periods},
};

#[derive(Deserialize)]
pub(super) struct MonthQuery {
    #[serde(default)]
    month: Option<String>,
}

fn readable(id: &str) -> Result<Uuid, Error> {
    own_or_permitted(id, Role::Trainer, Some(TRAINER_READ))
}

/// Returns the pay of a month. A month without students is not stored.
async fn view(api: &Api, trainer: Uuid, month: Month) -> Result<Value, Error> {
    let stored = Payrolls::of_month(&api.backend.database, trainer, month).await?;
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

/// Returns the rule, and the pay of the present month.
pub(super) async fn info(Extract(api): State, Path(id): Path<String>) -> HandlerResult {
    let id = readable(&id)?;
    let today = api.zone.today();
    let month = Month::of(today);
    let periods = Periods::of_month(&api.backend.database, id, month).await?;
    let slabs =
        SLABS.map(|(students, amount)| json!({ "students": students, "amountMinor": amount }));
    let data = json!({
        "currency": Currency::INR,
        "slabs": slabs,
        "perStudentDayMinor": PER_STUDENT_DAY,
        "activeStudents": active(&periods, today).len(),
        "currentMonth": view(&api, id, month).await?,
    });
    Ok(Reply::new("payroll", data).into_response())
}

pub(super) async fn monthly(
    Extract(api): State,
    Path(id): Path<String>,
    query: Given<Query<MonthQuery>>,
) -> HandlerResult {
    let id = readable(&id)?;
    let Query(query) = query?;
    let invalid = |_| {
        let problem = "must be a month such as 2026-11";
        Error::invalid(vec![FieldViolation::new("month", problem)])
    };
    let month = match query.month {
        Some(text) => text.parse().map_err(invalid)?,
        None => Month::of(api.zone.today()),
    };
    Ok(Reply::new("payroll", view(&api, id, month).await?).into_response())
}

/// Returns the months until the present one.
pub(super) async fn history(
    Extract(api): State,
    Path(id): Path<String>,
    page: Given<Query<PageRequest>>,
) -> HandlerResult {
    let id = readable(&id)?;
    let Query(page) = page?;
    let page = page.checked()?;
    let until = Month::of(api.zone.today());
    let range = (page.limit, page.offset());
    let (items, total) = Payrolls::until(&api.backend.database, id, until, range).await?;
    Ok(Reply::new("payroll", page.of(items, total)).into_response())
}
