//! The crowd before services of their own, and what may happen meanwhile.

use std::time::Duration;

use seaworthy_testkit::{process::ServiceProcess, rabbitmq::RabbitmqServer};

use crate::{
    cluster::Cluster,
    crowd::{Venue, comes_and_goes, times},
    people::Door,
    programs::program,
};

/// With a waitlist for everybody.
const WIDE: [(&str, &str); 2] = [
    ("JOIN_SERVICE__WAITLIST__SHORTEST", "2000"),
    ("JOIN_SERVICE__WAITLIST__LONGEST", "2000"),
];
/// So many of the crowd have their answers when something happens.
const MIDDLE: usize = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute or two of both cores"]
async fn two_thousand_before_one_process_get_a_hundred_places_and_wait_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let wide = ["join.waitlist.shortest=2000", "join.waitlist.longest=2000"];
    let unlimited = [
        "bff.rate_limit.enabled=false",
        "auth.rate_limit.enabled=false",
    ];
    let set = wide.iter().chain(&unlimited).flat_map(|set| ["--set", set]);
    let arguments: Vec<_> = ["--data", &data, "--empty", "--free-ports"]
        .into_iter()
        .chain(set)
        .collect();
    let program = program("city-events");
    let mut process = ServiceProcess::start_as_is(&program, &arguments, &[]).unwrap();
    let mut address = |label: &str| {
        let line = process.line(label).unwrap();
        let (_, address) = line.split_once("http://").unwrap();
        address.trim().trim_end_matches("/mailbox").parse().unwrap()
    };
    let (door, mailbox) = (address("Open "), address("Mailbox "));
    let door = Door::at(door, mailbox);
    let secret = std::fs::read(folder.path().join("secrets/jwt")).unwrap();
    let joins = format!("sqlite:{}", folder.path().join("join.db").display());
    let venue = Venue::open(&door, secret, &joins).await;
    for time in 1..=times() {
        let what = format!("one process, {time}");
        comes_and_goes(&venue, &what, async |_| {}).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_thousand_at_once_one_hundred_get_places_and_the_rest_wait_in_order() {
    let Some(cluster) = Cluster::open_with(&WIDE, 1).await else {
        return;
    };
    let secret = cluster.secret.clone().into_bytes();
    let venue = Venue::open(&cluster, secret, &cluster.joins).await;
    for time in 1..=times() {
        let what = format!("real servers, {time}");
        comes_and_goes(&venue, &what, async |_| {}).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute or two of both cores"]
async fn the_same_when_the_join_service_is_killed_in_the_middle_msg_4() {
    let Some(mut cluster) = Cluster::open_with(&WIDE, 1).await else {
        return;
    };
    let door = cluster.door.clone();
    let secret = cluster.secret.clone().into_bytes();
    let venue = Venue::open(&door, secret, &cluster.joins).await;
    for time in 1..=times() {
        let what = format!("join killed, {time}");
        comes_and_goes(&venue, &what, async |venue| {
            venue.answered(MIDDLE).await;
            cluster.service("join").kill();
            tokio::time::sleep(Duration::from_millis(500)).await;
            cluster.service("join").begin().unwrap();
        })
        .await;
        cluster.all_run();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute or two of both cores"]
async fn the_same_when_the_broker_is_killed_in_the_middle_msg_4() {
    let Some(mut cluster) = Cluster::open_with(&WIDE, 1).await else {
        return;
    };
    let door = cluster.door.clone();
    let secret = cluster.secret.clone().into_bytes();
    let venue = Venue::open(&door, secret, &cluster.joins).await;
    for time in 1..=times() {
        let what = format!("broker killed, {time}");
        comes_and_goes(&venue, &what, async |venue| {
            venue.answered(MIDDLE).await;
            let again = |broker: &mut RabbitmqServer| {
                broker.kill();
                broker.restart().unwrap();
            };
            cluster.rabbitmq.with(again).await;
        })
        .await;
        cluster.all_run();
    }
}
