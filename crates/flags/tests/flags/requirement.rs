//! Routes and methods of a contract that require a flag.

use std::sync::OnceLock;

use seaworthy_config::Loader;
use seaworthy_core::Error;
use seaworthy_flags::{Author, Flag, Flags, FlagsConfig, NewOverride, OverrideScope};
use seaworthy_grpc::Contracts;
use seaworthy_http::Routes;
use seaworthy_service::{Assembly, NoSettings, RunningService, Service, StartError};
use seaworthy_testkit::http::{HttpResponse, get};
use serde_json::{Value, json};
use tonic::transport::{Channel, Endpoint};

#[allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::all,
    reason = "generated code"
)]
mod contract {
    include!(concat!(env!("OUT_DIR"), "/reports/contract.rs"));
}

use contract::seaworthy::reports::v1::{
    Report, ReportRequest, Reports, ReportsContract, reports_client::ReportsClient,
};

struct Shelf;

impl Reports for Shelf {
    async fn get_report(&self, _: ReportRequest) -> Result<Report, Error> {
        Ok(Report { text: "old".into() })
    }

    async fn get_new_report(&self, _: ReportRequest) -> Result<Report, Error> {
        Ok(Report { text: "new".into() })
    }

    async fn get_slow_report(&self, _: ReportRequest) -> Result<Report, Error> {
        Ok(Report {
            text: "slow".into(),
        })
    }

    async fn get_secret_report(&self, _: ReportRequest) -> Result<Report, Error> {
        Ok(Report {
            text: "secret".into(),
        })
    }
}

struct TestApp {
    service: RunningService,
    flags: Flags,
}

async fn start_with(
    assemble: impl AsyncFnOnce(&Assembly<NoSettings>) -> Result<(), StartError>,
) -> Result<RunningService, StartError> {
    let loader = Loader::for_tests("reports");
    Service::new("reports", "1.0.0")
        .start::<NoSettings, _>(loader, assemble)
        .await
}

async fn start() -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    let config = FlagsConfig {
        directory: folder.path().into(),
        ..FlagsConfig::default()
    };
    let started = OnceLock::new();
    let service = start_with(async |service| {
        let flags = Flags::start(service, &config).await?;
        let _ = started.set(flags);
        let page = Routes::new().get("/page", async || "page");
        service.http(page.with_options(|options| options.requires_flag("page.new")));
        Contracts::new()
            .with(ReportsContract::new(Shelf))
            .serve(service)
    })
    .await
    .unwrap();
    let flags = started.into_inner().unwrap();
    TestApp { service, flags }
}

impl TestApp {
    fn get(&self, path: &str) -> HttpResponse {
        get(self.service.addresses().http, path).unwrap()
    }

    async fn client(&self) -> ReportsClient<Channel> {
        let address = self.service.addresses().grpc.unwrap();
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        ReportsClient::new(endpoint.connect().await.unwrap())
    }

    async fn define(&self, key: &str, entry: Value) {
        let author = Author::new("a test");
        self.flags.define(key, entry, None, &author).await.unwrap();
    }

    async fn turn_on(&self, key: &str) {
        let author = Author::new("a test");
        let on = NewOverride::new(key, "on");
        self.flags.set_override(&on, &author).await.unwrap();
    }
}

