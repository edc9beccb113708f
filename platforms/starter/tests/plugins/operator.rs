//! Plugins at the admin listener.

use std::process::Command;

use seaworthy_testkit::{
    eventually,
    http::{get, request},
};
use serde_json::{Value, json};

use crate::{
    PROGRAM,
    folder::{Folder, SECRETS},
    guard::{
        MANIFEST, PROCEEDS, VETOES, admin, assert_metric, audited, audited_actors,
        eventually_audited, execute, log_in, module,
    },
    logs::assert_clean_output,
};

/// The problem of a guest that runs the instruction `unreachable`.
const UNREACHABLE: &str = "trapped: wasm trap: wasm `unreachable` instruction executed";
/// The faults within a minute that disable a plugin.
const MAX_FAULTS: usize = 5;

#[test]
fn operator_stops_starts_and_checks_a_plugin_plug_1() {
    let folder = Folder::new();
    folder.add("guard", MANIFEST, &module(VETOES), "hooks-and-events");
    let app = folder.app().start().unwrap();
    assert_eq!(log_in(&app).0, 429);
    let listed = get(app.admin, "/plugins").unwrap().body;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["metadata"]["name"], "guard", "{listed}");
    assert_eq!(listed[0]["status"], "started", "{listed}");
    assert_eq!(listed[0]["signed"], true, "{listed}");
    // A page in a browser cannot send the header to another site.
    let forged = request(app.admin, "POST", "/plugins/guard/stop", &[], "").unwrap();
    assert_eq!(forged.status, 403, "{}", forged.body);
    assert_eq!(log_in(&app).0, 429);
    admin(&app, "check");
    admin(&app, "stop");
    assert_ne!(log_in(&app).0, 429);
    admin(&app, "start");
    assert_eq!(log_in(&app).0, 429);
}

/// Turns the plugins of all replicas that use the database of a folder on or off. Uses the command,
/// because the hook of the tests also vetoes the API of flags.
fn set_plugins(folder: &Folder, value: &str) {
    let database = format!("data.database.url={}", folder.database());
    let settings = [&database].into_iter().map(String::as_str);
    let settings = settings.chain(SECRETS);
    let ran = Command::new(PROGRAM)
        .args(["flags", "set", "plugin_system", value])
        .args(["--reason", "a test", "--actor", "ops"])
        .args(settings.flat_map(|setting| ["--set", setting]))
        .output()
        .unwrap();
    assert_clean_output(&ran);
    assert!(ran.status.success(), "{ran:?}");
}

#[test]
fn flag_turns_plugins_off_and_on_flag_2() {
    let folder = Folder::new();
    folder.add("guard", MANIFEST, &module(VETOES), "hooks-and-events");
    let app = folder.app().start().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let wait = |status: u16| runtime.block_on(eventually(async || log_in(&app).0 == status));
    wait(429);
    set_plugins(&folder, "off");
    // The user does not exist.
    wait(401);
    set_plugins(&folder, "on");
    wait(429);
}

