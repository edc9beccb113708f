//! The pages of a student, which are cached until a message changes them.

use std::{collections::HashMap, sync::Arc};

use futures::future::join;
use seaworthy::{
    cache::{Cache, Entries, EntryConfig},
    data::{Database, chrono::TimeDelta, prelude::*},
    prelude::*,
};
use serde_json::{Value, json};

use crate::{
    store::{MyCourse, MySession, Student, cards, courses, sessions, students},
    summaries::Planned,
};

/// TTL of a cached page.
const TTL: Timeout = Timeout::from_secs(300);
/// The difference to UTC of the time zone in which a date ends last.
const LAST_ZONE: TimeDelta = TimeDelta::hours(12);
/// The status of a course without a trainer.
const NOT_ASSIGNED: &str = "NOT_ASSIGNED";
/// The sessions on the home page.
const MAX_UPCOMING: usize = 10;

/// Reads the pages of students.
#[derive(Debug)]
pub(crate) struct Pages {
    database: Database,
    home: Entries<Record>,
    learning: Entries<Record>,
}

/// A page that is cached under its own key.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Page {
    /// The courses that are open, and the next sessions.
    Home,
    /// The courses with trainers, sessions and progress.
    Learning,
}

/// The stored data of one student. The cards of courses and trainers are not cached with it,
/// because a message about a card concerns many students.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    student: Option<Value>,
    courses: Vec<MyCourse>,
    sessions: Vec<MySession>,
}

impl Pages {
    pub(crate) fn new(database: Database, cache: &Cache) -> Self {
        let config = EntryConfig {
            ttl: TTL,
            ..EntryConfig::default()
        };
        Self {
            home: cache.entries("student:home", config.clone()),
            learning: cache.entries("student:learning", config),
            database,
        }
    }

    /// Removes the cached pages of a student.
    pub(crate) async fn invalidate(&self, student: Uuid) {
        let key = student.to_string();
        join(self.home.invalidate(&key), self.learning.invalidate(&key)).await;
    }

    /// Returns whether sessions of a student have no dates. Messages about new sessions have none.
    ///
    /// # Errors
    /// An error of the database.
    pub(crate) async fn lacks_dates(&self, page: Page, student: Uuid) -> Result<bool, Error> {
        let record = self.record(page, student).await?;
        let mut sessions = record.sessions.iter();
        Ok(sessions
            .any(|session| session.status == "scheduled" && session.scheduled_date.is_none()))
    }

