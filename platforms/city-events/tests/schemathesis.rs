//! Every service and its document, held to each other by a tool that tries every operation with all kinds of right and wrong data, over a whole platform: on PostgreSQL where it is
//! installed, which refuses texts that SQLite keeps.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a test cannot unwrap has failed it"
)]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

use city_events::{Folder, Platform, PlatformOptions};
use seaworthy::{config::Profile, service::Addresses};
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{get, request},
    requirement::required,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Names the folder of the tools.
const TOOLS: &str = "SEAWORTHY_TEST_SCHEMATHESIS";
/// The same requests in every run.
const SEED: &str = "1";
/// Of each operation and phase.
const EXAMPLES: &str = "25";
/// After it a token is good no more, so it comes last.
const ENDS_SESSIONS: &str = "revokeSessions";
/// What the stack and the development bring along, and other services answer.
const OUTSIDE: [&str; 10] = [
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

struct Place {
    platform: Platform,
    _folder: TempDir,
    _databases: Vec<EmptyDatabase>,
}

impl Place {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut set: Vec<String> = [
            "auth.rate_limit.enabled=false",
            "email.rate_limit.enabled=false",
            "bff.rate_limit.enabled=false",
            "feed.track.requests_per_actor=1000000",
            "feed.track.requests_per_address=1000000",
        ]
        .map(str::to_owned)
        .into();
        for name in ["auth", "event", "join", "feed", "email", "bff"] {
            set.push(format!("{name}.server.http.rate_limit.enabled=false"));
        }
        for name in ["auth", "event", "join"] {
            set.push(format!("{name}.server.grpc.rate_limit.enabled=false"));
        }
        let mut databases = Vec::new();
        for name in ["auth", "event", "join", "feed", "email"] {
            if let Some(database) = EmptyDatabase::postgres() {
                set.push(format!("{name}.database.url={}", database.url()));
                databases.push(database);
            }
        }
        let options = PlatformOptions {
            set,
            free_ports: true,
            profile: Some(Profile::Development),
        };
        let opened = Folder::open(folder.path()).unwrap();
        let platform = Platform::start(&opened, &options).await.unwrap();
        Self {
            platform,
            _folder: folder,
            _databases: databases,
        }
    }

    fn addresses(&self, name: &str) -> Addresses {
        self.platform.addresses(name).unwrap()
    }

    /// Somebody who may do everything.
    fn token(&self) -> String {
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

    /// Method and path of every operation that the document tells of.
    fn told(&self, name: &str) -> BTreeSet<String> {
        let document = self.document(name);
        let paths = document["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        });
        operations.collect()
    }

    /// Method and path of every route that the service has.
    fn served(&self, name: &str) -> BTreeSet<String> {
        let answer = get(self.addresses(name).admin, "/info").unwrap();
        let info: Value = serde_json::from_str(&answer.body).unwrap();
        let mut served = BTreeSet::new();
        for route in info["routes"].as_array().unwrap() {
            let path = route["path"].as_str().unwrap();
            let is_page = name == "bff" && !path.starts_with("/api/");
            let is_probe = path.ends_with("/health") || path.ends_with("/healthz");
            // Whole services behind the door.
            let is_behind = path.contains("{*") || path == "/api/feed/recommended";
            if is_page || is_probe || is_behind || OUTSIDE.iter().any(|own| path.starts_with(own)) {
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

/// What the tool finds.
async fn findings(tool: PathBuf, arguments: Vec<String>) -> Result<(), String> {
    tokio::task::spawn_blocking(move || {
        let home = tempfile::tempdir().unwrap();
        let ran = Command::new(tool)
            .args(arguments)
            .current_dir(home.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        let failed = String::from_utf8_lossy(&ran.stderr);
        match ran.status.success() {
            true => Ok(()),
            false => Err(format!("{said}\n{failed}")),
        }
    })
    .await
    .unwrap()
}

async fn schemathesis_finds_nothing(name: &str) {
    let Some(tools) = required(TOOLS) else { return };
    let place = Place::open().await;
    let (told, served) = (place.told(name), place.served(name));
    assert_eq!(
        told, served,
        "what the document tells of and what is served"
    );

    let tools = Path::new(&tools);
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let document = format!("{document}{name}/docs/openapi.json");
    let validator = tools.join("openapi-spec-validator");
    findings(validator, vec![document]).await.unwrap();

    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/schemathesis.toml");
    let url = format!("http://{}/openapi.json", place.addresses(name).http);
    let token = format!("Authorization: Bearer {}", place.token());
    let own = [
        "run",
        "--seed",
        SEED,
        "--max-examples",
        EXAMPLES,
        "--no-color",
    ];
    let passes: &[&[&str]] = match name {
        "auth" => &[
            &["--exclude-operation-id", ENDS_SESSIONS],
            &["--include-operation-id", ENDS_SESSIONS],
        ],
        _ => &[&[]],
    };
    for pass in passes {
        let mut arguments = vec!["--config-file", config];
        arguments.extend(own);
        if name != "email" {
            arguments.extend(["--header", &token]);
        }
        arguments.extend(*pass);
        arguments.push(&url);
        let arguments = arguments.into_iter().map(str::to_owned).collect();
        let tried = findings(tools.join("schemathesis"), arguments).await;
        assert!(tried.is_ok(), "{name}: {}", tried.unwrap_err());
    }
    place.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_fault_in_auth_api_4() {
    schemathesis_finds_nothing("auth").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_fault_in_event_api_4() {
    schemathesis_finds_nothing("event").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_fault_in_join_api_4() {
    schemathesis_finds_nothing("join").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_fault_in_feed_api_4() {
    schemathesis_finds_nothing("feed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_fault_in_email_api_4() {
    schemathesis_finds_nothing("email").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_fault_in_the_door_api_4() {
    schemathesis_finds_nothing("bff").await;
}
