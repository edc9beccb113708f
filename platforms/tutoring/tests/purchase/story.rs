//! Thirty days of a town in accelerated time: students buy courses, trainers hold sessions, and
//! faults happen meanwhile.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tutoring_contract::PlatformZone;
use uuid::Uuid;

use crate::{
    app::{CENTRE, TestPlatform, data, json_of, wait_for},
    bought::{Bought, bought},
    clock::ShiftedClock,
    peer::Peer,
    provider::Mode,
    test_servers::TestServers,
    tokens::{operator_token, student_token, trainer_token},
};

const DAYS: i64 = 30;
/// Students of one run. The acceptance needs 1,000, which the scheduled workflow sets.
const STUDENTS: usize = 14;
/// The environment variable with another number of students.
const STUDENTS_VARIABLE: &str = "SEAWORTHY_TUTORING_STUDENTS";
const STUDENTS_PER_TRAINER: usize = 10;
/// Above the rating of most capacity.
const RATING: f64 = 4.8;
/// The days on which students buy, from the first.
const DAYS_OF_PURCHASES: usize = 10;
const SLOTS: [&str; 6] = ["08:00", "10:00", "12:00", "14:00", "16:00", "18:00"];
/// Coins for a complete course.
const COMPLETION_REWARD: i64 = 100;
const SESSIONS: [u64; 3] = [10, 20, 30];
/// When a day begins in this test, in minutes since midnight in the platform's zone.
const MORNING_MINUTE: u16 = 6 * 60;
/// The interval at which a step polls for a change by messages.
const POLL_INTERVAL: Duration = Duration::from_millis(5);
/// Users who act at the same time.
const THREADS: usize = 4;

/// The provider loses its responses on this day.
const DAY_OF_LOST_RESPONSES: i64 = 3;
/// The broker is unavailable while students buy on this day.
const DAY_OF_OUTAGE: i64 = 5;
/// The program is killed during the sessions of these days.
const DAYS_OF_CRASHES: [i64; 3] = [7, 16, 25];
/// Some students cancel a session, and some get their money back.
const DAY_OF_CHANGES: i64 = 12;
const STUDENTS_PER_REFUND: usize = 7;

/// A student with the purchase and the held sessions.
struct Student {
    id: Uuid,
    index: usize,
    sessions: u64,
    bought: Mutex<Option<Bought>>,
    held: AtomicUsize,
}

impl Student {
    fn new(index: usize) -> Self {
        Self {
            id: Uuid::new_v4(),
            index,
            sessions: SESSIONS[index % SESSIONS.len()],
            bought: Mutex::default(),
            held: AtomicUsize::new(0),
        }
    }

    fn buys_on(&self, day: i64) -> bool {
        usize::try_from(day).unwrap() == 1 + self.index % DAYS_OF_PURCHASES
    }

    fn gets_money_back(&self) -> bool {
        self.index % STUDENTS_PER_REFUND == 2
    }

    fn cancels_a_session(&self) -> bool {
        self.index % STUDENTS_PER_REFUND == 4
    }

    /// A package that is bought on a date and starts on the next one.
    fn package(&self, date: &str) -> Value {
        let schedule = json!({
            "timeSlot": SLOTS[self.index % SLOTS.len()], "startDate": date,
            "deliveryMode": "WEEKDAY_DAILY",
        });
        json!({ "schedule": schedule, "sessionCount": self.sessions })
    }

    /// Buys the course. Each request is repeated until it succeeds, as a client does. The webhook
    /// comes before or after the confirmation, and twice.
    fn buy(&self, app: &TestPlatform, date: &str) {
        let created = wait_for("the order", || {
            let answer = app.buy(self.id, &self.package(date), "first")?;
            (200..300).contains(&answer.status).then_some(answer)
        });
        let bought = bought(self.id, &data(&created));
        let paid = app.provider.pay(&bought.order, "captured");
        let webhook = |event: &str| {
            let body = app.webhook_body(&paid);
            let id = format!("evt_{event}_{}", self.index);
            wait_for("the webhook", || {
                let answer = app.webhook(&id, &body)?;
                (answer.status == 200).then_some(())
            });
        };
        if self.index.is_multiple_of(2) {
            webhook("early");
        }
        wait_for("the confirmation", || {
            let answer = app.confirm(&bought, &paid)?;
            (json_of(&answer)["data"]["status"] == "succeeded").then_some(())
        });
        webhook("late");
        webhook("late");
        *self.bought.lock().unwrap() = Some(bought);
    }

