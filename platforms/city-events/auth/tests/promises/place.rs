//! The service over a database of its own, and somebody who hears what it tells.

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
    messaging::{Event, Failure, Messaging, MessagingConfig, Received, Subscription},
    prelude::*,
    service::RunningService,
};
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{Answer, request},
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Nothing that these tests wait for takes longer on the slowest machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const JWT_SECRET: &str = "Qm9hdHMgYXJlIHNhZmUgaW4gaGFyYm91ciwgYnV0";
pub(crate) const INTERNAL_SECRET: &str = "dGhhdCBpcyBub3Qgd2hhdA";
pub(crate) const CALLS_SECRET: &str = "ZGllIExhbXBlIGFtIFRvciBicmVubnQgbm9jaCB1bmQgd2FydGV0";
pub(crate) const PASSWORD: &str = "correct horse battery";

type Heard = Arc<Mutex<Vec<(String, Value)>>>;

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct ListenerConfig {
    broker: MessagingConfig,
}

/// The running service.
pub(crate) struct Place {
    pub(crate) http: SocketAddr,
    pub(crate) grpc: SocketAddr,
    pub(crate) operators: SocketAddr,
    pub(crate) database: String,
    broker: String,
    heard: Heard,
    _auth: RunningService,
    _listener: RunningService,
    _empty: EmptyDatabase,
    _folder: TempDir,
}

/// Somebody with an access token and the cookie of a session.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) token: String,
    pub(crate) cookie: String,
}

pub(crate) async fn open(empty: EmptyDatabase) -> Place {
    open_with(empty, Profile::Development, &["rate_limit.enabled=false"]).await
}

pub(crate) async fn open_with(empty: EmptyDatabase, profile: Profile, own: &[&str]) -> Place {
    let folder = TempDir::new().unwrap();
    let broker = format!(
        "broker.url=sqlite:{}",
        folder.path().join("broker.db").display()
    );
    let heard = Heard::default();
    let listener = listen(&broker, &heard).await;
    let auth = start(empty.url(), &broker, profile, own).await;
    let addresses = auth.addresses();
    Place {
        http: addresses.http,
        grpc: addresses.grpc.unwrap(),
        operators: addresses.admin,
        database: empty.url().to_owned(),
        broker,
        heard,
        _auth: auth,
        _listener: listener,
        _empty: empty,
        _folder: folder,
    }
}

/// The service, or one more of it.
async fn start(database: &str, broker: &str, profile: Profile, own: &[&str]) -> RunningService {
    let settings = [
        format!("database.url={database}"),
        broker.to_owned(),
        format!("jwt.secret={JWT_SECRET}"),
        format!("audit_log.key={JWT_SECRET}"),
        format!("internal_secret={INTERNAL_SECRET}"),
        format!("service_calls.secret={CALLS_SECRET}"),
        "database.migrate_at_start=true".to_owned(),
        "server.http.addr=127.0.0.1:0".to_owned(),
        "server.grpc.addr=127.0.0.1:0".to_owned(),
        "admin.addr=127.0.0.1:0".to_owned(),
        "server.http.rate_limit.enabled=false".to_owned(),
        "server.http.access_log.enabled=false".to_owned(),
        "log.level=error".to_owned(),
    ];
    // What is said to be null is not set.
    let is_set = |setting: &String| {
        let (key, _) = setting.split_once('=').unwrap();
        !own.contains(&format!("{key}=null").as_str())
    };
    let settings = settings.into_iter().filter(is_set);
    let own = own.iter().filter(|one| !one.ends_with("=null"));
    let own: Vec<String> = own.map(|one| (*one).to_owned()).collect();
    let loader = Loader::new("auth-service")
        .environment(Environment::default())
        .profile(profile)
        .overrides(settings.chain(own));
    city_events_auth::service()
        .start::<AuthConfig, _>(loader, city_events_auth::assemble)
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()))
}

/// A service that hears all that is told of users.
async fn listen(broker: &str, heard: &Heard) -> RunningService {
    let loader = Loader::new("listener")
        .environment(Environment::default())
        .overrides([
            broker.to_owned(),
            "server.http.addr=127.0.0.1:0".to_owned(),
            "admin.addr=127.0.0.1:0".to_owned(),
            "log.level=error".to_owned(),
        ]);
    let started =
        Service::new("listener", "1").start(loader, async |service: &Assembly<ListenerConfig>| {
            let messaging =
                Messaging::connect(service, "broker", &service.settings().broker).await?;
            let subscription = Subscription::new("listener");
            let subscription = hear::<VerifyEmailRequested>(subscription, heard);
            let subscription = hear::<PasswordResetRequested>(subscription, heard);
            let subscription = hear::<UserChanged>(subscription, heard);
            let subscription = hear::<AvatarUpdated>(subscription, heard);
            messaging.subscribe(subscription).await?;
            Ok(())
        });
    started
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()))
}

