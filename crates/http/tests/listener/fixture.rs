//! A server with the handlers that the tests need, on a port of its own.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a fixture that fails is a failed test; the lint knows only functions marked as tests"
)]

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    body::Body,
    extract::Path,
    http::{Request, Response, StatusCode},
    routing::{get, post},
};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use seaworthy_core::ByteSize;
use seaworthy_http::server::{
    ConnectionInfo, LimitsConfig, Listener, ListenerConfig, ReceiveWindows, RequestBodyError,
    ServerHandle,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
};

/// Long enough for anything that is going to happen on a busy machine.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) struct Fixture {
    pub(crate) address: SocketAddr,
    pub(crate) server: ServerHandle,
    /// Ends the wait of `GET /wait`.
    pub(crate) release: Arc<Notify>,
}

pub(crate) async fn start() -> Fixture {
    start_with(|_| {}).await
}

pub(crate) async fn start_limited(limit: impl FnOnce(&mut LimitsConfig)) -> Fixture {
    start_with(|config| limit(&mut config.limits)).await
}

pub(crate) async fn start_with(change: impl FnOnce(&mut ListenerConfig)) -> Fixture {
    start_sharing(ReceiveWindows::new(ByteSize::mebibytes(64)), change).await
}

/// Starts a listener that shares the limit on HTTP/2 receive windows.
pub(crate) async fn start_sharing(
    windows: ReceiveWindows,
    change: impl FnOnce(&mut ListenerConfig),
) -> Fixture {
    let mut config = ListenerConfig {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        ..ListenerConfig::default()
    };
    change(&mut config);
    let release = Arc::new(Notify::new());
    let listener = Listener::bind(&config).await.unwrap();
    let listener = listener.receive_windows(windows);
    let address = listener.local_addr();
    let server = listener.serve(routes(Arc::clone(&release)));
    Fixture {
        address,
        server,
        release,
    }
}

fn routes(release: Arc<Notify>) -> Router {
    Router::new()
        .route("/", get(async || "hello"))
        .route(
            "/wait",
            get(async move || {
                release.notified().await;
                "waited"
            }),
        )
        .route("/zeros/{size}", get(zeros))
        .route("/silence", get(silence))
        .route("/echo", post(echo))
        .route("/peer", get(peer))
        .route("/upgrade", get(upgrade))
}

async fn zeros(Path(size): Path<usize>) -> Body {
    Body::from(vec![b'0'; size])
}

/// Responds with a body that never has a byte and never ends.
async fn silence() -> Body {
    Body::from_stream(futures::stream::pending::<Result<Bytes, Infallible>>())
}

/// Echoes in a protocol of its own.
async fn upgrade(mut request: Request<Body>) -> Response<Body> {
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut io = TokioIo::new(upgrade.await.unwrap());
        let mut bytes = [0; 64];
        while let Ok(read @ 1..) = io.read(&mut bytes).await {
            io.write_all(bytes.get(..read).unwrap()).await.unwrap();
        }
    });
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header("connection", "upgrade")
        .header("upgrade", "echo")
        .body(Body::empty())
        .unwrap()
}

/// Answers with what the listener knows of the client's certificate.
async fn peer(Extension(connection): Extension<ConnectionInfo>) -> String {
    let session = connection.tls().expect("the connection is under TLS");
    session.peer().map_or("anonymous".to_owned(), |peer| {
        format!(
            "{} {:?} {:?}",
            peer.subject(),
            peer.dns_names(),
            peer.uris()
        )
    })
}

/// Answers with the body, or with what the listener says is wrong with it.
async fn echo(body: Body) -> Response<Body> {
    let (status, body) = match body.collect().await {
        Ok(collected) => (StatusCode::OK, Body::from(collected.to_bytes())),
        Err(error) => {
            let cause = error.into_inner();
            let status = match cause.downcast_ref() {
                Some(RequestBodyError::TooSlow) => StatusCode::REQUEST_TIMEOUT,
                Some(RequestBodyError::TooLarge(_)) => StatusCode::PAYLOAD_TOO_LARGE,
                _ => StatusCode::BAD_REQUEST,
            };
            (status, Body::from(cause.to_string()))
        }
    };
    Response::builder().status(status).body(body).unwrap()
}

impl Fixture {
    /// Another client gets its response at once, whatever the one under test does.
    pub(crate) async fn serves_others(&self) {
        let mut client = seaworthy_testkit::raw::RawClient::connect(self.address)
            .await
            .unwrap();
        client
            .send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        let received = client.read_to_end(TIMEOUT).await;
        assert_eq!(received.statuses(), [200], "{}", received.text());
    }

    /// Waits until the listener sees a number of requests in flight.
    pub(crate) async fn in_flight(&self, expected: u32) {
        self.until(|fixture| {
            let connections = fixture.server.connections();
            connections
                .iter()
                .map(|connection| connection.in_flight)
                .sum::<u32>()
                == expected
        })
        .await;
    }

    /// Waits until a condition holds.
    pub(crate) async fn until(&self, condition: impl Fn(&Self) -> bool) {
        tokio::time::timeout(TIMEOUT, async {
            while !condition(self) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
        .await
        .expect("the condition never held");
    }

    pub(crate) async fn drained(&self) {
        self.server.drain();
        tokio::time::timeout(TIMEOUT, self.server.finished())
            .await
            .expect("the server does not end");
    }
}
