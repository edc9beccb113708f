//! The page at the end of a login by a provider. It runs in its own window, sends the result to the
//! page that opened it, and closes.
//!
//! The result is JSON data in the page. The script is constant, so the content security policy
//! allows it by its hash and blocks all other scripts.

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

/// A page without an opener stores the result only if it has the origin of the web application.
/// Otherwise the application cannot read it, and logs in by the cookie.
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

/// The message to the web application. The contract fixes its members.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Outcome<'a> {
    OauthSuccess {
        access_token: &'a str,
        expires_in: u64,
        user: UserSummary<'a>,
        redirect_to: &'a str,
    },
    OauthError {
        error: &'a str,
    },
}

/// The members of a user in the message.
#[derive(Serialize)]
pub(super) struct UserSummary<'a> {
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
            user: UserSummary {
                id: user.id.to_string(),
                email: user.email.expose(),
                role: user.role,
                email_verified: user.email_verified,
            },
            redirect_to: redirect_to.as_str(),
        }
    }

    pub(super) const fn error(error: &'a str) -> Self {
        Self::OauthError { error }
    }
}

#[derive(Serialize)]
struct PageData<'a> {
    message: &'a Outcome<'a>,
    origin: &'a str,
}

/// Returns the page, which sends the result only to this origin.
pub(super) fn result_page(status: StatusCode, outcome: &Outcome<'_>, origin: &str) -> Response {
    let page_data = PageData {
        message: outcome,
        origin,
    };
    let data = match serde_json::to_string(&page_data) {
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
        // The script needs the page that opened the window.
        (OPENER_POLICY, HeaderValue::from_static("unsafe-none")),
    ];
    (status, headers, page).into_response()
}

/// Escapes JSON for a `script` element. It cannot end the element, open a comment, or contain a
/// line separator of older scripts.
fn embeddable(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                safe.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            character => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn embedded_json_cannot_leave_its_element_auth_4() {
        let hostile = "</script><!--<script>&\u{2028}\u{2029}]]>\"'";
        let data = embeddable(&json!({ "email": hostile }).to_string());
        for forbidden in ["<", ">", "&", "\u{2028}", "\u{2029}"] {
            assert!(!data.contains(forbidden), "{data}");
        }
        let read: Value = serde_json::from_str(&data).unwrap();
        assert_eq!(read["email"], hostile);
    }

    #[test]
    fn script_cannot_end_its_element_auth_4() {
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
        assert!(POLICY.to_str().unwrap().contains("script-src 'sha256-"));
    }
}
