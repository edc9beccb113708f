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
    let review = schedule.review(&actor, &new).await?;
    Ok(Reply::new("review stored", review).created())
}

pub(super) async fn list(
    schedule: State,
    territory: CallerTerritory,
    page: CheckedPage,
) -> HandlerResult {
    let limit = (&territory).into();
    let found = reviews::list(&schedule.database, &limit, page).await?;
    Ok(Reply::new("reviews", found).into_response())
}
