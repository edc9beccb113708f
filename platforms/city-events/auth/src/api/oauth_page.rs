//! The page that a login by a provider ends with. It is in a window of its own, tells the page that opened it how it went, and closes.
//!
//! What it tells is data in the page and no part of its script, which is the same for everybody: so the policy names the script by its hash, and nothing else in the page runs.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use city_events_contract::Role;
use maud::{DOCTYPE, PreEscaped, html};
use seaworthy::{
    auth::oidc::LocalPath,
    axum::{
        http::{
            HeaderName, HeaderValue, StatusCode,
            header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY},
        },
        response::{IntoResponse as _, Response},
    },
    prelude::*,
};

use crate::{accounts::AccessToken, domain::User};

/// A page without an opener keeps what it has to tell only for its own origin; elsewhere nobody could read it, and the cookie logs in.
const SCRIPT: &str = r#"
const { message, origin } = JSON.parse(document.getElementById("outcome").textContent);
if (window.opener) {
  window.opener.postMessage(message, origin);
  window.close();
} else if (message.type === "oauth_success") {
  if (location.origin === origin) sessionStorage.setItem("oauth_result", JSON.stringify(message));
  location.replace(origin + message.redirect_to);
}
"#;

static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(digest::digest(&digest::SHA256, SCRIPT.as_bytes()));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// What the web application is told.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Outcome<'a> {
    /// Somebody is logged in.
    OauthSuccess {
        access_token: &'a str,
        expires_in: u64,
        user: UserTold<'a>,
        redirect_to: &'a str,
    },
    /// Nobody is.
    OauthError { error: &'a str },
}

/// What of a user is told.
#[derive(Serialize)]
pub(super) struct UserTold<'a> {
    id: String,
    email: &'a str,
    role: Role,
    email_verified: bool,
}

impl<'a> Outcome<'a> {
    pub(super) fn logged_in(
        user: &'a User,
        access: &'a AccessToken,
        redirect_to: &'a LocalPath,
    ) -> Self {
        Self::OauthSuccess {
            access_token: access.text.expose(),
            expires_in: access.seconds,
            user: UserTold {
                id: user.id.to_string(),
                email: user.email.expose(),
                role: user.role,
                email_verified: user.email_verified,
            },
            redirect_to: redirect_to.as_str(),
        }
    }

    pub(super) const fn refused(error: &'a str) -> Self {
        Self::OauthError { error }
    }
}

#[derive(Serialize)]
struct Told<'a> {
    message: &'a Outcome<'a>,
    origin: &'a str,
}

/// The page, for the application at this origin and no other.
pub(super) fn page(status: StatusCode, outcome: &Outcome<'_>, origin: &str) -> Response {
    let told = Told {
        message: outcome,
        origin,
    };
    let data = match serde_json::to_string(&told) {
        Ok(data) => embeddable(&data),
        Err(error) => return Error::internal(error).into_response(),
    };
    let (title, text) = match outcome {
        Outcome::OauthSuccess { .. } => ("Signed in", "You are signed in."),
        Outcome::OauthError { error } => ("Sign-in failed", *error),
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
            }
            body {
                p { (text) }
                p { a href=(origin) { "City Events" } }
                script #outcome type="application/json" { (PreEscaped(data)) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    let headers = [
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (CONTENT_SECURITY_POLICY, POLICY.clone()),
        // The page that opened the window has to be reached from it.
        (OPENER_POLICY, HeaderValue::from_static("unsafe-none")),
    ];
    (status, headers, page).into_response()
}

/// JSON that ends no script and opens no comment wherever it stands in a page, and is one line of a script too: all that HTML or older scripts read otherwise is escaped.
fn embeddable(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for one in json.chars() {
        match one {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                safe.push_str(&format!("\\u{:04x}", u32::from(one)));
            }
            one => safe.push(one),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_is_told_cannot_leave_its_place_auth_4() {
        let hostile = "</script><!--<script>&\u{2028}\u{2029}]]>\"'";
        let data = embeddable(&json!({ "email": hostile }).to_string());
        for forbidden in ["<", ">", "&", "\u{2028}", "\u{2029}"] {
            assert!(!data.contains(forbidden), "{data}");
        }
        let read: Value = serde_json::from_str(&data).unwrap();
        assert_eq!(read["email"], hostile);
    }

    #[test]
    fn the_script_closes_nothing_that_it_stands_in_auth_4() {
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
        assert!(POLICY.to_str().unwrap().contains("script-src 'sha256-"));
    }
}
