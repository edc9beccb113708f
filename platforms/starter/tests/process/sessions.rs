use std::thread;

use seaworthy_testkit::database::EmptyDatabase;
use serde_json::Value;

use crate::{
    app::{PASSWORD, Replica, assert_error, json_of, refresh_at, tokens},
    features::wait,
};

const LOGOUT: &str = "/api/v1/auth/logout";
/// Enough for several of them to meet in the database.
const PARALLEL: usize = 200;

pub(crate) fn registered_user_logs_in_refreshes_and_logs_out_auth_3(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    let registered = first.register("Ada_1");
    assert_eq!(registered.status, 200, "{}", registered.body);
    assert!(json_of(&registered)["message"].is_string());
    assert_error(&second.register("ada_1"), 409, "USER_EXISTS");

    // The name counts in any case, on every replica.
    let login = second.login("ADA_1", PASSWORD);
    assert_eq!(json_of(&login)["expires_in"], "900");
    let (access, refresh) = tokens(&login);
    let (newer, next) = tokens(&first.refresh(&refresh));
    assert_ne!(next, refresh);

    let logout = second.call("POST", LOGOUT, &newer, "{}");
    assert_eq!(json_of(&logout)["success"], true, "{}", logout.body);
    for replica in [&first, &second] {
        for token in [&access, &newer] {
            assert_error(
                &replica.call("POST", LOGOUT, token, "{}"),
                401,
                "TOKEN_INVALID",
            );
        }
        assert_error(&replica.refresh(&next), 401, "REFRESH_TOKEN_INVALID");
    }
    // A later login is not affected.
    let (again, _) = tokens(&first.login("ada_1", PASSWORD));
    assert_eq!(second.call("POST", LOGOUT, &again, "{}").status, 200);
}

pub(crate) fn parallel_uses_of_a_refresh_token_succeed_once_auth_3(database: &EmptyDatabase) {
    let replicas = [Replica::start(database), Replica::start(database)];
    let (access, refresh) = replicas[0].user("ada");
    let listeners = replicas.each_ref().map(|replica| replica.http);
    let answers: Vec<_> = thread::scope(|scope| {
        let uses: Vec<_> = (0..PARALLEL)
            .map(|index| {
                let (http, refresh) = (listeners[index % 2], &refresh);
                scope.spawn(move || refresh_at(http, refresh))
            })
            .collect();
        let answers = uses.into_iter().map(|answer| answer.join().unwrap());
        answers.collect()
    });
    let won: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .collect();
    assert_eq!(won.len(), 1, "{won:?}");
    let refused = answers.iter().filter(|answer| answer.status == 401).count();
    // A replica under load may respond with 503 or 504, which is not a success.
    let overloaded = answers
        .iter()
        .filter(|answer| matches!(answer.status, 503 | 504))
        .count();
    assert!(
        refused > 0,
        "{overloaded} answers are of a replica under load"
    );
    assert_eq!(refused + overloaded, PARALLEL - 1);

    // The family is revoked: the pair of the winner, and the access token of the login.
    let (newer, next) = tokens(won[0]);
    // A circuit breaker that the load has opened responds with 503 for some seconds.
    wait(|| replicas[1].refresh(&next).status != 503);
    assert_error(&replicas[1].refresh(&next), 401, "REFRESH_TOKEN_INVALID");
    for token in [access, newer] {
        assert_error(
            &replicas[1].call("POST", LOGOUT, &token, "{}"),
            401,
            "TOKEN_INVALID",
        );
    }
}

pub(crate) fn tokens_of_one_kind_are_not_another_kind_auth_3(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let (access, refresh) = replica.user("ada");
    assert_error(&replica.refresh(&access), 401, "REFRESH_TOKEN_INVALID");
    assert_error(
        &replica.call("POST", LOGOUT, &refresh, "{}"),
        401,
        "TOKEN_INVALID",
    );
    assert_error(&replica.refresh(""), 400, "REFRESH_TOKEN_REQUIRED");
    let anonymous = replica.send("POST", LOGOUT, "{}").unwrap();
    assert_error(&anonymous, 401, "TOKEN_MISSING");
    let basic = [("authorization", "Basic YTpi")];
    let answer = seaworthy_testkit::http::request(replica.http, "POST", LOGOUT, &basic, "{}");
    assert_error(&answer.unwrap(), 401, "INVALID_TOKEN_FORMAT");

    let claims = access.split('.').nth(1).unwrap();
    let claims = data_encoding::BASE64URL_NOPAD
        .decode(claims.as_bytes())
        .unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["type"], "access");
    assert_eq!(claims["username"], "ada");
    assert_eq!(claims["user_id"], claims["sub"]);
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&"starter".into(), &"starter".into())
    );
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(lifetime, 900);
}
