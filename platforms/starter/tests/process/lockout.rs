use std::time::{SystemTime, UNIX_EPOCH};

use seaworthy::account::{Lockout, LockoutConfig};
use seaworthy_testkit::database::EmptyDatabase;
use serde_json::json;

use crate::app::{
    PASSWORD, Replica, assert_error, execute, grant_admin, in_database, json_of, tokens,
};

fn status_path(username: &str) -> String {
    format!("/api/v1/auth/lock-status/{username}")
}

pub(crate) fn fifth_failure_locks_every_replica_across_restarts_auth_2(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    let (access, _) = first.user("ada");
    for _ in 0..5 {
        let answer = first.login("Ada", "wrong4password");
        assert_error(&answer, 401, "PASSWORD_INCORRECT");
    }
    // Also the right password, on the other replica, and after a restart of both.
    assert_error(&second.login("ada", PASSWORD), 403, "ACCOUNT_LOCKED");
    let (first, second) = (first.restart(), second.restart());
    assert_error(&first.login("ada", PASSWORD), 403, "ACCOUNT_LOCKED");
    let locked = second.login("ada", PASSWORD);
    assert_error(&locked, 403, "ACCOUNT_LOCKED");
    let body = json_of(&locked);
    assert_eq!(body["code"], "ACCOUNT_LOCKED");
    let unlock: u64 = body["metadata"]["unlock_time"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    assert!(
        (now + 1_700..=now + 1_801).contains(&unlock),
        "{unlock} {now}"
    );

    for _ in 0..3 {
        let status = second.call("GET", &status_path("ADA"), &access, "");
        let status = json_of(&status);
        assert_eq!(status["locked"], true, "{status}");
        assert_eq!(
            (&status["failed_attempts"], &status["max_attempts"]),
            (&5.into(), &5.into())
        );
        assert!(
            status["unlock_time"]
                .as_str()
                .unwrap()
                .parse::<u64>()
                .unwrap()
                > now
        );
    }
}

pub(crate) fn successful_login_resets_failed_attempts_auth_2(database: &EmptyDatabase) {
    let replicas = [(); 2].map(|()| Replica::start(database));
    let (access, _) = replicas[0].user("ada");
    let assert_failures = |failures: i32| {
        for replica in &replicas {
            let status = json_of(&replica.call("GET", &status_path("ada"), &access, ""));
            assert_eq!(status["failed_attempts"], failures, "{status}");
            assert_eq!(status["locked"], failures >= 5, "{status}");
        }
    };
    let fail = |failures: i32| {
        for failed in 1..=failures {
            let wrong = replicas[0].login("ada", "wrong4password");
            assert_error(&wrong, 401, "PASSWORD_INCORRECT");
            assert_failures(failed);
        }
    };
    fail(4);
    tokens(&replicas[1].login("ada", PASSWORD));
    assert_failures(0);
    fail(5);
    assert_error(&replicas[1].login("ada", PASSWORD), 403, "ACCOUNT_LOCKED");
}

pub(crate) fn unknown_users_look_like_wrong_passwords_auth_2(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    replica.user("ada");
    for _ in 0..5 {
        let (known, unknown) = (
            replica.login("ada", "wrong4password"),
            replica.login("eve", "wrong4password"),
        );
        assert_error(&known, 401, "PASSWORD_INCORRECT");
        assert_error(&unknown, 401, "PASSWORD_INCORRECT");
        assert_eq!(json_of(&known)["message"], json_of(&unknown)["message"]);
    }
    assert_error(
        &replica.login("eve", "wrong4password"),
        403,
        "ACCOUNT_LOCKED",
    );
}

pub(crate) fn lock_status_needs_the_owner_or_a_permission_auth_5(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let (ada, _) = replica.user("ada");
    let (bob, _) = replica.user("bob");
    let path = status_path("ada");
    assert_error(
        &replica.send("GET", &path, "").unwrap(),
        401,
        "TOKEN_MISSING",
    );
    assert_error(
        &replica.call("GET", &path, &bob, ""),
        403,
        "INSUFFICIENT_PERMISSION",
    );
    let own = json_of(&replica.call("GET", &path, &ada, ""));
    assert_eq!(
        (&own["locked"], &own["unlock_time"]),
        (&false.into(), &"0".into())
    );

    grant_admin(database, "Bob");
    // The role is in the next token, and the old one ends.
    assert_error(&replica.call("GET", &path, &bob, ""), 401, "TOKEN_INVALID");
    let (bob, _) = tokens(&replica.login("bob", PASSWORD));
    assert_eq!(replica.call("GET", &path, &bob, "").status, 200);
    assert_error(
        &replica.call("GET", &status_path("eve"), &bob, ""),
        404,
        "USER_NOT_FOUND",
    );
}

pub(crate) fn failed_lookup_does_not_lock_the_account_auth_2(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let user = json!({ "username": "ada", "password": PASSWORD, "email": "ada@example.org" });
    assert_eq!(replica.post("/api/v1/auth/register", &user).status, 200);
    // A value of another column cannot be decrypted.
    let swap = "UPDATE users SET username = email, email = username";
    execute(database, swap);
    for _ in 0..6 {
        let failed = replica.login("ada", PASSWORD);
        assert!(failed.status >= 500, "{}", failed.body);
    }
    execute(database, swap);
    tokens(&replica.login("ada", PASSWORD));
}

pub(crate) fn locked_address_does_not_show_a_locked_account_auth_2(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let (ada, _) = replica.user("ada");
    // More than the failures of an address, and one of each account.
    let mut answers = (0..60).map(|user| replica.login(&format!("user_{user}"), "wrong4password"));
    let locked = answers.find(|answer| answer.status != 401).unwrap();
    assert_error(&locked, 429, "RATE_LIMITED");
    assert!(locked.header("retry-after").is_some(), "{locked:?}");
    let status = json_of(&replica.call("GET", &status_path("ada"), &ada, ""));
    assert_eq!(status["locked"], false, "{status}");
}

/// An attacker with a dump could otherwise try names, and passwords that users typed as a name.
pub(crate) fn failed_login_is_not_found_by_its_name_alone_sec_5(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let (access, _) = replica.user("ada");
    assert_error(
        &replica.login("ada", "wrong4password"),
        401,
        "PASSWORD_INCORRECT",
    );
    let status = json_of(&replica.call("GET", &status_path("ada"), &access, ""));
    assert_eq!(status["failed_attempts"], 1, "{status}");
    let found = in_database(database, async |database| {
        let lockout = Lockout::new(database, LockoutConfig::default());
        lockout.status("ada").await.unwrap()
    });
    assert_eq!(found.failures, 0);
}
