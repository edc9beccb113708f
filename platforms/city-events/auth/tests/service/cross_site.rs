//! Requests of pages of other sites, without cookies of the service.

use seaworthy_testkit::http::HttpResponse;
use serde_json::json;

use crate::app::{PASSWORD, TestApp, code, cookies, logged_in_user};

/// The headers that a browser sends for such a page.
const CROSS_SITE: [&[(&str, &str)]; 4] = [
    &[
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ],
    &[("sec-fetch-site", "same-site")],
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
];

/// Submits a form whose body is valid JSON. The browser sends no CORS preflight for it.
fn form(app: &TestApp, path: &str, page: &[(&str, &str)], body: &str) -> HttpResponse {
    let mut headers = vec![("content-type", "text/plain")];
    headers.extend(page);
    app.send("POST", path, &headers, body)
}

pub(crate) async fn cross_site_login_and_logout_are_forbidden_auth_4(app: TestApp) {
    app.register("mallory@example.org");
    let known = json!({ "email": "mallory@example.org", "password": PASSWORD, "": "=" });
    let new = json!({ "email": "trudy@example.org", "password": PASSWORD, "": "=" });
    for page in CROSS_SITE {
        for (path, body) in [
            ("/auth/v1/login", known.to_string()),
            ("/auth/v1/register", new.to_string()),
            ("/auth/v1/refresh", String::new()),
            ("/auth/v1/logout", String::new()),
        ] {
            let forged = form(&app, path, page, &body);
            let result = (forged.status, code(&forged));
            assert_eq!(result, (403, "forbidden".to_owned()), "{path} {page:?}");
            assert!(cookies(&forged).is_empty(), "{path} {page:?}");
        }
    }
    // The account was not created.
    assert_eq!(app.log_in("trudy@example.org", PASSWORD).status, 401);
}

pub(crate) async fn own_pages_and_programs_can_log_in_auth_4(app: TestApp) {
    app.register("ada@example.org");
    let own = json!({ "email": "ada@example.org", "password": PASSWORD }).to_string();
    let pages: [&[(&str, &str)]; 5] = [
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none")],
        // An origin that CORS allows with credentials.
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "http://localhost:3000"),
        ],
        &[("origin", "http://127.0.0.1:8080")],
        &[("user-agent", "curl")],
    ];
    for page in pages {
        let ada = logged_in_user(&form(&app, "/auth/v1/login", page, &own), 200);
        assert!(!ada.cookie.is_empty(), "{page:?}");
    }
}
