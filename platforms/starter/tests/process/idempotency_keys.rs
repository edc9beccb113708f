use std::{
    io::Write as _,
    net::{SocketAddr, TcpStream},
};

use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{HttpResponse, request},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    app::{PASSWORD, Replica, assert_error, json_of, tokens},
    features::{users, wait},
    in_flight::{WAITING, lock_changes, wait_for_transactions},
    operations::entries,
};

const KEY: &str = "b1c63b4e-7a1e-4f52-9f3d-0f4f1d6c8e21";

/// Sends a request with an idempotency key, and with an access token unless it is empty.
fn send(replica: &Replica, method: &str, path: &str, token: &str, body: &Value) -> HttpResponse {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![
        ("content-type", "application/json"),
        ("idempotency-key", KEY),
    ];
    if !token.is_empty() {
        headers.push(("authorization", &bearer));
    }
    request(replica.http, method, path, &headers, &body.to_string()).unwrap()
}

fn is_replayed(answer: &HttpResponse) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

pub(crate) fn reused_key_with_another_body_is_rejected_api_6(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    let (admin, _) = users(database, &first);
    let path = "/api/v1/features/new_page";
    let update = |description: &str| {
        let config = json!({ "enabled": true, "strategy": "SIMPLE", "description": description });
        json!({ "config": config, "reason": "launch" })
    };
    let (one, two) = (update("one"), update("two"));
    let updated = send(&first, "PUT", path, &admin, &one);
    assert_eq!(updated.status, 200, "{}", updated.body);
    assert!(!is_replayed(&updated));
    // The replicas share the keys.
    let repeated = send(&second, "PUT", path, &admin, &one);
    assert_eq!((repeated.status, &repeated.body), (200, &updated.body));
    assert!(is_replayed(&repeated));
    let reused = send(&second, "PUT", path, &admin, &two);
    assert_error(&reused, 422, "IDEMPOTENCY_KEY_REUSED");
    let current = first.call("GET", path, &admin, "");
    assert_eq!(json_of(&current)["toggle"]["config"]["description"], "one");
}

pub(crate) fn entry_has_the_change_of_a_call_with_a_key_obs_11(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    let (admin, _) = users(database, &first);
    let path = "/api/v1/features/new_page";
    let update = |enabled: bool| json!({ "config": { "enabled": enabled } });
    let created = first.call("PUT", path, &admin, &update(true).to_string());
    assert_eq!(created.status, 200, "{}", created.body);
    let changed = send(&first, "PUT", path, &admin, &update(false));
    assert_eq!(changed.status, 200, "{}", changed.body);
    let repeated = send(&second, "PUT", path, &admin, &update(false));
    assert!(is_replayed(&repeated), "{}", repeated.body);

    let mut all = entries(&first, &admin, "page_size=100");
    let puts = all.split_off(all.len() - 3);
    let user = puts[0]["user_id"].as_str().unwrap();
    assert!(!user.is_empty(), "{puts:?}");
    for put in &puts {
        assert_eq!(
            (&put["user_id"], &put["status"]),
            (&user.into(), &200.into())
        );
        assert_eq!(put["path"], path);
    }
    let results = [0, 1, 2].map(|index: usize| puts[index]["result"].as_str().unwrap());
    assert_eq!(results, ["ok", "ok", "replayed"]);
    let is_enabled = |value: &Value| {
        let value: Value = serde_json::from_str(value.as_str().unwrap()).unwrap();
        value["enabled"].as_bool()
    };
    assert_eq!(is_enabled(&puts[0]["after"]), Some(true), "{puts:?}");
    assert_eq!(is_enabled(&puts[1]["before"]), Some(true), "{puts:?}");
    assert_eq!(is_enabled(&puts[1]["after"]), Some(false), "{puts:?}");
    // The repeat changed nothing.
    let unchanged = (&puts[2]["before"], &puts[2]["after"]);
    assert_eq!(unchanged, (&"".into(), &"".into()));
}

