use seaworthy::{audit_log::AuditEntry, core::is_storable, data::prelude::*, prelude::*};
use serde_json::{Value, json};
use tutoring_contract::events::{BusinessEvent, CourseChanged, message};
use tutoring_identity::{Checks, invalid};

use super::{COURSE_WRITE, Courses};
use crate::{
    domain::{MediaKind, QUESTIONS, check_questions, is_text},
    errors,
    store::{Course, Level, NewSession, SESSIONS, catalogue, structure},
};

pub(super) const MAX_TITLE: usize = 200;
pub(super) const MAX_DESCRIPTION: usize = 10_000;
const DIFFICULTIES: [&str; 3] = ["beginner", "intermediate", "advanced"];

/// A course to create, as a draft.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewCourse {
    title: String,
    #[serde(default)]
    description: String,
    category: String,
    difficulty: String,
}

/// A change of a course. Absent fields stay as they are.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CourseChange {
    title: Option<String>,
    description: Option<String>,
    category: Option<String>,
    difficulty: Option<String>,
    /// `published` or `archived`.
    status: Option<String>,
}

impl CourseChange {
    /// Returns the change that archives a course.
    pub(crate) fn archive() -> Self {
        Self {
            status: Some("archived".to_owned()),
            ..Self::default()
        }
    }
}

/// A phase to create.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewPhase {
    pub(crate) sequence: u16,
    pub(crate) title: String,
}

/// A level of a phase.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewLevel {
    sequence: u8,
    level_type: Option<String>,
}

/// Whether a text, which may be empty, can be stored.
pub(super) fn is_note(text: &str, max: usize) -> bool {
    text.len() <= max && is_storable(text)
}

/// Requires a text that is not blank.
pub(super) fn require_text(checks: &mut Checks, field: &str, text: &str, max: usize) {
    let problem = format!("must be 1 to {max} bytes without U+0000");
    checks.require(field, is_text(text, max), problem);
}

/// Requires a text, which may be empty.
pub(super) fn require_note(checks: &mut Checks, field: &str, text: &str, max: usize) {
    let problem = format!("must be at most {max} bytes without U+0000");
    checks.require(field, is_note(text, max), problem);
}

fn check(course: &Course) -> Result<(), Error> {
    let mut checks = Checks::new();
    require_text(&mut checks, "title", &course.title, MAX_TITLE);
    let description = &course.description;
    require_note(&mut checks, "description", description, MAX_DESCRIPTION);
    require_text(&mut checks, "category", &course.category, MAX_TITLE);
    checks.one_of("difficulty", course.difficulty.as_str(), &DIFFICULTIES);
    checks.finish()
}

