use seaworthy::{
    axum::{extract::State as Extract, response::IntoResponse as _},
    prelude::*,
};
use tutoring_contract::{PageRequest, Reply, Role};
use tutoring_identity::{caller, own_or_permitted};
use uuid::Uuid;

use super::{Given, HandlerResult, State};
use crate::{
    courses::{Courses, Gallery, NewProject, PROJECT_REVIEW, Viewer},
    store::Review,
};

/// Galleries of the legacy service show this many projects.
const GALLERY_LIMIT: u32 = 50;

pub(super) async fn submit(
    Extract(courses): State,
    project: Given<Json<NewProject>>,
) -> HandlerResult {
    let Json(project) = project?;
    let project = courses.submit_project(caller()?, &project).await?;
    Ok(Reply::new("project sent", project).created())
}

/// The query of a gallery.
#[derive(Deserialize)]
pub(super) struct GalleryQuery {
    limit: Option<u32>,
}

async fn gallery(
    courses: &Courses,
    gallery: Gallery,
    (page, query): (Given<Query<PageRequest>>, Given<Query<GalleryQuery>>),
) -> HandlerResult {
    let (Query(page), Query(query)) = (page?, query?);
    let mut page = page.checked()?;
    if query.limit.is_none() {
        page.limit = GALLERY_LIMIT;
    }
    let projects = courses.gallery(gallery, page).await?;
    Ok(Reply::new("projects", projects).into_response())
}

pub(super) async fn public(
    Extract(courses): State,
    page: Given<Query<PageRequest>>,
    query: Given<Query<GalleryQuery>>,
) -> HandlerResult {
    gallery(&courses, Gallery::Public, (page, query)).await
}

pub(super) async fn community(
    Extract(courses): State,
    page: Given<Query<PageRequest>>,
    query: Given<Query<GalleryQuery>>,
) -> HandlerResult {
    gallery(&courses, Gallery::Community, (page, query)).await
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
    page: Given<Query<PageRequest>>,
) -> HandlerResult {
    let viewer = Viewer::of_request(PROJECT_REVIEW)?;
    let (Path(student), Query(page)) = (student?, page?);
    if matches!(viewer, Viewer::Student(_)) {
        own_or_permitted(&student.to_string(), Role::Student, None)?;
    }
    let projects = courses.projects_of(viewer, student, page.checked()?);
    Ok(Reply::new("projects", projects.await?).into_response())
}
