//! The service beside a real provider, and somebody's browser that goes from one to the other.

use seaworthy::config::Profile;
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::Answer,
    oidc_provider::{OidcProvider, OidcRegistrations},
    requirement::required,
};
use serde_json::Value;

use crate::place::{Place, cookies, open_with};

const CLIENT: &str = "city-events";
const SECRET: &str = "c2hpcHMgYXJlIGJ1aWx0IGZvciB0aGUgb3BlbiBzZWE";
/// Where browsers would come back to by way of the door; these go to the service itself.
const CALLBACK: &str = "http://127.0.0.1:9/api/auth/oauth/google/callback";
const START: &str = "/auth/v1/oauth/google/start";

/// A name that would leave the place it stands in, as it is written in an address.
pub(crate) const HOSTILE: &str = "%3C/script%3E%3Cscript%3Ealert(1)%3C/script%3E";

/// The service and its provider.
pub(crate) struct Harbour {
    pub(crate) place: Place,
    pub(crate) provider: OidcProvider,
}

/// Somebody who was sent to the provider.
pub(crate) struct Begun {
    pub(crate) location: String,
    /// Name and value.
    pub(crate) cookie: String,
}

pub(crate) async fn open(empty: EmptyDatabase) -> Option<Harbour> {
    open_with_more(empty, &[]).await
}

pub(crate) async fn open_with_more(empty: EmptyDatabase, more: &[&str]) -> Option<Harbour> {
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
    let place = open_with(empty, Profile::Development, &own).await;
    Some(Harbour { place, provider })
}

/// What the service has to know of the provider; with patience, because many tests share two cores.
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

impl Harbour {
    pub(crate) fn begin(&self, query: &str) -> Begun {
        let answer = self.place.send("GET", &format!("{START}{query}"), &[], "");
        assert_eq!(answer.status, 302, "{}", answer.body);
        let set = cookies(&answer);
        assert_eq!(set.len(), 1, "{set:?}");
        Begun {
            location: answer.header("location").unwrap().to_owned(),
            cookie: set[0].clone(),
        }
    }

    /// Where the provider sends somebody back to, who logs in there.
    pub(crate) fn at_provider(&self, begun: &Begun, account: &str) -> String {
        self.provider.log_in(&begun.location, account).unwrap()
    }

    /// What the browser gets that comes back.
    pub(crate) fn come_back(&self, cookie: &str, back: &str) -> Answer {
        self.come_back_to("google", cookie, back)
    }

    pub(crate) fn come_back_to(&self, provider: &str, cookie: &str, back: &str) -> Answer {
        let path = callback_path(provider, back);
        self.place.send("GET", &path, &[("cookie", cookie)], "")
    }

    /// The whole way.
    pub(crate) fn log_in(&self, account: &str) -> Answer {
        let begun = self.begin("?redirect_to=/events");
        let back = self.at_provider(&begun, account);
        self.come_back(&begun.cookie, &back)
    }
}

/// The path at the service of the address that the provider sends a browser to.
pub(crate) fn callback_path(provider: &str, back: &str) -> String {
    let (address, query) = back.split_once('?').unwrap();
    assert_eq!(address, CALLBACK);
    format!("/auth/v1/oauth/{provider}/callback?{query}")
}

/// What a page tells the web application.
pub(crate) fn message(answer: &Answer) -> Value {
    outcome(answer)["message"].clone()
}

pub(crate) fn outcome(answer: &Answer) -> Value {
    let (_, data) = answer
        .body
        .split_once("type=\"application/json\">")
        .unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    serde_json::from_str(data).unwrap()
}

/// Why nobody is logged in.
pub(crate) fn refused(answer: &Answer) -> String {
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert_eq!(answer.header("set-cookie"), None);
    let told = message(answer);
    assert_eq!(told["type"], "oauth_error");
    let error = told["error"].as_str().unwrap();
    assert!(
        answer.body.contains(&format!("<p>{error}</p>")),
        "{}",
        answer.body
    );
    error.to_owned()
}
