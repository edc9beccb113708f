//! A separate thread for signals, which can end a blocked process.
//!
//! A handler that never yields blocks a thread of the runtime. If all threads are blocked, the
//! runtime handles neither signals nor timers, and the orchestrator ends the process with SIGKILL.
//! This thread handles both, and reports the unfinished work before it ends the process.

use std::{
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::{runtime, sync::mpsc, time};

use super::{LifecycleConfig, Signals};
use crate::component::{Component, still_running};

/// The time that the runtime has to end the process itself after a timeout.
const GRACE: Duration = Duration::from_secs(1);

/// A signal for the runtime.
enum Event {
    Stop(&'static str),
    Hangup,
}

/// The state of the service that the watchdog reads.
#[derive(Clone, Default)]
pub(crate) struct Watched(Arc<Known>);

#[derive(Default)]
struct Known {
    config: OnceLock<LifecycleConfig>,
    components: OnceLock<Vec<Arc<dyn Component>>>,
    is_flushing: AtomicBool,
}

impl Watched {
    /// Sets the timeouts of the stop. Only the first call has an effect.
    pub(crate) fn set_config(&self, config: &LifecycleConfig) {
        let _ = self.0.config.set(config.clone());
    }

    /// Sets the components of the stop. Only the first call has an effect.
    pub(crate) fn set_components(&self, components: &[Arc<dyn Component>]) {
        let _ = self.0.components.set(components.to_vec());
    }

    /// Records that only the flush of telemetry is left.
    pub(crate) fn set_flushing(&self) {
        self.0.is_flushing.store(true, Ordering::SeqCst);
    }

    fn unfinished_work(&self) -> Vec<String> {
        match self.0.components.get() {
            Some(components) => components.iter().flat_map(still_running).collect(),
            None => vec!["startup".to_owned()],
        }
    }
}

/// Receives the signals of the process.
pub(crate) struct Watchdog {
    events: mpsc::UnboundedReceiver<Event>,
    watched: Watched,
}

impl Watchdog {
    /// Installs the signal handlers. If the process still runs after the timeouts of a stop, it
    /// calls `end` with the unfinished work.
    pub(crate) fn start(end: impl FnOnce(Vec<String>) + Send + 'static) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let signals = {
            let _entered = runtime.enter();
            Signals::listen()?
        };
        let (sender, events) = mpsc::unbounded_channel();
        let watched = Watched::default();
        let known = watched.clone();
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                runtime.block_on(watch(signals, &sender, &known));
                end(known.unfinished_work());
            })?;
        Ok(Self { events, watched })
    }

    pub(crate) fn watched(&self) -> &Watched {
        &self.watched
    }

    /// Completes with the name of the next stop signal. Calls `on_hangup` for each SIGHUP before
    /// it.
    pub(crate) async fn stop(&mut self, on_hangup: impl Fn()) -> &'static str {
        loop {
            match self.events.recv().await {
                Some(Event::Stop(signal)) => return signal,
                Some(Event::Hangup) => on_hangup(),
                // The thread ends only together with the process.
                None => return std::future::pending().await,
            }
        }
    }
}

/// Completes when the timeouts of a stop have expired.
async fn watch(mut signals: Signals, sender: &mpsc::UnboundedSender<Event>, watched: &Watched) {
    // The receiver is dropped only when the process ends.
    let hang_up = || drop(sender.send(Event::Hangup));
    let _ = sender.send(Event::Stop(signals.stop(hang_up).await));
    let config = watched.0.config.get().cloned().unwrap_or_default();
    tokio::select! {
        () = time::sleep(config.total_timeout.get() + GRACE) => {}
        signal = signals.stop(hang_up) => {
            let _ = sender.send(Event::Stop(signal));
            time::sleep(GRACE).await;
        }
    }
    // A runtime that still works has completed the stop and flushes telemetry. A blocked one has
    // not.
    if watched.0.is_flushing.load(Ordering::SeqCst) {
        time::sleep(config.flush_timeout.get() + GRACE).await;
    }
}
