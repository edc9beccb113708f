//! The order of the steps in section 13 of the contract, by requests that two steps reject.

use seaworthy_testkit::database::EmptyDatabase;
use serde_json::json;

use crate::{
    app::{Replica, assert_error},
    features::{call, users, wait},
};

const ENROLL: &str = "/api/v1/auth/totp/enroll";
const OPERATIONS: &str = "/api/v1/operations";
/// Larger than the limit of these tests.
const TOO_LARGE: usize = 4_000;

pub(crate) fn requests_pass_the_steps_of_the_contract_in_order_api_2(database: &EmptyDatabase) {
    let limit = "server.http.max_body_size=2KB";
    let replica = Replica::start_with(database, &[limit]);
    let (admin, user) = users(database, &replica);
    let large = json!({ "password": "x".repeat(TOO_LARGE) }).to_string();
    let invalid = json!({ "password": "" }).to_string();
    let put = |flag: &str, enabled: bool| {
        let config = json!({ "config": { "enabled": enabled } });
        let changed = call(&replica, &admin, "PUT", &format!("/{flag}"), &config);
        assert_eq!(changed.status, 200, "{}", changed.body);
    };
    put("user.security", false);
    put("report.basic", false);
    wait(|| replica.call("GET", OPERATIONS, &admin, "").status == 503);

    // The body limit is before the authentication, and the authentication before the flags.
    let anonymous = |body: &str| replica.send("POST", ENROLL, body).unwrap();
    assert_eq!(anonymous(&large).status, 413);
    assert_error(&anonymous(&invalid), 401, "TOKEN_MISSING");
    // The permission is before the flags and the validation.
    let forbidden = replica.call("GET", OPERATIONS, &user, "");
    assert_error(&forbidden, 403, "INSUFFICIENT_PERMISSION");
    let forbidden = call(&replica, &user, "PUT", "/new_page", &json!({}));
    assert_error(&forbidden, 403, "INSUFFICIENT_PERMISSION");
    let off = replica.call("GET", OPERATIONS, &admin, "");
    assert_error(&off, 503, "FEATURE_UNAVAILABLE");
    // The flags are before the validation.
    let enroll = || replica.call("POST", ENROLL, &user, &invalid);
    assert_error(&enroll(), 403, "FEATURE_DISABLED");
    put("user.security", true);
    wait(|| enroll().status == 400);
    assert_error(&enroll(), 400, "VALIDATION_FAILED");

    // The body limit is before the rate limit, and the rate limit before the authentication.
    let limits = [
        limit,
        "server.http.rate_limit.enabled=true",
        "server.http.rate_limit.requests=2",
        "server.http.rate_limit.burst=2",
        // With Redis, this replica counts apart from the first one.
        "server.http.rate_limit.redis.prefix=steps",
    ];
    let limited = Replica::start_with(database, &limits);
    let anonymous = |body: &str| limited.send("POST", ENROLL, body).unwrap();
    let statuses = [(); 3].map(|()| anonymous(&invalid).status);
    assert_eq!(statuses, [401, 401, 429]);
    assert_error(&anonymous(&invalid), 429, "RATE_LIMITED");
    assert_eq!(anonymous(&large).status, 413);
}
