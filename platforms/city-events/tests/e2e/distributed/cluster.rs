use std::{
    collections::BTreeMap,
    net::SocketAddr,
    ops::Deref,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use seaworthy_testkit::{
    postgres::PostgresServer, program::ProgramServer, rabbitmq::RabbitmqServer, redis::RedisServer,
    requirement::required, server::free_address,
};
use tempfile::TempDir;
use tokio::sync::RwLockWriteGuard;
use uuid::Uuid;

use super::balancer::Balancer;
use crate::{client::Gateway, eventually::TIMEOUT, machine, programs::program};

/// Selects the port of a protocol.
type Port = fn(&Addresses) -> SocketAddr;

/// The services in the order of their start, with the prefixes of their variables.
pub(crate) const SERVICES: [(&str, &str); 8] = [
    ("auth", "AUTH_SERVICE"),
    ("event", "EVENT_SERVICE"),
    ("join", "JOIN_SERVICE"),
    ("feed", "FEED_SERVICE"),
    ("email", "EMAIL_SERVICE"),
    ("media", "MEDIA_SERVICE"),
    (MEDIA_WORKER, "MEDIA_WORKER"),
    ("bff", "BFF"),
];
/// Settings of PostgreSQL for measurements.
const DURABLE: &[&str] = &["fsync=on", "max_connections=200"];
/// Settings of PostgreSQL for tests of behaviour.
const FAST: &[&str] = &["fsync=off", "max_connections=200"];
/// The worker of the media service, with its database and its files.
const MEDIA_WORKER: &str = "media-worker";

/// The addresses of one process of a service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    pub(crate) http: SocketAddr,
    pub(crate) grpc: SocketAddr,
    pub(crate) admin: SocketAddr,
}

impl Addresses {
    fn free() -> Self {
        let free = || free_address().unwrap();
        Self {
            http: free(),
            grpc: free(),
            admin: free(),
        }
    }
}

/// A server that tests stop and start.
pub(crate) struct Dependency<S>(Arc<Mutex<S>>);

impl<S: Send + 'static> Dependency<S> {
    fn new(server: S) -> Self {
        Self(Arc::new(Mutex::new(server)))
    }

    /// Returns a property of the server, such as its process ID.
    pub(crate) fn get<T>(&self, property: impl FnOnce(&S) -> T) -> T {
        property(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs `work` on a blocking thread.
    pub(crate) async fn with(&self, work: impl FnOnce(&mut S) + Send + 'static) {
        let server = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            work(&mut server.lock().unwrap_or_else(PoisonError::into_inner));
        });
        done.await.unwrap();
    }
}

/// The platform as in production: PostgreSQL, Redis, RabbitMQ, and processes that read their
/// settings from the environment.
pub(crate) struct Cluster {
    pub(crate) postgres: Dependency<PostgresServer>,
    pub(crate) redis: Dependency<RedisServer>,
    pub(crate) rabbitmq: Dependency<RabbitmqServer>,
    /// The replicas of each service.
    pub(crate) services: BTreeMap<&'static str, Vec<ProgramServer>>,
    /// The secret that signs access tokens.
    pub(crate) secret: String,
    /// The variables of the last replica of each service.
    environments: BTreeMap<&'static str, Vec<(String, String)>>,
    /// The URL of the database of each service.
    pub(crate) databases: BTreeMap<&'static str, String>,
    pub(crate) gateway: Gateway,
    /// The HTTP address of the e-mail service.
    pub(crate) email: SocketAddr,
    /// The balancers of each service with several replicas: for HTTP and for gRPC.
    pub(crate) balancers: BTreeMap<&'static str, Vec<Balancer>>,
    /// The addresses of each replica.
    pub(crate) addresses: BTreeMap<&'static str, Vec<Addresses>>,
    /// The uploaded files and the pictures.
    _files: TempDir,
    _machine: RwLockWriteGuard<'static, ()>,
}

impl Deref for Cluster {
    type Target = Gateway;

    fn deref(&self) -> &Gateway {
        &self.gateway
    }
}

impl Cluster {
    /// Starts all services. Returns `None` if a server is not installed.
    pub(crate) async fn start() -> Option<Self> {
        Self::start_with(&[], 1).await
    }

    /// Starts services with additional variables, such as `JOIN_SERVICE__LOG__LEVEL`, and this
    /// number of replicas of each. A balancer distributes connections to several replicas.
    pub(crate) async fn start_with(variables: &[(&str, &str)], replicas: usize) -> Option<Self> {
        let mut cluster = Self::prepare(variables, replicas).await?;
        cluster.start_services().await;
        Some(cluster)
    }

    /// Starts services on a PostgreSQL that waits for the disk at each commit, as in production.
    pub(crate) async fn start_durable(variables: &[(&str, &str)]) -> Option<Self> {
        let mut cluster = Self::prepare_on(DURABLE, variables, |_| 1, false).await?;
        cluster.start_services().await;
        Some(cluster)
    }

