use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use seaworthy_core::{Code, Error};
use serde_json::{Value, json};
use tokio::time::{Interval, interval};

pub(super) use super::work::Origin;
use super::{
    Call, Handshake, Peer, Socket,
    engine::{Malformed, Message, Protocol},
    packet::{self, Kind, Packet},
    rate::{Decision, Rate},
    server::Server,
    space::{Change, Space},
    work::{self, Done},
};
use crate::{Closed, ConnectError, hub::Member};

/// Clients connect to one namespace, rarely to a second.
const MAX_NAMESPACES: usize = 4;
/// A client that fails this often does not have the credentials.
const MAX_ATTEMPTS: u32 = 8;
/// Packets of one HTTP body, or of one read from a WebSocket.
const MAX_RECEIVED: usize = 64;
/// How often a session without namespaces checks its time limit and the stop of the service.
const IDLE_CHECK: Duration = Duration::from_millis(250);
/// The event with new credentials.
const REFRESH: &str = "auth:refresh";
/// The event before the service stops.
const DRAINING: &str = "server:draining";
/// Clients connect again after a random time up to this, so that they do not arrive at once.
const MAX_BACKOFF_MS: u64 = 5_000;

/// The Socket.IO side of a session.
pub(super) struct Session {
    server: Arc<Server>,
    origin: Origin,
    spaces: Vec<Space>,
    attempts: u32,
    rate: Rate,
    /// A packet whose binary data is not complete.
    partial: Option<Packet>,
    received: VecDeque<Packet>,
    work: Option<BoxFuture<'static, Done>>,
    sending: VecDeque<Message>,
    /// The last messages. The session ends after the work and these messages.
    last: Option<Vec<Message>>,
    /// While the session has no namespace.
    idle: Option<Box<(Instant, Interval)>>,
}

impl Session {
    pub(super) fn open(server: Arc<Server>, origin: Origin) -> Result<Self, Error> {
        if server.hub.is_draining() {
            return Err(ConnectError::Draining.into());
        }
        let config = server.hub.config();
        let rate = Rate::new(config.max_calls.get(), config.call_period.get());
        Ok(Self {
            server,
            origin,
            spaces: Vec::new(),
            attempts: 0,
            rate,
            partial: None,
            received: VecDeque::new(),
            work: None,
            sending: VecDeque::new(),
            last: None,
            idle: Some(new_idle()),
        })
    }

    fn space(&mut self, namespace: &str) -> Option<&mut Space> {
        let mut spaces = self.spaces.iter_mut();
        spaces.find(|space| space.socket.namespace() == namespace)
    }

    fn end(&mut self, last: Vec<Message>) {
        self.received.clear();
        self.last.get_or_insert(last);
    }

    /// Starts the work for a packet.
    fn start(&mut self, packet: Packet) {
        let decision = self.rate.count(Instant::now());
        if decision == Decision::Disconnect {
            self.end(Vec::new());
            return;
        }
        match packet.kind {
            Kind::Connect => self.connect(packet),
            Kind::Disconnect => {
                let before = self.spaces.len();
                self.spaces
                    .retain(|space| space.socket.namespace() != &*packet.namespace);
                // A packet without effect does not prolong a session.
                if self.spaces.is_empty() && before > 0 {
                    self.idle = Some(new_idle());
                }
            }
            Kind::Event => self.call(packet, decision),
            // The service asks for no acknowledgements.
            Kind::Ack => {}
        }
    }

    fn connect(&mut self, packet: Packet) {
        let namespace = packet.namespace;
        if self.space(&namespace).is_some() {
            return;
        }
        if !self.server.namespaces.contains(&namespace) {
            self.refuse(&namespace, &json!({ "message": "Invalid namespace" }));
            return;
        }
        self.attempts += 1;
        if self.spaces.len() >= MAX_NAMESPACES || self.attempts > MAX_ATTEMPTS {
            self.end(Vec::new());
            return;
        }
        let handshake = Handshake {
            namespace,
            auth: packet.data.unwrap_or_else(|| json!({})),
            address: self.origin.address,
        };
        let origin = self.origin.clone();
        self.work = Some(work::authenticate(&self.server, origin, handshake));
    }

