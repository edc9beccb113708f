use std::sync::Arc;

use parking_lot::Mutex;
use rdkafka::error::KafkaResult;
use tokio_util::sync::CancellationToken;

use super::{client::Clients, detached::Detached};

/// A client that is replaced after its password was rotated (CONF-5). Requests that hold the
/// previous client finish with it.
pub(super) struct Renewed<C: Send + Sync + 'static> {
    clients: Clients,
    create: Box<Create<C>>,
    /// `None` after the close.
    current: Mutex<Option<Created<C>>>,
}

type Create<C> = dyn Fn(&Clients) -> KafkaResult<C> + Send + Sync;

struct Created<C: Send + Sync + 'static> {
    client: Arc<Detached<C>>,
    /// The version of its password.
    version: u64,
}

impl<C: Send + Sync + 'static> Renewed<C> {
    pub(super) fn new(
        clients: &Clients,
        create: impl Fn(&Clients) -> KafkaResult<C> + Send + Sync + 'static,
    ) -> KafkaResult<Self> {
        let renewed = Self {
            clients: clients.clone(),
            create: Box::new(create),
            current: Mutex::default(),
        };
        *renewed.current.lock() = Some(renewed.create()?);
        Ok(renewed)
    }

    fn create(&self) -> KafkaResult<Created<C>> {
        // A rotation in between replaces the client once more.
        let version = self.clients.password_version();
        Ok(Created {
            client: Arc::new(Detached::new((self.create)(&self.clients)?)),
            version,
        })
    }

    /// Returns a client with the password that new clients use, or `None` after the close.
    pub(super) fn get(&self) -> KafkaResult<Option<Arc<Detached<C>>>> {
        let mut current = self.current.lock();
        let Some(created) = &*current else {
            return Ok(None);
        };
        if created.version != self.clients.password_version() {
            tracing::info!("a Kafka client is replaced, because its password was rotated");
            *current = Some(self.create()?);
        }
        Ok(current.as_ref().map(|created| Arc::clone(&created.client)))
    }

    /// Replaces a client that failed, unless another request has replaced it.
    pub(super) fn replace(&self, failed: &Arc<Detached<C>>) -> KafkaResult<()> {
        let mut current = self.current.lock();
        if current
            .as_ref()
            .is_some_and(|created| Arc::ptr_eq(&created.client, failed))
        {
            *current = Some(self.create()?);
        }
        Ok(())
    }

    /// Ends the client. Returns a token that is cancelled when it has ended.
    pub(super) fn close(&self) -> Option<CancellationToken> {
        let created = self.current.lock().take();
        created.map(|created| created.client.ended())
    }
}
