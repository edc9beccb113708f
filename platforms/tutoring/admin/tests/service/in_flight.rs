//! Calls during which another call changes their admin.

use std::sync::Arc;

use seaworthy::data::{Statement, sql};
use seaworthy_testkit::{database::EmptyDatabase, http::HttpResponse};
use serde_json::{Value, json};
use tutoring_testkit::{
    active_sessions, hold_commits, in_order, wait_for_blocked_statements, with_late_body,
};

use crate::app::{self, SUPER_EMAIL, TestAdmin, TestApp, json_of, rejection};

const NEW: &str = "Another-password-2";

/// Starts the service on PostgreSQL with Redis. `None` if one of them is not installed.
async fn open() -> Option<Arc<TestApp>> {
    let (empty, redis) = (EmptyDatabase::postgres()?, app::redis()?);
    Some(Arc::new(app::open(empty, Some(redis)).await))
}

/// Locks the newest admin.
fn newest_admin() -> Statement {
    sql("SELECT id FROM admin_users ORDER BY created_at DESC LIMIT 1 FOR UPDATE")
}

/// Runs two calls of the service up to the lock of their admin, and then to their ends.
async fn ordered<A: Send + 'static, B: Send + 'static>(
    app: &Arc<TestApp>,
    first: impl FnOnce(&TestApp) -> A + Send + 'static,
    second: impl FnOnce(&TestApp) -> B + Send + 'static,
) -> (A, B) {
    let (one, other) = (Arc::clone(app), Arc::clone(app));
    in_order(
        &app.empty,
        newest_admin(),
        move || first(&one),
        move || second(&other),
    )
    .await
}

#[track_caller]
fn assert_ok(answer: &HttpResponse) {
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[track_caller]
fn assert_changed(answer: &HttpResponse) {
    assert_eq!(
        rejection(answer),
        (409, "CONFLICT".to_owned()),
        "{}",
        answer.body
    );
}

#[track_caller]
fn assert_ended(answer: &HttpResponse) {
    assert_eq!(
        rejection(answer),
        (401, "TOKEN_INVALID".to_owned()),
        "{}",
        answer.body
    );
}

/// Declares tests on PostgreSQL with Redis, with a super admin who is logged in.
macro_rules! in_flight {
    ($($name:ident: |$app:ident, $admin:ident| $body:block)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let Some($app) = open().await else {
                return;
            };
            let $admin = $app.super_admin();
            $body
        })+
    };
}

