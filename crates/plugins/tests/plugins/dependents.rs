//! Plugins whose dependency is disabled.

use std::sync::Arc;

use seaworthy_core::{RequestContext, ServiceIdentity, context};
use seaworthy_plugins::{
    Capability, Event, EventType, HandlerError, HookCall, HookPoint, PluginErrorCode, PluginStatus,
};
use seaworthy_testkit::eventually;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use crate::{
    app::{Setup, TestApp},
    guest::Guest,
};

const HOOK: &str =
    "[[hooks]]\nname = \"guard\"\npoint = \"before_request\"\nveto = true\ntimeout = \"30s\"\n";
const CODE: &str = "PLUGIN_DEPENDENCY_ERROR";
/// The problem of a plugin whose dependency `base` is disabled.
const MISSING: &str = "depends on \"base\", which cannot be called";

fn needs(dependency: &str) -> String {
    format!("dependencies = [\"{dependency}\"]\n")
}

/// A service whose plugin `guard` rejects requests and depends on `base`.
fn setup(base: &Guest) -> Setup {
    Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .config(|config| config.auto_load = Some(false))
        .plugin("base", "", base)
        .plugin(
            "guard",
            &format!("{}{HOOK}", needs("base")),
            &Guest::rejecting(403, "one"),
        )
}

async fn start(setup: Setup) -> TestApp {
    let app = setup.start().await.unwrap();
    app.plugins.load_folder().await.unwrap();
    app
}

/// Writes the settings of `base`, and applies them.
async fn configure(app: &TestApp, yaml: &str) {
    std::fs::write(app.folder.path().join("config/base.yaml"), yaml).unwrap();
    app.plugins.reload("base").await.unwrap();
}

/// Returns the status, the code and the problem of a plugin.
fn state(app: &TestApp, name: &str) -> (PluginStatus, Option<&'static str>, Option<String>) {
    let info = app.plugins.get(name).unwrap();
    (info.status, info.error_code, info.error_msg)
}

fn missing() -> (PluginStatus, Option<&'static str>, Option<String>) {
    (PluginStatus::Error, Some(CODE), Some(MISSING.to_owned()))
}

/// Returns the types, plugins and codes of the events about plugins that cannot be called, and
/// about plugins that can be called again.
fn events(app: &TestApp) -> UnboundedReceiver<(String, String, String)> {
    let (sender, events) = mpsc::unbounded_channel();
    let types = [EventType::PLUGIN_ERROR, EventType::PLUGIN_ENABLED];
    app.plugins
        .events()
        .subscribe_in_order("events", types, 0, move |event| {
            let text = |name: &str| event.data().get(name).and_then(|text| text.as_str());
            let text = |name: &str| text(name).unwrap_or_default().to_owned();
            let _ = sender.send((event.kind().to_string(), text("plugin"), text("code")));
            std::future::ready(Ok(()))
        });
    events
}

