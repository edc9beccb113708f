use std::{
    fs,
    path::Path,
    sync::{OnceLock, mpsc},
    time::Instant,
};

use seaworthy_config::Loader;
use seaworthy_core::{RequestContext, ServiceIdentity, Timeout};
use seaworthy_service::{NoSettings, RunningService, Service, StartError};
use seaworthy_testkit::eventually;

use super::{follow_folder::Followed, follow_settings::Tried, *};
use crate::{
    FailureMode, HookCall, HookPoint, Interface, World,
    folder::sha256_hex,
    pack,
    sandbox::{Ended, FAULT_WINDOW},
};

/// A module whose hook and handler change nothing.
pub(super) const MODULE: &str = r#"(module
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 8192))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local i32)
        (local.set 4 (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
        (global.set $free (i32.add (local.get 4) (local.get 3)))
        (local.get 4))
    (func (export "seaworthy:plugin/lifecycle@0.2.0#initialize") (param i32 i32) (result i32)
        (i32.const 16))
    (func (export "seaworthy:plugin/lifecycle@0.2.0#start") (result i32) (i32.const 16))
    (func (export "seaworthy:plugin/lifecycle@0.2.0#stop") (result i32) (i32.const 16))
    (func (export "seaworthy:plugin/lifecycle@0.2.0#cleanup") (result i32) (i32.const 16))
    (func (export "seaworthy:plugin/lifecycle@0.2.0#health-check") (result i32) (i32.const 16))
    (func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32) (i32.const 16))
    (func (export "seaworthy:plugin/events@0.2.0#handle")
        (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
        (i32.const 16)))"#;
pub(super) const DECLARED: &str = "
[[hooks]]
name = \"note\"
point = \"before_biz\"

[[handlers]]
name = \"note\"
types = [\"user.login\"]
";

/// A service with plugins that are started. The first one of each pair is its name, and the second
/// one has further lines of its manifest.
pub(super) struct TestService {
    pub(super) service: RunningService,
    pub(super) plugins: Plugins,
    pub(super) folder: tempfile::TempDir,
}

/// Writes a plugin to a folder. `more` has further lines of its manifest.
pub(super) fn write(folder: &Path, name: &str, more: &str, module: &str) {
    let component = pack(module.as_bytes(), Interface::V0_2, World::HooksAndEvents).unwrap();
    let (home, hash) = (folder.join(name), sha256_hex(&component));
    let manifest = format!(
        "name = \"{name}\"\nversion = \"1.0.0\"\napi = \"0.2.0\"\nsha256 = \"{hash}\"\n{more}"
    );
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join("plugin.wasm"), component).unwrap();
    fs::write(home.join("plugin.toml"), manifest).unwrap();
}

/// Returns a folder with plugins, and the settings of its service.
fn folder(declared: &[(&str, &str)]) -> (tempfile::TempDir, PluginsConfig) {
    let folder = tempfile::tempdir().unwrap();
    for (name, more) in declared {
        write(folder.path(), name, more, MODULE);
    }
    let mut config = PluginsConfig {
        enabled: true,
        directory: folder.path().to_owned(),
        config_directory: folder.path().join("settings"),
        auto_load: Some(false),
        ..PluginsConfig::default()
    };
    config.security.allow_unsigned = true;
    (folder, config)
}

pub(super) async fn start(declared: &[(&str, &str)]) -> TestService {
    start_with(declared, |_| ()).await
}

pub(super) async fn start_with(
    declared: &[(&str, &str)],
    change: impl FnOnce(&mut PluginsConfig),
) -> TestService {
    let (folder, mut config) = folder(declared);
    change(&mut config);
    let started = OnceLock::new();
    let service = Service::new("orders", "1.0.0")
        .start::<NoSettings, _>(Loader::for_tests("orders"), async |service| {
            let _ = started.set(Plugins::start(service, &config).await?);
            Ok(())
        })
        .await
        .unwrap();
    let plugins = started.into_inner().unwrap();
    plugins.load_folder().await.unwrap();
    TestService {
        service,
        plugins,
        folder,
    }
}

/// Calls the hooks. Returns those that failed.
pub(super) async fn failed_hooks(plugins: &Plugins) -> Vec<(String, String)> {
    let call = plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
    call.await.unwrap().failed
}

