//! A client that closes its sending side while it waits for a response.
//!
//! A client that disconnected and a client that has sent all its data both end their stream with
//! the same packet (FIN). Only a write would cause a reset, so the server cannot distinguish them
//! before the response. It therefore delays the end of the stream for a limited time, in which the
//! handler can respond to the request. Then the protocol library sees the end and cancels the
//! request (LIFE-6).

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Sleep, sleep};

use super::state::ConnectionState;

/// The stream of the client of an HTTP/1 request. An extension of the request.
#[derive(Debug, Clone)]
pub(crate) struct ClientStream(Arc<ConnectionState>);

impl ClientStream {
    pub(crate) fn new(state: Arc<ConnectionState>) -> Self {
        Self(state)
    }

    /// Returns whether the client has closed its sending side.
    pub(crate) fn is_half_closed(&self) -> bool {
        self.0.is_half_closed()
    }
}

/// The end of the client's stream.
#[derive(Debug)]
pub(super) struct HalfClose {
    timeout: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl HalfClose {
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            deadline: None,
        }
    }

    /// Records that the client has closed its sending side.
    pub(super) fn begin(&mut self) {
        self.deadline = Some(Box::pin(sleep(self.timeout)));
    }

    pub(super) fn is_closed(&self) -> bool {
        self.deadline.is_some()
    }

    /// Waits until no request is in flight, or until the timeout.
    pub(super) fn poll_end(
        &mut self,
        context: &mut Context<'_>,
        state: &ConnectionState,
    ) -> Poll<()> {
        match &mut self.deadline {
            Some(deadline) if state.quiet_since().is_none() => deadline.as_mut().poll(context),
            _ => Poll::Ready(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io, net::SocketAddr};

    use axum::{Router, extract::Request, routing::get};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    use super::*;
    use crate::server::{Listener, ListenerConfig};

    /// Responds after the client has closed its sending side.
    async fn respond_late(request: Request) -> &'static str {
        let client = request.extensions().get::<ClientStream>().unwrap().clone();
        while !client.is_half_closed() {
            tokio::task::yield_now().await;
        }
        "late"
    }

    #[tokio::test]
    async fn half_closed_client_gets_response_by_default_life_6() -> io::Result<()> {
        let config = ListenerConfig {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            ..ListenerConfig::default()
        };
        let listener = Listener::bind(&config).await.unwrap();
        let address = listener.local_addr();
        let _server = listener.serve(Router::new().route("/", get(respond_late)));
        let mut client = TcpStream::connect(address).await?;
        client
            .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            .await?;
        client.shutdown().await?;
        let mut text = String::new();
        client.read_to_string(&mut text).await?;
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        assert!(text.ends_with("late"), "{text}");
        let half_close_timeout = config.limits.connections.half_close_timeout;
        assert_eq!(half_close_timeout.get(), Duration::from_millis(500));
        Ok(())
    }
}
