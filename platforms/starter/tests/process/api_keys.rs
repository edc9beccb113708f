use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{Answer, request},
};
use serde_json::json;

use crate::app::{PASSWORD, Replica, assert_error, grant_admin, json_of, tokens};

const PATH: &str = "/api/v1/auth/api-keys";
const FEATURES: &str = "/api/v1/features";

fn with_key(replica: &Replica, method: &str, path: &str, key: &str, body: &str) -> Answer {
    let headers = [("x-api-key", key), ("content-type", "application/json")];
    request(replica.http, method, path, &headers, body).unwrap()
}

pub(crate) fn api_key_calls_within_its_scopes_until_revoked_auth_5(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    first.register("root_user");
    grant_admin(database, "root_user");
    let (admin, _) = tokens(&first.login("root_user", PASSWORD));
    let body = json!({ "name": "report", "scopes": ["feature:read"] }).to_string();
    let created = json_of(&first.call("POST", PATH, &admin, &body));
    let (id, key) = (
        created["id"].as_str().unwrap(),
        created["key"].as_str().unwrap(),
    );
    assert_eq!(created["expires_in"], "31536000", "{created}");

    assert_eq!(with_key(&second, "GET", FEATURES, key, "").status, 200);
    let update = json!({ "config": { "enabled": true } }).to_string();
    let refused = with_key(&second, "PUT", "/api/v1/features/new_page", key, &update);
    assert_error(&refused, 403, "INSUFFICIENT_PERMISSION");
    // A key cannot extend its own lifetime.
    let extended = with_key(&second, "POST", PATH, key, &body);
    assert_error(&extended, 403, "INSUFFICIENT_PERMISSION");
    let unknown = with_key(&second, "GET", FEATURES, &format!("{key}x"), "");
    assert_error(&unknown, 401, "API_KEY_INVALID");
    let bearer = format!("Bearer {admin}");
    let both = [("x-api-key", key), ("authorization", bearer.as_str())];
    let both = request(second.http, "GET", FEATURES, &both, "").unwrap();
    assert_error(&both, 401, "INVALID_TOKEN_FORMAT");

    let listed = second.call("GET", PATH, &admin, "");
    assert_eq!(json_of(&listed)["keys"][0]["id"], id, "{}", listed.body);
    assert!(!listed.body.contains(key), "{}", listed.body);
    let path = format!("{PATH}/{id}");
    let (other, _) = second.user("ada");
    assert_error(
        &second.call("DELETE", &path, &other, ""),
        404,
        "API_KEY_NOT_FOUND",
    );
    let wide = second.call("POST", PATH, &other, &body);
    assert_error(&wide, 403, "INSUFFICIENT_PERMISSION");
    assert_eq!(second.call("DELETE", &path, &admin, "").status, 200);
    assert_error(
        &with_key(&first, "GET", FEATURES, key, ""),
        401,
        "API_KEY_INVALID",
    );
}
