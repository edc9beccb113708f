//! Keys belong to callers.

use axum::{body::Body, extract::Request};
use seaworthy_core::{Actor, RequestContext, ServiceIdentity};

use super::app::{TestApp, request_from};
use crate::idempotency::IdempotencyConfig;

#[tokio::test]
async fn key_belongs_to_actor_or_credentials_api_6() {
    let app = TestApp::new();
    let send = async |credentials: &'static str, actor: Option<&'static str>| {
        let context = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
        if let Some(actor) = actor {
            context.set_actor(Actor::new(actor));
        }
        let request = Request::post("/orders")
            .header("idempotency-key", "k1")
            .header("authorization", credentials)
            .body(Body::empty())
            .unwrap();
        app.send_in(context, request).await
    };
    assert_eq!(send("Bearer a", None).await, "call 1");
    assert_eq!(send("Bearer b", None).await, "call 2");
    assert_eq!(send("Bearer a", None).await, "call 1");
    assert_eq!(send("Bearer a", Some("ada")).await, "call 3");
    assert_eq!(send("Bearer renewed", Some("ada")).await, "call 3");
    assert_eq!(send("Bearer a", Some("bob")).await, "call 4");
}

#[tokio::test]
async fn key_of_anonymous_caller_belongs_to_address_and_cookies_api_6() {
    let app = TestApp::new();
    let send = async |address: &str, cookie: &'static str| {
        let request = Request::post("/orders")
            .header("idempotency-key", "k1")
            .header("cookie", "lang=en")
            .header("cookie", cookie)
            .body(Body::empty())
            .unwrap();
        app.send_in(request_from(address), request).await
    };
    assert_eq!(send("192.0.2.7", "session=a").await, "call 1");
    assert_eq!(send("192.0.2.8", "session=a").await, "call 2");
    assert_eq!(send("192.0.2.7", "session=b").await, "call 3");
    assert_eq!(send("192.0.2.7", "session=a").await, "call 1");
}

#[tokio::test]
async fn caller_with_many_keys_evicts_no_response_of_another_api_6() {
    let app = TestApp::with_config(IdempotencyConfig {
        max_entries: 10,
        ..IdempotencyConfig::default()
    });
    let send = async |address: &str, key: String| {
        let request = Request::post("/orders")
            // Anonymous callers can send any credentials.
            .header("authorization", format!("Bearer {key}"))
            .header("cookie", format!("session={key}"))
            .header("idempotency-key", key)
            .body(Body::empty())
            .unwrap();
        app.send_in(request_from(address), request).await
    };
    assert_eq!(send("192.0.2.7", "mine".into()).await, "call 1");
    assert_eq!(send("2001:db8::1", "mine".into()).await, "call 2");
    for number in 0..100 {
        send("192.0.2.66", format!("k{number}")).await;
        // Each customer of a provider has a network of IPv6 addresses.
        send(&format!("2001:db8:0:66::{number:x}"), format!("k{number}")).await;
    }
    assert_eq!(app.store.len(), 10);
    assert_eq!(send("192.0.2.7", "mine".into()).await, "call 1");
    assert_eq!(send("2001:db8::1", "mine".into()).await, "call 2");
}
