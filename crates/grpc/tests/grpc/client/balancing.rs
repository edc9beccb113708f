//! RES-1, RES-3: calls are spread over all addresses, and one bad replica costs little.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use seaworthy_core::Timeout;
use seaworthy_grpc::client::{GrpcChannel, GrpcClientConfig};
use seaworthy_resilience::circuit_breaker::BreakerMode;
use seaworthy_testkit::{eventually, fault::FaultProxy};
use tokio::net::{TcpListener, TcpSocket};

use crate::client::fixture::{Names, Reply, Server, call, listen};

/// Three addresses with one port. Each is reserved until its server listens, and rejects
/// connections until then.
struct Replicas {
    addresses: [SocketAddr; 3],
    kept: [Option<TcpSocket>; 3],
}

impl Replicas {
    fn new() -> Self {
        loop {
            if let Ok(replicas) = Self::of_a_free_port() {
                return replicas;
            }
        }
    }

    fn of_a_free_port() -> io::Result<Self> {
        let keep = |last, port| {
            let socket = TcpSocket::new_v4()?;
            socket.set_reuseaddr(true)?;
            socket.bind(SocketAddr::from(([127, 0, 0, last], port)))?;
            Ok::<_, io::Error>(socket)
        };
        let first = keep(1, 0)?;
        let port = first.local_addr()?.port();
        Ok(Self {
            addresses: [1, 2, 3].map(|last| SocketAddr::from(([127, 0, 0, last], port))),
            kept: [Some(first), Some(keep(2, port)?), Some(keep(3, port)?)],
        })
    }

    fn start(
        &mut self,
        index: usize,
        decide: impl Fn(usize) -> Reply + Send + Sync + 'static,
    ) -> Server {
        let socket = self.kept.get_mut(index).and_then(Option::take).unwrap();
        Server::start_on(socket.listen(1_024).unwrap(), decide)
    }

    fn port(&self) -> u16 {
        self.addresses[0].port()
    }

    fn ips(&self) -> Vec<IpAddr> {
        self.addresses.iter().map(SocketAddr::ip).collect()
    }
}

