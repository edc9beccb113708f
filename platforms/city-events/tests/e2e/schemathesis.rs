//! Each service against its OpenAPI document: the operations are the same, and schemathesis finds
//! no fault. The services use PostgreSQL if it is installed, because it rejects text that SQLite
//! stores.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

use seaworthy::service::Addresses;
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{get, request},
    requirement::required,
};
use serde_json::{Value, json};

use crate::app::TestApp;

/// The variable that names the folder of the tools.
const TOOLS: &str = "SEAWORTHY_TEST_SCHEMATHESIS";
/// A fixed seed, so that all runs send the same requests.
const SEED: &str = "1";
/// Number of examples per operation and phase.
const EXAMPLES: &str = "25";
/// The operation that revokes the token of the test, so it runs last.
const REVOKES_TOKEN: &str = "revokeSessions";
/// Routes of the framework, of development and of other services.
const UNDOCUMENTED: [&str; 10] = [
    "/health",
    "/livez",
    "/startupz",
    "/readyz",
    "/ready",
    "/docs",
    "/openapi.json",
    "/mailbox",
    "/assets",
    "/metrics",
];

struct TestPlatform {
    app: TestApp,
    databases: Vec<EmptyDatabase>,
}

impl TestPlatform {
    async fn start() -> Self {
        let mut settings: Vec<String> = [
            "email.rate_limit.enabled=false",
            "feed.tracking.requests_per_actor=1000000",
            "feed.tracking.requests_per_ip=1000000",
        ]
        .map(str::to_owned)
        .into();
        for name in ["auth", "event", "join", "feed", "email", "bff"] {
            settings.push(format!("{name}.server.http.rate_limit.enabled=false"));
        }
        for name in ["auth", "event", "join"] {
            settings.push(format!("{name}.server.grpc.rate_limit.enabled=false"));
        }
        let mut databases = Vec::new();
        for name in ["auth", "event", "join", "feed", "email"] {
            if let Some(database) = EmptyDatabase::postgres() {
                settings.push(format!("{name}.database.url={}", database.url()));
                databases.push(database);
            }
        }
        let settings: Vec<_> = settings.iter().map(String::as_str).collect();
        Self {
            app: TestApp::start_with(&settings).await,
            databases,
        }
    }

    async fn stop(self) {
        self.app.stop().await;
        for database in self.databases {
            database.recycle().unwrap();
        }
    }

    fn addresses(&self, name: &str) -> Addresses {
        self.app.platform.addresses(name).unwrap()
    }

    /// Logs in as a user with all permissions, and returns the access token.
    fn admin_token(&self) -> String {
        let body =
            json!({ "email": "admin@example.com", "password": city_events_auth::SEED_PASSWORD });
        let headers = [("content-type", "application/json")];
        let address = self.addresses("auth").http;
        let answer = request(
            address,
            "POST",
            "/auth/v1/login",
            &headers,
            &body.to_string(),
        );
        let answer: Value = serde_json::from_str(&answer.unwrap().body).unwrap();
        answer["data"]["tokens"]["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn document(&self, name: &str) -> Value {
        let answer = get(self.addresses(name).http, "/openapi.json").unwrap();
        assert_eq!(answer.status, 200, "{name}");
        serde_json::from_str(&answer.body).unwrap()
    }

    /// Returns method and path of every documented operation.
    fn documented(&self, name: &str) -> BTreeSet<String> {
        let document = self.document(name);
        let paths = document["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        });
        operations.collect()
    }

    /// Returns method and path of every route that the document must contain.
    fn served(&self, name: &str) -> BTreeSet<String> {
        let answer = get(self.addresses(name).admin, "/info").unwrap();
        let info: Value = serde_json::from_str(&answer.body).unwrap();
        let mut served = BTreeSet::new();
        for route in info["routes"].as_array().unwrap() {
            let path = route["path"].as_str().unwrap();
            let is_page = name == "bff" && !path.starts_with("/api/");
            let is_probe = path.ends_with("/health") || path.ends_with("/healthz");
            // The gateway proxies these paths to other services.
            let is_proxied = path.contains("{*") || path.starts_with("/api/feed/recommended");
            let is_undocumented = UNDOCUMENTED.iter().any(|prefix| path.starts_with(prefix));
            if is_page || is_probe || is_proxied || is_undocumented {
                continue;
            }
            for method in route["methods"].as_array().unwrap() {
                let method = method.as_str().unwrap();
                if method != "HEAD" {
                    served.insert(format!("{method} {path}"));
                }
            }
        }
        served
    }
}

/// Runs a tool. The error is its output.
async fn run(tool: PathBuf, arguments: Vec<String>) -> Result<(), String> {
    tokio::task::spawn_blocking(move || {
        let home = tempfile::tempdir().unwrap();
        let output = Command::new(tool)
            .args(arguments)
            .current_dir(home.path())
            .output()
            .unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        match output.status.success() {
            true => Ok(()),
            false => Err(format!("{stdout}\n{stderr}")),
        }
    })
    .await
    .unwrap()
}

async fn assert_no_fault(name: &str) {
    let Some(tools) = required(TOOLS) else { return };
    let platform = TestPlatform::start().await;
    assert_eq!(
        platform.documented(name),
        platform.served(name),
        "documented and served operations"
    );

    let tools = Path::new(&tools);
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let document = format!("{document}{name}/docs/openapi.json");
    let validator = tools.join("openapi-spec-validator");
    run(validator, vec![document]).await.unwrap();

    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/schemathesis.toml");
    let url = format!("http://{}/openapi.json", platform.addresses(name).http);
    let token = format!("Authorization: Bearer {}", platform.admin_token());
    let options = [
        "run",
        "--seed",
        SEED,
        "--max-examples",
        EXAMPLES,
        "--no-color",
    ];
    let passes: &[&[&str]] = match name {
        "auth" => &[
            &["--exclude-operation-id", REVOKES_TOKEN],
            &["--include-operation-id", REVOKES_TOKEN],
        ],
        _ => &[&[]],
    };
    for pass in passes {
        let mut arguments = vec!["--config-file", config];
        arguments.extend(options);
        if name != "email" {
            arguments.extend(["--header", &token]);
        }
        arguments.extend(*pass);
        arguments.push(&url);
        let arguments = arguments.into_iter().map(str::to_owned).collect();
        let result = run(tools.join("schemathesis"), arguments).await;
        assert!(result.is_ok(), "{name}: {}", result.unwrap_err());
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_fault_in_auth_api_4() {
    assert_no_fault("auth").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_fault_in_event_api_4() {
    assert_no_fault("event").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_fault_in_join_api_4() {
    assert_no_fault("join").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_fault_in_feed_api_4() {
    assert_no_fault("feed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_fault_in_email_api_4() {
    assert_no_fault("email").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_fault_in_gateway_api_4() {
    assert_no_fault("bff").await;
}
