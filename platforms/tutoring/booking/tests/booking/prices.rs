use serde_json::{Value, json};
use tutoring_contract::Role;
use uuid::Uuid;

use crate::app::{TestApp, data, json_of, operator, service_token, token};

pub(crate) async fn price_list_follows_its_operator_api_1(app: TestApp) {
    let total = |query: &str| {
        let answer = app.get(&format!("/pricing/calculate?{query}"), "");
        json_of(&answer)["data"]["total"].clone()
    };
    assert_eq!(total("classType=HYBRID&sessionCount=30"), 590_000);
    assert_eq!(total("classType=HYBRID"), 590_000);
    assert_eq!(total("classType=HYBRID&sessionCount=10"), Value::Null);
    let package = "classType=ONE_ON_TWO&sessionCount=20";
    assert_eq!(total(package), 590_000);
    assert_eq!(total(&format!("{package}&claimDeal=true")), 511_333);
    let mut price = json!({
        "classType": "ONE_ON_TWO",
        "sessionCount": 20,
        "basePriceMinor": 480_001,
        "gstPercentage": 5,
        "couponMinor": 0,
        "dealMinor": 1,
    });
    let set = |price: &Value| app.call("PUT", "/pricing", &operator(), price);
    assert_eq!(set(&price).status, 200);
    assert_eq!(total(package), 504_001);
    price["isSummer"] = json!(true);
    price["basePriceMinor"] = json!(100_000);
    assert_eq!(set(&price).status, 200);
    assert_eq!(total(package), 504_001);
    let switch = json!({ "summer_pricing_enabled": true, "enable_10_session_packages": false });
    let switched = app.call("PUT", "/feature-flags", &operator(), &switch);
    assert_eq!(switched.status, 200, "{}", switched.body);
    assert_eq!(total(package), 105_000);
    assert_eq!(total("classType=ONE_ON_ONE&sessionCount=10"), Value::Null);
    assert_eq!(
        data(&app.get("/feature-flags", ""))["summer_pricing_enabled"],
        true
    );
    // Packages on Sundays have their own switch.
    let sunday = "classType=ONE_ON_ONE&sessionCount=30&deliveryMode=SUNDAY_ONLY";
    assert_ne!(total(sunday), Value::Null);
    let reserve = |mode: &str| {
        let body = json!({
            "paymentId": Uuid::new_v4(), "studentId": Uuid::from_u128(7),
            "expiresAt": "2099-01-01T00:00:00Z", "classType": "ONE_ON_ONE",
            "sessionCount": 30, "deliveryMode": mode,
        });
        let path = "/pricing/reservations";
        app.call("POST", path, &service_token(), &body).status
    };
    assert_eq!(reserve("SUNDAY_ONLY"), 200);
    let switch = json!({ "enable_sunday_focus": false });
    let switched = app.call("PUT", "/feature-flags", &operator(), &switch);
    assert_eq!(switched.status, 200, "{}", switched.body);
    assert_eq!(total(sunday), Value::Null);
    assert_eq!(
        (reserve("SUNDAY_ONLY"), reserve("WEEKDAY_DAILY")),
        (400, 200)
    );
    price["dealMinor"] = json!(100_000);
    price["gstPercentage"] = json!(101);
    let refused = json_of(&set(&price));
    assert_eq!(refused["errors"].as_array().unwrap().len(), 2, "{refused}");
    let unknown = app.call("PUT", "/feature-flags", &operator(), &json!({ "x": true }));
    assert_eq!(unknown.status, 400);

    app.coupon("Summer-1", "percentage", 50, 1);
    let student = token(Uuid::from_u128(7), Role::Student, &[]);
    let check = |code: &str| {
        app.call(
            "POST",
            "/coupons/validate",
            &student,
            &json!({ "code": code }),
        )
    };
    assert_eq!(
        data(&check("SUMMER-1"))["coupon"]["remainingRedemptions"],
        1
    );
    assert_eq!(check("none").status, 400);
    let again = json!({
        "code": "SUMMER-1",
        "type": "school",
        "discountType": "class_amount",
        "maxRedemptions": 1,
        "validFrom": "2020-01-01T00:00:00Z",
        "validUntil": "2099-01-01T00:00:00Z",
    });
    assert_eq!(
        app.call("POST", "/coupons", &operator(), &again).status,
        409
    );
}

pub(crate) async fn price_applies_in_its_period_api_1(app: TestApp) {
    let set = |from: Value, until: Value| {
        let price = json!({
            "classType": "HYBRID", "sessionCount": 30, "basePriceMinor": 100_000,
            "gstPercentage": 18, "couponMinor": 0, "dealMinor": 0,
            "validFrom": from, "validUntil": until,
        });
        app.call("PUT", "/pricing", &operator(), &price)
    };
    let (past, future) = (json!("2020-01-01T00:00:00Z"), json!("2099-01-01T00:00:00Z"));
    for (from, until, total) in [
        (&past, &Value::Null, json!(118_000)),
        (&Value::Null, &future, json!(118_000)),
        (&future, &Value::Null, Value::Null),
        (&Value::Null, &past, Value::Null),
        (&past, &future, json!(118_000)),
    ] {
        assert_eq!(set(from.clone(), until.clone()).status, 200);
        let priced = json_of(&app.get("/pricing/calculate?classType=HYBRID", ""));
        assert_eq!(priced["data"]["total"], total, "{from} {until} {priced}");
    }
    for until in [&past, &future] {
        let refused = set(future.clone(), until.clone());
        assert_eq!(refused.status, 400, "{}", refused.body);
        assert_eq!(json_of(&refused)["errors"][0]["field"], "validUntil");
    }
    let list = data(&app.get("/pricing", &operator()));
    let mut list = list.as_array().unwrap().iter();
    let stored = list.find(|price| price["classType"] == "HYBRID").unwrap();
    assert_eq!(
        (&stored["validFrom"], &stored["validUntil"]),
        (&past, &future)
    );
}

pub(crate) async fn every_route_rejects_callers_without_rights_auth_5(app: TestApp) {
    let id = Uuid::from_u128(7);
    let student = token(id, Role::Student, &["price:write"]);
    let trainer = token(id, Role::Trainer, &["price:write"]);
    let without = token(id, Role::Admin, &["coins:write"]);
    let settle = format!("/pricing/reservations/{id}/redeem");
    let (service, operator) = (service_token(), operator());
    for (method, path, allowed) in [
        ("POST", "/coupons/validate", &student),
        ("POST", "/pricing/reservations", &service),
        ("POST", settle.as_str(), &service),
        ("GET", "/pricing", &operator),
        ("PUT", "/pricing", &operator),
        ("GET", "/coupons", &operator),
        ("POST", "/coupons", &operator),
        ("PUT", "/feature-flags", &operator),
    ] {
        let body = match method {
            "GET" => Value::Null,
            _ => json!({}),
        };
        let status = |token: &str| app.call(method, path, token, &body).status;
        assert_eq!(status(""), 401, "{method} {path}");
        assert_eq!(status("a.b.c"), 401, "{method} {path}");
        let callers = [&student, &trainer, &without, &service, &operator];
        for other in callers.into_iter().filter(|other| *other != allowed) {
            assert_eq!(status(other), 403, "{method} {path}");
        }
        assert!(![401, 403].contains(&status(allowed)), "{method} {path}");
    }
}
