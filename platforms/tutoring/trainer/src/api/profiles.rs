//! Handlers of profiles.

use seaworthy::{
    axum::{extract::State as Extract, response::IntoResponse as _},
    prelude::*,
};
use serde_json::json;
use tutoring_contract::{PageRequest, Reply, Role};
use tutoring_identity::own_or_permitted;
use uuid::Uuid;

use super::{Given, HandlerResult, State, TRAINER_READ, TRAINER_WRITE, change::Change, views};
use crate::{
    profile::ProfileChange,
    store::{Trainer, TrainerSessions, Trainers},
};

fn unknown() -> Error {
    Error::new(Code::NotFound, "NOT_FOUND", "no trainer has this ID")
}

pub(super) async fn list(Extract(api): State, page: Given<Query<PageRequest>>) -> HandlerResult {
    let Query(page) = page?;
    let page = page.checked()?;
    let range = (page.limit, page.offset());
    let (trainers, total) = Trainers::listed(&api.backend.database, range).await?;
    let trainers = trainers.iter().map(views::card).collect();
    Ok(Reply::new("trainers", page.of(trainers, total)).into_response())
}

pub(super) async fn card(Extract(api): State, Path(id): Path<String>) -> HandlerResult {
    let id = Uuid::try_parse(&id).map_err(|_| unknown())?;
    let trainer = Trainers::listed_by_id(&api.backend.database, id).await?;
    let trainer = trainer.ok_or_else(unknown)?;
    Ok(Reply::new("trainer", views::card(&trainer)).into_response())
}

/// Returns the trainer of a path, who is the caller or whom the admin may read.
async fn readable(api: &super::Api, id: &str) -> Result<Trainer, Error> {
    let id = own_or_permitted(id, Role::Trainer, Some(TRAINER_READ))?;
    let trainer = Trainers::by_id(&api.backend.database, id).await?;
    trainer.ok_or_else(unknown)
}

pub(super) async fn show(Extract(api): State, Path(id): Path<String>) -> HandlerResult {
    let trainer = readable(&api, &id).await?;
    Ok(Reply::new("profile", views::profile(&trainer)).into_response())
}

pub(super) async fn change(
    Extract(api): State,
    Path(id): Path<String>,
    change: Given<Json<ProfileChange>>,
) -> HandlerResult {
    let id = own_or_permitted(&id, Role::Trainer, Some(TRAINER_WRITE))?;
    let Json(change) = change?;
    let change = Change::Profile(change.checked()?);
    let trainer = change.apply(&api, id).await?;
    Ok(Reply::new("the profile is changed", views::profile(&trainer)).into_response())
}

pub(super) async fn performance(Extract(api): State, Path(id): Path<String>) -> HandlerResult {
    let trainer = readable(&api, &id).await?;
    let database = &api.backend.database;
    let data = json!({
        "rating": trainer.rating,
        "ratingCount": trainer.rating_count,
        "completed": TrainerSessions::count(database, trainer.id, "completed").await?,
        "cancelled": TrainerSessions::count(database, trainer.id, "cancelled").await?,
        "punctuality": TrainerSessions::punctuality(database, trainer.id).await?,
    });
    Ok(Reply::new("performance", data).into_response())
}

pub(super) async fn substitutions(
    Extract(api): State,
    Path(id): Path<String>,
    page: Given<Query<PageRequest>>,
) -> HandlerResult {
    let trainer = readable(&api, &id).await?;
    let Query(page) = page?;
    let page = page.checked()?;
    let (database, range) = (&api.backend.database, (page.limit, page.offset()));
    let (items, total) = TrainerSessions::substitutions(database, trainer.id, range).await?;
    Ok(Reply::new("substitutions", page.of(items, total)).into_response())
}
