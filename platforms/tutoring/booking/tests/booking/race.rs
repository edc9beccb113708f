use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use seaworthy::data::sql;
use seaworthy_testkit::http::HttpResponse;
use serde_json::{Value, json};
use tutoring_testkit::district_token;
use uuid::Uuid;

use crate::{
    allocation::wait_for_lock,
    app::{CENTRE, COURSE, DISTRICT, PERMISSIONS, TestApp, data, operator, student},
};

/// Pairs of students who compete for the last slot of a trainer.
const PAIRS: u128 = 200;
/// Threads that send requests.
const CLIENTS: usize = 8;
/// Slots of a day.
const SLOTS: u128 = 14;
/// Attempts of one request, and retries of pending allocations without an approval.
const MAX_ATTEMPTS: u32 = 600;
/// The delay before a repetition. An overloaded service rejects requests immediately.
const RETRY_DELAY: Duration = Duration::from_millis(100);
/// The environment variable with the file for the history of operations: one JSON line each.
const HISTORY: &str = "SEAWORTHY_TUTORING_HISTORY";

/// Both students of a pair want the same slot, and the trainers of the zone have places for one of
/// them.
pub(crate) async fn last_slots_go_to_one_student_each_data_3(app: TestApp) {
    app.open_zone().await;
    // Each trainer has at most 4 students, in different slots.
    let trainers = PAIRS.div_ceil(4);
    for trainer in 0..trainers {
        app.approve(0x1000 + trainer, 3.0).await;
    }
    app.enrol(1..=PAIRS * 2).await;
    let began = Instant::now();
    let wanted: Mutex<Vec<_>> = Mutex::new((0..PAIRS * 2).collect());
    let history = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (app, wanted, history) = (&app, &wanted, &history);
            scope.spawn(move || {
                while let Some(student) = { wanted.lock().unwrap().pop() } {
                    let hour = 6 + (student / 2) % SLOTS;
                    let slot = format!("{hour:02}:00");
                    let body = json!({
                        "studentId": Uuid::from_u128(student + 1), "courseId": COURSE,
                        "sessionCount": 10, "schedule": { "timeSlot": slot },
                        "location": { "latitude": CENTRE.0, "longitude": CENTRE.1 },
                    });
                    let start = began.elapsed().as_micros();
                    let answer = allocate(app, &body);
                    let end = began.elapsed().as_micros();
                    let result = data(&answer);
                    history.lock().unwrap().push(json!({
                        "process": client, "start_us": start as u64, "end_us": end as u64,
                        "operation": "allocate",
                        "arguments": { "student": student, "slot": slot },
                        "result": { "status": result["status"], "trainer": result["trainerId"] },
                    }));
                }
            });
        }
    });
    let history = history.into_inner().unwrap();
    write_history(&history);
    check(&history);
    let database = app.database().await;
    let (slots, distinct): (u64, u64) =
        sql("SELECT COUNT(*), COUNT(DISTINCT owner_id) FROM schedule_slots WHERE state = 'booked'")
            .fetch_one(&database)
            .await
            .unwrap();
    let approved = history
        .iter()
        .filter(|one| one["result"]["status"] == "approved");
    let approved = approved.count() as u64;
    assert_eq!((slots, distinct), (approved * 10, approved));
    // The losers get the free places until none is left. A worker also retries, and
    // a retry that times out has approved some. So the test counts rows and not responses.
    let (mut taken, mut idle) = (approved, 0);
    while u128::from(taken) < trainers * 4 {
        let path = "/admin/allocations/retry-auto-assign";
        app.call("POST", path, &operator(), &json!({}));
        let (now,): (u64,) =
            sql("SELECT COUNT(DISTINCT owner_id) FROM schedule_slots WHERE state = 'booked'")
                .fetch_one(&database)
                .await
                .unwrap();
        if now > taken {
            (taken, idle) = (now, 0);
            continue;
        }
        idle += 1;
        assert!(idle < MAX_ATTEMPTS, "{now} places are taken");
        tokio::time::sleep(RETRY_DELAY).await;
    }
    assert_eq!(u128::from(taken), trainers * 4);
    app.check_invariants();
}

/// Creates an allocation. The service rejects a transaction that loses against too many others,
/// and one that exceeds the timeout of a request. A repeat returns the allocation if it exists.
fn allocate(app: &TestApp, body: &Value) -> HttpResponse {
    for _ in 0..MAX_ATTEMPTS {
        let answer = app.call("POST", "/admin/allocations", &operator(), body);
        if !matches!(answer.status, 503 | 504) {
            return answer;
        }
        std::thread::sleep(RETRY_DELAY);
    }
    panic!("{MAX_ATTEMPTS} attempts failed: {body}");
}

