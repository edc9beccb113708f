use std::{cell::RefCell, path::Path, process::Command};

use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{HttpResponse, request},
    requirement::required,
};
use serde_json::{Value, json};

use crate::{
    app::{PASSWORD, Replica, assert_error, grant_admin, json_of, tokens},
    features::wait,
};

const PATH: &str = "/api/v1/operations";

/// Lists entries. A replica under load, or one that has just started, may respond with 503.
fn list(replica: &Replica, token: &str, query: &str) -> HttpResponse {
    let last = RefCell::new(None);
    wait(|| {
        let answer = replica.call("GET", &format!("{PATH}?{query}"), token, "");
        let is_final = answer.status != 503;
        last.replace(Some(answer));
        is_final
    });
    last.into_inner().unwrap()
}

/// Returns the entries, oldest first.
pub(crate) fn entries(replica: &Replica, token: &str, query: &str) -> Vec<Value> {
    let answer = list(replica, token, query);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let mut entries = json_of(&answer)["operations"].as_array().unwrap().clone();
    entries.reverse();
    entries
}

/// Returns the entries as text, without the names that readers see and the log does not store.
fn stored_text(entries: &[Value]) -> String {
    let mut stored = entries.to_vec();
    for entry in &mut stored {
        entry["username"].take();
    }
    serde_json::to_string(&stored).unwrap()
}

pub(crate) fn unsafe_calls_have_one_redacted_entry_obs_11(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    let body = json!({
        "username": "root_user", "password": PASSWORD, "email": "countess@example.org",
        "phone": "+442079460958",
    });
    assert_eq!(first.post("/api/v1/auth/register", &body).status, 200);
    grant_admin(database, "root_user");
    let wrong = second.login("root_user", "wrong4password");
    assert_error(&wrong, 401, "PASSWORD_INCORRECT");
    let (admin, refresh) = tokens(&second.login("root_user", PASSWORD));
    // A safe call has no entry.
    assert_eq!(
        first.send("GET", "/helloworld/Ada", "").unwrap().status,
        200
    );
    let update = json!({ "config": { "enabled": true } }).to_string();
    let updated = first.call("PUT", "/api/v1/features/new_page", &admin, &update);
    assert_eq!(updated.status, 200, "{}", updated.body);

    let all = entries(&first, &admin, "page_size=100");
    let text = stored_text(&all);
    for secret in [
        PASSWORD,
        "wrong4password",
        "countess",
        "207946",
        &refresh,
        &admin,
        "root_user",
    ] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let seen: Vec<_> = all
        .iter()
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            (
                text("operation"),
                text("target"),
                text("result"),
                entry["status"].clone(),
            )
        })
        .collect();
    let expected = [
        ("POST", "/api/v1/auth/register", "ok", 200),
        ("POST", "/api/v1/auth/login", "PASSWORD_INCORRECT", 401),
        ("POST", "/api/v1/auth/login", "ok", 200),
        ("PUT", "/api/v1/features/{flag}", "ok", 200),
    ]
    .map(|(operation, target, result, status)| {
        (
            operation.to_owned(),
            target.to_owned(),
            result.to_owned(),
            Value::from(status),
        )
    });
    assert_eq!(seen, expected);
    let content = all[0]["content"].as_str().unwrap();
    assert!(content.contains("co***@example.org"), "{content}");
    assert_eq!(all[3]["path"], "/api/v1/features/new_page");
    assert_eq!(
        (&all[3]["method"], &all[3]["before"]),
        (&"PUT".into(), &"".into())
    );
    let after: Value = serde_json::from_str(all[3]["after"].as_str().unwrap()).unwrap();
    assert_eq!(after["enabled"], true, "{after}");
    assert_eq!(all[3]["client_ip"], "127.0.0.1");

    // The login and the change have the user, and the registration has none.
    let user = all[3]["user_id"].as_str().unwrap();
    assert!(!user.is_empty() && all[0]["user_id"] == "", "{text}");
    let names = [0, 2, 3].map(|index: usize| all[index]["username"].as_str().unwrap());
    assert_eq!(names, ["", "root_user", "root_user"]);
    let own = entries(&second, &admin, &format!("user_id={user}"));
    assert_eq!(own.len(), 2, "{own:?}");
    let later = all[3]["created_at"].as_str().unwrap();
    assert_eq!(entries(&second, &admin, &format!("from={later}")).len(), 1);
    assert_eq!(entries(&second, &admin, &format!("until={later}")).len(), 3);

    let (other, _) = second.user("ada");
    let refused = second.call("GET", PATH, &other, "");
    assert_error(&refused, 403, "INSUFFICIENT_PERMISSION");
}

