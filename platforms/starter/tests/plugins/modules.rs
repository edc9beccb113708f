//! A plugin beside all other modules, through the public interface.

use std::fs;

use seaworthy_testkit::{
    app::TestApp,
    http::{HttpResponse, request},
};
use serde_json::{Value, json};

use crate::{
    calls::{grant_admin, reason},
    folder::Folder,
    logs::remember,
};

const SETTINGS: [&str; 7] = [
    "auth.captcha_enabled=true",
    "auth.totp_enabled=true",
    "api_document.roles=[admin]",
    "operation_log.claim_node=true",
    "audit_log.retention_days=365",
    "plugins.grants.audit_logger.capabilities=log",
    "plugins.security.max_log_lines_per_second=1000",
];
/// A flag that governs the greeter.
const FLAGS: &str = "greetings: {enabled: false, apis: [\"GET /helloworld/{name}\"]}\n";
const EMAIL: &str = "countess@example.org";
const PASSWORD: &str = "wonderful4weather";
const KEYS: &str = "/api/v1/auth/api-keys";

fn json_of(answer: &HttpResponse) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

/// Sends credentials with the code of a new captcha mail.
fn with_code(app: &TestApp, path: &str, fields: &Value) -> Value {
    let query = format!("/api/v1/auth/captcha?captcha_type=email&target={EMAIL}");
    let issued = json_of(&app.send("GET", &query, "").unwrap());
    let mails = app.send("GET", "/mailbox.json", "").unwrap().body;
    let (_, code) = mails.split_once("Your code is ").unwrap();
    remember(&code[..6]);
    let mut body = json!({ "username": "ada", "password": PASSWORD,
        "captcha_id": issued["captcha_id"], "captcha_code": &code[..6] });
    let fields = fields.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    let path = format!("/api/v1/auth/{path}");
    json_of(&app.send("POST", &path, &body.to_string()).unwrap())
}

#[test]
fn plugin_hooks_run_with_all_modules_on_plug_1_obs_11() {
    let folder = Folder::new();
    folder.add_sample("audit_logger", "hooks-and-events");
    fs::write(folder.path("features.yaml"), FLAGS).unwrap();
    let directory = folder.path("").display().to_string();
    let app = folder.app().settings(SETTINGS);
    let app = app.setting(&format!("features.directory={directory}"));
    let mut app = app.start().unwrap();

    with_code(&app, "register", &json!({ "email": EMAIL }));
    grant_admin(&folder);
    let session = with_code(&app, "login", &json!({}));
    let access = session["access_token"].as_str().unwrap();
    remember(access);
    remember(session["refresh_token"].as_str().unwrap());
    let bearer = format!("Bearer {access}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let call =
        |method: &str, path: &str, body: &str| request(app.http, method, path, &headers, body);

    let profile = json_of(&call("GET", "/api/v1/auth/profile", "").unwrap());
    assert_eq!(profile["email"], "co***@example.org", "{profile}");
    let anonymous = app.send("GET", "/q/openapi.json", "").unwrap();
    assert_eq!(anonymous.status, 401, "{}", anonymous.body);
    json_of(&call("GET", "/q/openapi.json", "").unwrap());
    let greeted = app.send("GET", "/helloworld/Ada", "").unwrap();
    let off = (403, "FEATURE_DISABLED".to_owned());
    assert_eq!(reason(&greeted), off, "{}", greeted.body);

    let body = json!({ "name": "report", "scopes": ["feature:read"], "password": PASSWORD });
    let key = json_of(&call("POST", KEYS, &body.to_string()).unwrap());
    let key = key["key"].as_str().unwrap();
    remember(key);
    let own = [("x-api-key", key)];
    json_of(&request(app.http, "GET", "/api/v1/features", &own, "").unwrap());

    let listed = json_of(&call("GET", "/api/v1/operations", "").unwrap());
    let mut targets: Vec<_> = listed["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["target"].as_str().unwrap())
        .collect();
    targets.reverse();
    let expected = [
        // The mails with the codes.
        "/api/v1/auth/captcha",
        "/api/v1/auth/register",
        "/api/v1/auth/captcha",
        "/api/v1/auth/login",
        KEYS,
    ];
    assert_eq!(targets, expected, "{listed}");
    for part in [
        "operation=auth.v1.Auth/Register",
        "event user.login id=",
        "operation=auth.v1.ApiKeys/",
    ] {
        app.process.line(part).unwrap();
    }
}
