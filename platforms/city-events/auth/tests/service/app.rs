//! The service with its own database, and a subscriber that records its messages.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use city_events_auth::{AuthConfig, SEED_PASSWORD};
use city_events_contract::messages::{
    AvatarUpdated, PasswordResetRequested, UserChanged, VerifyEmailRequested,
};
use seaworthy::{
    config::{Environment, Loader, Profile},
    data::{Connection as _, DatabaseConfig, Engine},
    messaging::{Event, Messaging, MessagingConfig, Received, Subscription},
    prelude::*,
    service::RunningService,
};
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{HttpResponse, request},
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The maximum time that these tests wait for a condition.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);
pub(crate) const JWT_SECRET: &str = "Qm9hdHMgYXJlIHNhZmUgaW4gaGFyYm91ciwgYnV0";
pub(crate) const INTERNAL_SECRET: &str = "dGhhdCBpcyBub3Qgd2hhdA";
pub(crate) const CALLS_SECRET: &str = "ZGllIExhbXBlIGFtIFRvciBicmVubnQgbm9jaCB1bmQgd2FydGV0";
pub(crate) const PASSWORD: &str = "correct horse battery";

type ReceivedEvents = Arc<Mutex<Vec<(String, Value)>>>;

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct SubscriberConfig {
    broker: MessagingConfig,
}

/// The running service, its database and its broker.
pub(crate) struct TestApp {
    pub(crate) http: SocketAddr,
    pub(crate) grpc: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) database: String,
    broker: String,
    received: ReceivedEvents,
    _auth: RunningService,
    _subscriber: RunningService,
    pub(crate) empty: EmptyDatabase,
    _folder: TempDir,
}

/// A logged-in user.
#[derive(Debug, Clone)]
pub(crate) struct TestUser {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) token: String,
    pub(crate) cookie: String,
}

pub(crate) async fn open(empty: EmptyDatabase) -> TestApp {
    open_with(empty, Profile::Development, &["rate_limit.enabled=false"]).await
}

pub(crate) async fn open_with(empty: EmptyDatabase, profile: Profile, own: &[&str]) -> TestApp {
    let folder = TempDir::new().unwrap();
    let broker = format!(
        "broker.url=sqlite:{}",
        folder.path().join("broker.db").display()
    );
    let received = ReceivedEvents::default();
    let subscriber = start_subscriber(&broker, &received).await;
    let auth = start(empty.url(), &broker, profile, own).await;
    let addresses = auth.addresses();
    TestApp {
        http: addresses.http,
        grpc: addresses.grpc.unwrap(),
        admin: addresses.admin,
        database: empty.url().to_owned(),
        broker,
        received,
        _auth: auth,
        _subscriber: subscriber,
        empty,
        _folder: folder,
    }
}

/// Starts an instance of the service.
async fn start(database: &str, broker: &str, profile: Profile, own: &[&str]) -> RunningService {
    let settings = [
        format!("database.url={database}"),
        broker.to_owned(),
        format!("jwt.secret={JWT_SECRET}"),
        format!("audit_log.key={JWT_SECRET}"),
        format!("internal_secret={INTERNAL_SECRET}"),
        format!("service_calls.secret={CALLS_SECRET}"),
        format!("totp.secret={CALLS_SECRET}"),
        "database.migrate_at_start=true".to_owned(),
        "server.http.addr=127.0.0.1:0".to_owned(),
        "server.grpc.addr=127.0.0.1:0".to_owned(),
        "admin.addr=127.0.0.1:0".to_owned(),
        "server.http.rate_limit.enabled=false".to_owned(),
        "server.http.access_log.enabled=false".to_owned(),
        "log.level=error".to_owned(),
        // Each start hashes the password of the seeded users.
        "passwords.parameters.memory_kib=1024".to_owned(),
        "passwords.parameters.iterations=1".to_owned(),
    ];
    // A setting with the value `null` is left out.
    let is_set = |setting: &String| {
        let (key, _) = setting.split_once('=').unwrap();
        !own.contains(&format!("{key}=null").as_str())
    };
    let settings = settings.into_iter().filter(is_set);
    let own = own.iter().filter(|setting| !setting.ends_with("=null"));
    let own: Vec<String> = own.map(|setting| (*setting).to_owned()).collect();
    let loader = Loader::new("auth-service")
        .environment(Environment::default())
        .profile(profile)
        .overrides(settings.chain(own));
    city_events_auth::service()
        .start::<AuthConfig, _>(loader, city_events_auth::assemble)
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()))
}

