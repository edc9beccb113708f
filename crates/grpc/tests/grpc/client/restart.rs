//! RES-1: the restart of a dependency, which refuses connections for a short time.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use seaworthy_core::Timeout;
use seaworthy_grpc::client::{GrpcChannel, GrpcClientConfig};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::client::fixture::{Reply, Server, call};

/// A connection to 127.0.0.2 comes from 127.0.0.1, so that a client cannot connect to its own port
/// while the server is down.
fn listen(port: u16) -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket
        .bind(SocketAddr::from(([127, 0, 0, 2], port)))
        .unwrap();
    socket.listen(1_024).unwrap()
}

/// The time without a listener, which is shorter than calls wait for one.
const OUTAGE: Duration = Duration::from_millis(150);
/// On a busy machine a listener can be away for longer than calls wait. Such a restart is repeated.
const MAX_OUTAGE: Duration = Duration::from_millis(300);
/// Restarts until one is short enough.
const MAX_RESTARTS: usize = 10;

/// Restarts the server while calls wait. Returns how long no listener accepted connections, the
/// errors of the calls, and whether the breaker opened.
async fn restart() -> (Duration, Vec<String>, bool) {
    let server = Server::start_on(listen(0), |_| Reply::Ok);
    let address = server.address;
    let config = GrpcClientConfig::new(format!("http://{address}"));
    let channel = GrpcChannel::builder("things", config).build().unwrap();
    call(&channel).await.unwrap();
    let stopped = Instant::now();
    drop(server);
    while TcpStream::connect(address).await.is_ok() {}
    let calls = (0..20).map(|_| {
        let channel = channel.clone();
        tokio::spawn(async move { call(&channel).await })
    });
    let calls: Vec<_> = calls.collect();
    tokio::time::sleep(OUTAGE).await;
    let _server = Server::start_on(listen(address.port()), |_| Reply::Ok);
    let outage = stopped.elapsed();
    let responses = futures::future::join_all(calls).await.into_iter();
    let errors = responses.filter_map(|response| response.unwrap().err());
    let errors = errors.map(|error| error.to_string()).collect();
    let is_tripped = !channel.policies().breaker().snapshot().trips.is_empty();
    (outage, errors, is_tripped)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restart_of_150_ms_fails_no_call_res_1() {
    for _ in 0..MAX_RESTARTS {
        let (outage, errors, is_tripped) = restart().await;
        if outage < MAX_OUTAGE {
            assert_eq!(errors, Vec::<String>::new());
            assert!(!is_tripped, "the breaker opened");
            return;
        }
    }
    panic!("no restart took less than {MAX_OUTAGE:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_call_waits_from_its_own_start_res_1() {
    let server = Server::start_on(listen(0), |_| Reply::Ok);
    let address = server.address;
    let mut config = GrpcClientConfig::new(format!("http://{address}"));
    config.policies.retry = serde_json::from_str(r#"{"max_attempts": 1}"#).unwrap();
    let channel = GrpcChannel::builder("things", config).build().unwrap();
    call(&channel).await.unwrap();
    drop(server);
    while TcpStream::connect(address).await.is_ok() {}
    call(&channel).await.unwrap_err();
    // The second call is waiting when the process is back.
    let start = async { Server::start_on(listen(address.port()), |_| Reply::Ok) };
    let (response, _server) = tokio::join!(call(&channel), start);
    response.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_wait_longer_if_slow_calls_may_res_1() {
    let server = Server::start_on(listen(0), |_| Reply::Ok);
    let address = server.address;
    drop(server);
    while TcpStream::connect(address).await.is_ok() {}
    let config = GrpcClientConfig::new(format!("http://{address}"));
    let usual = GrpcChannel::builder("usual", config.clone()).build();
    let mut config = config;
    config.policies.breaker.slow_call_duration = Timeout::from_secs(600);
    config.policies.attempt_timeout = Timeout::from_secs(60);
    config.policies.total_timeout = Timeout::from_secs(60);
    let patient = GrpcChannel::builder("patient", config).build().unwrap();
    let waiting = tokio::spawn(async move { call(&patient).await });
    call(&usual.unwrap()).await.unwrap_err();
    assert!(!waiting.is_finished());
    let _server = Server::start_on(listen(address.port()), |_| Reply::Ok);
    waiting.await.unwrap().unwrap();
}
