//! Plugins that must be started, and plugins that cannot be loaded.

use std::sync::Arc;

use seaworthy_core::{RequestContext, ServiceIdentity, Timeout, context};
use seaworthy_plugins::{Capability, Decision, EventType, FailureMode, PluginStatus};
use seaworthy_testkit::eventually;

use crate::{
    app::{Setup, TestApp},
    guest::Guest,
};

const HOOK: &str =
    "[[hooks]]\nname = \"guard\"\npoint = \"before_request\"\nveto = true\ntimeout = \"30s\"\n";

/// Asks for a decision. Returns it, or the reason of the error.
async fn decide(app: &TestApp) -> Result<Decision, String> {
    let decided = app.decide().await;
    decided.map_err(|error| error.reason().to_owned())
}

/// A service with the plugin `rules`, which requires it and its dependency.
fn setup() -> Setup {
    Setup::new()
        .config(|config| {
            config.required = vec!["rules".to_owned()];
            config.auto_load = Some(false);
            config.security.max_cpu_percent = Some(100);
        })
        .plugin("base", "", &Guest::quiet())
        .plugin(
            "rules",
            "dependencies = [\"base\"]\n",
            &Guest::denying("no"),
        )
        .plugin("other", "", &Guest::quiet())
}

#[tokio::test(flavor = "multi_thread")]
async fn service_needs_its_required_plugins_plug_2() {
    let app = setup().start().await.unwrap();
    assert!(app.plugins.get("other").is_err());
    let denied = Ok(Decision::Deny("no".to_owned()));
    assert_eq!(decide(&app).await, denied);
    assert_eq!(app.orders().0, 200);
    eventually(async || app.readiness().0 == 200).await;
    app.plugins.stop_plugin("rules").await.unwrap();
    let unavailable = "PLUGIN_UNAVAILABLE".to_owned();
    assert_eq!(decide(&app).await, Err(unavailable.clone()));
    let (status, reason, _) = app.rejection();
    assert_eq!((status, reason), (503, unavailable.clone()));
    eventually(async || app.readiness().0 == 503).await;
    app.plugins.unload("rules").await.unwrap();
    assert_eq!(decide(&app).await, Err(unavailable));
    app.plugins.load("rules").await.unwrap();
    app.plugins.start_plugin("rules").await.unwrap();
    assert_eq!(decide(&app).await, denied);
    assert_eq!(app.orders().0, 200);
    eventually(async || app.readiness().0 == 200).await;
}

