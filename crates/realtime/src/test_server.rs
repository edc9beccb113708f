//! Clients of the protocols for the tests of this crate. Servers listen on real sockets.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use futures::{SinkExt as _, StreamExt as _};
use seaworthy_core::ServiceIdentity;
use seaworthy_http::{
    HttpConfig, RateLimitsConfig, Routes, Stack,
    server::{Listener, ListenerConfig},
};
use seaworthy_telemetry::{
    MetricsConfig, Telemetry,
    logs::{LogConfig, MemorySink},
    tracer::TracingConfig,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

/// Longer than any response takes.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A server for one test.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    path: &'static str,
}

/// A response over polling.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
}

pub(crate) struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Server {
    pub(crate) async fn start(path: &'static str, router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, path }
    }

    /// Serves routes by the listener and the middleware of a service, without a rate limit.
    pub(crate) async fn start_service(path: &'static str, routes: Routes) -> Self {
        let identity = ServiceIdentity::new("test", "1.0.0");
        let telemetry = Telemetry::start_with_sink(
            &identity,
            &LogConfig::default(),
            &MetricsConfig::default(),
            &TracingConfig::default(),
            false,
            Arc::new(MemorySink::default()),
        );
        let config = HttpConfig {
            rate_limit: RateLimitsConfig {
                enabled: false,
                ..RateLimitsConfig::default()
            },
            ..HttpConfig::default()
        };
        let stack = Stack::builder(identity, config, &telemetry.unwrap());
        let stack = stack.build(routes).unwrap();
        let config = ListenerConfig {
            address: ([127, 0, 0, 1], 0).into(),
            ..ListenerConfig::default()
        };
        let listener = Listener::bind(&config).await.unwrap();
        let address = listener.local_addr();
        // The server runs until the runtime ends.
        let _server = listener.serve_with(move |info| stack.connection(info.peer(), false));
        Self { address, path }
    }

    pub(crate) async fn request(&self, method: &str, query: &str, body: &str) -> Reply {
        let exchange = async {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            let (path, length) = (self.path, body.len());
            let request = format!(
                "{method} {path}?{query} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
                 content-length: {length}\r\n\r\n{body}"
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        };
        let answer = timeout(TIMEOUT, exchange).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let is_chunked = head.to_lowercase().contains("transfer-encoding: chunked");
        let body = if is_chunked {
            joined(body)
        } else {
            body.to_owned()
        };
        Reply { status, body }
    }

    pub(crate) async fn get(&self, query: &str) -> Reply {
        self.request("GET", &format!("EIO=4&transport=polling{query}"), "")
            .await
    }

    pub(crate) async fn post(&self, session: &str, body: &str) -> Reply {
        let query = format!("EIO=4&transport=polling&sid={session}");
        self.request("POST", &query, body).await
    }

    pub(crate) async fn poll(&self, session: &str) -> Reply {
        self.get(&format!("&sid={session}")).await
    }

    /// Opens a session over polling, and returns its identifier.
    pub(crate) async fn open(&self) -> String {
        let answer = self.get("").await;
        let parameters = answer.body.strip_prefix('0').unwrap();
        let parameters: serde_json::Value = serde_json::from_str(parameters).unwrap();
        parameters["sid"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn websocket(&self, query: &str) -> Option<Client> {
        let url = format!("ws://{}{}?{query}", self.address, self.path);
        let connected = timeout(TIMEOUT, connect_async(url)).await.unwrap();
        connected.ok().map(|(websocket, _)| Client(websocket))
    }

    /// Opens a session over WebSocket, and reads its first packet.
    pub(crate) async fn connect(&self) -> Client {
        let mut client = self.websocket("EIO=4&transport=websocket").await.unwrap();
        assert!(client.text().await.starts_with('0'));
        client
    }
}

impl Client {
    pub(crate) async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// Sends a text. Returns whether the connection is open.
    pub(crate) async fn try_send(&mut self, text: &str) -> bool {
        self.0.send(Message::text(text)).await.is_ok()
    }

    pub(crate) async fn send_binary(&mut self, data: &[u8]) {
        self.0.send(Message::binary(data.to_vec())).await.unwrap();
    }

    async fn next(&mut self) -> Option<Message> {
        let received = timeout(TIMEOUT, self.0.next()).await.unwrap();
        received.and_then(Result::ok)
    }

    /// Returns the next message, which is text.
    pub(crate) async fn text(&mut self) -> String {
        self.next().await.unwrap().into_text().unwrap().to_string()
    }

    /// Returns the next text that is not a ping.
    pub(crate) async fn packet(&mut self) -> String {
        loop {
            match self.text().await {
                ping if ping == "2" => self.send("3").await,
                packet => return packet,
            }
        }
    }

    pub(crate) async fn binary(&mut self) -> Vec<u8> {
        match self.next().await.unwrap() {
            Message::Binary(data) => data.to_vec(),
            other => panic!("not binary: {other:?}"),
        }
    }

    /// Reads until the server closes the connection, without a response to pings. Returns the texts
    /// and the close code.
    pub(crate) async fn closed(&mut self) -> (Vec<String>, Option<u16>) {
        let mut texts = Vec::new();
        loop {
            match self.next().await {
                Some(Message::Close(frame)) => {
                    return (texts, frame.map(|frame| frame.code.into()));
                }
                Some(Message::Text(text)) => texts.push(text.to_string()),
                Some(_) => {}
                None => return (texts, None),
            }
        }
    }
}

/// Joins the chunks of a body.
fn joined(mut body: &str) -> String {
    let mut joined = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        joined.push_str(&rest[..size]);
        body = rest[size..].strip_prefix("\r\n").unwrap_or_default();
        if size == 0 {
            break;
        }
    }
    joined
}
