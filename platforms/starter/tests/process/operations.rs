use std::{path::Path, process::Command};

use seaworthy_testkit::{database::EmptyDatabase, requirement::required};
use serde_json::{Value, json};

use crate::app::{PASSWORD, Replica, assert_error, grant_admin, json_of, tokens};

const PATH: &str = "/api/v1/operations";

/// Returns the entries, oldest first.
fn entries(replica: &Replica, token: &str, query: &str) -> Vec<Value> {
    let answer = replica.call("GET", &format!("{PATH}?{query}"), token, "");
    assert_eq!(answer.status, 200, "{}", answer.body);
    let mut entries = json_of(&answer)["operations"].as_array().unwrap().clone();
    entries.reverse();
    entries
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
    let text = serde_json::to_string(&all).unwrap();
    for secret in [
        PASSWORD,
        "wrong4password",
        "countess",
        "7946",
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
    assert_eq!(all[3]["client_ip"], "127.0.0.1");

    // The login and the change have the user, and the registration has none.
    let user = all[3]["user_id"].as_str().unwrap();
    assert!(!user.is_empty() && all[0]["user_id"] == "", "{text}");
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
    let text = serde_json::to_string(&all).unwrap();
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
        assert_eq!(of(index, "path"), format!("/auth.v1.Auth/{operation}"));
        assert_eq!(
            (of(index, "result").as_str(), &all[index]["status"]),
            (result, &status.into())
        );
        assert!(of(index, "content").contains("r***r"), "{text}");
    }
}

pub(crate) fn switched_off_log_stores_nothing_obs_11(database: &EmptyDatabase) {
    let replica = Replica::start_with(database, &["operation_log.enabled=false"]);
    replica.register("root_user");
    grant_admin(database, "root_user");
    let (admin, _) = tokens(&replica.login("root_user", PASSWORD));
    assert!(entries(&replica, &admin, "").is_empty());
}
