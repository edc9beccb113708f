//! Entries of the audit log about plugins.

use std::sync::Arc;

use seaworthy_audit_log::{AuditLog, AuditLogConfig, MIGRATIONS};
use seaworthy_core::{Actor, RequestContext, Secret, ServiceIdentity, context};
use seaworthy_data::{Database, DatabaseConfig, Migrator, sql};
use seaworthy_plugins::{HookCall, HookPoint, PluginStatus};
use seaworthy_testkit::{database::EmptyDatabase, http::request};

use crate::{app::Setup, guest::Guest};

const HOOK: &str = "[[hooks]]\nname = \"note\"\npoint = \"before_biz\"\ntimeout = \"30s\"\n";
/// The faults within a minute that disable a plugin.
const MAX_FAULTS: usize = 5;

/// Returns an empty audit log and its database.
async fn empty_log(empty: &EmptyDatabase) -> (AuditLog, Database) {
    let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
    let config = seaworthy_testkit::with_long_timeouts!(config);
    let database = Database::builder("test", config).open().await.unwrap();
    let migrator = Migrator::new(&database, &[MIGRATIONS]);
    migrator.up(false).await.unwrap();
    let key = "a key of the tests, which is long enough".to_owned();
    let config = AuditLogConfig {
        key: Some(Secret::new(key)),
        ..AuditLogConfig::default()
    };
    let log = AuditLog::new(database.clone(), &config).unwrap();
    (log, database)
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_plugins_are_in_the_audit_log_plug_1() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (log, database) = empty_log(&empty).await;
    let recorder = log.clone();
    let app = Setup::new()
        .config(|config| {
            config.auto_load = Some(false);
            config.required = vec!["base".to_owned()];
            config.security.max_cpu_percent = Some(100);
        })
        .plugin("base", "", &Guest::quiet())
        .plugin("guard", HOOK, &Guest::hook("unreachable"))
        .plugin("unsigned", "", &Guest::quiet())
        .before_serve(move |plugins| plugins.record_changes(&recorder))
        .start()
        .await
        .unwrap();
    let plugins = &app.plugins;
    std::fs::remove_file(app.path("unsigned", "plugin.sig")).unwrap();
    assert!(plugins.load("unsigned").await.is_err());
    plugins.load("guard").await.unwrap();
    plugins.start_plugin("guard").await.unwrap();
    for _ in 0..MAX_FAULTS {
        let call = plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
        assert_eq!(call.await.unwrap().failed.len(), 1);
    }
    assert_eq!(plugins.status("guard"), PluginStatus::Error);
    plugins.enable("guard").unwrap();
    plugins.reload("guard").await.unwrap();
    // An operator at the admin listener.
    let admin = app.service.addresses().admin;
    for action in ["stop", "unload"] {
        let path = format!("/plugins/guard/{action}");
        let done = request(admin, "POST", &path, &[("x-admin-request", "1")], "").unwrap();
        assert_eq!(done.status, 200, "{}", done.body);
    }
    // The stop delivers the queued events.
    app.service.stop().await;
    let recorded: Vec<(String, String, String, String)> = sql(
        "SELECT action, target_id, outcome, COALESCE(actor, '') FROM audit_log ORDER BY sequence",
    )
    .fetch_all(&database)
    .await
    .unwrap();
    let expected = [
        // The service loads and starts it.
        ("plugin.load", "base", "done", ""),
        ("plugin.start", "base", "done", ""),
        // A load that the service rejects.
        ("plugin.fail", "unsigned", "failed", ""),
        ("plugin.load", "guard", "done", ""),
        ("plugin.start", "guard", "done", ""),
        // Faults disable the plugin.
        ("plugin.fail", "guard", "failed", ""),
        ("plugin.enable", "guard", "done", ""),
        ("plugin.reload", "guard", "done", ""),
        ("plugin.stop", "guard", "done", "admin"),
        ("plugin.unload", "guard", "done", "admin"),
    ]
    .map(|(action, target, outcome, actor)| {
        (
            action.to_owned(),
            target.to_owned(),
            outcome.to_owned(),
            actor.to_owned(),
        )
    });
    assert_eq!(recorded, expected);
    // The chain of the records is intact.
    assert_eq!(log.verify(None).await.unwrap().records, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_in_a_request_of_a_user_have_no_actor_plug_1() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (log, database) = empty_log(&empty).await;
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("guard", HOOK, &Guest::hook("unreachable"))
        .plugin("notes", "dependencies = [\"guard\"]\n", &Guest::quiet())
        .before_serve(move |plugins| plugins.record_changes(&log))
        .start()
        .await
        .unwrap();
    let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
    assert!(request.set_actor(Actor::new("u-7")));
    let faults = async {
        for _ in 0..MAX_FAULTS {
            let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
            assert_eq!(call.await.unwrap().failed.len(), 1);
        }
    };
    context::scope(Arc::new(request), faults).await;
    app.service.stop().await;
    let failed: Vec<(String, String)> = sql(
        "SELECT target_id, COALESCE(actor, '') FROM audit_log WHERE action = 'plugin.fail' ORDER BY sequence",
    )
    .fetch_all(&database)
    .await
    .unwrap();
    let expected = ["guard", "notes"].map(|plugin| (plugin.to_owned(), String::new()));
    assert_eq!(failed, expected);
}
