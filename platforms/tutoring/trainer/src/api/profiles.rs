//! Handlers of profiles.

use seaworthy::prelude::*;
use tutoring_contract::{CallerTerritory, CheckedPage, Json, Path, Reply, Role};
use tutoring_identity::own_or_permitted;

use super::{ExtractResult, HandlerResult, State, TRAINER_READ, TRAINER_WRITE, views};
use crate::{
    profile::{Change, ProfileChange},
    store::{Trainer, sessions, trainers},
};

fn unknown() -> Error {
    Error::new(Code::NotFound, "NOT_FOUND", "no trainer has this ID")
}

pub(super) async fn list(api: State, page: CheckedPage) -> HandlerResult {
    let found = trainers::listed(&api.backend.database, page).await?;
    Reply::ok("trainers", found.map(|trainer| views::card(&trainer)))
}

pub(super) async fn card(api: State, Path(id): Path<String>) -> HandlerResult {
    let id = Uuid::try_parse(&id).map_err(|_| unknown())?;
    let trainer = trainers::listed_by_id(&api.backend.database, id).await?;
    let trainer = trainer.ok_or_else(unknown)?;
    Reply::ok("trainer", views::card(&trainer))
}

/// Returns the trainer of a path, who is the caller or whom the admin may read.
pub(super) async fn readable(
    api: &super::Api,
    territory: &CallerTerritory,
    id: &str,
) -> Result<Trainer, Error> {
    let id = own_or_permitted(id, Role::Trainer, Some(TRAINER_READ))?;
    let trainer = trainers::by_id(&api.backend.database, id).await?;
    let trainer = trainer.ok_or_else(unknown)?;
    territory.require(trainer.territory().as_ref())?;
    Ok(trainer)
}

pub(super) async fn show(
    api: State,
    territory: CallerTerritory,
    Path(id): Path<String>,
) -> HandlerResult {
    let trainer = readable(&api, &territory, &id).await?;
    Reply::ok("profile", views::profile(&trainer))
}

pub(super) async fn change(
    api: State,
    territory: CallerTerritory,
    Path(id): Path<String>,
    change: ExtractResult<Json<ProfileChange>>,
) -> HandlerResult {
    let id = own_or_permitted(&id, Role::Trainer, Some(TRAINER_WRITE))?;
    let Json(change) = change?;
    let change = Change::Profile(change.checked()?);
    let trainer = change.apply(&api, &territory, id).await?;
    Reply::ok("the profile is changed", views::profile(&trainer))
}

pub(super) async fn performance(
    api: State,
    territory: CallerTerritory,
    Path(id): Path<String>,
) -> HandlerResult {
    let trainer = readable(&api, &territory, &id).await?;
    let database = &api.backend.database;
    let data = json!({
        "rating": trainer.rating,
        "ratingCount": trainer.rating_count,
        "completed": sessions::count(database, trainer.id, "completed").await?,
        "cancelled": sessions::count(database, trainer.id, "cancelled").await?,
        "punctuality": sessions::punctuality(database, trainer.id).await?,
    });
    Reply::ok("performance", data)
}

pub(super) async fn substitutions(
    api: State,
    territory: CallerTerritory,
    Path(id): Path<String>,
    page: ExtractResult<CheckedPage>,
) -> HandlerResult {
    let trainer = readable(&api, &territory, &id).await?;
    let found = sessions::substitutions(&api.backend.database, trainer.id, page?).await?;
    Reply::ok("substitutions", found)
}