#[tokio::test(flavor = "multi_thread")]
async fn unload_releases_all_state_of_a_plugin_plug_1() {
    const LOADS: usize = 20;
    let TestService {
        service,
        plugins,
        folder: _folder,
    } = start(&[("notes", DECLARED)]).await;
    let mut versions = Vec::new();
    for load in 0..LOADS {
        if load > 0 {
            plugins.load("notes").await.unwrap();
            plugins.start_plugin("notes").await.unwrap();
        }
        assert_eq!(failed_hooks(&plugins).await, []);
        let login = Event::new(EventType::USER_LOGIN, "accounts");
        assert_eq!(plugins.events().publish(login).await, []);
        let plugin = plugins.plugin("notes").unwrap();
        let code = plugin.program.lock().clone().unwrap();
        versions.push((Arc::downgrade(&plugin), Arc::downgrade(&code)));
        drop((plugin, code));
        plugins.unload("notes").await.unwrap();
    }
    // The thread of the last call drops its data after its result.
    eventually(async || {
        let mut versions = versions.iter();
        versions.all(|(plugin, code)| code.strong_count() == 0 && plugin.strong_count() == 0)
    })
    .await;
    assert!(plugins.0.loaded.lock().is_empty());
    assert!(plugins.0.detached.all().is_empty());
    assert!(plugins.0.failures.lock().is_empty());
    assert!(plugins.0.initializing.lock().is_none());
    assert!(plugins.0.hooks.load().has_no_plugins());
    assert!(!plugins.has_hooks(HookPoint::BeforeBiz));
    let handlers = format!("{:?}", plugins.events());
    assert_eq!(handlers, "EventBus { handlers: [], .. }");
    service.stop().await;
}