/// The end of an allocation locks it, and then the requests of its sessions. An approval that
/// locked its request first would deadlock with it.
pub(crate) async fn approval_locks_the_allocation_first(app: TestApp) {
    let app = Arc::new(app);
    app.open_zone().await;
    app.approve(0x7a, 4.5).await;
    let owner = app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    let body = json!({
        "sessionId": app.sessions(owner)[9]["id"], "newDate": TestApp::in_days(300), "newTime": "16:00",
        "reason": "a feast",
    });
    let asked = data(&app.call("POST", "/admin/reschedule", &student(7), &body));
    let request: Uuid = asked["id"].as_str().unwrap().parse().unwrap();
    let database = app.database().await;
    let tx = database.begin().await.unwrap();
    sql("SELECT id FROM allocations WHERE student_id = ? FOR UPDATE")
        .bind(owner)
        .fetch_one::<(Uuid,)>(&tx)
        .await
        .unwrap();
    let caller = Arc::clone(&app);
    let approval = std::thread::spawn(move || {
        let path = format!("/admin/reschedule/{request}/approve");
        caller.call("POST", &path, &operator(), &json!({}))
    });
    wait_for_lock(&app).await;
    let free = sql("SELECT id FROM reschedules WHERE id = ? FOR UPDATE SKIP LOCKED")
        .bind(request)
        .fetch_optional::<(Uuid,)>(&tx)
        .await
        .unwrap();
    assert_eq!(
        free,
        Some((request,)),
        "the approval has locked the request"
    );
    tx.commit().await.unwrap();
    let approved = approval.join().unwrap();
    assert_eq!(data(&approved)["status"], "approved");
}

/// A refund locks the allocation, and then reads its sessions and slots. A substitution that moved
/// a session meanwhile would keep the slot of a cancelled session.
pub(crate) async fn substitution_locks_the_allocation_first(app: TestApp) {
    let app = Arc::new(app);
    app.open_zone().await;
    let holder = app.approve(0x7a, 4.5).await;
    let owner = app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    let other = app.approve(0x7b, 3.0).await;
    let session = app.sessions(owner)[5].clone();
    let body = json!({
        "sessionDate": session["scheduledDate"], "originalTrainerId": holder, "studentId": owner,
        "substituteTrainerId": other,
    });
    let create = ("POST", "/admin/substitutions".to_owned(), body);
    let made = change_while_allocation_is_locked(&app, owner, create).await;
    assert_eq!(app.sessions(owner)[5]["trainerId"], json!(other));
    let path = format!("/admin/substitutions/{}", made["id"].as_str().unwrap());
    let delete = ("DELETE", path, Value::Null);
    change_while_allocation_is_locked(&app, owner, delete).await;
    assert_eq!(app.sessions(owner)[5]["trainerId"], json!(holder));
    app.check_invariants();
}

