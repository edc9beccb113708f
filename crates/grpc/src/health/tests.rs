use std::time::Duration;

use futures::StreamExt as _;
use seaworthy_health::{Health as Readiness, HealthConfig};
use tokio::{sync::watch, time::timeout};

use super::{
    contract::grpc::health::v1::{
        Health, HealthCheckRequest, HealthListRequest, health_check_response::ServingStatus,
    },
    service::HealthService,
    status::HealthStatus,
};

/// Longer than several looks at the readiness.
const PATIENCE: Duration = Duration::from_secs(10);

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
async fn check_and_list_follow_the_readiness_hlth_1() {
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
async fn check_of_an_unknown_service_is_not_found_hlth_1() {
    let (service, _closing) = service(&Readiness::new(HealthConfig::default()));
    let error = service.check(ask("nobody")).await.unwrap_err();
    assert_eq!(error.code(), seaworthy_core::Code::NotFound);
}

#[tokio::test(start_paused = true)]
async fn watch_tells_every_change_and_ends_with_the_listener_hlth_1() {
    let readiness = Readiness::new(HealthConfig::default());
    let (service, closing) = service(&readiness);
    let mut watch = service.watch(ask("orders.v1.Orders")).await.unwrap();
    let mut told = async || timeout(PATIENCE, watch.next()).await.unwrap();
    assert_eq!(
        told().await.unwrap().unwrap().status(),
        ServingStatus::NotServing
    );
    readiness.set_started();
    assert_eq!(
        told().await.unwrap().unwrap().status(),
        ServingStatus::Serving
    );
    readiness.set_stopping();
    assert_eq!(
        told().await.unwrap().unwrap().status(),
        ServingStatus::NotServing
    );
    closing.send_replace(true);
    let end = told().await.unwrap().unwrap_err();
    assert_eq!(end.code(), seaworthy_core::Code::Unavailable);
    assert!(told().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn watch_of_an_unknown_service_says_so_and_stays_open_hlth_1() {
    let (service, closing) = service(&Readiness::new(HealthConfig::default()));
    let mut watch = service.watch(ask("nobody")).await.unwrap();
    let first = watch.next().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::ServiceUnknown);
    assert!(
        timeout(PATIENCE, watch.next()).await.is_err(),
        "it must stay open"
    );
    closing.send_replace(true);
    assert!(watch.next().await.unwrap().is_err());
}
