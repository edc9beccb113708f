//! Changes of the state around the service: stored times, messages, coupons and switches.

use seaworthy::data::{
    chrono::{TimeDelta, Utc},
    sql,
};
use serde_json::{Value, json};
use tutoring_contract::events::{BusinessEvent, CourseChanged, StudentChanged, message};
use tutoring_testkit::connect;
use uuid::Uuid;

use crate::app::{Bought, COURSE, TestApp, admin_token, call, data, service_token};

impl TestApp {
    /// Lets the order of a payment expire.
    pub(crate) async fn expire(&self, bought: &Bought) {
        let text = "UPDATE payments SET expires_at = ? WHERE id = ?";
        self.set_age(text, bought, TimeDelta::hours(1)).await;
    }

    /// Lets the order of a payment expire within a minute.
    pub(crate) async fn expire_soon(&self, bought: &Bought) {
        let text = "UPDATE payments SET expires_at = ? WHERE id = ?";
        self.set_age(text, bought, -TimeDelta::seconds(50)).await;
    }

    /// Lets the last attempt of a refund be an hour ago.
    pub(crate) async fn backdate_refund(&self, bought: &Bought) {
        let text = "UPDATE refunds SET updated_at = ? WHERE payment_id = ?";
        self.set_age(text, bought, TimeDelta::hours(1)).await;
    }

    /// Lets a payment be older than the lookback of the reconciliation.
    pub(crate) async fn backdate_creation(&self, bought: &Bought) {
        let text = "UPDATE payments SET created_at = ? WHERE id = ?";
        self.set_age(text, bought, TimeDelta::days(4)).await;
    }

    async fn set_age(&self, text: &'static str, bought: &Bought, age: TimeDelta) {
        let done = sql(text)
            .bind(Utc::now() - age)
            .bind(bought.id.parse::<Uuid>().unwrap())
            .execute(&connect(&self.empty).await)
            .await;
        assert_eq!(done.unwrap().rows_affected(), 1);
    }

    pub(crate) async fn publish_course(&self, version: i64, status: &str) {
        let changed = BusinessEvent::new(CourseChanged {
            course_id: COURSE.to_string(),
            version,
            snapshot: json!({ "title": "Robotics", "status": status }),
        });
        self.peer
            .publisher
            .publish(message(&changed))
            .await
            .unwrap();
    }

    pub(crate) async fn publish_student(&self, student: Uuid, version: i64, is_verified: bool) {
        let changed = BusinessEvent::new(StudentChanged {
            student_id: student,
            version,
            snapshot: json!({ "isEmailVerified": is_verified }),
        });
        self.peer
            .publisher
            .publish(message(&changed))
            .await
            .unwrap();
    }

    /// Gives a student coins.
    pub(crate) fn give_coins(&self, student: Uuid, amount: i64) {
        if amount == 0 {
            return;
        }
        let body = json!({ "studentId": student, "referenceId": "gift", "amount": amount });
        data(&self.post("/coins/adjust", &service_token(), &body));
    }

    /// Creates the zone of the package at the booking service.
    pub(crate) fn open_zone(&self) {
        let token = admin_token(&["price:write"]);
        let create =
            |path: &str, body: &Value| data(&call(self.booking, ("POST", path), &token, &[], body));
        let centre = json!({ "latitude": 12.28, "longitude": 76.63 });
        let city = json!({ "name": "Mysuru", "centre": centre });
        let city = create("/booking/cities", &city);
        let zone = json!({
            "cityId": city["id"], "name": "East", "centre": centre, "radiusKm": 10,
        });
        create("/booking/zones", &zone);
    }

    /// Creates a coupon at the booking service.
    pub(crate) fn create_coupon(&self, code: &str, kind: &str, value: i64, max_redemptions: u32) {
        let body = json!({
            "code": code,
            "type": "school",
            "discountType": kind,
            "discountValue": value,
            "maxRedemptions": max_redemptions,
            "validFrom": "2020-01-01T00:00:00Z",
            "validUntil": "2099-01-01T00:00:00Z",
        });
        let token = admin_token(&["price:write"]);
        let path = "/booking/coupons";
        data(&call(self.booking, ("POST", path), &token, &[], &body));
    }

    /// Sets switches at the booking service.
    pub(crate) fn switch(&self, switches: &Value) {
        let token = admin_token(&["price:write"]);
        let path = "/booking/feature-flags";
        let set = call(self.booking, ("PUT", path), &token, &[], switches);
        assert_eq!(set.status, 200, "{}", set.body);
    }

    /// Returns how often a coupon is reserved or redeemed.
    pub(crate) fn redemptions(&self, code: &str) -> i64 {
        let token = admin_token(&["price:write"]);
        let path = "/booking/coupons?limit=100";
        let coupons = call(self.booking, ("GET", path), &token, &[], &Value::Null);
        let coupons = data(&coupons);
        let mut coupons = coupons["items"].as_array().unwrap().iter();
        let coupon = coupons.find(|coupon| coupon["code"] == code).unwrap();
        coupon["currentRedemptions"].as_i64().unwrap()
    }
}
