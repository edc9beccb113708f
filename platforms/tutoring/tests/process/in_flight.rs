//! Calls during which another call changes their student, on PostgreSQL with Redis.

use std::{sync::Arc, thread};

use seaworthy::data::{Statement, sql};
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{HttpResponse, request},
};
use serde_json::{Value, json};
use tutoring_testkit::{
    active_sessions, hold_commits, in_order, wait_for_blocked_statements, with_late_body,
};

use crate::app::{PASSWORD, TestPlatform, Tokens, assert_error, json_of, tokens};

const EMAIL: &str = "asha@example.org";
const NEW: &str = "Other4Harbour";
const RIVAL: &str = "Rival4Harbour";
/// A hash of [`PASSWORD`] that a legacy service has stored.
const LEGACY_HASH: &str = "$2b$05$abcdefghijklmnopqrstuuw7gV6lh9rh8NdtlDRko1dbVzpsoQpHS";
const PHONE: &str = "+919812345678";
const OTHER_PHONE: &str = "+919812345679";

async fn open() -> Option<Arc<TestPlatform>> {
    TestPlatform::on_servers().await.map(Arc::new)
}

fn accounts_database(app: &TestPlatform) -> &EmptyDatabase {
    app.servers.database("student-auth").unwrap()
}

/// Locks all accounts.
fn accounts() -> Statement {
    sql("SELECT id FROM accounts FOR UPDATE")
}

/// Runs two calls of the platform up to the lock of their account, and then to their ends.
async fn ordered<A: Send + 'static, B: Send + 'static>(
    app: &Arc<TestPlatform>,
    first: impl FnOnce(&TestPlatform) -> A + Send + 'static,
    second: impl FnOnce(&TestPlatform) -> B + Send + 'static,
) -> (A, B) {
    let (one, other) = (Arc::clone(app), Arc::clone(app));
    in_order(
        accounts_database(app),
        accounts(),
        move || first(&one),
        move || second(&other),
    )
    .await
}

/// Runs a call in another thread.
fn spawn<T: Send + 'static>(
    app: &Arc<TestPlatform>,
    call: impl FnOnce(&TestPlatform) -> T + Send + 'static,
) -> thread::JoinHandle<T> {
    let app = Arc::clone(app);
    thread::spawn(move || call(&app))
}

/// Returns the body that sets a new password by a code.
fn reset(app: &TestPlatform) -> Value {
    let forgot = app.post("/password/forgot", &json!({ "email": EMAIL }));
    assert_eq!(forgot.status, 200, "{}", forgot.body);
    json!({ "email": EMAIL, "otp": app.mailed_code(EMAIL, 2), "newPassword": NEW })
}

fn refresh(app: &TestPlatform, token: &str) -> HttpResponse {
    app.post("/refresh", &json!({ "refreshToken": token }))
}

/// Verifies a telephone number by the last code.
fn verify(app: &TestPlatform, token: &str, phone: &str) -> HttpResponse {
    let code = app.sms.code();
    let body = json!({ "phone": phone, "otp": code });
    match token {
        "" => app.post("/otp/verify", &body),
        token => app.call(token, "POST", "/otp/verify", &body),
    }
}

fn set_phone(app: &TestPlatform, token: &str, phone: &str) -> HttpResponse {
    app.call(token, "PUT", "/profile", &json!({ "phone": phone }))
}

fn profile(app: &TestPlatform, token: &str) -> HttpResponse {
    app.call(token, "GET", "/profile", &Value::Null)
}

#[track_caller]
fn assert_ok(answer: &HttpResponse) {
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// Declares tests with a student who is logged in.
macro_rules! in_flight {
    ($($name:ident: |$app:ident, $student:ident| $body:block)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let Some($app) = open().await else {
                return;
            };
            let $student: Tokens = $app.student(EMAIL);
            $body
        })+
    };
}