fn hear<E>(subscription: Subscription, heard: &Heard) -> Subscription
where
    E: Event + Clone + Serialize + for<'de> Deserialize<'de> + Send + Sync + 'static,
{
    let heard = Arc::clone(heard);
    subscription.on::<E, _, _, _>(move |received: Received<E>| {
        let body = serde_json::to_value(received.event()).unwrap();
        heard.lock().unwrap().push((E::TYPE.to_owned(), body));
        async { Ok::<_, Failure>(()) }
    })
}

pub(crate) fn body(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or(Value::Null)
}

/// The code of a refusal.
pub(crate) fn code(answer: &Answer) -> String {
    let body = body(answer);
    body["error"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// Name and value of every cookie that an answer sets.
pub(crate) fn cookies(answer: &Answer) -> Vec<String> {
    let set = answer
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie");
    let pair = |value: &String| value.split(';').next().unwrap().to_owned();
    set.map(|(_, value)| pair(value)).collect()
}

/// The value of the cookie that an answer sets.
pub(crate) fn cookie(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").unwrap_or_default();
    cookie.split(';').next().unwrap().to_owned()
}

impl Place {
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        request(self.http, method, path, headers, body).unwrap()
    }

    /// One more of the service on the same database.
    pub(crate) async fn replica(&self, own: &[&str]) -> RunningService {
        start(&self.database, &self.broker, Profile::Development, own).await
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        let body = body.to_string();
        self.send("POST", path, &[("content-type", "application/json")], &body)
    }

    /// A request with an access token.
    pub(crate) fn as_person(
        &self,
        person: &Person,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Answer {
        let bearer = format!("Bearer {}", person.token);
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.send(method, path, &[("authorization", &bearer)], &body)
    }

    /// A request with the cookie of a session.
    pub(crate) fn with_cookie(&self, cookie: &str, path: &str) -> Answer {
        self.send("POST", path, &[("cookie", cookie)], "")
    }

    pub(crate) fn register(&self, email: &str) -> Person {
        let given =
            json!({ "email": email, "password": PASSWORD, "name": "ignored by the original" });
        person(&self.post("/auth/v1/register", &given), 201)
    }

    pub(crate) fn log_in(&self, email: &str, password: &str) -> Answer {
        self.post(
            "/auth/v1/login",
            &json!({ "email": email, "password": password }),
        )
    }

    /// One of the three users that a development begins with.
    pub(crate) fn seeded(&self, role: &str) -> Person {
        person(
            &self.log_in(&format!("{role}@example.com"), SEED_PASSWORD),
            200,
        )
    }

    /// Waits for the message of a kind about a user that fits, the latest one.
    pub(crate) async fn told(&self, kind: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let found = self
                .heard
                .lock()
                .unwrap()
                .iter()
                .rev()
                .find(|(known, body)| known == kind && fits(body))
                .map(|(_, body)| body.clone());
            if let Some(found) = found {
                return found;
            }
            assert!(begun.elapsed() < PATIENCE, "nobody has told {kind}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The tokens of all links of a kind that a user was sent, the first one first.
    pub(crate) fn links(&self, kind: &str, user: &str) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        let of_user = heard
            .iter()
            .filter(|(known, body)| known == kind && body["user_id"] == user);
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

    /// Waits until a user was sent so many links, and returns the token of the last.
    pub(crate) async fn link(&self, kind: &str, user: &str, count: usize) -> String {
        let begun = Instant::now();
        loop {
            let links = self.links(kind, user);
            if links.len() >= count {
                return links[count - 1].clone();
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{kind} was told {} times",
                links.len()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Has this done by the database together with something else there: what others do in the middle of a request, at the same point of it each time.
    pub(crate) async fn meanwhile(&self, moment: &str, done: &[String]) {
        let database = self.connected().await;
        for statement in trigger(database.engine(), moment, done) {
            // A statement is of the program: a test makes one of its own.
            let made = seaworthy::data::sql(statement.leak());
            made.execute(&database).await.unwrap();
        }
    }

    /// The database, beside the service.
    pub(crate) async fn connected(&self) -> seaworthy::data::Database {
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

/// A trigger of the database, whose engines differ in what one is.
fn trigger(engine: Engine, moment: &str, done: &[String]) -> Vec<String> {
    let done: String = done.iter().map(|one| format!("{one}; ")).collect();
    let trigger = format!("CREATE TRIGGER meanwhile {moment} FOR EACH ROW");
    match engine {
        Engine::Postgres => vec![
            format!(
                "CREATE FUNCTION meanwhile() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {done} RETURN NULL; END $$"
            ),
            format!("{trigger} EXECUTE FUNCTION meanwhile()"),
        ],
        Engine::MySql | Engine::Sqlite => vec![format!("{trigger} BEGIN {done} END")],
    }
}

/// Who an answer logs in.
pub(crate) fn person(answer: &Answer, status: u16) -> Person {
    assert_eq!(answer.status, status, "{}", answer.body);
    let body = body(answer);
    let text = |pointer| {
        body.pointer(pointer)
            .and_then(Value::as_str)
            .unwrap()
            .to_owned()
    };
    Person {
        id: text("/data/user/id"),
        email: text("/data/user/email"),
        token: text("/data/tokens/access_token"),
        cookie: cookie(answer),
    }
}
