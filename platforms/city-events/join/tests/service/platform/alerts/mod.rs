//! Each alert on a fault of a real server: it fires, its runbook works, and it resolves.

mod dependencies;
mod events;
mod overload;
mod process;

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use seaworthy::core::new_id;
use seaworthy_deploy::{Overlay, render};
use seaworthy_facts::Facts;
use seaworthy_testkit::{
    alerts::{Alerts, ObservedService},
    authority::Authority,
    database::EmptyDatabase,
    eventually,
    fault::FaultProxy,
    program::ProgramServer,
    prometheus::compress,
    redis::RedisServer,
    requirement::required,
    server::free_address,
};
use serde_json::json;
use tempfile::TempDir;

use self::events::Events;
use super::{RABBITMQ, RABBITMQ_LOCK, SECRET, token};

/// 5 minutes become 1.5 s, and an hour becomes 18 s.
const FACTOR: u32 = 200;
const TRAFFIC_INTERVAL: Duration = Duration::from_millis(25);
const ADMIN_TOKEN: &str = "the token of an operator of these tests";
/// A relay publishes an event immediately, and a consumer handles it immediately.
const OVERLAY: &str =
    "[alerts.OutboxOld]\nthreshold = 2.0\n[alerts.ConsumerLag]\nthreshold = 2.0\n";
/// Windows of the error budget that would keep an alert for minutes after its fault.
const LONG_WINDOWS: [[&str; 2]; 2] = [["[2h]", "[12m]"], ["[6h]", "[1h]"]];
const HOUR: Duration = Duration::from_secs(60 * 60);
/// A worker that runs each second is late after 300 s, which is not a window.
const LATE: [&str; 2] = ["> 300", "> 4"];
const LATE_WORKER: &str = "worker=\"audit of joins\"";

/// The committed facts of the service, at the addresses of this test.
fn facts(admin: u16) -> Facts {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/facts/join.json");
    let mut facts = Facts::from_json(&std::fs::read_to_string(file).unwrap()).unwrap();
    for listener in &mut facts.listeners {
        if listener.name == "admin" {
            listener.port = admin;
        }
    }
    // The rules have an alert on Redis only if the settings name one.
    let redis = "server.http.rate_limit.redis.url".to_owned();
    facts.values.insert(redis, "redis://127.0.0.1".into());
    facts
}

fn environment(settings: &[(&str, String)]) -> Vec<(String, String)> {
    let settings = settings.iter();
    settings
        .map(|(key, value)| (format!("JOIN_SERVICE__{key}"), value.clone()))
        .collect()
}

/// The running service with its dependencies, and the Prometheus that scrapes it.
struct Subject {
    join: ProgramServer,
    http: SocketAddr,
    environment: Vec<(String, String)>,
    database: EmptyDatabase,
    broker: String,
    to_database: FaultProxy,
    to_broker: FaultProxy,
    to_redis: FaultProxy,
    _redis: RedisServer,
    authority: Authority,
    /// The certificate and the key of the gRPC listener.
    certificates: TempDir,
    alerts: Alerts,
}

