use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use uuid::Uuid;

use crate::app::{TestApp, data, service_token};

/// Students who want the coupon at the same time.
const STUDENTS: usize = 20;
/// Redemptions that the coupon allows.
const REDEMPTIONS: usize = 3;

pub(crate) async fn last_redemption_goes_to_one_student_data_3(app: TestApp) {
    app.coupon("LAST", "class_amount", 0, 3);
    let reserved = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..STUDENTS {
            let (app, reserved) = (&app, &reserved);
            scope.spawn(move || {
                let answer = app.reserve(Uuid::new_v4(), Uuid::new_v4(), Some("last"));
                match answer.status {
                    200 => drop(reserved.fetch_add(1, Ordering::Relaxed)),
                    status => assert_eq!(status, 400, "{}", answer.body),
                }
            });
        }
    });
    assert_eq!(reserved.into_inner(), REDEMPTIONS);
    assert_eq!(app.redemptions("LAST"), 3);
    // One student with two payments at the same time holds one discount.
    app.coupon("MANY", "percentage", 10, 100);
    let (student, reserved) = (Uuid::from_u128(7), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..STUDENTS {
            let (app, reserved) = (&app, &reserved);
            scope.spawn(move || {
                let answer = app.reserve(Uuid::new_v4(), student, Some("many"));
                match answer.status {
                    200 => drop(reserved.fetch_add(1, Ordering::Relaxed)),
                    status => assert_eq!(status, 409, "{}", answer.body),
                }
            });
        }
    });
    assert_eq!(reserved.into_inner(), 1);
    assert_eq!(app.redemptions("MANY"), 1);
}

pub(crate) async fn reservation_is_repeatable_and_settled_once_api_6(app: TestApp) {
    app.coupon("ONCE", "fixed", 100_000, 1);
    let (payment, student) = (Uuid::from_u128(1), Uuid::from_u128(7));
    let first = data(&app.reserve(payment, student, Some("ONCE")));
    assert_eq!(first["total"], 944_000);
    assert_eq!(data(&app.reserve(payment, student, Some("ONCE"))), first);
    // The payment of another student.
    assert_eq!(app.reserve(payment, Uuid::from_u128(8), None).status, 409);
    for _ in 0..2 {
        assert_eq!(app.settle(payment, "release"), 200);
        assert_eq!(app.redemptions("ONCE"), 0);
    }
    // The money of a released discount arrived late: the discount is taken again.
    for _ in 0..2 {
        assert_eq!(app.settle(payment, "redeem"), 200);
        assert_eq!(app.redemptions("ONCE"), 1);
    }
    assert_eq!(app.settle(payment, "release"), 200);
    assert_eq!(app.redemptions("ONCE"), 1, "a redeemed discount stays");
    // A payment without a discount has nothing to settle.
    let plain = Uuid::from_u128(2);
    assert_eq!(data(&app.reserve(plain, student, None))["total"], 1_062_000);
    assert_eq!(app.settle(plain, "redeem"), 404);
    assert_eq!(app.settle(plain, "release"), 200);
}

/// The first request with a key ended before its payment was stored.
pub(crate) async fn released_discount_is_reserved_by_a_repeat_api_6(app: TestApp) {
    app.coupon("ONCE", "fixed", 100_000, 1);
    let (payment, student) = (Uuid::from_u128(1), Uuid::from_u128(7));
    let first = data(&app.reserve(payment, student, Some("ONCE")));
    assert_eq!(app.settle(payment, "release"), 200);
    let other = Uuid::from_u128(8);
    assert_eq!(app.reserve(payment, other, Some("ONCE")).status, 409);
    for _ in 0..2 {
        assert_eq!(data(&app.reserve(payment, student, Some("ONCE"))), first);
        assert_eq!(app.redemptions("ONCE"), 1);
    }
    assert_eq!(app.settle(payment, "redeem"), 200);
    assert_eq!(app.redemptions("ONCE"), 1);
}

/// A client may repeat a request before it has the response.
pub(crate) async fn concurrent_repeats_reserve_once_api_6(app: TestApp) {
    app.coupon("ONE", "fixed", 100_000, 1);
    app.coupon("TWO", "fixed", 100_000, 2);
    for (id, code) in [(1, Some("ONE")), (2, Some("TWO")), (3, None)] {
        let (payment, student) = (Uuid::from_u128(id), Uuid::from_u128(10 + id));
        let body = json!({
            "paymentId": payment, "studentId": student, "expiresAt": "2099-01-01T00:00:00Z",
            "classType": "ONE_ON_ONE", "sessionCount": 30, "couponCode": code,
            "claimDeal": code.is_none(),
        });
        std::thread::scope(|scope| {
            for _ in 0..STUDENTS {
                scope.spawn(|| {
                    let path = "/pricing/reservations";
                    let answer = app.call("POST", path, &service_token(), &body);
                    assert_eq!(data(&answer)["total"], 944_000, "{id}");
                });
            }
        });
    }
    assert_eq!((app.redemptions("ONE"), app.redemptions("TWO")), (1, 1));
}

/// The payment of a reservation may not be stored, and its key may come with another package.
pub(crate) async fn reserved_price_is_of_its_own_package_api_6(app: TestApp) {
    app.coupon("ONCE", "fixed", 100_000, 1);
    let (payment, student) = (Uuid::from_u128(1), Uuid::from_u128(7));
    let reserve = |session_count: u16, claim_deal: bool, code: Option<&str>| {
        let body = json!({
            "paymentId": payment, "studentId": student, "expiresAt": "2099-01-01T00:00:00Z",
            "classType": "ONE_ON_ONE", "sessionCount": session_count, "couponCode": code,
            "claimDeal": claim_deal,
        });
        app.call("POST", "/pricing/reservations", &service_token(), &body)
    };
    let first = data(&reserve(10, false, Some("ONCE")));
    assert_eq!(reserve(30, false, Some("ONCE")).status, 409);
    assert_eq!(reserve(10, true, None).status, 409);
    assert_eq!(reserve(10, false, None).status, 409);
    assert_eq!(data(&reserve(10, false, Some("ONCE"))), first);
}
