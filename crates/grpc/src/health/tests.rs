use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Context,
    time::Duration,
};

use futures::{
    StreamExt as _,
    task::{ArcWake, waker},
};
use seaworthy_health::{Health as Readiness, HealthConfig};
use tokio::{sync::watch, time::timeout};

use super::{
    contract::grpc::health::v1::{
        Health, HealthCheckRequest, HealthListRequest, health_check_response::ServingStatus,
    },
    service::HealthService,
    status::HealthStatus,
};

/// The maximum wait for a change, longer than several poll intervals.
const TIMEOUT: Duration = Duration::from_secs(10);

fn service(readiness: &Readiness) -> (HealthService, watch::Sender<bool>) {
    let (status, changes) = HealthStatus::new(readiness.clone());
    (HealthService::new(status, &["orders.v1.Orders"]), changes)
}

fn ask(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

#[tokio::test]
async fn check_and_list_follow_readiness_hlth_1() {
    let readiness = Readiness::new(HealthConfig::default());
    let (service, _closing) = service(&readiness);
    let check = async |name: &str| service.check(ask(name)).await.unwrap().status();
    assert_eq!(check("").await, ServingStatus::NotServing);
    readiness.set_started();
    assert_eq!(check("").await, ServingStatus::Serving);
    assert_eq!(check("orders.v1.Orders").await, ServingStatus::Serving);
    let listed = service.list(HealthListRequest {}).await.unwrap().statuses;
    assert_eq!(listed.len(), 2);
    assert!(
        listed
            .values()
            .all(|status| status.status() == ServingStatus::Serving)
    );
    readiness.set_stopping();
    assert_eq!(check("orders.v1.Orders").await, ServingStatus::NotServing);
}

#[tokio::test]
async fn check_of_unknown_service_is_not_found_hlth_1() {
    let (service, _closing) = service(&Readiness::new(HealthConfig::default()));
    let error = service.check(ask("unknown.v1.Unknown")).await.unwrap_err();
    assert_eq!(error.code(), seaworthy_core::Code::NotFound);
}

#[tokio::test(start_paused = true)]
async fn watch_sends_changes_and_ends_with_listener_hlth_1() {
    let readiness = Readiness::new(HealthConfig::default());
    let (service, closing) = service(&readiness);
    let mut watch = service.watch(ask("orders.v1.Orders")).await.unwrap();
    let mut next = async || timeout(TIMEOUT, watch.next()).await.unwrap();
    assert_eq!(
        next().await.unwrap().unwrap().status(),
        ServingStatus::NotServing
    );
    readiness.set_started();
    assert_eq!(
        next().await.unwrap().unwrap().status(),
        ServingStatus::Serving
    );
    readiness.set_stopping();
    assert_eq!(
        next().await.unwrap().unwrap().status(),
        ServingStatus::NotServing
    );
    closing.send_replace(true);
    let end = next().await.unwrap().unwrap_err();
    assert_eq!(end.code(), seaworthy_core::Code::Unavailable);
    assert!(next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn watch_of_unknown_service_stays_open_hlth_1() {
    let (service, closing) = service(&Readiness::new(HealthConfig::default()));
    let mut watch = service.watch(ask("unknown.v1.Unknown")).await.unwrap();
    let first = watch.next().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::ServiceUnknown);
    assert!(
        timeout(TIMEOUT, watch.next()).await.is_err(),
        "it must stay open"
    );
    closing.send_replace(true);
    assert!(watch.next().await.unwrap().is_err());
}

#[tokio::test]
async fn limits_watches_of_one_client_but_not_check_sec_3() {
    let (service, _closing) = service(&Readiness::new(HealthConfig::default()));
    let mut open = Vec::new();
    let refused = loop {
        // Calls for unknown services count too, because they stay open.
        match service
            .watch(ask(["", "unknown.v1.Unknown"][open.len() % 2]))
            .await
        {
            Ok(watch) => open.push(watch),
            Err(error) => break error,
        }
        assert!(open.len() < 10_000, "there is no bound");
    };
    assert_eq!(refused.code(), seaworthy_core::Code::Exhausted);
    assert!(service.check(ask("")).await.is_ok());
    open.pop();
    assert!(service.watch(ask("")).await.is_ok());
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl ArcWake for Wakes {
    fn wake_by_ref(wakes: &Arc<Self>) {
        wakes.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn open_watch_is_not_woken_while_status_is_same_sec_3() {
    let readiness = Readiness::new(HealthConfig::default());
    let (service, _closing) = service(&readiness);
    let mut watch = service.watch(ask("")).await.unwrap();
    assert!(watch.next().await.unwrap().is_ok());
    let wakes = Arc::new(Wakes::default());
    let waker = waker(Arc::clone(&wakes));
    assert!(
        watch
            .poll_next_unpin(&mut Context::from_waker(&waker))
            .is_pending()
    );
    tokio::time::sleep(TIMEOUT).await;
    assert_eq!(wakes.0.load(Ordering::SeqCst), 0);
    readiness.set_started();
    tokio::time::sleep(TIMEOUT).await;
    assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
    let next = watch.next().await.unwrap().unwrap();
    assert_eq!(next.status(), ServingStatus::Serving);
}
