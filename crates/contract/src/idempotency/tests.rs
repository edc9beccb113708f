use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router, body::Body, extract::Request, http::StatusCode, response::IntoResponse, routing::any,
};
use http_body_util::BodyExt;
use seaworthy_core::{
    Actor, ByteSize, Deadline, RequestContext, ServiceIdentity, context, effects::Attempt,
};
use tokio::sync::Notify;
use tower::ServiceExt;

use super::{
    Begun, Ending, Fingerprint, IdempotencyConfig, IdempotencyLayer, IdempotencyStore, MemoryStore,
    RecordedAnswer, ScopedKey, StoreFuture, Times, conformance,
};

#[tokio::test]
async fn memory_store_behaves_as_every_store_api_6() {
    let store = Arc::new(MemoryStore::new(&IdempotencyConfig::default()));
    let change: conformance::Change = Arc::new(|| Box::pin(async { Attempt::begin().succeed() }));
    conformance::check(store, change).await.unwrap();
}

struct Subject {
    router: Router,
    calls: Arc<AtomicUsize>,
    store: Arc<MemoryStore>,
    gate: Arc<Notify>,
}

/// A service that counts its calls; `/slow` waits for the gate, `/fail` and `/panic` fail, `/stream` does not say its size.
fn subject(config: IdempotencyConfig) -> Subject {
    let calls = Arc::new(AtomicUsize::new(0));
    let gate = Arc::new(Notify::new());
    let store = Arc::new(MemoryStore::new(&config));
    let (counted, opened) = (Arc::clone(&calls), Arc::clone(&gate));
    let serve = move |request: Request| {
        let (calls, gate) = (Arc::clone(&counted), Arc::clone(&opened));
        async move {
            let number = calls.fetch_add(1, Ordering::SeqCst) + 1;
            let path = request.uri().path().to_owned();
            match path.as_str() {
                "/slow" => gate.notified().await,
                "/panic" => panic!("the service fell over"),
                "/changed" => Attempt::begin().succeed(),
                "/sent" => drop(Attempt::begin()),
                "/undone" => Attempt::begin().fail(),
                "/stream" => {
                    let parts = ["one ", "two"].map(Ok::<_, Infallible>);
                    let stream = Body::from_stream(futures::stream::iter(parts));
                    return (StatusCode::CREATED, stream).into_response();
                }
                _ => {}
            }
            let status = match path.as_str() {
                "/fail" | "/changed" | "/sent" | "/undone" => StatusCode::SERVICE_UNAVAILABLE,
                "/500" => StatusCode::INTERNAL_SERVER_ERROR,
                "/502" => StatusCode::BAD_GATEWAY,
                "/504" => StatusCode::GATEWAY_TIMEOUT,
                "/bad" => StatusCode::BAD_REQUEST,
                _ => StatusCode::CREATED,
            };
            (
                status,
                [("location", "/orders/1"), ("x-call", "1")],
                format!("call {number}"),
            )
                .into_response()
        }
    };
    let router = Router::new()
        .fallback(any(serve))
        .layer(IdempotencyLayer::new(config, store.clone(), |call| {
            drop(tokio::spawn(call));
        }));
    Subject {
        router,
        calls,
        store,
        gate,
    }
}

