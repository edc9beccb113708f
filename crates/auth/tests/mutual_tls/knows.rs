//! AUTH-6, SEC-1: who is let in, and where the others end.

use http::StatusCode;
use seaworthy_testkit::authority::Authority;

use crate::house::{GATEWAY, House, ORDERS, Told};

fn both(told: Told) -> [Told; 2] {
    [told.clone(), told]
}

fn actor(name: &str) -> [Told; 2] {
    both(Told::Actor(name.to_owned()))
}

fn are_cut_off(told: &[Told; 2]) -> bool {
    told.iter().all(|told| matches!(told, Told::CutOff(_)))
}

fn are_refused(told: &[Told; 2], with: StatusCode) -> bool {
    told.iter()
        .all(|told| matches!(told, Told::Refused(status, _) if *status == with))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_is_known_by_its_certificate_over_both_transports_auth_6() {
    let house = House::open("required").await;
    let orders = house.authority.client(ORDERS).unwrap();
    assert_eq!(house.ask(Some(&orders)).await, actor(ORDERS));
    assert_eq!(
        house.http("POST", "/charge", Some(&orders)).await,
        Told::Actor(ORDERS.to_owned()),
        "with what it may do"
    );
    let gateway = house.authority.client(GATEWAY).unwrap();
    assert_eq!(house.ask(Some(&gateway)).await, actor(GATEWAY));
    let charged = house.http("POST", "/charge", Some(&gateway)).await;
    assert!(
        matches!(charged, Told::Refused(StatusCode::FORBIDDEN, _)),
        "{charged:?}"
    );
    assert_eq!(house.refused_handshakes(), [0, 0]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_shows_no_certificate_has_no_connection_or_is_nobody_auth_6_sec_1() {
    let house = House::open("required").await;
    let told = house.ask(None).await;
    assert!(are_cut_off(&told), "{told:?}");
    house.refuses_handshakes_since([0, 0]).await;
    house.stop().await;

    let house = House::open("optional").await;
    let told = house.ask(None).await;
    assert!(are_refused(&told, StatusCode::UNAUTHORIZED), "{told:?}");
    let orders = house.authority.client(ORDERS).unwrap();
    assert_eq!(house.ask(Some(&orders)).await, actor(ORDERS));
    assert_eq!(house.refused_handshakes(), [0, 0]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_authority_vouches_for_nobody_auth_6_sec_1() {
    for client_certificates in ["required", "optional"] {
        let house = House::open(client_certificates).await;
        for name in ["example.org", "elsewhere.example"] {
            let authority = Authority::new(name).unwrap();
            let stranger = authority.client(ORDERS).unwrap();
            let before = house.refused_handshakes();
            let told = house.ask(Some(&stranger)).await;
            assert!(are_cut_off(&told), "{client_certificates} {name} {told:?}");
            house.refuses_handshakes_since(before).await;
        }
        house.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_good_until_it_ends_auth_6_sec_1() {
    let house = House::open("optional").await;
    let told = house
        .ask(Some(&house.authority.expired(ORDERS).unwrap()))
        .await;
    assert!(are_cut_off(&told), "{told:?}");
    house.refuses_handshakes_since([0, 0]).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_nobody_in_the_list_is_refused_with_the_reason_auth_6() {
    let house = House::open("required").await;
    for name in ["spiffe://example.org/orders/x", "localhost", "internal"] {
        let told = house
            .ask(Some(&house.authority.client(name).unwrap()))
            .await;
        assert!(are_refused(&told, StatusCode::FORBIDDEN), "{told:?}");
        let [Told::Refused(_, reason), Told::Refused(_, message)] = told else {
            unreachable!("both were refused");
        };
        assert_eq!(reason, "PEER_UNKNOWN");
        assert!(
            message.contains("not of a service that may call"),
            "{message}"
        );
    }
    assert_eq!(house.refused_handshakes(), [0, 0]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_is_believed_for_whom_it_asks_and_nobody_else_is_auth_6_msg_8() {
    let house = House::open("required").await;
    let gateway = house.authority.client(GATEWAY).unwrap();
    assert_eq!(house.ask_for("ada", &gateway).await, actor("ada"));
    assert_eq!(
        house.ask(Some(&gateway)).await,
        actor(GATEWAY),
        "without anybody's request it speaks for itself"
    );
    let orders = house.authority.client(ORDERS).unwrap();
    assert_eq!(house.ask_for("ada", &orders).await, actor(ORDERS));
    house.stop().await;
}
