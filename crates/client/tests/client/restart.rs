//! RES-1: the restart of a dependency, which refuses connections and then requests for a short
//! time.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::Full;
use seaworthy_client::{HttpClientConfig, RequestBuilder, Resolve, ResolveFuture};
use seaworthy_core::Timeout;
use seaworthy_resilience::circuit_breaker::BreakerState;
use seaworthy_testkit::{eventually, once_within, server::free_address};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpSocket, TcpStream},
    sync::{Notify, watch},
    task::{JoinHandle, JoinSet},
};

use crate::fixture::{Reply, Server, answer, builder, client, once};

/// Clients that call at the same time.
const CALLERS: usize = 20;
/// The address of the process. A client connects to it from 127.0.0.1.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// A restart that takes longer on a busy machine is repeated, because calls wait for 400 ms.
const MAX_OUTAGE: Duration = Duration::from_millis(350);
/// Restarts until one is short enough.
const MAX_RESTARTS: usize = 10;
/// Longer than any step of these tests takes.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A process that listens on an address until it is stopped.
struct Process {
    stopping: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl Process {
    /// Starts to listen. A connection to 127.0.0.2 comes from 127.0.0.1, so that a client cannot
    /// connect to its own port while the process is down.
    fn start(address: SocketAddr) -> (Self, SocketAddr) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(address).unwrap();
        let listener = socket.listen(1_024).unwrap();
        let address = listener.local_addr().unwrap();
        let (stopping, mut stop) = watch::channel(false);
        let running = async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        connections.spawn(serve(accepted.unwrap().0, stop.clone()));
                    }
                    _ = stop.changed() => break,
                }
            }
            drop(listener);
            connections.join_all().await;
        };
        let running = tokio::spawn(running);
        (Self { stopping, running }, address)
    }

    /// Closes the listener, and each connection after its next response.
    async fn stop(self) {
        self.stopping.send_replace(true);
        self.running.await.unwrap();
    }
}

async fn serve(stream: TcpStream, mut stop: watch::Receiver<bool>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        while !line.ends_with("\r\n\r\n") {
            let read = tokio::select! {
                read = stream.read_line(&mut line) => read,
                () = is_idle(&mut stop) => return,
            };
            if !read.is_ok_and(|length| length > 0) {
                return;
            }
        }
        let is_last = *stop.borrow();
        let close = if is_last { "connection: close\r\n" } else { "" };
        let response = format!("HTTP/1.1 200 OK\r\n{close}content-length: 2\r\n\r\nok");
        if stream.write_all(response.as_bytes()).await.is_err() || is_last {
            return;
        }
    }
}

/// Completes when the process stops and no request has come for a while.
async fn is_idle(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
}

fn any_port() -> SocketAddr {
    ([127, 0, 0, 2], 0).into()
}

/// The effects of a restart on callers.
struct Restart {
    /// The time from the stop to the first call after it.
    outage: Duration,
    errors: Vec<String>,
    is_tripped: bool,
}