/// Starts a subscriber that records all messages about users.
async fn start_subscriber(broker: &str, received: &ReceivedEvents) -> RunningService {
    let loader = Loader::new("subscriber")
        .environment(Environment::default())
        .overrides([
            broker.to_owned(),
            "server.http.addr=127.0.0.1:0".to_owned(),
            "admin.addr=127.0.0.1:0".to_owned(),
            "log.level=error".to_owned(),
        ]);
    let started = Service::new("subscriber", "1").start(
        loader,
        async |service: &Assembly<SubscriberConfig>| {
            let messaging =
                Messaging::connect(service, "broker", &service.settings().broker).await?;
            let subscription = Subscription::new("subscriber");
            let subscription = receive::<VerifyEmailRequested>(subscription, received);
            let subscription = receive::<PasswordResetRequested>(subscription, received);
            let subscription = receive::<UserChanged>(subscription, received);
            let subscription = receive::<AvatarUpdated>(subscription, received);
            messaging.subscribe(subscription).await?;
            Ok(())
        },
    );
    started
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()))
}

fn receive<E>(subscription: Subscription, received: &ReceivedEvents) -> Subscription
where
    E: Event + Clone + Serialize + for<'de> Deserialize<'de> + Send + Sync + 'static,
{
    let events = Arc::clone(received);
    subscription.on::<E, _, _>(move |received: Received<E>| {
        let body = serde_json::to_value(received.event()).unwrap();
        events.lock().unwrap().push((E::TYPE.to_owned(), body));
        async { Ok(()) }
    })
}

pub(crate) fn body(answer: &HttpResponse) -> Value {
    serde_json::from_str(&answer.body).unwrap_or(Value::Null)
}

