//! Each server and each service taken away in turn, under load: the others stay, the door says what it can, and all is well again by itself.

use std::time::{Duration, Instant};

use seaworthy::data::{Database, DatabaseConfig, sql};
use seaworthy_testkit::{postgres::PostgresServer, rabbitmq::RabbitmqServer, redis::RedisServer};
use serde_json::json;

use crate::{
    cluster::Cluster,
    load::{Load, Seen},
    people::{Answer, Door, PASSWORD, address},
};

/// So long something is away.
const AWAY: Duration = Duration::from_secs(4);
/// Whatever was away is used again within this time: breakers and pauses between tries are shorter.
const RECOVERY: Duration = Duration::from_secs(60);

/// What may be away, and what the door may say then beside 200.
const OUTAGES: [(&str, &[&str]); 9] = [
    ("redis", &[]),
    ("rabbitmq", &[]),
    ("feed", &["feed"]),
    ("email", &[]),
    ("auth", &[]),
    ("join", &["join"]),
    ("event", &["view", "list"]),
    ("postgres", &["join", "view", "list", "feed"]),
    ("bff", &["join", "view", "list", "feed"]),
];
/// Without these nobody can register.
const REGISTRATION: [&str; 3] = ["auth", "postgres", "bff"];

async fn take_away(cluster: &mut Cluster, what: &str) {
    match what {
        "redis" => cluster.redis.with(RedisServer::kill).await,
        "rabbitmq" => cluster.rabbitmq.with(RabbitmqServer::kill).await,
        "postgres" => cluster.postgres.with(PostgresServer::kill).await,
        service => cluster.service(service).kill(),
    }
}

async fn bring_back(cluster: &mut Cluster, what: &str) {
    match what {
        "redis" => {
            let again = |server: &mut RedisServer| server.restart().unwrap();
            cluster.redis.with(again).await;
        }
        "rabbitmq" => {
            let again = |server: &mut RabbitmqServer| server.restart().unwrap();
            cluster.rabbitmq.with(again).await;
        }
        "postgres" => {
            let again = |server: &mut PostgresServer| server.restart().unwrap();
            cluster.postgres.with(again).await;
        }
        service => cluster.service(service).begin().unwrap(),
    }
}

/// Nothing but 200 where nothing that is needed is away, and else what the door says of it: never a 500.
fn is_as_written(what: &str, may_fail: &[&str], seen: &Seen) {
    for ((asked, how), times) in seen {
        let is_good = *asked == "page" || how == "200";
        let told = [
            "502 internal_error",
            "502 upstream_unavailable",
            "504 upstream_timeout",
        ];
        // What the feed says is passed on as it is, and it has no codes.
        let is_passed_on = *asked == "feed" && how == "503";
        let is_told = told.contains(&how.as_str()) || is_passed_on;
        // A door that is away says nothing, and one that starts says 503.
        let is_gone = what == "bff" && (how == "503" || !how.starts_with(char::is_numeric));
        assert!(
            is_good || (may_fail.contains(asked) && (is_told || is_gone)),
            "{what} away: {asked} was answered {how} {times} times: {seen:#?}"
        );
    }
}

async fn register(door: &Door, newcomer: &str) -> Answer {
    let own = json!({ "email": newcomer, "password": PASSWORD });
    let nobody = door.nobody();
    nobody.send("POST", "/api/auth/register", Some(own)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes, and wants a machine of its own"]
async fn each_part_goes_away_under_load_and_nothing_is_lost_res_1() {
    let Some(mut cluster) = Cluster::open().await else {
        return;
    };
    let door = cluster.door.clone();
    let host = door.register("host").await;
    let id = host.publish("Always there", 0).await;
    assert_eq!(
        door.register("first").await.join(&id, "k").await.status,
        200
    );
    let load = Load::start(&door, &cluster.secret, &id);
    tokio::time::sleep(AWAY).await;
    is_as_written("nothing", &[], &load.seen());

    for (what, may_fail) in OUTAGES {
        let before = load.joined();
        let begun = Instant::now();
        take_away(&mut cluster, what).await;
        let newcomer = address("newcomer");
        if !REGISTRATION.contains(&what) {
            let registered = register(&door, &newcomer).await;
            assert_eq!(registered.status, 201, "{what} away: {registered:?}");
        }
        tokio::time::sleep(AWAY.saturating_sub(begun.elapsed())).await;
        let during = load.seen();
        bring_back(&mut cluster, what).await;
        cluster.all_ready().await;
        let was_ready = begun.elapsed();
        // Until everything is answered in full again for a while.
        let mut after = load.seen();
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let seen = load.seen();
            let is_well = ["view", "list", "feed", "join", "page"]
                .iter()
                .all(|asked| {
                    let mut of_it = seen.keys().filter(|(known, _)| known == asked).peekable();
                    of_it.peek().is_some() && of_it.all(|(_, how)| how == "200" || how == "whole")
                });
            for (key, times) in seen {
                *after.entry(key).or_default() += times;
            }
            if is_well {
                break;
            }
            assert!(
                begun.elapsed() < RECOVERY,
                "{what} was away, and still: {after:#?}"
            );
        }
        eprintln!(
            "{what} away: ready after {was_ready:.1?}, whole after {:.1?}, {} joined; during: {during:?}; after: {after:?}",
            begun.elapsed(),
            load.joined() - before,
        );
        is_as_written(what, may_fail, &during);
        is_as_written(what, may_fail, &after);
        // The load does not register, so it does not tell when the door believes in auth again.
        while REGISTRATION.contains(&what) && register(&door, &newcomer).await.status != 201 {
            assert!(begun.elapsed() < RECOVERY, "nobody can register");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        door.mail_to(&newcomer).await;
        cluster.all_run();
    }

    let joined = load.stop().await + 1;
    let config = DatabaseConfig::at(cluster.joins.parse().unwrap());
    let database = Database::builder("look", config).open().await.unwrap();
    let (kept,): (i64,) = sql("SELECT count(*) FROM joins WHERE status = 'active'")
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(
        usize::try_from(kept).unwrap(),
        joined,
        "nobody lost a place"
    );
    let seen = host
        .view_until(&id, |view| view["event"]["active_participants"] == joined)
        .await;
    assert_eq!(seen["event"]["status"], "published");
}
