use std::{
    collections::BTreeMap,
    net::SocketAddr,
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use seaworthy_testkit::{
    postgres::PostgresServer, program::ProgramServer, rabbitmq::RabbitmqServer, redis::RedisServer,
    requirement::required, server::free_address,
};
use tokio::sync::MutexGuard;
use uuid::Uuid;

use crate::{balancer::Balancer, people::Door, programs::program};

/// The services in the order in which they are started, each with what its own settings are called by.
pub(crate) const SERVICES: [(&str, &str); 6] = [
    ("auth", "AUTH_SERVICE"),
    ("event", "EVENT_SERVICE"),
    ("join", "JOIN_SERVICE"),
    ("feed", "FEED_SERVICE"),
    ("email", "EMAIL_SERVICE"),
    ("bff", "BFF"),
];
/// Whatever was away is back by then: breakers wait, connections are tried again, two cores are shared.
const PATIENCE: Duration = Duration::from_secs(60);

/// One platform at a time: each is nine processes.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Where one process of a service listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    pub(crate) http: SocketAddr,
    pub(crate) grpc: SocketAddr,
    pub(crate) operators: SocketAddr,
}

impl Addresses {
    fn free() -> Self {
        let free = || free_address().unwrap();
        Self {
            http: free(),
            grpc: free(),
            operators: free(),
        }
    }
}

/// A server that is stopped and started while others go on.
pub(crate) struct Dependency<S>(Arc<Mutex<S>>);

impl<S: Send + 'static> Dependency<S> {
    fn new(server: S) -> Self {
        Self(Arc::new(Mutex::new(server)))
    }

    /// Does something with it on another thread.
    pub(crate) async fn with(&self, work: impl FnOnce(&mut S) + Send + 'static) {
        let server = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            work(&mut server.lock().unwrap_or_else(PoisonError::into_inner));
        });
        done.await.unwrap();
    }
}

/// The platform as it is run for real: PostgreSQL, Redis and RabbitMQ, and each service a process that is told all by its environment.
pub(crate) struct Cluster {
    pub(crate) postgres: Dependency<PostgresServer>,
    pub(crate) redis: Dependency<RedisServer>,
    pub(crate) rabbitmq: Dependency<RabbitmqServer>,
    /// The replicas of each.
    pub(crate) services: BTreeMap<&'static str, Vec<ProgramServer>>,
    /// Where the first replica of each is asked by operators.
    pub(crate) operators: BTreeMap<&'static str, SocketAddr>,
    pub(crate) secret: String,
    /// The URL of the join service's database.
    pub(crate) joins: String,
    pub(crate) door: Door,
    /// Where the pages and the mailbox of mail are.
    pub(crate) mail: SocketAddr,
    _balancers: Vec<Balancer>,
    _turn: MutexGuard<'static, ()>,
}

impl Deref for Cluster {
    type Target = Door;

    fn deref(&self) -> &Door {
        &self.door
    }
}

impl Cluster {
    /// All of it, or nothing where a server is not installed.
    pub(crate) async fn open() -> Option<Self> {
        Self::open_with(&[], 1).await
    }

    /// The same with settings of services, such as `JOIN_SERVICE__LOG__LEVEL`, and so many processes of each. Where they are several, each service has an address that leads to those that are ready, as that
    /// of an orchestrator does.
    pub(crate) async fn open_with(more: &[(&str, &str)], replicas: usize) -> Option<Self> {
        let postgres = required("SEAWORTHY_TEST_POSTGRES")?;
        let redis = required("SEAWORTHY_TEST_REDIS_SERVER")?;
        let rabbitmq = required("SEAWORTHY_TEST_RABBITMQ")?;
        let turn = TURN.lock().await;
        let many = ["fsync=off", "max_connections=200"];
        let postgres = PostgresServer::start_with(postgres, &many).unwrap();
        let redis = RedisServer::start(redis).unwrap();
        let rabbitmq = RabbitmqServer::start(rabbitmq).unwrap();
        let secret = Uuid::new_v4().simple().to_string();
        let own: BTreeMap<_, _> = SERVICES
            .map(|(name, _)| {
                let replicas = (0..replicas).map(|_| Addresses::free());
                (name, replicas.collect::<Vec<_>>())
            })
            .into();
        let mut balancers = Vec::new();
        let mut all = BTreeMap::new();
        for (name, replicas) in &own {
            let [only] = replicas.as_slice() else {
                let shared = Addresses::free();
                balancers.push(Balancer::open(shared.http, replicas, |one| one.http).await);
                balancers.push(Balancer::open(shared.grpc, replicas, |one| one.grpc).await);
                all.insert(*name, shared);
                continue;
            };
            all.insert(*name, *only);
        }
        let mut databases = BTreeMap::new();
        for (name, _) in SERVICES {
            databases.insert(name, postgres.database(name).unwrap());
        }
        let joins = databases["join"].clone();
        let mut services = BTreeMap::new();
        for (name, prefix) in SERVICES {
            let mut settings = settings(name, &all, &secret);
            let counters = match name {
                "auth" | "bff" | "email" => Some("RATE_LIMIT__REDIS__ADDRESS"),
                "feed" => Some("TRACK__REDIS__ADDRESS"),
                _ => None,
            };
            settings.extend(counters.map(|key| (key.to_owned(), redis.url())));
            if name != "bff" {
                settings.extend([
                    ("DATABASE__URL".to_owned(), databases[name].clone()),
                    ("DATABASE__MIGRATE_AT_START".to_owned(), "true".to_owned()),
                    ("BROKER__URL".to_owned(), rabbitmq.url()),
                ]);
            }
            let more = more.iter().filter_map(|(key, value)| {
                let key = key.strip_prefix(prefix)?.strip_prefix("__")?;
                Some((key.to_owned(), (*value).to_owned()))
            });
            settings.extend(more);
            let mut replicas = Vec::new();
            for addresses in &own[name] {
                let listens = listens(name, *addresses);
                let environment = settings.iter().cloned().chain(listens);
                let environment =
                    environment.map(|(key, value)| (format!("{prefix}__{key}"), value));
                let environment = environment.collect();
                let server = ProgramServer::new(
                    program(&format!("city-events-{name}")),
                    environment,
                    addresses.operators,
                );
                replicas.push(server.unwrap());
            }
            services.insert(name, replicas);
        }
        let mut cluster = Self {
            postgres: Dependency::new(postgres),
            redis: Dependency::new(redis),
            rabbitmq: Dependency::new(rabbitmq),
            services,
            operators: own
                .iter()
                .map(|(name, replicas)| (*name, replicas[0].operators))
                .collect(),
            secret,
            joins,
            door: Door::at(all["bff"].http, all["email"].http),
            mail: all["email"].http,
            _balancers: balancers,
            _turn: turn,
        };
        for (name, _) in SERVICES {
            for server in cluster.services.get_mut(name).unwrap() {
                server.start().unwrap();
            }
        }
        Some(cluster)
    }

