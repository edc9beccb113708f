//! The resources of a process after many loads and unloads of plugins.

use seaworthy_plugins::{Capability, Decision, Event, EventType, HookCall, HookPoint};
use seaworthy_testkit::{eventually, http::get};
use tokio::runtime::Handle;

use crate::{
    app::{Setup, TestApp, granted_http},
    guest::Guest,
    server::record,
};

const HOOK: &str = "[[hooks]]\nname = \"hook\"\npoint = \"before_biz\"\ntimeout = \"30s\"\n";
const HANDLER: &str = "[[handlers]]\nname = \"note\"\ntypes = [\"user.login\"]\n";
/// The loads of each plugin after the first one.
const LOADS: usize = 20;
const NAMES: [&str; 4] = ["client", "events", "keys", "rules"];
/// Traps if the key exists, and sets it.
const SETS_KEY: &str = "(call $get (i32.const 1024) (i32.const 3) (i32.const 600))
    (if (i32.load8_u (i32.const 600)) (then unreachable))
    (call $set (i32.const 1024) (i32.const 3) (i32.const 1024) (i32.const 3) (i32.const 600))
    (i32.const 16)";

/// What a process has, and what grows if a load leaves something.
#[derive(Debug, Clone, Copy)]
struct Resources {
    threads: usize,
    files: usize,
    tasks: usize,
}

impl Resources {
    fn now() -> Self {
        let count = |folder| std::fs::read_dir(folder).unwrap().count();
        Self {
            threads: count("/proc/self/task"),
            files: count("/proc/self/fd"),
            tasks: Handle::current().metrics().num_alive_tasks(),
        }
    }

    /// Returns true if the process has not more than before. The pool of the runtime for blocking
    /// work varies by a few threads, and [`LOADS`] are more.
    fn is_within(self, before: Self) -> bool {
        let max_threads = before.threads + LOADS / 4;
        self.threads <= max_threads && self.files <= before.files && self.tasks <= before.tasks
    }
}

/// Loads, uses and unloads all plugins.
async fn use_once(app: &TestApp) {
    let plugins = &app.plugins;
    for name in NAMES {
        plugins.load(name).await.unwrap();
        plugins.start_plugin(name).await.unwrap();
    }
    let call = plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
    // The guest of `keys` finds no key of an earlier load.
    assert_eq!(call.await.unwrap().failed, []);
    let login = Event::new(EventType::USER_LOGIN, "accounts");
    assert_eq!(plugins.events().publish(login).await, []);
    let denied = Decision::Deny("no".to_owned());
    assert_eq!(app.decide().await.unwrap(), denied);
    for name in NAMES {
        plugins.unload(name).await.unwrap();
    }
}

/// Returns the series about plugins, without their values.
fn series(app: &TestApp) -> Vec<String> {
    let metrics = get(app.service.addresses().admin, "/metrics").unwrap().body;
    let lines = metrics
        .lines()
        .filter(|line| line.starts_with("plugin_"))
        .filter_map(|line| line.rsplit_once(' '));
    lines.map(|(series, _)| series.to_owned()).collect()
}

#[test]
fn unloads_release_threads_files_and_tasks_plug_1() {
    let measured = "unloads::process_is_that_before_loads_plug_1";
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", measured, "--ignored"])
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("1 passed"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the test above runs it in a process of its own"]
async fn process_is_that_before_loads_plug_1() {
    let (url, mut requests) = record();
    let keys = Guest::hook(SETS_KEY)
        .import("key-value", "get", "(param i32 i32 i32)")
        .import("key-value", "set", "(param i32 i32 i32 i32 i32)")
        .with_text(1024, "key");
    let app = Setup::new()
        .config(|config| {
            config.auto_load = Some(false);
            config.security.max_cpu_percent = Some(100);
            config.grants.insert("client".to_owned(), granted_http());
        })
        .grant("keys", &[Capability::KeyValue])
        .plugin(
            "client",
            &format!("capabilities = [\"http\"]\n{HOOK}"),
            &Guest::requesting(&url, "(i32.const 16)"),
        )
        .plugin("events", HANDLER, &Guest::handler("(i32.const 16)"))
        .plugin(
            "keys",
            &format!("capabilities = [\"key_value\"]\n{HOOK}"),
            &keys,
        )
        .plugin("rules", "", &Guest::denying("no"))
        .start()
        .await
        .unwrap();
    // The first load creates the engine, its threads and the series of each plugin.
    use_once(&app).await;
    let (before, series_before) = (Resources::now(), series(&app));
    for _ in 0..LOADS {
        use_once(&app).await;
    }
    // Each load sent its request. The server counts it after its response.
    let mut sent = 0;
    eventually(async || {
        while requests.try_recv().is_ok() {
            sent += 1;
        }
        sent == LOADS + 1
    })
    .await;
    // Idle threads end after ten seconds.
    eventually(async || Resources::now().is_within(before)).await;
    assert!(app.plugins.list().is_empty());
    for point in HookPoint::ALL {
        assert!(!app.plugins.has_hooks(point), "{point:?}");
    }
    assert_eq!(app.decide().await.unwrap(), Decision::Allow);
    // The counters of a plugin stay, so that its rates have no gaps. Further loads add none.
    assert_eq!(series(&app), series_before);
    for name in NAMES {
        let started = format!("plugin_started{{plugin=\"{name}\",version=\"1.0.0\"}}");
        assert_eq!(app.metric(&started), 0);
    }
    assert_eq!(app.metric("plugin_events_queued{subscriber=\"events\"}"), 0);
}