async fn restart() -> Restart {
    let (process, address) = Process::start(any_port());
    let client = client(|_| {});
    let (stopped, done) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (client, stopped, done) = (client.clone(), Arc::clone(&stopped), Arc::clone(&done));
            tokio::spawn(async move {
                let mut errors = Vec::new();
                while !stopped.load(Ordering::Relaxed) {
                    let sent = client.get(&format!("http://{address}/")).send().await;
                    match sent {
                        Ok(response) => drop(response.bytes().await.unwrap()),
                        Err(error) => errors.push(error.to_string()),
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                }
                errors
            })
        })
        .collect();
    let calls = async |number: usize| {
        let target = done.load(Ordering::Relaxed) + number;
        eventually(async || done.load(Ordering::Relaxed) >= target).await;
    };
    calls(10 * CALLERS).await;
    let begun = Instant::now();
    process.stop().await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    let (process, _) = Process::start(address);
    calls(1).await;
    let outage = begun.elapsed();
    calls(10 * CALLERS).await;
    stopped.store(true, Ordering::Relaxed);
    let mut errors = Vec::new();
    for caller in callers {
        errors.extend(caller.await.unwrap());
    }
    process.stop().await;
    Restart {
        outage,
        errors,
        is_tripped: !client.policies().breaker().snapshot().trips.is_empty(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restart_of_150_ms_fails_no_call_res_1() {
    let mut outages = Vec::new();
    while outages.len() < MAX_RESTARTS {
        let Restart {
            outage,
            errors,
            is_tripped,
        } = restart().await;
        if outage < MAX_OUTAGE {
            assert_eq!(errors, Vec::<String>::new());
            assert!(!is_tripped);
            return;
        }
        outages.push(outage);
    }
    panic!("each restart took too long: {outages:?}");
}

#[tokio::test]
async fn first_success_after_long_restart_closes_breaker_res_1() {
    once_within(Duration::from_secs(1), async |_| restart_after_trip().await).await;
}

/// Returns the time from the restart until a call succeeds, which closes the breaker.
async fn restart_after_trip() -> Duration {
    let (process, address) = Process::start(any_port());
    let client = client(once);
    let url = format!("http://{address}/");
    client
        .get(&url)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    process.stop().await;
    let breaker = client.policies().breaker();
    let began = Instant::now();
    while breaker.state() != BreakerState::Open {
        assert!(began.elapsed() < TIMEOUT);
        let calls = (0..5).map(|_| client.get(&url).send());
        for result in futures::future::join_all(calls).await {
            result.unwrap_err();
        }
    }
    let (process, _) = Process::start(address);
    let began = Instant::now();
    while client.get(&url).send().await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
    let took = began.elapsed();
    process.stop().await;
    took
}

/// A name with one address, which counts the attempts to connect to it.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>, Arc<Notify>);

impl Resolve for Counting {
    fn resolve(&self, _: &str) -> ResolveFuture {
        self.0.fetch_add(1, Ordering::SeqCst);
        self.1.notify_one();
        Box::pin(async { Ok(vec![ADDRESS.into()]) })
    }
}

fn patient(config: &mut HttpClientConfig) {
    once(config);
    config.policies.breaker.slow_call_duration = Timeout::from_secs(600);
    config.policies.attempt_timeout = Timeout::from_secs(60);
    config.policies.total_timeout = Timeout::from_secs(60);
    config.connect_timeout = Timeout::from_secs(60);
}

#[tokio::test]
async fn refused_connection_is_retried_while_breaker_allows_it_res_1() {
    let names = Counting::default();
    let port = free_address().unwrap().port();
    let client = builder(patient).resolver(names.clone()).build().unwrap();
    let url = format!("http://stock.example:{port}/");
    let call = tokio::spawn(async move { client.get(&url).send().await });
    // With delays of up to 50 ms, this takes longer than calls with the default settings wait.
    while names.0.load(Ordering::SeqCst) < 60 {
        tokio::time::timeout(TIMEOUT, names.1.notified())
            .await
            .unwrap();
        assert!(!call.is_finished());
    }
    let (_process, _) = Process::start((ADDRESS, port).into());
    call.await.unwrap().unwrap();
}

/// The response to a request that a service has not processed because it is starting.
fn starting() -> Reply {
    answer("503 Service Unavailable", "x-unprocessed: starting\r\n", "")
}

/// Checks that a starting service gets the request until it is ready, and that no call fails.
async fn is_sent_until_ready(with_body: impl FnOnce(RequestBuilder) -> RequestBuilder) {
    const REJECTED: usize = 4;
    let server = Server::start(|before, _| match before {
        0..REJECTED => starting(),
        _ => answer("200 OK", "", "ok"),
    })
    .await;
    let client = client(patient);
    let request = with_body(client.post(&server.url("/")));
    assert_eq!(request.send().await.unwrap().status(), 200);
    let seen = server.seen();
    assert_eq!(seen.len(), REJECTED + 1);
    assert!(seen.iter().all(|seen| seen.body == b"order"), "{seen:?}");
    let left = seen.iter().map(|seen| seen.header("x-request-timeout-ms"));
    let left: Vec<u64> = left.map(|left| left.unwrap().parse().unwrap()).collect();
    assert!(left.last() < left.first(), "{left:?}");
    assert!(client.policies().breaker().snapshot().trips.is_empty());
}

#[tokio::test]
async fn request_of_starting_service_is_sent_again_res_1() {
    is_sent_until_ready(|request| request.body("order")).await;
}

#[tokio::test]
async fn stream_of_starting_service_is_sent_again_res_1() {
    let stream = Full::new(Bytes::from_static(b"order"));
    is_sent_until_ready(|request| request.stream(stream)).await;
}

#[tokio::test]
async fn response_omits_header_of_unprocessed_request_res_1() {
    let server = Server::start(|_, _| starting()).await;
    let client = client(|config| {
        once(config);
        // A request waits for a fifth of it.
        config.policies.breaker.slow_call_duration = Timeout::from_millis(50);
    });
    let response = client.get(&server.url("/")).send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers().get("x-unprocessed"), None);
}

#[tokio::test]
async fn first_success_after_long_start_closes_breaker_res_1() {
    once_within(Duration::from_secs(1), async |_| start_after_trip().await).await;
}

/// Returns the time from the end of a start until a call succeeds, which closes the breaker.
async fn start_after_trip() -> Duration {
    let is_ready = Arc::new(AtomicBool::new(false));
    let ready = Arc::clone(&is_ready);
    let server = Server::start(move |_, _| match ready.load(Ordering::SeqCst) {
        true => answer("200 OK", "", "ok"),
        false => starting(),
    })
    .await;
    let client = client(once);
    let url = server.url("/");
    let breaker = client.policies().breaker();
    let began = Instant::now();
    while breaker.state() != BreakerState::Open {
        assert!(began.elapsed() < TIMEOUT);
        let calls = (0..5).map(|_| client.get(&url).send());
        for result in futures::future::join_all(calls).await {
            assert!(result.is_ok_and(|response| response.status() == 503));
        }
    }
    is_ready.store(true, Ordering::SeqCst);
    let began = Instant::now();
    let response = loop {
        match client.get(&url).send().await {
            Ok(response) => break response,
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    };
    assert_eq!(response.bytes().await.unwrap(), "ok");
    assert_eq!(breaker.state(), BreakerState::Closed);
    began.elapsed()
}