in_flight! {
    password_with_a_late_body_fails_after_logout_of_all_auth_3: |app, student| {
        let body = json!({ "currentPassword": PASSWORD, "newPassword": RIVAL });
        let path = "/api/v1/students/auth/password/change";
        let service = app.address("student-auth");
        let late = with_late_body(service, path, &student.access, &body, || {
            let own = tokens(&app.log_in(EMAIL, PASSWORD)).access;
            assert_ok(&app.call(&own, "POST", "/logout-all", &json!({})));
        });
        assert_error(&late, 401, "TOKEN_INVALID");
        assert_error(&app.log_in(EMAIL, RIVAL), 401, "INVALID_CREDENTIALS");
        tokens(&app.log_in(EMAIL, PASSWORD));
    }

    new_password_in_flight_fails_after_a_reset_auth_3: |app, student| {
        let body = reset(&app);
        let (reset, late) = ordered(
            &app,
            move |app| app.post("/password/reset", &body),
            move |app| {
                let body = json!({ "currentPassword": PASSWORD, "newPassword": RIVAL });
                app.call(&student.access, "POST", "/password/change", &body)
            },
        )
        .await;
        assert_ok(&reset);
        assert_error(&late, 409, "CONFLICT");
        assert_error(&app.log_in(EMAIL, RIVAL), 401, "INVALID_CREDENTIALS");
        tokens(&app.log_in(EMAIL, NEW));
    }

    login_in_flight_fails_after_a_reset_auth_3: |app, _student| {
        let body = reset(&app);
        let (reset, login) = ordered(
            &app,
            move |app| app.post("/password/reset", &body),
            |app| app.log_in(EMAIL, PASSWORD),
        )
        .await;
        assert_ok(&reset);
        assert_error(&login, 409, "CONFLICT");
    }

    number_in_flight_is_not_verified_after_a_reset_auth_3: |app, student| {
        assert_ok(&set_phone(&app, &student.access, PHONE));
        assert_ok(&app.post("/otp/request", &json!({ "phone": PHONE })));
        let body = reset(&app);
        let (reset, verified) = ordered(
            &app,
            move |app| app.post("/password/reset", &body),
            move |app| verify(app, &student.access, PHONE),
        )
        .await;
        assert_ok(&reset);
        assert_error(&verified, 401, "TOKEN_INVALID");
        let owner = tokens(&app.log_in(EMAIL, NEW));
        let own = json_of(&profile(&app, &owner.access));
        assert_eq!(own["data"]["isPhoneVerified"], false);
    }

    profile_in_flight_does_not_change_after_a_reset_auth_3: |app, student| {
        let body = reset(&app);
        let (reset, changed) = ordered(
            &app,
            move |app| app.post("/password/reset", &body),
            move |app| set_phone(app, &student.access, PHONE),
        )
        .await;
        assert_ok(&reset);
        assert_error(&changed, 401, "TOKEN_INVALID");
    }

    previous_number_in_flight_does_not_log_in_auth_2: |app, student| {
        assert_ok(&set_phone(&app, &student.access, PHONE));
        assert_ok(&app.post("/otp/request", &json!({ "phone": PHONE })));
        assert_ok(&verify(&app, &student.access, PHONE));
        assert_ok(&app.post("/otp/request", &json!({ "phone": PHONE })));
        let (changed, login) = ordered(
            &app,
            move |app| set_phone(app, &student.access, OTHER_PHONE),
            |app| verify(app, "", PHONE),
        )
        .await;
        assert_ok(&changed);
        // The number belongs to another person after the change.
        let login = json_of(&login);
        assert_eq!(login["data"]["isNewUser"], true, "{login}");
        assert_eq!(login["data"]["user"]["email"], Value::Null);
    }

    refresh_in_flight_does_not_revive_its_session_auth_3: |app, student| {
        let one = student.clone();
        let (refreshed, out) = ordered(
            &app,
            move |app| refresh(app, &one.refresh),
            move |app| app.post("/logout", &json!({ "refreshToken": student.refresh })),
        )
        .await;
        assert_ok(&out);
        let refreshed = tokens(&refreshed);
        assert_error(&profile(&app, &refreshed.access), 401, "TOKEN_INVALID");
        assert_eq!(active_sessions(app.servers.redis().unwrap()), 0);
    }

    refresh_locks_the_account_before_the_session_auth_3: |app, student| {
        let database = app.database("student-auth").await;
        let tx = database.begin().await.unwrap();
        accounts().execute(&tx).await.unwrap();
        let refreshed = spawn(&app, move |app| refresh(app, &student.refresh));
        wait_for_blocked_statements(accounts_database(&app), 1).await;
        // A call that ends sessions would wait here, and the refresh for this call.
        let sessions = sql("SELECT id FROM account_sessions FOR UPDATE NOWAIT");
        sessions.execute(&tx).await.unwrap();
        tx.commit().await.unwrap();
        tokens(&refreshed.join().unwrap());
    }

    session_is_live_before_the_lock_of_its_account_ends_auth_3: |app, student| {
        let database = app.database("student-auth").await;
        let redis = app.servers.redis().unwrap();
        let active = active_sessions(redis);
        let commits = hold_commits(&database).await;
        let login = spawn(&app, |app| app.log_in(EMAIL, PASSWORD));
        wait_for_blocked_statements(accounts_database(&app), 1).await;
        assert_eq!(active_sessions(redis), active + 1);
        let out = spawn(&app, move |app| {
            app.call(&student.access, "POST", "/logout-all", &Value::Null)
        });
        wait_for_blocked_statements(accounts_database(&app), 2).await;
        commits.commit().await.unwrap();
        let login = tokens(&login.join().unwrap());
        assert_ok(&out.join().unwrap());
        assert_error(&profile(&app, &login.access), 401, "TOKEN_INVALID");
        assert_eq!(active_sessions(redis), 0);
    }

    concurrent_logins_with_a_new_hash_succeed_auth_2: |app, _student| {
        let database = app.database("student-auth").await;
        let legacy = sql("UPDATE accounts SET password_hash = ?").bind(LEGACY_HASH);
        legacy.execute(&database).await.unwrap();
        let (first, second) = ordered(
            &app,
            |app| app.log_in(EMAIL, PASSWORD),
            |app| app.log_in(EMAIL, PASSWORD),
        )
        .await;
        tokens(&first);
        tokens(&second);
        let (hash,): (String,) = sql("SELECT password_hash FROM accounts")
            .fetch_one(&database)
            .await
            .unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rival_registration_in_flight_keeps_the_password_auth_2() {
    let Some(app) = open().await else {
        return;
    };
    let register = |password| json!({ "email": EMAIL, "password": password });
    assert_eq!(app.post("/register", &register(PASSWORD)).status, 201);
    let code = app.mailed_code(EMAIL, 1);
    let (verified, rival) = ordered(
        &app,
        move |app| app.post("/email/verify", &json!({ "email": EMAIL, "otp": code })),
        move |app| app.post("/register", &register(RIVAL)),
    )
    .await;
    tokens(&verified);
    assert_error(&rival, 409, "CONFLICT");
    tokens(&app.log_in(EMAIL, PASSWORD));
}

/// Runs the worker that deletes accounts which were never verified.
fn clean_up(app: &TestPlatform) {
    let path = "/workers/delete%20unverified%20accounts/run";
    let address = app.admin_address("student-auth");
    let started = request(address, "POST", path, &[("x-admin-request", "1")], "").unwrap();
    assert_eq!(started.status, 200, "{}", started.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn account_that_is_verified_meanwhile_is_not_deleted_data_2() {
    let Some(app) = open().await else {
        return;
    };
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    assert_eq!(app.post("/register", &body).status, 201);
    let database = app.database("student-auth").await;
    let old = "UPDATE accounts SET created_at = created_at - INTERVAL '90 days'";
    sql(old).execute(&database).await.unwrap();
    let body = json!({ "email": EMAIL, "otp": app.mailed_code(EMAIL, 1) });
    let (verified, ()) = ordered(
        &app,
        move |app| app.post("/email/verify", &body),
        // The worker waits for the row.
        clean_up,
    )
    .await;
    // The worker has deleted the account before this statement gets the lock of the row.
    accounts().execute(&database).await.unwrap();
    let student = tokens(&verified);
    assert_ok(&profile(&app, &student.access));
}
