//! Statuses, codes and fields of the contract of the boilerplate, section 6.

use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use seaworthy_config::Loader;
use seaworthy_plugins::{EventType, HookPoint, PluginStatus, Plugins};
use seaworthy_service::{NoSettings, Service};
use seaworthy_testkit::{eventually, http::request};
use serde_json::Value;

use crate::{
    app::{Setup, TestApp, granted_http},
    guest::{self, Guest},
    server::hold,
};

/// The address of a result with an error, whose text is at 1024.
const FAILS: &str = "(i32.const 512)";
const ENDLESS: &str = "(loop $l (br $l)) unreachable";

/// Runs an action of the admin listener. Returns the status and the reason of its response.
fn operate(app: &TestApp, plugin: &str, action: &str) -> (u16, String) {
    let path = format!("/plugins/{plugin}/{action}");
    let admin = app.service.addresses().admin;
    let response = request(admin, "POST", &path, &[("x-admin-request", "1")], "").unwrap();
    let body: Value = serde_json::from_str(&response.body).unwrap_or_default();
    let reason = body.get("reason").and_then(Value::as_str);
    (response.status, reason.unwrap_or_default().to_owned())
}

/// A guest whose step reports a failure.
fn failing_in(step: &'static str) -> Guest {
    Guest::quiet()
        .with_step(step, FAILS)
        .with_words(512, &[1, 1024, 3])
        .with_text(1024, "bad")
}

