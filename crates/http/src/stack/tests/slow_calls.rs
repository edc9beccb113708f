//! Slow calls and the limit of requests in flight, in simulated time.

use futures::future::join_all;
use tokio::{task::JoinSet, time::sleep};

use super::{
    overload::{Client, WORK, unlimited},
    *,
};

/// The service responds to others in time, while one client cancels slow requests.
#[tokio::test(start_paused = true)]
async fn cancelled_slow_requests_do_not_shrink_the_limit_res_7() {
    let routes = Routes::new()
        .get("/", async || sleep(WORK).await)
        .get("/slow", async || sleep(Duration::from_secs(30)).await);
    let stack = stack_with(unlimited(), routes);
    let mut calls = JoinSet::new();
    for _ in 0..1_000 {
        sleep(Duration::from_millis(10)).await;
        let stack = stack.clone();
        calls.spawn(async move {
            let cancelled = (0..4).map(|_| Client::Http2.get(&stack, "/slow"));
            let (response, _) = tokio::join!(get(&stack, "/"), join_all(cancelled));
            response.status
        });
    }
    let statuses = calls.join_all().await;
    assert_eq!(statuses, [StatusCode::OK; 1_000]);
}

/// Sends uploads to a limit of 20 that knows the latency without them. Then checks that it still
/// admits 20 requests.
async fn upload(send_upload: impl AsyncFn(&Stack) -> StatusCode, expected: StatusCode) {
    const LIMIT: u32 = 20;
    let mut config = unlimited();
    config.load_shed.max_in_flight = NonZeroU32::new(LIMIT).unwrap();
    let read = async |_: axum::body::Bytes| sleep(WORK).await;
    let stack = stack_with(config, Routes::new().post("/", read));
    for _ in 0..400 {
        let response = send(&stack, request(Method::POST, "/")).await;
        assert_eq!(response.status, StatusCode::OK);
    }
    for _ in 0..40 {
        let uploads = (0..15).map(|_| send_upload(&stack));
        for status in join_all(uploads).await {
            assert_eq!(status, expected);
        }
    }
    let mut held = Vec::new();
    for _ in 0..LIMIT {
        let mut call = send(&stack, request(Method::POST, "/")).boxed();
        assert!(futures::poll!(&mut call).is_pending());
        held.push(call);
    }
}

#[tokio::test(start_paused = true)]
async fn slow_clients_do_not_shrink_the_limit_res_7() {
    let slow = async |stack: &Stack| {
        let body = Body::from_stream(futures::stream::once(async {
            sleep(Duration::from_secs(5)).await;
            Ok::<_, std::io::Error>("1234")
        }));
        send(stack, Request::post("/").body(body).unwrap())
            .await
            .status
    };
    upload(slow, StatusCode::OK).await;
}

#[tokio::test(start_paused = true)]
async fn uploads_past_their_deadline_do_not_shrink_the_limit_res_7() {
    let withheld = async |stack: &Stack| {
        let never = futures::stream::pending::<Result<&str, std::io::Error>>();
        let request = Request::post("/").header("x-request-timeout-ms", "5000");
        send(stack, request.body(Body::from_stream(never)).unwrap())
            .await
            .status
    };
    upload(withheld, StatusCode::GATEWAY_TIMEOUT).await;
}

/// Opens 60 calls to a limit of 100, which then falls below 60 in a slow phase. Checks that it
/// admits further requests.
async fn hold<C>(open: impl AsyncFn(&Stack) -> Vec<C>) {
    let mut config = unlimited();
    config.load_shed.max_in_flight = NonZeroU32::new(100).unwrap();
    config.timeout = Timeout::from_secs(3_600);
    let latency = Arc::new(std::sync::atomic::AtomicU64::new(10));
    let current = Arc::clone(&latency);
    let routes = Routes::new()
        .get("/stream", async || {
            Body::from_stream(futures::stream::pending::<Result<&str, std::io::Error>>())
        })
        .post("/upload", async |_: axum::body::Bytes| ())
        .get("/", async move || {
            sleep(Duration::from_millis(current.load(Ordering::SeqCst))).await;
        });
    let stack = stack_with(config, routes);
    let mut calls = Vec::new();
    for _ in 0..60 {
        calls.extend(open(&stack).await);
    }
    for round in 0..200 {
        let is_slow = (50..100).contains(&round);
        latency.store(if is_slow { 300 } else { 10 }, Ordering::SeqCst);
        let calls = (0..20).map(|_| get(&stack, "/"));
        join_all(calls).await;
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(get(&stack, "/").await.status, StatusCode::OK);
    drop(calls);
}

#[tokio::test(start_paused = true)]
async fn open_streams_do_not_block_requests_after_a_slow_phase_res_7() {
    hold(async |stack| {
        let connection = stack.connection("192.0.2.1:4711".parse().unwrap(), false);
        let call = connection.oneshot(request(Method::GET, "/stream"));
        vec![call.await.unwrap()]
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn slow_uploads_do_not_block_requests_after_a_slow_phase_res_7() {
    hold(async |stack| {
        let never = futures::stream::pending::<Result<&str, std::io::Error>>();
        let request = Request::post("/upload");
        let request = request.body(Body::from_stream(never)).unwrap();
        let connection = stack.connection("192.0.2.1:4711".parse().unwrap(), false);
        let mut call = connection.oneshot(request).boxed();
        assert!(futures::poll!(&mut call).is_pending());
        vec![call]
    })
    .await;
}