fn client(names: &Names, port: u16, change: impl FnOnce(&mut GrpcClientConfig)) -> GrpcChannel {
    let mut config = GrpcClientConfig::new(format!("http://things.test:{port}"));
    config.resolve_interval = Timeout::from_millis(200);
    change(&mut config);
    let builder = GrpcChannel::builder("things", config);
    builder.resolver(names.clone()).build().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn balances_calls_evenly_over_addresses_res_3() {
    let mut replicas = Replicas::new();
    let servers =
        [0, 1, 2].map(|index| replicas.start(index, |_| Reply::After(Duration::from_millis(2))));
    let names = Names::default();
    *names.0.lock() = replicas.ips();
    let channel = client(&names, replicas.port(), |_| {});
    assert_eq!(counted(&channel, 800).await, 0);
    for server in servers {
        let share = server.calls() as f64 / 800.0;
        assert!((0.2..0.5).contains(&share), "{share}");
    }
}

/// Sends calls from eight tasks, each after its delay. Returns how many failed.
pub(super) async fn counted(channel: &GrpcChannel, calls: usize) -> usize {
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

/// Returns how many of a thousand calls fail after one of three replicas is known to be bad. Calls
/// are not idempotent, so no retry hides a failure.
async fn one_bad(reply: Option<Reply>) -> usize {
    let mut replicas = Replicas::new();
    let _good = [0, 1].map(|index| replicas.start(index, |_| Reply::Ok));
    let bad = reply.map(|reply| replicas.start(2, move |_| reply.clone()));
    let names = Names::default();
    *names.0.lock() = replicas.ips();
    let channel = client(&names, replicas.port(), |config| {
        // A call of a good replica on a busy machine takes less.
        config.policies.attempt_timeout = Timeout::from_secs(3);
    });
    // Five failures in a row eject it.
    let mut failures = counted(&channel, 80).await;
    while bad.is_some() && failures < 5 {
        failures += counted(&channel, 80).await;
    }
    // On a busy machine the last failures come after all successes, and open the breaker too.
    eventually(async || call(&channel).await.is_ok()).await;
    counted(&channel, 1_000).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_down_replica_of_three_costs_under_one_percent_res_1() {
    let failures = one_bad(None).await;
    assert_eq!(failures, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_refusing_replica_of_three_costs_under_one_percent_res_1() {
    let failures = one_bad(Some(Reply::Status(tonic::Code::Unavailable, None))).await;
    assert!(failures < 10, "{failures} of 1,000");
}

/// Lets one of three replicas answer with a status, which is faster than work: of concurrent calls
/// all failures arrive first. Checks that calls of the others go on.
async fn one_failing(code: tonic::Code) {
    let mut replicas = Replicas::new();
    let work = Reply::After(Duration::from_millis(100));
    let refuses = Arc::new(AtomicBool::new(false));
    let _all = [0, 1, 2].map(|index| {
        let (refuses, work) = (Arc::clone(&refuses), work.clone());
        replicas.start(index, move |_| match index == 2 && refuses.load(SeqCst) {
            true => Reply::Status(code, None),
            false => work.clone(),
        })
    });
    let names = Names::default();
    *names.0.lock() = replicas.ips();
    let channel = client(&names, replicas.port(), |_| {});
    assert_eq!(counted(&channel, 80).await, 0);
    refuses.store(true, SeqCst);
    let burst = futures::future::join_all((0..40).map(|_| call(&channel))).await;
    let refused = burst.iter().filter(|answer| answer.is_err()).count();
    assert!((5..40).contains(&refused), "{refused}");
    let failures = counted(&channel, 80).await;
    assert!(failures <= 8, "{failures} of 80");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rejections_of_one_replica_stop_no_calls_of_others_res_1() {
    one_failing(tonic::Code::Unavailable).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn internal_errors_of_one_replica_stop_no_calls_of_others_res_1() {
    one_failing(tonic::Code::Internal).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replica_that_cuts_answers_off_is_ejected_res_1() {
    let failures = one_bad(Some(Reply::CutOff)).await;
    assert!(failures < 10, "{failures} of 1,000");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_silent_replica_of_three_costs_under_one_percent_res_1() {
    let failures = one_bad(Some(Reply::Never)).await;
    assert!(failures < 10, "{failures} of 1,000");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replica_killed_under_load_fails_only_its_calls_res_1() {
    let mut replicas = Replicas::new();
    let _good = [0, 1].map(|index| replicas.start(index, |_| Reply::Ok));
    let dies = replicas.start(2, |_| Reply::Ok);
    let names = Names::default();
    *names.0.lock() = replicas.ips();
    let channel = client(&names, replicas.port(), |_| {});
    counted(&channel, 200).await;
    assert!(dies.calls() > 0);
    drop(dies);
    // Each of the eight tasks may have had one call there.
    let failures = counted(&channel, 800).await;
    assert!(failures <= 8, "{failures}");
    let back = TcpListener::bind(replicas.addresses[2]).await.unwrap();
    let back = Server::start_on(back, |_| Reply::Ok);
    let began = Instant::now();
    while back.calls() == 0 {
        assert!(began.elapsed() < Duration::from_secs(10));
        call(&channel).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_follow_added_and_removed_addresses_res_1() {
    let mut replicas = Replicas::new();
    let [first, second] = [0, 1].map(|index| replicas.start(index, |_| Reply::Ok));
    let names = Names::default();
    *names.0.lock() = vec![first.address.ip()];
    let channel = client(&names, replicas.port(), |_| {});
    call(&channel).await.unwrap();
    assert_eq!((first.calls(), second.calls()), (1, 0));
    *names.0.lock() = vec![second.address.ip()];
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

    let mut replicas = Replicas::new();
    let servers = [0, 1, 2].map(|index| replicas.start(index, |_| Reply::Ok));
    let names = Names::default();
    *names.0.lock() = replicas.ips();
    let one = std::num::NonZeroU16::MIN;
    let channel = client(&names, replicas.port(), |config| {
        config.max_connections = one
    });
    for _ in 0..30 {
        call(&channel).await.unwrap();
    }
    let called = servers.iter().filter(|server| server.calls() > 0).count();
    assert_eq!(called, 1);
}

/// Two servers of one name, with a reply for the second. `timeout` is that of an attempt.
pub(super) async fn pair(
    attempt_timeout: Timeout,
    reply: impl Fn(usize) -> Reply + Send + Sync + 'static,
) -> (Server, Server, GrpcChannel) {
    let mut replicas = Replicas::new();
    let first = replicas.start(0, |_| Reply::Ok);
    let second = replicas.start(1, reply);
    let names = Names::default();
    *names.0.lock() = vec![first.address.ip(), second.address.ip()];
    let mut config = GrpcClientConfig::new(format!("http://things.test:{}", replicas.port()));
    config.policies.attempt_timeout = attempt_timeout;
    config.policies.breaker.mode = BreakerMode::Off;
    let builder = GrpcChannel::builder("things", config).resolver(names);
    (first, second, builder.build().unwrap())
}

#[tokio::test]
async fn streams_ended_by_readers_do_not_count_as_failures_res_1() {
    const STREAMS: usize = 10;
    let (_first, second, channel) = pair(Timeout::from_millis(1_000), |before| {
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
    // The calls of the first server end by themselves.
    let wait = Duration::from_millis(1_500);
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
async fn dropped_test_call_allows_next_test_res_1() {
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
    // It returns after a second, and a call that is dropped tests it.
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
