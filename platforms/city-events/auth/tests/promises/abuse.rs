use std::time::{Duration, Instant, SystemTime};

use seaworthy::{
    auth::token::{Algorithm, NewToken, SigningKey, TokenSigner, TokenSignerConfig},
    config::Profile,
    data::sql,
    prelude::*,
};
use seaworthy_testkit::{database::EmptyDatabase, http::request};
use serde_json::{Value, json};

use crate::place::{JWT_SECRET, PASSWORD, PATIENCE, Place, body, code, open_with, person};

fn signed(secret: &str, algorithm: Algorithm, token: NewToken, at: SystemTime) -> String {
    let secret = Secret::new(secret.as_bytes().to_vec());
    let key = SigningKey::secret("shared", algorithm, &secret).unwrap();
    let signer = TokenSigner::new(TokenSignerConfig::default(), key);
    signer.sign_at(token, at).unwrap().expose().clone()
}

pub(crate) async fn tokens_of_others_are_refused(place: Place) {
    let ada = place.register("ada@example.org");
    let now = SystemTime::now();
    let about = |id: &str| NewToken::about(id).claim("uid", id).claim("role", "admin");
    let longer = JWT_SECRET.repeat(2);
    let past = now - Duration::from_secs(901);
    let [head, claims, _] = ada.token.split('.').collect::<Vec<_>>()[..] else {
        panic!("{}", ada.token);
    };
    let refused = |token: &str| {
        let answer = place.send(
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
            about(&ada.id),
            now
        )),
        invalid
    );
    assert_eq!(
        refused(&signed(&longer, Algorithm::Hs512, about(&ada.id), now)),
        invalid
    );
    assert_eq!(refused(&format!("{head}.{claims}.")), invalid);
    // alg: none
    assert_eq!(refused(&format!("eyJhbGciOiJub25lIn0.{claims}.")), invalid);
    assert_eq!(refused("garbage"), invalid);
    assert_eq!(
        refused(&signed(JWT_SECRET, Algorithm::Hs256, about(&ada.id), past)),
        (401, "token_expired".to_owned())
    );
    let nobody = about("6ba7b810-9dad-41d1-80b4-00c04fd430c8");
    assert_eq!(
        refused(&signed(JWT_SECRET, Algorithm::Hs256, nobody, now)),
        (404, "user_not_found".to_owned())
    );
    let missing = place.send("GET", "/auth/v1/me", &[], "");
    assert_eq!(
        (missing.status, code(&missing).as_str()),
        (401, "token_missing")
    );
    // What a token says of the role counts for nothing here.
    let forged = signed(JWT_SECRET, Algorithm::Hs256, about(&ada.id), now);
    let admin = place.send(
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

pub(crate) async fn another_site_does_nothing_with_the_cookie(place: Place) {
    let ada = place.register("ada@example.org");
    for path in ["/auth/v1/refresh", "/auth/v1/logout"] {
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let forged = place.send("POST", path, &[("cookie", &ada.cookie), (name, value)], "");
            assert_eq!(
                (forged.status, code(&forged).as_str()),
                (403, "forbidden"),
                "{path} {name}: {value}"
            );
            assert_eq!(forged.header("set-cookie"), None);
        }
    }
    // The pages of the platform, the browser's own word, and programs.
    let mut cookie = ada.cookie;
    for (name, value) in [
        ("origin", "http://localhost:3000"),
        ("origin", "http://127.0.0.1:8080"),
        ("sec-fetch-site", "same-origin"),
        ("user-agent", "curl"),
    ] {
        let answer = place.send(
            "POST",
            "/auth/v1/refresh",
            &[("cookie", &cookie), (name, value)],
            "",
        );
        cookie = person(&answer, 200).cookie;
    }
}

