use std::{net::SocketAddr, time::Duration};

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest as _, handshake::client::Request},
};

const TIMEOUT: Duration = Duration::from_secs(60);

/// A client of Socket.IO over WebSocket.
pub(crate) struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    /// Opens a connection, and sends credentials. Returns the packet with the result.
    pub(super) async fn connect(gateway: SocketAddr, auth: &Value) -> (Self, String) {
        let address = format!("ws://{gateway}/socket.io/?EIO=4&transport=websocket");
        Self::open(address.into_client_request().unwrap(), auth).await
    }

    async fn open(request: Request, auth: &Value) -> (Self, String) {
        let (stream, _) = connect_async(request).await.unwrap();
        let mut client = Self(stream);
        assert!(client.packet().await.starts_with("0{"));
        client.send(&format!("40{auth}")).await;
        let result = client.packet().await;
        (client, result)
    }

    /// Connects with a valid token from a page of an origin.
    pub(super) async fn join_from(gateway: SocketAddr, token: &str, origin: &str) {
        let address = format!("ws://{gateway}/socket.io/?EIO=4&transport=websocket");
        let mut request = address.into_client_request().unwrap();
        request
            .headers_mut()
            .insert("origin", origin.parse().unwrap());
        let (_client, result) = Self::open(request, &json!({ "token": token })).await;
        assert!(result.starts_with("40{\"sid\":"), "{result}");
    }

    /// Connects with a valid token.
    pub(crate) async fn join(gateway: SocketAddr, token: &str) -> Self {
        let (client, result) = Self::connect(gateway, &json!({ "token": token })).await;
        assert!(result.starts_with("40{\"sid\":"), "{result}");
        client
    }

    pub(super) async fn send(&mut self, packet: &str) {
        self.0.send(Message::text(packet)).await.unwrap();
    }

    /// Returns the next packet that is not a ping.
    pub(super) async fn packet(&mut self) -> String {
        // Pings do not extend the timeout.
        let found = tokio::time::timeout(TIMEOUT, async {
            loop {
                let message = self.0.next().await;
                let Message::Text(text) = message.unwrap().unwrap() else {
                    continue;
                };
                match text.as_str() {
                    "2" => self.send("3").await,
                    other => return other.to_owned(),
                }
            }
        });
        found.await.unwrap()
    }

    /// Returns the payload of the next event or acknowledgement that starts with this text.
    pub(crate) async fn next(&mut self, start: &str) -> Value {
        loop {
            let packet = self.packet().await;
            if let Some(rest) = packet.strip_prefix(start) {
                return serde_json::from_str(rest.strip_suffix(']').unwrap()).unwrap();
            }
        }
    }

    /// Sends an event, and returns its acknowledgement.
    pub(super) async fn call(&mut self, event: &str, data: &Value) -> Value {
        self.send(&format!("429{}", json!([event, data]))).await;
        self.next("439[").await
    }

    /// Returns the next business event.
    pub(super) async fn event(&mut self) -> Value {
        let packet = self.packet().await;
        let event = packet
            .strip_prefix("42")
            .unwrap_or_else(|| panic!("{packet}"));
        let mut event: Value = serde_json::from_str(event).unwrap();
        assert_eq!(event[0], "business-event");
        event[1].take()
    }

    /// Returns the next business event of a type.
    pub(crate) async fn event_of(&mut self, kind: &str) -> Value {
        loop {
            let event = self.next(r#"42["business-event","#).await;
            if event["type"] == kind {
                return event;
            }
        }
    }

    /// Returns the next business event that is not about pay. The pay of a trainer follows an
    /// allocation or a substitution, and may arrive before other events.
    pub(super) async fn event_without_pay(&mut self) -> Value {
        loop {
            let event = self.event().await;
            if event["type"] != "PAYROLL_RECALCULATED" {
                return event;
            }
        }
    }
}
