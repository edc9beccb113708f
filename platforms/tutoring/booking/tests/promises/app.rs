use std::net::SocketAddr;

use seaworthy::{
    config::{Environment, Loader},
    prelude::*,
    service::RunningService,
};
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{Answer, request},
};
use serde_json::{Value, json};
use tutoring_booking::BookingConfig;
use tutoring_contract::{
    AccessTokenConfig, AccessTokens, Role, ServiceTokenConfig, ServiceTokens, Subject, Territory,
};
use uuid::Uuid;

const SECRET: &str = "Qm9hdHMgYXJlIHNhZmUgaW4gaGFyYm91ciwgYnV0";
const SERVICE_SECRET: &str = "dGhhdCBpcyBub3Qgd2hhdCBib2F0cyBhcmUgZm9y";

/// The running service with its own database.
pub(crate) struct TestApp {
    http: SocketAddr,
    _service: RunningService,
    _empty: EmptyDatabase,
}

pub(crate) async fn open(empty: EmptyDatabase) -> TestApp {
    let settings = [
        format!("database.url={}", empty.url()),
        "database.migrate_at_start=true".to_owned(),
        format!("access_tokens.secret={SECRET}"),
        format!("service_tokens.secret={SERVICE_SECRET}"),
        format!("audit_log.key={SECRET}"),
        "server.http.addr=127.0.0.1:0".to_owned(),
        "admin.addr=127.0.0.1:0".to_owned(),
        "server.http.rate_limit.enabled=false".to_owned(),
        "server.http.access_log.enabled=false".to_owned(),
        "log.level=error".to_owned(),
    ];
    let loader = Loader::new("tutoring-booking")
        .environment(Environment::default())
        .overrides(settings);
    let service = tutoring_booking::service()
        .start::<BookingConfig, _>(loader, tutoring_booking::assemble)
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()));
    TestApp {
        http: service.addresses().http,
        _service: service,
        _empty: empty,
    }
}

pub(crate) fn token(id: Uuid, role: Role, permissions: &[&str]) -> String {
    let config = AccessTokenConfig {
        secret: Some(Secret::new(SECRET.to_owned())),
        ..AccessTokenConfig::default()
    };
    let subject = Subject {
        id,
        role,
        admin_roles: Vec::new(),
        permissions: permissions.iter().map(|name| (*name).to_owned()).collect(),
        territory: Territory::default(),
        email: None,
        phone: None,
    };
    let signed = AccessTokens::new(&config)
        .unwrap()
        .sign(&subject, "session");
    signed.unwrap().expose().clone()
}

pub(crate) fn operator() -> String {
    token(Uuid::from_u128(1), Role::Admin, &["price:write"])
}

pub(crate) fn service_token() -> String {
    let config = ServiceTokenConfig {
        secret: Some(Secret::new(SERVICE_SECRET.to_owned())),
        ..ServiceTokenConfig::default()
    };
    let signed = ServiceTokens::new("test", &config).unwrap().sign();
    signed.unwrap().expose().clone()
}

pub(crate) fn json_of(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or(Value::Null)
}

#[track_caller]
pub(crate) fn data(answer: &Answer) -> Value {
    assert!((200..300).contains(&answer.status), "{}", answer.body);
    json_of(answer)["data"].clone()
}

impl TestApp {
    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("content-type", "application/json")];
        if !token.is_empty() {
            headers.push(("authorization", &bearer));
        }
        let body = match body.is_null() {
            true => String::new(),
            false => body.to_string(),
        };
        let path = format!("/api/v1/booking{path}");
        request(self.http, method, &path, &headers, &body).unwrap()
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> Answer {
        self.call("GET", path, token, &Value::Null)
    }

    pub(crate) fn coupon(&self, code: &str, kind: &str, value: i64, max_redemptions: u32) {
        let body = json!({
            "code": code,
            "type": "school",
            "discountType": kind,
            "discountValue": value,
            "maxRedemptions": max_redemptions,
            "validFrom": "2020-01-01T00:00:00Z",
            "validUntil": "2099-01-01T00:00:00Z",
        });
        data(&self.call("POST", "/coupons", &operator(), &body));
    }

    pub(crate) fn reserve(&self, payment: Uuid, student: Uuid, code: Option<&str>) -> Answer {
        let body = json!({
            "paymentId": payment,
            "studentId": student,
            "expiresAt": "2099-01-01T00:00:00Z",
            "classType": "ONE_ON_ONE",
            "sessionCount": 30,
            "couponCode": code,
        });
        self.call("POST", "/pricing/reservations", &service_token(), &body)
    }

    pub(crate) fn settle(&self, payment: Uuid, action: &str) -> u16 {
        let path = format!("/pricing/reservations/{payment}/{action}");
        self.call("POST", &path, &service_token(), &json!({}))
            .status
    }

    pub(crate) fn redemptions(&self, code: &str) -> i64 {
        let coupons = data(&self.get("/coupons", &operator()));
        let mut coupons = coupons["items"].as_array().unwrap().iter();
        let coupon = coupons.find(|coupon| coupon["code"] == code).unwrap();
        coupon["currentRedemptions"].as_i64().unwrap()
    }
}
