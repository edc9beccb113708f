use seaworthy::prelude::*;
use tutoring_contract::{Json, Path, Reply};
use tutoring_identity::caller;

use super::{ExtractResult, HandlerResult, State};
use crate::{
    courses::{COURSE_WRITE, Seen, Viewer},
    domain::Answer,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionRequest {
    session_id: Uuid,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QuizRequest {
    session_id: Uuid,
    answers: Vec<Answer>,
}

pub(super) async fn session(courses: State, id: ExtractResult<Path<Uuid>>) -> HandlerResult {
    let viewer = Viewer::from_request(COURSE_WRITE)?;
    let Path(id) = id?;
    Reply::ok("session", courses.session(viewer, id).await?)
}

pub(super) async fn watch(courses: State, Json(request): Json<SessionRequest>) -> HandlerResult {
    let progress = courses
        .record_seen(caller()?, request.session_id, Seen::Video)
        .await?;
    Reply::ok("video watched", progress)
}

pub(super) async fn preview(courses: State, Json(request): Json<SessionRequest>) -> HandlerResult {
    let progress = courses
        .record_seen(caller()?, request.session_id, Seen::Sheet)
        .await?;
    Reply::ok("sheet previewed", progress)
}

pub(super) async fn quiz(courses: State, Json(request): Json<QuizRequest>) -> HandlerResult {
    let progress = courses
        .answer_quiz(caller()?, request.session_id, &request.answers)
        .await?;
    Reply::ok("quiz scored", progress)
}

pub(super) async fn completion(courses: State, Path(level): Path<Uuid>) -> HandlerResult {
    Reply::ok("completion", courses.completion(caller()?, level).await?)
}
