use std::{
    future::poll_fn,
    task::{Context, Poll},
};

use axum::extract::ws::{self, WebSocket, close_code};
use futures::{SinkExt as _, StreamExt as _};
use tokio::time::{sleep, timeout};

use super::{
    FrameSocket, Malformed, Message, Protocol, heartbeat::HeartbeatEvent, packet::Packet,
    polling::LAST_TIMEOUT, session::Session,
};
use crate::websocket::close;

impl<P: Protocol> Session<P> {
    /// Runs the session over a WebSocket until the client or the service ends it. The packets are
    /// sent first.
    pub(super) async fn run_websocket(mut self, mut websocket: Box<WebSocket>, first: Vec<Packet>) {
        for packet in first {
            if self.send(&mut *websocket, packet).await.is_none() {
                return;
            }
        }
        let end = self.exchange(&mut websocket).await;
        if end == WebSocketEnd::ByService {
            close(&mut websocket, close_code::RESTART, self.timeout).await;
        }
    }

    pub(super) async fn exchange(&mut self, websocket: &mut impl FrameSocket) -> WebSocketEnd {
        // Alternate between reading and writing, so that neither starves the other.
        let mut reads_first = true;
        loop {
            let protocol = &mut self.protocol;
            let step = poll_fn(|context| poll_step(protocol, websocket, reads_first, context));
            let packet = tokio::select! {
                step = step => match step {
                    Step::Received(Some(Ok(ws::Message::Close(_)) | Err(_)) | None) => {
                        return WebSocketEnd::ByClient;
                    }
                    Step::Received(Some(Ok(frame))) => {
                        if !matches!(self.accept_frame(frame), Ok(Some(()))) {
                            return WebSocketEnd::ByService;
                        }
                        reads_first = false;
                        continue;
                    }
                    Step::Message(Some(message)) => Packet::Message(message),
                    Step::Message(None) => return WebSocketEnd::ByService,
                },
                event = self.heartbeat.next() => match event {
                    HeartbeatEvent::Ping => Packet::Ping,
                    HeartbeatEvent::Lost if self.protocol.is_ready() => return WebSocketEnd::ByService,
                    // The session does not read the response while it handles an event.
                    HeartbeatEvent::Lost => {
                        self.heartbeat.record_pong();
                        continue;
                    }
                },
            };
            reads_first = true;
            if self.send(websocket, packet).await.is_none() {
                return WebSocketEnd::ByClient;
            }
        }
    }

    fn accept_frame(&mut self, frame: ws::Message) -> Result<Option<()>, Malformed> {
        self.count_frame()?;
        match frame {
            ws::Message::Text(text) => self.accept(Packet::parse(&text)?),
            ws::Message::Binary(data) => self.accept(Packet::Message(Message::Binary(data))),
            _ => Ok(Some(())),
        }
    }

    /// Sends a packet. While it waits, the protocol continues its work, and may end the session.
    async fn send(&mut self, websocket: &mut impl FrameSocket, packet: Packet) -> Option<()> {
        let protocol = &mut self.protocol;
        let ended = async {
            poll_fn(|context| protocol.poll_blocked(context)).await;
            sleep(LAST_TIMEOUT).await;
        };
        tokio::select! {
            biased;
            sent = timeout(self.timeout, websocket.send(packet.frame())) => sent.ok()?.ok(),
            () = ended => None,
        }
    }
}

/// The next step of a session.
enum Step {
    Received(Option<Result<ws::Message, axum::Error>>),
    Message(Option<Message>),
}

fn poll_step(
    protocol: &mut impl Protocol,
    websocket: &mut impl FrameSocket,
    reads_first: bool,
    context: &mut Context<'_>,
) -> Poll<Step> {
    if reads_first
        && protocol.is_ready()
        && let Poll::Ready(frame) = websocket.poll_next_unpin(context)
    {
        return Poll::Ready(Step::Received(frame));
    }
    if let Poll::Ready(message) = protocol.poll_next(context) {
        return Poll::Ready(Step::Message(message));
    }
    // The protocol may have become ready without a message.
    if protocol.is_ready() {
        return websocket.poll_next_unpin(context).map(Step::Received);
    }
    Poll::Pending
}

/// The reason why a session over WebSocket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WebSocketEnd {
    ByClient,
    ByService,
}
