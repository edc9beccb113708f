//! The OpenAPI document of each service: it has the served operations, and schemathesis finds no
//! fault. The services use PostgreSQL if it is installed, because it rejects text that SQLite
//! stores.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use seaworthy_testkit::{http::get, requirement::required};
use serde_json::{Value, json};
use tutoring_admin::{SEED_EMAIL, SEED_PASSWORD};
use tutoring_testkit::SERVICES;

use crate::{
    app::{TestPlatform, admin_token, json_of, service_token},
    students::send,
};

/// The variable that names the folder of the tools.
const TOOLS: &str = "SEAWORTHY_TEST_SCHEMATHESIS";
/// A fixed seed, so that all runs send the same requests.
const SEED: &str = "1";
/// Examples per operation and phase.
const EXAMPLES: &str = "2";
/// Examples of the long variant.
const MANY_EXAMPLES: &str = "50";
/// Runs of the tool at the same time.
const THREADS: usize = 2;
/// The gateway has the operations of the other services, and no document.
const GATEWAY: &str = "gateway";
/// The starts of documented paths. Other routes are those of the framework and of development.
const DOCUMENTED: [&str; 2] = ["/api/", "/certificates/"];

pub(crate) fn services() -> Vec<&'static str> {
    let services = SERVICES.iter().map(|(service, _)| *service);
    services.filter(|service| *service != GATEWAY).collect()
}

fn document(address: SocketAddr) -> Value {
    let answer = get(address, "/openapi.json").unwrap();
    assert_eq!(answer.status, 200, "{address}");
    json_of(&answer)
}

/// Returns method and path of every documented operation.
fn documented(app: &TestPlatform, service: &str) -> BTreeSet<String> {
    let document = document(app.address(service));
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().keys();
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    operations.collect()
}

/// Returns method and path of every route that the document must have.
fn served(app: &TestPlatform, service: &str) -> BTreeSet<String> {
    let info = json_of(&get(app.admin_address(service), "/info").unwrap());
    let mut served = BTreeSet::new();
    for route in info["routes"].as_array().unwrap() {
        let path = route["path"].as_str().unwrap();
        if !DOCUMENTED.iter().any(|prefix| path.starts_with(prefix)) {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_have_all_operations_api_4() {
    let app = TestPlatform::embedded().await;
    for service in services() {
        assert_eq!(
            documented(&app, service),
            served(&app, service),
            "documented and served operations of {service}"
        );
    }
    app.stop().await;
}

/// Runs a tool. The error is its output.
fn run(tool: PathBuf, arguments: &[&str], environment: &[(&str, String)]) -> Result<(), String> {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(tool)
        .args(arguments)
        .envs(environment.iter().cloned())
        .current_dir(home.path())
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{stdout}\n{stderr}")),
    }
}

#[test]
fn documents_are_valid_openapi_api_4() {
    let Some(tools) = required(TOOLS) else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let documents = services().into_iter().map(|service| {
        let document = folder.join(service).join("docs/openapi.json");
        document.display().to_string()
    });
    let documents: Vec<_> = documents.collect();
    let documents: Vec<_> = documents.iter().map(String::as_str).collect();
    let validator = Path::new(&tools).join("openapi-spec-validator");
    run(validator, &documents, &[]).unwrap();
}

/// A user of each role, and another user whose sessions end.
struct Callers {
    student: (String, String),
    trainer: (String, String),
    admin: String,
    others: [(&'static str, String); 3],
}

impl Callers {
    fn new(app: &TestPlatform) -> Self {
        let [student, other_student] = ["asha", "mira"].map(|name| {
            let token = app.student(&format!("{name}@example.org")).access;
            (user(app, &token, "/students/auth/profile"), token)
        });
        let [trainer, other_trainer] = ["ravi", "tara"].map(|name| {
            let token = app.trainer(name);
            (user(app, &token, "/trainers/auth/profile"), token)
        });
        let admin = admin_token(app, SEED_EMAIL, SEED_PASSWORD);
        let body = json!({
            "email": "kerala@example.org", "fullName": "Anna Chandy", "roles": ["super_admin"],
        });
        let created = send(app, &admin, "POST", "/admin/admins", &body);
        let password = json_of(&created)["data"]["temporaryPassword"].clone();
        let other_admin = admin_token(app, "kerala@example.org", password.as_str().unwrap());
        Self {
            student,
            trainer,
            admin,
            others: [
                ("student-auth", other_student.1),
                ("trainer-auth", other_trainer.1),
                ("admin", other_admin),
            ],
        }
    }

    /// Returns the variables of `schemathesis.toml`.
    fn environment(&self, service: &str) -> Vec<(&'static str, String)> {
        let mut others = self.others.iter().filter(|(name, _)| *name == service);
        let other = others.next().map(|(_, token)| token.clone());
        let ((student_id, student), (trainer_id, trainer)) = (&self.student, &self.trainer);
        vec![
            ("STUDENT_TOKEN", student.clone()),
            ("STUDENT_ID", student_id.clone()),
            ("TRAINER_TOKEN", trainer.clone()),
            ("TRAINER_ID", trainer_id.clone()),
            ("ADMIN_TOKEN", self.admin.clone()),
            ("SERVICE_TOKEN", service_token()),
            ("OTHER_TOKEN", other.unwrap_or_default()),
        ]
    }
}

/// Returns the ID of the caller.
fn user(app: &TestPlatform, token: &str, profile: &str) -> String {
    let profile = json_of(&send(app, token, "GET", profile, &Value::Null));
    profile["data"]["id"].as_str().unwrap().to_owned()
}

/// Runs schemathesis on each service. `through` is the service that receives the requests.
async fn assert_no_fault(examples: &str, through: Option<&str>) {
    let Some(tools) = required(TOOLS) else { return };
    let app = TestPlatform::without_limits().await;
    let schemathesis = Path::new(&tools).join("schemathesis");
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/schemathesis.toml");
    let (next, faults) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    tokio::task::block_in_place(|| {
        let callers = Callers::new(&app);
        let services = services();
        let check = |service: &str| {
            let url = format!("http://{}/openapi.json", app.address(service));
            let origin = format!("http://{}", app.address(through.unwrap_or(service)));
            let arguments = [
                "--config-file",
                config,
                "run",
                "--seed",
                SEED,
                "--max-examples",
                examples,
                "--no-color",
                "--origin",
                &origin,
                &url,
            ];
            let environment = callers.environment(service);
            if let Err(output) = run(schemathesis.clone(), &arguments, &environment) {
                faults.lock().unwrap().push(format!("{service}: {output}"));
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    while let Some(service) = services.get(next.fetch_add(1, Ordering::Relaxed)) {
                        check(service);
                    }
                });
            }
        });
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_fault_in_services_api_4() {
    assert_no_fault(EXAMPLES, None).await;
}

/// Takes minutes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn schemathesis_finds_no_fault_by_many_examples_api_4() {
    assert_no_fault(MANY_EXAMPLES, None).await;
    assert_no_fault(MANY_EXAMPLES, Some(GATEWAY)).await;
}
