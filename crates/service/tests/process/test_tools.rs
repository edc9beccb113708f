//! `TestApp` and `TestClient` of the test tools, with services of this package.

use std::path::Path;

use axum::http::{HeaderMap, Method};
use rustix::process::Signal;
use seaworthy_config::Loader;
use seaworthy_http::Routes;
use seaworthy_service::{NoSettings, Service};
use seaworthy_testkit::{
    app::{TestApp, TestAppBuilder},
    client::TestClient,
    http::get,
    process::example,
};

fn builder() -> TestAppBuilder {
    let builder = TestApp::builder(&example("trial")).unwrap();
    builder.setting("server.http.rate_limit.enabled=false")
}

#[test]
fn test_app_starts_with_settings_on_free_ports() {
    let apps = [1, 2].map(|number| {
        let app = builder().setting(&format!("number={number}"));
        app.start().unwrap()
    });
    let [one, two] = &apps;
    assert_ne!(one.http, two.http);
    assert_ne!(one.admin, two.admin);
    assert_ne!(one.directory(), two.directory());
    for (app, number) in apps.iter().zip(["1", "2"]) {
        assert_eq!(app.send("GET", "/number", "").unwrap().body, number);
        assert_eq!(get(app.admin, "/readyz").unwrap().status, 200);
    }
    let error = one.grpc().unwrap_err().to_string();
    assert_eq!(error, "the service has no gRPC listener");
}

#[test]
fn stop_of_test_app_ends_the_process_and_removes_the_directory() {
    let app = builder().start().unwrap();
    let directory = app.directory().to_owned();
    let ended = app.stop().unwrap();
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(!directory.exists());
}

#[test]
fn killed_test_app_starts_again_in_its_directory() {
    let app = builder().setting("number=3").start().unwrap();
    let file = app.directory().join("kept");
    std::fs::write(&file, "kept").unwrap();
    let builder = app.kill().unwrap();
    // These arguments are for one start only.
    let app = builder.start_with(&["--set", "number=4"]).unwrap();
    assert_eq!(app.send("GET", "/number", "").unwrap().body, "4");
    app.signal(Signal::TERM).unwrap();
    let (ended, builder) = app.wait().unwrap();
    assert!(ended.status.success(), "{}", ended.stderr);
    let app = builder.start().unwrap();
    assert_eq!(app.send("GET", "/number", "").unwrap().body, "3");
    assert!(file.exists());
}

#[test]
fn dropped_test_app_is_killed() {
    let app = builder().start().unwrap();
    let process = format!("/proc/{}", app.process.id());
    assert!(Path::new(&process).exists());
    drop(app);
    assert!(!Path::new(&process).exists());
}

#[test]
fn test_app_that_is_not_ready_is_an_error() {
    let error = builder().setting("fault=error").start().unwrap_err();
    assert!(!error.to_string().is_empty());
}

#[tokio::test]
async fn test_client_calls_a_running_service_without_socket() {
    let echo = async |method: Method, headers: HeaderMap, body: String| {
        let kind = headers.get("content-type").cloned();
        let kind = kind.map(|kind| kind.to_str().unwrap().to_owned());
        format!("{method} {} {body}", kind.unwrap_or_default())
    };
    let routes = Routes::new()
        .get("/echo", echo)
        .post("/echo", echo)
        .put("/echo", echo)
        .delete("/echo", echo);
    let running = Service::new("orders", "1.0.0")
        .start::<NoSettings, _>(Loader::for_tests("orders"), async |service| {
            service.http(routes);
            Ok(())
        })
        .await
        .unwrap();
    let client = TestClient::new(running.http_service());
    for (request, expected) in [
        (client.get("/echo"), "GET  "),
        (client.post("/echo").json(&[7]), "POST application/json [7]"),
        (client.put("/echo").body("text"), "PUT  text"),
        (client.delete("/echo"), "DELETE  "),
    ] {
        let response = request.header("x-request-id", "request-7").send().await;
        assert_eq!(
            (response.status().as_u16(), &*response.text()),
            (200, expected)
        );
        // The service has its whole stack of steps.
        assert_eq!(response.header("x-request-id"), Some("request-7"));
    }
    let missing = client.get("/none").send().await;
    assert_eq!(missing.status(), 404);
    assert_eq!(missing.json::<serde_json::Value>()["status"], 404);
    running.stop().await;
}
