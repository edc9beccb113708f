use std::sync::Arc;

use lapin::{Channel, options::ConfirmSelectOptions};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{connection::BrokerConnection, failure::transport_error};
use crate::transport::TransportError;

/// The maximum number of batches in flight on one connection. RabbitMQ allows 2,047 channels by
/// default, and each takes some memory of the broker.
const MAX_CHANNELS: usize = 32;

/// The publishing channels of one connection.
///
/// The client passes a returned message to the next confirm of its channel, whichever message that
/// confirm belongs to. So only one batch at a time uses a channel. After the last confirm of the
/// batch, the client has passed on every return of the batch.
#[derive(Debug)]
pub(super) struct PublishChannels {
    idle: Arc<Mutex<Vec<Channel>>>,
    permits: Arc<Semaphore>,
}

/// A channel in confirm mode that belongs to one batch.
#[derive(Debug)]
pub(super) struct PublishChannel {
    channel: Channel,
    idle: Arc<Mutex<Vec<Channel>>>,
    _permit: OwnedSemaphorePermit,
}

impl PublishChannels {
    pub(super) fn new() -> Self {
        Self {
            idle: Arc::default(),
            permits: Arc::new(Semaphore::new(MAX_CHANNELS)),
        }
    }

    /// Returns an idle channel, or a new one. Waits while [`MAX_CHANNELS`] are in use.
    ///
    /// # Errors
    /// [`TransportError`] if the broker does not open a channel.
    pub(super) async fn acquire(
        &self,
        connection: &BrokerConnection,
    ) -> Result<PublishChannel, TransportError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(TransportError::unavailable)?;
        let idle = self.idle.lock().pop();
        let channel = match idle.filter(|channel| channel.status().connected()) {
            Some(channel) => channel,
            None => confirming(connection).await?,
        };
        Ok(PublishChannel {
            channel,
            idle: Arc::clone(&self.idle),
            _permit: permit,
        })
    }
}

impl PublishChannel {
    /// Returns the channel. Opens another if the broker has closed it.
    ///
    /// # Errors
    /// [`TransportError`] if the broker does not open a channel.
    pub(super) async fn connected(
        &mut self,
        connection: &BrokerConnection,
    ) -> Result<&Channel, TransportError> {
        if !self.channel.status().connected() {
            self.channel = confirming(connection).await?;
        }
        Ok(&self.channel)
    }

    /// Makes the channel available to the next batch. Every message must have its confirm.
    pub(super) fn release(self) {
        if self.channel.status().connected() {
            self.idle.lock().push(self.channel);
        }
    }
}

/// Opens a channel that confirms what is published.
async fn confirming(connection: &BrokerConnection) -> Result<Channel, TransportError> {
    let channel = connection.new_channel().await?;
    let select = channel.confirm_select(ConfirmSelectOptions::default());
    select.await.map_err(transport_error)?;
    Ok(channel)
}
