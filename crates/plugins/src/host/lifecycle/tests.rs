//! Steps that succeed after their timeout.

use std::{fs, sync::mpsc};

use parking_lot::Mutex;
use seaworthy_testkit::eventually;

use super::*;
use crate::{
    Decision, Event, HandlerError,
    host::tests::{MODULE, TestService, start, write},
    runtime::{
        self, CallLimits, Exports, HookInput, HookOutcome, Imports, Program, Question, Runtime,
    },
};

/// The steps that a plugin ran.
type Steps = Arc<Mutex<Vec<LifecycleStep>>>;

/// An engine whose programs end the first call of a step when the sender of `held` is dropped.
#[derive(Debug)]
struct LateRuntime {
    engine: Arc<dyn Runtime>,
    late: LifecycleStep,
    held: Arc<Mutex<Option<mpsc::Receiver<()>>>>,
    steps: Steps,
}

impl Runtime for LateRuntime {
    fn compile(&self, component: &[u8], imports: &Imports) -> Result<Arc<dyn Program>, String> {
        Ok(Arc::new(LateProgram {
            program: self.engine.compile(component, imports)?,
            late: self.late,
            held: Arc::clone(&self.held),
            steps: Arc::clone(&self.steps),
        }))
    }
}

#[derive(Debug)]
struct LateProgram {
    program: Arc<dyn Program>,
    late: LifecycleStep,
    held: Arc<Mutex<Option<mpsc::Receiver<()>>>>,
    steps: Steps,
}

impl Program for LateProgram {
    fn exports(&self) -> Exports {
        self.program.exports()
    }

    fn step(
        &self,
        step: LifecycleStep,
        limits: &CallLimits,
    ) -> Result<Result<(), String>, CallError> {
        let ended = self.program.step(step, limits);
        self.steps.lock().push(step);
        if step == self.late {
            let held = self.held.lock().take();
            if let Some(held) = held {
                let _ = held.recv();
            }
        }
        ended
    }

    fn hook(&self, input: &HookInput, limits: &CallLimits) -> Result<HookOutcome, CallError> {
        self.program.hook(input, limits)
    }

    fn handle(
        &self,
        handler: &str,
        event: &Event,
        limits: &CallLimits,
    ) -> Result<Result<(), HandlerError>, CallError> {
        self.program.handle(handler, event, limits)
    }

    fn decide(&self, question: &Question, limits: &CallLimits) -> Result<Decision, CallError> {
        self.program.decide(question, limits)
    }
}

/// Starts a service with the plugin `notes` in its folder, whose first `late` ends when the sender
/// is dropped.
async fn with_late(late: LifecycleStep) -> (TestService, mpsc::Sender<()>, Steps) {
    let app = start(&[]).await;
    let (release, held) = mpsc::channel();
    let steps = Steps::default();
    let runtime = LateRuntime {
        engine: runtime::engine(1024 * 1024, 2, || ()).unwrap(),
        late,
        held: Arc::new(Mutex::new(Some(held))),
        steps: Arc::clone(&steps),
    };
    app.plugins.0.runtime.set(Ok(Arc::new(runtime))).unwrap();
    let settings = app.folder.path().join("settings");
    fs::create_dir_all(&settings).unwrap();
    fs::write(settings.join("notes.yaml"), "timeout: 3s\n").unwrap();
    write(app.folder.path(), "notes", "", MODULE);
    (app, release, steps)
}

#[tokio::test(flavor = "multi_thread")]
async fn start_after_its_timeout_is_stopped_plug_1() {
    for starts_again in [false, true] {
        let (app, release, steps) = with_late(LifecycleStep::Start).await;
        app.plugins.load("notes").await.unwrap();
        let late = app.plugins.start_plugin("notes").await.unwrap_err();
        assert_eq!(late.code(), PluginErrorCode::Timeout);
        drop(release);
        let mut expected = vec![
            LifecycleStep::Initialize,
            LifecycleStep::Start,
            LifecycleStep::Stop,
        ];
        match starts_again {
            true => {
                app.plugins.start_plugin("notes").await.unwrap();
                expected.push(LifecycleStep::Start);
            }
            false => app.plugins.stop_plugin("notes").await.unwrap(),
        }
        assert_eq!(*steps.lock(), expected);
        app.service.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn initialize_after_its_timeout_is_cleaned_up_plug_1() {
    let (app, release, steps) = with_late(LifecycleStep::Initialize).await;
    let load = tokio::spawn({
        let plugins = app.plugins.clone();
        async move { plugins.load("notes").await }
    });
    // A call that exceeds its timeout makes the plugin slow.
    eventually(async || {
        let versions = app.plugins.0.detached.all();
        let paces = versions.iter().map(|version| version.state.lock().pace);
        paces
            .map(|pace| format!("{pace:?}"))
            .any(|pace| pace.starts_with("Slow"))
    })
    .await;
    drop(release);
    let late = load.await.unwrap().unwrap_err();
    assert_eq!(late.code(), PluginErrorCode::Timeout);
    let expected = [LifecycleStep::Initialize, LifecycleStep::Cleanup];
    assert_eq!(*steps.lock(), expected);
    app.service.stop().await;
}
