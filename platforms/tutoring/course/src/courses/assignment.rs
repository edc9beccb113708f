use seaworthy::{audit_log::AuditEntry, data::prelude::*, prelude::*};
use serde_json::{Value, json};
use tutoring_contract::{CallerTerritory, CheckedPage, Page};
use tutoring_identity::{Checks, invalid};

use super::{
    COURSE_WRITE, Courses, Viewer,
    access::{FIRST_LEVEL, require_access},
    catalogue::{MAX_DESCRIPTION, MAX_TITLE, is_note, require_note, require_text},
    notify::Subject,
};
use crate::{
    domain::MediaKind,
    errors,
    store::{Assignment, Grade, Submission, assignments, purchases},
};

const DEFAULT_MAX_SCORE: u16 = 100;
/// The maximum score of an assignment, finer than common grading scales.
const MAX_SCORE: u16 = 1_000;
/// Maximum number of files of a submission.
const MAX_FILES: usize = 10;

/// An assignment to create.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewAssignment {
    /// The course, unless the path names it.
    pub(crate) course_id: Option<Uuid>,
    title: String,
    #[serde(default)]
    description: String,
    due_at: Option<DateTime<Utc>>,
    max_score: Option<u16>,
}

/// The work of a student.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Work {
    #[serde(default)]
    text: String,
    /// Documents and pictures that the student uploaded.
    #[serde(default)]
    file_keys: Vec<String>,
}

fn check(new: &NewAssignment, max_score: u16) -> Result<(), Error> {
    let mut checks = Checks::new();
    require_text(&mut checks, "title", &new.title, MAX_TITLE);
    let description = &new.description;
    require_note(&mut checks, "description", description, MAX_DESCRIPTION);
    checks.range("maxScore", max_score, 1, MAX_SCORE);
    checks.finish()
}

