use std::sync::Arc;

use futures::future::BoxFuture;

use crate::{lifecycle::Phase, start_error::StartError};

/// The stage of the stop in which a component stops (LIFE-4). Stages stop in the order of the
/// variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// A listener. It closes first, and its requests finish.
    Listener,
    /// A consumer of messages. It finishes and acknowledges the messages it has received.
    Consumer,
    /// Background work.
    Worker,
    /// A relay of stored data, such as the outbox.
    Relay,
    /// A connection pool that other components use.
    Pool,
    /// The admin listener. It closes last, so that operators can watch the stop.
    Admin,
}

impl Stage {
    /// The phase in which components of this stage stop.
    pub(crate) const fn phase(self) -> Phase {
        match self {
            Self::Listener => Phase::Requests,
            Self::Consumer => Phase::Consumers,
            Self::Worker => Phase::Workers,
            Self::Relay => Phase::Relays,
            Self::Pool => Phase::Pools,
            Self::Admin => Phase::Flush,
        }
    }
}

/// A part of a service that stops in order: a listener, a consumer, a relay or a pool.
///
/// The code that creates a component starts it. The kernel requests the stop and waits. After the
/// timeout of the phase, the kernel logs what still runs and aborts it.
pub trait Component: Send + Sync + 'static {
    /// Returns the name in logs and in the list of unfinished work.
    fn name(&self) -> &str;

    /// Returns the stage in which the component stops.
    fn stage(&self) -> Stage;

    /// Checks the component after the assembly, before the service is ready. A component checks
    /// here what it cannot check until the whole service is assembled, such as names in its
    /// settings.
    ///
    /// # Errors
    /// The service does not start.
    fn check(&self) -> Result<(), StartError> {
        Ok(())
    }

    /// Requests the stop: the component stops accepting work. Called once. Must not block.
    fn request_stop(&self);

    /// Completes when all work of the component has ended.
    fn stopped(&self) -> BoxFuture<'_, ()>;

    /// Returns descriptions of the unfinished work.
    fn unfinished_work(&self) -> Vec<String>;

    /// Aborts the unfinished work.
    fn abort(&self);
}

/// Returns the unfinished work of a component, prefixed with its name.
pub(crate) fn still_running(component: &Arc<dyn Component>) -> Vec<String> {
    component
        .unfinished_work()
        .into_iter()
        .map(|what| format!("{}: {what}", component.name()))
        .collect()
}
