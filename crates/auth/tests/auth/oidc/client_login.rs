//! Logins that an application began at the provider itself.

use std::num::NonZeroU32;

use seaworthy_auth::oidc::{OpenIdClientLogin, OpenIdError};
use seaworthy_client::{HttpClient, HttpClientConfig};
use seaworthy_core::{Secret, Timeout};
use seaworthy_telemetry::metrics::{Format, Metrics};
use seaworthy_testkit::{
    http::request,
    oidc_provider::{OidcProvider, OidcRegistrations},
    requirement::required,
};
use serde_json::Value;

use crate::oidc::browser::{CALLBACK, CLIENT, SECRET, config};

const MOBILE: &str = "mobile";
const OTHER: &str = "other";
/// An address of this service that the provider does not have.
const ELSEWHERE: &str = "http://127.0.0.1:9/other";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

struct TestLogin {
    provider: OidcProvider,
    login: OpenIdClientLogin,
    metrics: Metrics,
}

impl TestLogin {
    fn start() -> Option<Self> {
        let modules = required("SEAWORTHY_TEST_OIDC_PROVIDER")?;
        let registrations = OidcRegistrations::new()
            .client(CLIENT, SECRET, CALLBACK, &Value::Null)
            .client(MOBILE, "secret", CALLBACK, &Value::Null)
            .client(OTHER, "secret", CALLBACK, &Value::Null)
            .account("ada", "ada@example.org", true)
            .claims_in_token();
        let provider = OidcProvider::start(modules, &registrations).unwrap();
        let mut client = HttpClientConfig::default();
        // A provider may be slow on a busy test machine.
        client.policies.attempt_timeout = Timeout::from_secs(20);
        client.policies.total_timeout = Timeout::from_secs(20);
        client.policies.retry.max_attempts = NonZeroU32::MIN;
        let client = HttpClient::builder("provider").config(client).build();
        let (config, metrics) = (config(&provider.issuer()), Metrics::new());
        let (more, uris) = (
            [MOBILE.to_owned()],
            [CALLBACK, ELSEWHERE].map(str::to_owned),
        );
        let client = client.unwrap();
        let login = OpenIdClientLogin::new("provider", config, more, uris.into(), client, &metrics);
        Some(Self {
            provider,
            login: login.unwrap(),
            metrics,
        })
    }

    /// Logs in as an application does. Returns the code.
    fn code(&self, client: &str) -> Secret<String> {
        let address = format!(
            "{}/auth?client_id={client}&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fcallback&response_type=code&scope=openid+email&code_challenge={CHALLENGE}&code_challenge_method=S256&state=s",
            self.provider.issuer()
        );
        let back = self.provider.log_in(&address, "ada").unwrap();
        let (_, code) = back.split_once("code=").unwrap();
        Secret::new(code.split('&').next().unwrap().to_owned())
    }

    /// Returns an ID token for a client with the secret `secret`.
    fn id_token(&self, client: &str) -> Secret<String> {
        let code = self.code(client);
        let form = format!(
            "grant_type=authorization_code&code={}&redirect_uri={CALLBACK}&code_verifier={VERIFIER}",
            code.expose()
        );
        // `mobile:secret` and `other:secret`.
        let basic = match client {
            MOBILE => "Basic bW9iaWxlOnNlY3JldA==",
            _ => "Basic b3RoZXI6c2VjcmV0",
        };
        let headers = [
            ("authorization", basic),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let answer = request(self.provider.address(), "POST", "/token", &headers, &form).unwrap();
        let answer: Value = serde_json::from_str(&answer.body).unwrap();
        let token = answer.get("id_token").and_then(Value::as_str);
        Secret::new(token.unwrap().to_owned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn application_logs_in_by_its_own_token_auth_4() {
    let Some(test) = TestLogin::start() else {
        return;
    };
    let identity = test
        .login
        .verify_id_token(&test.id_token(MOBILE))
        .await
        .unwrap();
    assert_eq!(identity.subject(), "ada");
    let email = identity.verified_email().unwrap();
    assert_eq!(email.expose(), "ada@example.org");
    let foreign = test.login.verify_id_token(&test.id_token(OTHER)).await;
    assert!(matches!(foreign, Err(OpenIdError::Token(_))), "{foreign:?}");
    let counted = test.metrics.render(Format::PrometheusText);
    for outcome in ["SUCCESS", "OPENID_TOKEN"] {
        let line = format!(r#"openid_logins_total{{outcome="{outcome}",provider="provider"}} 1"#);
        assert!(counted.contains(&line), "{counted}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn application_code_needs_verifier_and_address_auth_4() {
    let Some(test) = TestLogin::start() else {
        return;
    };
    let login = &test.login;
    let identity = login
        .exchange_code(&test.code(CLIENT), CALLBACK, VERIFIER)
        .await;
    assert_eq!(identity.unwrap().subject(), "ada");
    for (code, address, verifier) in [
        (test.code(CLIENT), CALLBACK, CHALLENGE),
        (test.code(CLIENT), ELSEWHERE, VERIFIER),
        (test.code(OTHER), CALLBACK, VERIFIER),
    ] {
        let refused = login.exchange_code(&code, address, verifier).await;
        assert!(matches!(refused, Err(OpenIdError::Code)), "{refused:?}");
    }
    let unknown = "http://127.0.0.1:9/unknown";
    let refused = login
        .exchange_code(&test.code(CLIENT), unknown, VERIFIER)
        .await;
    assert!(
        matches!(refused, Err(OpenIdError::RedirectUri)),
        "{refused:?}"
    );
}
