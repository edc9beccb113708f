use seaworthy::{
    axum::{extract::State as Extract, response::IntoResponse as _},
    prelude::*,
};
use serde_json::{Value, json};
use tutoring_contract::{CheckedPage, Page, PageRequest, Reply};
use tutoring_identity::caller;
use uuid::Uuid;

use super::{Given, HandlerResult, State};
use crate::{
    courses::{CourseChange, Courses, NewCourse, NewLevel, NewPhase},
    errors,
    store::{Catalogue, CourseFilter, NewSession, Structure},
};

pub(super) async fn list(
    Extract(courses): State,
    filter: Given<Query<CourseFilter>>,
    page: Given<Query<PageRequest>>,
) -> HandlerResult {
    let (Query(filter), Query(page)) = (filter?, page?);
    let page = page.checked()?;
    let (limit, offset) = (page.limit, page.offset());
    let found = Catalogue::published(&courses.database, &filter, limit, offset).await?;
    Ok(Reply::new("courses", page.of(found.0, found.1)).into_response())
}

pub(super) async fn show(Extract(courses): State, id: Given<Path<Uuid>>) -> HandlerResult {
    let Path(id) = id?;
    Ok(Reply::new("course", courses.published(id).await?).into_response())
}

/// Returns a level with its sessions.
async fn level_views(courses: &Courses, phase: Uuid) -> Result<Vec<Value>, Error> {
    let mut views = Vec::new();
    for level in Structure::levels(&courses.database, phase).await? {
        let sessions = Structure::sessions(&courses.database, level.id).await?;
        let mut view = json!(level);
        if let Value::Object(members) = &mut view {
            members.insert("sessions".to_owned(), json!(sessions));
        }
        views.push(view);
    }
    Ok(views)
}

pub(super) async fn structure(Extract(courses): State, id: Given<Path<Uuid>>) -> HandlerResult {
    let Path(id) = id?;
    let course = courses.published(id).await?;
    let mut phases = Vec::new();
    for phase in Structure::phases(&courses.database, id).await? {
        let levels = level_views(&courses, phase.id).await?;
        let mut view = json!(phase);
        if let Value::Object(members) = &mut view {
            members.insert("levels".to_owned(), levels.into());
        }
        phases.push(view);
    }
    let data = json!({ "course": course, "phases": phases });
    Ok(Reply::new("structure", data).into_response())
}

/// Returns a page of a list that is small and complete.
fn part<T>(page: CheckedPage, all: Vec<T>) -> Page<T> {
    let total = all.len() as u64;
    let start = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let items = all.into_iter().skip(start).take(page.limit as usize);
    page.of(items.collect(), total)
}

pub(super) async fn phases(
    Extract(courses): State,
    id: Given<Path<Uuid>>,
    page: Given<Query<PageRequest>>,
) -> HandlerResult {
    let (Path(id), Query(page)) = (id?, page?);
    let page = page.checked()?;
    courses.published(id).await?;
    let phases = Structure::phases(&courses.database, id).await?;
    Ok(Reply::new("phases", part(page, phases)).into_response())
}

pub(super) async fn levels(
    Extract(courses): State,
    id: Given<Path<Uuid>>,
    page: Given<Query<PageRequest>>,
) -> HandlerResult {
    let (Path(id), Query(page)) = (id?, page?);
    let page = page.checked()?;
    let course = Structure::course_of_phase(&courses.database, id).await?;
    courses
        .published(course.ok_or_else(errors::not_found)?)
        .await?;
    let levels = Structure::levels(&courses.database, id).await?;
    Ok(Reply::new("levels", part(page, levels)).into_response())
}

pub(super) async fn sessions(
    Extract(courses): State,
    id: Given<Path<Uuid>>,
    page: Given<Query<PageRequest>>,
) -> HandlerResult {
    let (Path(id), Query(page)) = (id?, page?);
    let page = page.checked()?;
    let course = Structure::course_of_level(&courses.database, id).await?;
    courses
        .published(course.ok_or_else(errors::not_found)?)
        .await?;
    let sessions = Structure::sessions(&courses.database, id).await?;
    Ok(Reply::new("sessions", part(page, sessions)).into_response())
}

pub(super) async fn create(
    Extract(courses): State,
    course: Given<Json<NewCourse>>,
) -> HandlerResult {
    let Json(course) = course?;
    let created = courses.create(course).await?;
    Ok(Reply::new("course created", created).created())
}

pub(super) async fn change(
    Extract(courses): State,
    id: Given<Path<Uuid>>,
    change: Given<Json<CourseChange>>,
) -> HandlerResult {
    let (Path(id), Json(change)) = (id?, change?);
    let changed = courses.change(id, &change).await?;
    Ok(Reply::new("course changed", changed).into_response())
}

/// Archives a course. Students keep what they bought.
pub(super) async fn archive(Extract(courses): State, id: Given<Path<Uuid>>) -> HandlerResult {
    let Path(id) = id?;
    let changed = courses.change(id, &CourseChange::archive()).await?;
    Ok(Reply::new("course archived", changed).into_response())
}

pub(super) async fn add_phase(
    Extract(courses): State,
    id: Given<Path<Uuid>>,
    phase: Given<Json<NewPhase>>,
) -> HandlerResult {
    let (Path(id), Json(phase)) = (id?, phase?);
    let phase = courses.add_phase(id, &phase).await?;
    Ok(Reply::new("phase created", phase).created())
}

/// Returns the level. A phase is created with its three levels, so nothing is stored.
pub(super) async fn add_level(
    Extract(courses): State,
    phase: Given<Path<Uuid>>,
    level: Given<Json<NewLevel>>,
) -> HandlerResult {
    let (Path(phase), Json(level)) = (phase?, level?);
    Ok(Reply::new("level", courses.level(phase, &level).await?).into_response())
}

pub(super) async fn add_session(
    Extract(courses): State,
    id: Given<Path<Uuid>>,
    session: Given<Json<NewSession>>,
) -> HandlerResult {
    let (Path(id), Json(session)) = (id?, session?);
    let session = courses.add_session(caller()?, id, session).await?;
    Ok(Reply::new("session created", session).created())
}