    /// Returns all sessions, or `None` while the program restarts.
    fn sessions(&self, app: &TestPlatform) -> Option<Vec<Value>> {
        let path = format!("/admin/sessions/student/{}?limit=100", self.id);
        let answer = app.try_call("GET", &path, &operator_token(), &Value::Null)?;
        let list = json_of(&answer)["data"]["items"].as_array()?.clone();
        Some(list)
    }

    /// Returns a session, or `None` while the program restarts.
    fn session(app: &TestPlatform, id: &str) -> Option<Value> {
        let path = format!("/admin/sessions/{id}");
        let answer = app.try_call("GET", &path, &operator_token(), &Value::Null)?;
        (answer.status == 200).then(|| json_of(&answer)["data"].clone())
    }

    /// Returns the latest code of a session, which the student alone gets.
    fn code(&self, app: &TestPlatform, session: &Value) -> Option<String> {
        let token = student_token(self.id);
        let list = app.try_call("GET", "/notifications", &token, &Value::Null)?;
        let list = json_of(&list);
        let mut items = list["data"]["items"].as_array()?.iter();
        let newest = items
            .find(|one| one["data"]["sessionId"] == *session && one["data"]["otp"].is_string())?;
        newest["data"]["otp"].as_str().map(str::to_owned)
    }

    /// Holds a session: the trainer arrives, the student reads the code, the trainer ends it and
    /// the student confirms. Each of them continues after a crash. A refund may cancel the session
    /// meanwhile.
    fn hold(&self, app: &TestPlatform, id: &Value) {
        if wait_for("the session", || self.continue_session(app, id)) {
            self.held.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Does the remaining steps of a session. Returns `None` if one of them fails, and `false` if
    /// a refund cancelled the session.
    fn continue_session(&self, app: &TestPlatform, id: &Value) -> Option<bool> {
        let text = id.as_str().unwrap();
        let session = Self::session(app, text)?;
        let trainer: Uuid = session["trainerId"].as_str()?.parse().unwrap();
        let trainer = trainer_token(trainer);
        let here = json!({ "trainerLocation": { "latitude": CENTRE.0, "longitude": CENTRE.1 } });
        let post = |token: &str, action: &str, body: &Value| {
            let path = format!("/admin/sessions/{text}/{action}");
            let answer = app.try_call("POST", &path, token, body)?;
            (answer.status == 200).then_some(())
        };
        let mut status = session["status"].as_str()?;
        loop {
            status = match status {
                "completed" => return Some(true),
                "cancelled" if self.gets_money_back() => return Some(false),
                "scheduled" => {
                    post(&trainer, "start", &here)?;
                    "pending_verification"
                }
                "pending_verification" => {
                    let code = wait_for_a_second(|| self.code(app, id))?;
                    post(&trainer, "verify-otp", &json!({ "otp": code }))?;
                    "in_progress"
                }
                "in_progress" => {
                    post(&trainer, "end", &here)?;
                    "pending_confirmation"
                }
                "pending_confirmation" => {
                    let body = json!({ "confirmed": true });
                    post(&student_token(self.id), "confirm", &body)?;
                    "completed"
                }
                status => panic!("the session is {status}"),
            };
        }
    }

    /// Holds the sessions of a date.
    fn spend(&self, app: &TestPlatform, date: &str) {
        let sessions = wait_for("the sessions", || self.sessions(app));
        for session in sessions {
            if session["scheduledDate"] == date && session["status"] == "scheduled" {
                self.hold(app, &session["id"]);
            }
        }
    }

    /// Cancels the last session, or gets the money back.
    fn change(&self, app: &TestPlatform) {
        if self.gets_money_back() {
            let bought = self.bought.lock().unwrap().clone().unwrap();
            data(&app.refund(&bought.id).unwrap());
        } else if self.cancels_a_session() {
            let sessions = self.sessions(app).unwrap();
            let mut open = sessions.iter().filter(|one| one["status"] == "scheduled");
            let last = open.next_back();
            if let Some(id) = last.and_then(|one| one["id"].as_str()) {
                let path = format!("/admin/sessions/{id}/cancel");
                let body = json!({ "reason": "a journey" });
                data(&app.call("POST", &path, &student_token(self.id), &body));
            }
        }
    }
}

/// Waits a second for a value that a message brings.
fn wait_for_a_second<T>(find: impl Fn() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(1) {
        if let Some(found) = find() {
            return Some(found);
        }
        std::thread::sleep(POLL_INTERVAL);
    }
    None
}

/// Runs an action for each student, some at the same time.
fn each(students: &[Student], action: impl Fn(&Student) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(student) = students.get(next.fetch_add(1, Ordering::Relaxed)) {
                    action(student);
                }
            });
        }
    });
}

