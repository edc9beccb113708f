//! Accounts, captchas, flags, API keys, data keys and the operation log together on two replicas,
//! through the public interface.

use std::fs;

use seaworthy_testkit::{database::EmptyDatabase, http::get};
use serde_json::json;

use crate::{
    api_keys::{create, with_key},
    app::{PASSWORD, Replica, assert_error, command, json_of, tokens},
    captcha::mailed,
    captcha_answers::Stored,
    features::{call, wait},
    journey::{CAPTCHAS_AND_LIMITS, PROFILE, with_captcha},
    keys::encryption,
    logs::{code, remembered},
    operations::entries,
    second_factor::enable,
};

/// Turns on what is off by default.
const MODULES: &[&str] = &[
    "operation_log.claim_node=true",
    "api_document.roles=[admin]",
    "api_document.allowed_addresses=[\"*\"]",
    "audit_log.retention_days=365",
    "kms.refresh_interval=50ms",
    // The test asks until a change is in effect.
    "auth.public_rate_limit.requests=10000000",
    "server.http.rate_limit.requests=10000000",
    "server.http.rate_limit.burst=10000000",
];
/// A flag that governs the greeter.
const FLAGS: &str = "greetings: {enabled: false, apis: [\"GET /helloworld/{name}\"]}\n";
const EMAIL: &str = "countess@example.org";
const PHONE: &str = "13800001234";
const DOCUMENT: &str = "/q/openapi.json";
const FEATURES: &str = "/api/v1/features";

/// Asserts that replicas decrypt the addresses of a user, and mask them.
fn assert_masked(replicas: &[Replica; 2], token: &str) {
    for replica in replicas {
        let shown = json_of(&replica.call("GET", PROFILE, token, ""));
        assert_eq!(shown["email"], "co***@example.org", "{shown}");
        assert_eq!(shown["phone"], "138****1234", "{shown}");
    }
}

pub(crate) fn modules_work_together_on_two_replicas_auth_2_obs_11(database: &EmptyDatabase) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("features.yaml"), FLAGS).unwrap();
    let directory = format!("features.directory={}", folder.path().display());
    let settings = [CAPTCHAS_AND_LIMITS, MODULES, &[directory.as_str()][..]].concat();
    let replicas = [(); 2].map(|()| Replica::start_with(database, &settings));
    let [first, second] = &replicas;
    let stored = Stored::open(database);

    // A registration with a code by mail, a login with a picture, and a second factor.
    let (id, sent) = mailed(first, EMAIL);
    let body = json!({ "username": "ada", "password": PASSWORD, "email": EMAIL, "phone": PHONE,
        "captcha_id": id, "captcha_code": sent });
    let registered = second.post("/api/v1/auth/register", &body);
    assert_eq!(registered.status, 200, "{}", registered.body);
    command(database, &["roles", "grant", "ada", "admin"]);
    let (access, _) = tokens(&with_captcha(first, &stored, "login", &json!({})));
    let (secret, access) = enable(second, &access);
    assert_masked(&replicas, &access);

    // The guard of the API description.
    let anonymous = first.send("GET", DOCUMENT, "").unwrap();
    assert_error(&anonymous, 401, "TOKEN_MISSING");
    assert_eq!(first.call("GET", DOCUMENT, &access, "").status, 200);

    // A flag of a file, changed at the other replica.
    let greet = || second.send("GET", "/helloworld/Ada", "").unwrap();
    assert_error(&greet(), 403, "FEATURE_DISABLED");
    let enabled = call(first, &access, "POST", "/greetings/enable", &json!({}));
    assert_eq!(enabled.status, 200, "{}", enabled.body);
    wait(|| greet().status == 200);

    // An API key until it is revoked.
    let fields = json!({ "password": PASSWORD, "totp_code": code(&secret, 1) });
    let created = create(first, &access, &fields);
    assert_eq!(created.status, 200, "{}", created.body);
    let created = json_of(&created);
    let key = remembered(created["key"].as_str().unwrap());
    assert_eq!(with_key(second, "GET", FEATURES, &key, "").status, 200);
    let path = format!("/api/v1/auth/api-keys/{}", created["id"].as_str().unwrap());
    assert_eq!(first.call("DELETE", &path, &access, "").status, 200);
    assert_eq!(with_key(second, "GET", FEATURES, &key, "").status, 401);

    // A new data key.
    assert_eq!(encryption(database.url(), "rotate")["rotated"], true);
    encryption(database.url(), "rewrap");
    assert_masked(&replicas, &access);

    // One redacted entry per unsafe call, with numeric IDs.
    let logged = entries(first, &access, "page_size=100");
    let targets: Vec<_> = logged.iter().map(|entry| &entry["target"]).collect();
    let expected = [
        // The mail with the code.
        "/api/v1/auth/captcha",
        "/api/v1/auth/register",
        "/api/v1/auth/login",
        "/api/v1/auth/totp/enroll",
        "/api/v1/auth/totp/confirm",
        "/api/v1/features/{flag}/enable",
        "/api/v1/auth/api-keys",
        "/api/v1/auth/api-keys/{id}",
    ];
    assert_eq!(targets, expected, "{logged:?}");
    let text = serde_json::to_string(&logged).unwrap();
    for secret in [PASSWORD, EMAIL, PHONE, key.as_str(), secret.as_str()] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let last = logged.last().unwrap()["id"].as_str().unwrap();
    assert!(last.parse::<u64>().is_ok(), "{last}");
    for replica in &replicas {
        assert_eq!(get(replica.admin, "/readyz").unwrap().status, 200);
    }
}
