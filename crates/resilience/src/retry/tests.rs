use std::{
    convert::Infallible,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use ::http::{Method, Request, Response, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, StreamBody};
use parking_lot::Mutex;
use proptest::prelude::*;
use seaworthy_core::{ByteSize, Deadline, RequestContext, ServiceIdentity, Timeout, context};
use seaworthy_telemetry::metrics::Metrics;
use tower::{Service, ServiceBuilder, ServiceExt as _, service_fn};

use super::*;
use crate::{
    CallError, CallLayer, ClassifyErrors, ClassifyHttp, Outcome,
    circuit_breaker::{CircuitBreaker, CircuitBreakerConfig, CircuitBreakerLayer, Hold},
};

fn retry(config: &RetryConfig) -> Retry {
    Retry::new("stock", config, &Metrics::new())
}

/// A service that fails `failures` times and counts how often it is called.
fn failing(
    failures: u32,
    calls: &Arc<AtomicU32>,
) -> impl Service<(), Response = (), Error = CallError<&'static str>, Future: Send> + Clone + use<>
{
    let calls = Arc::clone(calls);
    ServiceBuilder::new()
        .layer(CallLayer)
        .service(service_fn(move |()| {
            let fails = calls.fetch_add(1, Ordering::Relaxed) < failures;
            async move { if fails { Err("down") } else { Ok(()) } }
        }))
}

#[tokio::test(start_paused = true)]
async fn a_failed_call_is_tried_three_times_in_all_res_2() {
    for (failures, expected, succeeds) in [(0, 1, true), (2, 3, true), (9, 3, false)] {
        let calls = Arc::default();
        let layer = RetryLayer::new(retry(&RetryConfig::default()), ClassifyErrors, ReplayClone);
        let service = ServiceBuilder::new()
            .layer(layer)
            .service(failing(failures, &calls));
        assert_eq!(service.oneshot(()).await.is_ok(), succeeds);
        assert_eq!(calls.load(Ordering::Relaxed), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_must_be_sent_once_is_res_2() {
    let calls = Arc::default();
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(
            retry(&RetryConfig::default()),
            ClassifyErrors,
            ReplayNever,
        ))
        .service(failing(9, &calls));
    assert!(service.oneshot(()).await.is_err());
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_ends_the_retrying_res_2() {
    let breaker = CircuitBreaker::new("stock", &CircuitBreakerConfig::default(), &Metrics::new());
    breaker.hold(Hold::Open, Timeout::from_secs(60), "a test");
    let calls = Arc::default();
    let retry = retry(&RetryConfig::default());
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(retry.clone(), ClassifyErrors, ReplayClone))
        .layer(CircuitBreakerLayer::new(breaker, ClassifyErrors))
        .service(failing(9, &calls));
    assert!(matches!(
        service.oneshot(()).await,
        Err(CallError::Rejected(_))
    ));
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    assert_eq!(retry.snapshot().retries, 0);
}

#[tokio::test(start_paused = true)]
async fn advice_is_obeyed_within_bounds_and_else_passed_on_res_2() {
    for (advice, expected_calls, at_least) in [("2", 2, 2), ("3600", 1, 0)] {
        let calls = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&calls);
        let service = ServiceBuilder::new()
            .layer(RetryLayer::new(
                retry(&RetryConfig::default()),
                ClassifyHttp,
                ReplayClone,
            ))
            .layer(CallLayer)
            .service(service_fn(move |()| {
                let first = counted.fetch_add(1, Ordering::Relaxed) == 0;
                let response = if first {
                    Response::builder()
                        .status(503)
                        .header("retry-after", advice)
                } else {
                    Response::builder()
                };
                async move { Ok::<_, Infallible>(response.body(()).unwrap()) }
            }));
        let began = tokio::time::Instant::now();
        let response = service.oneshot(()).await.unwrap();
        assert_eq!(calls.load(Ordering::Relaxed), expected_calls);
        assert!(began.elapsed() >= Duration::from_secs(at_least));
        assert_eq!(response.status() == StatusCode::OK, expected_calls == 2);
    }
}

#[tokio::test]
async fn retries_end_at_the_deadline_res_2() {
    let calls = Arc::default();
    let patient = RetryConfig {
        initial_backoff: Timeout::from_secs(60 * 60),
        max_backoff: Timeout::from_secs(60 * 60),
        ..RetryConfig::default()
    };
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(
            retry(&patient),
            ClassifyErrors,
            ReplayClone,
        ))
        .service(failing(9, &calls));
    let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"))
        .with_deadline(Deadline::after(Duration::from_millis(1)));
    let result = context::scope(Arc::new(request), service.oneshot(())).await;
    assert!(matches!(result, Err(CallError::Failed("down"))));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn retry_after_deadline_withdraws_nothing_res_2() {
    let patient = RetryConfig {
        initial_backoff: Timeout::from_secs(60 * 60),
        max_backoff: Timeout::from_secs(60 * 60),
        ..RetryConfig::default()
    };
    let retry = retry(&patient);
    let before = retry.snapshot();
    let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"))
        .with_deadline(Deadline::after(Duration::from_millis(1)));
    let asked = async { retry.next_delay(Outcome::TRANSIENT, 1) };
    assert_eq!(context::scope(Arc::new(request), asked).await, None);
    assert_eq!(retry.snapshot(), before);
}

#[tokio::test(start_paused = true)]
async fn budget_bounds_load_of_failing_dependency_res_2() {
    let calls = Arc::default();
    let config = RetryConfig {
        max_attempts: NonZeroU32::new(10).unwrap(),
        initial_backoff: Timeout::from_millis(1),
        max_backoff: Timeout::from_millis(1),
        ..RetryConfig::default()
    };
    let retry = retry(&config);
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(retry.clone(), ClassifyErrors, ReplayClone))
        .service(failing(u32::MAX, &calls));
    let began = tokio::time::Instant::now();
    for _ in 0..1_000 {
        assert!(service.clone().oneshot(()).await.is_err());
    }
    let seconds = began.elapsed().as_secs_f64();
    let calls = f64::from(calls.load(Ordering::Relaxed));
    assert!(
        calls <= 1_200.0 + 10.0 * (seconds + 1.0),
        "{calls} calls in {seconds} s"
    );
    assert!(calls >= 1_190.0, "{calls}");
    assert!(retry.snapshot().over_budget > 0);
}

type Chunks = StreamBody<
    futures::stream::Iter<std::vec::IntoIter<Result<http_body::Frame<Bytes>, Infallible>>>,
>;

fn chunks(sizes: &[usize]) -> Chunks {
    let frames: Vec<_> = sizes
        .iter()
        .map(|size| Ok(http_body::Frame::data(Bytes::from(vec![b'x'; *size]))))
        .collect();
    StreamBody::new(futures::stream::iter(frames))
}

/// Returns the bytes that each attempt sent to a server that reads `frames` frames of the body and
/// then responds with 503.
async fn received(request: Request<ReplayBody<Chunks>>, frames: usize) -> Vec<usize> {
    let attempts = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&attempts);
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(
            retry(&RetryConfig::default()),
            ClassifyHttp,
            ReplayIdempotent,
        ))
        .layer(CallLayer)
        .service(service_fn(move |request: Request<ReplayBody<Chunks>>| {
            let seen = Arc::clone(&seen);
            async move {
                let (mut body, mut bytes) = (request.into_body(), 0);
                for _ in 0..frames {
                    let Some(frame) = body.frame().await else {
                        break;
                    };
                    bytes += frame.unwrap().into_data().unwrap().len();
                }
                seen.lock().push(bytes);
                drop(body);
                let response = Response::builder().status(503).body(());
                Ok::<_, Infallible>(response.unwrap())
            }
        }));
    service.oneshot(request).await.unwrap();
    attempts.lock().clone()
}