impl Courses {
    /// Creates a course as a draft.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`.
    pub(crate) async fn create(&self, new: NewCourse) -> Result<Course, Error> {
        let now = Utc::now();
        let course = Course {
            id: Uuid::new_v4(),
            title: new.title.trim().to_owned(),
            description: new.description,
            category: new.category.trim().to_owned(),
            difficulty: new.difficulty,
            status: "draft".to_owned(),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        check(&course)?;
        let stored = &course;
        self.database
            .transaction(|tx| async move {
                catalogue::insert(&tx, stored).await?;
                self.record(&tx, "course.create", None, stored).await
            })
            .await?;
        Ok(course)
    }

    /// Changes a course, and publishes the change.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `NOT_FOUND` or `CONFLICT`.
    pub(crate) async fn change(&self, id: Uuid, change: &CourseChange) -> Result<Course, Error> {
        self.database
            .transaction(|tx| async move {
                let known = catalogue::lock(&tx, id).await?;
                let before = known.ok_or_else(errors::not_found)?;
                let mut course = before.clone();
                let change = change.clone();
                course.title = change.title.unwrap_or(course.title);
                course.description = change.description.unwrap_or(course.description);
                course.category = change.category.unwrap_or(course.category);
                course.difficulty = change.difficulty.unwrap_or(course.difficulty);
                check(&course)?;
                if let Some(status) = change.status.filter(|status| *status != course.status) {
                    self.require_status(&tx, &course, &status).await?;
                    course.status = status;
                }
                course.version += 1;
                catalogue::update(&tx, &course).await?;
                self.record(&tx, "course.change", Some(&before), &course)
                    .await?;
                Ok(course)
            })
            .await
    }

    async fn require_status(
        &self,
        tx: &Transaction,
        course: &Course,
        status: &str,
    ) -> Result<(), Error> {
        match (course.status.as_str(), status) {
            ("draft", "published") => match structure::is_complete(tx, course.id).await? {
                true => Ok(()),
                false => Err(errors::not_publishable()),
            },
            ("draft" | "published", "archived") => Ok(()),
            (_, "draft" | "published" | "archived") => Err(errors::status_order()),
            _ => Err(invalid("status", "must be published or archived")),
        }
    }

    /// Stores the entry of the audit log and the event of a change. `before` is `None` for a
    /// created course.
    pub(super) async fn record(
        &self,
        tx: &Transaction,
        action: &'static str,
        before: Option<&Course>,
        course: &Course,
    ) -> Result<(), Error> {
        let entry = AuditEntry::new(action)
            .target("course", course.id.to_string())
            .detail("permission", COURSE_WRITE)
            .change(&json!(before), &json!(course));
        self.audit.append(tx, entry).await?;
        let changed = CourseChanged {
            course_id: course.id.to_string(),
            version: course.version,
            snapshot: json!({
                "title": course.title,
                "category": course.category,
                "difficulty": course.difficulty,
                "status": course.status,
            }),
        };
        self.outbox
            .store(tx, message(&BusinessEvent::new(changed)))
            .await?;
        Ok(())
    }

    /// Adds a phase with its three levels to a draft. Returns the phase with its levels.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `NOT_FOUND` or `CONFLICT`.
    pub(crate) async fn add_phase(&self, course: Uuid, phase: &NewPhase) -> Result<Value, Error> {
        if phase.sequence == 0 || phase.sequence > 100 {
            return Err(invalid("sequence", "must be from 1 to 100"));
        }
        if !is_text(&phase.title, MAX_TITLE) {
            return Err(invalid("title", "must be 1 to 200 bytes without U+0000"));
        }
        self.database
            .transaction(|tx| async move {
                self.require_draft(&tx, course).await?;
                let title = phase.title.trim();
                let phase = structure::add_phase(&tx, course, phase.sequence, title).await?;
                let levels = structure::levels(&tx, phase.id).await?;
                self.record_addition(&tx, ("course.add_phase", course), json!(phase))
                    .await?;
                Ok(json!({
                    "id": phase.id,
                    "sequence": phase.sequence,
                    "title": phase.title,
                    "levels": levels,
                }))
            })
            .await
    }

    /// Adds a session to a level of a draft.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `NOT_FOUND` or `CONFLICT`.
    pub(crate) async fn add_session(
        &self,
        author: Uuid,
        level: Uuid,
        session: NewSession,
    ) -> Result<Value, Error> {
        if !(1..=SESSIONS).contains(&session.session_number) {
            return Err(invalid("sessionNumber", "must be from 1 to 10"));
        }
        if !is_text(&session.title, MAX_TITLE) || !is_note(&session.description, MAX_DESCRIPTION) {
            return Err(invalid(
                "title",
                "must be 1 to 200 bytes, and the description at most 10000, without U+0000",
            ));
        }
        let (session, quiz) = self.checked_content(author, session).await?;
        let (session, quiz) = (&session, &quiz);
        self.database
            .transaction(|tx| async move {
                let course = structure::place_of_level(&tx, level).await?.course;
                self.require_draft(&tx, course).await?;
                let session = structure::add_session(&tx, level, session, quiz.clone()).await?;
                self.record_addition(&tx, ("course.add_session", course), json!(session))
                    .await?;
                Ok(json!(session))
            })
            .await
    }

    /// Stores the entry of the audit log of a part that was added to a course.
    async fn record_addition(
        &self,
        tx: &Transaction,
        (action, course): (&'static str, Uuid),
        added: Value,
    ) -> Result<(), Error> {
        let entry = AuditEntry::new(action)
            .target("course", course.to_string())
            .detail("permission", COURSE_WRITE)
            .change(&Value::Null, &added);
        self.audit.append(tx, entry).await?;
        Ok(())
    }

    /// Checks the files and the quiz of a session. Returns the session with the keys of its files.
    async fn checked_content(
        &self,
        author: Uuid,
        mut session: NewSession,
    ) -> Result<(NewSession, Option<Value>), Error> {
        let named = [
            ("videoKey", MediaKind::Video, &mut session.video_key),
            ("sheetKey", MediaKind::Document, &mut session.sheet_key),
        ];
        for (field, kind, key) in named {
            if let Some(text) = key {
                let files = [(field.to_owned(), kind, text.as_str())];
                *key = self.check_media(author, &files).await?.pop();
            }
        }
        if session.quiz.len() > QUESTIONS {
            return Err(invalid("quiz", "must be at most 30 questions"));
        }
        let quiz = match session.quiz.is_empty() {
            true => None,
            false => Some(json!(check_questions(session.quiz.clone())?)),
        };
        Ok((session, quiz))
    }

    /// Students have bought the structure of a published course, so only drafts change it.
    async fn require_draft(&self, tx: &Transaction, course: Uuid) -> Result<(), Error> {
        let course = catalogue::lock(tx, course).await?;
        match course.ok_or_else(errors::not_found)?.status.as_str() {
            "draft" => Ok(()),
            _ => Err(errors::status_order()),
        }
    }

    /// Requires a course that is not archived.
    ///
    /// # Errors
    /// `NOT_FOUND`, or `CONFLICT` for an archived course.
    pub(super) async fn require_open(&self, tx: &Transaction, course: Uuid) -> Result<(), Error> {
        let course = catalogue::lock(tx, course).await?;
        match course.ok_or_else(errors::not_found)?.status.as_str() {
            "archived" => Err(errors::status_order()),
            _ => Ok(()),
        }
    }

    /// Returns a level of a phase, which has its three levels from the start.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` or `NOT_FOUND`.
    pub(crate) async fn level(&self, phase: Uuid, level: &NewLevel) -> Result<Level, Error> {
        let course = structure::course_of_phase(&self.database, phase).await?;
        course.ok_or_else(errors::not_found)?;
        let levels = structure::levels(&self.database, phase).await?;
        let mut levels = levels.into_iter();
        let found = levels.find(|found| found.sequence == level.sequence);
        let found = found.ok_or_else(|| invalid("sequence", "must be from 1 to 3"))?;
        match level.level_type.as_ref() {
            Some(given) if *given != found.level_type => {
                let problem = format!("must be {} for this sequence", found.level_type);
                Err(invalid("levelType", &problem))
            }
            _ => Ok(found),
        }
    }

    /// Returns a published course.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub(crate) async fn published(&self, id: Uuid) -> Result<Course, Error> {
        let course = catalogue::by_id(&self.database, id).await?;
        let course = course.filter(|course| course.status == "published");
        course.ok_or_else(errors::not_found)
    }
}
