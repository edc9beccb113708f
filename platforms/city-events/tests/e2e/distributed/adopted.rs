//! The platform on the databases and the broker of a legacy deployment.

use seaworthy::data::{Migration, MigrationSet, Migrator, sql};
use serde_json::json;
use uuid::Uuid;

use super::cluster::Cluster;
use crate::{app::open_database, client::Client, eventually::eventually, flow};

/// The published event of the legacy databases.
pub(crate) const EVENT: &str = "00000000-0000-4000-8000-000000000012";
/// The processed picture of the first user.
pub(crate) const UPLOAD: &str = "00000000-0000-4000-8000-000000000021";
/// The exchange that the legacy services declare for dead letters.
const LEGACY_EXCHANGE: &str = r#"rabbit_exchange:declare(rabbit_misc:r(<<"/">>, exchange, <<"city.events.dlx">>), fanout, true, false, false, [], <<"legacy">>)."#;

/// Returns the tables and rows of a legacy service.
macro_rules! legacy {
    ($service:literal) => {
        (
            $service,
            MigrationSet::for_part(
                "fixture",
                const {
                    &[Migration::new(
                        1,
                        "legacy",
                        concat!(
                            include_str!(concat!(
                                "../../../",
                                $service,
                                "/tests/adoption/schema.sql"
                            )),
                            include_str!(concat!(
                                "../../../",
                                $service,
                                "/tests/adoption/rows.sql"
                            ))
                        ),
                        "",
                    )]
                },
            ),
        )
    };
}

const LEGACY: [(&str, MigrationSet); 5] = [
    legacy!("auth"),
    legacy!("event"),
    legacy!("join"),
    legacy!("feed"),
    legacy!("media"),
];

/// The password of all legacy users.
pub(crate) const PASSWORD: &str = "correct horse battery";

async fn log_in<'a>(cluster: &'a Cluster, email: &str) -> Result<Client<'a>, u16> {
    let body = json!({ "email": email, "password": PASSWORD });
    let anonymous = cluster.anonymous();
    let response = anonymous.send("POST", "/api/auth/login", Some(body)).await;
    if response.status != 200 {
        return Err(response.status);
    }
    let token = response.json()["data"]["tokens"]["access_token"].clone();
    Ok(cluster.with_token(token.as_str().unwrap()))
}

async fn count(cluster: &Cluster, service: &str, query: &'static str) -> i64 {
    let database = open_database(&cluster.databases[service]).await;
    let (count,): (i64,) = sql(query).fetch_one(&database).await.unwrap();
    count
}

/// Starts the services on legacy databases and a legacy exchange. Returns `None` if a server is not
/// installed.
pub(crate) async fn start_adopted() -> Option<Cluster> {
    let mut cluster = Cluster::prepare(&[], 1).await?;
    for (name, fixture) in LEGACY {
        let database = open_database(&cluster.databases[name]).await;
        Migrator::new(&database, &[fixture])
            .up(false)
            .await
            .unwrap();
        let history = sql("DROP TABLE schema_history_fixture");
        history.execute(&database).await.unwrap();
    }
    // The rows of all services are older than the messages of the adoption.
    for (name, _) in LEGACY {
        cluster.run(name, &["migrate", "adopt"]);
    }
    cluster
        .rabbitmq
        .with(|broker| broker.control(&["eval", LEGACY_EXCHANGE]).unwrap())
        .await;
    cluster.start_services().await;
    Some(cluster)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn adopted_deployment_serves_its_users_data_2() {
    let Some(mut cluster) = start_adopted().await else {
        return;
    };

    // The users, with their old passwords, roles and bans.
    let ada = log_in(&cluster, "ada@example.org").await.unwrap();
    assert_eq!(
        log_in(&cluster, "locked@example.org").await.err(),
        Some(401)
    );
    let replaced = "SELECT count(*) FROM users WHERE email = 'ada@example.org' AND password_hash LIKE '$argon2id$%'";
    assert_eq!(count(&cluster, "auth", replaced).await, 1);
    let again = log_in(&cluster, "ada@example.org").await;
    assert!(again.is_ok(), "{:?}", again.err());

    // The pictures.
    let status = ada.get(&format!("/api/media/{UPLOAD}/status")).await;
    assert_eq!(status.status, 200, "{status:?}");
    assert_eq!(status.json()["status"], "READY", "{status:?}");
    let derived = format!("/derived/avatar/{UPLOAD}_512.jpg");
    assert!(status.text.contains(&derived), "{status:?}");

    // The events and joins, and the unpublished messages of the outboxes.
    let view = ada.view(EVENT).await;
    assert_eq!(view["event"]["title"], "A concert");
    assert_eq!(view["participation"]["status"], "active", "{view}");
    for name in ["event", "join"] {
        eventually(async || {
            let waiting = "SELECT count(*) FROM outbox WHERE state = 0";
            match count(&cluster, name, waiting).await {
                0 => Ok(()),
                waiting => Err(waiting),
            }
        })
        .await;
    }
    // The legacy join service stored no owner. The host needs it to see the participants.
    eventually(async || {
        let database = open_database(&cluster.databases["join"]).await;
        let owner = sql("SELECT owner_id FROM event_capacity WHERE event_id = ?");
        let event: Uuid = EVENT.parse().unwrap();
        let (owner,): (Option<String>,) = owner.bind(event).fetch_one(&database).await.unwrap();
        owner.ok_or("no owner")
    })
    .await;
    let guest = cluster.register("guest").await;
    eventually(async || {
        let path = "/api/feed/recommended?type=trending";
        let feed = guest.get(path).await;
        match feed.text.contains(EVENT) {
            true => Ok(()),
            false => Err(feed),
        }
    })
    .await;

    // A new user joins beside the old ones.
    let joined = guest.join(EVENT, "k").await;
    assert_eq!(joined.status, 200, "{joined:?}");
    let joins = "SELECT count(*) FROM joins";
    assert_eq!(count(&cluster, "join", joins).await, 6);
    let left = ada.leave(EVENT, "leave").await;
    assert_eq!(left.status, 200, "{left:?}");

    // The steps of the legacy end-to-end test.
    flow::user_registers_publishes_and_unpublishes(&cluster).await;

    // The way back.
    cluster.service("media-worker").stop();
    for (name, _) in LEGACY {
        cluster.service(name).stop();
        let undo = ["migrate", "adopt", "--undo", "--discard-changes"];
        cluster.run(name, &undo);
    }
    let bcrypt = "SELECT count(*) FROM users WHERE password_hash LIKE '$2a$12$%'";
    assert_eq!(count(&cluster, "auth", bcrypt).await, 2);
    assert_eq!(count(&cluster, "join", joins).await, 5);
    let unpublished = "SELECT count(*) FROM event_outbox WHERE status IN ('pending', 'failed')";
    assert_eq!(count(&cluster, "event", unpublished).await, 2);
    let index = "SELECT count(*) FROM event_index";
    assert_eq!(count(&cluster, "feed", index).await, 2);
    let uploads = "SELECT count(*) FROM media_uploads WHERE status = 'READY'";
    assert_eq!(count(&cluster, "media", uploads).await, 1);
}
