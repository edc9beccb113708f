//! RES-1: the restart of a dependency, which refuses connections for a short time.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use seaworthy_core::{Timeout, context};
use seaworthy_grpc::client::{GrpcChannel, GrpcClientConfig};
use seaworthy_telemetry::metrics::{Format, Metrics};
use seaworthy_testkit::eventually;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tonic::Code;

use crate::client::{
    fixture::{Reply, Server, call},
    propagation::request,
};

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

/// Ends the server, and waits until the client has no connection. A call that the client sends
/// earlier can fail, because the server may have received it.
async fn stop(server: Server, metrics: &Metrics) {
    drop(server);
    let disconnected = r#"grpc_client_connections{client="things"} 0"#;
    eventually(async || {
        let text = metrics.render(Format::PrometheusText);
        text.contains(disconnected)
    })
    .await;
}

/// The time without a listener, which is shorter than calls wait for one.
const OUTAGE: Duration = Duration::from_millis(150);
/// On a busy machine the client can be disconnected for longer than calls wait. Such a restart is
/// repeated.
const MAX_OUTAGE: Duration = Duration::from_millis(300);
/// Restarts until one is short enough.
const MAX_RESTARTS: usize = 10;

/// The calls that waited during a restart of the server.
#[derive(Debug)]
struct Restart {
    /// The time from the stop to the first response. `None` without a response.
    outage: Option<Duration>,
    errors: Vec<String>,
    is_tripped: bool,
}

/// Restarts the server while calls wait.
async fn restart() -> Restart {
    let server = Server::start_on(listen(0), |_| Reply::Ok);
    let (address, metrics) = (server.address, Metrics::new());
    let channel = server.client().metrics(&metrics).build().unwrap();
    call(&channel).await.unwrap();
    let stopped = Instant::now();
    stop(server, &metrics).await;
    let calls = (0..20).map(|_| {
        let channel = channel.clone();
        tokio::spawn(async move { call(&channel).await.map(|()| stopped.elapsed()) })
    });
    let calls: Vec<_> = calls.collect();
    tokio::time::sleep(OUTAGE).await;
    let _server = Server::start_on(listen(address.port()), |_| Reply::Ok);
    let (mut outages, mut errors) = (Vec::new(), Vec::new());
    for call in calls {
        match call.await.unwrap() {
            Ok(outage) => outages.push(outage),
            Err(error) => errors.push(error.to_string()),
        }
    }
    Restart {
        outage: outages.into_iter().min(),
        errors,
        is_tripped: !channel.policies().breaker().snapshot().trips.is_empty(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restart_of_150_ms_fails_no_call_res_1() {
    let mut restarts = Vec::new();
    while restarts.len() < MAX_RESTARTS {
        let restart = restart().await;
        if restart.outage.is_some_and(|outage| outage < MAX_OUTAGE) {
            assert_eq!(restart.errors, Vec::<String>::new());
            assert!(!restart.is_tripped, "the breaker opened");
            return;
        }
        restarts.push(restart);
    }
    panic!("no restart took less than {MAX_OUTAGE:?}: {restarts:?}");
}

#[tokio::test]
async fn refused_call_is_unavailable_at_its_deadline_res_1() {
    let address = listen(0).local_addr().unwrap();
    let config = GrpcClientConfig::new(format!("http://{address}"));
    let channel = GrpcChannel::builder("things", config).build().unwrap();
    // Shorter than a call waits for a process that restarts.
    let request = request(Duration::from_millis(150));
    let status = context::scope(request, call(&channel)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_call_waits_from_its_own_start_res_1() {
    let server = Server::start_on(listen(0), |_| Reply::Ok);
    let (address, metrics) = (server.address, Metrics::new());
    let mut config = server.config();
    config.policies.retry = serde_json::from_str(r#"{"max_attempts": 1}"#).unwrap();
    let channel = GrpcChannel::builder("things", config).metrics(&metrics);
    let channel = channel.build().unwrap();
    call(&channel).await.unwrap();
    stop(server, &metrics).await;
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
