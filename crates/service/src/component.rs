use std::sync::Arc;

use futures::future::BoxFuture;

use crate::{lifecycle::Phase, start_error::StartError};

/// Where in the ordered stop a component belongs (LIFE-4). The order of the variants is the order of the stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Takes requests from outside: closed first, its requests are finished.
    Listener,
    /// Takes messages from a broker: finishes and acknowledges those in hand.
    Consumer,
    /// Works on its own account.
    Worker,
    /// Passes on what the others left behind, such as the outbox.
    Relay,
    /// Holds connections that all the others use.
    Pool,
    /// Shows the rest to operators: closed last.
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

/// Something that a service starts and stops: a listener, a consumer, a relay, a pool.
///
/// A component is started by whoever builds it; from then on the kernel asks it to stop, waits, names what still runs when the limit of its
/// phase passes, and cuts it off.
pub trait Component: Send + Sync + 'static {
    /// The name in logs and in the list of what was still running.
    fn name(&self) -> &str;

    /// When it is stopped.
    fn stage(&self) -> Stage;

    /// Checks the component after the assembly, before the service is ready. A component checks here
    /// what it cannot check until the whole service is assembled, such as names in its settings.
    ///
    /// # Errors
    /// The service does not start.
    fn check(&self) -> Result<(), StartError> {
        Ok(())
    }

    /// Takes no new work from now on. Returns at once; called once.
    fn request_stop(&self);

    /// Completes when nothing of it runs any more.
    fn stopped(&self) -> BoxFuture<'_, ()>;

    /// What of it still runs, for people.
    fn running(&self) -> Vec<String>;

    /// Drops what still runs.
    fn abort(&self);
}

/// What of a component still runs, under its name.
pub(crate) fn still_running(component: &Arc<dyn Component>) -> Vec<String> {
    component
        .running()
        .into_iter()
        .map(|what| format!("{}: {what}", component.name()))
        .collect()
}
