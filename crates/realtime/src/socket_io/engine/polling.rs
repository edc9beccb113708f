use std::{
    collections::VecDeque,
    future::{pending, poll_fn},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::extract::ws::WebSocket;
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::{Instant, sleep_until, timeout_at},
};

use super::{
    Malformed, Message, Protocol,
    heartbeat::HeartbeatEvent,
    packet::Packet,
    payload::Payload,
    probe::{Probe, Step},
    registry::{Command, Packets, Rejected},
    session::Session,
};

/// Timeout of the last packets for a client that does not read.
pub(super) const LAST_TIMEOUT: Duration = Duration::from_secs(1);

/// The state of a session over polling.
pub(super) struct Polling {
    commands: mpsc::Receiver<Command>,
    pending: VecDeque<Packet>,
    /// The size of the pending packets.
    size: usize,
    /// The request that waits for packets.
    waiting: Option<oneshot::Sender<Payload>>,
    /// The packets of a request that waits until the protocol is ready.
    received: Option<(Packets, oneshot::Sender<Result<(), Rejected>>)>,
    probe: Probe,
    /// Notified when a payload is lost after it left the session.
    lost: Arc<Notify>,
    /// The deadline of pending packets after the service ended the session.
    deadline: Option<Instant>,
}

/// The reason why a session over polling ended.
enum PollingEnd {
    /// The client ended it. Contains the last packet for the waiting request.
    ByClient(Packet),
    ByService,
    Upgraded(Box<WebSocket>),
}

enum ProtocolStep {
    Message(Option<Message>),
    /// The protocol accepts the packets of the request that waits.
    Ready,
    /// The service ends the session, but packets wait.
    End,
}

impl<P: Protocol> Session<P> {
    /// Runs the session over polling, and after an upgrade over the WebSocket.
    pub(super) async fn run_polling(mut self, commands: mpsc::Receiver<Command>) {
        let mut polling = Polling::new(commands);
        let end = self.poll(&mut polling).await;
        match end {
            PollingEnd::ByClient(last) => {
                polling.pending.clear();
                polling.push(last);
                polling.flush();
            }
            PollingEnd::ByService => {
                polling.push(Packet::Close);
                polling.finish().await;
            }
            PollingEnd::Upgraded(websocket) => {
                self.permit.reject_requests();
                let pending = polling.pending.drain(..).collect();
                polling.push(Packet::Noop);
                polling.flush();
                // Drop the state now, so that requests that arrive at this time do not wait.
                drop(polling);
                self.run_websocket(websocket, pending).await;
            }
        }
    }

    async fn poll(&mut self, polling: &mut Polling) -> PollingEnd {
        loop {
            polling.flush();
            if self.protocol.is_ready()
                && let Some((packets, answer)) = polling.received.take()
                && let Some(last) = self.accept_all(packets, answer)
            {
                return PollingEnd::ByClient(last);
            }
            let is_full =
                polling.pending.len() >= self.max_pending || polling.size >= self.max_pending_size;
            let is_waiting = polling.received.is_some();
            let is_ready = self.protocol.is_ready();
            let deadline = polling.deadline;
            let protocol = &mut self.protocol;
            let step = poll_fn(|context| match poll_step(protocol, is_full, context) {
                Poll::Ready(ProtocolStep::End) if deadline.is_some() => Poll::Pending,
                // The protocol may have become ready without a message.
                Poll::Pending if is_waiting && protocol.is_ready() => {
                    Poll::Ready(ProtocolStep::Ready)
                }
                step => step,
            });
            tokio::select! {
                // The end of a session comes first, so that no request prevents it.
                biased;
                () = polling.lost.notified() => return PollingEnd::ByClient(Packet::Close),
                () = reach(deadline) => return PollingEnd::ByService,
                event = self.heartbeat.next() => match event {
                    // The client has sent no request since the last ping.
                    HeartbeatEvent::Ping if polling.pending.contains(&Packet::Ping) => {
                        return PollingEnd::ByClient(Packet::Close);
                    }
                    HeartbeatEvent::Ping => polling.push(Packet::Ping),
                    HeartbeatEvent::Lost if is_ready => return PollingEnd::ByClient(Packet::Close),
                    HeartbeatEvent::Lost => self.heartbeat.record_pong(),
                },
                step = polling.probe.next() => match step {
                    Step::Opened => {}
                    Step::Answered if polling.is_waiting() => polling.push(Packet::Noop),
                    Step::Answered | Step::Failed => {}
                    Step::Upgraded(websocket) => return PollingEnd::Upgraded(websocket),
                },
                command = polling.commands.recv() => {
                    if let Some(last) = self.execute(polling, command) {
                        return PollingEnd::ByClient(last);
                    }
                }
                step = step => match step {
                    ProtocolStep::Message(Some(message)) => polling.push(Packet::Message(message)),
                    ProtocolStep::Message(None) => return PollingEnd::ByService,
                    ProtocolStep::Ready => {}
                    ProtocolStep::End => {
                        polling.deadline = Some(Instant::now() + LAST_TIMEOUT);
                    }
                },
            }
        }
    }

