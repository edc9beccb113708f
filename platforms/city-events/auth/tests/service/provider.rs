//! The service with a real OpenID provider, and a browser that follows the redirects.

use seaworthy::config::Profile;
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::HttpResponse,
    oidc_provider::{OidcProvider, OidcRegistrations},
    requirement::required,
};
use serde_json::Value;

use crate::app::{TestApp, cookies, open_with};

const CLIENT: &str = "city-events";
const SECRET: &str = "c2hpcHMgYXJlIGJ1aWx0IGZvciB0aGUgb3BlbiBzZWE";
/// The registered callback of the gateway. The tests call the service directly.
const CALLBACK: &str = "http://127.0.0.1:9/api/auth/oauth/google/callback";
const START: &str = "/auth/v1/oauth/google/start";

/// A name that would end its HTML element, URL-encoded.
pub(crate) const HOSTILE: &str = "%3C/script%3E%3Cscript%3Ealert(1)%3C/script%3E";

/// The service and a provider.
pub(crate) struct ProviderTestApp {
    pub(crate) app: TestApp,
    pub(crate) provider: OidcProvider,
}

/// A login that was redirected to the provider.
pub(crate) struct StartedLogin {
    pub(crate) location: String,
    /// Name and value.
    pub(crate) cookie: String,
}

pub(crate) async fn open(empty: EmptyDatabase) -> Option<ProviderTestApp> {
    open_with_settings(empty, &[]).await
}

pub(crate) async fn open_with_settings(
    empty: EmptyDatabase,
    more: &[&str],
) -> Option<ProviderTestApp> {
    let modules = required("SEAWORTHY_TEST_OIDC_PROVIDER")?;
    let registrations = OidcRegistrations::new()
        .client(CLIENT, SECRET, CALLBACK, &Value::Null)
        .account("ada", "Ada@Example.org", true)
        .account("eve", "eve@example.org", false)
        .account("evil-ada", "ada@example.org", false)
        .account(
            "</script><script>alert(1)</script>",
            "mallory@example.org",
            true,
        )
        .account("odd", "odd@@example.org", true);
    let provider = OidcProvider::start(modules, &registrations).unwrap();
    let own = settings(&provider);
    let own: Vec<&str> = own
        .iter()
        .map(String::as_str)
        .chain(more.iter().copied())
        .collect();
    let app = open_with(empty, Profile::Development, &own).await;
    Some(ProviderTestApp { app, provider })
}

/// Returns the settings for the provider, with long timeouts for slow test machines.
pub(crate) fn settings(provider: &OidcProvider) -> Vec<String> {
    [
        "rate_limit.enabled=false".to_owned(),
        format!("oauth.google.issuer={}", provider.issuer()),
        format!("oauth.google.client_id={CLIENT}"),
        format!("oauth.google.client_secret={SECRET}"),
        format!("oauth.callback_url={CALLBACK}"),
        "oauth.timeout=60s".to_owned(),
        "clients.google.policies.attempt_timeout=30s".to_owned(),
        "clients.google.policies.total_timeout=60s".to_owned(),
    ]
    .into()
}

impl ProviderTestApp {
    pub(crate) fn begin(&self, query: &str) -> StartedLogin {
        let answer = self.app.send("GET", &format!("{START}{query}"), &[], "");
        assert_eq!(answer.status, 302, "{}", answer.body);
        let set = cookies(&answer);
        assert_eq!(set.len(), 1, "{set:?}");
        StartedLogin {
            location: answer.header("location").unwrap().to_owned(),
            cookie: set[0].clone(),
        }
    }

    /// Logs in at the provider, and returns the callback URL.
    pub(crate) fn log_in_at_provider(&self, started: &StartedLogin, account: &str) -> String {
        self.provider.log_in(&started.location, account).unwrap()
    }

    /// Follows the callback URL.
    pub(crate) fn finish(&self, cookie: &str, back: &str) -> HttpResponse {
        self.finish_at("google", cookie, back)
    }

    pub(crate) fn finish_at(&self, provider: &str, cookie: &str, back: &str) -> HttpResponse {
        let path = callback_path(provider, back);
        self.app.send("GET", &path, &[("cookie", cookie)], "")
    }

    /// Logs in by the provider.
    pub(crate) fn log_in(&self, account: &str) -> HttpResponse {
        let started = self.begin("?redirect_to=/events");
        let back = self.log_in_at_provider(&started, account);
        self.finish(&started.cookie, &back)
    }
}

/// Returns the path at the service for a callback URL.
pub(crate) fn callback_path(provider: &str, back: &str) -> String {
    let (address, query) = back.split_once('?').unwrap();
    assert_eq!(address, CALLBACK);
    format!("/auth/v1/oauth/{provider}/callback?{query}")
}

/// Returns the message of a result page.
pub(crate) fn message(answer: &HttpResponse) -> Value {
    outcome(answer)["message"].clone()
}

pub(crate) fn outcome(answer: &HttpResponse) -> Value {
    let (_, data) = answer
        .body
        .split_once("type=\"application/json\">")
        .unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    serde_json::from_str(data).unwrap()
}

/// Returns the error of a failed login.
pub(crate) fn error_of(answer: &HttpResponse) -> String {
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert_eq!(answer.header("set-cookie"), None);
    let result = message(answer);
    assert_eq!(result["type"], "oauth_error");
    let error = result["error"].as_str().unwrap();
    assert!(
        answer.body.contains(&format!("<p>{error}</p>")),
        "{}",
        answer.body
    );
    error.to_owned()
}
