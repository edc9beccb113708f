//! Crowds on several kinds of platforms, with and without outages.

use std::time::Duration;

use seaworthy_testkit::{process::ServiceProcess, rabbitmq::RabbitmqServer};

use super::{
    cluster::Cluster,
    concurrent_clients::{Venue, join_and_leave, rounds},
};
use crate::{client::Gateway, machine, programs::program};

/// The longest waitlist that the service allows.
const LONG_WAITLIST: [(&str, &str); 2] = [
    ("JOIN_SERVICE__WAITLIST__MIN_LENGTH", "1000"),
    ("JOIN_SERVICE__WAITLIST__MAX_LENGTH", "1000"),
];
/// Number of responses after which the outage begins.
const OUTAGE_AFTER: usize = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes one or two minutes on two cores"]
async fn crowd_joins_in_order_in_one_process() {
    let _machine = machine::exclusive().await;
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().display().to_string();
    let settings = [
        "join.waitlist.min_length=1000",
        "join.waitlist.max_length=1000",
        "bff.rate_limit.enabled=false",
        "auth.rate_limit.enabled=false",
    ];
    let mut arguments = vec!["--data", &data, "--empty", "--free-ports"];
    arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    let program = program("city-events");
    let mut process = ServiceProcess::spawn(&program, &arguments, &[]).unwrap();
    let mut address = |label: &str| {
        let line = process.line(label).unwrap();
        let (_, address) = line.split_once("http://").unwrap();
        address.trim().trim_end_matches("/mailbox").parse().unwrap()
    };
    let gateway = address("Open ");
    let gateway = Gateway::new(gateway, address("Mailbox "));
    let secret = std::fs::read(directory.path().join("secrets/jwt")).unwrap();
    let joins = format!("sqlite:{}", directory.path().join("join.db").display());
    let venue = Venue::open(&gateway, secret, &joins).await;
    for round in 1..=rounds() {
        let label = format!("one process, {round}");
        join_and_leave(&venue, &label, async |_| {}).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crowd_joins_in_order_on_real_servers() {
    let Some(cluster) = Cluster::start_with(&LONG_WAITLIST, 1).await else {
        return;
    };
    let secret = cluster.secret.clone().into_bytes();
    let venue = Venue::open(&cluster, secret, &cluster.databases["join"]).await;
    for round in 1..=rounds() {
        let label = format!("real servers, {round}");
        join_and_leave(&venue, &label, async |_| {}).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes one or two minutes on two cores"]
async fn crowd_joins_in_order_when_join_is_killed_msg_4() {
    let Some(mut cluster) = Cluster::start_with(&LONG_WAITLIST, 1).await else {
        return;
    };
    let gateway = cluster.gateway.clone();
    let secret = cluster.secret.clone().into_bytes();
    let venue = Venue::open(&gateway, secret, &cluster.databases["join"]).await;
    for round in 1..=rounds() {
        let label = format!("join killed, {round}");
        join_and_leave(&venue, &label, async |venue| {
            venue.wait_for_responses(OUTAGE_AFTER).await;
            cluster.service("join").kill();
            tokio::time::sleep(Duration::from_millis(500)).await;
            cluster.service("join").begin().unwrap();
        })
        .await;
        cluster.assert_running();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes one or two minutes on two cores"]
async fn crowd_joins_in_order_when_broker_is_killed_msg_4() {
    let Some(mut cluster) = Cluster::start_with(&LONG_WAITLIST, 1).await else {
        return;
    };
    let gateway = cluster.gateway.clone();
    let secret = cluster.secret.clone().into_bytes();
    let venue = Venue::open(&gateway, secret, &cluster.databases["join"]).await;
    for round in 1..=rounds() {
        let label = format!("broker killed, {round}");
        join_and_leave(&venue, &label, async |venue| {
            venue.wait_for_responses(OUTAGE_AFTER).await;
            let restart = |broker: &mut RabbitmqServer| {
                broker.kill();
                broker.restart().unwrap();
            };
            cluster.rabbitmq.with(restart).await;
        })
        .await;
        cluster.assert_running();
    }
}
