//! Policies and hooks around the calls of the contracts.

use std::{collections::BTreeSet, process::Command};

use prost::Message;
use seaworthy_testkit::{
    app::TestApp,
    http::{HttpResponse, request},
};
use serde_json::Value;
use tonic::{Status, client::Grpc, codegen::http::uri::PathAndQuery, transport::Channel};
use tonic_prost::ProstCodec;

use crate::{
    PROGRAM,
    folder::{Folder, SECRETS},
    guard::{MANIFEST, USER, VETOES, admin, log_in, module, policy},
    logs::assert_clean_output,
};

/// The unsafe calls with a valid body.
const CALLS: [(&str, &str, &str); 15] = [
    ("POST", "/api/v1/auth/captcha/verify", "{}"),
    ("POST", "/api/v1/auth/register", USER),
    ("POST", "/api/v1/auth/login", USER),
    ("POST", "/api/v1/auth/logout", "{}"),
    ("POST", "/api/v1/auth/refresh", "{}"),
    (
        "POST",
        "/api/v1/auth/api-keys",
        r#"{"name":"n","scopes":["feature:read"],"password":"p"}"#,
    ),
    ("DELETE", "/api/v1/auth/api-keys/{id}", ""),
    ("POST", "/api/v1/auth/totp/enroll", r#"{"password":"p"}"#),
    ("POST", "/api/v1/auth/totp/confirm", r#"{"totp_code":"1"}"#),
    (
        "POST",
        "/api/v1/auth/totp/disable",
        r#"{"password":"p","totp_code":"1"}"#,
    ),
    (
        "PUT",
        "/api/v1/features/{flag}",
        r#"{"config":{"enabled":true}}"#,
    ),
    ("DELETE", "/api/v1/features/{flag}", ""),
    ("POST", "/api/v1/features/{flag}/enable", "{}"),
    ("POST", "/api/v1/features/{flag}/disable", "{}"),
    ("POST", "/api/v1/features/{flag}/evaluate", "{}"),
];
/// The call that the contract declares without side effects, so neither hooks nor policies see it.
const EVALUATE: &str = "/api/v1/features/{flag}/evaluate";

/// The first field of a request with a name, and of its reply.
#[derive(Clone, PartialEq, Message)]
struct Name {
    #[prost(string, tag = "1")]
    name: String,
}

/// Makes the user of the tests an administrator by the command of the program.
pub(crate) fn grant_admin(folder: &Folder) {
    let database = format!("data.database.url={}", folder.database());
    let granted = Command::new(PROGRAM)
        .args(["roles", "grant", "ada", "admin", "--set", &database])
        .args(SECRETS.iter().flat_map(|secret| ["--set", secret]))
        .output()
        .unwrap();
    assert_clean_output(&granted);
    assert!(granted.status.success(), "{granted:?}");
}

/// Registers an administrator. Returns the `authorization` header after a login.
fn administrator(app: &TestApp, folder: &Folder) -> String {
    let created = app.send("POST", "/api/v1/auth/register", USER).unwrap();
    assert_eq!(created.status, 200, "{}", created.body);
    grant_admin(folder);
    let (status, body) = log_in(app);
    assert_eq!(status, 200, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    format!("Bearer {}", body["access_token"].as_str().unwrap())
}

fn call(app: &TestApp, bearer: &str, method: &str, path: &str, body: &str) -> HttpResponse {
    let path = path.replace("{flag}", "new_page").replace("{id}", "key_1");
    let headers = [
        ("authorization", bearer),
        ("content-type", "application/json"),
    ];
    request(app.http, method, &path, &headers, body).unwrap()
}

/// Returns the status and the reason of an error.
pub(crate) fn reason(response: &HttpResponse) -> (u16, String) {
    let problem: Value = serde_json::from_str(&response.body).unwrap_or_default();
    let reason = problem["reason"].as_str().unwrap_or_default();
    (response.status, reason.to_owned())
}

/// Calls a method over gRPC, and returns its error.
fn grpc_error(app: &TestApp, bearer: Option<&str>, path: &'static str) -> Status {
    let address = format!("http://{}", app.grpc().unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let channel = Channel::from_shared(address).unwrap();
        let mut client = Grpc::new(channel.connect().await.unwrap());
        client.ready().await.unwrap();
        let name = "new_page".to_owned();
        let mut message = tonic::Request::new(Name { name });
        if let Some(bearer) = bearer {
            let metadata = message.metadata_mut();
            metadata.insert("authorization", bearer.parse().unwrap());
        }
        let codec = ProstCodec::<Name, Name>::default();
        let path = PathAndQuery::from_static(path);
        client.unary(message, path, codec).await.unwrap_err()
    })
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

#[test]
fn required_policy_decides_about_unsafe_calls_plug_1_plug_2() {
    let folder = Folder::new();
    let rules = "name = \"rules\"\nversion = \"1.0.0\"\napi = \"0.2.0\"\n";
    folder.add("rules", rules, &policy(), "policy-decision");
    let app = folder.app().setting("plugins.auto_load=false");
    let app = app.setting("plugins.required=rules").start().unwrap();
    // The policy does not decide about anonymous calls.
    let bearer = administrator(&app, &folder);
    let denied = (403, "PLUGIN_REJECTED".to_owned());
    let (method, path, body) = ("PUT", "/api/v1/features/new_page", CALLS[10].2);
    let put = call(&app, &bearer, method, path, body);
    assert_eq!(reason(&put), denied, "{}", put.body);
    let problem: Value = serde_json::from_str(&put.body).unwrap();
    assert_eq!(problem["detail"], "later", "{problem}");
    let read = call(&app, &bearer, "GET", "/api/v1/features", "");
    assert_eq!(read.status, 200, "{}", read.body);
    let missing = call(&app, &bearer, "GET", path, "");
    assert_eq!(missing.status, 404, "{}", missing.body);
    let path = "/feature.v1.FeatureToggle/EnableToggle";
    let status = grpc_error(&app, Some(&bearer), path);
    assert_eq!(status.code(), tonic::Code::PermissionDenied, "{status:?}");
    assert_eq!(status.message(), "later");
}

#[test]
fn veto_before_the_business_logic_covers_all_unsafe_calls_plug_1() {
    let folder = Folder::new();
    folder.add("guard", MANIFEST, &module(VETOES), "hooks-and-events");
    let app = folder.app().start().unwrap();
    admin(&app, "stop");
    let bearer = administrator(&app, &folder);
    admin(&app, "start");
    let document = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));
    let document: Value = serde_json::from_str(document).unwrap();
    let served: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(|method| (method.to_uppercase(), path.clone()))
        })
        .filter(|(method, _)| ["POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()))
        .collect();
    let known = CALLS.iter();
    let known = known.map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()));
    assert_eq!(served, known.collect());
    for (method, path, body) in CALLS {
        let response = call(&app, &bearer, method, path, body);
        let expected = match path {
            EVALUATE => (200, "unknown_flag".to_owned()),
            _ => (429, "PLUGIN_REJECTED".to_owned()),
        };
        assert_eq!(
            reason(&response),
            expected,
            "{method} {path}: {}",
            response.body
        );
    }
    let path = "/feature.v1.FeatureToggle/EnableToggle";
    let status = grpc_error(&app, Some(&bearer), path);
    assert_eq!(status.code(), tonic::Code::ResourceExhausted, "{status:?}");
}

#[test]
fn rejections_around_requests_have_the_error_form_plug_1_api_2() {
    let folder = Folder::new();
    let manifest = MANIFEST.replace("before_biz", "before_request");
    folder.add("guard", &manifest, &module(VETOES), "hooks-and-events");
    let app = folder.app().start().unwrap();
    let (status, body) = log_in(&app);
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 429, "{problem}");
    assert_eq!(problem["reason"], "PLUGIN_REJECTED", "{problem}");
    assert_eq!(problem["message"], "later", "{problem}");
    assert!(problem["error_code"].is_number(), "{problem}");
    for member in ["code", "trace_id", "timestamp"] {
        assert!(problem[member].is_string(), "{member}: {problem}");
    }
    let status = grpc_error(&app, None, "/helloworld.v1.Greeter/SayHello");
    assert_eq!(status.code(), tonic::Code::ResourceExhausted, "{status:?}");
    for text in ["google.rpc.ErrorInfo", "PLUGIN_REJECTED"] {
        assert!(contains(status.details(), text), "{text}: {status:?}");
    }
}
