use std::{convert::Infallible, future::pending, sync::Arc, time::Duration};

use seaworthy_core::{Deadline, RequestContext, ServiceIdentity, Timeout, context};
use tokio::time::Instant;
use tower::{Service as _, ServiceBuilder, ServiceExt as _, service_fn};

use super::*;
use crate::{CallError, CallLayer, RejectionReason};

async fn never(_: ()) -> Result<(), Infallible> {
    pending().await
}

fn late_in(wait: Duration) -> Arc<RequestContext> {
    let context = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
    Arc::new(context.with_deadline(Deadline::after(wait)))
}

#[tokio::test(start_paused = true)]
async fn a_call_that_never_answers_costs_exactly_its_timeout_res_3() {
    let service = ServiceBuilder::new()
        .layer(TimeoutLayer::new(Timeout::from_millis(250)))
        .layer(CallLayer)
        .service(service_fn(never));
    let began = Instant::now();
    let error = service.oneshot(()).await.unwrap_err();
    assert_eq!(began.elapsed(), Duration::from_millis(250));
    assert!(
        matches!(error, CallError::TimedOut(elapsed) if elapsed.timeout() == Duration::from_millis(250))
    );
}

#[tokio::test]
async fn request_deadline_ends_call_before_its_timeout_life_6() {
    let service = ServiceBuilder::new()
        .layer(DeadlineLayer::new("stock", Timeout::from_secs(600)))
        .layer(CallLayer)
        .service(service_fn(never));
    let request = late_in(Duration::from_millis(20));
    let error = context::scope(request, service.oneshot(()))
        .await
        .unwrap_err();
    assert!(
        matches!(error, CallError::TimedOut(elapsed) if elapsed.timeout() <= Duration::from_millis(20))
    );
}

#[tokio::test]
async fn work_that_is_late_already_is_not_begun_life_6() {
    let service = ServiceBuilder::new()
        .layer(DeadlineLayer::new("stock", Timeout::from_secs(1)))
        .layer(CallLayer)
        .service(service_fn(
            |()| -> std::future::Ready<Result<(), Infallible>> { panic!("the service was called") },
        ));
    let error = context::scope(late_in(Duration::ZERO), service.oneshot(()))
        .await
        .unwrap_err();
    assert!(
        matches!(error, CallError::Rejected(rejection) if rejection.reason() == RejectionReason::DeadlineExceeded)
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_deadline_the_limit_of_all_attempts_holds_res_3() {
    let service = ServiceBuilder::new()
        .layer(DeadlineLayer::new("stock", Timeout::from_secs(5)))
        .layer(CallLayer)
        .service(service_fn(never));
    let began = Instant::now();
    assert!(service.oneshot(()).await.is_err());
    assert_eq!(began.elapsed(), Duration::from_secs(5));
}

#[tokio::test]
async fn late_first_poll_has_only_remaining_time_life_6() {
    let mut service = ServiceBuilder::new()
        .layer(DeadlineLayer::new("stock", Timeout::from_secs(600)))
        .layer(CallLayer)
        .service(service_fn(never));
    let calling = async {
        let call = service.ready().await.unwrap().call(());
        tokio::time::sleep(Duration::from_millis(300)).await;
        call.await.unwrap_err()
    };
    let error = context::scope(late_in(Duration::from_millis(400)), calling).await;
    assert!(
        matches!(error, CallError::TimedOut(elapsed) if elapsed.timeout() <= Duration::from_millis(100))
    );
}