fn request(method: Method, body: &[usize], limit: u64) -> Request<ReplayBody<Chunks>> {
    Request::builder()
        .method(method)
        .body(ReplayBody::new(chunks(body), ByteSize::bytes(limit)))
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn partially_read_body_is_repeated_completely_res_2() {
    for frames in [0, 1, 2, 9] {
        let whole: usize = [3, 4, 5].iter().take(frames).sum();
        let put = request(Method::PUT, &[3, 4, 5], 64);
        assert_eq!(received(put, frames).await, [whole; 3]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_past_its_bound_is_sent_once_and_never_empty_res_2() {
    let put = request(Method::PUT, &[40, 40], 64);
    assert_eq!(received(put, 9).await, [80]);
}

#[tokio::test(start_paused = true)]
async fn only_idempotent_and_marked_requests_are_repeated_res_2() {
    for (method, expected) in [
        (Method::GET, 3),
        (Method::DELETE, 3),
        (Method::POST, 1),
        (Method::PATCH, 1),
    ] {
        assert_eq!(received(request(method, &[1], 64), 9).await.len(), expected);
    }
    let mut keyed = request(Method::POST, &[1], 64);
    keyed
        .headers_mut()
        .insert("idempotency-key", "7".parse().unwrap());
    assert_eq!(received(keyed, 9).await.len(), 3);
    let mut marked = request(Method::POST, &[1], 64);
    marked.extensions_mut().insert(Idempotent);
    assert_eq!(received(marked, 9).await.len(), 3);
}

#[tokio::test]
async fn recorded_body_has_its_length_res_2() {
    let body = ReplayBody::new(Full::new(Bytes::from_static(b"four")), ByteSize::bytes(64));
    assert_eq!(http_body::Body::size_hint(&body).exact(), Some(4));
    let record = Arc::clone(&body.record);
    assert_eq!(body.collect().await.unwrap().to_bytes(), "four");
    let again = ReplayBody::rebuild(&record).unwrap();
    assert_eq!(http_body::Body::size_hint(&again).exact(), Some(4));
    assert!(
        ReplayBody::rebuild(&record).is_none(),
        "one attempt at a time"
    );
}

#[tokio::test]
async fn trailers_are_repeated_with_their_body_res_2() {
    let mut trailers = ::http::HeaderMap::new();
    trailers.insert("checksum", "7".parse().unwrap());
    let frames = vec![
        Ok::<_, Infallible>(http_body::Frame::data(Bytes::from_static(b"four"))),
        Ok(http_body::Frame::trailers(trailers.clone())),
    ];
    let body = StreamBody::new(futures::stream::iter(frames));
    let first = ReplayBody::new(body, ByteSize::bytes(64));
    let record = Arc::clone(&first.record);
    let mut next = Some(first);
    for _ in 0..3 {
        let mut body = next.take().unwrap();
        let data = body.frame().await.unwrap().unwrap();
        assert_eq!(data.into_data().unwrap(), "four");
        assert!(!http_body::Body::is_end_stream(&body));
        let last = body.frame().await.expect("the trailers").unwrap();
        assert_eq!(last.into_trailers().unwrap(), trailers);
        // No reader polls for a frame after the last one.
        drop(body);
        next = ReplayBody::rebuild(&record);
    }
}

proptest! {
    #[test]
    fn over_any_time_the_budget_holds_res_2(
        steps in proptest::collection::vec((0_u64..20_000, 0_u32..200, 0_u32..100), 1..60),
    ) {
        let start = Instant::now();
        let budget = RetryBudget::new(&RetryBudgetConfig::default(), start);
        let (mut now, mut calls, mut spent) = (start, 0_u32, 0_u32);
        for (wait, made, wanted) in steps {
            now += Duration::from_millis(wait);
            (0..made).for_each(|_| budget.deposit());
            calls += made;
            spent += (0..wanted).map(|_| u32::from(budget.withdraw(now))).sum::<u32>();
            let seconds = (now - start).as_secs_f64();
            prop_assert!(f64::from(spent) <= 0.2 * f64::from(calls) + 10.0 * (seconds + 1.0) + 1e-6);
        }
    }
}
