//! Streams over HTTP.

use http::StatusCode;

use crate::server::Running;

#[tokio::test]
async fn streams_json_lines_api_1() {
    let server = Running::start().await;
    let response = server.get("/v1/shelves/1/books/2:watch").await;
    assert_eq!(response.content_type(), "application/x-ndjson");
    assert_eq!(
        response.text(),
        "{\"number\":\"1\",\"reader\":\"Ada\"}\n{\"number\":\"2\",\"reader\":\"Ada\"}\n"
    );
}

#[tokio::test]
async fn error_in_stream_is_last_element_api_2() {
    let server = Running::start().await;
    let response = server.get("/v1/shelves/1/books/500:watch").await;
    let text = response.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[2].starts_with(r#"{"error":{"type":"about:blank""#),
        "{}",
        lines[2]
    );
    assert!(!text.contains("disk on fire"));
}

#[tokio::test]
async fn streams_server_sent_events_on_request_api_1() {
    let server = Running::start().await;
    let headers = [("accept", "text/event-stream")];
    let response = server
        .call("GET", "/v1/shelves/1/books/500:watch", &headers, "")
        .await;
    assert_eq!(response.content_type(), "text/event-stream");
    let text = response.text();
    assert!(
        text.starts_with("data: {\"number\":\"1\",\"reader\":\"Ada\"}\n\n"),
        "{text}"
    );
    assert!(
        text.contains("event: error\ndata: {\"type\":\"about:blank\""),
        "{text}"
    );
}

#[tokio::test]
async fn error_ahead_of_first_message_is_plain_rejection_api_2() {
    let server = Running::start().await;
    let response = server.get("/v1/shelves/1/books/404:watch").await;
    assert_eq!(response.status, StatusCode::NOT_FOUND);
    assert_eq!(response.content_type(), "application/problem+json");
}
