use seaworthy::{
    audit_log::AuditEntry,
    data::{chrono::SubsecRound as _, prelude::*},
    prelude::*,
};
use serde_json::{Value, json};
use tutoring_identity::invalid;

use super::{COURSE_WRITE, Courses, access::require_access};
use crate::{
    domain::{
        Answer, CertificateType, MAX_ATTEMPTS, MAX_SCORE, NewQuestion, QUESTIONS, Question, Score,
        check_answers, check_questions, next_attempt, next_attempt_date,
    },
    errors,
    store::{exams, purchases, structure},
};

/// The number of decimal digits of seconds in responses.
const MILLISECONDS: u16 = 3;

/// An exam to store.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewExam {
    questions: Vec<NewQuestion>,
}

/// The answers of a student.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answers {
    answers: Vec<Answer>,
}

/// The result of an attempt.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attempt {
    attempt_number: u8,
    score: u16,
    max_score: u16,
    percentage: u16,
    certificate_type: Option<CertificateType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_date: Option<DateTime<Utc>>,
    /// Whether another attempt is allowed.
    can_attempt: bool,
}

async fn questions(connection: &dyn Connection, level: Uuid) -> Result<Vec<Question>, Error> {
    let stored = exams::questions(connection, level).await?;
    let stored = stored.ok_or_else(errors::exam_not_found)?;
    serde_json::from_value(stored).map_err(Error::internal)
}

impl Courses {
    /// Stores the exam of a level. Attempts at the previous one keep their scores.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `NOT_FOUND`, or `CONFLICT` for an archived course.
    pub(crate) async fn set_exam(&self, level: Uuid, exam: NewExam) -> Result<(), Error> {
        if exam.questions.len() != QUESTIONS {
            let problem = format!("must contain {QUESTIONS} questions");
            return Err(invalid("questions", &problem));
        }
        let questions = &json!(check_questions(exam.questions)?);
        self.database
            .transaction(|tx| async move {
                let place = structure::place_of_level(&tx, level).await?;
                self.require_open(&tx, place.course).await?;
                self.store_exam(&tx, level, questions).await
            })
            .await
    }

    pub(super) async fn store_exam(
        &self,
        tx: &Transaction,
        level: Uuid,
        questions: &Value,
    ) -> Result<(), Error> {
        exams::store(tx, level, questions).await?;
        // Without the questions: readers of the log are not always allowed to see the answers.
        let entry = AuditEntry::new("exam.change")
            .target("level", level.to_string())
            .detail("permission", COURSE_WRITE);
        self.audit.append(tx, entry).await?;
        Ok(())
    }

    /// Returns the exam of a level without its answers, for a student with access.
    ///
    /// # Errors
    /// `NOT_FOUND` or `FORBIDDEN`.
    pub(crate) async fn exam(&self, student: Uuid, level: Uuid) -> Result<Value, Error> {
        let place = structure::place_of_level(&self.database, level).await?;
        let purchase = purchases::active(&self.database, student, place.course).await?;
        require_access(purchase.as_ref(), place.sequence)?;
        let questions = questions(&self.database, level).await?;
        let questions: Vec<_> = questions.iter().map(Question::public).collect();
        Ok(json!({ "questions": questions, "maxAttempts": MAX_ATTEMPTS }))
    }

    /// Scores and stores an attempt.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `NOT_FOUND`, `FORBIDDEN`, or `CONFLICT` after three attempts and within
    /// 24 hours of the last one.
    pub(crate) async fn submit_exam(
        &self,
        student: Uuid,
        level: Uuid,
        answers: &Answers,
    ) -> Result<Attempt, Error> {
        self.database
            .transaction(|tx| async move {
                let place = structure::place_of_level(&tx, level).await?;
                // The lock of the purchase serializes the attempts of a student.
                let purchase = purchases::lock_active(&tx, student, place.course).await?;
                require_access(purchase.as_ref(), place.sequence)?;
                let questions = questions(&tx, level).await?;
                let score = Score::of(check_answers(&questions, &answers.answers)?);
                let last = exams::last_attempt(&tx, student, level).await?;
                let now = Utc::now().trunc_subsecs(MILLISECONDS);
                let number = next_attempt(last, now)?;
                exams::add_attempt(&tx, (student, level), number, score, now).await?;
                let next = next_attempt_date(number, now);
                Ok(Attempt {
                    attempt_number: number,
                    score: score.0,
                    max_score: MAX_SCORE,
                    percentage: score.percentage(),
                    certificate_type: score.certificate_type(),
                    next_attempt_date: next,
                    can_attempt: next.is_some(),
                })
            })
            .await
    }
}
