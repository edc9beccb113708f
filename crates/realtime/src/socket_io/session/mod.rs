mod protocol;

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use seaworthy_core::{Code, Error};
use serde_json::{Value, json};
use tokio::time::{Interval, interval};

pub(super) use super::work::Origin;
use super::{
    Call, Handshake, Peer, Socket,
    engine::Message,
    namespace::Namespace,
    packet::{self, Kind, Packet},
    rate::{Decision, Rate},
    server::Server,
    unauthenticated::CountedSession,
    work::{self, WorkOutcome},
};
use crate::{ConnectError, hub::Member};

/// Maximum number of namespaces of a session. Clients rarely use more than one.
const MAX_NAMESPACES: usize = 4;
/// Maximum number of failed authentications of a session.
const MAX_ATTEMPTS: u32 = 8;
/// Maximum number of packets that wait: those of one HTTP body or one WebSocket read.
const MAX_RECEIVED: usize = 64;
/// Interval at which a session without namespaces checks its timeout and the stop.
const IDLE_CHECK: Duration = Duration::from_millis(250);
/// The event with new credentials.
const REFRESH: &str = "auth:refresh";
/// The event that announces the stop of the service.
const DRAINING: &str = "server:draining";
/// Maximum backoff of clients. They wait for a random time, so that they do not all reconnect at
/// the same time.
const MAX_BACKOFF_MS: u64 = 5_000;

/// The state of Socket.IO in a session of Engine.IO.
pub(super) struct Session {
    server: Arc<Server>,
    origin: Origin,
    namespaces: Vec<Namespace>,
    attempts: u32,
    rate: Rate,
    /// A packet whose binary data is not complete.
    partial: Option<Packet>,
    received: VecDeque<Packet>,
    work: Option<BoxFuture<'static, WorkOutcome>>,
    sending: VecDeque<Message>,
    /// The last messages. The session ends after the work and these messages.
    last: Option<Vec<Message>>,
    idle: Option<Box<Idle>>,
}

/// The state of a session without a namespace.
struct Idle {
    since: Instant,
    check: Interval,
    _session: CountedSession,
}

impl Session {
    pub(super) fn open(server: Arc<Server>, origin: Origin) -> Result<Self, Error> {
        if server.hub.is_draining() {
            return Err(ConnectError::Draining.into());
        }
        let config = server.hub.config();
        let rate = Rate::new(config.max_calls.get(), config.call_period.get());
        let idle = new_idle(&server, &origin).ok_or(ConnectError::TooManyOfClient)?;
        Ok(Self {
            server,
            origin,
            namespaces: Vec::new(),
            attempts: 0,
            rate,
            partial: None,
            received: VecDeque::new(),
            work: None,
            sending: VecDeque::new(),
            last: None,
            idle: Some(idle),
        })
    }

    fn namespace(&mut self, name: &str) -> Option<&mut Namespace> {
        let mut namespaces = self.namespaces.iter_mut();
        namespaces.find(|namespace| namespace.socket.namespace() == name)
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
            Kind::Disconnect => self.disconnect(&packet.namespace),
            Kind::Event => self.call(packet, decision),
            // The service does not request acknowledgements.
            Kind::Ack => {}
        }
    }

    fn disconnect(&mut self, name: &str) {
        let before = self.namespaces.len();
        self.namespaces
            .retain(|namespace| namespace.socket.namespace() != name);
        // A packet without effect must not extend the deadline of an idle session.
        if self.namespaces.is_empty() && before > 0 {
            self.idle = new_idle(&self.server, &self.origin);
            if self.idle.is_none() {
                self.end(Vec::new());
            }
        }
    }

    fn connect(&mut self, packet: Packet) {
        let namespace = packet.namespace;
        if self.namespace(&namespace).is_some() {
            return;
        }
        if !self.server.namespaces.contains(&namespace) {
            self.reject(&namespace, &json!({ "message": "Invalid namespace" }));
            return;
        }
        self.attempts += 1;
        if self.namespaces.len() >= MAX_NAMESPACES || self.attempts > MAX_ATTEMPTS {
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
        let Some(namespace) = self.namespace(&packet.namespace) else {
            return;
        };
        let socket = namespace.socket.clone();
        let ack = packet.ack;
        let Some((event, message)) = packet.into_event() else {
            return;
        };
        if decision == Decision::Reject {
            self.server.rejected.increment();
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

    fn finish(&mut self, outcome: WorkOutcome) {
        match outcome {
            WorkOutcome::Authenticated(handshake, Ok(peer)) => {
                if let Err(error) = self.enter(&handshake, peer) {
                    self.reject_with(&handshake.namespace, &error);
                }
            }
            WorkOutcome::Authenticated(handshake, Err(error)) => {
                self.reject_with(&handshake.namespace, &error);
            }
            WorkOutcome::Refreshed(namespace, ack, result) => {
                let result = result.and_then(|peer| self.refresh(&namespace, peer));
                self.acknowledge(&namespace, ack, result);
            }
            WorkOutcome::Handled(namespace, ack, result) => {
                self.acknowledge(&namespace, ack, result)
            }
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
        let on_disconnect = self.server.on_disconnect.clone();
        let namespace = Namespace::new(connection, socket, on_disconnect);
        self.namespaces.push(namespace);
        self.attempts = 0;
        self.idle = None;
        Ok(())
    }

    /// Replaces the credentials of a client.
    fn refresh(&mut self, namespace: &str, peer: Peer) -> Result<crate::Message, Error> {
        let namespace = self.namespace(namespace);
        match namespace.filter(|joined| joined.socket.peer().client() == peer.client()) {
            // Reject other grants, because handlers and rooms use the grants of the connection.
            Some(joined) if joined.socket.peer().grants() != peer.grants() => Err(Error::new(
                Code::Forbidden,
                "GRANTS_MISMATCH",
                "the token has other roles or scopes: connect again",
            )),
            Some(joined) => {
                joined.refresh(peer);
                Ok(json!({ "ok": true }).into())
            }
            None => Err(Error::new(
                Code::Forbidden,
                "USER_MISMATCH",
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
        let mut messages = packet::acknowledged(namespace, ack, &message);
        let size: usize = messages.iter().map(Message::size).sum();
        let max_size = self.server.hub.config().max_event_size.as_usize();
        if size > max_size {
            tracing::warn!(
                size,
                max_size,
                "acknowledgement was replaced by an error because it exceeds max_event_size"
            );
            let failure = work::failure(&Error::new(
                Code::Exhausted,
                "RESULT_TOO_LARGE",
                "the result is too large: request a part of it",
            ));
            messages = packet::acknowledged(namespace, ack, &failure.into());
        }
        self.sending.extend(messages);
    }

    fn reject(&mut self, namespace: &str, data: &Value) {
        self.sending.push_back(packet::rejected(namespace, data));
    }

    fn reject_with(&mut self, namespace: &str, error: &Error) {
        let data = json!({ "code": error.reason() });
        self.reject(
            namespace,
            &json!({ "message": error.message(), "data": data }),
        );
    }
}

/// Returns `None` if the network of the client has too many sessions without a namespace.
fn new_idle(server: &Server, origin: &Origin) -> Option<Box<Idle>> {
    let max = server.hub.config().max_unauthenticated_per_address.get();
    let session = server.unauthenticated.count(origin.address, max)?;
    Some(Box::new(Idle {
        since: Instant::now(),
        check: interval(IDLE_CHECK),
        _session: session,
    }))
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
