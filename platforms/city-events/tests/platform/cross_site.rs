//! The door knows what the own site is, and the services behind it do not: what a page of another site may not do is refused here.

use seaworthy_testkit::http::{Answer, request};
use serde_json::json;

use crate::{
    house::House,
    people::{PASSWORD, address},
};

/// A form whose body is JSON, as a browser without any cookie sends it: no preflight asks first.
fn form(house: &House, path: &str, page: &[(&str, &str)], body: &str) -> Answer {
    let mut headers = vec![("content-type", "text/plain")];
    headers.extend(page);
    request(house.address, "POST", path, &headers, body).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_site_logs_nobody_in_by_the_door_auth_4() {
    let house = House::open().await;
    let own = json!({ "email": address("mallory"), "password": PASSWORD }).to_string();
    let registered = form(&house, "/api/auth/register", &[], &own);
    assert_eq!(registered.status, 201, "{registered:?}");
    let evil: [&[(&str, &str)]; 2] = [
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example"),
        ],
        &[("origin", "https://evil.example")],
    ];
    for page in evil {
        for path in ["login", "register", "refresh", "logout"] {
            let forged = form(&house, &format!("/api/auth/{path}"), page, &own);
            assert_eq!(forged.status, 403, "{path} {forged:?}");
            assert_eq!(forged.header("set-cookie"), None, "{path}");
        }
    }
    let door = format!("http://{}", house.address);
    let good: [&[(&str, &str)]; 3] = [
        &[("sec-fetch-site", "same-origin"), ("origin", &door)],
        &[("origin", &door)],
        &[],
    ];
    for page in good {
        let answer = form(&house, "/api/auth/login", page, &own);
        assert_eq!(answer.status, 200, "{page:?} {answer:?}");
        assert!(answer.header("set-cookie").is_some(), "{page:?}");
    }
    house.platform.stop().await;
}
