use seaworthy::prelude::*;
use serde_json::{Value, json};
use tutoring_contract::{CheckedPage, Json, Path, Query, Reply};
use tutoring_identity::caller;

use super::{HandlerResult, State};
use crate::{
    courses::{CourseChange, Courses, NewCourse, NewLevel, NewPhase},
    errors,
    store::{CourseFilter, NewSession, catalogue, structure},
};

pub(super) async fn list(
    courses: State,
    Query(filter): Query<CourseFilter>,
    page: CheckedPage,
) -> HandlerResult {
    let found = catalogue::published(&courses.database, &filter, page).await?;
    Reply::ok("courses", found)
}

pub(super) async fn show(courses: State, Path(id): Path<Uuid>) -> HandlerResult {
    Reply::ok("course", courses.published(id).await?)
}

/// Returns the levels of a phase with their sessions.
async fn level_views(courses: &Courses, phase: Uuid) -> Result<Vec<Value>, Error> {
    let mut views = Vec::new();
    for level in structure::levels(&courses.database, phase).await? {
        let sessions = structure::sessions(&courses.database, level.id).await?;
        let mut view = json!(level);
        if let Value::Object(members) = &mut view {
            members.insert("sessions".to_owned(), json!(sessions));
        }
        views.push(view);
    }
    Ok(views)
}

pub(super) async fn structure(courses: State, Path(id): Path<Uuid>) -> HandlerResult {
    let course = courses.published(id).await?;
    let mut phases = Vec::new();
    for phase in structure::phases(&courses.database, id).await? {
        let levels = level_views(&courses, phase.id).await?;
        let mut view = json!(phase);
        if let Value::Object(members) = &mut view {
            members.insert("levels".to_owned(), levels.into());
        }
        phases.push(view);
    }
    let data = json!({ "course": course, "phases": phases });
    Reply::ok("structure", data)
}

pub(super) async fn phases(
    courses: State,
    Path(id): Path<Uuid>,
    page: CheckedPage,
) -> HandlerResult {
    courses.published(id).await?;
    let phases = structure::phases(&courses.database, id).await?;
    Reply::ok("phases", page.paginate(phases))
}

pub(super) async fn levels(
    courses: State,
    Path(id): Path<Uuid>,
    page: CheckedPage,
) -> HandlerResult {
    let course = structure::course_of_phase(&courses.database, id).await?;
    courses
        .published(course.ok_or_else(errors::not_found)?)
        .await?;
    let levels = structure::levels(&courses.database, id).await?;
    Reply::ok("levels", page.paginate(levels))
}

pub(super) async fn sessions(
    courses: State,
    Path(id): Path<Uuid>,
    page: CheckedPage,
) -> HandlerResult {
    let place = structure::place_of_level(&courses.database, id).await?;
    courses.published(place.course).await?;
    let sessions = structure::sessions(&courses.database, id).await?;
    Reply::ok("sessions", page.paginate(sessions))
}

pub(super) async fn create(courses: State, Json(course): Json<NewCourse>) -> HandlerResult {
    Reply::created("course created", courses.create(course).await?)
}

pub(super) async fn change(
    courses: State,
    Path(id): Path<Uuid>,
    Json(change): Json<CourseChange>,
) -> HandlerResult {
    Reply::ok("course changed", courses.change(id, &change).await?)
}

/// Archives a course. Students keep what they bought.
pub(super) async fn archive(courses: State, Path(id): Path<Uuid>) -> HandlerResult {
    let changed = courses.change(id, &CourseChange::archive()).await?;
    Reply::ok("course archived", changed)
}

pub(super) async fn add_phase(
    courses: State,
    Path(id): Path<Uuid>,
    Json(phase): Json<NewPhase>,
) -> HandlerResult {
    Reply::created("phase created", courses.add_phase(id, &phase).await?)
}

/// Returns the level. A phase is created with its three levels, so nothing is stored.
pub(super) async fn add_level(
    courses: State,
    Path(phase): Path<Uuid>,
    Json(level): Json<NewLevel>,
) -> HandlerResult {
    Reply::ok("level", courses.level(phase, &level).await?)
}

pub(super) async fn add_session(
    courses: State,
    Path(id): Path<Uuid>,
    Json(session): Json<NewSession>,
) -> HandlerResult {
    let session = courses.add_session(caller()?, id, session).await?;
    Reply::created("session created", session)
}
