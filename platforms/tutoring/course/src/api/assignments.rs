use seaworthy::{
    axum::{extract::State as Extract, response::IntoResponse as _},
    core::FieldViolation,
    prelude::*,
};
use tutoring_contract::{PageRequest, Reply};
use tutoring_identity::caller;
use uuid::Uuid;

use super::{Given, HandlerResult, State};
use crate::{
    courses::{COURSE_WRITE, NewAssignment, Viewer, Work},
    store::Grade,
};

pub(super) async fn create(
    Extract(courses): State,
    assignment: Given<Json<NewAssignment>>,
) -> HandlerResult {
    let Json(assignment) = assignment?;
    let course = assignment
        .course_id
        .ok_or_else(|| Error::invalid(vec![FieldViolation::new("courseId", "must be a course")]))?;
    let created = courses.assign(course, assignment).await?;
    Ok(Reply::new("assignment created", created).created())
}

pub(super) async fn create_of_course(
    Extract(courses): State,
    course: Given<Path<Uuid>>,
    assignment: Given<Json<NewAssignment>>,
) -> HandlerResult {
    let (Path(course), Json(assignment)) = (course?, assignment?);
    let created = courses.assign(course, assignment).await?;
    Ok(Reply::new("assignment created", created).created())
}

pub(super) async fn of_course(
    Extract(courses): State,
    course: Given<Path<Uuid>>,
    page: Given<Query<PageRequest>>,
) -> HandlerResult {
    let viewer = Viewer::of_request(COURSE_WRITE)?;
    let (Path(course), Query(page)) = (course?, page?);
    let assignments = courses.assignments(viewer, course, page.checked()?);
    Ok(Reply::new("assignments", assignments.await?).into_response())
}

pub(super) async fn show(Extract(courses): State, id: Given<Path<Uuid>>) -> HandlerResult {
    let viewer = Viewer::of_request(COURSE_WRITE)?;
    let Path(id) = id?;
    let assignment = courses.show_assignment(viewer, id).await?;
    Ok(Reply::new("assignment", assignment).into_response())
}

pub(super) async fn submit(
    Extract(courses): State,
    id: Given<Path<Uuid>>,
    work: Given<Json<Work>>,
) -> HandlerResult {
    let (Path(id), Json(work)) = (id?, work?);
    let submission = courses.submit_work(caller()?, id, work).await?;
    Ok(Reply::new("assignment sent", submission).created())
}

pub(super) async fn submissions(
    Extract(courses): State,
    id: Given<Path<Uuid>>,
    page: Given<Query<PageRequest>>,
) -> HandlerResult {
    let viewer = Viewer::of_request(COURSE_WRITE)?;
    let (Path(id), Query(page)) = (id?, page?);
    let submissions = courses.submissions(viewer, id, page.checked()?);
    Ok(Reply::new("submissions", submissions.await?).into_response())
}

pub(super) async fn grade(
    Extract(courses): State,
    id: Given<Path<Uuid>>,
    grade: Given<Json<Grade>>,
) -> HandlerResult {
    let viewer = Viewer::of_request(COURSE_WRITE)?;
    let (Path(id), Json(grade)) = (id?, grade?);
    let graded = courses.grade(viewer, id, &grade).await?;
    Ok(Reply::new("submission graded", graded).into_response())
}