#[test]
fn disabled_plugin_is_reported_until_it_is_enabled_plug_2() {
    let folder = Folder::new();
    folder.add(
        "guard",
        MANIFEST,
        &module("unreachable"),
        "hooks-and-events",
    );
    let app = folder.app().start().unwrap();
    for _ in 0..MAX_FAULTS {
        assert_eq!(log_in(&app).0, 503);
    }
    let info = get(app.admin, "/plugins/guard").unwrap().body;
    let info: Value = serde_json::from_str(&info).unwrap();
    assert_eq!(info["status"], "error", "{info}");
    assert_eq!(info["error_msg"], UNREACHABLE, "{info}");
    assert_eq!(info["error_code"], "PLUGIN_INTERNAL_ERROR", "{info}");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(eventually(async || {
        let ready = get(app.admin, "/readyz").unwrap();
        let body: Value = serde_json::from_str(&ready.body).unwrap();
        ready.status == 200 && body["status"] == "degraded"
    }));
    for counted in [
        "plugin_faults_total{plugin=\"guard\",reason=\"trap\"} 5",
        "plugin_hook_failures_total{plugin=\"guard\"} 5",
        // The hooks, `initialize` and `start`.
        "plugin_call_duration_seconds_count{plugin=\"guard\"} 7",
    ] {
        assert_metric(&app, counted);
    }
    admin(&app, "enable");
    assert!(app.stop().unwrap().status.success());
    let (version, sha256) = ("1.0.0", folder.hash("guard"));
    let plugin = json!({ "version": version, "sha256": sha256 });
    let code = "PLUGIN_INTERNAL_ERROR";
    let failed =
        json!({ "version": version, "sha256": sha256, "problem": UNREACHABLE, "code": code });
    let expected = [
        ("plugin.load".to_owned(), plugin.clone()),
        ("plugin.start".to_owned(), plugin.clone()),
        ("plugin.fail".to_owned(), failed),
        ("plugin.enable".to_owned(), plugin),
    ];
    assert_eq!(audited(&folder.database()), expected);
}

#[test]
fn audit_entries_survive_errors_of_the_database_in_order_plug_1() {
    let folder = Folder::new();
    folder.add("guard", MANIFEST, &module(PROCEEDS), "hooks-and-events");
    let mut app = folder.app().start().unwrap();
    let database = folder.database();
    eventually_audited(&database, &["plugin.load", "plugin.start"]);
    execute(&database, "ALTER TABLE audit_log RENAME TO away");
    admin(&app, "stop");
    let retried = app
        .process
        .line("an event handler failed and is called again");
    assert!(retried.unwrap().contains("audit-log"));
    admin(&app, "start");
    execute(&database, "ALTER TABLE away RENAME TO audit_log");
    assert!(app.stop().unwrap().status.success());
    let audited: Vec<String> = audited(&database)
        .into_iter()
        .map(|(action, _)| action)
        .collect();
    assert_eq!(audited.get(2..4).unwrap(), ["plugin.stop", "plugin.start"]);
}

#[test]
fn audit_entries_name_their_operator_plug_1() {
    let folder = Folder::new();
    folder.add("guard", MANIFEST, &module(PROCEEDS), "hooks-and-events");
    // The service starts the plugin, and an operator stops it.
    let app = folder.app().start().unwrap();
    admin(&app, "stop");
    assert!(app.stop().unwrap().status.success());
    let expected = [
        ("plugin.load", ""),
        ("plugin.start", ""),
        ("plugin.stop", "admin"),
    ];
    let audited = audited_actors(&folder.database());
    let audited: Vec<_> = audited
        .iter()
        .map(|(action, actor)| (action.as_str(), actor.as_str()))
        .collect();
    assert_eq!(audited, expected);
}

#[test]
fn failed_load_is_recorded_in_the_audit_log_plug_1() {
    let folder = Folder::new();
    folder.add("guard", MANIFEST, &module(PROCEEDS), "hooks-and-events");
    let app = folder.app().setting("plugins.auto_load=false");
    let app = app.start().unwrap();
    std::fs::remove_file(folder.path("plugins/guard/plugin.sig")).unwrap();
    let header = [("x-admin-request", "1")];
    let refused = request(app.admin, "POST", "/plugins/guard/load", &header, "").unwrap();
    assert_eq!(refused.status, 400, "{}", refused.body);
    let refused: Value = serde_json::from_str(&refused.body).unwrap();
    assert_eq!(refused["reason"], "PLUGIN_PERMISSION_ERROR", "{refused}");
    assert!(app.stop().unwrap().status.success());
    let audited = audited(&folder.database());
    let problem = "plugin \"guard\": plugin.sig is not a signature by one of plugins.security.trusted_keys: run `plugins sign`";
    let details = json!({ "problem": problem, "code": "PLUGIN_PERMISSION_ERROR" });
    assert_eq!(audited, [("plugin.fail".to_owned(), details)]);
}