    /// The only process of a service.
    pub(crate) fn service(&mut self, name: &str) -> &mut ProgramServer {
        self.services.get_mut(name).unwrap().first_mut().unwrap()
    }

    /// Every process is the one that was started.
    pub(crate) fn all_run(&mut self) {
        for (name, servers) in &mut self.services {
            for server in servers {
                let told = server.log().unwrap();
                assert!(server.is_running(), "{name} has ended: {}", end(&told));
            }
        }
    }

    /// Waits until every service says that it is ready.
    pub(crate) async fn all_ready(&self) {
        let begun = Instant::now();
        let servers = || {
            self.services
                .iter()
                .flat_map(|(name, servers)| servers.iter().map(move |server| (name, server)))
        };
        while let Some((name, server)) = servers().find(|(_, server)| !server.is_ready()) {
            assert!(
                begun.elapsed() < PATIENCE,
                "{name} is not ready again: {}",
                end(&server.log().unwrap())
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The end of what a service said.
fn end(log: &str) -> &str {
    let from = log.ceil_char_boundary(log.len().saturating_sub(4_000));
    log.get(from..).unwrap_or_default()
}

/// Where a process listens.
fn listens(name: &str, addresses: Addresses) -> Vec<(String, String)> {
    let mut all = vec![
        ("SERVER__HTTP__ADDR", addresses.http),
        ("ADMIN__ADDR", addresses.operators),
    ];
    if ["auth", "event", "join"].contains(&name) {
        all.push(("SERVER__GRPC__ADDR", addresses.grpc));
    }
    let all = all.into_iter();
    all.map(|(key, address)| (key.to_owned(), address.to_string()))
        .collect()
}

/// What every process of a service is told, but for its servers.
fn settings(name: &str, all: &BTreeMap<&str, Addresses>, secret: &str) -> Vec<(String, String)> {
    let mut settings = vec![
        ("PROFILE", "development".to_owned()),
        ("LOG__FORMAT", "json".to_owned()),
        ("LOG__LEVEL", "warn".to_owned()),
    ];
    let secret = || secret.to_owned();
    if name != "email" {
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
    let of = |address: SocketAddr| format!("http://{address}");
    match name {
        "auth" => settings.push(("RATE_LIMIT__ENABLED", "false".to_owned())),
        "email" => settings.push(("AUTH_URL", of(all["auth"].http))),
        "feed" => settings.push(("ANONYMOUS__SECRET", secret())),
        "bff" => settings.extend([
            ("GRPC_CLIENTS__AUTH__URL", of(all["auth"].grpc)),
            ("GRPC_CLIENTS__EVENT__URL", of(all["event"].grpc)),
            ("GRPC_CLIENTS__JOIN__URL", of(all["join"].grpc)),
            ("CLIENTS__AUTH__BASE_URL", of(all["auth"].http)),
            ("CLIENTS__FEED__BASE_URL", of(all["feed"].http)),
            // Counted, and never reached here.
            ("RATE_LIMIT__REQUESTS", "1000000".to_owned()),
        ]),
        _ => {}
    }
    let settings = settings.into_iter();
    settings
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}
