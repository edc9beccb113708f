//! AUTH-6: who is let in, and who is not.

use std::time::{Duration, SystemTime};

use http::StatusCode;
use seaworthy_auth::ServiceTokens;

use crate::house::{House, ORDERS, PAYMENTS, signer};

fn refused(reason: &str) -> (StatusCode, String) {
    (StatusCode::UNAUTHORIZED, reason.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_is_known_by_its_token_over_http_auth_6() {
    let house = House::open().await;
    let told = house.charge(Some(house.tokens(ORDERS, PAYMENTS))).await;
    assert_eq!(told, (StatusCode::OK, ORDERS.to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_shows_no_token_is_nobody_auth_6() {
    let house = House::open().await;
    let told = house.charge(None::<ServiceTokens>).await;
    assert_eq!(told, refused("CREDENTIALS_MISSING"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_for_the_service_that_it_names_auth_6() {
    let house = House::open().await;
    let told = house.charge(Some(house.tokens(ORDERS, "events"))).await;
    assert_eq!(told, refused("TOKEN_AUDIENCE"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_good_until_it_ends_auth_6() {
    let house = House::open().await;
    let now = SystemTime::now();
    let fresh = house.charge(Some(house.signed_at(now))).await;
    assert_eq!(fresh, (StatusCode::OK, ORDERS.to_owned()));
    let day = Duration::from_secs(24 * 60 * 60);
    let told = house.charge(Some(house.signed_at(now - day))).await;
    assert_eq!(told, refused("TOKEN_EXPIRED"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_another_service_or_of_another_key_is_refused_auth_6() {
    let house = House::open().await;
    let (status, _) = house.charge(Some(house.tokens("feed", PAYMENTS))).await;
    assert_eq!(
        status,
        StatusCode::FORBIDDEN,
        "known, and not the one that may"
    );
    let forged = ServiceTokens::new(signer("orders-1"), ORDERS, PAYMENTS);
    assert_eq!(house.charge(Some(forged)).await, refused("TOKEN_SIGNATURE"));
}