    /// Prepares services that [`start_services`](Self::start_services) starts, with empty
    /// databases.
    pub(crate) async fn prepare(variables: &[(&str, &str)], replicas: usize) -> Option<Self> {
        Self::prepare_each(variables, |_| replicas, false).await
    }

    /// The same, with a number of replicas for each service. With `is_orchestrated` no process
    /// starts by itself, and balancers forward only to the replicas that the test adds.
    pub(crate) async fn prepare_each(
        variables: &[(&str, &str)],
        replicas: impl Fn(&str) -> usize,
        is_orchestrated: bool,
    ) -> Option<Self> {
        Self::prepare_on(FAST, variables, replicas, is_orchestrated).await
    }

    async fn prepare_on(
        postgres_settings: &[&str],
        variables: &[(&str, &str)],
        replicas: impl Fn(&str) -> usize,
        is_orchestrated: bool,
    ) -> Option<Self> {
        let postgres = required("SEAWORTHY_TEST_POSTGRES")?;
        let redis = required("SEAWORTHY_TEST_REDIS_SERVER")?;
        let rabbitmq = required("SEAWORTHY_TEST_RABBITMQ")?;
        let machine = machine::exclusive().await;
        let postgres = PostgresServer::start_with(postgres, postgres_settings).unwrap();
        let redis = RedisServer::start(redis).unwrap();
        let rabbitmq = RabbitmqServer::start(rabbitmq).unwrap();
        let secret = Uuid::new_v4().simple().to_string();
        let replica_addresses: BTreeMap<_, _> = SERVICES
            .map(|(name, _)| {
                let replicas = (0..replicas(name)).map(|_| Addresses::free());
                (name, replicas.collect::<Vec<_>>())
            })
            .into();
        let mut balancers: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut all = BTreeMap::new();
        for (name, replicas) in &replica_addresses {
            let [only] = replicas.as_slice() else {
                let shared = Addresses::free();
                let ports: [(SocketAddr, Port); 2] = [
                    (shared.http, |replica| replica.http),
                    (shared.grpc, |replica| replica.grpc),
                ];
                for (address, port) in ports {
                    balancers
                        .entry(*name)
                        .or_default()
                        .push(if is_orchestrated {
                            Balancer::without_probes(address, port).await
                        } else {
                            Balancer::open(address, replicas, port).await
                        });
                }
                all.insert(*name, shared);
                continue;
            };
            all.insert(*name, *only);
        }
        let mut databases: BTreeMap<_, String> = BTreeMap::new();
        for (name, _) in SERVICES {
            let url = match name {
                MEDIA_WORKER => databases["media"].clone(),
                _ => postgres.database(name).unwrap(),
            };
            databases.insert(name, url);
        }
        let files = tempfile::tempdir().unwrap();
        let mut services = BTreeMap::new();
        let mut environments = BTreeMap::new();
        for (name, prefix) in SERVICES {
            let mut settings = settings(name, &all, &secret);
            let redis_key = match name {
                "auth" | "bff" | "email" => Some("RATE_LIMIT__REDIS__ADDRESS"),
                "feed" => Some("TRACKING__REDIS__ADDRESS"),
                _ => None,
            };
            settings.extend(redis_key.map(|key| (key.to_owned(), redis.url())));
            if ["media", MEDIA_WORKER].contains(&name) {
                let folder = |name: &str| format!("file:{}", files.path().join(name).display());
                settings.extend([
                    ("RAW__URL".to_owned(), folder("raw")),
                    ("PUBLIC__URL".to_owned(), folder("public")),
                    ("RAW__SIGNING_KEY".to_owned(), secret.clone()),
                ]);
            }
            if name != "bff" {
                settings.extend([
                    ("DATABASE__URL".to_owned(), databases[name].clone()),
                    ("DATABASE__MIGRATE_AT_START".to_owned(), "true".to_owned()),
                    ("BROKER__URL".to_owned(), rabbitmq.url()),
                ]);
            }
            let variables = variables.iter().filter_map(|(key, value)| {
                let key = key.strip_prefix(prefix)?.strip_prefix("__")?;
                Some((key.to_owned(), (*value).to_owned()))
            });
            settings.extend(variables);
            let mut replicas = Vec::new();
            for addresses in &replica_addresses[name] {
                let listeners = listeners(name, *addresses);
                let environment = settings.iter().cloned().chain(listeners);
                let environment =
                    environment.map(|(key, value)| (format!("{prefix}__{key}"), value));
                let environment: Vec<_> = environment.collect();
                environments.insert(name, environment.clone());
                let server = ProgramServer::new(
                    program(&format!("city-events-{name}")),
                    environment,
                    addresses.admin,
                );
                replicas.push(server.unwrap());
            }
            services.insert(name, replicas);
        }
        Some(Self {
            postgres: Dependency::new(postgres),
            redis: Dependency::new(redis),
            rabbitmq: Dependency::new(rabbitmq),
            services,
            secret,
            environments,
            databases,
            gateway: Gateway::new(all["bff"].http, all["email"].http),
            email: all["email"].http,
            balancers,
            addresses: replica_addresses,
            _files: files,
            _machine: machine,
        })
    }

