use std::{fmt, sync::Arc};

use parking_lot::RwLock;
use seaworthy_core::ServiceIdentity;
use seaworthy_health::{Health, Probe};

use super::{
    definition::Worker,
    runner::{Observer, Runner},
    schedule::Schedule,
    state::{State, WorkerReport},
};
use crate::{start_error::StartError, task::Tasks};

/// The workers of one service. Cheap to clone.
#[derive(Clone)]
pub struct Workers(Arc<Inner>);

struct Inner {
    identity: ServiceIdentity,
    tasks: Tasks,
    health: Health,
    observer: Arc<dyn Observer>,
    known: RwLock<Vec<Known>>,
    duplicate: RwLock<Option<Arc<str>>>,
}

struct Known {
    name: Arc<str>,
    schedule: Schedule,
    state: Arc<State>,
}

/// No worker has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no worker has the name {0:?}")]
pub struct UnknownWorker(pub String);

/// An error of a request to run a worker immediately.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// No worker has this name.
    #[error(transparent)]
    Unknown(#[from] UnknownWorker),
    /// The worker is a singleton, and another replica runs it.
    #[error("the worker {0:?} runs on another replica")]
    OnOtherReplica(String),
}

impl Workers {
    pub(crate) fn new(
        identity: ServiceIdentity,
        tasks: Tasks,
        health: Health,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self(Arc::new(Inner {
            identity,
            tasks,
            health,
            observer,
            known: RwLock::new(Vec::new()),
            duplicate: RwLock::new(None),
        }))
    }

    /// Starts a worker with its schedule, and registers its health check.
    ///
    /// Each worker needs its own name, because metrics, health checks and operators select it by
    /// name. A second worker with the same name does not run. In an assembly it prevents the start
    /// of the service.
    pub fn start(&self, worker: Worker) {
        let state = Arc::new(State::default());
        {
            let mut known = self.0.known.write();
            if known.iter().any(|known| known.name == worker.name) {
                tracing::error!(worker = %worker.name, "two workers have this name, so the second one does not run");
                self.0.duplicate.write().get_or_insert(worker.name);
                return;
            }
            known.push(Known {
                name: Arc::clone(&worker.name),
                schedule: worker.schedule.clone(),
                state: Arc::clone(&state),
            });
        }
        let watched = Arc::clone(&state);
        self.0.health.register(Probe::from_fn(
            format!("worker {}", worker.name),
            worker.critical,
            move || watched.health(),
        ));
        self.0.observer.started(&worker.name);
        if worker.singleton.is_some() {
            self.0.observer.holds_lease(&worker.name, false);
        }
        let name = Arc::clone(&worker.name);
        let runner = Arc::new(Runner {
            worker,
            state,
            identity: self.0.identity.clone(),
            observer: Arc::clone(&self.0.observer),
        });
        self.0.tasks.supervise(name, move |stop| {
            let runner = Arc::clone(&runner);
            async move { runner.run(stop).await }
        });
    }

    /// Returns every worker in the order of their start.
    #[must_use]
    pub fn reports(&self) -> Vec<WorkerReport> {
        self.0
            .known
            .read()
            .iter()
            .map(|known| {
                let schedule = known.schedule.to_string();
                known.state.report(&known.name, &schedule)
            })
            .collect()
    }

    /// Checks that each worker has its own name.
    pub(crate) fn check(&self) -> Result<(), StartError> {
        match &*self.0.duplicate.read() {
            None => Ok(()),
            Some(name) => Err(StartError::new(format!(
                "two workers have the name {name:?}: give each worker its own name"
            ))),
        }
    }

    /// Returns the name and the schedule of every worker.
    pub(crate) fn schedules(&self) -> Vec<(Arc<str>, Schedule)> {
        let known = self.0.known.read();
        let known = known.iter();
        known
            .map(|known| (Arc::clone(&known.name), known.schedule.clone()))
            .collect()
    }

    /// Runs a worker immediately, also while it is paused. If it is running, it runs again
    /// afterwards.
    ///
    /// # Errors
    /// [`RunError`] if no worker has this name, or another replica holds its lease.
    pub fn run_now(&self, name: &str) -> Result<(), RunError> {
        let state = self.state(name)?;
        if state.facts.lock().standby {
            return Err(RunError::OnOtherReplica(name.to_owned()));
        }
        state.run_now.notify_one();
        Ok(())
    }

    /// Pauses the schedule of a worker. A current run finishes.
    ///
    /// # Errors
    /// [`UnknownWorker`] if no worker has this name.
    pub fn pause(&self, name: &str) -> Result<(), UnknownWorker> {
        let state = self.state(name)?;
        state.facts.lock().paused = true;
        state.resumed.notify_one();
        Ok(())
    }

    /// Resumes a paused worker.
    ///
    /// # Errors
    /// [`UnknownWorker`] if no worker has this name.
    pub fn resume(&self, name: &str) -> Result<(), UnknownWorker> {
        let state = self.state(name)?;
        state.facts.lock().paused = false;
        state.resumed.notify_one();
        Ok(())
    }

    fn state(&self, name: &str) -> Result<Arc<State>, UnknownWorker> {
        let known = self.0.known.read();
        let found = known
            .iter()
            .find(|known| *known.name == *name)
            .map(|known| Arc::clone(&known.state));
        found.ok_or_else(|| UnknownWorker(name.to_owned()))
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.reports()).finish()
    }
}