impl Courses {
    /// Creates an assignment of a course.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `NOT_FOUND`, or `CONFLICT` for an archived course.
    pub(crate) async fn assign(
        &self,
        course: Uuid,
        new: NewAssignment,
    ) -> Result<Assignment, Error> {
        let max_score = new.max_score.unwrap_or(DEFAULT_MAX_SCORE);
        check(&new, max_score)?;
        let assignment = Assignment {
            id: Uuid::new_v4(),
            course_id: course,
            title: new.title.trim().to_owned(),
            description: new.description,
            due_at: new.due_at,
            max_score,
            created_at: Utc::now(),
        };
        let stored = &assignment;
        self.database
            .transaction(|tx| async move {
                self.require_open(&tx, course).await?;
                assignments::insert(&tx, stored).await?;
                let entry = AuditEntry::new("assignment.create")
                    .target("assignment", stored.id.to_string())
                    .detail("permission", COURSE_WRITE)
                    .change(&json!(null), &json!(stored));
                self.audit.append(&tx, entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(assignment)
    }

    async fn assignment(&self, id: Uuid) -> Result<Assignment, Error> {
        let found = assignments::by_id(&self.database, id).await?;
        found.ok_or_else(errors::assignment_not_found)
    }

    /// Returns a page of the assignments of a course.
    ///
    /// # Errors
    /// `NOT_FOUND` or `FORBIDDEN`.
    pub(crate) async fn assignments(
        &self,
        viewer: Viewer,
        course: Uuid,
        page: CheckedPage,
    ) -> Result<Page<Assignment>, Error> {
        self.require_viewer(viewer, course).await?;
        Ok(assignments::of_course(&self.database, course, page).await?)
    }

    /// Returns an assignment, and to a student the own submission.
    ///
    /// # Errors
    /// `NOT_FOUND` or `FORBIDDEN`.
    pub(crate) async fn show_assignment(&self, viewer: Viewer, id: Uuid) -> Result<Value, Error> {
        let assignment = self.assignment(id).await?;
        self.require_viewer(viewer, assignment.course_id).await?;
        let mut view = json!(assignment);
        if let (Viewer::Student(student), Value::Object(members)) = (viewer, &mut view) {
            let own = assignments::submission_of(&self.database, id, student).await?;
            let own = own.map(|own| self.submission_view(&own)).transpose()?;
            members.insert("submission".to_owned(), json!(own));
        }
        Ok(view)
    }

    /// Stores the work of a student, once per assignment.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `NOT_FOUND`, `FORBIDDEN`, or `CONFLICT` for a second submission and
    /// after the due time.
    pub(crate) async fn submit_work(
        &self,
        student: Uuid,
        id: Uuid,
        work: Work,
    ) -> Result<Value, Error> {
        let assignment = self.assignment(id).await?;
        let course = assignment.course_id;
        let purchase = purchases::active(&self.database, student, course).await?;
        require_access(purchase.as_ref(), FIRST_LEVEL)?;
        let is_empty = work.text.trim().is_empty() && work.file_keys.is_empty();
        if is_empty || !is_note(&work.text, MAX_DESCRIPTION) {
            let problem = "must be 1 to 10000 bytes without U+0000, or send files instead";
            return Err(invalid("text", problem));
        }
        if work.file_keys.len() > MAX_FILES {
            return Err(invalid("fileKeys", "must be at most 10 files"));
        }
        let now = Utc::now();
        if assignment.due_at.is_some_and(|due| due < now) {
            return Err(errors::assignment_closed());
        }
        let files = work.file_keys.iter().enumerate();
        let files: Vec<_> = files
            .map(|(index, key)| (format!("fileKeys[{index}]"), MediaKind::of_key(key), &**key))
            .collect();
        let submission = &Submission {
            id: Uuid::new_v4(),
            assignment_id: id,
            student_id: student,
            content: work.text.clone(),
            files: self.check_media(student, &files).await?,
            score: None,
            feedback: None,
            graded_at: None,
            created_at: now,
        };
        self.database
            .transaction(|tx| async move {
                match assignments::submit(&tx, submission).await? {
                    true => Ok(()),
                    false => Err(errors::submission_exists()),
                }
            })
            .await?;
        self.submission_view(submission)
    }

    /// Returns a page of the submissions of an assignment. Administrators get all submissions, and
    /// trainers those of their students.
    ///
    /// # Errors
    /// `NOT_FOUND` or `FORBIDDEN`.
    pub(crate) async fn submissions(
        &self,
        viewer: Viewer,
        id: Uuid,
        page: CheckedPage,
    ) -> Result<Page<Value>, Error> {
        let assignment = self.assignment(id).await?;
        self.require_viewer(viewer, assignment.course_id).await?;
        let trainer = match viewer {
            Viewer::Student(_) => return Err(errors::no_access("only trainers see submissions")),
            Viewer::Trainer(trainer) => Some(trainer),
            Viewer::Admin(_) => None,
        };
        let found = assignments::submissions(&self.database, &assignment, trainer, page);
        found.await?.try_map(|one| self.submission_view(&one))
    }

    /// Grades a submission, as the trainer of the student or as an administrator. A later grade
    /// replaces the previous one.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, or `NOT_FOUND`, also for the submission of another trainer's student.
    pub(crate) async fn grade(
        &self,
        caller: (Viewer, &CallerTerritory),
        id: Uuid,
        grade: &Grade,
    ) -> Result<Value, Error> {
        let feedback = grade.feedback.as_deref().unwrap_or_default();
        if !is_note(feedback, MAX_DESCRIPTION) {
            let problem = "must be at most 10000 bytes without U+0000";
            return Err(invalid("feedback", problem));
        }
        let now = Utc::now();
        let mut submission = self
            .database
            .transaction(|tx| async move {
                let submission = assignments::lock_submission(&tx, id).await?;
                let submission = submission.ok_or_else(errors::submission_not_found)?;
                let assignment = assignments::by_id(&tx, submission.assignment_id).await?;
                let assignment = assignment.ok_or_else(errors::submission_not_found)?;
                let entry = AuditEntry::new("submission.grade")
                    .target("submission", id.to_string())
                    .detail("permission", COURSE_WRITE)
                    .change(&json!(submission.score), &json!(grade.score));
                let work = (submission.student_id, assignment.course_id);
                let not_found = errors::submission_not_found;
                let grader = self
                    .require_reviewer(&tx, caller, work, entry, not_found)
                    .await?;
                if grade.score > assignment.max_score {
                    let problem = format!("must be 0 to {}", assignment.max_score);
                    return Err(invalid("score", &problem));
                }
                assignments::set_grade(&tx, id, grader, grade, now).await?;
                let (score, max_score) = (grade.score, assignment.max_score);
                let title = &assignment.title;
                let body = format!("{score} of {max_score} points for \"{title}\".");
                let text = ("Your assignment is graded", body);
                let data = json!({ "assignmentId": assignment.id, "score": score });
                self.notify(&tx, submission.student_id, Subject::Assignment, text, data)
                    .await?;
                Ok(submission)
            })
            .await?;
        submission.score = Some(grade.score);
        submission.feedback.clone_from(&grade.feedback);
        submission.graded_at = Some(now);
        self.submission_view(&submission)
    }

    fn submission_view(&self, submission: &Submission) -> Result<Value, Error> {
        let files = submission.files.iter().map(|key| self.media_link(key));
        Ok(json!({
            "id": submission.id,
            "assignmentId": submission.assignment_id,
            "studentId": submission.student_id,
            "text": submission.content,
            "fileUrls": files.collect::<Result<Vec<_>, _>>()?,
            "score": submission.score,
            "feedback": submission.feedback,
            "gradedAt": submission.graded_at,
            "createdAt": submission.created_at,
        }))
    }
}
