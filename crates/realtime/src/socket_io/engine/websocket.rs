use std::{
    future::poll_fn,
    task::{Context, Poll},
};

use axum::extract::ws::{self, WebSocket, close_code};
use futures::StreamExt as _;
use tokio::time::timeout;

use super::{Message, Protocol, heartbeat::Beat, packet::Packet, session::Session};
use crate::websocket::close;

impl<P: Protocol> Session<P> {
    /// Runs the session over a WebSocket until the client or the service ends it. The packets are
    /// sent first.
    pub(super) async fn run_websocket(mut self, mut websocket: Box<WebSocket>, first: Vec<Packet>) {
        for packet in first {
            if self.send(&mut websocket, packet).await.is_none() {
                return;
            }
        }
        let ended = self.exchange(&mut websocket).await;
        if ended == Ended::ByService {
            close(&mut websocket, close_code::RESTART, self.timeout).await;
        }
    }

    async fn exchange(&mut self, websocket: &mut WebSocket) -> Ended {
        loop {
            let protocol = &mut self.protocol;
            let step = poll_fn(|context| poll_step(protocol, websocket, context));
            let packet = tokio::select! {
                step = step => match step {
                    Step::Received(frame) => {
                        let accepted = match frame {
                            Some(Ok(ws::Message::Text(text))) => {
                                Packet::parse(&text).and_then(|packet| self.accept(packet))
                            }
                            Some(Ok(ws::Message::Binary(data))) => {
                                self.accept(Packet::Message(Message::Binary(data)))
                            }
                            Some(Ok(ws::Message::Ping(_) | ws::Message::Pong(_))) => Ok(Some(())),
                            Some(Ok(ws::Message::Close(_)) | Err(_)) | None => {
                                return Ended::ByClient;
                            }
                        };
                        if !matches!(accepted, Ok(Some(()))) {
                            return Ended::ByService;
                        }
                        continue;
                    }
                    Step::Message(Some(message)) => Packet::Message(message),
                    Step::Message(None) => return Ended::ByService,
                },
                beat = self.heartbeat.next() => match beat {
                    Beat::Ping => Packet::Ping,
                    Beat::Lost if self.protocol.is_ready() => return Ended::ByService,
                    // The answer may wait behind the event that is being handled.
                    Beat::Lost => {
                        self.heartbeat.answer();
                        continue;
                    }
                },
            };
            if self.send(websocket, packet).await.is_none() {
                return Ended::ByClient;
            }
        }
    }

    async fn send(&mut self, websocket: &mut WebSocket, packet: Packet) -> Option<()> {
        let sent = timeout(self.timeout, websocket.send(packet.frame())).await;
        sent.ok()?.ok()
    }
}

/// The next step of a session.
enum Step {
    Received(Option<Result<ws::Message, axum::Error>>),
    Message(Option<Message>),
}

fn poll_step(
    protocol: &mut impl Protocol,
    websocket: &mut WebSocket,
    context: &mut Context<'_>,
) -> Poll<Step> {
    if protocol.is_ready()
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

/// The side that ended a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    ByClient,
    ByService,
}
