use std::{iter, thread};

use seaworthy::{
    auth::token::{Algorithm, NewToken, TokenSigner, TokenSignerConfig},
    prelude::Secret,
};
use seaworthy_testkit::{authority::Authority, database::EmptyDatabase, requirement::required};
use serde_json::{Value, json};

use crate::{
    api_keys::{key, with_key},
    app::{
        PASSWORD, Replica, SECRETS, assert_error, audited, builder, builder_with, command,
        grant_admin, json_of, refresh_at, tokens, try_command,
    },
    features::wait,
};

const LOGOUT: &str = "/api/v1/auth/logout";
/// Enough for several of them to meet in the database.
const PARALLEL: usize = 200;

/// Settings with which an overloaded replica delays requests instead of rejecting them.
const PATIENT: &[&str] = &[
    "server.http.load_shed.max_queue_delay=1m",
    "server.http.timeout=1m",
    "data.database.pool.acquire_timeout=1m",
    "data.database.lock_timeout=1m",
    "data.database.statement_timeout=1m",
    "data.database.transaction_timeout=1m",
    "clients.database.policies.breaker.mode=off",
];

/// Returns a part of a token: its header or its claims.
fn part(access: &str, index: usize) -> Value {
    let text = access.split('.').nth(index).unwrap().as_bytes();
    let bytes = data_encoding::BASE64URL_NOPAD.decode(text).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Returns the claims of a token.
pub(crate) fn claims(access: &str) -> Value {
    part(access, 1)
}

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
    let replicas = [(); 2].map(|()| Replica::start_with(database, PATIENT));
    let (access, refresh) = replicas[0].user("ada");
    let listeners = replicas.each_ref().map(|replica| replica.http);
    let answers: Vec<_> = thread::scope(|scope| {
        let uses: Vec<_> = (0..PARALLEL)
            .map(|index| {
                let (http, refresh) = (listeners[index % 2], &refresh);
                // A replica with a slow database rejects a use at first. The client repeats it.
                scope.spawn(move || {
                    let mut uses = iter::repeat_with(|| refresh_at(http, refresh));
                    uses.find(|answer| answer.status != 503).unwrap()
                })
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
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_error(answer, 401, "REFRESH_TOKEN_INVALID");
    }

    // The family is revoked: the pair of the winner, and the access token of the login.
    let (newer, next) = tokens(won[0]);
    assert_error(&replicas[1].refresh(&next), 401, "REFRESH_TOKEN_INVALID");
    for token in [access, newer] {
        assert_error(
            &replicas[1].call("POST", LOGOUT, &token, "{}"),
            401,
            "TOKEN_INVALID",
        );
    }
}

pub(crate) fn reused_token_ends_only_its_session_auth_3(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    first.register("ada");
    grant_admin(database, "ada");
    let (access, refresh) = tokens(&first.login("ada", PASSWORD));
    let (other, other_refresh) = tokens(&first.login("ada", PASSWORD));
    let (_, key) = key(&first, &other);
    let (newer, _) = tokens(&first.refresh(&refresh));
    assert_error(&second.refresh(&refresh), 401, "REFRESH_TOKEN_INVALID");
    let profile = |token: &str| second.call("GET", "/api/v1/auth/profile", token, "");
    for token in [&access, &newer] {
        assert_error(&profile(token), 401, "TOKEN_INVALID");
    }
    // The other session and the API key of the user continue.
    assert_eq!(profile(&other).status, 200);
    assert_eq!(
        with_key(&second, "GET", "/api/v1/features", &key, "").status,
        200
    );
    tokens(&second.refresh(&other_refresh));
    let id = claims(&access)["sub"].as_str().unwrap().to_owned();
    let last = audited(database).pop();
    assert_eq!(last, Some(("session.reuse".to_owned(), id)));
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
    let forged = refresh.rsplit_once('.').unwrap().0.to_owned() + ".c2lnbmF0dXJl";
    for token in [forged.as_str(), "not.a.token", "a"] {
        assert_error(&replica.refresh(token), 401, "REFRESH_TOKEN_INVALID");
    }
    assert_error(&replica.refresh(""), 400, "REFRESH_TOKEN_REQUIRED");
    let anonymous = replica.send("POST", LOGOUT, "{}").unwrap();
    assert_error(&anonymous, 401, "TOKEN_MISSING");
    let basic = [("authorization", "Basic YTpi")];
    let answer = seaworthy_testkit::http::request(replica.http, "POST", LOGOUT, &basic, "{}");
    assert_error(&answer.unwrap(), 401, "INVALID_TOKEN_FORMAT");

    // Signed by the service, but not an access token.
    let id = claims(&access)["sub"].as_str().unwrap().to_owned();
    let own = claims(&access)["sid"].as_str().unwrap().to_owned();
    let profile = |name: &str, value: Value| {
        let secret = SECRETS[0].split_once('=').unwrap().1.to_owned();
        let config = TokenSignerConfig {
            issuer: "starter".to_owned(),
            ..TokenSignerConfig::default()
        };
        let secret = Secret::new(secret);
        let signer = TokenSigner::with_secret(config, "jwt_secret_key", Algorithm::Hs256, &secret);
        let mut claims = json!({ "type": "access", "ver": 0, "sid": own, "user_id": id });
        claims[name] = value;
        let claims = claims.as_object().unwrap().iter();
        let claims = claims.filter(|(_, value)| !value.is_null());
        let token = claims.fold(
            NewToken::for_subject(id.as_str()).audience("starter"),
            |token, (name, value)| token.claim(name, value.clone()),
        );
        let token = signer.unwrap().sign(token).unwrap();
        replica.call("GET", "/api/v1/auth/profile", token.expose(), "")
    };
    for (name, value) in [
        ("username", json!("ada")),
        ("id", json!("7")),
        ("roles", json!(["admin"])),
        ("permissions", json!([])),
        ("attributes", json!({})),
    ] {
        assert_eq!(profile(name, value).status, 200, "{name}");
    }
    for (name, value) in [
        ("type", Value::Null),
        ("type", json!("refresh")),
        ("type", json!("api")),
        ("ver", Value::Null),
        ("sid", Value::Null),
        ("sid", json!("another")),
        ("user_id", Value::Null),
        ("user_id", json!(7)),
        ("user_id", json!("another")),
        ("username", json!(["ada"])),
        ("jti", json!(7)),
        ("id", json!(7)),
        ("roles", json!("admin")),
        ("roles", json!([7])),
        ("permissions", json!({ "feature": "read" })),
        ("attributes", json!("username")),
    ] {
        assert_error(&profile(name, value), 401, "TOKEN_INVALID");
    }

    let refreshing = claims(&refresh);
    assert_eq!(refreshing["type"], "refresh");
    assert_eq!(refreshing["jti"].as_str().unwrap().len(), 32);
    let claims = claims(&access);
    for name in ["iss", "aud", "sub", "user_id", "username"] {
        assert_eq!(refreshing[name], claims[name], "{name}");
    }
    let lifetime = refreshing["exp"].as_i64().unwrap() - refreshing["iat"].as_i64().unwrap();
    assert_eq!(lifetime, 7 * 24 * 60 * 60);
    // None of the tries has spent the token.
    let (_, next) = tokens(&replica.refresh(&refresh));
    assert_ne!(self::claims(&next)["jti"], refreshing["jti"]);

    assert_eq!(claims["type"], "access");
    assert_eq!(claims["username"], "ada");
    assert_eq!(claims["user_id"], claims["sub"]);
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&"starter".into(), &"starter".into())
    );
    assert_eq!(claims["attributes"], json!({ "username": "ada" }));
    assert_eq!(
        (&claims["id"], &claims["nbf"]),
        (&claims["jti"], &claims["iat"])
    );
    for list in ["permissions", "roles"] {
        assert!(claims[list].is_array(), "{claims}");
    }
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(lifetime, 900);
}

pub(crate) fn private_key_signs_tokens_that_its_key_set_verifies_auth_1(database: &EmptyDatabase) {
    // A key on P-256.
    let authority = Authority::new("starter").unwrap();
    let file = authority.server().unwrap().key;
    let key = format!("auth.signing_key=file:{}", file.display());
    let [_, seed, salt] = SECRETS;
    let settings = [seed, salt, &key, "auth.signing_method=ES256"];
    let settings = [&settings[..], &["auth.issuer=accounts"]].concat();
    let start = || Replica::from(builder_with(database.url(), &settings).start().unwrap());
    let (first, second) = (start(), start());
    let (_, refresh) = first.user("ada");
    let (access, _) = tokens(&second.refresh(&refresh));
    let profile = second.call("GET", "/api/v1/auth/profile", &access, "");
    assert_eq!(profile.status, 200, "{}", profile.body);
    assert_eq!(claims(&access)["iss"], "accounts");
    let keys = json_of(&second.send("GET", "/.well-known/jwks.json", "").unwrap());
    let header = part(&access, 0);
    assert_eq!(header["alg"], "ES256");
    assert_eq!(keys["keys"][0]["kid"], header["kid"]);
    assert!(keys["keys"][0].get("d").is_none(), "{keys}");

    let forged = access.rsplit_once('.').unwrap().0.to_owned() + ".c2lnbmF0dXJl";
    let refused = second.call("GET", "/api/v1/auth/profile", &forged, "");
    assert_error(&refused, 401, "TOKEN_INVALID");
}

pub(crate) fn token_of_a_faster_clock_is_accepted_auth_3(database: &EmptyDatabase) {
    let Some(library) = required("SEAWORTHY_TEST_FAKETIME") else {
        return;
    };
    let fast = builder(database.url())
        .variable("LD_PRELOAD", &library)
        .variable("FAKETIME", "+0.9s")
        .variable("DONT_FAKE_MONOTONIC", "1");
    let (fast, slow) = (
        Replica::from(fast.start().unwrap()),
        Replica::start(database),
    );
    assert_eq!(fast.register("ada").status, 200);
    for _ in 0..10 {
        let (access, _) = tokens(&fast.login("ada", PASSWORD));
        let profile = slow.call("GET", "/api/v1/auth/profile", &access, "");
        assert_eq!(profile.status, 200, "{}", profile.body);
    }
}

pub(crate) fn expired_token_is_rejected_until_a_refresh_auth_3(database: &EmptyDatabase) {
    let replica = Replica::start_with(database, &["auth.access_token_expiration=2s"]);
    let (access, refresh) = replica.user("ada");
    let profile = |access: &str| replica.call("GET", "/api/v1/auth/profile", access, "");
    assert_eq!(profile(&access).status, 200);
    wait(|| profile(&access).status != 200);
    let expired = profile(&access);
    assert_error(&expired, 401, "TOKEN_EXPIRED");
    assert_eq!(json_of(&expired)["code"], "TOKEN_EXPIRED");
    let (access, _) = tokens(&replica.refresh(&refresh));
    assert_eq!(profile(&access).status, 200);
}

pub(crate) fn disabled_user_loses_access_on_every_replica_auth_3(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    let (access, refresh) = first.user("ada");
    command(database, &["users", "disable", "Ada"]);
    for replica in [&first, &second] {
        let profile = replica.call("GET", "/api/v1/auth/profile", &access, "");
        assert_error(&profile, 401, "TOKEN_INVALID");
        assert_error(&replica.refresh(&refresh), 401, "REFRESH_TOKEN_INVALID");
        // As for a wrong password.
        assert_error(&replica.login("ada", PASSWORD), 401, "PASSWORD_INCORRECT");
    }
    // The sessions from before do not come back.
    command(database, &["users", "enable", "ada"]);
    let profile = |access: &str| first.call("GET", "/api/v1/auth/profile", access, "");
    assert_error(&profile(&access), 401, "TOKEN_INVALID");
    assert_error(&first.refresh(&refresh), 401, "REFRESH_TOKEN_INVALID");
    let (access, refresh) = tokens(&second.login("ada", PASSWORD));
    // Enabling an active user ends nothing.
    let ran = try_command(database, &["users", "enable", "ada"]);
    assert!(!ran.status.success(), "{ran:?}");
    assert_eq!(profile(&access).status, 200);
    tokens(&first.refresh(&refresh));
}
