use jiff::{Timestamp, civil::Date};
use seaworthy::{data::prelude::*, prelude::*};
use serde_json::{Value, json};
use tutoring_contract::{
    Role,
    events::{
        BusinessEvent, CertificateIssued, CourseCompleted, CourseProgressUpdated, SessionCompleted,
        message,
    },
};

use super::{Courses, notify::Subject};
use crate::store::{Purchase, certificates, delivery, purchases};

/// A certificate needs all sessions of a course.
const CERTIFICATE_TIER: u8 = 30;

/// The held sessions of a purchase, apart from the learning progress.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Progress {
    course_id: Uuid,
    completed_sessions: u16,
    total_sessions: u16,
    percentage: u8,
    last_completed_at: Option<DateTime<Utc>>,
    /// The learning progress in the sessions of the course.
    sessions: Vec<Value>,
    /// The page of the certificate, once it is issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_url: Option<String>,
}

impl Progress {
    fn of(purchase: &Purchase, held: u16, last: Option<DateTime<Utc>>) -> Self {
        let total = u16::from(purchase.purchase_tier);
        let held = held.min(total);
        let percentage = (held * 100).checked_div(total).unwrap_or(0);
        Self {
            course_id: purchase.course_id,
            completed_sessions: held,
            total_sessions: total,
            percentage: u8::try_from(percentage).unwrap_or(100),
            last_completed_at: last,
            sessions: Vec::new(),
            certificate_url: None,
        }
    }
}

impl Courses {
    /// Returns the progress of a purchase.
    ///
    /// # Errors
    /// An error of the database.
    pub(crate) async fn progress(&self, purchase: &Purchase) -> Result<Progress, Error> {
        let (held, last) = delivery::progress(&self.database, purchase.id).await?;
        let number = certificates::number_of(&self.database, purchase.id).await?;
        Ok(Progress {
            sessions: self.learning(purchase).await?,
            certificate_url: number.map(|number| self.certificate_link(&number)),
            ..Progress::of(purchase, held, last)
        })
    }

    /// Counts a held session from the set of distinct sessions, and stores the events.
    pub(super) async fn deliver(
        &self,
        tx: &Transaction,
        session: &SessionCompleted,
    ) -> Result<(), Error> {
        let (student, course) = (session.student_id, session.course_id);
        let Some(purchase) = purchases::lock_active(tx, student, course).await? else {
            tracing::warn!(%student, %course, "a held session does not belong to an active purchase");
            return Ok(());
        };
        let at = DateTime::from_timestamp_millis(session.completed_at.as_millisecond());
        let at = at.unwrap_or_else(Utc::now);
        if !delivery::add(tx, purchase.id, session.session_id, at).await? {
            return Ok(());
        }
        let (held, last) = delivery::progress(tx, purchase.id).await?;
        let progress = Progress::of(&purchase, held, last);
        let last = last.and_then(|at| Timestamp::from_millisecond(at.timestamp_millis()).ok());
        let updated = CourseProgressUpdated {
            student_id: student,
            course_id: course,
            completed_sessions: progress.completed_sessions,
            total_sessions: progress.total_sessions,
            percentage: progress.percentage,
            last_completed_at: last,
        };
        let updated = BusinessEvent::new(updated).by(student, Role::Student);
        self.outbox.store(tx, message(&updated)).await?;
        let at = self.zone.date_at(session.completed_at);
        self.complete(tx, &purchase, &progress, at).await
    }

    /// Completes a purchase whose remaining sessions were all held before a refund.
    pub(super) async fn complete_after_refund(
        &self,
        tx: &Transaction,
        purchase: &Purchase,
    ) -> Result<(), Error> {
        let (held, last) = delivery::progress(tx, purchase.id).await?;
        let progress = Progress::of(purchase, held, last);
        self.complete(tx, purchase, &progress, self.zone.today())
            .await
    }

    /// Completes a purchase whose sessions were all held, and stores the events once per tier that
    /// is reached.
    async fn complete(
        &self,
        tx: &Transaction,
        purchase: &Purchase,
        progress: &Progress,
        at: Date,
    ) -> Result<(), Error> {
        let is_complete = progress.completed_sessions == progress.total_sessions;
        if !is_complete || purchase.completed_at.is_some() {
            return Ok(());
        }
        purchases::set_completed(tx, purchase.id).await?;
        let student = purchase.student_id;
        let completed = CourseCompleted {
            course_id: purchase.course_id,
            student_id: student,
            completion_date: at,
            total_sessions: progress.total_sessions,
            completed_sessions: progress.completed_sessions,
        };
        let completed = BusinessEvent::new(completed).by(student, Role::Student);
        self.outbox.store(tx, message(&completed)).await?;
        if purchase.purchase_tier == CERTIFICATE_TIER {
            self.certify(tx, purchase).await?;
        }
        Ok(())
    }

    async fn certify(&self, tx: &Transaction, purchase: &Purchase) -> Result<(), Error> {
        let id = Uuid::new_v4();
        let number = id.simple().to_string().to_uppercase();
        if !delivery::issue(tx, id, &number, purchase).await? {
            return Ok(());
        }
        let issued = CertificateIssued {
            certificate_id: id,
            student_id: purchase.student_id,
            course_id: purchase.course_id,
            issued_at: Timestamp::now(),
            certificate_url: self.certificate_link(&number),
        };
        let data = json!({ "certificateUrl": issued.certificate_url });
        let issued = BusinessEvent::new(issued).by(purchase.student_id, Role::Student);
        self.outbox.store(tx, message(&issued)).await?;
        let body = "You completed all sessions of the course.".to_owned();
        let text = ("Your certificate", body);
        self.notify(tx, purchase.student_id, Subject::Achievement, text, data)
            .await
    }
}
