use std::{
    collections::BTreeMap,
    io::ErrorKind,
    net::SocketAddr,
    path::PathBuf,
    sync::{Mutex, RwLock},
    time::{Duration, Instant},
};

use seaworthy::{
    data::{Database, DatabaseConfig, sql},
    prelude::Timeout,
};
use seaworthy_testkit::{
    http::{HttpResponse, request},
    process::ServiceProcess,
    worker,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tutoring_contract::events::TrainerChanged;
use tutoring_testkit::SERVICES;
use uuid::Uuid;

pub(crate) use tutoring_testkit::{data, json_of, wait_for};

use crate::{
    bought::{API_KEY, API_SECRET},
    broker::Broker,
    clock::ShiftedClock,
    outage::Held,
    peer::Peer,
    provider::Provider,
    test_servers::TestServers,
    tokens::operator_token,
};

/// The maximum time that these tests wait for a condition.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// The centre of the only zone.
pub(crate) const CENTRE: (f64, f64) = (12.3, 76.6);
/// The running program with its data, and the provider, which survives a crash of the program.
pub(crate) struct TestPlatform {
    pub(crate) provider: Provider,
    /// Comes before `servers`, so that it is dropped first.
    process: Mutex<Option<ServiceProcess>>,
    servers: TestServers,
    /// The HTTP and the admin listener of each service.
    addresses: RwLock<BTreeMap<&'static str, (SocketAddr, SocketAddr)>>,
    /// One restart at a time.
    restarts: Mutex<()>,
    folder: TempDir,
    course: Uuid,
    clock: Option<ShiftedClock>,
}

fn settings(provider: SocketAddr) -> Vec<String> {
    let mut set = Vec::new();
    for (service, _) in SERVICES {
        set.push(format!("{service}.log.level=error"));
    }
    set.extend([
        "gateway.limits.public=100000".to_owned(),
        "gateway.limits.student=100000".to_owned(),
        "gateway.limits.trainer=100000".to_owned(),
        "gateway.limits.admin=100000".to_owned(),
        "payment.limits.enabled=false".to_owned(),
        "admin.limits.enabled=false".to_owned(),
        "payment.provider.kind=razorpay".to_owned(),
        format!("payment.provider.key_id={API_KEY}"),
        format!("payment.provider.key_secret={API_SECRET}"),
        format!(
            "payment.provider.webhook_secret={}",
            crate::bought::WEBHOOK_SECRET
        ),
        format!("payment.clients.razorpay.base_url=http://{provider}"),
        "payment.clients.razorpay.policies.attempt_timeout=1s".to_owned(),
        // The tests let more calls fail than a breaker accepts.
        "payment.clients.razorpay.policies.breaker.mode=off".to_owned(),
    ]);
    for service in [
        "gateway",
        "payment",
        "booking",
        "course",
        "student",
        "notification",
    ] {
        set.push(format!("{service}.server.http.rate_limit.enabled=false"));
    }
    set
}

impl TestPlatform {
    /// Starts the program with one zone and the sample course.
    pub(crate) async fn start(servers: TestServers) -> Self {
        Self::start_with(servers, None).await
    }

    /// The same, with a clock that the test moves.
    pub(crate) async fn start_with(servers: TestServers, clock: Option<ShiftedClock>) -> Self {
        let mut app = Self {
            provider: Provider::start(API_KEY, API_SECRET).await,
            process: Mutex::default(),
            servers,
            addresses: RwLock::default(),
            restarts: Mutex::default(),
            folder: TempDir::new().unwrap(),
            course: Uuid::nil(),
            clock,
        };
        app.run();
        let (latitude, longitude) = CENTRE;
        let centre = json!({ "latitude": latitude, "longitude": longitude });
        let operator = operator_token();
        let city = json!({ "name": "Mysuru", "centre": centre });
        let city = data(&app.call("POST", "/booking/cities", &operator, &city));
        let zone =
            json!({ "cityId": city["id"], "name": "East", "centre": centre, "radiusKm": 10 });
        data(&app.call("POST", "/booking/zones", &operator, &zone));
        let courses = data(&app.call("GET", "/courses", "", &Value::Null));
        app.course = courses["items"][0]["id"].as_str().unwrap().parse().unwrap();
        for service in ["payment", "booking"] {
            let database = app.database(service).await;
            app.wait_for_row(
                &database,
                match service {
                    "payment" => "SELECT COUNT(*) FROM courses",
                    _ => "SELECT COUNT(*) FROM course_copies",
                },
            )
            .await;
        }
        app
    }

    pub(crate) async fn wait_for_row(&self, database: &Database, count: &'static str) {
        let started = Instant::now();
        loop {
            let (found,): (u64,) = sql(count).fetch_one(database).await.unwrap();
            if found > 0 {
                return;
            }
            assert!(started.elapsed() < TIMEOUT, "{count} is 0");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    pub(crate) fn course(&self) -> Uuid {
        self.course
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts the program, or the one that `SEAWORTHY_TEST_TUTORING` names, such as a dist build.
    /// An earlier process must have been killed.
    pub(crate) fn run(&self) {
        let data = self.data();
        let mut arguments = vec!["--data", data.to_str().unwrap(), "--free-ports", "--empty"];
        let mut settings = settings(self.provider.address);
        settings.extend(self.servers.platform.settings());
        arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        let other = std::env::var_os("SEAWORTHY_TEST_TUTORING");
        let program = other.map_or_else(|| env!("CARGO_BIN_EXE_tutoring").into(), PathBuf::from);
        let environment = self.clock.as_ref().map(ShiftedClock::environment);
        let environment = environment.unwrap_or_default();
        let environment: Vec<_> = environment
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let mut process = ServiceProcess::spawn(&program, &arguments, &environment).unwrap();
        process.line("Tutoring is running").unwrap();
        let mut addresses = BTreeMap::new();
        for (service, _) in SERVICES {
            let line = process.line(&format!("    {service:<14} http://")).unwrap();
            let mut found = line.split("http://").skip(1);
            let mut address = || -> SocketAddr {
                let text = found.next().and_then(|rest| rest.split_whitespace().next());
                text.unwrap().parse().unwrap()
            };
            addresses.insert(service, (address(), address()));
        }
        *self.addresses.write().unwrap() = addresses;
        *self.process.lock().unwrap() = Some(process);
    }

    /// Sets the clock of the program to a time in seconds since 1970.
    pub(crate) fn set_clock(&self, seconds: i64) {
        self.clock.as_ref().unwrap().set(seconds);
    }

    /// Kills the program with SIGKILL.
    pub(crate) fn kill(&self) {
        drop(self.process.lock().unwrap().take());
        // The leases of workers, which last for seconds. Time passes before a real restart.
        for service in ["payment", "booking"] {
            for suffix in ["", "-wal", "-shm"] {
                let file = self.data().join(format!("{service}.db-leases{suffix}"));
                let _ = std::fs::remove_file(file);
            }
            if self.servers.platform.database(service).is_some() {
                tokio::task::block_in_place(|| {
                    tokio::runtime::Handle::current().block_on(self.end_leases(service));
                });
            }
        }
    }

    async fn end_leases(&self, service: &str) {
        let database = self.database(service).await;
        let ended = sql("DELETE FROM leases").execute(&database).await;
        ended.unwrap();
    }

    /// Kills the program and starts it again.
    pub(crate) fn restart(&self) {
        let _alone = self.restarts.lock().unwrap();
        self.kill();
        self.run();
    }

    pub(crate) fn address(&self, service: &str) -> (SocketAddr, SocketAddr) {
        self.addresses.read().unwrap()[service]
    }

    /// Connects to the database of a service, or to the file of the broker.
    pub(crate) async fn database(&self, name: &str) -> Database {
        let file = self.data().join(format!("{name}.db"));
        let server = self.servers.platform.database(name);
        let url = server.map_or_else(
            || format!("sqlite:{}", file.display()),
            |database| database.url().to_owned(),
        );
        let config = DatabaseConfig {
            url: url.parse().unwrap(),
            // A test that holds a database for the 60 s of an outage needs more than the default.
            transaction_timeout: Timeout::from_secs(10 * 60),
            ..DatabaseConfig::default()
        };
        Database::builder("test", config).open().await.unwrap()
    }

    /// Returns the settings of the broker of all services.
    pub(crate) fn broker(&self) -> Vec<String> {
        let file = format!("url=sqlite:{}", self.data().join("broker.db").display());
        let settings = match self.servers.broker {
            Broker::File => vec![file],
            #[cfg(feature = "kafka")]
            Broker::Kafka { .. } => self.servers.broker.settings(),
        };
        let broker = settings.into_iter();
        broker.map(|setting| format!("broker.{setting}")).collect()
    }

    /// Makes the broker unavailable.
    pub(crate) async fn hold_broker(&self) -> Held {
        match &self.servers.broker {
            Broker::File => Held::new(self, "broker").await,
            #[cfg(feature = "kafka")]
            Broker::Kafka { server, .. } => Held::freeze(std::sync::Arc::clone(server)),
        }
    }

    pub(crate) fn broker_is_file(&self) -> bool {
        matches!(self.servers.broker, Broker::File)
    }

    /// Sends a request to the gateway. Returns `None` if the program was killed meanwhile.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        token: &str,
        more: &[(&str, &str)],
        body: &str,
    ) -> Option<HttpResponse> {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("content-type", "application/json")];
        if !token.is_empty() {
            headers.push(("authorization", &bearer));
        }
        headers.extend(more);
        let (gateway, _) = self.address("gateway");
        request(gateway, method, &format!("/api/v1{path}"), &headers, body).ok()
    }

    pub(crate) fn try_call(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: &Value,
    ) -> Option<HttpResponse> {
        let body = match body.is_null() {
            true => String::new(),
            false => body.to_string(),
        };
        self.send(method, path, token, &[], &body)
    }

    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> HttpResponse {
        let answer = self.try_call(method, path, token, body);
        answer.unwrap()
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> Value {
        data(&self.call("GET", path, token, &Value::Null))
    }

    /// Runs a worker of a service. Returns `false` if the program was killed meanwhile.
    pub(crate) fn run_worker(&self, service: &str, name: &str) -> bool {
        let (_, admin) = self.address(service);
        match worker::run(admin, name) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::TimedOut => panic!("{error}"),
            Err(_) => false,
        }
    }

    /// Announces an approved trainer in the zone, and waits until booking knows it.
    pub(crate) async fn approve(&self, peer: &Peer, rating: f64) -> Uuid {
        let trainer_id = Uuid::new_v4();
        let account = json!({
            "approvalStatus": "approved", "gender": "female", "courses": [self.course],
            "specialties": ["Robotics"], "yearsOfExperience": 3,
            "location": { "latitude": CENTRE.0, "longitude": CENTRE.1 },
        });
        let profile = json!({ "rating": rating, "weekly": { "slots": [] } });
        for snapshot in [account, profile] {
            let version = 1;
            let changed = TrainerChanged {
                trainer_id,
                version,
                snapshot,
            };
            peer.publish(changed).await;
        }
        let database = self.database("booking").await;
        #[expect(clippy::cast_possible_truncation, reason = "a rating is at most 5")]
        let tenths = (rating * 10.0).round() as i64;
        let started = Instant::now();
        loop {
            let found: Option<(Uuid,)> =
                sql("SELECT trainer_id FROM candidates WHERE trainer_id = ? AND rating_tenths = ?")
                    .bind(trainer_id)
                    .bind(tenths)
                    .fetch_optional(&database)
                    .await
                    .unwrap();
            if found.is_some() {
                return trainer_id;
            }
            assert!(started.elapsed() < TIMEOUT, "the trainer did not arrive");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}
