use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use chrono::Utc;
use seaworthy_core::{
    Actor, Deadline, RequestContext, RequestId, ServiceIdentity, Tenant, TraceContext, context,
};

use super::{
    Harness, group,
    node::Node,
    record::{Record, message},
    topic,
};
use crate::{Received, Subscription};

/// The handler gets the context of the publishing request: request ID, trace, actor and tenant. The
/// envelope contains its deadline.
pub async fn message_carries_request_context_msg_8(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    let seen: Arc<Mutex<Option<Arc<RequestContext>>>> = Arc::default();
    let (arrived, keep) = (record.clone(), Arc::clone(&seen));
    let subscription =
        Subscription::new(&group()).on_topic(topic.as_str(), move |received: Received<Bytes>| {
            let (arrived, keep) = (arrived.clone(), Arc::clone(&keep));
            async move {
                *keep.lock().unwrap() = context::current();
                arrived.add(received.envelope());
                Ok(())
            }
        });
    node.subscribe(subscription).await;
    let publisher = node.publisher(&[&topic]).await;
    let header = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let trace =
        TraceContext::extract([&header[..]], [&b"vendor=opaque"[..]], [&b"city=Lyon"[..]]).unwrap();
    let request = RequestContext::new(
        ServiceIdentity::new("edge", "1.0.0"),
        RequestId::parse(b"request-7").unwrap(),
        trace.clone(),
    )
    .with_deadline(Deadline::after(Duration::from_secs(5)));
    request.set_actor(Actor::new("user-1"));
    request.set_tenant(Tenant::new("tenant-2"));
    context::scope(request.into(), publisher.publish(message(&topic, "traced")))
        .await
        .unwrap();
    record.wait_for(1).await;
    let seen = seen.lock().unwrap().take().unwrap();
    assert_eq!(seen.request_id().as_str(), "request-7");
    assert_eq!(seen.trace().trace_id(), trace.trace_id());
    assert_ne!(seen.trace().span_id(), trace.span_id());
    assert_eq!(seen.trace().tracestate(), Some("vendor=opaque"));
    assert_eq!(seen.trace().baggage_value("city").as_deref(), Some("Lyon"));
    assert_eq!(seen.actor().map(Actor::as_str), Some("user-1"));
    assert_eq!(seen.tenant().map(Tenant::as_str), Some("tenant-2"));
    assert_eq!(seen.service().name(), "conformance");
    assert!(seen.deadline().unwrap().remaining().unwrap() > Duration::from_secs(5));
    let deadline = record.all().first().unwrap().deadline().unwrap();
    assert!((deadline - Utc::now()).num_seconds() <= 5);
    node.stop().await;
}

/// An expired message is dropped and blocks no other message.
pub async fn expired_message_is_not_handled_msg_8(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    node.subscribe(record.subscription(&group(), &[&topic]))
        .await;
    let publisher = node.publisher(&[&topic]).await;
    let expired = message(&topic, "stale")
        .key("one")
        .expires_at(Utc::now() - Duration::from_secs(1));
    publisher.publish(expired).await.unwrap();
    let fresh = message(&topic, "fresh")
        .key("one")
        .expires_at(Utc::now() + Duration::from_secs(60));
    publisher.publish(fresh).await.unwrap();
    assert_eq!(record.wait_for(1).await, ["fresh"]);
    node.stop().await;
}
