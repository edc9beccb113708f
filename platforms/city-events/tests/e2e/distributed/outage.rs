//! An outage of each server and each service under load. The other parts go on, the gateway
//! answers with documented errors, and everything recovers by itself.

use std::time::{Duration, Instant};

use seaworthy::data::sql;
use seaworthy_testkit::{postgres::PostgresServer, rabbitmq::RabbitmqServer, redis::RedisServer};
use serde_json::json;

use super::{
    cluster::Cluster,
    load::{CLIENTS, Load, Results},
};
use crate::{
    app::open_database,
    client::{Gateway, PASSWORD, Response, new_email},
};

/// Length of an outage.
const OUTAGE: Duration = Duration::from_secs(4);
/// Length of an outage in the short test, which is longer than a breaker needs to open.
const SHORT_OUTAGE: Duration = Duration::from_secs(1);
/// Time limit of the recovery. Breakers and backoffs are shorter.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(60);

/// Each part that fails, and the requests that may fail with it.
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
/// The requests of the load. On a busy machine any of them may exceed its time limit.
const REQUESTS: &[&str] = &["join", "view", "list", "feed"];
/// The parts that a registration needs.
const REGISTRATION: [&str; 3] = ["auth", "postgres", "bff"];

async fn kill(cluster: &mut Cluster, part: &str) {
    match part {
        "redis" => cluster.redis.with(RedisServer::kill).await,
        "rabbitmq" => cluster.rabbitmq.with(RabbitmqServer::kill).await,
        "postgres" => cluster.postgres.with(PostgresServer::kill).await,
        service => cluster.service(service).kill(),
    }
}

async fn restart(cluster: &mut Cluster, part: &str) {
    match part {
        "redis" => {
            let restart = |server: &mut RedisServer| server.restart().unwrap();
            cluster.redis.with(restart).await;
        }
        "rabbitmq" => {
            let restart = |server: &mut RabbitmqServer| server.restart().unwrap();
            cluster.rabbitmq.with(restart).await;
        }
        "postgres" => {
            let restart = |server: &mut PostgresServer| server.restart().unwrap();
            cluster.postgres.with(restart).await;
        }
        service => cluster.service(service).begin().unwrap(),
    }
}

/// Checks that only requests in `may_fail` failed, with documented errors and never with a 500.
fn assert_documented(part: &str, may_fail: &[&str], results: &Results) {
    let documented = [
        "502 internal_error",
        "502 upstream_unavailable",
        "504 upstream_timeout",
    ];
    for ((request, result), count) in results {
        let is_good = *request == "page" || result == "200";
        // The gateway proxies responses of the feed, which has no codes.
        let is_proxied = *request == "feed" && result == "503";
        let is_documented = documented.contains(&result.as_str()) || is_proxied;
        // A stopped gateway refuses connections, and a starting one responds with 503.
        let is_gateway_down =
            part == "bff" && (result == "503" || !result.starts_with(char::is_numeric));
        assert!(
            is_good || (may_fail.contains(request) && (is_documented || is_gateway_down)),
            "{part} down: {request} was {result} {count} times: {results:#?}"
        );
    }
}

/// Checks that every kind of request got a response, and only complete ones.
fn is_recovered(results: &Results) -> bool {
    ["view", "list", "feed", "join", "page"]
        .iter()
        .all(|request| {
            let mut matching = results
                .keys()
                .filter(|(name, _)| name == request)
                .peekable();
            matching.peek().is_some()
                && matching.all(|(_, result)| result == "200" || result == "complete")
        })
}

async fn register(gateway: &Gateway, email: &str) -> Response {
    let body = json!({ "email": email, "password": PASSWORD });
    let client = gateway.anonymous();
    client.send("POST", "/api/auth/register", Some(body)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes and needs an idle machine"]
async fn outages_under_load_lose_nothing_res_1() {
    run_outages(&OUTAGES, OUTAGE, CLIENTS, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn short_outages_of_servers_and_join_lose_nothing_res_1() {
    let parts = ["redis", "rabbitmq", "postgres", "join"].map(|part| (part, REQUESTS));
    run_outages(&parts, SHORT_OUTAGE, 1, REQUESTS).await;
}

/// Takes each part away for this time, under the load of these clients. The requests in `may_fail`
/// may also fail without an outage, with documented errors.
async fn run_outages(
    parts: &[(&str, &[&str])],
    outage: Duration,
    clients: usize,
    may_fail: &[&str],
) {
    let Some(mut cluster) = Cluster::start().await else {
        return;
    };
    let gateway = cluster.gateway.clone();
    let host = gateway.register("host").await;
    let id = host.publish("Always there", 0).await;
    let first = gateway.register("first").await.join(&id, "k").await;
    assert_eq!(first.status, 200);
    let load = Load::start(&gateway, &cluster.secret, &id, clients);
    tokio::time::sleep(outage).await;
    assert_documented("nothing", may_fail, &load.take_results());

    for &(part, may_fail) in parts {
        let joined_before = load.joined();
        let start = Instant::now();
        kill(&mut cluster, part).await;
        let email = new_email("newcomer");
        if !REGISTRATION.contains(&part) {
            let registered = register(&gateway, &email).await;
            assert_eq!(registered.status, 201, "{part} down: {registered:?}");
        }
        tokio::time::sleep(outage.saturating_sub(start.elapsed())).await;
        let during = load.take_results();
        restart(&mut cluster, part).await;
        cluster.wait_until_ready().await;
        let ready_after = start.elapsed();
        let mut after = load.take_results();
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let results = load.take_results();
            let is_recovered = is_recovered(&results);
            for (key, count) in results {
                *after.entry(key).or_default() += count;
            }
            if is_recovered {
                break;
            }
            assert!(
                start.elapsed() < RECOVERY_TIMEOUT,
                "no recovery from an outage of {part}: {after:#?}"
            );
        }
        eprintln!(
            "{part} down: ready after {ready_after:.1?}, recovered after {:.1?}, {} joined; during: {during:?}; after: {after:?}",
            start.elapsed(),
            load.joined() - joined_before,
        );
        assert_documented(part, may_fail, &during);
        assert_documented(part, may_fail, &after);
        // The load does not register, so it does not show when the breaker of auth closes.
        while REGISTRATION.contains(&part) && register(&gateway, &email).await.status != 201 {
            assert!(start.elapsed() < RECOVERY_TIMEOUT, "registration fails");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        gateway.mail_to(&email).await;
        cluster.assert_running();
    }

    let joined = load.stop().await + 1;
    let database = open_database(&cluster.databases["join"]).await;
    let (stored,): (i64,) = sql("SELECT count(*) FROM joins WHERE status = 'active'")
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(usize::try_from(stored).unwrap(), joined);
    let view = host
        .wait_for_view(&id, |view| view["event"]["active_participants"] == joined)
        .await;
    assert_eq!(view["event"]["status"], "published");
}
