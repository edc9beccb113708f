//! The admin listener and the switches of the framework in a running service.

use std::{fs, path::Path, sync::OnceLock};

use chrono::{DateTime, TimeDelta, Utc};
use seaworthy_config::Loader;
use seaworthy_core::{SwitchKind, context};
use seaworthy_flags::{Flag, Flags, FlagsConfig, Toggle};
use seaworthy_health::{CheckFailure, Probe};
use seaworthy_http::{Access, Routes};
use seaworthy_service::{NoSettings, RunningService, Service, StartError};
use seaworthy_testkit::{
    eventually,
    http::{HttpResponse, get, request},
};
use serde_json::{Value, json};

const ADMIN: [(&str, &str); 2] = [
    ("content-type", "application/json"),
    ("x-admin-request", "1"),
];

struct TestApp {
    service: RunningService,
    flags: Flags,
    beta: Toggle<bool>,
    folder: tempfile::TempDir,
}

fn write(folder: &Path, text: &str) {
    fs::write(folder.join("new"), text).unwrap();
    fs::rename(folder.join("new"), folder.join("features.yaml")).unwrap();
}

async fn start_with(
    folder: tempfile::TempDir,
    overrides: &[&str],
    allowed: &[&str],
) -> Result<TestApp, StartError> {
    let config = FlagsConfig {
        directory: folder.path().into(),
        state_directory: Some(folder.path().join("state")),
        allowed_switches: allowed.iter().map(|name| (*name).to_owned()).collect(),
        ..FlagsConfig::default()
    };
    let settings = [
        "server.http.rate_limit.requests=2",
        "server.http.rate_limit.window=1h",
    ];
    let settings = settings.iter().chain(overrides);
    let loader = Loader::for_tests("orders").overrides(settings.copied());
    let started = OnceLock::new();
    let service = Service::new("orders", "1.4.0")
        .start::<NoSettings, _>(loader, async |service| {
            let flags = Flags::start(service, &config).await?;
            let beta = flags.declare(Flag::boolean("beta", false))?;
            let _ = started.set((flags, beta));
            let _ = service.switches().register("captcha", SwitchKind::Security);
            service
                .health()
                .register(Probe::from_fn("ledger", true, || {
                    Err(CheckFailure::new("down".to_owned()))
                }));
            let is_sampled = async || {
                let context = context::current();
                context
                    .is_some_and(|context| context.trace().is_sampled())
                    .to_string()
            };
            let routes = Routes::new().get("/orders", async || "orders");
            let routes = routes.get("/sampled", is_sampled);
            service.http(routes.with_options(|options| options.access(Access::Public)));
            Ok(())
        })
        .await?;
    let (flags, beta) = started.into_inner().unwrap();
    Ok(TestApp {
        service,
        flags,
        beta,
        folder,
    })
}

async fn start(yaml: &str) -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), yaml);
    start_with(folder, &[], &[]).await.unwrap()
}

impl TestApp {
    fn admin(&self, method: &str, path: &str, body: &Value) -> HttpResponse {
        let address = self.service.addresses().admin;
        request(address, method, path, &ADMIN, &body.to_string()).unwrap()
    }

    fn status(&self) -> u16 {
        get(self.service.addresses().http, "/orders")
            .unwrap()
            .status
    }

    fn metrics(&self) -> String {
        get(self.service.addresses().admin, "/metrics")
            .unwrap()
            .body
    }

    fn is_ready(&self) -> bool {
        get(self.service.addresses().http, "/readyz")
            .unwrap()
            .status
            == 200
    }
}

fn parsed(answer: &HttpResponse) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

