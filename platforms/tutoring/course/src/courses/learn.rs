use seaworthy::{data::prelude::*, prelude::*};
use serde_json::{Value, json};
use tutoring_identity::invalid;

use super::{
    Courses, Viewer,
    access::{rejection, require_access},
};
use crate::{
    domain::{Answer, Question, check_answers},
    errors,
    store::{Purchase, SessionContent, SessionProgress, learning, purchases, structure, trainers},
};

/// A part of a session that a student has seen.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Seen {
    Video,
    Sheet,
}

/// The completed sessions of a level.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Completion {
    pub(super) completed: bool,
    completed_sessions: u64,
    total_sessions: u64,
}

impl Completion {
    pub(super) async fn of(
        connection: &dyn Connection,
        student: Uuid,
        level: Uuid,
    ) -> Result<Self, Error> {
        let (done, total) = learning::completion(connection, student, level).await?;
        Ok(Self {
            completed: total > 0 && done == total,
            completed_sessions: done,
            total_sessions: total,
        })
    }
}

/// Returns the questions of a session, or none if it has no quiz.
fn quiz(content: &SessionContent) -> Result<Vec<Question>, Error> {
    match content.quiz.clone() {
        Some(quiz) => serde_json::from_value(quiz).map_err(Error::internal),
        None => Ok(Vec::new()),
    }
}

/// Requires that the student has access to a session.
async fn require_session(
    connection: &dyn Connection,
    student: Uuid,
    content: &SessionContent,
) -> Result<(), Error> {
    let purchase = purchases::active(connection, student, content.course_id).await?;
    require_access(purchase.as_ref(), content.sequence)
}

async fn progress(
    tx: &Transaction,
    student: Uuid,
    session: Uuid,
) -> Result<SessionProgress, Error> {
    let progress = learning::of(tx, student, session).await?;
    progress.ok_or_else(errors::not_found)
}

impl Courses {
    /// Records that a student has seen a part of a session.
    ///
    /// # Errors
    /// `NOT_FOUND` or `FORBIDDEN`.
    pub(crate) async fn record_seen(
        &self,
        student: Uuid,
        session: Uuid,
        seen: Seen,
    ) -> Result<SessionProgress, Error> {
        self.database
            .transaction(|tx| async move {
                let content = structure::content(&tx, session).await?;
                require_session(&tx, student, &content).await?;
                match seen {
                    Seen::Video => learning::set_video_watched(&tx, student, session).await?,
                    Seen::Sheet => learning::set_sheet_previewed(&tx, student, session).await?,
                }
                progress(&tx, student, session).await
            })
            .await
    }

    /// Scores the quiz of a session, and keeps the best score. A session without a quiz accepts an
    /// empty list only.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `NOT_FOUND` or `FORBIDDEN`.
    pub(crate) async fn answer_quiz(
        &self,
        student: Uuid,
        session: Uuid,
        answers: &[Answer],
    ) -> Result<SessionProgress, Error> {
        self.database
            .transaction(|tx| async move {
                let content = structure::content(&tx, session).await?;
                require_session(&tx, student, &content).await?;
                let questions = quiz(&content)?;
                if answers.is_empty() && !questions.is_empty() {
                    return Err(invalid("answers", "must contain at least one answer"));
                }
                let right = check_answers(&questions, answers)?.right;
                let max = u16::try_from(questions.len()).unwrap_or(u16::MAX);
                learning::set_quiz(&tx, student, session, (right, max)).await?;
                progress(&tx, student, session).await
            })
            .await
    }

    /// Returns the learning progress in the sessions of a purchased course: `not_started`,
    /// `in_progress`, `completed`, or `locked` by the purchase.
    ///
    /// # Errors
    /// An error of the database.
    pub(super) async fn learning(&self, purchase: &Purchase) -> Result<Vec<Value>, Error> {
        let (student, course) = (purchase.student_id, purchase.course_id);
        let sessions = learning::statuses(&self.database, student, course).await?;
        let views = sessions.into_iter().map(|session| {
            let status = match rejection(Some(purchase), session.sequence) {
                Some(_) => "locked".to_owned(),
                None => session.status.unwrap_or_else(|| "not_started".to_owned()),
            };
            json!({ "sessionId": session.id, "status": status })
        });
        Ok(views.collect())
    }

    /// Returns how many sessions of a level a student has completed.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub(crate) async fn completion(&self, student: Uuid, level: Uuid) -> Result<Completion, Error> {
        structure::place_of_level(&self.database, level).await?;
        Completion::of(&self.database, student, level).await
    }

    /// Returns a session with links to its files and its quiz without answers: for students with
    /// access, trainers of the course and administrators.
    ///
    /// # Errors
    /// `NOT_FOUND` or `FORBIDDEN`.
    pub(crate) async fn session(&self, viewer: Viewer, id: Uuid) -> Result<Value, Error> {
        let content = structure::content(&self.database, id).await?;
        let progress = match viewer {
            Viewer::Student(student) => {
                require_session(&self.database, student, &content).await?;
                let progress = learning::of(&self.database, student, id).await?;
                Some(progress.unwrap_or_else(|| SessionProgress::none(id)))
            }
            Viewer::Trainer(trainer) => {
                let course = content.course_id;
                match trainers::teaches(&self.database, trainer, None, Some(course)).await? {
                    true => None,
                    false => return Err(errors::not_found()),
                }
            }
            Viewer::Admin(_) => None,
        };
        let link = |key: &Option<String>| key.as_deref().map(|key| self.media_link(key));
        let questions = quiz(&content)?;
        Ok(json!({
            "id": id,
            "sessionNumber": content.session_number,
            "title": content.title,
            "description": content.description,
            "videoUrl": link(&content.video_key).transpose()?,
            "sheetUrl": link(&content.sheet_key).transpose()?,
            "quiz": questions.iter().map(Question::public).collect::<Vec<_>>(),
            "progress": progress,
        }))
    }
}