/// Disables a plugin by faults at a time.
fn disable(plugin: &Plugin, time: Instant) {
    let faults = &mut plugin.state.lock().faults;
    faults.reset();
    while !faults.is_disabled() {
        let call = faults.permit(time).unwrap();
        faults.fail(call, time);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dependents_are_called_after_a_backoff_plug_2() {
    let guard = format!("dependencies = [\"base\"]\n{DECLARED}");
    let TestService {
        service,
        plugins,
        folder: _folder,
    } = start(&[("base", ""), ("guard", &guard)]).await;
    let base = plugins.plugin("base").unwrap();
    disable(&base, Instant::now());
    let problem = "depends on \"base\", which cannot be called".to_owned();
    let failed = [("guard/note".to_owned(), problem)];
    assert_eq!(failed_hooks(&plugins).await, failed);
    // Nothing calls this plugin, so there is no trial.
    disable(&base, Instant::now().checked_sub(FAULT_WINDOW * 2).unwrap());
    assert_eq!(failed_hooks(&plugins).await, []);
    assert_eq!(plugins.status("guard"), PluginStatus::Started);
    assert!(base.is_disabled_by_faults());
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_plugin_misses_no_dependency_plug_1() {
    let guard = format!("dependencies = [\"base\"]\n{DECLARED}");
    let TestService {
        service,
        plugins,
        folder: _folder,
    } = start(&[("base", ""), ("guard", &guard)]).await;
    for name in ["guard", "base"] {
        plugins.stop_plugin(name).await.unwrap();
    }
    // If both start again, a call that began before the stops calls the current version.
    let guard = plugins.plugin("guard").unwrap();
    assert_eq!(guard.missing_dependency(), None);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_end_before_the_timeout_of_the_bus_plug_1() {
    let TestService {
        service,
        plugins,
        folder: _folder,
    } = start(&[("notes", DECLARED)]).await;
    let notes = plugins.plugin("notes").unwrap();
    // A call may wait for the timeout before its guest starts, and each wait may end late.
    let longest = (notes.limits.timeout + Duration::from_millis(100)) * 2;
    let handlers = registration::subscriptions(&notes, &plugins.0.switch);
    assert_eq!(handlers.len(), 1);
    assert!(handlers.iter().all(|handler| handler.timeout > longest));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_without_a_known_order_are_tried_again_plug_1() {
    let TestService {
        service,
        plugins,
        folder: _folder,
    } = start(&[("notes", DECLARED)]).await;
    let now = plugins.read_snapshot().await.unwrap();
    let mut followed = Followed::new(BTreeMap::new());
    let unknown = Err(PluginError::for_folder("unreadable"));
    let seen = now.clone();
    plugins
        .apply_locked(&mut followed, seen, unknown, Vec::new())
        .await;
    assert!(followed.tried.is_empty(), "the change is not tried again");
    let order = plugins.valid_order().await;
    let seen = now.clone();
    plugins
        .apply_locked(&mut followed, seen, order, Vec::new())
        .await;
    assert_eq!(followed.tried, now);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_start_releases_loaded_plugins_plug_1() {
    let (_folder, config) = folder(&[("notes", DECLARED)]);
    let loaded = OnceLock::new();
    let started = Service::new("orders", "1.0.0")
        .start::<NoSettings, _>(Loader::for_tests("orders"), async |service| {
            let plugins = Plugins::open(service, &config)?;
            plugins.load_folder().await?;
            let _ = loaded.set(Arc::downgrade(&plugins.plugin("notes")?));
            Err(StartError::new("another part of the service fails"))
        })
        .await;
    assert!(started.is_err());
    // The bus owns the handlers, which own the plugin.
    eventually(async || loaded.get().unwrap().upgrade().is_none()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reload_that_disables_a_plugin_ends_all_its_versions_plug_1() {
    let (folder, config) = folder(&[("notes", DECLARED)]);
    let opened = OnceLock::new();
    // Without `serve`, so that no task reads the settings before the reload.
    let service = Service::new("orders", "1.0.0")
        .start::<NoSettings, _>(Loader::for_tests("orders"), async |service| {
            let plugins = Plugins::open(service, &config)?;
            plugins.load_folder().await?;
            let _ = opened.set(plugins);
            Ok(())
        })
        .await
        .unwrap();
    let plugins = opened.into_inner().unwrap();
    // An open request still uses the first version.
    let _open = plugins.0.hooks.load_full();
    let first = plugins.plugin("notes").unwrap();
    plugins.reload("notes").await.unwrap();
    let second = plugins.plugin("notes").unwrap();
    assert_eq!([&first, &second].map(|one| one.is_retired()), [false; 2]);
    let settings = folder.path().join("settings");
    fs::create_dir_all(&settings).unwrap();
    fs::write(settings.join("notes.yaml"), "enabled: false\n").unwrap();
    plugins.reload("notes").await.unwrap();
    assert_eq!([&first, &second].map(|one| one.is_retired()), [true; 2]);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_a_reload_applied_do_not_reload_again_plug_1() {
    let TestService {
        service,
        plugins,
        folder,
    } = start(&[("notes", DECLARED)]).await;
    let turn = plugins.0.loads.lock().await;
    let settings = folder.path().join("settings");
    fs::create_dir_all(&settings).unwrap();
    fs::write(settings.join("notes.yaml"), "priority: 7\n").unwrap();
    let mut tried = Tried::new();
    let mut apply = Box::pin(plugins.apply("notes", &mut tried));
    assert!(futures::poll!(apply.as_mut()).is_pending());
    // As an update, which has the lock.
    plugins.reload_locked("notes").await.unwrap();
    let reloaded = plugins.plugin("notes").unwrap();
    assert_eq!(reloaded.settings.priority, 7);
    drop(turn);
    apply.await;
    assert!(Arc::ptr_eq(&reloaded, &plugins.plugin("notes").unwrap()));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn starved_machine_does_not_skip_a_veto_plug_2() {
    const HOOK: &str =
        "[[hooks]]\nname = \"guard\"\npoint = \"before_biz\"\nveto = true\ntimeout = \"50ms\"\n";
    let TestService {
        service,
        plugins,
        folder: _folder,
    } = start_with(&[("guard", HOOK)], |config| {
        config.on_failure = FailureMode::Open;
    })
    .await;
    // All threads for guests are busy, so the guest gets a permit and does not start.
    let (release, held) = mpsc::channel::<()>();
    let held = Arc::new(Mutex::new(held));
    for _ in 0..MAX_GUESTS_PER_CORE * cores() {
        let held = Arc::clone(&held);
        let work = move || -> Ended {
            let _ = held.lock().recv();
            Box::new(|| ())
        };
        plugins.0.threads.run(work).unwrap();
    }
    let call = plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
    assert_eq!(call.await.unwrap_err().reason(), UNAVAILABLE);
    drop(release);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_before_the_first_plugin_create_nothing_plug_2() {
    let TestService {
        service,
        plugins,
        folder,
    } = start_with(&[], |config| config.drain_timeout = Timeout::from_secs(2)).await;
    let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
    for request in [None, Some(&request)] {
        let table = plugins.for_request(request);
        assert!(Arc::ptr_eq(&table, &plugins.0.without_plugins));
    }
    write(folder.path(), "notes", DECLARED, MODULE);
    plugins.load_folder().await.unwrap();
    assert!(!plugins.for_request(None).has_no_plugins());
    // The request began before the plugin started.
    let is_without = || plugins.for_request(Some(&request)).has_no_plugins();
    let elapsed = || plugins.0.in_use_since.get().unwrap().elapsed();
    assert!(is_without() || elapsed() >= Duration::from_secs(2));
    eventually(async || !is_without()).await;
    service.stop().await;
}
