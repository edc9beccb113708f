//! API-2, OBS-7: rejections by the listener have a reason and a request ID, like responses of the
//! service.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "the lint knows only functions marked as tests, and these share several"
)]

use std::time::Duration;

use proptest::prelude::*;
use seaworthy_core::{ByteSize, Timeout};
use seaworthy_testkit::raw::{RawClient, Received, StreamEnd};
use tokio::io::AsyncWriteExt;

use crate::fixture::{Fixture, TIMEOUT, start, start_limited};

const MALFORMED: [&str; 18] = [
    "\0\r\n\r\n",
    "GET\r\n\r\n",
    "GET / HTTP/3.0\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nxx",
    "GET <> HTTP/1.1\r\nhost: a\r\n\r\n",
    "GET /<> HTTP/1.1\r\nhost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nhost a\r\n\r\n",
    "GET / HTTP/1.1\r\nhost : a\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: a\r\n: b\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: a\r\n b\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: a\r\nx: a\rb\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: a\r\n\rb\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na",
    "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\na",
    "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
];

async fn response(fixture: &Fixture, request: impl AsRef<[u8]>) -> Received {
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    // The response may come before the last byte is sent.
    let _ = client.send(request).await;
    client.read_to_end(TIMEOUT).await
}

/// Checks the only response and returns its reason.
fn reason(received: &Received, status: u16, title: &str) -> String {
    let text = received.text();
    assert_eq!(received.statuses(), [status], "{text}");
    assert_eq!(received.end, StreamEnd::Closed);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    for header in [
        "content-type: application/problem+json",
        "connection: close",
        "date: ",
        &format!("content-length: {}", body.len()),
    ] {
        assert_eq!(head.matches(header).count(), 1, "{header} in {text}");
    }
    let document: serde_json::Value = serde_json::from_str(body).expect(&text);
    assert_eq!(document["type"], "about:blank");
    assert_eq!(document["title"], title);
    assert_eq!(document["status"], status);
    assert!(document["code"].is_string() && document["detail"].is_string());
    let id = document["request_id"].as_str().unwrap();
    assert!(head.contains(&format!("x-request-id: {id}")), "{head}");
    document["reason"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn malformed_request_gets_problem_document_api_2_obs_7() {
    let fixture = start().await;
    for request in MALFORMED {
        let received = response(&fixture, request).await;
        assert_eq!(reason(&received, 400, "Bad Request"), "MALFORMED_REQUEST");
        let mut client = RawClient::connect(fixture.address).await.unwrap();
        client.trickle(request, Duration::from_millis(1)).await;
        let received = client.read_to_end(TIMEOUT).await;
        assert_eq!(reason(&received, 400, "Bad Request"), "MALFORMED_REQUEST");
    }
    let malformed = u64::try_from(MALFORMED.len()).unwrap() * 2;
    assert_eq!(fixture.server.stats().malformed, malformed);
    assert_eq!(fixture.server.stats().rejected_requests, 0);
}

#[tokio::test]
async fn request_without_exactly_one_host_gets_problem_document_api_2_obs_7() {
    let fixture = start().await;
    for hosts in ["", "host: a\r\nhost: a\r\n", "host: a b\r\n"] {
        let received = response(&fixture, format!("GET / HTTP/1.1\r\n{hosts}\r\n")).await;
        assert_eq!(reason(&received, 400, "Bad Request"), "INVALID_HOST");
    }
    let named = "GET / HTTP/1.1\r\nx-request-id: mine\r\n\r\n";
    let text = response(&fixture, named).await.text();
    assert!(text.contains("x-request-id: mine\r\n"), "{text}");
    assert!(text.contains(r#""request_id":"mine""#), "{text}");
    assert_eq!(fixture.server.stats().rejected_requests, 4);
}

#[tokio::test]
async fn a_head_beyond_the_limits_is_a_problem_document_api_2_obs_7() {
    let fixture = start_limited(|limits| {
        limits.head.max_size = ByteSize::kibibytes(8);
        limits.head.max_headers = 10;
        limits.head.max_uri_length = ByteSize::bytes(100);
    })
    .await;
    let long = "a".repeat(9000);
    let begin = "GET / HTTP/1.1\r\nhost: a\r\nx: ";
    let exact = "a".repeat(8192 - begin.len());
    let large = "Request Header Fields Too Large";
    let requests = [
        (
            format!("GET /{long} HTTP/1.1\r\n"),
            414,
            "URI Too Long",
            "URI_TOO_LONG",
        ),
        (format!("GET /{long}"), 414, "URI Too Long", "URI_TOO_LONG"),
        (
            format!("{begin}{long}\r\n\r\n"),
            431,
            large,
            "HEAD_TOO_LARGE",
        ),
        (format!("{begin}{long}"), 431, large, "HEAD_TOO_LARGE"),
        (format!("{begin}{exact}\r\n"), 431, large, "HEAD_TOO_LARGE"),
        ("\r\n".repeat(5000), 431, large, "HEAD_TOO_LARGE"),
        (
            format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(11)),
            431,
            large,
            "TOO_MANY_HEADERS",
        ),
    ];
    for (request, status, title, expected) in &requests {
        let received = response(&fixture, request).await;
        assert_eq!(reason(&received, *status, title), *expected);
    }
    let refused = u64::try_from(requests.len()).unwrap();
    assert_eq!(fixture.server.stats().rejected_requests, refused);
}

#[tokio::test]
async fn a_head_that_is_not_finished_is_a_problem_document_api_2_obs_7() {
    let fixture = start_limited(|limits| limits.head.timeout = Timeout::from_millis(100)).await;
    let received = response(&fixture, "GET / HT").await;
    assert_eq!(reason(&received, 408, "Request Timeout"), "HEAD_TIMEOUT");
    assert_eq!(fixture.server.stats().head_timeouts, 1);
}

#[tokio::test]
async fn a_length_beyond_any_number_is_a_problem_document_sec_3_api_2() {
    let fixture = start().await;
    for length in [
        "9999999999",
        "18446744073709551613",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999999999999999999999",
    ] {
        let request =
            format!("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\nx");
        let received = response(&fixture, request).await;
        assert_eq!(
            reason(&received, 413, "Content Too Large"),
            "BODY_TOO_LARGE"
        );
    }
    fixture.serves_others().await;
}

#[tokio::test]
async fn a_chunk_beyond_any_number_is_a_413_for_the_service_sec_3() {
    let fixture = start().await;
    for size in [
        "fffffffff",
        "7fffffffffffffff",
        "FFFFFFFFFFFFFFFF",
        "10000000000000000",
    ] {
        let request = format!(
            "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n{size}\r\nx"
        );
        assert_eq!(
            response(&fixture, request).await.statuses(),
            [413],
            "{size}"
        );
    }
    assert_eq!(fixture.server.stats().rejected_requests, 4);
    fixture.serves_others().await;
}

#[tokio::test]
async fn every_request_before_rejected_one_gets_response_sec_3() {
    let fixture = start().await;
    let sound = "GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(100);
    let mut expected = vec![200; 100];
    expected.push(400);
    let received = response(&fixture, format!("{sound}GET\r\n")).await;
    assert_eq!(received.statuses(), expected);
    assert_eq!(received.end, StreamEnd::Closed);
}

#[tokio::test]
async fn bytes_after_the_last_request_keep_its_response_intact_sec_3() {
    let fixture = start().await;
    for rest in ["GET\r\n\r\n", "GET / HT", "\0"] {
        let request = format!("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n{rest}");
        let received = response(&fixture, request).await;
        assert_eq!(received.statuses(), [200], "{rest:?}");
        assert_eq!(received.end, StreamEnd::Closed, "{rest:?}");
    }
}

#[tokio::test]
async fn large_response_before_rejection_arrives_completely_sec_3() {
    let fixture = start().await;
    let mut client = RawClient::connect_with_receive_buffer(fixture.address, 4096)
        .await
        .unwrap();
    let request = "GET /zeros/5000000 HTTP/1.1\r\nhost: a\r\n\r\nGET\r\n\r\n";
    client.send(request).await.unwrap();
    let received = client.read_to_end(TIMEOUT).await;
    assert_eq!(received.statuses(), [200, 400]);
    assert!(received.bytes.len() > 5_000_000);
}

#[tokio::test]
async fn client_that_sends_after_last_response_is_not_reset_sec_3() {
    let fixture =
        start_limited(|limits| limits.connections.linger = Timeout::from_secs(3600)).await;
    let mut client = RawClient::connect(fixture.address).await.unwrap();
    let request = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\nGET\r\n\r\n";
    client.send(request).await.unwrap();
    client.read_until("hello", TIMEOUT).await.unwrap();
    for _ in 0..20 {
        client.trickle([b'a'; 10], Duration::from_millis(1)).await;
        assert_eq!(fixture.server.stats().open, 1);
    }
}

/// A sound head with some bytes replaced, inserted or left out.
fn nearly_sound() -> impl Strategy<Value = Vec<u8>> {
    let sound = "POST /a?b HTTP/1.1\r\nhost: a\r\nx: y\r\ncontent-length: 2\r\n\r\nok";
    let byte = prop_oneof![any::<u8>(), prop::sample::select(b"\r\n :\t\0/ 1".to_vec())];
    let change = (0..sound.len(), prop::option::of(byte), any::<bool>());
    prop::collection::vec(change, 0..3).prop_map(move |changes| {
        let mut bytes = sound.as_bytes().to_vec();
        for (place, byte, keeps) in changes {
            let place = place.min(bytes.len());
            let end = if keeps {
                place
            } else {
                bytes.len().min(place + 1)
            };
            bytes.splice(place..end, byte);
        }
        bytes
    })
}

#[test]
fn every_rejection_has_a_problem_document_api_2() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let fixture = runtime.block_on(start());
    proptest!(ProptestConfig::with_cases(200), |(request in nearly_sound(), cut in 0_usize..60)| {
        let received = runtime.block_on(async {
            let client = RawClient::connect(fixture.address).await.unwrap();
            let mut stream = client.into_stream();
            let (first, rest) = request.split_at(cut.min(request.len()));
            for part in [first, rest] {
                let _ = stream.write_all(part).await;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let _ = stream.shutdown().await;
            let mut text = Vec::new();
            let read = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut text);
            let _ = tokio::time::timeout(TIMEOUT, read).await.expect("an end");
            String::from_utf8(text).unwrap()
        });
        // The fixture has no stack, so what its router rejects is empty.
        for refused in ["HTTP/1.1 400", "HTTP/1.1 408", "HTTP/1.1 413", "HTTP/1.1 414", "HTTP/1.1 431"] {
            prop_assert!(
                !received.contains(refused) || received.contains(r#""request_id":"#),
                "{:?}: {}", String::from_utf8_lossy(&request), received
            );
        }
    });
}
