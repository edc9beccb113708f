//! Services that start while their dependencies are down.

use std::{collections::BTreeMap, fs, net::SocketAddr};

use futures::future::join_all;
use seaworthy::{
    config::{Environment, Loader},
    service::RunningService,
};
use seaworthy_testkit::{
    fault::FaultProxy,
    http::{HttpResponse, get, request},
    server::free_address,
};
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tutoring_testkit::{PlatformServers, SERVICES};

use crate::app::{BASE, PASSWORD, SECRET, SERVICE_SECRET, json_of, outcome, wait_for};

const WITHOUT_AUDIT_LOG: [&str; 3] = ["student-auth", "analytics", "gateway"];
/// The file of the broker.
const BROKER: &str = "broker.db";
const WITHOUT_BROKER: &str = "admin";
const WITHOUT_DATABASE: &str = "gateway";

/// Starts services by the functions of their crates, all at once.
macro_rules! start {
    ($test:ident, $starts:ident, $($name:literal: $service:ident,)+) => {$(
        let loader = Loader::new(concat!("tutoring-", $name))
            .environment(Environment::default())
            .overrides($test.settings($name));
        let start = Box::pin($service::service().start(loader, $service::assemble));
        $starts.spawn(async move { ($name, start.await) });
    )+};
}

/// The dependencies of services, and addresses on which nothing listens at first.
struct Dependencies {
    servers: PlatformServers,
    folder: TempDir,
    services: BTreeMap<&'static str, SocketAddr>,
    database: SocketAddr,
    redis: SocketAddr,
}

