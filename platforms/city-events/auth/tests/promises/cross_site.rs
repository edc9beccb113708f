//! What a page of another site can do in a browser that has no cookie of ours, or sends none.

use seaworthy_testkit::http::Answer;
use serde_json::json;

use crate::place::{PASSWORD, Place, code, cookies, person};

/// How a browser tells of such a page, the newest way first.
const EVIL: [&[(&str, &str)]; 4] = [
    &[
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ],
    &[("sec-fetch-site", "same-site")],
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
];

/// A form whose one field is written so that its body is JSON: no preflight asks first.
fn form(place: &Place, path: &str, page: &[(&str, &str)], body: &str) -> Answer {
    let mut headers = vec![("content-type", "text/plain")];
    headers.extend(page);
    place.send("POST", path, &headers, body)
}

pub(crate) async fn another_site_logs_nobody_in_or_out_auth_4(place: Place) {
    place.register("mallory@example.org");
    let known = json!({ "email": "mallory@example.org", "password": PASSWORD, "": "=" });
    let new = json!({ "email": "trudy@example.org", "password": PASSWORD, "": "=" });
    for page in EVIL {
        for (path, body) in [
            ("/auth/v1/login", known.to_string()),
            ("/auth/v1/register", new.to_string()),
            ("/auth/v1/refresh", String::new()),
            ("/auth/v1/logout", String::new()),
        ] {
            let forged = form(&place, path, page, &body);
            let told = (forged.status, code(&forged));
            assert_eq!(told, (403, "forbidden".to_owned()), "{path} {page:?}");
            assert!(cookies(&forged).is_empty(), "{path} {page:?}");
        }
    }
    // Nobody was registered.
    assert_eq!(place.log_in("trudy@example.org", PASSWORD).status, 401);
}

pub(crate) async fn the_platforms_pages_and_programs_log_in_auth_4(place: Place) {
    place.register("ada@example.org");
    let own = json!({ "email": "ada@example.org", "password": PASSWORD }).to_string();
    let pages: [&[(&str, &str)]; 5] = [
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none")],
        // One that CORS lets in with credentials, whatever site it is of.
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "http://localhost:3000"),
        ],
        &[("origin", "http://127.0.0.1:8080")],
        &[("user-agent", "curl")],
    ];
    for page in pages {
        let ada = person(&form(&place, "/auth/v1/login", page, &own), 200);
        assert!(!ada.cookie.is_empty(), "{page:?}");
    }
}
