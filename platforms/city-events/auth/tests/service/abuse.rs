use std::time::{Duration, Instant, SystemTime};

use seaworthy::{
    auth::token::{Algorithm, NewToken, SigningKey, TokenSigner, TokenSignerConfig},
    config::Profile,
    data::sql,
    prelude::*,
};
use seaworthy_testkit::{database::EmptyDatabase, http::request};
use serde_json::{Value, json};

use crate::app::{JWT_SECRET, PASSWORD, TIMEOUT, TestApp, body, code, logged_in_user, open_with};

fn signed(secret: &str, algorithm: Algorithm, token: NewToken, at: SystemTime) -> String {
    let secret = Secret::new(secret.as_bytes().to_vec());
    let key = SigningKey::secret("shared", algorithm, &secret).unwrap();
    let signer = TokenSigner::new(TokenSignerConfig::default(), key);
    signer.sign_at(token, at).unwrap().expose().clone()
}

pub(crate) async fn forged_tokens_are_rejected(app: TestApp) {
    let ada = app.register("ada@example.org");
    let now = SystemTime::now();
    let token_for = |id: &str| {
        NewToken::for_subject(id)
            .claim("uid", id)
            .claim("role", "admin")
    };
    let longer = JWT_SECRET.repeat(2);
    let past = now - Duration::from_secs(901);
    let [head, claims, _] = ada.token.split('.').collect::<Vec<_>>()[..] else {
        panic!("{}", ada.token);
    };
    let refused = |token: &str| {
        let answer = app.send(
            "GET",
            "/auth/v1/me",
            &[("authorization", &format!("Bearer {token}"))],
            "",
        );
        (answer.status, code(&answer))
    };
    let invalid = (401, "token_invalid".to_owned());
    assert_eq!(
        refused(&signed(
            &"x".repeat(40),
            Algorithm::Hs256,
            token_for(&ada.id),
            now
        )),
        invalid
    );
    assert_eq!(
        refused(&signed(&longer, Algorithm::Hs512, token_for(&ada.id), now)),
        invalid
    );
    assert_eq!(refused(&format!("{head}.{claims}.")), invalid);
    // alg: none
    assert_eq!(refused(&format!("eyJhbGciOiJub25lIn0.{claims}.")), invalid);
    assert_eq!(refused("garbage"), invalid);
    assert_eq!(
        refused(&signed(
            JWT_SECRET,
            Algorithm::Hs256,
            token_for(&ada.id),
            past
        )),
        (401, "token_expired".to_owned())
    );
    // The contract has no audience, and clocks of issuers may be ahead.
    let seconds = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let foreign = token_for(&ada.id)
        .claim("aud", "elsewhere")
        .claim("nbf", seconds);
    let ahead = now + Duration::from_secs(600);
    let (status, _) = refused(&signed(JWT_SECRET, Algorithm::Hs256, foreign, ahead));
    assert_eq!(status, 200);
    let unknown_user = token_for("6ba7b810-9dad-41d1-80b4-00c04fd430c8");
    assert_eq!(
        refused(&signed(JWT_SECRET, Algorithm::Hs256, unknown_user, now)),
        (404, "user_not_found".to_owned())
    );
    let missing = app.send("GET", "/auth/v1/me", &[], "");
    assert_eq!(
        (missing.status, code(&missing).as_str()),
        (401, "token_missing")
    );
    // The service ignores the role in a token.
    let forged = signed(JWT_SECRET, Algorithm::Hs256, token_for(&ada.id), now);
    let admin = app.send(
        "GET",
        "/auth/v1/admin",
        &[("authorization", &format!("Bearer {forged}"))],
        "",
    );
    assert_eq!(
        (admin.status, code(&admin).as_str()),
        (403, "insufficient_role")
    );
}

pub(crate) async fn cross_site_requests_cannot_use_the_cookie(app: TestApp) {
    let ada = app.register("ada@example.org");
    for path in ["/auth/v1/refresh", "/auth/v1/logout"] {
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let forged = app.send("POST", path, &[("cookie", &ada.cookie), (name, value)], "");
            assert_eq!(
                (forged.status, code(&forged).as_str()),
                (403, "forbidden"),
                "{path} {name}: {value}"
            );
            assert_eq!(forged.header("set-cookie"), None);
        }
    }
    // Own pages, same-origin requests and programs without a browser.
    let mut cookie = ada.cookie;
    for (name, value) in [
        ("origin", "http://localhost:3000"),
        ("origin", "http://127.0.0.1:8080"),
        ("sec-fetch-site", "same-origin"),
        ("user-agent", "curl"),
    ] {
        let answer = app.send(
            "POST",
            "/auth/v1/refresh",
            &[("cookie", &cookie), (name, value)],
            "",
        );
        cookie = logged_in_user(&answer, 200).cookie;
    }
}

