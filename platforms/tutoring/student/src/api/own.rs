//! Handlers of a student's own pages.

use futures::future::join;
use seaworthy::{
    axum::{
        http::{HeaderMap, StatusCode, header},
        response::IntoResponse as _,
    },
    prelude::*,
};
use tutoring_contract::{CallerTerritory, Path, Reply, Role};
use tutoring_identity::own_or_permitted;

use super::{Api, HandlerResult, STUDENT_READ, STUDENT_WRITE, State};
use crate::{pages::Page, store::students};

/// Returns the ID of a path, which must be that of the caller.
pub(super) fn own(id: &str) -> Result<Uuid, Error> {
    own_or_permitted(id, Role::Student, None)
}

/// Returns the token of a request, for the calls to other services.
fn token_of(headers: &HeaderMap) -> Secret<String> {
    let token = headers.get(header::AUTHORIZATION);
    let token = token.and_then(|value| value.to_str().ok()?.split_once(' '));
    Secret::new(token.map_or_else(String::new, |(_, token)| token.to_owned()))
}

/// Reads the missing dates of sessions.
async fn plan(api: &Api, page: Page, student: Uuid, token: &Secret<String>) -> Result<(), Error> {
    if !api.pages.lacks_dates(page, student).await? {
        return Ok(());
    }
    let sessions = api.summaries.schedule(student, token).await;
    api.pages.plan(student, &sessions).await
}

pub(super) async fn home(api: State, Path(id): Path<String>, headers: HeaderMap) -> HandlerResult {
    let (student, token) = (own(&id)?, token_of(&headers));
    plan(&api, Page::Home, student, &token).await?;
    let summary = api.summaries.of(student, &token);
    let (page, summary) = join(api.pages.read(Page::Home, student), summary).await;
    let mut page = page?;
    if let Some(page) = page.as_object_mut() {
        let unread = json!(summary.unread_notifications);
        page.insert("unreadNotifications".to_owned(), unread);
        page.insert("wallet".to_owned(), json!(summary.wallet));
    }
    Reply::ok("home", page)
}

pub(super) async fn learning(
    api: State,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> HandlerResult {
    let student = own(&id)?;
    plan(&api, Page::Learning, student, &token_of(&headers)).await?;
    Reply::ok("learning", api.pages.read(Page::Learning, student).await?)
}

pub(super) async fn state(api: State, Path((id, course)): Path<(String, String)>) -> HandlerResult {
    let student = own(&id)?;
    let course = Uuid::try_parse(&course);
    let course =
        course.map_err(|_| Error::new(Code::NotFound, "NOT_FOUND", "no course has this ID"))?;
    let state = api.pages.state(student, course).await?;
    Reply::ok("state of the course", state)
}

pub(super) async fn progress(
    api: State,
    territory: CallerTerritory,
    Path(id): Path<String>,
) -> HandlerResult {
    let student = own_or_permitted(&id, Role::Student, Some(STUDENT_READ))?;
    if !territory.is_everywhere() {
        let known = students::by_id(&api.backend.database, student).await?;
        territory.require(known.as_ref().map(|student| &student.territory))?;
    }
    let courses = api.pages.progress(student).await?;
    Reply::ok("progress", json!({ "courses": courses }))
}

/// Responds with `GONE`: progress follows from held sessions, so no request sets it.
pub(super) async fn progress_gone(Path(id): Path<String>) -> HandlerResult {
    own_or_permitted(&id, Role::Student, Some(STUDENT_WRITE))?;
    let message = "progress cannot be set: it follows from completed sessions";
    Err(Error::new(Code::NotFound, "GONE", message))
}

/// Removes the cached pages of a student for another service.
pub(super) async fn invalidate(api: State, Path(id): Path<String>) -> HandlerResult {
    let student = Uuid::try_parse(&id);
    let unknown = |_| Error::new(Code::NotFound, "NOT_FOUND", "no student has this ID");
    api.pages.invalidate(student.map_err(unknown)?).await;
    Ok(StatusCode::NO_CONTENT.into_response())
}
