use std::{
    future::{pending, poll_fn},
    time::Duration,
};

use axum::extract::ws::{self, WebSocket};
use futures::{SinkExt as _, StreamExt as _};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

use super::{FrameSocket, packet::Packet};

/// The WebSocket to which a session over polling is upgraded.
pub(super) enum Probe<S = WebSocket> {
    None,
    /// The response to the request is being sent.
    Opening(Instant, oneshot::Receiver<S>),
    Open(Instant, Box<S>, Progress),
}

/// The progress of an open WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// The client may send its probe.
    Waiting,
    /// The response to the probe has to be sent.
    Answering,
    /// The response may be in the buffer of the WebSocket.
    Flushing,
    /// The client has received the response.
    Answered,
    /// The client has completed the upgrade.
    Upgraded,
}

/// The next step of an upgrade to WebSocket.
pub(super) enum Step<S = WebSocket> {
    /// The WebSocket is open.
    Opened,
    /// The client does not need the waiting request.
    Answered,
    /// The session continues over the WebSocket.
    Upgraded(Box<S>),
    /// The session continues over polling.
    Failed,
}

impl<S: FrameSocket> Probe<S> {
    pub(super) fn start(websocket: oneshot::Receiver<S>, timeout: Duration) -> Self {
        Self::Opening(Instant::now() + timeout, websocket)
    }

    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    pub(super) fn is_answered(&self) -> bool {
        matches!(self, Self::Open(_, _, Progress::Answered))
    }

    /// Waits for the next step, and takes it. Cancel safe: each await leaves a state from which it
    /// can be repeated.
    pub(super) async fn next(&mut self) -> Step<S> {
        let (deadline, websocket, progress) = match self {
            Self::None => return pending().await,
            Self::Opening(deadline, websocket) => {
                let deadline = *deadline;
                let Ok(Ok(websocket)) = timeout_at(deadline, websocket).await else {
                    *self = Self::None;
                    return Step::Failed;
                };
                *self = Self::Open(deadline, Box::new(websocket), Progress::Waiting);
                return Step::Opened;
            }
            Self::Open(deadline, websocket, progress) => (deadline, websocket, progress),
        };
        let advanced = timeout_at(*deadline, advance(&mut **websocket, progress)).await;
        match (advanced, std::mem::replace(self, Self::None)) {
            (Ok(Some(())), Self::Open(_, websocket, Progress::Upgraded)) => {
                Step::Upgraded(websocket)
            }
            (Ok(Some(())), open) => {
                *self = open;
                Step::Answered
            }
            _ => Step::Failed,
        }
    }
}

/// Reads the probe of the client and responds, or reads the packet that completes the upgrade.
/// Returns `None` if the client violates the protocol.
async fn advance(websocket: &mut impl FrameSocket, progress: &mut Progress) -> Option<()> {
    if *progress == Progress::Answered {
        let packet = read(websocket).await?;
        *progress = Progress::Upgraded;
        return (packet == Packet::Upgrade).then_some(());
    }
    if *progress == Progress::Waiting {
        if read(websocket).await? != Packet::Probe {
            return None;
        }
        *progress = Progress::Answering;
    }
    if *progress == Progress::Answering {
        let ready = poll_fn(|context| websocket.poll_ready_unpin(context)).await;
        ready.ok()?;
        let frame = Packet::ProbeAnswer.frame();
        websocket.start_send_unpin(frame).ok()?;
        *progress = Progress::Flushing;
    }
    websocket.flush().await.ok()?;
    *progress = Progress::Answered;
    Some(())
}

async fn read(websocket: &mut impl FrameSocket) -> Option<Packet> {
    match websocket.next().await {
        Some(Ok(ws::Message::Text(text))) => Packet::parse(&text).ok(),
        _ => None,
    }
}