pub(crate) async fn routes_are_limited_by_name(place: Place) {
    // Switched off, as here, nothing is refused.
    for _ in 0..12 {
        assert_eq!(
            place
                .with_cookie("refresh_token=x", "/auth/v1/refresh")
                .status,
            401
        );
    }
    drop(place);
    let empty = EmptyDatabase::sqlite().unwrap();
    let place = open_with(empty, Profile::Development, &[]).await;
    let limited = |answer: &seaworthy_testkit::http::Answer, scope: &str| {
        assert_eq!(
            (answer.status, code(answer).as_str()),
            (429, "rate_limited")
        );
        assert_eq!(body(answer)["error"]["meta"], json!({ "scope": scope }));
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=200).contains(&wait), "{wait}");
    };
    for number in 0..3 {
        place.register(&format!("user{number}@example.org"));
    }
    let fourth = place.post(
        "/auth/v1/register",
        &json!({ "email": "user3@example.org", "password": PASSWORD }),
    );
    limited(&fourth, "register");
    for _ in 0..3 {
        assert_eq!(
            place
                .post(
                    "/auth/v1/password/reset/request",
                    &json!({ "email": "a@example.org" })
                )
                .status,
            204
        );
    }
    limited(
        &place.post(
            "/auth/v1/password/reset/request",
            &json!({ "email": "b@example.org" }),
        ),
        "password_reset",
    );
    // One budget for each: logins go on.
    let admin = place.seeded("admin");
    for _ in 0..60 {
        assert_eq!(
            place
                .as_person(&admin, "GET", "/auth/v1/admin", &Value::Null)
                .status,
            200
        );
    }
    limited(
        &place.as_person(&admin, "GET", "/auth/v1/admin", &Value::Null),
        "admin",
    );
    assert_eq!(
        place
            .as_person(&admin, "GET", "/auth/v1/me", &Value::Null)
            .status,
        200
    );
    let moderator = place.seeded("moderator");
    assert_eq!(
        place
            .as_person(&moderator, "GET", "/auth/v1/admin", &Value::Null)
            .status,
        403,
        "counted by user"
    );
}

pub(crate) async fn a_lockout_tells_nobody_who_is_known(place: Place) {
    place.register("ada@example.org");
    let mut last = Vec::new();
    for email in ["ada@example.org", "nobody@example.org"] {
        for _ in 0..5 {
            assert_eq!(place.log_in(email, "wrong wrong wrong").status, 401);
        }
        let locked = place.log_in(email, PASSWORD);
        assert_eq!(
            (locked.status, code(&locked).as_str()),
            (429, "rate_limited"),
            "{email}"
        );
        assert!(locked.header("retry-after").is_some());
        let mut said = body(&locked);
        said["error"].as_object_mut().unwrap().remove("request_id");
        last.push(said);
    }
    assert_eq!(last[0], last[1]);
    // The same is done for both, so that neither takes longer.
    let database = place.connected().await;
    let refused: Vec<(Option<String>, i64)> =
        sql("SELECT target_kind, COUNT(*) FROM audit_log WHERE action = 'user.login' AND outcome = 'refused' GROUP BY target_kind ORDER BY COUNT(target_kind)")
            .fetch_all(&database)
            .await
            .unwrap();
    assert_eq!(refused, [(None, 5), (Some("user".to_owned()), 5)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_by_a_provider_are_limited_as_logins_are_res_6() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let place = open_with(empty, Profile::Development, &[]).await;
    let begin = || place.send("GET", "/auth/v1/oauth/google/start", &[], "");
    let end = || {
        let path = "/auth/v1/oauth/google/callback?code=a&state=b";
        place.send("GET", path, &[], "")
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
    // One budget for each.
    place.seeded("user");
}

pub(crate) async fn what_whoever_tries_leaves_behind_is_removed_when_it_is_over(place: Place) {
    place.register("ada@example.org");
    place.log_in("ada@example.org", "wrong wrong wrong");
    let database = place.connected().await;
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
        let asked = request(
            place.operators,
            "POST",
            &path,
            &[("x-admin-request", "1")],
            "",
        )
        .unwrap();
        assert_eq!(asked.status, 200, "{worker}: {}", asked.body);
        let begun = Instant::now();
        while rows().await > 0 {
            assert!(begun.elapsed() < PATIENCE, "{worker} stay");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let workers = request(place.operators, "GET", "/workers", &[], "").unwrap();
    for worker in [
        "purge sessions",
        "purge one-time tokens",
        "purge failed logins",
    ] {
        assert!(workers.body.contains(worker), "{worker}: {}", workers.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refreshes_are_counted_by_user_and_those_of_nobody_by_address_res_6() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let limit = ["rate_limit.refresh.requests=3"];
    let place = open_with(empty, Profile::Development, &limit).await;
    let (ada, bob) = (
        place.register("ada@example.org"),
        place.register("bob@example.org"),
    );
    let refresh = |cookie: &str| place.with_cookie(cookie, "/auth/v1/refresh");
    let mut cookie = ada.cookie;
    for _ in 0..3 {
        cookie = person(&refresh(&cookie), 200).cookie;
    }
    assert_eq!(refresh(&cookie).status, 429);
    // Of the same house.
    assert_eq!(refresh(&bob.cookie).status, 200);
    for _ in 0..3 {
        assert_eq!(refresh("refresh_token=guessed").status, 401);
    }
    assert_eq!(refresh("refresh_token=another").status, 429);
}