/// Runs a test in the context of a task, which may last as long as the service.
async fn in_task(test: impl Future<Output = ()>) {
    let task = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
    context::scope(Arc::new(task), test).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_use_required_plugins_after_their_start_plug_2() {
    let app = setup().start().await.unwrap();
    app.plugins.stop_plugin("rules").await.unwrap();
    in_task(async {
        assert_eq!(decide(&app).await, Err("PLUGIN_UNAVAILABLE".to_owned()));
        app.plugins.start_plugin("rules").await.unwrap();
        assert_eq!(decide(&app).await, Ok(Decision::Deny("no".to_owned())));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_use_new_plugins_after_the_timeout_plug_2() {
    let setup = setup().config(|config| {
        config.required.clear();
        config.drain_timeout = Timeout::from_millis(1);
    });
    let app = setup.start().await.unwrap();
    in_task(async {
        assert_eq!(decide(&app).await, Ok(Decision::Allow));
        app.plugins.load_folder().await.unwrap();
        let denied = Ok(Decision::Deny("no".to_owned()));
        eventually(async || decide(&app).await == denied).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn service_without_required_plugins_does_not_start_plug_2() {
    let rejection = async |setup: Setup| {
        let failed = setup.start().await.err().unwrap();
        seaworthy_core::error_chain(&failed).to_string()
    };
    let missing = setup().config(|config| config.required = vec!["lost".to_owned()]);
    let folder = missing.config.directory.display().to_string();
    let expected =
        format!("a plugin cannot be used: plugin \"lost\": does not have a folder in {folder}");
    assert_eq!(rejection(missing).await, expected);
    let expected = "plugins.required names plugins, but plugins.enabled is false: set it to true";
    assert_eq!(
        rejection(setup().config(|config| config.enabled = false)).await,
        expected
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn required_policy_that_no_call_asks_is_refused_plug_2() {
    let failed = setup().without_decisions().start().await.err().unwrap();
    let expected = "a plugin cannot be used: plugin \"rules\": only decides about access, and this service does not ask for decisions: remove it from plugins.required, or call `Plugins::declare_decisions` in a service that asks";
    assert_eq!(seaworthy_core::error_chain(&failed).to_string(), expected);
    // A plugin that is not required may only decide, and a required one may also have hooks.
    let setup = setup().without_decisions().config(|config| {
        config.required = vec!["other".to_owned()];
    });
    let app = setup.start().await.unwrap();
    for name in ["base", "rules"] {
        app.plugins.load(name).await.unwrap();
    }
}

/// The problem of a version without a function of the last version.
fn lost(plugin: &str, function: &str) -> String {
    format!(
        "plugin \"{plugin}\": does not have {function}, which its last version has, and is in plugins.required: add it, or restart the service to accept this version"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn required_plugin_keeps_its_decisions_plug_2() {
    let app = setup().start().await.unwrap();
    let needs = "dependencies = [\"base\"]\n";
    app.replace("rules", needs, &Guest::quiet());
    let expected = lost("rules", "the interface `policy`");
    let refused = app.plugins.reload("rules").await.unwrap_err();
    assert_eq!(refused.to_string(), expected);
    assert_eq!(decide(&app).await, Ok(Decision::Deny("no".to_owned())));
    eventually(async || app.readiness() == (200, "degraded".to_owned())).await;
    // An unload does not bypass the check.
    app.plugins.unload("rules").await.unwrap();
    let refused = app.plugins.load("rules").await.unwrap_err();
    assert_eq!(refused.to_string(), expected);
    assert_eq!(decide(&app).await, Err("PLUGIN_UNAVAILABLE".to_owned()));
    app.replace("rules", needs, &Guest::denying("later"));
    app.plugins.load("rules").await.unwrap();
    app.plugins.start_plugin("rules").await.unwrap();
    assert_eq!(decide(&app).await, Ok(Decision::Deny("later".to_owned())));
    // Other plugins may lose functions.
    app.replace("base", "", &Guest::denying("no"));
    app.plugins.reload("base").await.unwrap();
    app.replace("base", "", &Guest::quiet());
    app.plugins.reload("base").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn required_plugin_keeps_its_vetoes_plug_2() {
    let app = Setup::new()
        .config(|config| {
            config.required = vec!["guard".to_owned()];
            config.auto_load = Some(false);
            config.security.max_cpu_percent = Some(100);
        })
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    let without_veto = HOOK.replace("veto = true\n", "");
    let elsewhere = HOOK.replace("before_request", "before_biz");
    for manifest in [&without_veto, &elsewhere] {
        app.replace("guard", manifest, &Guest::rejecting(403, "two"));
        let refused = app.plugins.reload("guard").await.unwrap_err();
        let expected = lost("guard", "the veto at the point before_request");
        assert_eq!(refused.to_string(), expected);
        assert_eq!(app.rejection_text(), "one");
    }
    let renamed = HOOK.replace("\"guard\"", "\"other\"");
    app.replace("guard", &renamed, &Guest::rejecting(403, "three"));
    app.plugins.reload("guard").await.unwrap();
    assert_eq!(app.rejection_text(), "three");
}

#[tokio::test(flavor = "multi_thread")]
async fn disabled_required_plugin_leaves_the_service_not_ready_plug_2() {
    let app = setup()
        .settings("rules", "enabled: false\n")
        .start()
        .await
        .unwrap();
    eventually(async || app.readiness().0 == 503).await;
    assert_eq!(app.orders().0, 503);
    app.configure("rules", "enabled: true\n");
    eventually(async || app.readiness().0 == 200).await;
    assert_eq!(decide(&app).await, Ok(Decision::Deny("no".to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_loads_and_reloads_are_listed_plug_1() {
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    let broken = app.folder.path().join("plugins/broken");
    std::fs::create_dir_all(&broken).unwrap();
    std::fs::write(broken.join("plugin.toml"), "name = ").unwrap();
    let is_listed = async || app.plugins.get("broken").is_ok();
    eventually(is_listed).await;
    let info = app.plugins.get("broken").unwrap();
    assert_eq!(
        (info.status, info.error_code, info.load_time),
        (PluginStatus::Error, Some("PLUGIN_LOAD_FAILED"), None)
    );
    assert!(info.error_time.is_some());
    let degraded = (200, "degraded".to_owned());
    eventually(async || app.readiness() == degraded).await;
    std::fs::remove_dir_all(&broken).unwrap();
    eventually(async || app.plugins.list().len() == 1).await;
    eventually(async || app.readiness().1 == "ready").await;

    let bad = Guest::rejecting(403, "two").with_initialize("unreachable");
    app.replace("guard", HOOK, &bad);
    eventually(async || app.readiness() == degraded).await;
    let info = app.plugins.get("guard").unwrap();
    assert_eq!(info.status, PluginStatus::Started);
    assert_eq!(info.failed_reload.unwrap().code, "PLUGIN_CONFIG_ERROR");
    app.replace("guard", HOOK, &Guest::rejecting(403, "three"));
    eventually(async || app.readiness().1 == "ready").await;
    assert_eq!(app.plugins.get("guard").unwrap().failed_reload, None);
    assert_eq!(app.rejection_text(), "three");

    let manifest = app.path("guard", "plugin.toml");
    let kept = std::fs::read(&manifest).unwrap();
    std::fs::write(&manifest, "name = ").unwrap();
    eventually(async || app.readiness() == degraded).await;
    std::fs::write(&manifest, kept).unwrap();
    eventually(async || app.readiness().1 == "ready").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn state_has_what_operators_need_plug_1() {
    let more = format!("capabilities = [\"log\"]\n{HOOK}");
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .grant("guard", &[Capability::Log])
        .plugin("guard", &more, &Guest::hook("unreachable"))
        .start()
        .await
        .unwrap();
    let started = |version: &str| {
        let labels = format!("{{plugin=\"guard\",version=\"{version}\"}}");
        app.metric(&format!("plugin_started{labels}"))
    };
    assert_eq!(started("1.0.0"), 1);
    let info = || app.plugins.get("guard").unwrap();
    assert_eq!(info().capabilities, [Capability::Log]);
    assert_eq!(info().hooks[0].name, "guard");
    assert_eq!(info().on_failure, Some(FailureMode::Closed));
    assert!(info().next_trial_time.is_none() && !info().needs_operator);
    for _ in 0..5 {
        assert_eq!(app.orders().0, 503);
    }
    let disabled = info();
    assert_eq!(disabled.status, PluginStatus::Error);
    let next = disabled.next_trial_time.unwrap() - disabled.error_time.unwrap();
    assert!((50..=60).contains(&next.num_seconds()), "{next}");
    app.replace(
        "guard",
        &format!("version = \"2.0.0\"\n{more}"),
        &Guest::rejecting(403, "two"),
    );
    eventually(async || app.rejection_text() == "two").await;
    assert_eq!((started("1.0.0"), started("2.0.0")), (0, 1));
    app.plugins.stop_plugin("guard").await.unwrap();
    assert_eq!(started("2.0.0"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn load_without_a_folder_is_not_found_plug_1() {
    let setup = Setup::new().config(|config| config.auto_load = Some(false));
    let broken = setup.config.directory.join("broken");
    let app = setup.start().await.unwrap();
    let (sender, mut problems) = tokio::sync::mpsc::unbounded_channel();
    let events = app.plugins.events();
    events.subscribe("problems", [EventType::PLUGIN_ERROR], move |event| {
        let _ = sender.send(event.data().get("plugin").cloned());
        std::future::ready(Ok(()))
    });
    let admin = app.service.addresses().admin;
    let load = |name: &str| {
        let path = format!("/plugins/{name}/load");
        let header = [("x-admin-request", "1")];
        seaworthy_testkit::http::request(admin, "POST", &path, &header, "").unwrap()
    };
    let refused = load("lost");
    assert_eq!(refused.status, 404, "{}", refused.body);
    let problem: serde_json::Value = serde_json::from_str(&refused.body).unwrap();
    assert_eq!(problem["reason"], "PLUGIN_NOT_FOUND");
    // The names of such requests are neither kept nor published.
    assert!(app.plugins.list().is_empty());
    std::fs::create_dir(broken).unwrap();
    assert_eq!(load("broken").status, 400);
    assert_eq!(problems.recv().await.flatten(), Some("broken".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn availability_of_diamonds_is_computed_once_plug_1() {
    // 30 levels of two plugins that both need both of the previous level: 2^30 paths.
    const LEVELS: usize = 30;
    let mut setup = Setup::new().config(|config| config.security.max_cpu_percent = Some(100));
    let mut needs = String::new();
    for level in 0..LEVELS {
        let names = ["a", "b"].map(|side| format!("n{level:02}-{side}"));
        for name in &names {
            setup = setup.plugin(name, &needs, &Guest::quiet());
        }
        needs = format!("dependencies = [\"{}\", \"{}\"]\n", names[0], names[1]);
    }
    let app = setup.start().await.unwrap();
    let begun = std::time::Instant::now();
    assert_eq!(app.plugins.list().len(), 2 * LEVELS);
    assert!(begun.elapsed() < std::time::Duration::from_secs(30));
}