pub(crate) fn grpc_calls_have_redacted_entries_obs_11(database: &EmptyDatabase) {
    let Some(python) = required("SEAWORTHY_TEST_GRPCIO") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
    let generated = Command::new(&python)
        .args(["-m", "grpc_tools.protoc"])
        .arg(format!("-I{}", files.display()))
        .arg(format!("--python_out={}", folder.path().display()))
        .arg(format!("--grpc_python_out={}", folder.path().display()))
        .arg("auth.proto")
        .output()
        .unwrap();
    assert!(generated.status.success(), "{generated:?}");
    let replica = Replica::start(database);
    let script = "
import sys, grpc, auth_pb2 as wire, auth_pb2_grpc
auth = auth_pb2_grpc.AuthStub(grpc.insecure_channel(sys.argv[1]))
auth.GetCaptcha(wire.GetCaptchaRequest(captcha_type='image'), timeout=60)
auth.Register(wire.RegisterRequest(username='root_user', password=sys.argv[2], email='countess@example.org'), timeout=60)
try:
    auth.Login(wire.LoginRequest(username='root_user', password='wrong4password'), timeout=60)
except grpc.RpcError:
    pass
";
    let called = Command::new(&python)
        .env("PYTHONPATH", folder.path())
        .args(["-c", script, &replica.grpc().unwrap().to_string(), PASSWORD])
        .output()
        .unwrap();
    assert!(called.status.success(), "{called:?}");
    grant_admin(database, "root_user");
    let (admin, _) = tokens(&replica.login("root_user", PASSWORD));
    let all = entries(&replica, &admin, "");
    let text = stored_text(&all);
    for secret in [PASSWORD, "wrong4password", "countess", "root_user"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let of = |index: usize, name: &str| all[index][name].as_str().unwrap_or_default().to_owned();
    assert_eq!(all.len(), 3, "{text}");
    for (index, operation, result, status) in [
        (0, "Register", "ok", 0),
        (1, "Login", "PASSWORD_INCORRECT", 16),
    ] {
        assert_eq!(of(index, "operation"), operation, "{text}");
        assert_eq!(of(index, "target"), "auth.v1.Auth");
        assert_eq!(of(index, "method"), "POST");
        assert_eq!(of(index, "path"), format!("/auth.v1.Auth/{operation}"));
        assert_eq!(
            (of(index, "result").as_str(), &all[index]["status"]),
            (result, &status.into())
        );
    }
    assert!(of(0, "content").contains("r***r"), "{text}");
    // A rejected call of an anonymous client stores no content.
    assert_eq!(of(1, "content"), "");
}

pub(crate) fn switched_off_log_stores_nothing_obs_11(database: &EmptyDatabase) {
    let replica = Replica::start_with(database, &["operation_log.enabled=false"]);
    replica.register("root_user");
    grant_admin(database, "root_user");
    let (admin, _) = tokens(&replica.login("root_user", PASSWORD));
    assert!(entries(&replica, &admin, "").is_empty());
}

pub(crate) fn media_type_does_not_hide_a_call_obs_11(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    replica.register("root_user");
    grant_admin(database, "root_user");
    let (admin, _) = tokens(&replica.login("root_user", PASSWORD));
    let update = json!({ "config": { "enabled": true } }).to_string();
    replica.call("PUT", "/api/v1/features/new_page", &admin, &update);
    let bearer = format!("Bearer {admin}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/grpc"),
    ];
    let path = "/api/v1/features/new_page";
    let deleted = request(replica.http, "DELETE", path, &headers, "").unwrap();
    assert_eq!(deleted.status, 200, "{}", deleted.body);
    let last = entries(&replica, &admin, "").pop().unwrap();
    // Protobuf, of which the log has the size: `config { enabled: true }`.
    let headers = [headers[0], ("content-type", "application/proto")];
    let updated = request(replica.http, "PUT", path, &headers, "\u{12}\u{2}\u{8}\u{1}");
    assert_eq!(updated.unwrap().status, 200);
    let hidden = entries(&replica, &admin, "").pop().unwrap();
    let content = hidden["content"].as_str().unwrap();
    assert!(content.contains(r#""size":4"#), "{hidden}");
    assert_eq!(last["operation"], "DELETE", "{last}");
    assert_eq!(last["target"], "/api/v1/features/{flag}");
    let before: Value = serde_json::from_str(last["before"].as_str().unwrap()).unwrap();
    assert_eq!(before["enabled"], true, "{before}");
}

pub(crate) fn rejected_anonymous_call_stores_no_content_obs_11(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let verify = "/api/v1/auth/captcha/verify";
    let filler = json!({ "captcha_id": "x", "captcha_code": "y", "note": "z".repeat(5_000) });
    replica.post(verify, &filler);
    // An accepted call of an anonymous client stores little.
    let body = json!({ "username": "ada", "password": PASSWORD, "email": "", "phone": "",
        "note": "z".repeat(5_000) });
    replica.post("/api/v1/auth/register", &body);
    replica.register("root_user");
    grant_admin(database, "root_user");
    let (admin, _) = tokens(&replica.login("root_user", PASSWORD));
    let all = entries(&replica, &admin, "");
    assert_eq!(
        (&all[0]["status"], &all[0]["content"]),
        (&400.into(), &"".into())
    );
    for entry in &all {
        let content = entry["content"].as_str().unwrap();
        assert!(content.len() <= 510, "{content}");
    }
    // A login has its user, and so its whole content.
    let login = all.last().unwrap()["content"].as_str().unwrap();
    assert!(login.contains("r***r"), "{login}");
}

pub(crate) fn padding_does_not_hide_a_call_obs_11(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    replica.register("root_user");
    grant_admin(database, "root_user");
    let (admin, _) = tokens(&replica.login("root_user", PASSWORD));
    for (padding, expected) in [(20_000, r#""enabled":true"#), (100_000, r#""size":100"#)] {
        let body = json!({ "aaa": "x".repeat(padding), "config": { "enabled": true } });
        let path = "/api/v1/features/new_page";
        let updated = replica.call("PUT", path, &admin, &body.to_string());
        assert_eq!(updated.status, 200, "{}", updated.body);
        let last = entries(&replica, &admin, "").pop().unwrap();
        let content = last["content"].as_str().unwrap();
        assert!(content.contains(expected), "{padding}: {content}");
        assert!(content.len() < 1_000, "{}", content.len());
    }
}