/// Begins the update of a flag with a key. Returns the connection of its client.
pub(crate) fn begin_update(http: SocketAddr, token: &str) -> TcpStream {
    let body = json!({ "config": { "enabled": true } }).to_string();
    let request = format!(
        "PUT /api/v1/features/new_page HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\nidempotency-key: {KEY}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut client = TcpStream::connect(http).unwrap();
    client.write_all(request.as_bytes()).unwrap();
    client
}

#[test]
fn entry_has_the_result_of_a_call_without_its_client_obs_11() {
    let Some(database) = EmptyDatabase::postgres() else {
        return;
    };
    let mut replica = Replica::start_with(&database, WAITING);
    let (admin, _) = users(&database, &replica);
    let runtime = Runtime::new().unwrap();
    let (locked, tx) = runtime.block_on(lock_changes(&database));
    let client = begin_update(replica.http, &admin);
    runtime.block_on(wait_for_transactions(&locked, 1));
    drop(client);
    replica.process.line(r#""ended":"cancelled""#).unwrap();
    let last = || entries(&replica, &admin, "").pop().unwrap();
    assert_eq!(last()["result"], "unknown");
    runtime.block_on(tx.commit()).unwrap();
    wait(|| {
        let newest = replica.call("GET", "/api/v1/operations?page_size=1", &admin, "");
        json_of(&newest)["operations"][0]["result"] == "ok"
    });
    let ended = last();
    assert_eq!(
        (&ended["status"], &ended["result"]),
        (&200.into(), &"ok".into())
    );
    let after: Value = serde_json::from_str(ended["after"].as_str().unwrap()).unwrap();
    assert_eq!(after["enabled"], true, "{ended}");
}

pub(crate) fn methods_with_secrets_store_no_response_api_6(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    replica.user("ada");
    let log_in = |password: &str| {
        let body = json!({ "username": "ada", "password": password });
        send(&replica, "POST", "/api/v1/auth/login", "", &body)
    };
    let logins = [PASSWORD, PASSWORD].map(log_in);
    for login in &logins {
        assert!(!is_replayed(login));
    }
    let [one, two] = logins.each_ref().map(tokens);
    assert_ne!(one, two);
    // Another body gets the response to it.
    assert_eq!(log_in("a wrong password").status, 401);
}

pub(crate) fn logout_with_a_reused_key_ends_the_session_api_6(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    replica.register("ada");
    for _ in 0..2 {
        let (access, _) = tokens(&replica.login("ada", PASSWORD));
        let ended = send(&replica, "POST", "/api/v1/auth/logout", &access, &json!({}));
        assert_eq!(ended.status, 200, "{}", ended.body);
        let refused = replica.call("GET", "/api/v1/auth/profile", &access, "");
        assert_error(&refused, 401, "TOKEN_INVALID");
    }
}

/// Checks that exactly the operations with a key in `docs/openapi.json` read one.
pub(crate) fn documented_methods_read_idempotency_keys_api_6(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    users(database, &replica);
    // No operation runs with a key that is not valid. Those that do not read it may end the
    // session.
    let send = |method: &str, path: &str| {
        let (admin, _) = tokens(&replica.login("root_user", PASSWORD));
        let bearer = format!("Bearer {admin}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", "two words"),
        ];
        request(replica.http, method, path, &headers, "{}").unwrap()
    };
    let document = replica.send("GET", "/q/openapi.json", "").unwrap();
    let document = json_of(&document);
    let mut reading = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if !["post", "put", "delete"].contains(&method.as_str()) {
                continue;
            }
            let parameters = operation["parameters"].to_string();
            let is_documented = parameters.contains("Idempotency-Key");
            let path = path.replace("{flag}", "new_page").replace("{id}", "x");
            let answer = send(&method.to_uppercase(), &path);
            let is_read = answer.status == 400 && answer.body.contains("Idempotency-Key");
            assert_eq!(is_read, is_documented, "{method} {path}: {}", answer.body);
            if is_read {
                reading.push(operation["operationId"].as_str().unwrap().to_owned());
            }
        }
    }
    reading.sort_unstable();
    let expected = [
        "ApiKeys_RevokeApiKey",
        "FeatureToggle_DeleteToggle",
        "FeatureToggle_DisableToggle",
        "FeatureToggle_EnableToggle",
        "FeatureToggle_UpdateToggle",
    ];
    assert_eq!(reading, expected);
}