impl Subject {
    /// Starts everything, unless a server is missing.
    async fn start() -> Option<Self> {
        let program = required("SEAWORTHY_TEST_PROMETHEUS")?;
        let redis = RedisServer::start(required("SEAWORTHY_TEST_REDIS_SERVER")?).unwrap();
        let broker = RABBITMQ.get()?.url();
        let database = EmptyDatabase::postgres()?;
        let (_, broker_address) = broker.rsplit_once('@').unwrap();
        let broker_address = broker_address.split('/').next().unwrap();
        let to_broker = FaultProxy::start(broker_address.parse().unwrap());
        let to_broker = to_broker.await.unwrap();
        let to_database = FaultProxy::start(database.server().unwrap()).await.unwrap();
        let to_redis = FaultProxy::start(redis.address()).await.unwrap();
        let authority = Authority::new("alerts").unwrap();
        let certificates = tempfile::tempdir().unwrap();
        let file = |name: &str| certificates.path().join(name).display().to_string();

        let (http, admin) = (free_address().unwrap(), free_address().unwrap());
        let through_proxy = to_broker.address().to_string();
        let environment = environment(&[
            ("PROFILE", "development".to_owned()),
            ("DATABASE__URL", database.url_at(to_database.address())),
            ("DATABASE__MIGRATE_AT_START", "true".to_owned()),
            (
                "BROKER__URL",
                broker.replace(broker_address, &through_proxy),
            ),
            ("BROKER__LAG_INTERVAL", "200ms".to_owned()),
            // Messages wait in the queue, which RabbitMQ counts.
            ("BROKER__DEFAULTS__CONCURRENCY", "1".to_owned()),
            ("BROKER__DEFAULTS__PREFETCH", "1".to_owned()),
            ("JWT__SECRET", SECRET.to_owned()),
            ("AUDIT_LOG__KEY", SECRET.to_owned()),
            ("OPERATION_LOG__ENABLED", "true".to_owned()),
            ("HEALTH__INTERVAL", "100ms".to_owned()),
            ("SERVER__HTTP__ADDR", http.to_string()),
            ("SERVER__HTTP__RATE_LIMIT__REQUESTS", "1000000".to_owned()),
            (
                "SERVER__HTTP__RATE_LIMIT__REDIS__URL",
                format!("redis://{}", to_redis.address()),
            ),
            (
                "SERVER__HTTP__RATE_LIMIT__REDIS__ON_FAILURE",
                "local".to_owned(),
            ),
            ("SERVER__GRPC__ADDR", free_address().unwrap().to_string()),
            ("SERVER__GRPC__TLS__CERTIFICATE", file("tls.crt")),
            ("SERVER__GRPC__TLS__KEY", file("tls.key")),
            ("SERVER__GRPC__TLS__RELOAD_INTERVAL", "200ms".to_owned()),
            ("ADMIN__ADDR", admin.to_string()),
            ("ADMIN__TOKEN", ADMIN_TOKEN.to_owned()),
        ]);
        let service = Path::new(env!("CARGO_BIN_EXE_city-events-join"));
        let join = ProgramServer::new(service, environment.clone(), admin).unwrap();

        let overlay = Overlay::read(OVERLAY).unwrap();
        let files = render(&[facts(admin.port())], &overlay).unwrap();
        let mut rules = files["prometheus/join-service.rules.yaml"].clone();
        for [window, shorter] in LONG_WINDOWS {
            rules = rules.replace(window, shorter);
        }
        let rules = compress(&rules, FACTOR);
        let (before, after) = rules.rsplit_once(LATE_WORKER).unwrap();
        assert!(after.contains(LATE[0]), "{rules}");
        let after = after.replacen(LATE[0], LATE[1], 1);
        let rules = format!("{before}{LATE_WORKER}{after}");
        let observed = ObservedService {
            name: "join-service",
            program: service,
            config: settings_of(&join),
            environment: environment.clone(),
            admin,
            token: ADMIN_TOKEN,
        };
        let alerts = Alerts::start(program, &rules, files, observed);
        let mut subject = Self {
            join,
            http,
            environment,
            database,
            broker,
            to_database,
            to_broker,
            to_redis,
            _redis: redis,
            authority,
            certificates,
            alerts: alerts.unwrap(),
        };
        subject.use_certificate(24 * 90 * HOUR);
        subject.change_settings("{}\n");
        subject.join.start().unwrap();
        Some(subject)
    }

    /// Replaces the certificate of the gRPC listener by one that expires after this time.
    fn use_certificate(&self, lifetime: Duration) {
        let identity = self.authority.server_for(lifetime).unwrap();
        for (from, name) in [(identity.certificate, "tls.crt"), (identity.key, "tls.key")] {
            fs::copy(from, self.certificates.path().join(name)).unwrap();
        }
    }

    /// Replaces the file of the settings, which the service watches.
    fn change_settings(&self, text: &str) {
        let folder = settings_of(&self.join);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.yaml"), text).unwrap();
    }
}

/// The folder in which the program looks for its settings.
fn settings_of(join: &ProgramServer) -> PathBuf {
    join.folder().join("config")
}

/// Sends reads, and commands that the service rejects, until `is_over`.
async fn send_traffic(http: SocketAddr, is_over: Arc<AtomicBool>) {
    let (client, user) = (reqwest::Client::new(), token(new_id()));
    while !is_over.load(Ordering::Relaxed) {
        let read = client.get(format!("http://{http}/api/v1/me/joins"));
        tokio::spawn(read.bearer_auth(&user).send());
        let command = client.post(format!("http://{http}/api/v1/join")).body("{}");
        tokio::spawn(command.bearer_auth(&user).send());
        tokio::time::sleep(TRAFFIC_INTERVAL).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alerts_fire_and_resolve_with_their_faults_obs_9_ship_4() {
    let _lock = RABBITMQ_LOCK.lock().await;
    let Some(mut subject) = Subject::start().await else {
        return;
    };
    let Some(events) = Events::start(&subject).await else {
        return;
    };
    let is_over = Arc::new(AtomicBool::new(false));
    let traffic = tokio::spawn(send_traffic(subject.http, Arc::clone(&is_over)));
    // Prometheus has the traffic, and no alert fires.
    let requests = "sum(rate(join_service_http_requests_total[2s])) > 0";
    eventually(async || subject.alerts.prometheus().query(requests).unwrap() != json!([])).await;
    let nothing = std::collections::BTreeSet::new();
    eventually(async || subject.alerts.firing().unwrap() == nothing).await;

    dependencies::database_is_down(&subject, &events).await;
    dependencies::broker_is_down(&subject, &events).await;
    dependencies::redis_is_down(&subject).await;
    dependencies::messages_are_invalid(&subject).await;
    process::certificate_is_invalid_or_expires(&subject).await;
    process::settings_are_invalid(&subject).await;
    process::descriptors_are_used_up(&subject).await;
    process::process_ends(&mut subject).await;
    subject.alerts.resolves(&["ErrorBudgetBurnSlow"]).await;

    is_over.store(true, Ordering::Relaxed);
    traffic.await.unwrap();
    events.stop().await;
}
