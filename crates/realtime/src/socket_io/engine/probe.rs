use std::{future::pending, time::Duration};

use axum::extract::ws::{self, WebSocket};
use futures::SinkExt as _;
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

use super::packet::Packet;

/// The WebSocket that a session over polling changes to.
pub(super) enum Probe {
    None,
    /// The response to the request is on its way.
    Opening(Instant, oneshot::Receiver<WebSocket>),
    /// The client may send its probe.
    Open(Instant, Box<WebSocket>),
    /// The client has received the answer to its probe.
    Answered(Instant, Box<WebSocket>),
}

/// The next step of a change to WebSocket.
pub(super) enum Step {
    /// The WebSocket is open.
    Opened,
    /// The client no longer needs the waiting request.
    Answered,
    /// The session continues over the WebSocket.
    Upgraded(Box<WebSocket>),
    /// The session continues over polling.
    Failed,
}

impl Probe {
    pub(super) fn start(websocket: oneshot::Receiver<WebSocket>, timeout: Duration) -> Self {
        Self::Opening(Instant::now() + timeout, websocket)
    }

    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    pub(super) fn is_answered(&self) -> bool {
        matches!(self, Self::Answered(..))
    }

    /// Waits for the next step, and takes it. Cancel safe.
    pub(super) async fn next(&mut self) -> Step {
        let received = match self {
            Self::None => return pending().await,
            Self::Opening(deadline, websocket) => {
                let deadline = *deadline;
                let opened = timeout_at(deadline, websocket).await;
                *self = match opened {
                    Ok(Ok(websocket)) => Self::Open(deadline, Box::new(websocket)),
                    _ => Self::None,
                };
                return if self.is_none() {
                    Step::Failed
                } else {
                    Step::Opened
                };
            }
            Self::Open(deadline, websocket) | Self::Answered(deadline, websocket) => {
                timeout_at(*deadline, websocket.recv()).await
            }
        };
        let packet = match received {
            Ok(Some(Ok(ws::Message::Text(text)))) => Packet::parse(&text).ok(),
            _ => None,
        };
        match (std::mem::replace(self, Self::None), packet) {
            (Self::Open(deadline, mut websocket), Some(Packet::Probe)) => {
                // The answer is one small frame on a socket without other data.
                let sent = websocket.send(Packet::ProbeAnswer.frame()).await;
                if sent.is_err() {
                    return Step::Failed;
                }
                *self = Self::Answered(deadline, websocket);
                Step::Answered
            }
            (Self::Answered(_, websocket), Some(Packet::Upgrade)) => Step::Upgraded(websocket),
            _ => Step::Failed,
        }
    }
}