    /// Starts the services one after the other, each when the one before is ready.
    pub(crate) async fn start_services(&mut self) {
        for (name, _) in SERVICES {
            for server in self.services.get_mut(name).unwrap() {
                server.start().unwrap();
            }
        }
        self.wait_until_ready().await;
    }

    /// Starts all services at the same time, without waiting.
    pub(crate) fn begin_services(&mut self) {
        for server in self.services.values_mut().flatten() {
            server.begin().unwrap();
        }
    }

    /// Runs a command of a service with its settings, and checks that it succeeds.
    pub(crate) fn run(&self, name: &str, arguments: &[&str]) {
        let ended = Command::new(program(&format!("city-events-{name}")))
            .args(arguments)
            .envs(self.environments[name].iter().cloned())
            .output()
            .unwrap();
        assert!(ended.status.success(), "{name} {arguments:?}: {ended:?}");
    }

    /// Returns the first process of a service.
    pub(crate) fn service(&mut self, name: &str) -> &mut ProgramServer {
        self.services.get_mut(name).unwrap().first_mut().unwrap()
    }

    /// Checks that no process has ended.
    pub(crate) fn assert_running(&mut self) {
        for (name, servers) in &mut self.services {
            for server in servers {
                let log = server.log().unwrap();
                assert!(server.is_running(), "{name} has ended: {}", tail(&log));
            }
        }
    }

    /// Waits until all services are ready.
    pub(crate) async fn wait_until_ready(&mut self) {
        let start = Instant::now();
        for (name, servers) in &mut self.services {
            for server in servers {
                while !server.is_ready() {
                    let is_starting = server.is_running() && start.elapsed() < TIMEOUT;
                    let log = || server.log().unwrap();
                    assert!(is_starting, "{name} is not ready: {}", tail(&log()));
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        }
    }
}

/// Returns the last 4,000 bytes of a log.
fn tail(log: &str) -> &str {
    let from = log.ceil_char_boundary(log.len().saturating_sub(4_000));
    log.get(from..).unwrap_or_default()
}

/// Returns the variables of the listeners of a process.
fn listeners(name: &str, addresses: Addresses) -> Vec<(String, String)> {
    let mut all = vec![
        ("SERVER__HTTP__ADDR", addresses.http),
        ("ADMIN__ADDR", addresses.admin),
    ];
    if ["auth", "event", "join"].contains(&name) {
        all.push(("SERVER__GRPC__ADDR", addresses.grpc));
    }
    let all = all.into_iter();
    all.map(|(key, address)| (key.to_owned(), address.to_string()))
        .collect()
}

/// Returns the variables of a service, without those of databases and servers.
fn settings(name: &str, all: &BTreeMap<&str, Addresses>, secret: &str) -> Vec<(String, String)> {
    let mut settings = vec![
        ("PROFILE", "development".to_owned()),
        ("LOG__FORMAT", "json".to_owned()),
        ("LOG__LEVEL", "warn".to_owned()),
    ];
    let secret = || secret.to_owned();
    if !["email", MEDIA_WORKER].contains(&name) {
        settings.push(("JWT__SECRET", secret()));
    }
    if ["auth", "event", "join"].contains(&name) {
        settings.push(("AUDIT_LOG__KEY", secret()));
    }
    if ["auth", "bff"].contains(&name) {
        settings.push(("SERVICE_CALLS__SECRET", format!("{}-of-calls", secret())));
    }
    if ["auth", "email"].contains(&name) {
        settings.push(("INTERNAL_SECRET", secret()));
    }
    let url = |address: SocketAddr| format!("http://{address}");
    match name {
        "auth" => settings.push(("RATE_LIMIT__ENABLED", "false".to_owned())),
        "email" => settings.push(("AUTH_URL", url(all["auth"].http))),
        "feed" => settings.push(("ANONYMOUS__SECRET", secret())),
        "media" => {
            let own = url(all["media"].http);
            settings.push(("RAW__PUBLIC_URL", format!("{own}/media/files")));
            settings.push(("PICTURES_URL", own));
        }
        "bff" => settings.extend([
            ("GRPC_CLIENTS__AUTH__URL", url(all["auth"].grpc)),
            ("GRPC_CLIENTS__EVENT__URL", url(all["event"].grpc)),
            ("GRPC_CLIENTS__JOIN__URL", url(all["join"].grpc)),
            ("CLIENTS__AUTH__BASE_URL", url(all["auth"].http)),
            ("CLIENTS__FEED__BASE_URL", url(all["feed"].http)),
            ("CLIENTS__MEDIA__BASE_URL", url(all["media"].http)),
            ("PICTURES_URL", url(all["media"].http)),
            ("UPLOADS_URL", url(all["media"].http)),
            // The gateway counts requests in Redis, but the tests stay below the limit.
            ("RATE_LIMIT__REQUESTS", "1000000".to_owned()),
        ]),
        _ => {}
    }
    let settings = settings.into_iter();
    settings
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}