in_flight! {
    calls_with_a_late_body_fail_after_a_logout_of_all_sessions_auth_3: |app, admin| {
        let password = &admin.password;
        for (path, body) in [
            ("password/change", json!({ "currentPassword": password, "newPassword": NEW })),
            ("totp/enroll", json!({ "password": password })),
        ] {
            // An attacker who has the password also has a session.
            let stolen = app.logged_in(&admin.email, password).token;
            let path = format!("/api/v1/admin/auth/{path}");
            let late = with_late_body(app.http, &path, &stolen, &body, || {
                let own = app.logged_in(&admin.email, password).token;
                let ended = app.call("POST", "/auth/logout-all", &own, &Value::Null);
                assert_eq!(ended.status, 204, "{}", ended.body);
            });
            assert_ended(&late);
        }
        app.logged_in(&admin.email, password);
    }

    login_in_flight_fails_after_a_new_second_factor_auth_4: |app, admin| {
        let secret = app.enroll(&admin);
        let (one, other) = (admin.clone(), admin.clone());
        let (confirmed, login) = ordered(
            &app,
            move |app| app.confirm(&one, &secret),
            move |app| app.log_in(&other.email, &other.password),
        )
        .await;
        assert_ok(&confirmed);
        assert_changed(&login);
        let refused = app.log_in(&admin.email, &admin.password);
        assert_eq!(rejection(&refused), (401, "TOTP_REQUIRED".to_owned()));
    }

    confirmation_in_flight_fails_after_a_new_password_auth_4: |app, admin| {
        let secret = app.enroll(&admin);
        let (one, other) = (admin.clone(), admin.clone());
        let (changed, confirmed) = ordered(
            &app,
            move |app| app.change_password(&one, NEW),
            move |app| app.confirm(&other, &secret),
        )
        .await;
        assert_ok(&changed);
        assert_ended(&confirmed);
        app.logged_in(&admin.email, NEW);
    }

    removal_of_a_factor_in_flight_fails_after_a_new_password_auth_4: |app, admin| {
        let secret = app.enroll(&admin);
        let confirmed = app.confirm(&admin, &secret);
        let token = json_of(&confirmed)["data"]["tokens"]["accessToken"].clone();
        let recovery = json_of(&confirmed)["data"]["recoveryCodes"][0].clone();
        let admin = TestAdmin {
            token: token.as_str().unwrap().to_owned(),
            ..admin
        };
        let (one, other) = (admin.clone(), admin.clone());
        let (changed, removed) = ordered(
            &app,
            move |app| app.change_password(&one, NEW),
            move |app| {
                let body = json!({ "password": other.password, "totpCode": recovery });
                app.call("POST", "/auth/totp/disable", &other.token, &body)
            },
        )
        .await;
        assert_ok(&changed);
        assert_changed(&removed);
        let refused = app.log_in(&admin.email, NEW);
        assert_eq!(rejection(&refused), (401, "TOTP_REQUIRED".to_owned()));
    }

    new_password_in_flight_fails_after_another_one_auth_3: |app, admin| {
        let (one, other) = (admin.clone(), admin.clone());
        let (changed, late) = ordered(
            &app,
            move |app| app.change_password(&one, NEW),
            move |app| app.change_password(&other, "Password-of-a-thief-3"),
        )
        .await;
        assert_ok(&changed);
        assert_changed(&late);
        app.logged_in(&admin.email, NEW);
    }

    new_admin_in_flight_fails_after_a_new_password_auth_5: |app, admin| {
        let (one, other) = (admin.clone(), admin.clone());
        let (changed, created) = ordered(
            &app,
            move |app| app.change_password(&one, NEW),
            move |app| app.try_create(&other, "thief@example.org", "super_admin", &[]),
        )
        .await;
        assert_ok(&changed);
        assert_ended(&created);
        let admin = app.logged_in(&admin.email, NEW);
        let listed = json_of(&app.get("/admins", &admin));
        assert_eq!(listed["data"]["pagination"]["total"], 1);
    }

    login_in_flight_fails_after_a_suspension_auth_5: |app, root| {
        let admin = app.create(&root, "k@example.org", "state_admin", &["Karnataka"]);
        let (suspended, login) = ordered(
            &app,
            {
                let path = format!("/admins/{}", admin.id);
                let body = json!({ "status": "suspended" });
                move |app| app.call("PATCH", &path, &root.token, &body)
            },
            move |app| app.log_in(&admin.email, &admin.password),
        )
        .await;
        assert_ok(&suspended);
        assert_eq!(rejection(&login), (403, "FORBIDDEN".to_owned()));
    }

    refresh_in_flight_fails_after_a_change_of_roles_auth_5: |app, root| {
        let admin = app.create(&root, "k@example.org", "state_admin", &["Karnataka"]);
        let (changed, refreshed) = ordered(
            &app,
            {
                let path = format!("/admins/{}", admin.id);
                let territory = json!({ "state": "Karnataka", "district": "Mysuru" });
                let body = json!({ "roles": ["district_admin"], "territory": territory });
                move |app| app.call("PATCH", &path, &root.token, &body)
            },
            move |app| app.refresh(&admin.refresh),
        )
        .await;
        assert_ok(&changed);
        assert_ended(&refreshed);
    }

    login_before_a_change_of_permissions_ends_auth_5: |app, root| {
        let admin = app.create(&root, "k@example.org", "state_admin", &["Karnataka"]);
        let (login, changed) = ordered(
            &app,
            move |app| app.logged_in(&admin.email, &admin.password),
            move |app| {
                let body = json!({ "permissions": ["role:read"] });
                app.call("PUT", "/roles/state_admin", &root.token, &body)
            },
        )
        .await;
        assert_ok(&changed);
        assert_eq!(app.get("/auth/me", &login).status, 401);
        assert_ended(&app.refresh(&login.refresh));
    }

    new_holder_does_not_escape_a_change_of_permissions_auth_5: |app, root| {
        let other = app.create(&root, "s@example.org", "super_admin", &[]);
        let other = app.logged_in(&other.email, &other.password);
        let admin = app.create(&root, "k@example.org", "district_admin", &["Karnataka", "Mysuru"]);
        let database = app.database().await;
        let tx = database.begin().await.unwrap();
        let caller = sql("SELECT id FROM admin_users ORDER BY created_at LIMIT 1 FOR UPDATE");
        caller.execute(&tx).await.unwrap();
        let body = json!({ "permissions": ["role:read"] });
        let change = {
            let (app, root, body) = (Arc::clone(&app), root.clone(), body.clone());
            std::thread::spawn(move || app.call("PUT", "/roles/state_admin", &root.token, &body))
        };
        wait_for_blocked_statements(&app.empty, 1).await;
        let path = format!("/admins/{}", admin.id);
        let role = json!({ "roles": ["state_admin"], "territory": { "state": "Karnataka" } });
        assert_ok(&app.call("PATCH", &path, &other.token, &role));
        let admin = app.logged_in(&admin.email, &admin.password);
        tx.commit().await.unwrap();
        assert_changed(&change.join().unwrap());
        assert_ok(&app.call("PUT", "/roles/state_admin", &root.token, &body));
        assert_eq!(app.get("/auth/me", &admin).status, 401);
    }

    permissions_in_flight_need_the_session_of_their_caller_auth_5: |app, root| {
        let (one, other) = (root.clone(), root);
        let (changed, late) = ordered(
            &app,
            move |app| app.change_password(&one, NEW),
            move |app| {
                let body = json!({ "permissions": [] });
                app.call("PUT", "/roles/state_admin", &other.token, &body)
            },
        )
        .await;
        assert_ok(&changed);
        assert_ended(&late);
    }

    refresh_in_flight_does_not_revive_its_session_auth_3: |app, admin| {
        let (one, other) = (admin.clone(), admin);
        let (refreshed, out) = ordered(
            &app,
            move |app| app.refresh(&one.refresh),
            move |app| {
                let body = json!({ "refreshToken": other.refresh });
                app.call("POST", "/auth/logout", "", &body)
            },
        )
        .await;
        assert_ok(&refreshed);
        assert_ok(&out);
        let token = json_of(&refreshed)["data"]["tokens"]["accessToken"].clone();
        let token = token.as_str().unwrap();
        assert_ended(&app.call("GET", "/auth/me", token, &Value::Null));
        assert_eq!(active_sessions(app.redis.as_ref().unwrap()), 0);
    }

    refresh_locks_the_admin_before_the_session_auth_3: |app, admin| {
        let database = app.database().await;
        let tx = database.begin().await.unwrap();
        newest_admin().execute(&tx).await.unwrap();
        let refreshed = {
            let app = Arc::clone(&app);
            std::thread::spawn(move || app.refresh(&admin.refresh))
        };
        wait_for_blocked_statements(&app.empty, 1).await;
        // A call that ends sessions would wait here, and the refresh for this call.
        let sessions = sql("SELECT id FROM account_sessions FOR UPDATE NOWAIT");
        sessions.execute(&tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_ok(&refreshed.join().unwrap());
    }

    session_is_live_before_the_lock_of_its_admin_ends_auth_3: |app, root| {
        let admin = app.create(&root, "k@example.org", "state_admin", &["Karnataka"]);
        let database = app.database().await;
        let redis = app.redis.as_ref().unwrap();
        let active = active_sessions(redis);
        let commits = hold_commits(&database).await;
        let login = {
            let (app, admin) = (Arc::clone(&app), admin.clone());
            std::thread::spawn(move || app.log_in(&admin.email, &admin.password))
        };
        wait_for_blocked_statements(&app.empty, 1).await;
        assert_eq!(active_sessions(redis), active + 1);
        let suspended = {
            let (app, path) = (Arc::clone(&app), format!("/admins/{}", admin.id));
            let body = json!({ "status": "suspended" });
            std::thread::spawn(move || app.call("PATCH", &path, &root.token, &body))
        };
        wait_for_blocked_statements(&app.empty, 2).await;
        commits.commit().await.unwrap();
        let login = login.join().unwrap();
        assert_ok(&login);
        assert_ok(&suspended.join().unwrap());
        let token = json_of(&login)["data"]["tokens"]["accessToken"].clone();
        let token = token.as_str().unwrap();
        assert_ended(&app.call("GET", "/auth/me", token, &Value::Null));
        assert_eq!(active_sessions(redis), active - 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_logins_with_a_new_hash_succeed_auth_2() {
    let Some(app) = open().await else {
        return;
    };
    let password = app.create_with_other_hash(SUPER_EMAIL);
    let other = password.clone();
    let (first, second) = ordered(
        &app,
        move |app| app.log_in(SUPER_EMAIL, &password),
        move |app| app.log_in(SUPER_EMAIL, &other),
    )
    .await;
    assert_ok(&first);
    assert_ok(&second);
}
