//! OBS-5, OBS-3: the telemetry of a client, and the values that it never contains.

use seaworthy_client::ClientError;
use seaworthy_core::{Code, Error, Secret};
use seaworthy_telemetry::metrics::{Format, Metrics};
use serde::Deserialize;

use crate::fixture::{Reply, Server, answer, builder, client, once};

#[tokio::test]
async fn metrics_count_each_call_once_obs_5() {
    let server = Server::start(|before, _| match before {
        0 => answer("200 OK", "", "well"),
        1 => answer("404 Not Found", "", ""),
        2 => Reply::Last(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort".to_vec()),
        _ => Reply::Stalled,
    })
    .await;
    let metrics = Metrics::new();
    let client = builder(|config| {
        once(config);
        config.policies.attempt_timeout = seaworthy_core::Timeout::from_millis(100);
    });
    let client = client.metrics(&metrics).build().unwrap();
    for _ in 0..4 {
        if let Ok(response) = client.get(&server.url("/")).send().await {
            let _ = response.bytes().await;
        }
    }
    let cancelled = client.post(&server.url("/")).send();
    assert!(futures::FutureExt::now_or_never(cancelled).is_none());
    let text = metrics.render(Format::OpenMetrics);
    for outcome in ["200", "404", "EXCHANGE_FAILED", "HEAD_TIMEOUT"] {
        let series = format!(
            r#"http_client_requests_total{{client="stock",method="GET",outcome="{outcome}"}} 1"#
        );
        assert!(text.contains(&series), "{series}\n{text}");
    }
    for series in [
        r#"http_client_requests_total{client="stock",method="POST",outcome="CANCELLED"} 1"#,
        r#"http_client_request_duration_seconds_count{client="stock",method="GET"} 4"#,
        r#"http_client_requests_in_flight{client="stock"} 0"#,
        r#"circuit_breaker_state{name="stock"} 0"#,
    ] {
        assert!(text.contains(series), "{series}\n{text}");
    }
    assert!(metrics.conflicts().is_empty());
}

#[tokio::test]
async fn errors_contain_host_and_no_request_data_obs_3() {
    #[derive(Debug, Deserialize)]
    struct Expected {
        #[expect(dead_code, reason = "only its type matters")]
        number: u32,
    }
    let server = Server::start(|_, _| answer("200 OK", "", r#"{"number": "hunter2"}"#)).await;
    let client = client(once);
    let request = client
        .get(&server.url("/hunter2"))
        .query(&[("token", "hunter2")])
        .bearer(&Secret::new("hunter2".to_owned()));
    let error = request.send().await.unwrap().json::<Expected>().await;
    let broken = error.unwrap_err();
    let refused = client
        .get("http://127.0.0.1:1/hunter2?token=hunter2")
        .send();
    let refused = refused.await.unwrap_err();
    let malformed = client
        .get("http://user:hunter2@127.0.0.1/")
        .send()
        .await
        .unwrap_err();
    let unparsable = client.get("hunter2").send().await.unwrap_err();
    for error in [broken, refused, malformed, unparsable] {
        let mut text = format!("{error} {error:?}");
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        assert!(!text.contains("hunter2"), "{text}");
        assert!(
            text.contains("127.0.0.1") || text.contains("stock"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn public_error_omits_dependency_api_2() {
    let error: Error = client(once)
        .get("http://127.0.0.1:1/")
        .send()
        .await
        .unwrap_err()
        .into();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(!error.message().contains("127.0.0.1"));
    assert!(error.cause().unwrap().to_string().contains("127.0.0.1"));
    let error: Error = client(once)
        .get("nonsense")
        .send()
        .await
        .unwrap_err()
        .into();
    assert_eq!(error.code(), Code::Internal);
}

#[tokio::test]
async fn client_rejects_framing_headers_res_4() {
    for name in ["content-length", "transfer-encoding", "connection"] {
        let request = client(once).post("http://127.0.0.1:1/").header(name, "0");
        let error = request.send().await.unwrap_err();
        assert!(matches!(error, ClientError::Request { .. }), "{error:?}");
    }
}