pub(crate) async fn routes_have_separate_rate_limits(app: TestApp) {
    // Disabled limits reject nothing.
    for _ in 0..12 {
        assert_eq!(
            app.with_cookie("refresh_token=x", "/auth/v1/refresh")
                .status,
            401
        );
    }
    drop(app);
    let empty = EmptyDatabase::sqlite().unwrap();
    let app = open_with(empty, Profile::Development, &[]).await;
    let limited = |answer: &seaworthy_testkit::http::HttpResponse, scope: &str| {
        assert_eq!(
            (answer.status, code(answer).as_str()),
            (429, "rate_limited")
        );
        assert_eq!(body(answer)["error"]["meta"], json!({ "scope": scope }));
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=200).contains(&wait), "{wait}");
    };
    for number in 0..3 {
        app.register(&format!("user{number}@example.org"));
    }
    let fourth = app.post(
        "/auth/v1/register",
        &json!({ "email": "user3@example.org", "password": PASSWORD }),
    );
    limited(&fourth, "register");
    for _ in 0..3 {
        assert_eq!(
            app.post(
                "/auth/v1/password/reset/request",
                &json!({ "email": "a@example.org" })
            )
            .status,
            204
        );
    }
    limited(
        &app.post(
            "/auth/v1/password/reset/request",
            &json!({ "email": "b@example.org" }),
        ),
        "password_reset",
    );
    // Each route has its own limit, so logins still work.
    let admin = app.seeded("admin");
    for _ in 0..60 {
        assert_eq!(
            app.request_as(&admin, "GET", "/auth/v1/admin", &Value::Null)
                .status,
            200
        );
    }
    limited(
        &app.request_as(&admin, "GET", "/auth/v1/admin", &Value::Null),
        "admin",
    );
    assert_eq!(
        app.request_as(&admin, "GET", "/auth/v1/me", &Value::Null)
            .status,
        200
    );
    let moderator = app.seeded("moderator");
    assert_eq!(
        app.request_as(&moderator, "GET", "/auth/v1/admin", &Value::Null)
            .status,
        403,
        "counted by user"
    );
}

pub(crate) async fn lockout_does_not_reveal_users(app: TestApp) {
    app.register("ada@example.org");
    let mut last = Vec::new();
    for email in ["ada@example.org", "unknown@example.org"] {
        for _ in 0..5 {
            assert_eq!(app.log_in(email, "wrong wrong wrong").status, 401);
        }
        let locked = app.log_in(email, PASSWORD);
        assert_eq!(
            (locked.status, code(&locked).as_str()),
            (429, "rate_limited"),
            "{email}"
        );
        assert!(locked.header("retry-after").is_some());
        let mut summary = body(&locked);
        summary["error"]
            .as_object_mut()
            .unwrap()
            .remove("request_id");
        last.push(summary);
    }
    assert_eq!(last[0], last[1]);
    // Both do the same work, so both take the same time.
    let database = app.connect().await;
    let refused: Vec<(Option<String>, i64)> =
        sql("SELECT target_kind, COUNT(*) FROM audit_log WHERE action = 'user.login' AND outcome = 'refused' GROUP BY target_kind ORDER BY COUNT(target_kind)")
            .fetch_all(&database)
            .await
            .unwrap();
    assert_eq!(refused, [(None, 5), (Some("user".to_owned()), 5)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn provider_logins_have_the_rate_limits_of_logins_res_6() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let app = open_with(empty, Profile::Development, &[]).await;
    let begin = || app.send("GET", "/auth/v1/oauth/google/start", &[], "");
    let end = || {
        let path = "/auth/v1/oauth/google/callback?code=a&state=b";
        app.send("GET", path, &[], "")
    };
    for _ in 0..5 {
        assert_eq!((begin().status, end().status), (400, 400));
    }
    let refused = begin();
    assert_eq!(
        (refused.status, code(&refused).as_str()),
        (429, "rate_limited")
    );
    assert_eq!(
        body(&refused)["error"]["meta"],
        json!({ "scope": "oauth_start" })
    );
    let page = end();
    assert_eq!(page.status, 429, "{}", page.body);
    assert!(page.body.contains("oauth_error"), "{}", page.body);
    for refused in [&refused, &page] {
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
    }
    // Each route has its own limit.
    app.seeded("user");
}

pub(crate) async fn workers_remove_expired_tokens_and_failures(app: TestApp) {
    app.register("ada@example.org");
    app.log_in("ada@example.org", "wrong wrong wrong");
    let database = app.connect().await;
    for (worker, count, end) in [
        (
            "one-time tokens",
            "SELECT COUNT(*) FROM account_one_time_tokens",
            "UPDATE account_one_time_tokens SET until_us = 1",
        ),
        (
            "failed logins",
            "SELECT COUNT(*) FROM account_failures",
            "UPDATE account_failures SET failed_us = 1, locked_until_us = 1",
        ),
    ] {
        let rows = async || {
            let (rows,): (i64,) = sql(count).fetch_one(&database).await.unwrap();
            rows
        };
        assert!(rows().await > 0, "{worker}");
        sql(end).execute(&database).await.unwrap();
        let path = format!("/workers/purge%20{}/run", worker.replace(' ', "%20"));
        let asked = request(app.admin, "POST", &path, &[("x-admin-request", "1")], "").unwrap();
        assert_eq!(asked.status, 200, "{worker}: {}", asked.body);
        let started = Instant::now();
        while rows().await > 0 {
            assert!(started.elapsed() < TIMEOUT, "{worker}: rows are left");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let workers = request(app.admin, "GET", "/workers", &[], "").unwrap();
    for worker in [
        "purge sessions",
        "purge one-time tokens",
        "purge failed logins",
    ] {
        assert!(workers.body.contains(worker), "{worker}: {}", workers.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refreshes_are_limited_by_user_or_ip_res_6() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let limit = ["rate_limit.refresh.requests=3"];
    let app = open_with(empty, Profile::Development, &limit).await;
    let (ada, bob) = (
        app.register("ada@example.org"),
        app.register("bob@example.org"),
    );
    let refresh = |cookie: &str| app.with_cookie(cookie, "/auth/v1/refresh");
    let mut cookie = ada.cookie;
    for _ in 0..3 {
        cookie = logged_in_user(&refresh(&cookie), 200).cookie;
    }
    assert_eq!(refresh(&cookie).status, 429);
    // Another user at the same IP address.
    assert_eq!(refresh(&bob.cookie).status, 200);
    for _ in 0..3 {
        assert_eq!(refresh("refresh_token=guessed").status, 401);
    }
    assert_eq!(refresh("refresh_token=another").status, 429);
}
