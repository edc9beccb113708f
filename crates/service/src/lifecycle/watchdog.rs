//! Signals on a thread of their own, and the end of a process that cannot end itself.
//!
//! A handler that never yields blocks the thread that it runs on. When every thread of the runtime is blocked so, that runtime notices no signal and no timer any
//! more, and the orchestrator's SIGKILL would end it without a word. This thread notices both, and says what was still running before it ends the process.

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

/// What the orderly way needs beyond its own limits to end first.
const GRACE: Duration = Duration::from_secs(1);

/// What comes from outside.
enum Told {
    Stop(&'static str),
    Hangup,
}

/// What the orderly stop lets the watchdog know.
#[derive(Clone, Default)]
pub(crate) struct Watched(Arc<Known>);

#[derive(Default)]
struct Known {
    config: OnceLock<LifecycleConfig>,
    components: OnceLock<Vec<Arc<dyn Component>>>,
    is_flushing: AtomicBool,
}

impl Watched {
    /// The limits in force. What is set first counts.
    pub(crate) fn set_config(&self, config: &LifecycleConfig) {
        let _ = self.0.config.set(config.clone());
    }

    /// What the stop is about to stop. What is set first counts.
    pub(crate) fn set_components(&self, components: &[Arc<dyn Component>]) {
        let _ = self.0.components.set(components.to_vec());
    }

    /// Nothing is left but to tell what there was to tell.
    pub(crate) fn set_flushing(&self) {
        self.0.is_flushing.store(true, Ordering::SeqCst);
    }

    fn running(&self) -> Vec<String> {
        match self.0.components.get() {
            Some(components) => components.iter().flat_map(still_running).collect(),
            None => vec!["the start".to_owned()],
        }
    }
}

/// The receiving end of the signals.
pub(crate) struct Watchdog {
    told: mpsc::UnboundedReceiver<Told>,
    watched: Watched,
}

impl Watchdog {
    /// Takes the signals over. `end` is called, with what was still running, when the limits of a stop have passed and the process is still there.
    pub(crate) fn start(end: impl FnOnce(Vec<String>) + Send + 'static) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let signals = {
            let _entered = runtime.enter();
            Signals::listen()?
        };
        let (tell, told) = mpsc::unbounded_channel();
        let watched = Watched::default();
        let known = watched.clone();
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                runtime.block_on(watch(signals, &tell, &known));
                end(known.running());
            })?;
        Ok(Self { told, watched })
    }

    pub(crate) fn watched(&self) -> &Watched {
        &self.watched
    }

    /// Completes with the name of the next signal that asks for a stop; `on_hangup` is called for each SIGHUP before it.
    pub(crate) async fn stop(&mut self, on_hangup: impl Fn()) -> &'static str {
        loop {
            match self.told.recv().await {
                Some(Told::Stop(signal)) => return signal,
                Some(Told::Hangup) => on_hangup(),
                // The thread ends together with the process only.
                None => return std::future::pending().await,
            }
        }
    }
}

/// Completes when the limits of a stop have passed.
async fn watch(mut signals: Signals, tell: &mpsc::UnboundedSender<Told>, watched: &Watched) {
    // Nobody listens any more once the process is ending, and then nobody needs to.
    let hang_up = || drop(tell.send(Told::Hangup));
    let _ = tell.send(Told::Stop(signals.stop(hang_up).await));
    let config = watched.0.config.get().cloned().unwrap_or_default();
    tokio::select! {
        () = time::sleep(config.total_timeout.get() + GRACE) => {}
        signal = signals.stop(hang_up) => {
            let _ = tell.send(Told::Stop(signal));
            time::sleep(GRACE).await;
        }
    }
    // A runtime that still runs has ended the stop by now and writes what waits to be written; one whose threads are blocked has not and never will.
    if watched.0.is_flushing.load(Ordering::SeqCst) {
        time::sleep(config.flush_timeout.get() + GRACE).await;
    }
}