    fn call(&mut self, packet: Packet, decision: Decision) {
        let Some(space) = self.space(&packet.namespace) else {
            return;
        };
        let socket = space.socket.clone();
        let ack = packet.ack;
        let Some((event, message)) = packet.into_event() else {
            return;
        };
        if decision == Decision::Refuse {
            self.server.refused.increment();
            let error = Error::new(
                Code::Exhausted,
                "RATE_LIMITED",
                "too many events: send them more slowly",
            );
            self.acknowledge(&socket.namespace, ack, Err(error));
            return;
        }
        let origin = self.origin.clone();
        self.work = Some(if event == REFRESH {
            let handshake = Handshake {
                namespace: socket.namespace().into(),
                auth: message.arguments.into_iter().next().unwrap_or_default(),
                address: origin.address,
            };
            work::refresh(&self.server, origin, handshake, ack)
        } else {
            let call = Call { socket, message };
            work::handle(&self.server, origin, &event, call, ack)
        });
    }

    fn finish(&mut self, done: Done) {
        match done {
            Done::Authenticated(handshake, Ok(peer)) => {
                if let Err(error) = self.enter(&handshake, peer) {
                    self.refuse_with(&handshake.namespace, &error);
                }
            }
            Done::Authenticated(handshake, Err(error)) => {
                self.refuse_with(&handshake.namespace, &error);
            }
            Done::Refreshed(namespace, ack, result) => {
                let result = result.and_then(|peer| self.refresh(&namespace, &peer));
                self.acknowledge(&namespace, ack, result);
            }
            Done::Handled(namespace, ack, result) => self.acknowledge(&namespace, ack, result),
        }
    }

    /// Adds the client to a namespace.
    fn enter(&mut self, handshake: &Handshake, peer: Peer) -> Result<(), Error> {
        let rooms = peer.rooms().map_err(Error::internal)?;
        let connection = self
            .server
            .hub
            .connect(peer.client())
            .map_err(connect_error)?;
        for room in rooms {
            connection.join(room)?;
        }
        let socket = Socket {
            member: Member::clone(connection.member()),
            peer: Arc::new(peer),
            namespace: (&*handshake.namespace).into(),
        };
        let id = format!("{:032x}", rand::random::<u128>());
        self.sending
            .push_back(packet::connected(socket.namespace(), &id));
        if let Some(on_connect) = &self.server.on_connect {
            on_connect(&socket, &handshake.auth);
        }
        self.spaces.push(Space::new(connection, socket));
        self.attempts = 0;
        self.idle = None;
        Ok(())
    }

    /// Replaces the expiry of a client by that of its new credentials.
    fn refresh(&mut self, namespace: &str, peer: &Peer) -> Result<crate::Message, Error> {
        let space = self.space(namespace);
        match space.filter(|space| space.socket.peer().client() == peer.client()) {
            // Handlers and rooms keep the rights of the connection.
            Some(space) if space.socket.peer().grants() != peer.grants() => Err(Error::new(
                Code::Forbidden,
                "OTHER_RIGHTS",
                "the token has other roles or scopes: connect again",
            )),
            Some(space) => {
                space.expire_at(peer.expiry());
                Ok(json!({ "ok": true }).into())
            }
            None => Err(Error::new(
                Code::Forbidden,
                "OTHER_USER",
                "the token belongs to another user: connect again",
            )),
        }
    }

    fn acknowledge(
        &mut self,
        namespace: &str,
        ack: Option<u64>,
        result: Result<crate::Message, Error>,
    ) {
        let Some(ack) = ack else {
            return;
        };
        let message = result.unwrap_or_else(|error| work::failure(&error).into());
        self.sending
            .extend(packet::acknowledged(namespace, ack, &message));
    }

    fn refuse(&mut self, namespace: &str, data: &Value) {
        self.sending.push_back(packet::refused(namespace, data));
    }

