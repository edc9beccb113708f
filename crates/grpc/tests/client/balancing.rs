//! RES-1, RES-3: calls are spread over all addresses, and one bad replica costs little.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use seaworthy_core::Timeout;
use seaworthy_grpc::client::{GrpcChannel, GrpcClientConfig};
use seaworthy_resilience::circuit_breaker::BreakerMode;
use seaworthy_testkit::fault::{Disruption, Fault, FaultProxy};
use tokio::net::TcpListener;

use crate::fixture::{Names, Reply, Server, call, listen};

/// A free port that is the same on three addresses of this machine.
async fn addresses() -> [SocketAddr; 3] {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let all = [1, 2, 3].map(|last| SocketAddr::from(([127, 0, 0, last], port)));
        let mut free = true;
        for address in &all[1..] {
            free &= TcpListener::bind(address).await.is_ok();
        }
        drop(listener);
        if free {
            return all;
        }
    }
}

fn client(names: &Names, port: u16, change: impl FnOnce(&mut GrpcClientConfig)) -> GrpcChannel {
    let mut config = GrpcClientConfig::new(format!("http://things.test:{port}"));
    config.resolve_interval = Timeout::from_millis(200);
    change(&mut config);
    let builder = GrpcChannel::builder("things", config);
    builder.resolver(names.clone()).build().unwrap()
}

fn ips(addresses: &[SocketAddr]) -> Vec<IpAddr> {
    addresses.iter().map(SocketAddr::ip).collect()
}