    /// Stores the dates of sessions, and removes the cached pages.
    ///
    /// # Errors
    /// An error of the database.
    pub(crate) async fn plan(&self, student: Uuid, sessions: &[Planned]) -> Result<(), Error> {
        if sessions.is_empty() {
            return Ok(());
        }
        self.database
            .transaction(|tx| async move {
                for session in sessions {
                    let date = (&*session.scheduled_date, &*session.time_slot);
                    sessions::plan(&tx, student, session.id, date).await?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        self.invalidate(student).await;
        Ok(())
    }

    /// Returns a page, without the data of other services.
    ///
    /// # Errors
    /// An error of the database.
    pub(crate) async fn read(&self, page: Page, student: Uuid) -> Result<Value, Error> {
        let record = self.record(page, student).await?;
        let cards = cards(&self.database, &record.courses).await?;
        Ok(match page {
            Page::Home => home(&record, &cards),
            Page::Learning => learning(&record, &cards),
        })
    }

    async fn record(&self, page: Page, student: Uuid) -> Result<Arc<Record>, Error> {
        let database = self.database.clone();
        let load = || async move { read(&database, student).await.map(Some) };
        let records = match page {
            Page::Home => &self.home,
            Page::Learning => &self.learning,
        };
        let record = records.get_or_load(&student.to_string(), load).await?;
        Ok(record.unwrap_or_default())
    }

    /// Returns the state of a course, which clients poll after they have paid.
    ///
    /// # Errors
    /// An error of the database.
    pub(crate) async fn state(&self, student: Uuid, course: Uuid) -> Result<Value, Error> {
        let courses = courses::of(&self.database, student).await?;
        let bought = courses.iter().find(|bought| bought.course_id == course);
        Ok(json!({
            "courseId": course,
            "purchaseStatus": choice(bought.is_some_and(|bought| bought.is_ready), "READY", "PROCESSING"),
            "trainerStatus": bought.map_or(NOT_ASSIGNED, MyCourse::trainer_status),
            "sessionsStatus": choice(bought.is_some_and(|bought| bought.has_sessions), "READY", "PENDING"),
            "progressVersion": bought.map_or(0, |bought| bought.progress_version),
        }))
    }

    /// Returns the delivered sessions of each course.
    ///
    /// # Errors
    /// An error of the database.
    pub(crate) async fn progress(&self, student: Uuid) -> Result<Vec<Value>, Error> {
        let courses = courses::of(&self.database, student).await?;
        Ok(courses.iter().map(progress).collect())
    }
}

const fn choice(holds: bool, yes: &'static str, no: &'static str) -> &'static str {
    if holds { yes } else { no }
}

impl MyCourse {
    /// Returns the number of paid sessions. Progress may arrive before the purchase, and names more
    /// sessions than are left after a refund.
    const fn paid_sessions(&self) -> i32 {
        match self.purchase_tier {
            0 => self.total_sessions,
            tier => tier,
        }
    }

    /// Returns whether the course has a trainer. Clients stop to wait after `FAILED`.
    fn trainer_status(&self) -> &'static str {
        match self.allocation_status.as_deref() {
            Some("approved") if self.trainer_id.is_some() => "ASSIGNED",
            Some("rejected") => "FAILED",
            _ => NOT_ASSIGNED,
        }
    }
}

fn progress(course: &MyCourse) -> Value {
    // A refund reduces the paid sessions, and the stored progress does not follow.
    let total = course.paid_sessions();
    let completed = course.completed_sessions.min(total);
    json!({
        "courseId": course.course_id,
        "completedSessions": completed,
        "totalSessions": total,
        "percentage": (completed * 100).checked_div(total).unwrap_or(0),
        "lastCompletedAt": course.last_completed_at,
        "version": course.progress_version,
    })
}

/// Returns a student without the settings that only the service uses.
pub(crate) fn student_view(student: &Student) -> Value {
    let mut view = student.profile.as_object().cloned().unwrap_or_default();
    for (name, value) in [
        ("id", json!(student.id)),
        ("username", json!(student.username)),
        ("status", json!(student.status())),
        ("createdAt", json!(student.created_at)),
        ("updatedAt", json!(student.updated_at)),
    ] {
        view.insert(name.to_owned(), value);
    }
    Value::Object(view)
}

async fn read(database: &Database, id: Uuid) -> Result<Record, Error> {
    let student = students::by_id(database, id).await?;
    Ok(Record {
        student: student.as_ref().map(student_view),
        courses: courses::of(database, id).await?,
        sessions: sessions::of(database, id).await?,
    })
}

fn home(record: &Record, cards: &HashMap<Uuid, Value>) -> Value {
    let active: Vec<_> = record
        .courses
        .iter()
        .filter(|course| course.is_ready)
        .map(|course| {
            json!({
                "courseId": course.course_id,
                "course": cards.get(&course.course_id),
                "progress": progress(course),
            })
        })
        .collect();
    // A session that was not held stays scheduled. It is hidden when its date is over in every
    // zone.
    let first = (Utc::now() - LAST_ZONE).date_naive().to_string();
    let is_over = |date: &String| *date < first;
    let upcoming = record.sessions.iter();
    let mut upcoming: Vec<_> = upcoming
        .filter(|session| session.status == "scheduled")
        .filter(|session| !session.scheduled_date.as_ref().is_some_and(is_over))
        .collect();
    // Sessions without a date are the last ones.
    upcoming.sort_by_key(|session| {
        let (date, slot) = (&session.scheduled_date, &session.time_slot);
        (date.is_none(), date, slot, session.session_number)
    });
    upcoming.truncate(MAX_UPCOMING);
    json!({
        "student": record.student,
        "activeCourses": active,
        "upcomingSessions": upcoming,
    })
}

fn learning(record: &Record, cards: &HashMap<Uuid, Value>) -> Value {
    let learning: Vec<_> = record
        .courses
        .iter()
        .map(|course| {
            let own = record
                .sessions
                .iter()
                .filter(|session| session.course_id == Some(course.course_id));
            json!({
                "course": card_view(course.course_id, cards),
                // A refund closes a course.
                "purchase": course.purchase_id.filter(|_| course.is_ready).map(|purchase| json!({
                    "id": purchase,
                    "purchaseTier": course.purchase_tier,
                    "status": choice(course.is_ready, "READY", "PROCESSING"),
                })),
                "allocation": allocation_view(course, cards),
                "sessions": own.collect::<Vec<_>>(),
                "progress": progress(course),
            })
        })
        .collect();
    json!({ "courses": learning })
}

async fn cards(database: &Database, courses: &[MyCourse]) -> Result<HashMap<Uuid, Value>, Error> {
    let ids = courses
        .iter()
        .flat_map(|course| [Some(course.course_id), course.trainer_id]);
    let cards = cards::of(database, ids.flatten().collect()).await?;
    Ok(cards.into_iter().collect())
}

fn card_view(id: Uuid, cards: &HashMap<Uuid, Value>) -> Value {
    let mut card = cards.get(&id).cloned().unwrap_or_else(|| json!({}));
    if let Some(card) = card.as_object_mut() {
        card.insert("id".to_owned(), json!(id));
    }
    card
}

/// Returns the state of an allocation. Held sessions decide whether it is active or completed.
fn allocation_status(course: &MyCourse) -> Option<&str> {
    match course.allocation_status.as_deref() {
        Some("approved") if course.completed_sessions > 0 => Some(choice(
            course.completed_sessions >= course.paid_sessions(),
            "completed",
            "active",
        )),
        status => status,
    }
}

fn allocation_view(course: &MyCourse, cards: &HashMap<Uuid, Value>) -> Option<Value> {
    let trainer = course.trainer_id?;
    let card = cards.get(&trainer);
    let metadata = |name: &str| course.metadata.as_ref().and_then(|all| all.get(name));
    Some(json!({
        "id": course.allocation_id,
        "trainerId": trainer,
        "trainerName": card.and_then(|card| card.get("fullName")),
        "trainerPhoto": card.and_then(|card| card.get("photoUrl")),
        "status": allocation_status(course),
        "classType": metadata("classType"),
        "scheduleType": metadata("deliveryMode"),
        "startDate": course.start_date,
        "endDate": course.end_date,
    }))
}