/// Returns the age of the oldest override in seconds.
fn oldest_override(app: &TestApp) -> f64 {
    let metrics = app.metrics();
    let name = "feature_flag_oldest_override_seconds ";
    let value = metrics.lines().find_map(|line| line.strip_prefix(name));
    value.unwrap_or(&metrics).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn age_of_the_oldest_override_is_a_metric_obs_9() {
    const DAY: f64 = 86_400.0;
    let app = start("beta: false\n").await;
    assert!(oldest_override(&app).abs() < f64::EPSILON);
    let ago = |days: i64| Utc::now() - TimeDelta::days(days);
    let set = |key: &str, days: i64, expires_at: Option<DateTime<Utc>>| {
        json!({
            "key": key, "scope": "all", "variant": "on", "reason": "incident", "actor": "ann",
            "set_at": ago(days), "expires_at": expires_at,
        })
    };
    // The oldest one has ended.
    let overrides = [set("beta", 2, None), set("beta", 9, Some(ago(8)))];
    let state = json!({"version": 1, "overrides": overrides, "definitions": {}});
    let file = app.folder.path().join("state/flags-runtime.json");
    fs::write(&file, state.to_string()).unwrap();
    eventually(async || oldest_override(&app) > 0.0).await;
    let age = oldest_override(&app);
    assert!((2.0..3.0).contains(&(age / DAY)), "{age}");
    fs::write(&file, json!({"version": 2}).to_string()).unwrap();
    eventually(async || oldest_override(&app).abs() < f64::EPSILON).await;
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operator_overrides_flag_until_it_is_unset_flag_1() {
    let app = start("beta: false\n").await;
    let body = json!({"variant": "on", "reason": "INC-7", "expires_in": "10m"});
    let set = app.admin("PUT", "/flags/beta/override", &body);
    assert_eq!(
        (set.status, &parsed(&set)["stored"]),
        (200, &json!(true)),
        "{}",
        set.body
    );
    assert!(app.beta.get());
    let listed = parsed(&app.admin("GET", "/flags", &json!({})));
    assert_eq!(listed[0]["overrides"][0]["reason"], "INC-7");
    assert_eq!(listed[0]["overrides"][0]["actor"], "admin");
    assert_eq!(listed[0]["evaluations"]["on"], 1);
    let explained = parsed(&app.admin("POST", "/flags/beta/explain", &json!({})));
    assert_eq!(
        (&explained["variant"], &explained["reason"]),
        (&json!("on"), &json!("STATIC"))
    );
    let unset = app.admin("DELETE", "/flags/beta/override?reason=over", &json!(null));
    assert_eq!(unset.status, 200, "{}", unset.body);
    assert!(!app.beta.get());
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn override_survives_restart_flag_1() {
    let app = start("beta: false\n").await;
    let body = json!({"variant": "on", "reason": "INC-7"});
    assert_eq!(app.admin("PUT", "/flags/beta/override", &body).status, 200);
    app.service.stop().await;
    let app = start_with(app.folder, &[], &[]).await.unwrap();
    assert!(app.beta.get());
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flag_turns_rate_limit_off_and_on_flag_2() {
    let app = start("beta: false\n").await;
    assert_eq!([app.status(), app.status(), app.status()], [200, 200, 429]);
    let body = json!({"variant": "off", "reason": "INC-7"});
    let path = "/flags/framework.rate_limit/override";
    assert_eq!(app.admin("PUT", path, &body).status, 200);
    assert_eq!(app.status(), 200);
    let unset = app.admin("DELETE", &format!("{path}?reason=over"), &json!(null));
    assert_eq!(unset.status, 200);
    assert_eq!(app.status(), 429);
    write(app.folder.path(), "framework.rate_limit: false\n");
    eventually(async || app.status() == 200).await;
    write(app.folder.path(), "framework.rate_limit: true\n");
    eventually(async || app.status() == 429).await;
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flag_turns_sampling_of_traces_off_and_on_flag_2() {
    let folder = tempfile::tempdir().unwrap();
    let sampled = [
        "server.http.rate_limit.enabled=false",
        "tracing.sample_ratio=1.0",
    ];
    let app = start_with(folder, &sampled, &[]).await.unwrap();
    let sampled = || get(app.service.addresses().http, "/sampled").unwrap().body;
    assert_eq!(sampled(), "true");
    let path = "/flags/framework.tracing/override";
    for (variant, expected) in [("off", "false"), ("on", "true")] {
        let body = json!({"variant": variant, "reason": "INC-7"});
        assert_eq!(app.admin("PUT", path, &body).status, 200);
        assert_eq!(sampled(), expected);
    }
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flag_hides_metrics_and_ignores_health_check_flag_2() {
    let app = start("beta: false\n").await;
    assert_eq!(app.status(), 200);
    assert!(app.metrics().contains("http_requests_total"));
    assert!(!app.is_ready());
    write(
        app.folder.path(),
        "framework.metrics.http: false\nframework.health_check.ledger: false\n",
    );
    eventually(async || app.is_ready()).await;
    let metrics = app.metrics();
    assert!(!metrics.contains("http_requests_total"), "{metrics}");
    assert!(metrics.contains("process_"), "{metrics}");
    write(app.folder.path(), "beta: false\n");
    eventually(async || !app.is_ready()).await;
    assert!(app.metrics().contains("http_requests_total"));
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flag_turns_own_switch_of_service_off_flag_2() {
    let app = start("framework.captcha: false\n").await;
    let switches: Vec<_> = app
        .flags
        .switches()
        .into_iter()
        .filter(|(_, on)| !on)
        .collect();
    assert_eq!(switches, [("captcha", false)]);
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_allowed_switch_fails_start_flag_2() {
    let folder = tempfile::tempdir().unwrap();
    let error = start_with(folder, &[], &["rate_limits"])
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains("rate_limits"), "{error}");
}