fn reason(answer: &HttpResponse) -> (u16, String) {
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    (answer.status, body["reason"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn method_whose_flag_is_off_is_forbidden_or_missing_flag_1() {
    let app = start().await;
    assert_eq!(app.get("/v1/reports/1").status, 200);
    let disabled = (403, "FEATURE_DISABLED".to_owned());
    assert_eq!(reason(&app.get("/v1/new-reports/1")), disabled);
    assert_eq!(reason(&app.get("/page")), disabled);
    // A hidden method is not distinguishable from a path without a route.
    let missing = reason(&app.get("/v1/none"));
    assert_eq!(reason(&app.get("/v1/secret-reports/1")), missing);
    for key in ["reports.new", "reports.secret", "page.new"] {
        app.turn_on(key).await;
    }
    for path in ["/v1/new-reports/1", "/v1/secret-reports/1", "/page"] {
        assert_eq!(app.get(path).status, 200, "{path}");
    }
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flag_of_a_method_is_on_by_default_and_a_breaker_flag_1() {
    let app = start().await;
    let path = "/v1/slow-reports/1";
    assert_eq!(app.get(path).status, 200);
    app.define("reports.slow", json!({"enabled": false})).await;
    let unavailable = (503, "FEATURE_UNAVAILABLE".to_owned());
    assert_eq!(reason(&app.get(path)), unavailable);

    // The list of a flag decides which of its APIs are available.
    let other = json!({"enabled": true, "apis": ["GET /v1/other/{id}"]});
    app.define("reports.slow", other).await;
    let disabled = (403, "API_DISABLED".to_owned());
    assert_eq!(reason(&app.get(path)), disabled);
    let mut client = app.client().await;
    let request = ReportRequest { id: "1".into() };
    let denied = client.get_slow_report(request.clone()).await.unwrap_err();
    assert_eq!(denied.code(), tonic::Code::PermissionDenied);
    let own = json!({"enabled": true, "apis": ["GET /v1/slow-reports/{id}"]});
    app.define("reports.slow", own).await;
    assert_eq!(app.get(path).status, 200);
    let report = client.get_slow_report(request).await.unwrap();
    assert_eq!(report.into_inner().text, "slow");

    // A removed flag does not become available by default.
    let author = Author::new("a test");
    let removed = app.flags.remove("reports.slow", None, &author).await;
    removed.unwrap();
    assert_eq!(reason(&app.get(path)), unavailable);
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn override_for_one_user_does_not_affect_others_flag_1() {
    let app = start().await;
    let path = "/v1/slow-reports/1";
    let author = Author::new("a test");
    let for_user = OverrideScope::User("user-7".to_owned());
    let off = NewOverride::new("reports.slow", "off").scope(for_user);
    app.flags.set_override(&off, &author).await.unwrap();
    // No source defines the flag, so the default of the method applies to other callers.
    assert_eq!(app.get(path).status, 200);
    let removed = app.flags.remove("reports.slow", None, &author).await;
    removed.unwrap();
    let unavailable = (503, "FEATURE_UNAVAILABLE".to_owned());
    assert_eq!(reason(&app.get(path)), unavailable);
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flag_governs_an_operation_on_both_transports_flag_1() {
    let app = start().await;
    app.flags.guard_routes();
    let path = "/v1/reports/1";
    let mut client = app.client().await;
    let request = ReportRequest { id: "1".into() };
    for api in [
        "GET /v1/reports/{id}",
        "POST /seaworthy.reports.v1.Reports/GetReport",
    ] {
        let entry = |enabled: bool| json!({"enabled": enabled, "apis": [api]});
        app.define("reports.old", entry(false)).await;
        let disabled = (403, "FEATURE_DISABLED".to_owned());
        assert_eq!(reason(&app.get(path)), disabled, "{api}");
        let denied = client.get_report(request.clone()).await.unwrap_err();
        assert_eq!(denied.code(), tonic::Code::PermissionDenied, "{api}");
        app.define("reports.old", entry(true)).await;
        assert_eq!(app.get(path).status, 200, "{api}");
        let report = client.get_report(request.clone()).await.unwrap();
        assert_eq!(report.into_inner().text, "old", "{api}");
    }
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn call_whose_flag_is_off_is_denied_or_unimplemented_flag_1() {
    let app = start().await;
    let mut client = app.client().await;
    let request = ReportRequest { id: "1".into() };
    let denied = client.get_new_report(request.clone()).await.unwrap_err();
    assert_eq!(denied.code(), tonic::Code::PermissionDenied);
    let missing = client.get_secret_report(request.clone()).await.unwrap_err();
    assert_eq!(missing.code(), tonic::Code::Unimplemented);
    app.turn_on("reports.new").await;
    assert!(client.get_new_report(request).await.is_ok());
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn required_flag_without_flags_fails_start_flag_1() {
    let started = start_with(async |service| {
        Contracts::new()
            .with(ReportsContract::new(Shelf))
            .serve(service)
    });
    let error = started.await.err().unwrap();
    let text = seaworthy_core::error_chain(&error).to_string();
    assert!(text.contains("reports.new"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn required_flag_of_another_type_fails_start_flag_1() {
    let config = FlagsConfig::default();
    let started = start_with(async |service| {
        let flags = Flags::start(service, &config).await?;
        let _ = flags.declare(Flag::string("reports.new", "x"))?;
        Contracts::new()
            .with(ReportsContract::new(Shelf))
            .serve(service)
    });
    let error = started.await.err().unwrap();
    let text = seaworthy_core::error_chain(&error).to_string();
    assert!(text.contains("declared as string"), "{text}");
}
