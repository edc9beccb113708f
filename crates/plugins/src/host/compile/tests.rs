use std::sync::{atomic::AtomicUsize, mpsc};

use seaworthy_testkit::eventually;

use super::*;
use crate::{
    host::tests::{DECLARED, MODULE, TestService, failed_hooks, start_with, write},
    runtime::{self, Program, Runtime},
};

/// An engine whose first compilation waits until `release` is dropped.
#[derive(Debug)]
struct WaitingRuntime {
    engine: Arc<dyn Runtime>,
    release: Mutex<mpsc::Receiver<()>>,
    compilations: AtomicUsize,
}

impl Runtime for WaitingRuntime {
    fn compile(&self, component: &[u8], imports: &Imports) -> Result<Arc<dyn Program>, String> {
        self.compilations.fetch_add(1, Ordering::Relaxed);
        let _ = self.release.lock().recv();
        self.engine.compile(component, imports)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn load_fails_if_its_compilation_takes_long_plug_2() {
    let TestService {
        service,
        plugins,
        folder,
    } = start_with(&[], |config| {
        config.security.compile_timeout = Timeout::from_secs(1);
    })
    .await;
    let (release, receiver) = mpsc::channel();
    let runtime = Arc::new(WaitingRuntime {
        engine: runtime::engine(1024 * 1024, 2, || ()).unwrap(),
        release: Mutex::new(receiver),
        compilations: AtomicUsize::new(0),
    });
    plugins
        .0
        .runtime
        .set(Ok(Arc::clone(&runtime) as _))
        .unwrap();
    write(folder.path(), "notes", DECLARED, MODULE);
    for cause in [
        "split its large functions, or raise plugins.security.compile_timeout",
        "an earlier compilation still runs: repeat the load later, or restart the service",
    ] {
        let failed = plugins.load("notes").await.unwrap_err();
        assert_eq!(failed.code(), PluginErrorCode::Timeout);
        let expected = format!("plugin \"notes\": was not compiled within 1s: {cause}");
        assert_eq!(failed.to_string(), expected);
    }
    // The service still runs hooks.
    assert_eq!(failed_hooks(&plugins).await, []);
    drop(release);
    let attempts = AtomicUsize::new(0);
    eventually(async || {
        attempts.fetch_add(1, Ordering::Relaxed);
        plugins.load("notes").await.is_ok()
    })
    .await;
    // A load that failed before its compilation does not compile later.
    let max = 1 + attempts.load(Ordering::Relaxed);
    assert!(runtime.compilations.load(Ordering::Relaxed) <= max);
    plugins.start_plugin("notes").await.unwrap();
    assert_eq!(failed_hooks(&plugins).await, []);
    service.stop().await;
}
