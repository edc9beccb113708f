//! Handlers of a trainer's own settings.

use seaworthy::prelude::*;
use tutoring_contract::{CallerTerritory, Json, Path, Reply, Role};
use tutoring_identity::{caller, own_or_permitted};

use super::{ExtractResult, HandlerResult, State, views};
use crate::{
    bank::BankDetails,
    profile::{Availability, Change, Location, Preference},
    store::{bank, trainers},
};

fn own(id: &str) -> Result<Uuid, Error> {
    own_or_permitted(id, Role::Trainer, None)
}

pub(super) async fn confirm_location(api: State, Json(location): Json<Location>) -> HandlerResult {
    let change = Change::Location(location.checked()?);
    let id = caller()?;
    let trainer = change.apply(&api, &CallerTerritory::Everywhere, id).await?;
    Reply::ok("the location is confirmed", views::location(&trainer))
}

pub(super) async fn location_status(api: State) -> HandlerResult {
    let id = caller()?;
    let database = &api.backend.database;
    let locked = database.transaction(|tx| async move { trainers::lock(&tx, id).await });
    let trainer = locked.await?;
    Reply::ok("location", views::location(&trainer))
}

pub(super) async fn set_availability(
    api: State,
    Path(id): Path<String>,
    availability: ExtractResult<Json<Availability>>,
) -> HandlerResult {
    let id = own(&id)?;
    let Json(availability) = availability?;
    let change = Change::Availability(availability.checked()?);
    let trainer = change.apply(&api, &CallerTerritory::Everywhere, id).await?;
    Reply::ok("the availability is changed", views::availability(&trainer))
}

pub(super) async fn set_preference(
    api: State,
    Path(id): Path<String>,
    preference: ExtractResult<Json<Preference>>,
) -> HandlerResult {
    let id = own(&id)?;
    let Json(preference) = preference?;
    let change = Change::Preference(preference.checked()?);
    let trainer = change.apply(&api, &CallerTerritory::Everywhere, id).await?;
    Reply::ok("the preference is changed", views::availability(&trainer))
}

pub(super) async fn bank_details(api: State, Path(id): Path<String>) -> HandlerResult {
    let id = own(&id)?;
    let details = bank::of(&api.backend.database, id).await?;
    let details = details.ok_or_else(|| {
        Error::new(
            Code::NotFound,
            "NOT_FOUND",
            "you have not sent bank details",
        )
    })?;
    Reply::ok("bank details", details.masked(&api.sealer, id).await?)
}

pub(super) async fn set_bank_details(
    api: State,
    Path(id): Path<String>,
    details: ExtractResult<Json<BankDetails>>,
) -> HandlerResult {
    let id = own(&id)?;
    let Json(details) = details?;
    let sealed = details.sealed(&api.sealer, id).await?;
    let masked = sealed.masked(&api.sealer, id).await?;
    let (database, sealed) = (&api.backend.database, &sealed);
    let stored = database.transaction(|tx| async move { bank::store(&tx, id, sealed).await });
    stored.await?;
    Reply::ok("the bank details are changed", masked)
}
