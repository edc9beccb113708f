//! Failures that are not of an `Error`.

use super::*;

#[tokio::test]
async fn message_of_foreign_failure_is_in_the_log_sec_4_obs_2() {
    let failed = |status: &'static str| {
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert("grpc-status", status.parse().unwrap());
        let message = "user ada@example.org: no relation%3A orders";
        headers.insert("grpc-message", message.parse().unwrap());
        headers.insert("grpc-status-details-bin", "cmVsYXRpb24".parse().unwrap());
        response
    };
    let public = async move || {
        let mut response = failed("13");
        response.extensions_mut().insert(PublicErrorBody);
        response
    };
    let routes = Routes::new()
        .post("/orders.v1.Orders/Unknown", async move || failed("2"))
        .post("/orders.v1.Orders/Internal", async move || failed("13"))
        .post("/orders.v1.Orders/Unavailable", async move || failed("14"))
        .post("/orders.v1.Orders/NotFound", async move || failed("5"))
        .post("/orders.v1.Orders/Public", public);
    let fixture = fixture(HttpConfig::default(), routes);
    for (method, status, message) in [
        ("Unknown", "2", "Internal Server Error"),
        ("Internal", "13", "Internal Server Error"),
        ("Unavailable", "14", "Service Unavailable"),
    ] {
        let response = fixture.call(method, &[]).await;
        assert_eq!(response.field("grpc-status"), status);
        assert_eq!(response.field("grpc-message"), message);
        assert_eq!(response.field("grpc-status-details-bin"), "");
    }
    for method in ["NotFound", "Public"] {
        let response = fixture.call(method, &[]).await;
        assert!(response.field("grpc-message").contains("relation"));
        assert!(!response.field("grpc-status-details-bin").is_empty());
    }
    let mut lines = fixture.lines();
    lines.retain(|line| line["call"].is_string());
    assert_eq!(lines.len(), 5, "{lines:?}");
    for line in &lines[..3] {
        let cause = line["cause"].as_str().unwrap();
        assert!(cause.contains("no relation: orders"), "{line}");
        assert!(!cause.contains("ada@example.org"), "{line}");
    }
    assert!(lines[3..].iter().all(|line| line.get("cause").is_none()));
}

#[tokio::test]
async fn text_of_a_foreign_layer_is_in_the_log_sec_4_obs_2() {
    const TEXT: &str = "user ada@example.org: no relation orders";
    let routes = Routes::new()
        .post("/orders.v1.Orders/Get", async || {
            (StatusCode::SERVICE_UNAVAILABLE, TEXT)
        })
        .post("/orders.v1.Orders/List", async || {
            (StatusCode::BAD_GATEWAY, TEXT)
        });
    let fixture = fixture(HttpConfig::default(), routes);
    // Clients retry this status, as they do without a replacement.
    let response = fixture.call("List", &[]).await;
    assert_eq!(response.field("grpc-status"), "14");
    let response = fixture.call("Get", &[]).await;
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(response.field("content-type"), "application/grpc");
    assert_eq!(response.field("grpc-status"), "14");
    assert_eq!(response.field("grpc-message"), "Service Unavailable");
    let lines = fixture.lines();
    let line = lines.iter().find(|line| line["call"].is_string()).unwrap();
    let cause = line["cause"].as_str().unwrap();
    assert!(cause.contains("no relation orders"), "{line}");
    assert!(!cause.contains("ada@example.org"), "{line}");
}
