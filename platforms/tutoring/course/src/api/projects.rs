use seaworthy::prelude::*;
use tutoring_contract::{CallerTerritory, CheckedPage, Json, Path, Query, Reply, Role};
use tutoring_identity::{caller, own_or_permitted};

use super::{ExtractResult, HandlerResult, State};
use crate::{
    courses::{Courses, Gallery, NewProject, PROJECT_REVIEW, Viewer},
    store::Review,
};

/// Maximum number of projects of a gallery, as in the legacy service.
const GALLERY_LIMIT: u32 = 50;

pub(super) async fn submit(courses: State, Json(project): Json<NewProject>) -> HandlerResult {
    let project = courses.submit_project(caller()?, &project).await?;
    Reply::created("project sent", project)
}

#[derive(Deserialize)]
pub(super) struct GalleryQuery {
    limit: Option<u32>,
}

async fn gallery(
    courses: &Courses,
    gallery: Gallery,
    mut page: CheckedPage,
    query: &GalleryQuery,
) -> HandlerResult {
    if query.limit.is_none() {
        page.limit = GALLERY_LIMIT;
    }
    Reply::ok("projects", courses.gallery(gallery, page).await?)
}

pub(super) async fn public(
    courses: State,
    page: CheckedPage,
    Query(query): Query<GalleryQuery>,
) -> HandlerResult {
    gallery(&courses, Gallery::Public, page, &query).await
}

pub(super) async fn community(
    courses: State,
    page: CheckedPage,
    Query(query): Query<GalleryQuery>,
) -> HandlerResult {
    gallery(&courses, Gallery::Community, page, &query).await
}

pub(super) async fn review(
    courses: State,
    territory: CallerTerritory,
    id: ExtractResult<Path<Uuid>>,
    review: ExtractResult<Json<Review>>,
) -> HandlerResult {
    let viewer = Viewer::from_request(PROJECT_REVIEW)?;
    let (Path(id), Json(review)) = (id?, review?);
    let project = courses
        .review_project((viewer, &territory), id, &review)
        .await?;
    Reply::ok("project reviewed", project)
}

/// Returns the projects of a student. A trainer sees those of the own courses.
pub(super) async fn of_student(
    courses: State,
    territory: CallerTerritory,
    student: ExtractResult<Path<Uuid>>,
    page: ExtractResult<CheckedPage>,
) -> HandlerResult {
    let viewer = Viewer::from_request(PROJECT_REVIEW)?;
    let (Path(student), page) = (student?, page?);
    if matches!(viewer, Viewer::Student(_)) {
        own_or_permitted(&student.to_string(), Role::Student, None)?;
    }
    courses.require_student(&territory, student).await?;
    let projects = courses.projects_of(viewer, student, page);
    Reply::ok("projects", projects.await?)
}
