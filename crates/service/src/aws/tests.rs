use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use chrono::{DateTime, NaiveDateTime, Utc};
use parking_lot::Mutex;
use seaworthy_config::{Environment, SecretSource as _};
use seaworthy_core::Secret;
use serde_json::{Value, json};

use super::{
    AwsSource,
    signature::{Canonical, Credentials, Scope, authorization},
};

/// The example credentials of the documentation of AWS.
fn credentials(session_token: Option<&str>) -> Credentials {
    Credentials {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()),
        session_token: session_token.map(|token| Secret::new(token.to_owned())),
    }
}

fn time(text: &str) -> DateTime<Utc> {
    NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ")
        .unwrap()
        .and_utc()
}

/// The complete example of the documentation of Signature Version 4.
#[test]
fn signature_is_that_of_the_published_example_conf_5() {
    let headers = BTreeMap::from([
        (
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
        ),
        ("host", "iam.amazonaws.com".to_owned()),
        ("x-amz-date", "20150830T123600Z".to_owned()),
    ]);
    let request = Canonical {
        method: "GET",
        path: "/",
        query: "Action=ListUsers&Version=2010-05-08",
        headers: &headers,
        body: b"",
    };
    let scope = Scope {
        region: "us-east-1",
        service: "iam",
        at: time("20150830T123600Z"),
    };
    assert_eq!(
        authorization(&request, &scope, &credentials(None)),
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    );
}

/// A Secrets Manager that verifies signatures.
#[derive(Clone)]
struct Server {
    address: String,
    secrets: Arc<Mutex<BTreeMap<String, Value>>>,
}

impl Server {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap().to_string(),
            secrets: Arc::default(),
        };
        let routes = Router::new()
            .route("/", post(secret))
            .route("/credentials", get(issue))
            .with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        server
    }

    fn put(&self, name: &str, answer: Value) {
        self.secrets.lock().insert(name.to_owned(), answer);
    }

    fn source(&self, variables: &[(&str, &str)]) -> AwsSource {
        let url = format!("http://{}", self.address);
        let agent = format!("{url}/credentials");
        let mut all = BTreeMap::from([
            ("AWS_REGION", "eu-west-3"),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", url.as_str()),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.as_str()),
        ]);
        all.extend(variables.iter().copied());
        let all: Vec<_> = all.into_iter().collect();
        AwsSource::new(&all.into_iter().collect::<Environment>())
    }
}

const KEYS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    (
        "AWS_SECRET_ACCESS_KEY",
        "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    ),
];

async fn issue(headers: HeaderMap) -> Response {
    if headers
        .get("authorization")
        .is_none_or(|token| token != "pod-token")
    {
        return StatusCode::FORBIDDEN.into_response();
    }
    Json(json!({
        "AccessKeyId": "AKIDEXAMPLE",
        "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "Token": "session",
        "Expiration": "2030-01-01T00:00:00Z",
    }))
    .into_response()
}

fn error(kind: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "__type": kind }))).into_response()
}

async fn secret(State(server): State<Server>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 10_000).await.unwrap();
    let value = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap());
    let signed: BTreeMap<&'static str, String> = [
        "content-type",
        "host",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-target",
    ]
    .into_iter()
    .filter_map(|name| Some((name, value(name)?.to_owned())))
    .collect();
    let canonical = Canonical {
        method: "POST",
        path: "/",
        query: "",
        headers: &signed,
        body: &body,
    };
    let scope = Scope {
        region: "eu-west-3",
        service: "secretsmanager",
        at: time(value("x-amz-date").unwrap()),
    };
    let is_recent = (Utc::now() - scope.at).num_minutes().abs() < 5;
    let expected = authorization(&canonical, &scope, &credentials(None));
    if value("authorization") != Some(&expected) || !is_recent {
        return error("InvalidSignatureException");
    }
    assert_eq!(value("x-amz-target"), Some("secretsmanager.GetSecretValue"));
    let body: Value = serde_json::from_slice(&body).unwrap();
    let name = body["SecretId"].as_str().unwrap();
    match server.secrets.lock().get(name) {
        Some(answer) => Json(answer.clone()).into_response(),
        None if name == "forbidden" => error("com.amazonaws#AccessDeniedException"),
        None => error("ResourceNotFoundException"),
    }
}

async fn problem(source: &AwsSource, locator: &str) -> String {
    source.read(locator).await.unwrap_err().to_string()
}

#[tokio::test]
async fn secrets_are_read_with_signed_requests_conf_5() {
    let server = Server::start().await;
    let text = r#"{"password":"from-aws","port":5432}"#;
    server.put("prod/orders", json!({ "SecretString": text }));
    server.put("plain", json!({ "SecretString": "first" }));
    let source = server.source(&KEYS);
    let secret = source.read("prod/orders#password").await.unwrap();
    assert_eq!(secret.expose(), "from-aws");
    assert_eq!(source.read("plain").await.unwrap().expose(), "first");
    server.put("plain", json!({ "SecretString": "second" }));
    assert_eq!(source.read("plain").await.unwrap().expose(), "second");
}

#[tokio::test]
async fn credentials_of_a_pod_sign_requests_conf_5() {
    let server = Server::start().await;
    server.put("plain", json!({ "SecretString": "from-aws" }));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "pod-token\n").unwrap();
    let token = (
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        file.to_str().unwrap(),
    );
    let source = server.source(&[token]);
    assert_eq!(source.read("plain").await.unwrap().expose(), "from-aws");
    std::fs::write(&file, "other\n").unwrap();
    assert_eq!(
        problem(&source, "plain").await,
        "the AWS agent issued no credentials"
    );
}

#[tokio::test]
async fn errors_of_aws_name_the_secret_only_conf_5() {
    let server = Server::start().await;
    let text = r#"{"password":"canary","port":5432}"#;
    server.put("prod/orders", json!({ "SecretString": text }));
    server.put("plain", json!({ "SecretString": "canary" }));
    server.put("binary", json!({ "SecretBinary": "Y2FuYXJ5" }));
    let source = server.source(&KEYS);
    for (locator, expected) in [
        ("nothing", "Secrets Manager has no secret nothing"),
        (
            "forbidden",
            "the credentials need secretsmanager:GetSecretValue for forbidden",
        ),
        ("plain#key", "the secret plain is not a JSON object"),
        (
            "binary",
            "the secret binary is binary, and must be a string",
        ),
        ("prod/orders#port", "`port` of prod/orders is not a string"),
        (
            "prod/orders#pass",
            "prod/orders has no `pass`, but password, port",
        ),
        ("#key", "expected aws:NAME or aws:NAME#key"),
    ] {
        assert_eq!(problem(&source, locator).await, expected);
    }
    let wrong = server.source(&[KEYS[0], ("AWS_SECRET_ACCESS_KEY", "other")]);
    assert_eq!(
        problem(&wrong, "plain").await,
        "Secrets Manager does not accept the credentials"
    );
    let plain = server.source(&[
        KEYS[0],
        KEYS[1],
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://example.org"),
    ]);
    assert!(
        problem(&plain, "plain")
            .await
            .contains("must begin with https://")
    );
}
