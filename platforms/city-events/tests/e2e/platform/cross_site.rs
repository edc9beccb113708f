//! Only the gateway knows its own origin, so it rejects requests from other sites.

use seaworthy_testkit::http::{HttpResponse, request};
use serde_json::json;

use crate::{
    app::TestApp,
    client::{PASSWORD, new_email},
};

/// Sends JSON as a form does: with a content type that needs no preflight, and without a cookie.
fn post_form(app: &TestApp, path: &str, page: &[(&str, &str)], body: &str) -> HttpResponse {
    let mut headers = vec![("content-type", "text/plain")];
    headers.extend(page);
    request(app.address, "POST", path, &headers, body).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forms_of_other_sites_are_forbidden_auth_4() {
    let app = TestApp::start().await;
    let body = json!({ "email": new_email("mallory"), "password": PASSWORD }).to_string();
    let registered = post_form(&app, "/api/auth/register", &[], &body);
    assert_eq!(registered.status, 201, "{registered:?}");
    let cross_site: [&[(&str, &str)]; 2] = [
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example"),
        ],
        &[("origin", "https://evil.example")],
    ];
    for page in cross_site {
        for path in ["login", "register", "refresh", "logout"] {
            let forged = post_form(&app, &format!("/api/auth/{path}"), page, &body);
            assert_eq!(forged.status, 403, "{path} {forged:?}");
            assert_eq!(forged.header("set-cookie"), None, "{path}");
        }
    }
    let origin = format!("http://{}", app.address);
    let same_origin: [&[(&str, &str)]; 3] = [
        &[("sec-fetch-site", "same-origin"), ("origin", &origin)],
        &[("origin", &origin)],
        &[],
    ];
    for page in same_origin {
        let login = post_form(&app, "/api/auth/login", page, &body);
        assert_eq!(login.status, 200, "{page:?} {login:?}");
        assert!(login.header("set-cookie").is_some(), "{page:?}");
    }
    app.stop().await;
}
