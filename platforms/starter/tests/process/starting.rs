//! Requests before the service is ready, and the end of the service.

use std::path::Path;

use seaworthy_testkit::{database::EmptyDatabase, http::request, process::ServiceProcess};
use serde_json::Value;

use crate::{
    app::{builder, json_of},
    settings::ENVIRONMENT,
};

#[test]
fn rejection_before_ready_has_the_form_of_the_contract_api_2() {
    // Nothing listens on this port, so the start waits for the database.
    let settings = [
        "--set",
        "data.database.url=postgres://starter@127.0.0.1:1/starter",
        "--set",
        "connect.total_timeout=5m",
    ];
    let program = Path::new(env!("CARGO_BIN_EXE_starter"));
    let mut process = ServiceProcess::start(program, &settings, &ENVIRONMENT).unwrap();
    let (http, _) = process.addresses().unwrap();
    for (method, path) in [
        ("GET", "/helloworld/Ada"),
        ("POST", "/api/v1/auth/login"),
        ("GET", "/"),
    ] {
        let refused = request(http, method, path, &[], "").unwrap();
        assert_eq!(refused.status, 503, "{refused:?}");
        let body = json_of(&refused);
        assert_eq!(
            (&body["status"], &body["code"], &body["reason"]),
            (
                &503.into(),
                &"SERVICE_UNAVAILABLE".into(),
                &"STARTING".into()
            ),
            "{body}"
        );
        assert_eq!(body["error_code"], 10_001);
        assert_eq!(body["message"], body["detail"]);
        assert_eq!(body["trace_id"].as_str().unwrap().len(), 32, "{body}");
        assert!(body["timestamp"].is_string(), "{body}");
        // A second, the minimum of the header, is longer than the start.
        assert_eq!(refused.header("retry-after"), None);
        // A client of the framework sends the request again.
        assert_eq!(refused.header("x-unprocessed"), Some("starting"));
    }
    // Probes answer.
    assert_eq!(request(http, "GET", "/livez", &[], "").unwrap().status, 200);
    for (path, status, text) in [
        ("/health/live", 200, "healthy"),
        ("/health/ready", 503, "unhealthy"),
        ("/health", 503, "unhealthy"),
    ] {
        let probe = request(http, "GET", path, &[], "").unwrap();
        let body = json_of(&probe);
        assert_eq!(probe.status, status, "{path}: {body}");
        assert_eq!(body["status"], text, "{path}: {body}");
        assert!(body["checks"].is_object(), "{path}: {body}");
    }
}

#[test]
fn stop_logs_each_phase_with_its_components_life_4() {
    let database = EmptyDatabase::sqlite().unwrap();
    let app = builder(database.url()).start().unwrap();
    let ended = app.stop().unwrap();
    assert!(ended.status.success(), "{ended:#?}");
    let lines = ended.stdout.iter();
    let stopped = lines.filter(|line| line.contains("\"message\":\"stopped\""));
    let stopped: Vec<Value> = stopped
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let phases: Vec<_> = stopped.iter().map(|line| &line["phase"]).collect();
    assert_eq!(phases, ["requests", "workers", "pools", "flush"]);
    for (index, component) in [(0, "grpc"), (1, "flag-switches"), (2, "database")] {
        let components = stopped[index]["components"].as_str().unwrap();
        assert!(components.contains(component), "{component}: {components}");
        assert!(stopped[index]["took"].is_string(), "{}", stopped[index]);
    }
}