fn event(kind: &EventType, plugin: &str, code: &str) -> (String, String, String) {
    (kind.to_string(), plugin.to_owned(), code.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn dependents_of_a_disabled_plugin_fail_until_it_returns_plug_1() {
    let app = start(setup(&Guest::quiet())).await;
    assert_eq!(app.rejection_text(), "one");
    let mut events = events(&app);
    configure(&app, "enabled: false\n").await;
    // A guard without its dependency does not let requests pass.
    let (status, reason, _) = app.rejection();
    assert_eq!((status, reason.as_str()), (503, "PLUGIN_UNAVAILABLE"));
    assert_eq!(state(&app, "guard"), missing());
    let failed = event(&EventType::PLUGIN_ERROR, "guard", CODE);
    assert_eq!(events.recv().await, Some(failed));
    assert_eq!(
        app.metric("plugin_faults_total{plugin=\"guard\",reason=\"dependency\"}"),
        1
    );
    // The plugin did not cause the failures, so they do not disable it.
    for _ in 0..6 {
        assert_eq!(app.rejection().0, 503);
    }
    configure(&app, "enabled: true\n").await;
    assert_eq!(app.rejection_text(), "one");
    assert_eq!(state(&app, "guard"), (PluginStatus::Started, None, None));
    let enabled = event(&EventType::PLUGIN_ENABLED, "guard", "");
    assert_eq!(events.recv().await, Some(enabled));
}

#[tokio::test(flavor = "multi_thread")]
async fn indirect_dependents_of_a_disabled_plugin_fail_plug_1() {
    let handlers = "[[handlers]]\nname = \"note\"\ntypes = [\"user.login\"]\n";
    let notes = Guest::handler("(i32.const 16)");
    let setup = setup(&Guest::quiet())
        .plugin("notes", &format!("{}{handlers}", needs("guard")), &notes)
        .settings("notes", "retry_count: 0\n");
    let app = start(setup).await;
    configure(&app, "enabled: false\n").await;
    let problem = "depends on \"guard\", which cannot be called";
    let expected = (PluginStatus::Error, Some(CODE), Some(problem.to_owned()));
    assert_eq!(state(&app, "notes"), expected);
    let login = || Event::new(EventType::USER_LOGIN, "accounts");
    let failed = HandlerError::Permanent(problem.to_owned());
    assert_eq!(
        app.plugins.events().publish(login()).await,
        [("notes/note".to_owned(), failed)]
    );
    configure(&app, "enabled: true\n").await;
    assert_eq!(app.plugins.events().publish(login()).await, []);
    assert_eq!(state(&app, "notes"), (PluginStatus::Started, None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn dependents_of_a_faulty_plugin_fail_until_it_is_enabled_plug_2() {
    let hook = "[[hooks]]\nname = \"base\"\npoint = \"before_biz\"\n";
    let app = start(setup(&Guest::quiet()).plugin("base", hook, &Guest::hook("unreachable"))).await;
    for _ in 0..5 {
        assert_eq!(app.rejection_text(), "one");
        let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
        call.await.unwrap();
    }
    assert_eq!(state(&app, "guard"), missing());
    assert_eq!(app.rejection().0, 503);
    let mut events = events(&app);
    app.plugins.enable("base").unwrap();
    assert_eq!(app.rejection_text(), "one");
    for plugin in ["base", "guard"] {
        let enabled = event(&EventType::PLUGIN_ENABLED, plugin, "");
        assert_eq!(events.recv().await, Some(enabled));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_an_old_version_do_not_concern_dependents_plug_2() {
    let hook = "[[hooks]]\nname = \"base\"\npoint = \"before_biz\"\n";
    let app = start(setup(&Guest::quiet()).plugin("base", hook, &Guest::hook("unreachable"))).await;
    let mut events = events(&app);
    let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
    let calls = async {
        let run = |point| app.plugins.run_hooks(point, HookCall::new());
        // The first call of the request selects its versions.
        run(HookPoint::AfterBiz).await.unwrap();
        app.replace("base", hook, &Guest::quiet());
        app.plugins.reload("base").await.unwrap();
        for _ in 0..5 {
            assert_eq!(run(HookPoint::BeforeBiz).await.unwrap().failed.len(), 1);
        }
        let report = run(HookPoint::BeforeBiz).await.unwrap();
        let problem = "is disabled after too many faults".to_owned();
        assert_eq!(report.failed, [("base/base".to_owned(), problem)]);
    };
    context::scope(Arc::new(request), calls).await;
    assert_eq!(state(&app, "base"), (PluginStatus::Started, None, None));
    // The next event is the one of these settings.
    configure(&app, "enabled: false\n").await;
    let failed = event(&EventType::PLUGIN_ERROR, "guard", CODE);
    assert_eq!(events.recv().await, Some(failed));
}

#[tokio::test(flavor = "multi_thread")]
async fn service_starts_with_dependents_of_a_disabled_plugin_plug_1() {
    let setup = setup(&Guest::quiet()).settings("base", "enabled: false\n");
    let app = start(setup.config(|config| config.auto_load = Some(true))).await;
    assert_eq!(state(&app, "guard"), missing());
    assert_eq!(app.rejection().0, 503);
    let admin = app.service.addresses().admin;
    eventually(async || {
        let ready = seaworthy_testkit::http::get(admin, "/readyz").unwrap();
        let ready: serde_json::Value = serde_json::from_str(&ready.body).unwrap();
        ready["status"] == "degraded"
    })
    .await;
    std::fs::write(
        app.folder.path().join("config/base.yaml"),
        "enabled: true\n",
    )
    .unwrap();
    eventually(async || app.rejection_text() == "one").await;
    // An operator cannot start a plugin whose dependency is disabled.
    configure(&app, "enabled: false\n").await;
    drop(app.plugins.stop_plugin("guard").await);
    let refused = app.plugins.start_plugin("guard").await.unwrap_err();
    assert_eq!(refused.code(), PluginErrorCode::Dependency);
    let problem = "plugin \"guard\": depends on \"base\", which is not started";
    assert_eq!(refused.to_string(), problem);
}

#[tokio::test(flavor = "multi_thread")]
async fn dependents_of_a_plugin_that_failed_to_start_fail_plug_1() {
    let setup = setup(&Guest::quiet())
        .grant("base", &[Capability::KeyValue])
        .plugin(
            "base",
            "capabilities = [\"key_value\"]\n",
            &Guest::quiet().starting_once(),
        )
        .settings("base", "enabled: true\n");
    let app = start(setup).await;
    assert_eq!(app.rejection_text(), "one");
    let mut events = events(&app);
    // The plugin cannot be loaded, so its settings stop and start its version without a reload.
    let manifest = app.path("base", "plugin.toml");
    let kept = std::fs::read(&manifest).unwrap();
    std::fs::write(&manifest, "name = ").unwrap();
    app.configure("base", "enabled: false\n");
    eventually(async || app.plugins.status("base") == PluginStatus::Stopped).await;
    app.configure("base", "enabled: true\n");
    eventually(async || app.plugins.status("base") == PluginStatus::Error).await;
    assert_eq!(state(&app, "guard"), missing());
    assert_eq!(app.rejection().0, 503);
    std::fs::write(&manifest, kept).unwrap();
    app.plugins.reload("base").await.unwrap();
    assert_eq!(app.rejection_text(), "one");
    for (kind, plugin, code) in [
        (EventType::PLUGIN_ERROR, "guard", CODE),
        (EventType::PLUGIN_ERROR, "base", "PLUGIN_START_FAILED"),
        (EventType::PLUGIN_ENABLED, "guard", ""),
    ] {
        assert_eq!(events.recv().await, Some(event(&kind, plugin, code)));
    }
}
