//! Flags in a running service: reload, OFREP and the admin listener.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::OnceLock,
    time::{Duration, Instant},
};

use seaworthy_config::Loader;
use seaworthy_flags::{Flag, Flags, FlagsConfig, Kind, Toggle};
use seaworthy_service::{NoSettings, RunningService, Service};
use seaworthy_testkit::{
    eventually,
    http::{HttpResponse, get, request},
    once_within,
};
use serde_json::{Value, json};

/// The time within which a change of a file must be in effect.
const RELOAD: Duration = Duration::from_secs(2);

struct TestApp {
    service: RunningService,
    beta: Toggle<bool>,
    folder: tempfile::TempDir,
}

/// Replaces a file as editors do: by renaming.
fn write(folder: &Path, text: &str) {
    fs::write(folder.join("new"), text).unwrap();
    fs::rename(folder.join("new"), folder.join("features.yaml")).unwrap();
}

async fn start(yaml: &str) -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), yaml);
    let config = FlagsConfig {
        directory: folder.path().into(),
        ..FlagsConfig::default()
    };
    let loader = Loader::for_tests("orders");
    let started = OnceLock::new();
    let service = Service::new("orders", "1.4.0")
        .start::<NoSettings, _>(loader, async |service| {
            let flags = Flags::start(service, &config).await?;
            let flag = Flag::boolean("beta", false)
                .owner("web")
                .kind(Kind::Permission);
            let _ = started.set(flags.declare(flag)?);
            service.http(flags.ofrep());
            Ok(())
        })
        .await
        .unwrap();
    TestApp {
        service,
        beta: started.into_inner().unwrap(),
        folder,
    }
}

impl TestApp {
    fn http(&self) -> SocketAddr {
        self.service.addresses().http
    }

    fn admin(&self) -> SocketAddr {
        self.service.addresses().admin
    }

    fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> HttpResponse {
        let json = ("content-type", "application/json");
        let headers: Vec<_> = [json].into_iter().chain(headers.iter().copied()).collect();
        request(self.http(), "POST", path, &headers, &body.to_string()).unwrap()
    }

    async fn metric(&self, line: &str) {
        eventually(async || get(self.admin(), "/metrics").unwrap().body.contains(line)).await;
    }
}

fn parsed(answer: &HttpResponse) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn renamed_file_is_in_effect_within_two_seconds_conf_4() {
    let app = start("beta: false\n").await;
    let mut is_on = false;
    let reload = async |_| {
        assert_eq!(app.beta.get(), is_on);
        is_on = !is_on;
        write(app.folder.path(), &format!("beta: {is_on}\n"));
        let begun = Instant::now();
        eventually(async || app.beta.get() == is_on).await;
        begun.elapsed()
    };
    once_within(RELOAD, reload).await;
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn file_with_errors_changes_nothing_conf_4() {
    let app = start("beta: true\n").await;
    write(app.folder.path(), "beta: maybe\n");
    app.metric("config_reload_failures_total 1").await;
    assert!(app.beta.get());
    // A variant of another type than the code declares is an error too.
    write(
        app.folder.path(),
        "beta:\n  enabled: true\n  variants: {a: 1}\n",
    );
    app.metric("config_reload_failures_total 2").await;
    assert!(app.beta.get());
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn evaluations_are_counted_by_variant_flag_1() {
    let app = start("beta: true\n").await;
    for _ in 0..3 {
        assert!(app.beta.get());
    }
    app.metric("feature_flag_evaluations_total{flag=\"beta\",variant=\"on\"} 3")
        .await;
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ofrep_client_evaluates_one_flag_flag_1() {
    let app = start("beta:\n  enabled: true\n  users: [ann]\n").await;
    let path = "/ofrep/v1/evaluate/flags/beta";
    let ann = app.post(path, &[], &json!({"context": {"targetingKey": "ann"}}));
    assert_eq!(ann.status, 200, "{}", ann.body);
    let expected = json!({
        "key": "beta", "value": true, "variant": "on", "reason": "TARGETING_MATCH", "metadata": {},
    });
    assert_eq!(parsed(&ann), expected);
    let bob = app.post(path, &[], &json!({"context": {"targetingKey": "bob"}}));
    assert_eq!(parsed(&bob)["value"], false);
    let missing = app.post("/ofrep/v1/evaluate/flags/gamma", &[], &json!({}));
    assert_eq!(
        (missing.status, &parsed(&missing)["errorCode"]),
        (404, &json!("FLAG_NOT_FOUND"))
    );
    let invalid = app.post(path, &[], &json!({"context": 7}));
    assert_eq!(
        (invalid.status, &parsed(&invalid)["errorCode"]),
        (400, &json!("INVALID_CONTEXT"))
    );
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ofrep_bulk_answers_304_until_a_result_changes_flag_1() {
    let app = start("beta: true\ngamma: false\n").await;
    let path = "/ofrep/v1/evaluate/flags";
    let first = app.post(path, &[], &json!({"context": {}}));
    assert_eq!(parsed(&first)["flags"].as_array().unwrap().len(), 2);
    let tag = first.header("etag").unwrap().to_owned();
    let known = [("if-none-match", tag.as_str())];
    assert_eq!(app.post(path, &known, &json!({"context": {}})).status, 304);
    write(app.folder.path(), "beta: false\ngamma: false\n");
    eventually(async || !app.beta.get()).await;
    assert_eq!(app.post(path, &known, &json!({"context": {}})).status, 200);
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operator_lists_and_exports_flags_flag_1() {
    let app = start("gamma: true\n").await;
    let listed = parsed(&get(app.admin(), "/flags").unwrap());
    assert_eq!(listed[0]["key"], "beta");
    assert_eq!(
        (&listed[0]["defined"], &listed[0]["kind"]),
        (&json!(false), &json!("permission"))
    );
    assert_eq!(
        (&listed[1]["key"], &listed[1]["type"]),
        (&json!("gamma"), &Value::Null)
    );
    let exported = parsed(&get(app.admin(), "/flags/export").unwrap());
    assert_eq!(exported["flags"]["gamma"]["defaultVariant"], "on");
    app.service.stop().await;
}
