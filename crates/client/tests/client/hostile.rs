//! RES-3, RES-4: responses with arbitrary bytes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use proptest::prelude::*;
use seaworthy_core::{ByteSize, Timeout};

use crate::fixture::{Reply, Server, client, once};

const MAX_RESPONSE_SIZE: u64 = 4_096;
const TOTAL_TIMEOUT: Duration = Duration::from_secs(2);
/// The delay that a busy machine adds to a timer.
const SLACK: Duration = Duration::from_secs(5);

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,4}",
        "[0-9]{18,30}",
        "[-+ 0-9a-fx,.]{0,12}",
        Just("0".to_owned()),
    ]
}

fn location() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,60}",
        "(https?:)?/{0,3}[a-z@.:0-9\\[\\]-]{0,20}/[ -~]{0,20}",
        "(\\.\\./|%2e%2e/|/){1,8}",
        "(javascript|file|ftp|data|gopher):[ -~]{0,20}",
        Just("/".to_owned()),
    ]
}

fn header() -> impl Strategy<Value = String> {
    prop_oneof![
        number().prop_map(|value| format!("content-length: {value}")),
        number().prop_map(|value| format!("retry-after: {value}")),
        location().prop_map(|value| format!("location: {value}")),
        "(gzip|br|zstd|deflate|identity|x)(, ?(gzip|br))?"
            .prop_map(|value| format!("content-encoding: {value}")),
        "(chunked|identity|gzip)(, ?chunked)?"
            .prop_map(|value| format!("transfer-encoding: {value}")),
        "[!-~]{0,20}: ?[ -~]{0,20}",
    ]
}

/// Responses that are nearly valid, and arbitrary bytes.
fn response() -> impl Strategy<Value = Vec<u8>> {
    let status = prop_oneof![
        Just("200 OK".to_owned()),
        (300_u16..400).prop_map(|status| format!("{status} Moved")),
        "[0-9]{1,4} [ -~]{0,10}",
    ];
    let body = prop_oneof![
        any::<Vec<u8>>(),
        proptest::collection::vec(any::<u8>(), 0..12_000),
        "([0-9a-f]{1,4}\r\n[a-z]{0,20}\r\n){0,4}(0\r\n\r\n)?".prop_map(String::into_bytes),
    ];
    let headers = proptest::collection::vec(header(), 0..5);
    let valid = (status, headers, body).prop_map(|(status, headers, body)| {
        let head = format!("HTTP/1.1 {status}\r\n{}\r\n\r\n", headers.join("\r\n"));
        [head.into_bytes(), body].concat()
    });
    prop_oneof![9 => valid, 1 => proptest::collection::vec(any::<u8>(), 0..200)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn client_bounds_arbitrary_responses_res_4(responses in proptest::collection::vec(response(), 1..3)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let replies = Arc::new(Mutex::new(responses.into_iter().cycle()));
            let server = Server::start(move |_, _| Reply::Last(replies.lock().next().unwrap())).await;
            let client = client(|config| {
                once(config);
                config.base_url = Some(server.url("/v1").parse().unwrap());
                config.max_response_size = ByteSize::bytes(MAX_RESPONSE_SIZE);
                config.policies.total_timeout = Timeout::try_from(TOTAL_TIMEOUT).unwrap();
            });
            let began = Instant::now();
            let read = async { client.get("/things").send().await?.bytes().await };
            if let Ok(body) = read.await {
                assert!(body.len() as u64 <= MAX_RESPONSE_SIZE, "{}", body.len());
            }
            assert!(began.elapsed() < TOTAL_TIMEOUT + SLACK);
            let seen = server.seen();
            assert!(seen.len() <= 6, "{} requests", seen.len());
        });
    }
}
