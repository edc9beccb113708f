use tutoring_contract::{Json, Path, Reply, Role};
use tutoring_identity::{caller, own_or_permitted};
use uuid::Uuid;

use super::{ExtractResult, HandlerResult, State};
use crate::courses::{Answers, NewExam};

pub(super) async fn store(
    courses: State,
    Path(level): Path<Uuid>,
    Json(exam): Json<NewExam>,
) -> HandlerResult {
    courses.set_exam(level, exam).await?;
    Ok(Reply::message("exam stored").into_response())
}

pub(super) async fn show(courses: State, Path(level): Path<Uuid>) -> HandlerResult {
    Reply::ok("exam", courses.exam(caller()?, level).await?)
}

pub(super) async fn submit(
    courses: State,
    path: ExtractResult<Path<(String, Uuid)>>,
    answers: ExtractResult<Json<Answers>>,
) -> HandlerResult {
    let Path((student, level)) = path?;
    let student = own_or_permitted(&student, Role::Student, None)?;
    let Json(answers) = answers?;
    let attempt = courses.submit_exam(student, level, &answers).await?;
    Reply::ok("exam scored", attempt)
}