/// Waits until the services accept tokens after a step of the clock.
fn wait_for_tokens(app: &TestPlatform) {
    for path in ["/admin/allocations?limit=1", "/payments/all?limit=1"] {
        wait_for("a token is accepted", || {
            let answer = app.try_call("GET", path, &operator_token(), &Value::Null)?;
            (answer.status != 401 && answer.status < 500).then_some(())
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn simulation_of_thirty_days_keeps_invariants_msg_5() {
    simulate().await;
}

/// Simulates thirty days.
#[expect(clippy::print_stderr, reason = "the long variant shows its progress")]
async fn simulate() {
    let Some(clock) = ShiftedClock::new() else {
        return;
    };
    let given = std::env::var(STUDENTS_VARIABLE).ok();
    let count = given.map_or(STUDENTS, |text| text.parse().unwrap());
    let students: Vec<_> = (0..count).map(Student::new).collect();
    let zone = PlatformZone::default();
    let mut date = zone.today();
    let app = TestPlatform::start_with(TestServers::default(), Some(clock)).await;
    let peer = Peer::start(&app).await;
    for _ in 0..count.div_ceil(STUDENTS_PER_TRAINER) {
        app.approve(&peer, RATING).await;
    }
    let started = Instant::now();
    for day in 1..=DAYS {
        date = date.tomorrow().unwrap();
        app.set_clock(zone.timestamp(date, MORNING_MINUTE).as_second());
        tokio::task::block_in_place(|| wait_for_tokens(&app));
        live(&app, &students, day, &date.to_string()).await;
        eprintln!("day {day} ended after {:?}", started.elapsed());
    }
    app.finish_pending_work().await;
    app.check_invariants().await;
    let mut held = BTreeMap::new();
    for student in &students {
        let progress = app.progress(student.id);
        let is_complete = progress.is_some_and(|(completed, bought)| completed == bought);
        let earned = if is_complete { COMPLETION_REWARD } else { 0 };
        app.check_student(student.id, earned).await;
        let sessions = student.held.load(Ordering::Relaxed);
        if !student.gets_money_back() {
            let completed = progress.map(|(completed, _)| completed);
            let expected = u64::try_from(sessions).unwrap();
            assert_eq!(completed, Some(expected), "{}", student.id);
        }
        *held.entry(sessions).or_insert(0_usize) += 1;
    }
    let all: usize = held
        .iter()
        .map(|(sessions, students)| sessions * students)
        .sum();
    eprintln!("{count} students had {all} sessions in {DAYS} days: {held:?}");
    assert!(all > count * 5, "{held:?}");
}

/// One day: some students buy, and trainers hold the sessions of the date.
async fn live(app: &TestPlatform, students: &[Student], day: i64, date: &str) {
    let outage = match day {
        DAY_OF_OUTAGE => Some(app.hold_broker().await),
        _ => None,
    };
    tokio::task::block_in_place(|| {
        if day == DAY_OF_LOST_RESPONSES {
            app.provider.set_mode(Mode::LosesResponses);
        }
        each(students, |student| {
            if student.buys_on(day) {
                if day == DAY_OF_LOST_RESPONSES {
                    app.buy(student.id, &student.package(date), "first");
                }
                app.provider.set_mode(Mode::Works);
                student.buy(app, date);
            }
        });
        app.provider.set_mode(Mode::Works);
    });
    if let Some(outage) = outage {
        outage.free().await;
    }
    tokio::task::block_in_place(|| {
        if day == DAY_OF_CHANGES {
            each(students, |student| student.change(app));
        }
        let path = "/admin/allocations/retry-auto-assign";
        data(&app.call("POST", path, &operator_token(), &json!({})));
        std::thread::scope(|scope| {
            if DAYS_OF_CRASHES.contains(&day) {
                scope.spawn(|| app.restart());
            }
            each(students, |student| student.spend(app, date));
        });
    });
}
