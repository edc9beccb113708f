use std::{net::SocketAddr, sync::mpsc, thread};

use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{HttpResponse, request},
};
use serde_json::{Value, json};

use crate::{
    app::{
        PASSWORD, Replica, assert_error, audited, command, execute, grant_admin, json_of, tokens,
    },
    logs::{code, remembered},
    second_factor::enable,
};

const PATH: &str = "/api/v1/auth/api-keys";
const FEATURES: &str = "/api/v1/features";

pub(crate) fn with_key(
    replica: &Replica,
    method: &str,
    path: &str,
    key: &str,
    body: &str,
) -> HttpResponse {
    let headers = [("x-api-key", key), ("content-type", "application/json")];
    request(replica.http, method, path, &headers, body).unwrap()
}

/// Creates keys at a listener until that is rejected. Returns them.
fn create_until_rejected(http: SocketAddr, token: &str, created: &mpsc::Sender<()>) -> Vec<String> {
    let body = json!({ "name": "report", "scopes": ["feature:read"], "password": PASSWORD });
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let mut keys = Vec::new();
    loop {
        let answer = request(http, "POST", PATH, &headers, &body.to_string()).unwrap();
        match answer.status {
            200 => keys.push(json_of(&answer)["key"].as_str().unwrap().to_owned()),
            // A replica under load refuses some calls.
            503 | 504 => continue,
            status => {
                assert_eq!(status, 401, "{}", answer.body);
                return keys;
            }
        }
        created.send(()).unwrap();
    }
}

/// Returns an access token of an administrator.
fn admin(database: &EmptyDatabase, replica: &Replica) -> String {
    replica.register("root_user");
    grant_admin(database, "root_user");
    tokens(&replica.login("root_user", PASSWORD)).0
}

/// Asks for a key that reads feature flags, with further fields.
pub(crate) fn create(replica: &Replica, token: &str, fields: &Value) -> HttpResponse {
    let mut body = json!({ "name": "report", "scopes": ["feature:read"] });
    let fields = fields.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    replica.call("POST", PATH, token, &body.to_string())
}

/// Creates a key, and returns its ID and the key.
pub(crate) fn key(replica: &Replica, token: &str) -> (String, String) {
    let answer = create(replica, token, &json!({ "password": PASSWORD }));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let created = json_of(&answer);
    let text = |name: &str| created[name].as_str().unwrap().to_owned();
    assert_eq!(text("expires_in"), "31536000");
    (text("id"), remembered(&text("key")))
}

/// A client may send the key where the ID belongs.
pub(crate) fn api_key_in_a_path_is_not_recorded_obs_11(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let admin = admin(database, &replica);
    let (_, key) = key(&replica, &admin);
    let refused = replica.call("DELETE", &format!("{PATH}/{key}"), &admin, "");
    assert_error(&refused, 404, "API_KEY_NOT_FOUND");
    let note = json!({ "config": { "description": format!("used by {key}") } });
    let changed = replica.call(
        "PUT",
        "/api/v1/features/new_page",
        &admin,
        &note.to_string(),
    );
    assert_eq!(changed.status, 200, "{}", changed.body);
    let listed = replica.call("GET", "/api/v1/operations", &admin, "");
    assert!(
        listed.body.contains("/api/v1/auth/api-keys/***"),
        "{}",
        listed.body
    );
    assert!(!listed.body.contains(&key), "{}", listed.body);
}