    /// Executes a command. Returns the last packet if it ends the session.
    fn execute(&mut self, polling: &mut Polling, command: Option<Command>) -> Option<Packet> {
        match command {
            Some(Command::Poll(answer)) if polling.is_waiting() => {
                self.permit.reject_requests();
                let _ = answer.send(Err(Rejected));
                Some(Packet::Close)
            }
            Some(Command::Poll(answer)) => {
                polling.wait(answer);
                if polling.probe.is_answered() && polling.pending.is_empty() {
                    polling.push(Packet::Noop);
                }
                None
            }
            Some(Command::Push(_, answer)) if polling.received.is_some() => {
                self.permit.reject_requests();
                let _ = answer.send(Err(Rejected));
                Some(Packet::Close)
            }
            Some(Command::Push(packets, answer)) => {
                polling.received = Some((packets, answer));
                None
            }
            Some(Command::Upgrade(websocket, answer)) if polling.probe.is_none() => {
                polling.probe = Probe::start(websocket, self.timeout);
                let _ = answer.send(Ok(()));
                None
            }
            Some(Command::Upgrade(_, answer)) => {
                let _ = answer.send(Err(Rejected));
                None
            }
            None => Some(Packet::Close),
        }
    }

    /// Accepts the packets of a request. Returns the last packet if they end the session.
    fn accept_all(
        &mut self,
        packets: Packets,
        answer: oneshot::Sender<Result<(), Rejected>>,
    ) -> Option<Packet> {
        let accepted = packets.and_then(|packets| {
            for packet in packets {
                self.count_frame()?;
                if self.accept(packet)?.is_none() {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        });
        let (answered, last) = match accepted {
            Ok(Some(())) => (Ok(()), None),
            Ok(None) => (Ok(()), Some(Packet::Noop)),
            Err(Malformed) => (Err(Rejected), Some(Packet::Close)),
        };
        if last.is_some() {
            self.permit.reject_requests();
        }
        let _ = answer.send(answered);
        last
    }
}

impl Polling {
    pub(super) fn new(commands: mpsc::Receiver<Command>) -> Self {
        Self {
            commands,
            pending: VecDeque::new(),
            size: 0,
            waiting: None,
            received: None,
            probe: Probe::None,
            lost: Arc::default(),
            deadline: None,
        }
    }

    fn push(&mut self, packet: Packet) {
        self.size += packet.size();
        self.pending.push_back(packet);
    }

    /// Returns true if a request waits whose client is connected.
    fn is_waiting(&self) -> bool {
        let waiting = self.waiting.as_ref();
        waiting.is_some_and(|waiting| !waiting.is_closed())
    }

    fn wait(&mut self, answer: oneshot::Sender<Result<oneshot::Receiver<Payload>, Rejected>>) {
        let (sender, receiver) = oneshot::channel();
        if answer.send(Ok(receiver)).is_ok() {
            self.waiting = Some(sender);
        }
    }

    /// Responds to the waiting request, if there are packets. Keeps the packets if the client has
    /// disconnected, because it may send another request.
    fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let Some(waiting) = self.waiting.take() else {
            return;
        };
        let payload = Payload::new(Packet::payload(&self.pending), &self.lost);
        match waiting.send(payload) {
            Ok(()) => {
                self.pending.clear();
                self.size = 0;
            }
            Err(payload) => drop(payload.take()),
        }
    }

    /// Responds to the last request.
    async fn finish(&mut self) {
        let deadline = self.deadline.unwrap_or(Instant::now() + LAST_TIMEOUT);
        let last = async {
            while !self.is_waiting() {
                match self.commands.recv().await {
                    Some(Command::Poll(answer)) => self.wait(answer),
                    Some(_) => {}
                    None => return,
                }
            }
        };
        let _ = timeout_at(deadline, last).await;
        self.flush();
    }
}

/// Polls a protocol. Its messages wait while too many packets are pending.
fn poll_step(
    protocol: &mut impl Protocol,
    is_full: bool,
    context: &mut Context<'_>,
) -> Poll<ProtocolStep> {
    if is_full {
        protocol.poll_blocked(context).map(|()| ProtocolStep::End)
    } else {
        protocol.poll_next(context).map(ProtocolStep::Message)
    }
}

async fn reach(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}