impl Subject {
    async fn send(&self, method: &str, path: &str, key: &str, body: &str) -> (StatusCode, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("idempotency-key", key)
            .body(Body::from(body.to_owned()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// A repeat is told so, and runs nothing.
    async fn is_unknown(&self, path: &str) {
        let calls = self.calls.load(Ordering::SeqCst);
        let (status, text) = self.send("POST", path, "k1", "").await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(text.contains("IDEMPOTENT_OUTCOME_UNKNOWN"), "{text}");
        assert_eq!(self.calls.load(Ordering::SeqCst), calls);
    }
}

#[tokio::test]
async fn a_repeat_gets_the_same_answer_and_runs_nothing_api_6() {
    let subject = subject(IdempotencyConfig::default());
    let first = subject.send("POST", "/orders", "k1", "{}").await;
    let again = subject.send("POST", "/orders", "\"k1\"", "{}").await;
    assert_eq!(first, (StatusCode::CREATED, "call 1".to_owned()));
    assert_eq!(again, first);
    assert_eq!(subject.calls.load(Ordering::SeqCst), 1);
    let other = subject.send("POST", "/orders", "k2", "{}").await;
    assert_eq!(other.1, "call 2");
}

#[tokio::test]
async fn another_request_under_the_same_key_is_unprocessable_api_6() {
    let subject = subject(IdempotencyConfig::default());
    subject.send("POST", "/orders", "k1", "{}").await;
    for (method, path, body) in [
        ("POST", "/orders", "{ }"),
        ("POST", "/orders?x=1", "{}"),
        ("PATCH", "/orders", "{}"),
    ] {
        let (status, text) = subject.send(method, path, "k1", body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(text.contains("IDEMPOTENCY_KEY_REUSED"), "{text}");
    }
    assert_eq!(subject.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_repeat_of_a_running_request_is_a_conflict_api_6() {
    let subject = Arc::new(subject(IdempotencyConfig::default()));
    let running = tokio::spawn({
        let subject = Arc::clone(&subject);
        async move { subject.send("POST", "/slow", "k1", "{}").await }
    });
    while subject.calls.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let (status, text) = subject.send("POST", "/slow", "k1", "{}").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(text.contains("IDEMPOTENCY_KEY_IN_USE"), "{text}");
    subject.gate.notify_one();
    assert_eq!(running.await.unwrap().1, "call 1");
    assert_eq!(subject.send("POST", "/slow", "k1", "{}").await.1, "call 1");
}

#[tokio::test]
async fn a_request_that_failed_runs_again_api_6() {
    let subject = subject(IdempotencyConfig::default());
    assert_eq!(subject.send("POST", "/fail", "k1", "").await.1, "call 1");
    assert!(subject.store.is_empty());
    assert_eq!(subject.send("POST", "/fail", "k1", "").await.1, "call 2");
}

#[tokio::test]
async fn a_request_that_could_not_be_read_is_mended_under_the_same_key_api_6() {
    let subject = subject(IdempotencyConfig::default());
    let (status, _) = subject.send("POST", "/bad", "k1", "{").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(
        subject.send("POST", "/orders", "k1", "{}").await.1,
        "call 2"
    );
}

#[tokio::test]
async fn a_client_that_went_away_comes_back_to_its_answer_api_6() {
    let subject = subject(IdempotencyConfig::default());
    {
        let dropped = subject.send("POST", "/slow", "k1", "");
        tokio::pin!(dropped);
        while subject.calls.load(Ordering::SeqCst) == 0 {
            assert!(futures::poll!(dropped.as_mut()).is_pending());
            tokio::task::yield_now().await;
        }
    }
    subject.gate.notify_one();
    loop {
        let (status, text) = subject.send("POST", "/slow", "k1", "").await;
        if status != StatusCode::CONFLICT {
            assert_eq!(text, "call 1");
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(subject.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn call_without_client_keeps_extensions_to_its_end_sec_3() {
    let (begun, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begins, ends) = (Arc::clone(&begun), Arc::clone(&ended));
    // The handler takes nothing of the request, so the request is gone when it runs.
    let serve = async move || {
        begins.notify_one();
        ends.notified().await;
    };
    let config = IdempotencyConfig::default();
    let store = Arc::new(MemoryStore::new(&config));
    let router = Router::new()
        .fallback(any(serve))
        .layer(IdempotencyLayer::new(config, store, |call| {
            drop(tokio::spawn(call));
        }));
    let charge = Arc::new(());
    let request = Request::post("/orders")
        .header("idempotency-key", "k1")
        .extension(Arc::clone(&charge))
        .body(Body::from("{}"))
        .unwrap();
    tokio::select! {
        _ = router.oneshot(request) => panic!("the call waits"),
        () = begun.notified() => {}
    }
    assert_eq!(Arc::strong_count(&charge), 2);
    ended.notify_one();
    while Arc::strong_count(&charge) > 1 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn call_that_never_ends_leaves_its_outcome_unknown_api_6() {
    let subject = subject(IdempotencyConfig::default());
    let (status, _) = subject.send("POST", "/slow", "k1", "").await;
    assert_eq!(status, StatusCode::GATEWAY_TIMEOUT);
    subject.is_unknown("/slow").await;
}

#[tokio::test]
async fn call_that_panics_leaves_its_outcome_unknown_api_6() {
    let subject = Arc::new(subject(IdempotencyConfig::default()));
    let panicking = tokio::spawn({
        let subject = Arc::clone(&subject);
        async move { subject.send("POST", "/panic", "k1", "").await }
    });
    assert!(panicking.await.unwrap_err().is_panic());
    subject.is_unknown("/panic").await;
}

#[tokio::test]
async fn failure_leaves_its_outcome_unknown_api_6() {
    for path in ["/500", "/502", "/504", "/sent"] {
        let subject = subject(IdempotencyConfig::default());
        let (status, _) = subject.send("POST", path, "k1", "").await;
        assert!(status.is_server_error());
        subject.is_unknown(path).await;
    }
}

#[tokio::test]
async fn failure_after_a_change_is_not_run_again_api_6() {
    let subject = subject(IdempotencyConfig::default());
    let (status, _) = subject.send("POST", "/changed", "k1", "").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let (status, text) = subject.send("POST", "/changed", "k1", "").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(text.contains("IDEMPOTENT_ANSWER_NOT_KEPT"), "{text}");
    assert_eq!(subject.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn failure_of_an_undone_change_runs_again_api_6() {
    let subject = subject(IdempotencyConfig::default());
    assert_eq!(subject.send("POST", "/undone", "k1", "").await.1, "call 1");
    assert_eq!(subject.send("POST", "/undone", "k1", "").await.1, "call 2");
}

#[tokio::test]
async fn caller_with_many_keys_evicts_no_answer_of_another_api_6() {
    let config = IdempotencyConfig {
        most_entries: 10,
        ..IdempotencyConfig::default()
    };
    let subject = subject(config);
    let send = |address: &str, key: String| {
        let context = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
        let context = context.with_client_address(address.parse().unwrap());
        let request = Request::post("/orders")
            // What nobody has verified is free to invent.
            .header("authorization", format!("Bearer {key}"))
            .header("cookie", format!("session={key}"))
            .header("idempotency-key", key)
            .body(Body::empty())
            .unwrap();
        let router = subject.router.clone();
        context::scope(Arc::new(context), async move {
            let response = router.oneshot(request).await.unwrap();
            response.into_body().collect().await.unwrap().to_bytes()
        })
    };
    assert_eq!(send("192.0.2.7", "mine".into()).await, "call 1");
    assert_eq!(send("2001:db8::1", "mine".into()).await, "call 2");
    for number in 0..100 {
        send("192.0.2.66", format!("k{number}")).await;
        // Each customer of a provider has a network of IPv6 addresses.
        send(&format!("2001:db8:0:66::{number:x}"), format!("k{number}")).await;
    }
    assert_eq!(subject.store.len(), 10);
    assert_eq!(send("192.0.2.7", "mine".into()).await, "call 1");
    assert_eq!(send("2001:db8::1", "mine".into()).await, "call 2");
}

/// Counts the outcomes that are recorded without the deadline of the request.
struct Recorder(MemoryStore, Arc<AtomicUsize>);

impl IdempotencyStore for Recorder {
    fn begin<'a>(
        &'a self,
        key: &'a ScopedKey,
        fingerprint: Fingerprint,
        times: Times,
    ) -> StoreFuture<'a, Begun> {
        self.0.begin(key, fingerprint, times)
    }

    fn finish<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        answer: RecordedAnswer,
        keep: Duration,
    ) -> StoreFuture<'a, ()> {
        let deadline = context::current().unwrap().deadline();
        self.1
            .fetch_add(usize::from(deadline.is_none()), Ordering::SeqCst);
        self.0.finish(key, token, answer, keep)
    }

    fn settle<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        ending: Ending,
        keep: Duration,
    ) -> StoreFuture<'a, ()> {
        self.0.settle(key, token, ending, keep)
    }
}

#[tokio::test]
async fn outcome_is_recorded_without_the_deadline_api_6() {
    let config = IdempotencyConfig::default();
    let recorded = Arc::new(AtomicUsize::new(0));
    let store = Recorder(MemoryStore::new(&config), Arc::clone(&recorded));
    let handler = async || {
        assert!(context::current().unwrap().deadline().is_some());
        "done"
    };
    let router = Router::new()
        .fallback(any(handler))
        .layer(IdempotencyLayer::new(config, Arc::new(store), |call| {
            drop(tokio::spawn(call));
        }));
    let request = Request::post("/orders")
        .header("idempotency-key", "k1")
        .body(Body::empty())
        .unwrap();
    let context = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"))
        .with_deadline(Deadline::after(Duration::from_secs(60)));
    let response = context::scope(Arc::new(context), router.oneshot(request)).await;
    assert_eq!(response.unwrap().status(), StatusCode::OK);
    assert_eq!(recorded.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn keyed_calls_run_where_the_service_waits_for_them_life_5() {
    let (sender, mut spawned) = tokio::sync::mpsc::unbounded_channel();
    let config = IdempotencyConfig::default();
    let store = Arc::new(MemoryStore::new(&config));
    let router = Router::new()
        .fallback(any(async || "done"))
        .layer(IdempotencyLayer::new(config, store, move |call| {
            sender.send(call).unwrap();
        }));
    let request = Request::post("/orders")
        .header("idempotency-key", "k1")
        .body(Body::empty())
        .unwrap();
    let (response, ()) = tokio::join!(router.oneshot(request), async {
        spawned.recv().await.unwrap().await;
    });
    assert_eq!(response.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_stream_is_passed_on_and_its_repeat_runs_nothing_api_6() {
    let subject = subject(IdempotencyConfig::default());
    let first = subject.send("POST", "/stream", "k1", "").await;
    assert_eq!(first, (StatusCode::CREATED, "one two".to_owned()));
    let (status, text) = subject.send("POST", "/stream", "k1", "").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(text.contains("IDEMPOTENT_ANSWER_NOT_KEPT"), "{text}");
    assert_eq!(subject.calls.load(Ordering::SeqCst), 1);
    let config = IdempotencyConfig {
        answer_limit: ByteSize::bytes(3),
        ..IdempotencyConfig::default()
    };
    let small = self::subject(config);
    assert_eq!(small.send("POST", "/orders", "k1", "").await.1, "call 1");
    let (status, _) = small.send("POST", "/orders", "k1", "").await;
    assert_eq!(status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_key_belongs_to_its_caller_api_6() {
    let subject = subject(IdempotencyConfig::default());
    let send = |credentials: &'static str, actor: Option<&'static str>| {
        let context = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
        if let Some(actor) = actor {
            context.set_actor(Actor::new(actor));
        }
        let request = Request::post("/orders")
            .header("idempotency-key", "k1")
            .header("authorization", credentials)
            .body(Body::empty())
            .unwrap();
        let router = subject.router.clone();
        context::scope(Arc::new(context), async move {
            let response = router.oneshot(request).await.unwrap();
            response.into_body().collect().await.unwrap().to_bytes()
        })
    };
    assert_eq!(send("Bearer a", None).await, "call 1");
    assert_eq!(send("Bearer b", None).await, "call 2");
    assert_eq!(send("Bearer a", None).await, "call 1");
    assert_eq!(send("Bearer a", Some("ada")).await, "call 3");
    assert_eq!(send("Bearer renewed", Some("ada")).await, "call 3");
    assert_eq!(send("Bearer a", Some("bob")).await, "call 4");
}

#[tokio::test]
async fn strangers_who_choose_the_same_key_do_not_meet_api_6() {
    let subject = subject(IdempotencyConfig::default());
    let send = |address: &str, cookie: &'static str| {
        let context = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
        let context = context.with_client_address(address.parse().unwrap());
        let request = Request::post("/orders")
            .header("idempotency-key", "k1")
            .header("cookie", "lang=en")
            .header("cookie", cookie)
            .body(Body::empty())
            .unwrap();
        let router = subject.router.clone();
        context::scope(Arc::new(context), async move {
            let response = router.oneshot(request).await.unwrap();
            response.into_body().collect().await.unwrap().to_bytes()
        })
    };
    assert_eq!(send("192.0.2.7", "session=a").await, "call 1");
    assert_eq!(send("192.0.2.8", "session=a").await, "call 2");
    assert_eq!(send("192.0.2.7", "session=b").await, "call 3");
    assert_eq!(send("192.0.2.7", "session=a").await, "call 1");
}

#[tokio::test]
async fn a_repeat_says_that_it_is_one_and_keeps_the_headers_of_the_answer_api_6() {
    let subject = subject(IdempotencyConfig::default());
    let send = async || {
        let request = Request::post("/orders")
            .header("idempotency-key", "k1")
            .body(Body::empty())
            .unwrap();
        let response = subject.router.clone().oneshot(request).await.unwrap();
        response.headers().clone()
    };
    let (first, again) = (send().await, send().await);
    assert!(!first.contains_key("idempotency-replayed"));
    assert_eq!(again["idempotency-replayed"], "true");
    assert_eq!(again["location"], first["location"]);
    assert_eq!(again["content-type"], first["content-type"]);
    assert!(!again.contains_key("x-call"));
}

#[tokio::test]
async fn a_repeat_of_a_running_request_is_told_when_to_ask_again_api_6() {
    let subject = Arc::new(subject(IdempotencyConfig::default()));
    let running = tokio::spawn({
        let subject = Arc::clone(&subject);
        async move { subject.send("POST", "/slow", "k1", "").await }
    });
    while subject.calls.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let request = Request::post("/slow")
        .header("idempotency-key", "k1")
        .body(Body::empty())
        .unwrap();
    let response = subject.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    subject.gate.notify_one();
    running.await.unwrap();
}

#[tokio::test]
async fn a_key_can_be_required_api_6() {
    let config = IdempotencyConfig {
        required: true,
        ..IdempotencyConfig::default()
    };
    let subject = subject(config);
    let request = Request::post("/orders").body(Body::empty()).unwrap();
    let response = subject.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(subject.calls.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_forgotten_after_its_time_api_6() {
    let config = IdempotencyConfig {
        keep: Duration::from_secs(60),
        ..IdempotencyConfig::default()
    };
    let subject = subject(config);
    subject.send("POST", "/orders", "k1", "").await;
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(subject.send("POST", "/orders", "k1", "").await.1, "call 1");
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(subject.send("POST", "/orders", "k1", "").await.1, "call 2");
}

#[tokio::test]
async fn the_store_is_bounded_in_number_and_size_api_6() {
    let config = IdempotencyConfig {
        most_entries: 3,
        ..IdempotencyConfig::default()
    };
    let few = subject(config);
    for key in 0..20 {
        few.send("POST", "/orders", &format!("k{key}"), "").await;
    }
    assert_eq!(few.store.len(), 3);
    assert_eq!(few.send("POST", "/orders", "k19", "").await.1, "call 20");
    let config = IdempotencyConfig {
        memory_limit: ByteSize::kibibytes(4),
        ..IdempotencyConfig::default()
    };
    let small = subject(config);
    for key in 0..20 {
        small.send("POST", "/orders", &format!("k{key}"), "").await;
    }
    assert!(small.store.len() < 8, "{}", small.store.len());
}

#[tokio::test]
async fn a_bad_key_is_refused_and_a_safe_method_needs_none_api_6() {
    let subject = subject(IdempotencyConfig::default());
    for key in ["", "a b", "\"\"", "a\"b", "\"a", &"k".repeat(256)] {
        let (status, _) = subject.send("POST", "/orders", key, "").await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{key}");
    }
    assert_eq!(subject.calls.load(Ordering::SeqCst), 0);
    subject.send("GET", "/orders", "k1", "").await;
    subject.send("GET", "/orders", "k1", "").await;
    assert_eq!(subject.calls.load(Ordering::SeqCst), 2);
}