pub(crate) fn api_key_calls_within_its_scopes_until_revoked_auth_5(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    let admin = admin(database, &first);
    let (id, key) = key(&first, &admin);

    assert_eq!(with_key(&second, "GET", FEATURES, &key, "").status, 200);
    let update = json!({ "config": { "enabled": true } }).to_string();
    let refused = with_key(&second, "PUT", "/api/v1/features/new_page", &key, &update);
    assert_error(&refused, 403, "INSUFFICIENT_PERMISSION");
    let unknown = with_key(&second, "GET", FEATURES, &format!("{key}x"), "");
    assert_error(&unknown, 401, "API_KEY_INVALID");
    let bearer = format!("Bearer {admin}");
    let both = [
        ("x-api-key", key.as_str()),
        ("authorization", bearer.as_str()),
    ];
    let both = request(second.http, "GET", FEATURES, &both, "").unwrap();
    assert_error(&both, 401, "INVALID_TOKEN_FORMAT");

    let (prefix, random) = id.split_once('_').unwrap();
    let is_nano = |letter: char| letter.is_ascii_digit() || letter.is_ascii_lowercase();
    assert_eq!((prefix, random.len()), ("key", 24), "{id}");
    assert!(random.chars().all(is_nano), "{id}");
    let listed = second.call("GET", PATH, &admin, "");
    assert_eq!(json_of(&listed)["keys"][0]["id"], id, "{}", listed.body);
    assert!(!listed.body.contains(&key), "{}", listed.body);
    let path = format!("{PATH}/{id}");
    let (other, _) = second.user("ada");
    assert_error(
        &second.call("DELETE", &path, &other, ""),
        404,
        "API_KEY_NOT_FOUND",
    );
    let wide = create(&second, &other, &json!({ "password": PASSWORD }));
    assert_error(&wide, 403, "INSUFFICIENT_PERMISSION");
    assert_eq!(second.call("DELETE", &path, &admin, "").status, 200);
    assert_error(
        &with_key(&first, "GET", FEATURES, &key, ""),
        401,
        "API_KEY_INVALID",
    );
    let entries =
        ["api_key.create", "api_key.revoke"].map(|action| (action.to_owned(), id.clone()));
    let of_key = audited(database)
        .into_iter()
        .filter(|(_, target)| *target == id);
    assert_eq!(of_key.collect::<Vec<_>>(), entries);
}

pub(crate) fn api_key_calls_no_method_without_a_scope_auth_5(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let admin = admin(database, &replica);
    let (id, key) = key(&replica, &admin);
    let revoke = format!("{PATH}/{id}");
    let body = json!({ "name": "x", "scopes": ["feature:read"], "password": PASSWORD,
        "totp_code": "000000" });
    for (method, path) in [
        ("POST", "/api/v1/auth/logout"),
        ("GET", "/api/v1/auth/profile"),
        ("GET", "/api/v1/auth/lock-status/root_user"),
        ("POST", "/api/v1/auth/totp/enroll"),
        ("POST", "/api/v1/auth/totp/confirm"),
        ("POST", "/api/v1/auth/totp/disable"),
        // A key cannot extend its own lifetime.
        ("POST", PATH),
        ("GET", PATH),
        ("DELETE", &revoke),
    ] {
        let body = if method == "POST" {
            body.to_string()
        } else {
            String::new()
        };
        let refused = with_key(&replica, method, path, &key, &body);
        assert_error(&refused, 403, "INSUFFICIENT_PERMISSION");
    }
    // The owner is still logged in, and the key is valid.
    assert_eq!(replica.call("GET", PATH, &admin, "").status, 200);
    assert_eq!(with_key(&replica, "GET", FEATURES, &key, "").status, 200);
}

pub(crate) fn api_key_ends_with_the_rights_of_its_owner_auth_5(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let (_, old) = key(&replica, &admin(database, &replica));
    let (token, _) = tokens(&replica.login("root_user", PASSWORD));
    let logout = replica.call("POST", "/api/v1/auth/logout", &token, "{}");
    assert_eq!(logout.status, 200, "{}", logout.body);
    let refused = with_key(&replica, "GET", FEATURES, &old, "");
    assert_error(&refused, 401, "API_KEY_INVALID");

    let (token, _) = tokens(&replica.login("root_user", PASSWORD));
    let (_, key) = key(&replica, &token);
    // The operator takes a permission from the role.
    let restricted = Replica::start_with(database, &["auth.roles.admin=[account:read]"]);
    let refused = with_key(&restricted, "GET", FEATURES, &key, "");
    assert_error(&refused, 403, "INSUFFICIENT_PERMISSION");
    assert_eq!(with_key(&replica, "GET", FEATURES, &key, "").status, 200);
    // A change of the roles ends the key.
    command(database, &["roles", "revoke", "root_user", "admin"]);
    let refused = with_key(&replica, "GET", FEATURES, &key, "");
    assert_error(&refused, 401, "API_KEY_INVALID");
}

pub(crate) fn api_key_is_valid_only_while_its_owner_is_active_auth_5(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let token = admin(database, &replica);
    let (_, key) = key(&replica, &token);
    let list = || with_key(&replica, "GET", FEATURES, &key, "");
    assert_eq!(list().status, 200);
    // Without the command `users`, which also revokes the keys.
    execute(database, "UPDATE users SET status = 'disabled'");
    assert_error(&list(), 401, "API_KEY_INVALID");
    execute(database, "UPDATE users SET status = 'active'");
    assert_eq!(list().status, 200);
}

