//! RES-1: calls to a service that is starting.

use std::sync::Arc;

use axum::response::IntoResponse as _;
use seaworthy_client::{HttpClient, HttpClientConfig};
use seaworthy_config::Loader;
use seaworthy_core::{Error, Timeout};
use seaworthy_http::Routes;
use seaworthy_service::{Assembly, NoSettings, Service};
use seaworthy_testkit::server::free_address;
use tokio::sync::Notify;

/// Longer than any start takes.
const LONG: Timeout = Timeout::from_secs(60);

/// A client with one attempt that waits long for a service.
fn patient_client() -> HttpClient {
    let mut config = HttpClientConfig {
        connect_timeout: LONG,
        ..HttpClientConfig::default()
    };
    let policies = &mut config.policies;
    policies.attempt_timeout = LONG;
    policies.total_timeout = LONG;
    policies.retry.max_attempts = std::num::NonZeroU32::MIN;
    // Calls wait for a fifth of it.
    policies.breaker.slow_call_duration = Timeout::from_secs(600);
    HttpClient::builder("orders")
        .config(config)
        .build()
        .unwrap()
}

#[tokio::test]
async fn call_rejected_by_starting_service_waits_for_it_res_1() {
    let address = free_address().unwrap();
    let rejected = Arc::new(Notify::new());
    let renderer = {
        let rejected = Arc::clone(&rejected);
        move |error: Error| {
            rejected.notify_one();
            error.into_response()
        }
    };
    let service = Service::new("orders", "1.0.0").error_renderer(Arc::new(renderer));
    let loader = Loader::for_tests("orders").overrides([format!("server.http.addr={address}")]);
    // The service is ready after it has rejected the call.
    let assemble = async |service: &Assembly<NoSettings>| {
        rejected.notified().await;
        service.http(Routes::new().post("/", async || "created"));
        Ok(())
    };
    let client = patient_client();
    let call = client.post(&format!("http://{address}/")).send();
    let (running, response) = tokio::join!(service.start(loader, assemble), call);
    assert_eq!(response.unwrap().status(), 200);
    running.unwrap().stop().await;
}
