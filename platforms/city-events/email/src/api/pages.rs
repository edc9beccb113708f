use maud::{DOCTYPE, Markup, html};
use seaworthy::axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

/// The pages load only their own script and style sheet.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
);
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const SCRIPT: &str = include_str!("../../assets/links.js");
const STYLE: &str = include_str!("../../assets/links.css");

/// Returns the page of a verification link. Its button verifies the address, because mail scanners
/// open links but press no buttons.
pub(super) fn verify(token: &str) -> Response {
    let body = html! {
        p id="message" role="status" { "Press the button to verify your e-mail address." }
        form { button { "Verify my e-mail" } }
    };
    page("Verify your email", "verify", token, &body)
}

/// Returns the page of a password reset link.
pub(super) fn reset(token: &str) -> Response {
    let body = html! {
        p id="message" role="status" { "The link is being checked…" }
        form hidden {
            label { "New password" input name="password" type="password" autocomplete="new-password" minlength="12" required; }
            label { "Repeat the password" input name="repeated" type="password" autocomplete="new-password" minlength="12" required; }
            button { "Change my password" }
        }
    };
    page("Reset your password", "reset", token, &body)
}

/// Returns the response to a link without a token.
pub(super) fn incomplete() -> Response {
    (
        StatusCode::BAD_REQUEST,
        "the link has no token: open the link in the message again",
    )
        .into_response()
}

pub(super) fn script() -> Response {
    let kind = HeaderValue::from_static("text/javascript; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], SCRIPT).into_response()
}

pub(super) fn style() -> Response {
    let kind = HeaderValue::from_static("text/css; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], STYLE).into_response()
}

fn page(title: &str, name: &str, token: &str, body: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · City Events" }
                link rel="stylesheet" href="/assets/links.css";
                script src="/assets/links.js" defer {}
            }
            body {
                main data-page=(name) data-token=(token) {
                    h1 { (title) }
                    (body)
                    noscript { p { "This page needs JavaScript." } }
                }
            }
        }
    };
    let headers = [
        (header::CONTENT_TYPE, HTML),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        // The URL contains the token.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, page.into_string()).into_response()
}
