use tutoring_contract::{CallerTerritory, CheckedPage, Json, Path, Reply};
use tutoring_identity::{caller, invalid};
use uuid::Uuid;

use super::{ExtractResult, HandlerResult, State};
use crate::{
    courses::{COURSE_WRITE, NewAssignment, Viewer, Work},
    store::Grade,
};

pub(super) async fn create(courses: State, Json(assignment): Json<NewAssignment>) -> HandlerResult {
    let missing = || invalid("courseId", "is required");
    let course = assignment.course_id.ok_or_else(missing)?;
    let created = courses.assign(course, assignment).await?;
    Reply::created("assignment created", created)
}

pub(super) async fn create_of_course(
    courses: State,
    Path(course): Path<Uuid>,
    Json(assignment): Json<NewAssignment>,
) -> HandlerResult {
    let created = courses.assign(course, assignment).await?;
    Reply::created("assignment created", created)
}

pub(super) async fn of_course(
    courses: State,
    course: ExtractResult<Path<Uuid>>,
    page: ExtractResult<CheckedPage>,
) -> HandlerResult {
    let viewer = Viewer::from_request(COURSE_WRITE)?;
    let (Path(course), page) = (course?, page?);
    let assignments = courses.assignments(viewer, course, page);
    Reply::ok("assignments", assignments.await?)
}

pub(super) async fn show(courses: State, id: ExtractResult<Path<Uuid>>) -> HandlerResult {
    let viewer = Viewer::from_request(COURSE_WRITE)?;
    let Path(id) = id?;
    Reply::ok("assignment", courses.show_assignment(viewer, id).await?)
}

pub(super) async fn submit(
    courses: State,
    Path(id): Path<Uuid>,
    Json(work): Json<Work>,
) -> HandlerResult {
    let submission = courses.submit_work(caller()?, id, work).await?;
    Reply::created("assignment sent", submission)
}

pub(super) async fn submissions(
    courses: State,
    territory: CallerTerritory,
    id: ExtractResult<Path<Uuid>>,
    page: ExtractResult<CheckedPage>,
) -> HandlerResult {
    let viewer = Viewer::from_request(COURSE_WRITE)?;
    let (Path(id), page) = (id?, page?);
    // The submissions belong to students of all territories.
    territory.require(None)?;
    let submissions = courses.submissions(viewer, id, page);
    Reply::ok("submissions", submissions.await?)
}

pub(super) async fn grade(
    courses: State,
    territory: CallerTerritory,
    id: ExtractResult<Path<Uuid>>,
    grade: ExtractResult<Json<Grade>>,
) -> HandlerResult {
    let viewer = Viewer::from_request(COURSE_WRITE)?;
    let (Path(id), Json(grade)) = (id?, grade?);
    let graded = courses.grade((viewer, &territory), id, &grade).await?;
    Reply::ok("submission graded", graded)
}