pub(crate) fn api_keys_end_while_their_owner_is_disabled_auth_5(database: &EmptyDatabase) {
    const CREATORS: usize = 3;
    let settings = [
        "auth.api_keys.max_per_user=10000",
        "auth.max_login_attempts=100",
    ];
    let replicas = [(); 2].map(|()| Replica::start_with(database, &settings));
    let token = admin(database, &replicas[0]);
    let (_, used) = key(&replicas[0], &token);
    let (created, first_keys) = mpsc::channel();
    // The threads create and use keys until they are rejected.
    let keys: Vec<String> = thread::scope(|scope| {
        let creators: Vec<_> = (0..CREATORS)
            .map(|index| {
                let (http, token, created) = (replicas[index % 2].http, &token, created.clone());
                scope.spawn(move || create_until_rejected(http, token, &created))
            })
            .collect();
        let (http, header) = (replicas[1].http, [("x-api-key", used.as_str())]);
        let user = scope.spawn(move || {
            loop {
                let answer = request(http, "GET", FEATURES, &header, "").unwrap();
                match answer.status {
                    200 | 503 | 504 => continue,
                    _ => break assert_error(&answer, 401, "API_KEY_INVALID"),
                }
            }
        });
        for _ in 0..CREATORS {
            first_keys.recv().unwrap();
        }
        command(database, &["users", "disable", "root_user"]);
        user.join().unwrap();
        let keys = creators.into_iter().flat_map(|keys| keys.join().unwrap());
        keys.collect()
    });
    assert!(keys.len() >= CREATORS, "{}", keys.len());
    let assert_invalid = || {
        for key in keys.iter().chain([&used]) {
            for replica in &replicas {
                let answer = with_key(replica, "GET", FEATURES, key, "");
                assert_error(&answer, 401, "API_KEY_INVALID");
            }
        }
    };
    assert_invalid();
    command(database, &["users", "enable", "root_user"]);
    assert_invalid();
}

pub(crate) fn api_key_needs_password_and_second_factor_auth_5(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let token = admin(database, &replica);
    let missing = create(&replica, &token, &json!({}));
    assert_error(&missing, 400, "VALIDATION_FAILED");
    let wrong = create(&replica, &token, &json!({ "password": "wrong4password" }));
    assert_error(&wrong, 401, "PASSWORD_INCORRECT");

    let (secret, token) = enable(&replica, &token);
    let without = create(&replica, &token, &json!({ "password": PASSWORD }));
    assert_error(&without, 400, "TOTP_REQUIRED");
    let fields = |code: &str| json!({ "password": PASSWORD, "totp_code": code });
    let wrong = create(&replica, &token, &fields("000000"));
    assert_error(&wrong, 401, "TOTP_INVALID");
    let created = create(&replica, &token, &fields(&code(&secret, 1)));
    assert_eq!(created.status, 200, "{}", created.body);
}

pub(crate) fn rejected_api_key_keeps_the_recovery_code_auth_4(database: &EmptyDatabase) {
    let settings = [
        "auth.api_keys.max_lifetime_days=1",
        "auth.api_keys.max_per_user=1",
    ];
    let replica = Replica::start_with(database, &settings);
    let token = admin(database, &replica);
    let totp = |step: &str, body: Value| {
        let path = format!("/api/v1/auth/totp/{step}");
        json_of(&replica.call("POST", &path, &token, &body.to_string()))
    };
    let enrolled = totp("enroll", json!({ "password": PASSWORD }));
    let secret = enrolled["secret"].as_str().unwrap();
    let confirmed = totp("confirm", json!({ "totp_code": code(secret, 0) }));
    let token = confirmed["access_token"].as_str().unwrap();
    let recovery = &confirmed["recovery_codes"][0];
    let create = |code: &Value, seconds: u64| {
        let fields = json!({ "password": PASSWORD, "totp_code": code, "expires_in": seconds });
        create(&replica, token, &fields)
    };
    assert_error(&create(recovery, 86_401), 400, "LIFETIME_TOO_LONG");
    let first = create(&code(secret, 1).into(), 60);
    assert_eq!(first.status, 200, "{}", first.body);
    assert_error(&create(recovery, 60), 409, "TOO_MANY_API_KEYS");
    let path = format!("{PATH}/{}", json_of(&first)["id"].as_str().unwrap());
    assert_eq!(replica.call("DELETE", &path, token, "").status, 200);
    let second = create(recovery, 60);
    assert_eq!(second.status, 200, "{}", second.body);
}
