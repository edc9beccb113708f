//! Connections, their rooms and their queues.

mod client;
mod component;
mod connection;
mod error;
mod member;
mod metrics;
mod replicas;
mod signals;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use parking_lot::Mutex;
use seaworthy_config::Settings;
use seaworthy_service::Assembly;
use seaworthy_telemetry::metrics::Metrics;
use tokio::sync::mpsc;

use crate::{Event, RealtimeConfig, Room};
use component::HubComponent;
use metrics::HubMetrics;
use state::{Delivery, Overflow, State};

pub(crate) use member::Member;
#[cfg(feature = "redis")]
pub(crate) use replicas::Replicas;

pub use client::Client;
pub use connection::Connection;
pub use error::{Closed, ConnectError, JoinError};

/// Delivers events to the connections of this process. Cheap to clone. All clones share one hub.
///
/// ```
/// use seaworthy_realtime::{Client, Event, Hub, RealtimeConfig, Room};
/// use seaworthy_telemetry::metrics::Metrics;
///
/// let hub = Hub::new(&RealtimeConfig::default(), &Metrics::new());
/// let connection = hub.connect(&Client::user("u-1")).unwrap();
/// connection.join(Room::new("event", 42).unwrap()).unwrap();
/// let closed = Event::new("closed", &true).unwrap();
/// assert_eq!(hub.emit(&Room::new("event", 42).unwrap(), closed), 1);
/// ```
#[derive(Debug, Clone)]
pub struct Hub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: RealtimeConfig,
    metrics: HubMetrics,
    registry: Metrics,
    state: Mutex<State>,
}

impl Hub {
    /// Creates a hub without connections.
    #[must_use]
    pub fn new(config: &RealtimeConfig, metrics: &Metrics) -> Self {
        Self(Arc::new(Inner {
            config: config.clone(),
            metrics: HubMetrics::new(metrics),
            registry: metrics.clone(),
            state: Mutex::new(State::default()),
        }))
    }

    /// Creates the hub of a service. It closes its connections when the listeners close, so that
    /// clients connect to another replica.
    pub fn start<C: Settings>(service: &Assembly<C>, config: &RealtimeConfig) -> Self {
        let hub = Self::new(config, service.metrics());
        service.component(HubComponent(hub.clone()));
        hub
    }

    /// Returns the settings.
    #[must_use]
    pub fn config(&self) -> &RealtimeConfig {
        &self.0.config
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.registry
    }

    /// Adds a connection without rooms. Dropping it removes it.
    ///
    /// # Errors
    /// The process or the client has too many connections, or the service stops.
    pub fn connect(&self, client: &Client) -> Result<Connection, ConnectError> {
        let capacity = self.0.config.max_pending.get() as usize;
        let (sender, receiver) = mpsc::channel(capacity);
        let added = self
            .0
            .state
            .lock()
            .connect(client.key(), sender, &self.0.config);
        match added {
            Ok((id, signals)) => Ok(Connection::new(Arc::clone(&self.0), id, receiver, signals)),
            Err(error) => {
                self.0.metrics.rejected.increment();
                Err(error)
            }
        }
    }

    /// Sends an event to all connections of a room. Returns the number of connections that received
    /// it. An event above `max_event_size` is dropped and logged.
    pub fn emit(&self, room: &Room, event: Event) -> usize {
        self.0
            .deliver(&event, |state| state.emit(room, &event, Overflow::Close))
    }

    /// Sends an event to all connections of a room in all processes of the service, if
    /// `fan_out` connects them. Returns the number of connections of this process that received it.
    ///
    /// Other processes receive the name and the payload, without binary data.
    pub fn publish(&self, room: &Room, event: Event) -> usize {
        let replicas = self.0.state.lock().replicas();
        if let Some(replicas) = replicas {
            replicas.publish(room, &event);
        }
        self.emit(room, event)
    }

    /// Sends an event to all connections of this process.
    pub fn emit_all(&self, event: &Event) -> usize {
        self.0
            .deliver(event, |state| state.emit_all(event, Overflow::Close))
    }

    /// Returns the rooms that contain a connection of this process, in no particular order.
    #[must_use]
    pub fn rooms(&self) -> Vec<Room> {
        self.0.state.lock().rooms()
    }

    /// Returns the number of connections of this process.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.0.state.lock().connections()
    }

    /// Returns whether a client is connected to this process, or to another process with the same
    /// `fan_out`. New connections to other processes count after a short delay.
    #[must_use]
    pub fn is_connected(&self, client: &Client) -> bool {
        let (here, replicas) = {
            let state = self.0.state.lock();
            (state.connections_of(client.key()), state.replicas())
        };
        here > 0 || replicas.is_some_and(|replicas| replicas.connections(client.key()) > 0)
    }

    /// Returns true after [`drain`](Self::drain).
    pub(crate) fn is_draining(&self) -> bool {
        self.0.state.lock().is_draining()
    }

    /// Closes all connections after their pending events, and rejects new ones. Call it when the
    /// service stops.
    pub fn drain(&self) {
        self.0.state.lock().drain();
    }

    /// Closes all connections of a client, for example when its session is revoked. If `fan_out`
    /// connects the processes of the service, it closes those of all processes.
    pub fn disconnect(&self, client: &Client) {
        self.disconnect_local(client.key());
        let replicas = self.0.state.lock().replicas();
        if let Some(replicas) = replicas {
            replicas.disconnect(client);
        }
    }

    pub(crate) fn disconnect_local(&self, client: &Arc<str>) {
        self.0.state.lock().disconnect(client);
    }
}

#[cfg(feature = "redis")]
impl Hub {
    pub(crate) fn set_replicas(&self, replicas: Arc<dyn Replicas>) {
        self.0.state.lock().set_replicas(replicas);
    }

    /// Sends an event of another process to a room. Such events arrive in batches, so a full queue
    /// does not mean that its client is slow.
    pub(crate) fn emit_remote(&self, room: &Room, event: &Event) {
        let overflow = Overflow::Resync(self.0.config.ping_timeout.get());
        self.0
            .deliver(event, |state| state.emit(room, event, overflow));
    }

    /// Sends the event `resync` to all clients of this process, so that they read the state again.
    pub(crate) fn resync(&self) {
        let overflow = Overflow::Resync(self.0.config.ping_timeout.get());
        let event = Event::resync();
        self.0
            .deliver(&event, |state| state.emit_all(&event, overflow));
    }

    /// Returns the keys of the clients with a connection of this process.
    pub(crate) fn clients(&self) -> Vec<Arc<str>> {
        self.0.state.lock().clients()
    }

    pub(crate) fn connections_of(&self, client: &Arc<str>) -> usize {
        self.0.state.lock().connections_of(client)
    }
}

impl Inner {
    fn deliver(&self, event: &Event, deliver: impl FnOnce(&mut State) -> Delivery) -> usize {
        let (size, max_size) = (event.size(), self.config.max_event_size.as_usize());
        if size > max_size {
            let event = event.name();
            tracing::warn!(
                event,
                size,
                max_size,
                "live event was dropped because it exceeds max_event_size"
            );
            return 0;
        }
        let delivery = deliver(&mut self.state.lock());
        self.metrics.delivered.add(delivery.received as u64);
        self.metrics.too_slow.add(delivery.too_slow as u64);
        delivery.received
    }
}
