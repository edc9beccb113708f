use seaworthy::{
    axum::{extract::State as Extract, http::StatusCode, response::IntoResponse as _},
    prelude::*,
};
use serde_json::json;
use tutoring_contract::{Reply, Role};
use tutoring_identity::{caller, own_or_permitted};
use uuid::Uuid;

use super::{Given, HandlerResult, State};
use crate::{
    courses::{Gallery, NewProject, PROJECT_REVIEW, Viewer},
    store::Review,
};

pub(super) async fn submit(
    Extract(courses): State,
    project: Given<Json<NewProject>>,
) -> HandlerResult {
    let Json(project) = project?;
    let project = courses.submit_project(caller()?, &project).await?;
    Ok((StatusCode::CREATED, Reply::new("project sent", project)).into_response())
}

pub(super) async fn public(Extract(courses): State) -> HandlerResult {
    let items = courses.gallery(Gallery::Public).await?;
    Ok(Reply::new("projects", json!({ "items": items })).into_response())
}

pub(super) async fn community(Extract(courses): State) -> HandlerResult {
    let items = courses.gallery(Gallery::Community).await?;
    Ok(Reply::new("projects", json!({ "items": items })).into_response())
}

pub(super) async fn review(
    Extract(courses): State,
    id: Given<Path<Uuid>>,
    review: Given<Json<Review>>,
) -> HandlerResult {
    let viewer = Viewer::of_request(PROJECT_REVIEW)?;
    let (Path(id), Json(review)) = (id?, review?);
    let project = courses.review_project(viewer, id, &review).await?;
    Ok(Reply::new("project reviewed", project).into_response())
}

/// Returns the projects of a student. A trainer sees those of the own courses.
pub(super) async fn of_student(
    Extract(courses): State,
    student: Given<Path<Uuid>>,
) -> HandlerResult {
    let viewer = Viewer::of_request(PROJECT_REVIEW)?;
    let Path(student) = student?;
    if matches!(viewer, Viewer::Student(_)) {
        own_or_permitted(&student.to_string(), Role::Student, None)?;
    }
    let items = courses.projects_of(viewer, student).await?;
    Ok(Reply::new("projects", json!({ "items": items })).into_response())
}