    fn refuse_with(&mut self, namespace: &str, error: &Error) {
        let data = json!({ "code": error.reason() });
        self.refuse(
            namespace,
            &json!({ "message": error.message(), "data": data }),
        );
    }

    /// Waits for an event or the end of a client in a namespace.
    fn poll_spaces(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut spaces = self.spaces.iter_mut().enumerate();
        let found = spaces.find_map(|(index, space)| match space.poll_next(context) {
            Poll::Ready(change) => Some((index, change)),
            Poll::Pending => None,
        });
        let Some((index, change)) = found else {
            return Poll::Pending;
        };
        let Some(space) = self.spaces.get(index) else {
            return Poll::Pending;
        };
        let namespace = space.socket.namespace();
        let last = match change {
            Change::Event(event) => {
                self.sending.extend(packet::event(namespace, &event));
                return Poll::Ready(());
            }
            Change::Closed(Closed::TooSlow) => Vec::new(),
            Change::Closed(Closed::Draining) => draining(namespace),
            Change::Closed(Closed::Disconnected) | Change::Expired => {
                vec![packet::disconnected(namespace)]
            }
        };
        self.spaces.clear();
        self.end(last);
        Poll::Ready(())
    }

    /// Ends a session that stays without a namespace, or whose service stops.
    fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let config = self.server.hub.config();
        let Some(idle) = &mut self.idle else {
            return Poll::Pending;
        };
        loop {
            ready!(Pin::new(&mut idle.1).poll_tick(context));
            let is_late = idle.0.elapsed() >= config.connect_timeout.get();
            if is_late || self.server.hub.is_draining() {
                break;
            }
        }
        self.idle = None;
        self.end(Vec::new());
        Poll::Ready(())
    }
}

impl Protocol for Session {
    fn is_ready(&self) -> bool {
        self.work.is_none() && self.received.is_empty() && self.last.is_none()
    }

    fn receive(&mut self, message: Message) -> Result<(), Malformed> {
        let packet = match (message, self.partial.take()) {
            (Message::Text(text), None) => Packet::parse(&text)?,
            (Message::Binary(data), Some(mut packet)) => {
                packet.attachments.push(data);
                packet
            }
            _ => return Err(Malformed),
        };
        if !packet.is_complete() {
            self.partial = Some(packet);
        } else if self.received.len() >= MAX_RECEIVED {
            return Err(Malformed);
        } else if self.last.is_none() {
            self.received.push_back(packet);
        }
        Ok(())
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Message>> {
        loop {
            if let Some(message) = self.sending.pop_front() {
                return Poll::Ready(Some(message));
            }
            if let Some(work) = &mut self.work
                && let Poll::Ready(done) = work.as_mut().poll(context)
            {
                self.work = None;
                self.finish(done);
                continue;
            }
            if self.work.is_none() {
                if let Some(last) = &mut self.last {
                    if last.is_empty() {
                        return Poll::Ready(None);
                    }
                    self.sending.extend(last.drain(..));
                    continue;
                }
                if let Some(packet) = self.received.pop_front() {
                    self.start(packet);
                    continue;
                }
            }
            if self.last.is_none()
                && (self.poll_spaces(context).is_ready() || self.poll_idle(context).is_ready())
            {
                continue;
            }
            return Poll::Pending;
        }
    }
}

fn new_idle() -> Box<(Instant, Interval)> {
    Box::new((Instant::now(), interval(IDLE_CHECK)))
}

fn draining(namespace: &str) -> Vec<Message> {
    let backoff = rand::random_range(0..MAX_BACKOFF_MS);
    let hint = json!({ "reconnectAfterMs": backoff });
    crate::Event::new(DRAINING, &hint)
        .map(|event| packet::event(namespace, &event))
        .unwrap_or_default()
}

fn connect_error(error: ConnectError) -> Error {
    match error {
        ConnectError::Draining => error.into(),
        ConnectError::TooManyConnections | ConnectError::TooManyOfClient => Error::new(
            Code::Exhausted,
            "TOO_MANY_CONNECTIONS",
            "Too many connections",
        ),
    }
}
