//! Headers of responses.

use seaworthy_testkit::{database::EmptyDatabase, http::request};
use serde_json::json;

use crate::app::{PASSWORD, Replica, grant_admin, tokens};

#[test]
fn responses_have_the_headers_of_the_contract_sec_4() {
    let database = EmptyDatabase::sqlite().unwrap();
    let proxy = "server.http.security_headers.behind_tls_proxy=true";
    let replica = Replica::start_with(&database, &[proxy]);
    let given = [("x-request-id", "0f8fad5b-d9cb-469f-a165-70867728950e")];
    let answer = request(replica.http, "GET", "/helloworld/Ada", &given, "").unwrap();
    for (name, value) in [
        ("x-request-id", given[0].1),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("x-xss-protection", "0"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("x-permitted-cross-domain-policies", "none"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "strict-transport-security",
            "max-age=31536000; includeSubDomains; preload",
        ),
        (
            "permissions-policy",
            "camera=(), microphone=(), geolocation=(), payment=()",
        ),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}: {answer:?}");
    }
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe-inline"), "{policy}");

    // CORS is closed without an origin.
    let origin = [("origin", "https://app.example.org")];
    let foreign = request(replica.http, "GET", "/helloworld/Ada", &origin, "").unwrap();
    assert_eq!(foreign.header("access-control-allow-origin"), None);
    let mut headers = foreign.headers.iter();
    assert!(
        headers.any(|(name, value)| name == "vary" && value == "origin"),
        "{foreign:?}"
    );
}

#[test]
fn responses_with_secrets_are_not_stored_by_caches_sec_4() {
    let database = EmptyDatabase::sqlite().unwrap();
    let replica = Replica::start(&database);
    replica.register("ada");
    grant_admin(&database, "ada");
    let login = replica.login("ada", PASSWORD);
    let (access, refresh) = tokens(&login);
    let key = json!({ "name": "report", "scopes": ["feature:read"], "password": PASSWORD });
    let path = "/api/v1/auth/api-keys";
    for answer in [
        login,
        replica.call("POST", path, &access, &key.to_string()),
        replica.refresh(&refresh),
        replica
            .send("GET", "/api/v1/auth/captcha?captcha_type=image", "")
            .unwrap(),
        replica.login("ada", "wrong4password"),
    ] {
        assert_eq!(
            answer.header("cache-control"),
            Some("no-store"),
            "{answer:?}"
        );
    }
}
