use std::{collections::VecDeque, future::poll_fn, time::Duration};

use axum::extract::ws::WebSocket;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{
    Malformed, Protocol,
    heartbeat::Beat,
    packet::Packet,
    probe::{Probe, Step},
    registry::{Command, Refused},
    session::Session,
};

/// The last packets wait this long for a request, because a client is between two requests.
const LAST_POLL_TIMEOUT: Duration = Duration::from_secs(1);

/// The state of a session over polling.
struct Polling {
    commands: mpsc::Receiver<Command>,
    pending: VecDeque<Packet>,
    /// The request that waits for packets.
    waiting: Option<oneshot::Sender<String>>,
    probe: Probe,
}

/// The end of a session over polling.
enum Ended {
    /// With a last packet for a request that waits already.
    ByClient(Packet),
    ByService,
    Upgraded(Box<WebSocket>),
}

impl<P: Protocol> Session<P> {
    /// Runs the session over polling, and then over the WebSocket that it changes to.
    pub(super) async fn run_polling(mut self, commands: mpsc::Receiver<Command>) {
        let mut polling = Polling {
            commands,
            pending: VecDeque::new(),
            waiting: None,
            probe: Probe::None,
        };
        let ended = self.poll(&mut polling).await;
        match ended {
            Ended::ByClient(last) => {
                polling.pending.clear();
                polling.pending.push_back(last);
                polling.flush();
            }
            Ended::ByService => {
                polling.pending.push_back(Packet::Close);
                polling.finish().await;
            }
            Ended::Upgraded(websocket) => {
                self.place.refuse_requests();
                if let Some(waiting) = polling.waiting.take() {
                    let _ = waiting.send(Packet::payload([Packet::Noop]));
                }
                let pending = polling.pending.drain(..).collect();
                // Otherwise requests that arrive now would wait for an answer.
                drop(polling);
                self.run_websocket(websocket, pending).await;
            }
        }
    }

    async fn poll(&mut self, polling: &mut Polling) -> Ended {
        loop {
            polling.flush();
            if polling.pending.len() > self.max_pending {
                return Ended::ByClient(Packet::Close);
            }
            let is_ready = self.protocol.is_ready();
            let protocol = &mut self.protocol;
            tokio::select! {
                biased;
                step = polling.probe.next() => match step {
                    Step::Opened => {}
                    Step::Answered if polling.waiting.is_some() => {
                        polling.pending.push_back(Packet::Noop);
                    }
                    Step::Answered | Step::Failed => {}
                    Step::Upgraded(websocket) => return Ended::Upgraded(websocket),
                },
                command = polling.commands.recv() => {
                    if let Some(last) = self.obey(polling, command) {
                        return Ended::ByClient(last);
                    }
                }
                beat = self.heartbeat.next() => match beat {
                    Beat::Ping => polling.pending.push_back(Packet::Ping),
                    Beat::Lost if is_ready => return Ended::ByClient(Packet::Close),
                    Beat::Lost => self.heartbeat.answer(),
                },
                message = poll_fn(|context| protocol.poll_next(context)) => match message {
                    Some(message) => polling.pending.push_back(Packet::Message(message)),
                    None => return Ended::ByService,
                },
            }
        }
    }

    /// Executes a command. Returns the last packet if it ends the session.
    fn obey(&mut self, polling: &mut Polling, command: Option<Command>) -> Option<Packet> {
        match command {
            Some(Command::Poll(answer)) if polling.waiting.is_some() => {
                self.place.refuse_requests();
                let _ = answer.send(Err(Refused));
                Some(Packet::Close)
            }
            Some(Command::Poll(answer)) => {
                polling.wait(answer);
                if polling.probe.is_answered() && polling.pending.is_empty() {
                    polling.pending.push_back(Packet::Noop);
                }
                None
            }
            Some(Command::Push(packets, answer)) => {
                let (answered, last) = match self.accept_all(packets) {
                    Ok(Some(())) => (Ok(()), None),
                    Ok(None) => (Ok(()), Some(Packet::Noop)),
                    Err(Malformed) => (Err(Refused), Some(Packet::Close)),
                };
                if last.is_some() {
                    self.place.refuse_requests();
                }
                let _ = answer.send(answered);
                last
            }
            Some(Command::Upgrade(websocket, answer)) if polling.probe.is_none() => {
                polling.probe = Probe::start(websocket, self.timeout);
                let _ = answer.send(Ok(()));
                None
            }
            Some(Command::Upgrade(_, answer)) => {
                let _ = answer.send(Err(Refused));
                None
            }
            None => Some(Packet::Close),
        }
    }

    fn accept_all(
        &mut self,
        packets: Result<Vec<Packet>, Malformed>,
    ) -> Result<Option<()>, Malformed> {
        for packet in packets? {
            if self.accept(packet)?.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(()))
    }
}

impl Polling {
    fn wait(&mut self, answer: oneshot::Sender<Result<oneshot::Receiver<String>, Refused>>) {
        let (sender, receiver) = oneshot::channel();
        if answer.send(Ok(receiver)).is_ok() {
            self.waiting = Some(sender);
        }
    }

    /// Answers the waiting request, if there are packets.
    fn flush(&mut self) {
        // A client that broke its request may send another.
        if self
            .waiting
            .as_ref()
            .is_some_and(oneshot::Sender::is_closed)
        {
            self.waiting = None;
        }
        if !self.pending.is_empty()
            && let Some(waiting) = self.waiting.take()
        {
            let _ = waiting.send(Packet::payload(self.pending.drain(..)));
        }
    }

    /// Answers the last request.
    async fn finish(&mut self) {
        let last = async {
            while self.waiting.is_none() {
                match self.commands.recv().await {
                    Some(Command::Poll(answer)) => self.wait(answer),
                    Some(_) => {}
                    None => return,
                }
            }
        };
        let _ = timeout(LAST_POLL_TIMEOUT, last).await;
        self.flush();
    }
}