fn setup() -> Setup {
    Setup::new().config(|config| {
        config.auto_load = Some(false);
        config.security.max_cpu_percent = Some(100);
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_fail_with_the_codes_of_the_contract_plug_1() {
    let setup = setup()
        .plugin("base", "", &Guest::quiet())
        .plugin("child", "dependencies = [\"base\"]\n", &Guest::quiet())
        .plugin("start", "", &failing_in("start"))
        .plugin("stop", "", &failing_in("stop"))
        .plugin("check", "", &failing_in("health-check"))
        .plugin("slow", "", &Guest::quiet().with_step("start", ENDLESS))
        .settings("slow", "timeout: 50ms\n")
        .plugin("settings", "", &Guest::quiet())
        .settings("settings", "tiemout: 1s\n")
        .plugin("broken", "", &Guest::quiet())
        .plugin("unsigned", "", &Guest::quiet());
    let folder = setup.config.directory.clone();
    std::fs::write(folder.join("broken/plugin.wasm"), "changed").unwrap();
    std::fs::remove_file(folder.join("unsigned/plugin.sig")).unwrap();
    let app = setup.start().await.unwrap();
    let done = (200, String::new());
    for (plugin, action) in [
        ("base", "load"),
        ("base", "start"),
        ("child", "load"),
        ("child", "start"),
        ("start", "load"),
        ("stop", "load"),
        ("stop", "start"),
        ("check", "load"),
        ("slow", "load"),
    ] {
        assert_eq!(operate(&app, plugin, action), done, "{plugin}: {action}");
    }
    for (plugin, action, status, reason) in [
        ("lost", "load", 404, "PLUGIN_NOT_FOUND"),
        ("lost", "start", 404, "PLUGIN_NOT_FOUND"),
        ("lost", "stop", 404, "PLUGIN_NOT_FOUND"),
        ("lost", "unload", 404, "PLUGIN_NOT_FOUND"),
        ("lost", "reload", 404, "PLUGIN_NOT_FOUND"),
        ("lost", "enable", 404, "PLUGIN_NOT_FOUND"),
        ("lost", "check", 404, "PLUGIN_NOT_FOUND"),
        ("%2e%2e", "load", 404, "PLUGIN_NOT_FOUND"),
        ("base", "load", 409, "PLUGIN_ALREADY_EXIST"),
        ("broken", "load", 400, "PLUGIN_LOAD_FAILED"),
        ("start", "start", 503, "PLUGIN_START_FAILED"),
        ("stop", "stop", 503, "PLUGIN_STOP_FAILED"),
        ("settings", "load", 400, "PLUGIN_CONFIG_ERROR"),
        ("slow", "start", 503, "PLUGIN_TIMEOUT"),
        ("base", "stop", 409, "PLUGIN_DEPENDENCY_ERROR"),
        ("base", "unload", 409, "PLUGIN_DEPENDENCY_ERROR"),
        ("unsigned", "load", 400, "PLUGIN_PERMISSION_ERROR"),
        ("check", "check", 503, "PLUGIN_INTERNAL_ERROR"),
    ] {
        let expected = (status, reason.to_owned());
        assert_eq!(
            operate(&app, plugin, action),
            expected,
            "{plugin}: {action}"
        );
    }
    // A plugin whose own `stop` fails is stopped anyway.
    assert_eq!(app.plugins.status("stop"), PluginStatus::Stopped);
}

#[tokio::test(flavor = "multi_thread")]
async fn plugin_has_the_statuses_of_the_contract_plug_1() {
    let (url, mut waiting) = hold();
    let app = setup()
        .config(|config| drop(config.grants.insert("guard".to_owned(), granted_http())))
        .plugin(
            "guard",
            "capabilities = [\"http\"]\n",
            &Guest::requesting_in_initialize(&url, "(i32.const 16)"),
        )
        .plugin("bad", "", &failing_in("start"))
        .start()
        .await
        .unwrap();
    let status = || app.plugins.status("guard");
    assert_eq!(status(), PluginStatus::Unloaded);
    let plugins = app.plugins.clone();
    let load = tokio::spawn(async move { plugins.load("guard").await });
    let unanswered = waiting.recv().await.unwrap();
    assert_eq!(status(), PluginStatus::Loaded);
    let listed = app.plugins.list_by_status(PluginStatus::Loaded);
    assert_eq!(listed.len(), 1, "{listed:?}");
    drop((unanswered, waiting));
    assert_eq!(
        load.await.unwrap().unwrap().status,
        PluginStatus::Initialized
    );
    assert_eq!(status(), PluginStatus::Initialized);
    app.plugins.start_plugin("guard").await.unwrap();
    assert_eq!(status(), PluginStatus::Started);
    app.plugins.load("bad").await.unwrap();
    assert!(app.plugins.start_plugin("bad").await.is_err());
    assert_eq!(app.plugins.status("bad"), PluginStatus::Error);
    let names = |status| -> Vec<String> {
        let infos = app.plugins.list_by_status(status).into_iter();
        infos.map(|info| info.metadata.name).collect()
    };
    assert_eq!(names(PluginStatus::Started), ["guard"]);
    assert_eq!(names(PluginStatus::Error), ["bad"]);
    app.plugins.stop_plugin("guard").await.unwrap();
    assert_eq!(status(), PluginStatus::Stopped);
    app.plugins.unload("guard").await.unwrap();
    assert_eq!(status(), PluginStatus::Unloaded);
}

#[tokio::test(flavor = "multi_thread")]
async fn state_has_the_fields_of_the_contract_plug_1() {
    let more = "description = \"d\"\nauthor = \"a\"\nlicense = \"MIT\"\nhomepage = \"https://x.test\"\ntags = [\"t\"]\ndependencies = [\"base\"]\n[metadata]\nteam = \"orders\"\n";
    let app = setup()
        .plugin("base", "", &Guest::quiet())
        .plugin("guard", more, &Guest::quiet())
        .settings("guard", "priority: 7\nmetadata:\n  contact: ada\n")
        .start()
        .await
        .unwrap();
    app.plugins.load_folder().await.unwrap();
    assert_eq!(app.plugins.dependents("base"), ["guard"]);
    app.plugins.stop_plugin("guard").await.unwrap();
    let info = serde_json::to_value(app.plugins.get("guard").unwrap()).unwrap();
    let expected = serde_json::json!({
        "name": "guard",
        "version": "1.0.0",
        "description": "d",
        "author": "a",
        "license": "MIT",
        "homepage": "https://x.test",
        "dependencies": ["base"],
        "tags": ["t"],
        "metadata": { "team": "orders" },
    });
    assert_eq!(info.get("metadata"), Some(&expected));
    let expected = serde_json::json!({ "contact": "ada" });
    assert_eq!(info.get("config_metadata"), Some(&expected));
    assert_eq!(info.get("status"), Some(&"stopped".into()));
    for field in [
        "load_time",
        "start_time",
        "stop_time",
        "path",
        "config_path",
    ] {
        assert!(info.get(field).is_some_and(Value::is_string), "{field}");
    }
    assert_eq!(info.get("error_msg"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn status_of_a_rejection_becomes_that_of_the_response_plug_1() {
    let hook =
        "[[hooks]]\nname = \"guard\"\npoint = \"before_request\"\nveto = true\ntimeout = \"30s\"\n";
    // Other statuses would let a plugin send a success or a redirection.
    for (rejected, expected) in [(400, 400), (403, 403), (429, 429), (200, 403), (302, 403)] {
        let app = Setup::new()
            .plugin("guard", hook, &Guest::rejecting(rejected, "no"))
            .start()
            .await
            .unwrap();
        let expected = (expected, "PLUGIN_REJECTED".to_owned(), "no".to_owned());
        assert_eq!(app.rejection(), expected, "{rejected}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_the_life_cycle_are_published_plug_1() {
    let Setup {
        folder,
        key,
        config,
        ..
    } = setup().plugin("guard", "", &Guest::quiet());
    let started = OnceLock::new();
    let published = Arc::new(Mutex::new(Vec::new()));
    let types = [
        EventType::PLUGIN_LOADED,
        EventType::PLUGIN_STARTED,
        EventType::PLUGIN_STOPPED,
        EventType::PLUGIN_UNLOADED,
        EventType::PLUGIN_ERROR,
        EventType::CONFIG_CHANGED,
        EventType::SYSTEM_STARTUP,
        EventType::SYSTEM_SHUTDOWN,
    ];
    let service = Service::new("orders", "1.0.0")
        .start::<NoSettings, _>(Loader::for_tests("orders"), async |service| {
            let plugins = Plugins::open(service, &config)?;
            let seen = Arc::clone(&published);
            let events = plugins.events();
            events.subscribe_in_order("all", types, 0, move |event| {
                seen.lock().push(event.kind().to_string());
                std::future::ready(Ok(()))
            });
            plugins.serve(service).await?;
            let _ = started.set(plugins);
            Ok(())
        })
        .await
        .unwrap();
    let plugins = started.into_inner().unwrap();
    let seen = async |count| eventually(async || published.lock().len() >= count).await;
    seen(1).await;
    plugins.load("guard").await.unwrap();
    plugins.start_plugin("guard").await.unwrap();
    plugins.reload("guard").await.unwrap();
    plugins.stop_plugin("guard").await.unwrap();
    plugins.unload("guard").await.unwrap();
    let changed = folder.path().join("plugins");
    guest::write(&changed, "guard", "", b"changed", &key);
    assert!(plugins.load("guard").await.is_err());
    seen(7).await;
    service.stop().await;
    let expected = [
        "system.startup",
        "plugin.loaded",
        "plugin.started",
        "config.changed",
        "plugin.stopped",
        "plugin.unloaded",
        "plugin.error",
        "system.shutdown",
    ];
    assert_eq!(*published.lock(), expected);
}

#[test]
fn names_of_the_contract_do_not_change_plug_1() {
    let points = HookPoint::ALL.map(HookPoint::as_str);
    let expected = [
        "before_request",
        "after_request",
        "before_response",
        "after_response",
        "before_auth",
        "after_auth",
        "auth_failed",
        "before_biz",
        "after_biz",
        "biz_error",
        "before_data",
        "after_data",
        "data_error",
    ];
    assert_eq!(points, expected);
    let user = [EventType::USER_LOGIN, EventType::USER_LOGOUT];
    assert_eq!(
        user.map(|kind| kind.to_string()),
        ["user.login", "user.logout"]
    );
    let data = [
        EventType::DATA_CREATED,
        EventType::DATA_UPDATED,
        EventType::DATA_DELETED,
    ];
    let data = data.map(|kind| kind.to_string());
    assert_eq!(data, ["data.created", "data.updated", "data.deleted"]);
}