/// Sends a request while another transaction has locked the allocation of a student. Requires that
/// the request waits without a lock of a session.
async fn change_while_allocation_is_locked(
    app: &Arc<TestApp>,
    owner: Uuid,
    (method, path, body): (&'static str, String, Value),
) -> Value {
    let database = app.database().await;
    let tx = database.begin().await.unwrap();
    sql("SELECT id FROM allocations WHERE student_id = ? FOR UPDATE")
        .bind(owner)
        .fetch_one::<(Uuid,)>(&tx)
        .await
        .unwrap();
    let caller = Arc::clone(app);
    let change = std::thread::spawn(move || caller.call(method, &path, &operator(), &body));
    wait_for_lock(app).await;
    let free = sql("SELECT id FROM tutoring_sessions WHERE student_id = ? FOR UPDATE SKIP LOCKED")
        .bind(owner)
        .fetch_all::<(Uuid,)>(&tx)
        .await
        .unwrap();
    assert_eq!(free.len(), 10, "the request has locked a session");
    tx.commit().await.unwrap();
    let changed = change.join().unwrap();
    assert!(matches!(changed.status, 200 | 201), "{}", changed.body);
    serde_json::from_str::<Value>(&changed.body).unwrap()["data"].clone()
}

/// A refund that is not committed yet has locked the last allocation.
pub(crate) async fn continuation_waits_for_a_refund(app: TestApp) {
    let app = Arc::new(app);
    app.open_zone().await;
    app.approve(0x7a, 4.5).await;
    let owner = app.grant(7, "16:00", 10, 10).await;
    let allocation = app.wait_for_allocation(owner, "approved");
    let path = format!(
        "/admin/allocations/{}/cancel",
        allocation["id"].as_str().unwrap()
    );
    let reason = json!({ "reason": "moved away" });
    data(&app.call("POST", &path, &operator(), &reason));
    let database = app.database().await;
    let tx = database.begin().await.unwrap();
    sql("UPDATE allocation_payments SET is_refunded = ?")
        .bind(true)
        .execute(&tx)
        .await
        .unwrap();
    sql("SELECT id FROM allocations WHERE student_id = ? FOR UPDATE")
        .bind(owner)
        .fetch_one::<(Uuid,)>(&tx)
        .await
        .unwrap();
    let caller = Arc::clone(&app);
    let continuation = std::thread::spawn(move || {
        let body = json!({ "studentId": owner, "courseId": COURSE });
        caller.call("POST", "/admin/allocations", &operator(), &body)
    });
    wait_for_lock(&app).await;
    tx.commit().await.unwrap();
    let refused = continuation.join().unwrap();
    assert_eq!(refused.status, 409, "{}", refused.body);
}

/// An allocation moves to another place while an administrator of the old place cancels it.
pub(crate) async fn moved_allocation_is_outside_of_its_old_territory(app: TestApp) {
    let app = Arc::new(app);
    app.open_zone().await;
    app.approve(0x7a, 4.5).await;
    let owner = app.grant(7, "16:00", 10, 10).await;
    let allocation = app.wait_for_allocation(owner, "approved");
    let path = format!(
        "/admin/allocations/{}/cancel",
        allocation["id"].as_str().unwrap()
    );
    let database = app.database().await;
    let tx = database.begin().await.unwrap();
    sql("UPDATE allocations SET zone_id = NULL WHERE student_id = ?")
        .bind(owner)
        .execute(&tx)
        .await
        .unwrap();
    let caller = Arc::clone(&app);
    let cancellation = std::thread::spawn(move || {
        let admin = district_token(Uuid::from_u128(2), &PERMISSIONS, DISTRICT);
        caller.call("POST", &path, &admin, &json!({ "reason": "moved away" }))
    });
    wait_for_lock(&app).await;
    tx.commit().await.unwrap();
    let refused = cancellation.join().unwrap();
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert_eq!(app.allocations(owner)[0]["status"], "approved");
}

/// A message that is not committed yet disables a trainer of the new zone.
pub(crate) async fn new_zone_keeps_a_disabled_trainer(app: TestApp) {
    let app = Arc::new(app);
    app.open_zone().await;
    let trainer = app.approve(0x7a, 4.5).await;
    let database = app.database().await;
    let (city,): (Uuid,) = sql("SELECT id FROM cities")
        .fetch_one(&database)
        .await
        .unwrap();
    let (latitude, longitude) = CENTRE;
    let centre = json!({ "latitude": latitude, "longitude": longitude });
    let disabled = json!({
        "approvalStatus": "approved", "isDisabled": true, "courses": [COURSE], "location": centre,
    });
    let tx = database.begin().await.unwrap();
    sql("UPDATE trainer_copies SET account = ?, account_version = 2, is_allocatable = ? WHERE trainer_id = ?")
        .bind(disabled)
        .bind(false)
        .bind(trainer)
        .execute(&tx)
        .await
        .unwrap();
    sql("DELETE FROM candidates WHERE trainer_id = ?")
        .bind(trainer)
        .execute(&tx)
        .await
        .unwrap();
    let caller = Arc::clone(&app);
    let creation = std::thread::spawn(move || {
        let zone = json!({ "cityId": city, "name": "Centre", "centre": centre, "radiusKm": 5 });
        caller.call("POST", "/zones", &operator(), &zone)
    });
    wait_for_lock(&app).await;
    tx.commit().await.unwrap();
    let created = creation.join().unwrap();
    assert_eq!(created.status, 201, "{}", created.body);
    let (version, is_allocatable): (i64, bool) =
        sql("SELECT account_version, is_allocatable FROM trainer_copies WHERE trainer_id = ?")
            .bind(trainer)
            .fetch_one(&database)
            .await
            .unwrap();
    assert_eq!((version, is_allocatable), (2, false));
    let (candidates,): (u64,) = sql("SELECT COUNT(*) FROM candidates WHERE trainer_id = ?")
        .bind(trainer)
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(candidates, 0);
}

/// A place is a trainer and a slot. No place has two students, and no trainer more than 4.
fn check(history: &[Value]) {
    let mut places = BTreeSet::new();
    let mut students: BTreeMap<String, u32> = BTreeMap::new();
    for one in history
        .iter()
        .filter(|one| one["result"]["status"] == "approved")
    {
        let trainer = one["result"]["trainer"].to_string();
        let place = (trainer.clone(), one["arguments"]["slot"].to_string());
        assert!(places.insert(place), "a slot was given twice: {one}");
        let count = students.entry(trainer).or_default();
        *count += 1;
        assert!(*count <= 4, "a trainer has too many students: {one}");
    }
}

/// Writes the history for a checker outside of this program.
fn write_history(history: &[Value]) {
    let Ok(path) = std::env::var(HISTORY) else {
        return;
    };
    let mut lines = String::new();
    for one in history {
        writeln!(lines, "{one}").unwrap();
    }
    std::fs::write(path, lines).unwrap();
}