/// Calls at a steady rate from eight tasks, for a time; how many there were, and how many failed.
async fn load(channel: &GrpcChannel, time: Duration) -> (usize, usize) {
    let ends = Instant::now() + time;
    let workers = (0..8).map(|_| {
        let channel = channel.clone();
        tokio::spawn(async move {
            let (mut calls, mut failures) = (0, 0);
            let mut pace = tokio::time::interval(Duration::from_millis(20));
            while Instant::now() < ends {
                pace.tick().await;
                calls += 1;
                failures += usize::from(call(&channel).await.is_err());
            }
            (calls, failures)
        })
    });
    let all = futures::future::join_all(workers.collect::<Vec<_>>()).await;
    all.into_iter().fold((0, 0), |(calls, failures), worker| {
        let (more, failed) = worker.unwrap();
        (calls + more, failures + failed)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_spread_evenly_over_all_addresses_of_the_name_res_3() {
    let all = addresses().await;
    let mut servers = Vec::new();
    for address in all {
        let slow = Reply::After(Duration::from_millis(2));
        servers.push(
            Server::start_at(address, move |_| slow.clone())
                .await
                .unwrap(),
        );
    }
    let names = Names::default();
    *names.0.lock() = ips(&all);
    let channel = client(&names, all[0].port(), |_| {});
    let (calls, failures) = load(&channel, Duration::from_secs(2)).await;
    assert_eq!(failures, 0);
    for server in servers {
        let share = server.calls() as f64 / calls as f64;
        assert!((0.2..0.5).contains(&share), "{share}");
    }
}

/// This many calls from eight tasks, each after its wait; how many of them failed. Slow machines take longer and count the same.
async fn counted(channel: &GrpcChannel, calls: usize) -> usize {
    let workers = (0..8).map(|_| {
        let channel = channel.clone();
        tokio::spawn(async move {
            let mut failures = 0;
            for _ in 0..calls / 8 {
                tokio::time::sleep(Duration::from_millis(10)).await;
                failures += usize::from(call(&channel).await.is_err());
            }
            failures
        })
    });
    let all = futures::future::join_all(workers.collect::<Vec<_>>()).await;
    all.into_iter().map(Result::unwrap).sum()
}

/// One of three replicas is bad in one way; how many of a thousand calls fail once it is known to be. Calls are not repeatable: nothing is hidden by a retry.
async fn one_bad(bad: impl AsyncFnOnce(SocketAddr) -> Vec<Box<dyn std::any::Any>>) -> usize {
    let all = addresses().await;
    let mut good = Vec::new();
    for address in &all[..2] {
        good.push(Server::start_at(*address, |_| Reply::Ok).await.unwrap());
    }
    let bad = bad(all[2]).await;
    let names = Names::default();
    *names.0.lock() = ips(&all);
    let channel = client(&names, all[0].port(), |config| {
        config.policies.timeout = Timeout::from_millis(500);
    });
    // A run of five failures is what it is known by.
    let mut failures = counted(&channel, 80).await;
    while !bad.is_empty() && failures < 5 {
        failures += counted(&channel, 80).await;
    }
    counted(&channel, 1_000).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_replica_of_three_that_is_down_costs_less_than_one_call_of_a_hundred_res_1() {
    let failures = one_bad(async |_| Vec::new()).await;
    assert_eq!(failures, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_replica_of_three_that_refuses_work_costs_less_than_one_call_of_a_hundred_res_1() {
    let failures = one_bad(async |address| {
        let reply = Reply::Status(tonic::Code::Unavailable, None);
        let server = Server::start_at(address, move |_| reply.clone()).await;
        vec![Box::new(server.unwrap()) as Box<dyn std::any::Any>]
    })
    .await;
    assert!(failures < 10, "{failures} of 1,000");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_replica_of_three_that_never_answers_costs_less_than_one_call_of_a_hundred_res_1() {
    let failures = one_bad(async |address| {
        let server = Server::start_at(address, |_| Reply::Never).await;
        vec![Box::new(server.unwrap()) as Box<dyn std::any::Any>]
    })
    .await;
    assert!(failures < 10, "{failures} of 1,000");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_dies_under_load_fails_only_what_it_held_and_is_used_again_res_1() {
    let all = addresses().await;
    let mut servers = Vec::new();
    for address in all {
        servers.push(Server::start_at(address, |_| Reply::Ok).await.unwrap());
    }
    let names = Names::default();
    *names.0.lock() = ips(&all);
    let channel = client(&names, all[0].port(), |_| {});
    load(&channel, Duration::from_millis(500)).await;
    drop(servers.pop());
    let (calls, failures) = load(&channel, Duration::from_secs(2)).await;
    assert!(failures <= 8 && calls > 200, "{failures} of {calls}");
    let back = Server::start_at(all[2], |_| Reply::Ok).await.unwrap();
    let began = Instant::now();
    while back.calls() == 0 {
        assert!(began.elapsed() < Duration::from_secs(10));
        call(&channel).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_joins_the_name_is_called_and_one_that_left_is_not_res_1() {
    let all = addresses().await;
    let (first, second) = (
        Server::start_at(all[0], |_| Reply::Ok).await.unwrap(),
        Server::start_at(all[1], |_| Reply::Ok).await.unwrap(),
    );
    let names = Names::default();
    *names.0.lock() = vec![all[0].ip()];
    let channel = client(&names, all[0].port(), |_| {});
    call(&channel).await.unwrap();
    assert_eq!((first.calls(), second.calls()), (1, 0));
    *names.0.lock() = vec![all[1].ip()];
    let began = Instant::now();
    while second.calls() == 0 {
        assert!(began.elapsed() < Duration::from_secs(10));
        call(&channel).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let before = first.calls();
    for _ in 0..20 {
        call(&channel).await.unwrap();
    }
    assert_eq!(first.calls(), before);
}

#[tokio::test]
async fn connections_are_bounded_and_shared_by_all_calls_res_3() {
    let server = Server::start(|_| Reply::After(Duration::from_millis(50))).await;
    let proxy = FaultProxy::start(server.address).await.unwrap();
    let config = GrpcClientConfig::new(format!("http://{}", proxy.address()));
    let channel = GrpcChannel::builder("things", config).build().unwrap();
    let calls = (0..50).map(|_| call(&channel));
    for answer in futures::future::join_all(calls).await {
        answer.unwrap();
    }
    assert_eq!(proxy.connections(), 1);

    let all = addresses().await;
    let mut servers = Vec::new();
    for address in all {
        servers.push(Server::start_at(address, |_| Reply::Ok).await.unwrap());
    }
    let names = Names::default();
    *names.0.lock() = ips(&all);
    let one = std::num::NonZeroU16::MIN;
    let channel = client(&names, all[0].port(), |config| {
        config.maximum_connections = one
    });
    for _ in 0..30 {
        call(&channel).await.unwrap();
    }
    let called = servers.iter().filter(|server| server.calls() > 0).count();
    assert_eq!(called, 1);
}

/// Two servers of one name, of which the second does as it is told; an attempt is given so long.
async fn pair(
    patience: Timeout,
    reply: impl Fn(usize) -> Reply + Send + Sync + 'static,
) -> (Server, Server, GrpcChannel) {
    let all = addresses().await;
    let first = Server::start_at(all[0], |_| Reply::Ok).await.unwrap();
    let second = Server::start_at(all[1], reply).await.unwrap();
    let names = Names::default();
    *names.0.lock() = ips(&all[..2]);
    let mut config = GrpcClientConfig::new(format!("http://things.test:{}", all[0].port()));
    config.policies.timeout = patience;
    config.policies.breaker.mode = BreakerMode::Off;
    let builder = GrpcChannel::builder("things", config).resolver(names);
    (first, second, builder.build().unwrap())
}

#[tokio::test]
async fn streams_that_their_readers_end_say_nothing_against_a_replica_res_1() {
    const STREAMS: usize = 10;
    let (_first, second, channel) = pair(Timeout::from_millis(200), |before| {
        if before < STREAMS {
            Reply::Stream
        } else {
            Reply::Ok
        }
    })
    .await;
    let mut streams = Vec::new();
    while second.calls() < STREAMS {
        streams.extend(listen(&channel).await);
    }
    // Those of the first server end by themselves.
    let wait = Duration::from_millis(300);
    let rest = streams
        .iter_mut()
        .map(|stream: &mut tonic::Streaming<()>| tokio::time::timeout(wait, stream.message()));
    let rest = futures::future::join_all(rest).await;
    assert_eq!(rest.iter().filter(|ended| ended.is_err()).count(), STREAMS);
    drop(rest);
    drop(streams);
    for _ in 0..40 {
        call(&channel).await.unwrap();
    }
    assert!(second.calls() > STREAMS, "it is left out");
}

#[tokio::test]
async fn a_trial_that_its_caller_gives_up_makes_room_for_the_next_res_1() {
    const FAILURES: usize = 5;
    let (first, second, channel) = pair(Timeout::from_secs(2), |before| match before {
        0..FAILURES => Reply::Status(tonic::Code::Internal, None),
        FAILURES => Reply::Never,
        _ => Reply::Ok,
    })
    .await;
    while second.calls() < FAILURES {
        let _ = call(&channel).await;
    }
    let began = Instant::now();
    // It comes back after a second and is tried by a call that nobody waits for any more.
    while second.calls() == FAILURES {
        assert!(began.elapsed() < Duration::from_secs(5));
        let _ = tokio::time::timeout(Duration::from_millis(50), call(&channel)).await;
    }
    for _ in 0..40 {
        call(&channel).await.unwrap();
    }
    assert!(
        second.calls() > FAILURES + 1,
        "it waits for a call that has ended"
    );
    drop(first);
}

#[tokio::test]
async fn a_connection_that_is_cut_is_opened_again_res_1() {
    let server = Server::start(|_| Reply::Ok).await;
    let proxy = FaultProxy::start(server.address).await.unwrap();
    let config = GrpcClientConfig::new(format!("http://{}", proxy.address()));
    let channel = GrpcChannel::builder("things", config).build().unwrap();
    call(&channel).await.unwrap();
    proxy.set(Fault::of(Disruption::Down));
    assert!(call(&channel).await.is_err());
    proxy.set(Fault::none());
    let began = Instant::now();
    while call(&channel).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
