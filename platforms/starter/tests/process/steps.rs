//! The order of the steps in section 13 of the contract, by requests that two steps reject.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpStream},
};

use seaworthy_testkit::database::EmptyDatabase;
use serde_json::json;

use crate::{
    app::{Replica, assert_error},
    features::{call, users, wait},
    redis::shared_limits,
};

const ENROLL: &str = "/api/v1/auth/totp/enroll";
const OPERATIONS: &str = "/api/v1/operations";

/// Announces a body that is too large, and returns the status.
fn status_of_large_body(http: SocketAddr) -> u16 {
    let mut connection = TcpStream::connect(http).unwrap();
    let head = format!(
        "POST {ENROLL} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 99999999\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(connection).read_line(&mut line).unwrap();
    line.split(' ').nth(1).unwrap().parse().unwrap()
}

pub(crate) fn requests_pass_the_steps_of_the_contract_in_order_api_2(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let (admin, user) = users(database, &replica);
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
    assert_eq!(status_of_large_body(replica.http), 413);
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
    let mut limits = vec![
        "server.http.rate_limit.enabled=true",
        "server.http.rate_limit.requests=2",
        "server.http.rate_limit.burst=2",
    ];
    if !shared_limits().is_empty() {
        // This replica counts apart from the first one.
        limits.push("server.http.rate_limit.redis.prefix=steps");
    }
    let limited = Replica::start_with(database, &limits);
    let anonymous = |body: &str| limited.send("POST", ENROLL, body).unwrap();
    let statuses = [(); 3].map(|()| anonymous(&invalid).status);
    assert_eq!(statuses, [401, 401, 429]);
    assert_error(&anonymous(&invalid), 429, "RATE_LIMITED");
    assert_eq!(status_of_large_body(limited.http), 413);
}
