//! RES-1: the restart of a dependency, which refuses connections for a short time.

use std::{net::SocketAddr, time::Duration};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restart_of_150_ms_fails_no_call_res_1() {
    let server = Server::start_on(listen(0), |_| Reply::Ok);
    let address = server.address;
    let config = GrpcClientConfig::new(format!("http://{address}"));
    let channel = GrpcChannel::builder("things", config).build().unwrap();
    call(&channel).await.unwrap();
    drop(server);
    while TcpStream::connect(address).await.is_ok() {}
    let calls = (0..20).map(|_| {
        let channel = channel.clone();
        tokio::spawn(async move { call(&channel).await })
    });
    let calls: Vec<_> = calls.collect();
    tokio::time::sleep(Duration::from_millis(150)).await;
    let _server = Server::start_on(listen(address.port()), |_| Reply::Ok);
    for answer in futures::future::join_all(calls).await {
        answer.unwrap().unwrap();
    }
    assert_eq!(channel.policies().breaker().snapshot().trips, []);
}
