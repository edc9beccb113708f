use tutoring_contract::{CallerTerritory, CheckedPage, Json, Reply};

use super::{HandlerResult, Sessions as State};
use crate::{
    schedule::{Actor, NewReview},
    store::reviews,
};

pub(super) async fn create(
    schedule: State,
    actor: Actor,
    Json(new): Json<NewReview>,
) -> HandlerResult {
    Reply::created("review stored", schedule.review(&actor, &new).await?)
}

pub(super) async fn list(
    schedule: State,
    territory: CallerTerritory,
    page: CheckedPage,
) -> HandlerResult {
    let limit = (&territory).into();
    let found = reviews::list(&schedule.database, &limit, page).await?;
    Reply::ok("reviews", found)
}