/// Returns the error code of a response.
pub(crate) fn code(answer: &HttpResponse) -> String {
    let body = body(answer);
    body["error"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// Returns name and value of each cookie that a response sets.
pub(crate) fn cookies(answer: &HttpResponse) -> Vec<String> {
    let set = answer
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie");
    let pair = |value: &String| value.split(';').next().unwrap().to_owned();
    set.map(|(_, value)| pair(value)).collect()
}

/// Returns name and value of the first cookie that a response sets.
pub(crate) fn cookie(answer: &HttpResponse) -> String {
    let cookie = answer.header("set-cookie").unwrap_or_default();
    cookie.split(';').next().unwrap().to_owned()
}

impl TestApp {
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> HttpResponse {
        request(self.http, method, path, headers, body).unwrap()
    }

    /// Starts another instance with the same database.
    pub(crate) async fn replica(&self, own: &[&str]) -> RunningService {
        start(&self.database, &self.broker, Profile::Development, own).await
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> HttpResponse {
        let body = body.to_string();
        self.send("POST", path, &[("content-type", "application/json")], &body)
    }

    /// Sends a request with the user's access token.
    pub(crate) fn request_as(
        &self,
        user: &TestUser,
        method: &str,
        path: &str,
        body: &Value,
    ) -> HttpResponse {
        let bearer = format!("Bearer {}", user.token);
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.send(method, path, &[("authorization", &bearer)], &body)
    }

    /// Sends a POST request with a cookie.
    pub(crate) fn with_cookie(&self, cookie: &str, path: &str) -> HttpResponse {
        self.send("POST", path, &[("cookie", cookie)], "")
    }

    pub(crate) fn register(&self, email: &str) -> TestUser {
        let given = json!({ "email": email, "password": PASSWORD, "name": "Ada" });
        logged_in_user(&self.post("/auth/v1/register", &given), 201)
    }

    pub(crate) fn log_in(&self, email: &str, password: &str) -> HttpResponse {
        self.post(
            "/auth/v1/login",
            &json!({ "email": email, "password": password }),
        )
    }

    /// Logs in a seeded user.
    pub(crate) fn seeded(&self, role: &str) -> TestUser {
        logged_in_user(
            &self.log_in(&format!("{role}@example.com"), SEED_PASSWORD),
            200,
        )
    }

    /// Waits for the latest matching message of a type.
    pub(crate) async fn wait_for_event(
        &self,
        kind: &str,
        matches: impl Fn(&Value) -> bool,
    ) -> Value {
        let started = Instant::now();
        loop {
            let found = self
                .received
                .lock()
                .unwrap()
                .iter()
                .rev()
                .find(|(of_kind, body)| of_kind == kind && matches(body))
                .map(|(_, body)| body.clone());
            if let Some(found) = found {
                return found;
            }
            assert!(
                started.elapsed() < TIMEOUT,
                "no matching {kind} was published"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Returns the tokens of all links of a kind for a user, oldest first.
    pub(crate) fn links(&self, kind: &str, user: &str) -> Vec<String> {
        let received = self.received.lock().unwrap();
        let of_user = received
            .iter()
            .filter(|(of_kind, body)| of_kind == kind && body["user_id"] == user);
        of_user
            .map(|(_, body)| {
                body["url"]
                    .as_str()
                    .unwrap()
                    .rsplit_once("token=")
                    .unwrap()
                    .1
                    .to_owned()
            })
            .collect()
    }

    /// Waits for the given number of links to a user, and returns the token of the last one.
    pub(crate) async fn wait_for_link(&self, kind: &str, user: &str, count: usize) -> String {
        let started = Instant::now();
        loop {
            let links = self.links(kind, user);
            if links.len() >= count {
                return links[count - 1].clone();
            }
            assert!(
                started.elapsed() < TIMEOUT,
                "{kind} was published {} times",
                links.len()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Creates a trigger that runs statements at a fixed point during a request, like a concurrent
    /// request.
    pub(crate) async fn run_during(&self, moment: &str, statements: &[String]) {
        let database = self.connect().await;
        for statement in trigger(database.engine(), moment, statements) {
            // Statements must be static, so a test leaks its own.
            let created = seaworthy::data::sql(statement.leak());
            created.execute(&database).await.unwrap();
        }
    }

    /// Connects to the database of the service.
    pub(crate) async fn connect(&self) -> seaworthy::data::Database {
        let config = DatabaseConfig {
            url: self.database.parse().unwrap(),
            ..DatabaseConfig::default()
        };
        seaworthy::data::Database::builder("test", config)
            .open()
            .await
            .unwrap()
    }
}

/// Returns the statements that create a trigger.
fn trigger(engine: Engine, moment: &str, statements: &[String]) -> Vec<String> {
    let body: String = statements
        .iter()
        .map(|statement| format!("{statement}; "))
        .collect();
    let trigger = format!("CREATE TRIGGER during_request {moment} FOR EACH ROW");
    match engine {
        Engine::Postgres => vec![
            format!(
                "CREATE FUNCTION during_request() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"
            ),
            format!("{trigger} EXECUTE FUNCTION during_request()"),
        ],
        Engine::MySql | Engine::Sqlite => vec![format!("{trigger} BEGIN {body} END")],
    }
}

/// Returns the user that a response logs in.
pub(crate) fn logged_in_user(answer: &HttpResponse, status: u16) -> TestUser {
    assert_eq!(answer.status, status, "{}", answer.body);
    let body = body(answer);
    let text = |pointer| {
        body.pointer(pointer)
            .and_then(Value::as_str)
            .unwrap()
            .to_owned()
    };
    TestUser {
        id: text("/data/user/id"),
        email: text("/data/user/email"),
        token: text("/data/tokens/access_token"),
        cookie: cookie(answer),
    }
}
