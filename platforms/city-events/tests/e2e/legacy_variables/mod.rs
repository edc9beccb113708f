//! Variables of the legacy services. Each one sets a key, or startup fails (CONF-1).

mod auth;
mod email;
mod event;
mod feed;
mod gateway;
mod join;
mod media;

use seaworthy::{
    config::{ConfigErrors, Environment, Loaded, Loader, Profile, Settings},
    prelude::Service,
};
use serde_json::{Value, json};

/// The expected effect of a variable.
enum Effect {
    /// The key has this value. A secret is `***`.
    Sets(&'static str, Value),
    /// The profile.
    Profile(Profile),
    /// The value is accepted, and the second one fails with a text that contains the third.
    Accepts(&'static str, &'static str),
    /// The load fails with this text.
    Fails(&'static str),
}

use Effect::{Accepts, Fails, Sets};

/// A variable of a legacy service, with a value.
type Row = (&'static str, &'static str, Effect);

async fn load<C: Settings>(
    service: &Service,
    name: &str,
    variables: &[(&str, &str)],
) -> Result<Loaded, ConfigErrors> {
    let environment: Environment = variables.iter().copied().collect();
    // Without the files of the working directory.
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("config.yaml"), "{}").unwrap();
    let loader = Loader::new(name)
        .directory(directory.path())
        .environment(environment);
    service.load::<C>(loader).await
}

#[track_caller]
fn assert_fails(loaded: Result<Loaded, ConfigErrors>, name: &str, text: &str) {
    let error = loaded.unwrap_err().to_string();
    assert!(
        error.contains(&format!("env {name}: ")) && error.contains(text),
        "{name}: {error}"
    );
}

async fn check<C: Settings>(service: Service, prefix: &str, rows: Vec<Row>) {
    for (name, value, effect) in rows {
        let loaded = load::<C>(&service, prefix, &[(name, value)]).await;
        match effect {
            Sets(key, expected) => {
                let loaded = loaded.unwrap_or_else(|error| panic!("{name}: {error}"));
                let values = loaded.values();
                let shown = values.iter().find(|shown| shown.key == key);
                let shown = shown.unwrap_or_else(|| panic!("{name}: {key} is not set"));
                assert_eq!(
                    (&shown.value, &shown.origin),
                    (&expected, &format!("env {name}"))
                );
            }
            Effect::Profile(profile) => {
                let loaded = loaded.unwrap();
                assert_eq!(loaded.profile(), profile, "{name}");
                assert!(loaded.is_profile_set());
                let unknown = load::<C>(&service, prefix, &[(name, "x")]).await;
                assert_fails(unknown, name, "unknown profile");
            }
            Accepts(other, text) => {
                assert!(loaded.is_ok(), "{name}: {:?}", loaded.err());
                let other = load::<C>(&service, prefix, &[(name, other)]).await;
                assert_fails(other, name, text);
            }
            Fails(text) => {
                assert_fails(loaded, name, text);
                let empty = load::<C>(&service, prefix, &[(name, "")]).await;
                assert!(
                    empty.is_ok(),
                    "an empty {name} is not set: {:?}",
                    empty.err()
                );
            }
        }
    }
}

fn common() -> Vec<Row> {
    vec![
        ("LOG_LEVEL", "debug", Sets("log.level", json!("debug"))),
        ("LOG_FORMAT", "json", Sets("log.format", json!("json"))),
        ("LOG_FORMAT", "console", Sets("log.format", json!("text"))),
    ]
}

fn http_timeouts() -> Vec<Row> {
    vec![
        (
            "HTTP_READ_TIMEOUT",
            "11s",
            Sets("server.http.limits.head.timeout", json!("11s")),
        ),
        (
            "HTTP_WRITE_TIMEOUT",
            "21s",
            Sets("server.http.timeout", json!("21s")),
        ),
        (
            "HTTP_IDLE_TIMEOUT",
            "61s",
            Sets("server.http.limits.connections.idle_timeout", json!("61s")),
        ),
    ]
}

fn jwt() -> Vec<Row> {
    vec![
        (
            "JWT_SECRET",
            "a secret of this test with 32 bytes or more",
            Sets("jwt.secret", json!("***")),
        ),
        (
            "JWT_ISSUER",
            "auth-service",
            Sets("jwt.issuer", json!("auth-service")),
        ),
    ]
}

fn rabbit() -> Vec<Row> {
    vec![
        (
            "RABBIT_URL",
            "amqp://user@mq.example/city",
            Sets("broker.url", json!("amqp://user@mq.example/city")),
        ),
        (
            "RABBIT_EXCHANGE",
            "legacy",
            Sets("broker.rabbitmq.exchange", json!("legacy")),
        ),
    ]
}

fn rows(parts: impl IntoIterator<Item = Vec<Row>>) -> Vec<Row> {
    parts.into_iter().flatten().collect()
}

const POSTGRES: &str = "postgres://user@db.example/name";
