//! Connections, their rooms and their queues.

mod client;
mod component;
mod connection;
mod error;
mod metrics;
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
use state::State;

pub use client::Client;
pub use connection::Connection;
pub use error::{Closed, ConnectError, JoinError};

/// Delivers events to the connections of this process. Cheap to clone. All clones are the same hub.
#[derive(Debug, Clone)]
pub struct Hub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: RealtimeConfig,
    metrics: HubMetrics,
    state: Mutex<State>,
}

impl Hub {
    /// Creates a hub without connections.
    #[must_use]
    pub fn new(config: &RealtimeConfig, metrics: &Metrics) -> Self {
        Self(Arc::new(Inner {
            config: config.clone(),
            metrics: HubMetrics::new(metrics),
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
            Ok((id, closing)) => Ok(Connection::new(Arc::clone(&self.0), id, receiver, closing)),
            Err(error) => {
                self.0.metrics.refused.increment();
                Err(error)
            }
        }
    }

    /// Sends an event to all connections of a room. Returns the number of connections that received
    /// it. An event above `max_event_size` is dropped and logged.
    pub fn emit(&self, room: &Room, event: Event) -> usize {
        let size = event.payload().len();
        if size > self.0.config.max_event_size.as_usize() {
            tracing::warn!(room = %room, event = event.name(), size, "event exceeds max_event_size");
            return 0;
        }
        let delivery = self.0.state.lock().emit(room, &event);
        self.0.metrics.delivered.add(delivery.received as u64);
        self.0.metrics.too_slow.add(delivery.too_slow as u64);
        delivery.received
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

    /// Closes all connections after their pending events, and refuses new ones. Call it when the
    /// service stops.
    pub fn drain(&self) {
        self.0.state.lock().drain();
    }

    /// Closes all connections of a client, for example when its session is revoked.
    pub fn disconnect(&self, client: &Client) {
        self.0.state.lock().disconnect(client.key());
    }
}
