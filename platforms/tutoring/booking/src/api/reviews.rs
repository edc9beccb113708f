use seaworthy::{
    axum::{extract::State as Extract, response::IntoResponse as _},
    prelude::*,
};
use tutoring_contract::{PageRequest, Reply};

use super::{Given, HandlerResult, Sessions as State};
use crate::{
    schedule::{Actor, NewReview},
    store::Reviews,
};

pub(super) async fn create(
    Extract(schedule): State,
    request: Given<Json<NewReview>>,
) -> HandlerResult {
    let Json(new) = request?;
    let review = schedule.review(Actor::current()?, &new).await?;
    Ok(Reply::new("review stored", review).created())
}

pub(super) async fn list(
    Extract(schedule): State,
    page: Given<Query<PageRequest>>,
) -> HandlerResult {
    let Query(page) = page?;
    let page = page.checked()?;
    let (items, total) = Reviews::list(&schedule.database, page.limit, page.offset()).await?;
    Ok(Reply::new("reviews", page.of(items, total)).into_response())
}