impl Dependencies {
    /// Returns `None` if a server is not installed.
    fn new() -> Option<Self> {
        let services = SERVICES.map(|(service, _)| (service, free_address().unwrap()));
        Some(Self {
            servers: PlatformServers::postgres_and_redis()?,
            folder: tempfile::tempdir().unwrap(),
            services: services.into(),
            database: free_address().unwrap(),
            redis: free_address().unwrap(),
        })
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Returns the settings of a service.
    fn settings(&self, service: &str) -> Vec<String> {
        let found = SERVICES.into_iter().find(|(name, _)| *name == service);
        let (_, prefix) = found.unwrap();
        let mut settings = vec![
            format!("server.http.addr={}", self.services[service]),
            "admin.addr=127.0.0.1:0".to_owned(),
            "log.level=error".to_owned(),
            "lifecycle.drain_delay=0s".to_owned(),
            "connect.max_backoff=500ms".to_owned(),
            "connect.attempt_timeout=30s".to_owned(),
            "connect.total_timeout=300s".to_owned(),
            format!("{prefix}access_tokens.secret={SECRET}"),
            format!("{prefix}redis.url=redis://{}/", self.redis),
            format!("{prefix}redis.timeout=2s"),
        ];
        if let Some(database) = self.servers.database(service) {
            settings.extend([
                format!("{prefix}database.url={}", database.url_at(self.database)),
                format!("{prefix}database.connect_timeout=30s"),
                format!("{prefix}database.migrate_at_start=true"),
            ]);
        }
        if service != WITHOUT_BROKER {
            settings.push(format!("{prefix}broker.url=sqlite:{}", self.path(BROKER)));
        }
        if !WITHOUT_AUDIT_LOG.contains(&service) {
            settings.push(format!("audit_log.key={SECRET}"));
        }
        settings.extend(self.own_settings(service));
        settings
    }

    /// Returns the settings that only this service has.
    fn own_settings(&self, service: &str) -> Vec<String> {
        let key = |setting: &str| format!("{setting}={SECRET}");
        let files = |setting: &str| format!("{setting}=file:{}", self.path(service));
        let tokens = || format!("service_tokens.secret={SERVICE_SECRET}");
        match service {
            "student-auth" => vec![
                key("codes.pepper"),
                "passwords.parameters.memory_kib=1024".to_owned(),
                "passwords.parameters.iterations=1".to_owned(),
            ],
            "trainer-auth" => vec![key("identity.codes.pepper"), files("documents.url")],
            "admin" => vec![key("totp.secret")],
            "trainer" => vec![key("bank_details_key")],
            "chat" => vec![key("kms.seed"), key("kms.salt"), files("attachments.url")],
            "course" => vec![tokens(), files("media.url")],
            "booking" => vec![tokens(), key("session_code_key")],
            "payment" => vec![
                tokens(),
                "provider.kind=fake".to_owned(),
                "provider.key_id=rzp_test_fake".to_owned(),
                key("provider.key_secret"),
                key("provider.webhook_secret"),
            ],
            _ => Vec::new(),
        }
    }

    /// Waits until each service is ready, or names the dependency that its start waits for.
    /// Services are live all the time.
    fn assert_states(&self, waits_for: impl Fn(&str) -> Option<&'static str>) {
        for (service, address) in &self.services {
            let dependency = waits_for(service);
            wait_for(&format!("the state of {service}"), || {
                // The listener opens soon.
                let alive = get(*address, "/health").ok()?;
                assert_eq!(alive.status, 200, "{service}: {}", alive.body);
                let ready = get(*address, "/ready").unwrap();
                let Some(dependency) = dependency else {
                    return (ready.status == 200).then_some(());
                };
                assert_eq!(ready.status, 503, "{service}: {}", ready.body);
                let report = json_of(&ready);
                (report["waiting_for"] == json!([dependency])).then_some(())
            });
        }
    }

    fn register(&self) -> HttpResponse {
        let headers = [("content-type", "application/json")];
        let body = json!({ "email": "asha@example.org", "password": PASSWORD });
        let (path, body) = (format!("{BASE}/register"), body.to_string());
        let service = self.services["student-auth"];
        request(service, "POST", &path, &headers, &body).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_start_before_their_dependencies_life_2_life_8() {
    let Some(test) = Dependencies::new() else {
        return;
    };
    // No service can open the broker while a folder has the name of its file.
    fs::create_dir(test.path(BROKER)).unwrap();
    let mut starts = JoinSet::new();
    start!(
        test, starts,
        "student-auth": tutoring_student_auth,
        "trainer-auth": tutoring_trainer_auth,
        "admin": tutoring_admin,
        "student": tutoring_student,
        "trainer": tutoring_trainer,
        "chat": tutoring_chat,
        "analytics": tutoring_analytics,
        "course": tutoring_course,
        "booking": tutoring_booking,
        "notification": tutoring_notification,
        "payment": tutoring_payment,
        "gateway": tutoring_gateway,
    );
    test.assert_states(|service| match service {
        WITHOUT_DATABASE => Some("broker"),
        _ => Some("database"),
    });
    let server = test.servers.database("admin").unwrap().server().unwrap();
    let _database = FaultProxy::start_at(test.database, server).await.unwrap();
    test.assert_states(|service| (service != WITHOUT_BROKER).then_some("broker"));
    fs::remove_dir(test.path(BROKER)).unwrap();
    test.assert_states(|_| None);

    // The services are ready without Redis. Accounts reject what they cannot count.
    let degraded = (503, "SERVICE_DEGRADED".to_owned());
    assert_eq!(outcome(&test.register()), degraded);
    let server = test.servers.redis().unwrap().address();
    let _redis = FaultProxy::start_at(test.redis, server).await.unwrap();
    wait_for("a registration", || {
        (test.register().status == 201).then_some(())
    });

    let mut running = Vec::new();
    while let Some(joined) = starts.join_next().await {
        let (service, started) = joined.unwrap();
        let started = started.unwrap_or_else(|error| panic!("{service}: {:?}", error.chain()));
        running.push(started);
    }
    assert_eq!(running.len(), SERVICES.len());
    join_all(running.into_iter().map(RunningService::stop)).await;
}
