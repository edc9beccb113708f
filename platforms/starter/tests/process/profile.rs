use seaworthy_testkit::database::EmptyDatabase;
use serde_json::json;

use crate::app::{PASSWORD, Replica, assert_error, json_of, tokens};

pub(crate) fn profile_shows_masked_addresses_of_the_caller_obs_3(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let body = json!({
        "username": "ada",
        "password": PASSWORD,
        "email": "countess@example.org",
        "phone": "13800001234",
    });
    assert_eq!(replica.post("/api/v1/auth/register", &body).status, 200);
    let (ada, _) = tokens(&replica.login("ada", PASSWORD));
    let shown = replica.call("GET", "/api/v1/auth/profile", &ada, "");
    assert_eq!(shown.status, 200, "{}", shown.body);
    let shown = json_of(&shown);
    assert_eq!(shown["username"], "ada");
    assert_eq!(shown["email"], "co***@example.org");
    assert_eq!(shown["phone"], "138****1234");

    let (bob, _) = replica.user("bob");
    let empty = json_of(&replica.call("GET", "/api/v1/auth/profile", &bob, ""));
    assert_eq!((&empty["email"], &empty["phone"]), (&"".into(), &"".into()));
    let anonymous = replica.send("GET", "/api/v1/auth/profile", "").unwrap();
    assert_error(&anonymous, 401, "TOKEN_MISSING");
}
