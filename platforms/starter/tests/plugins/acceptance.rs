//! Point 3 of section 20 of the contract. A plugin with a hook and a handler is loaded, called and
//! unloaded on two replicas. It vetoes, exceeds its timeout, and exceeds its memory.

use std::{path::Path, process::Command};

use seaworthy_testkit::{
    database::EmptyDatabase, deployment::Deployment, http::get, redis::RedisServer,
    requirement::required,
};
use serde_json::{Value, json};

use crate::{
    PROGRAM,
    folder::Folder,
    guard::{
        GROWS, LOOPS, MANIFEST, PROCEEDS, USER, VETOES, admin, assert_metric, audited, log_in,
        module, rejection,
    },
};

#[test]
fn plugin_is_called_limited_and_unloaded_without_a_trace_plug_1_plug_2() {
    assert_called_limited_and_unloaded(&EmptyDatabase::sqlite().unwrap(), &[]);
}

#[test]
fn plugin_is_called_and_unloaded_with_postgres_and_redis_plug_1_plug_2() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let Some(database) = EmptyDatabase::postgres() else {
        return;
    };
    let redis = RedisServer::start(program).unwrap();
    let settings = [
        format!("data.redis.url={}", redis.url()),
        "auth.login_rate_limit.enabled=true".to_owned(),
    ];
    assert_called_limited_and_unloaded(&database, &settings);
}

fn assert_called_limited_and_unloaded(database: &EmptyDatabase, settings: &[String]) {
    let folder = Folder::new();
    let replace = |hook| folder.add("guard", MANIFEST, &module(hook), "hooks-and-events");
    replace(PROCEEDS);
    let hash = folder.hash("guard");
    let start = || {
        // The folder is loaded at the start, and then only by requests of the operator.
        let app = folder
            .app_on(database.url())
            .setting("plugins.auto_load=false")
            .setting("auth.login_rate_limit.requests=1000");
        app.settings(settings).start().unwrap()
    };
    let mut apps = [start(), start()];
    let created = apps[0].send("POST", "/api/v1/auth/register", USER).unwrap();
    assert_eq!(created.status, 200, "{}", created.body);
    for app in &mut apps {
        admin(app, "load");
        admin(app, "start");
        // Called: the hook lets the login pass, and the handler gets its event.
        assert_eq!(log_in(app).0, 200);
        let noted = app.process.line("\"handler\":\"guard/note\"").unwrap();
        let noted: Value = serde_json::from_str(&noted).unwrap();
        assert_eq!(noted["problem"], "noted", "{noted}");
    }

    let unavailable = "a plugin that decides about this request is unavailable: retry later";
    for (hook, status, reason, text) in [
        (VETOES, 429, "PLUGIN_REJECTED", "later"),
        (LOOPS, 503, "PLUGIN_UNAVAILABLE", unavailable),
        (GROWS, 503, "PLUGIN_UNAVAILABLE", unavailable),
    ] {
        replace(hook);
        for app in &apps {
            admin(app, "reload");
            let expected = (status, reason.to_owned(), text.to_owned());
            assert_eq!(rejection(app), expected, "{hook}");
        }
    }
    for app in &apps {
        for reason in ["timeout", "memory"] {
            let counted = format!("plugin_faults_total{{plugin=\"guard\",reason=\"{reason}\"}} 1");
            assert_metric(app, &counted);
        }
    }

    replace(VETOES);
    admin(&apps[1], "reload");
    for (unloaded, app) in apps.iter().enumerate() {
        admin(app, "unload");
        assert_eq!(get(app.admin, "/plugins").unwrap().body.trim(), "[]");
        assert_eq!(log_in(app).0, 200);
        let unknown = get(app.admin, "/plugins/guard").unwrap();
        assert_eq!(unknown.status, 404, "{}", unknown.body);
        let unknown: Value = serde_json::from_str(&unknown.body).unwrap();
        assert_eq!(unknown["reason"], "PLUGIN_NOT_FOUND", "{unknown}");
        // An operator unloads the plugin of one replica.
        let others = apps.iter().skip(unloaded + 1);
        others.for_each(|other| assert_eq!(log_in(other).0, 429));
    }
    for app in apps {
        let ended = app.stop().unwrap();
        assert!(ended.status.success(), "{ended:?}");
        // The handler got the login before the plugin was unloaded, and not the one after it.
        let noted = ended.stdout.iter();
        let noted = noted.filter(|line| line.contains("\"handler\":\"guard/note\""));
        assert_eq!(noted.count(), 1);
    }

    let audited = audited(database.url());
    let actions: Vec<_> = audited.iter().map(|(action, _)| action.as_str()).collect();
    for (action, count) in [
        ("plugin.load", 2),
        ("plugin.start", 2),
        // Three hooks on both replicas, and one on the second replica.
        ("plugin.reload", 7),
        ("plugin.stop", 2),
        ("plugin.unload", 2),
    ] {
        let recorded = actions.iter().filter(|recorded| **recorded == action);
        assert_eq!(recorded.count(), count, "{action}: {actions:?}");
    }
    assert_eq!(actions.len(), 15, "{actions:?}");
    let load = audited.iter().find(|(action, _)| action == "plugin.load");
    let details = json!({ "version": "1.0.0", "sha256": hash });
    assert_eq!(load, Some(&("plugin.load".to_owned(), details)));
}

#[test]
fn contract_variables_configure_plugins_conf_1_plug_1() {
    let ended = Command::new(PROGRAM)
        .args(["config", "show"])
        .env("PLUGINS_ENABLED", "true")
        .env("PLUGINS_DIRECTORY", "/srv/plugins")
        .env("PLUGINS_CONFIG_DIRECTORY", "/srv/settings")
        .env("PLUGINS_AUTO_LOAD", "true")
        .env("PLUGINS_MAX_MEMORY", "20MiB")
        .env("PLUGINS_MAX_CPU_PERCENT", "7")
        .env("PLUGINS_SANDBOX_ENABLED", "true")
        .output()
        .unwrap();
    let shown = String::from_utf8(ended.stdout).unwrap();
    for line in [
        "plugins.directory = \"/srv/plugins\"",
        "plugins.config_directory = \"/srv/settings\"",
        "plugins.auto_load = true",
        "plugins.security.max_memory = \"20MiB\"",
        "plugins.security.max_cpu_percent = 7",
    ] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
    let refused = Command::new(PROGRAM)
        .args(["config", "check"])
        .env("PLUGINS_SANDBOX_ENABLED", "false")
        .output()
        .unwrap();
    assert!(!refused.status.success());
    let problem = String::from_utf8(refused.stderr).unwrap();
    assert!(problem.contains("PLUGINS_SANDBOX_ENABLED"), "{problem}");
}

#[test]
fn unsafe_settings_of_plugins_are_rejected_in_production_plug_2() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/starter");
    let deployment = Deployment::new(Path::new(PROGRAM)).unwrap();
    let deployment = deployment.with_config(&config).unwrap();
    let settings = [
        "plugins.security.allow_unsigned=true",
        "plugins.security.max_memory=200MiB",
        "plugins.security.max_cpu_percent=50",
    ];
    let violations = deployment.violations(&settings).unwrap();
    for setting in settings {
        let (key, _) = setting.split_once('=').unwrap();
        let violation = ("PLUG-2".to_owned(), key.to_owned());
        assert!(violations.contains(&violation), "{key}: {violations:?}");
    }
}
