//! A service with OpenID logins, and a browser.

use http::{HeaderMap, HeaderValue, header::COOKIE};
use seaworthy_auth::oidc::{
    CompletedLogin, LocalPath, OpenIdConfig, OpenIdError, OpenIdLogin, UsedLoginsInMemory,
};
use seaworthy_client::{HttpClient, HttpClientConfig};
use seaworthy_core::{Secret, Timeout};
use seaworthy_telemetry::metrics::{Format, Metrics};

pub(crate) const CLIENT: &str = "events";
/// Contains characters that must be escaped.
pub(crate) const SECRET: &str = "s3cret/with:letters+that&need=escapes";
pub(crate) const CALLBACK: &str = "http://127.0.0.1:9/callback";
const COOKIE_KEY: &str = "VGhlIHRpZGUgaXMgZnVsbCwgdGhlIG1vb24gbGllcyBmYWly";

pub(crate) struct TestApp {
    pub(crate) login: OpenIdLogin,
    metrics: Metrics,
}

pub(crate) struct StartedLogin {
    pub(crate) location: String,
    /// Name and value.
    pub(crate) cookie: String,
}

pub(crate) fn config(issuer: &str) -> OpenIdConfig {
    OpenIdConfig {
        issuer: issuer.to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret: Some(Secret::new(SECRET.to_owned())),
        redirect_uri: CALLBACK.to_owned(),
        timeout: Timeout::from_secs(30),
        ..OpenIdConfig::default()
    }
}

impl TestApp {
    pub(crate) fn new(config: OpenIdConfig) -> Self {
        let mut client_config = HttpClientConfig::default();
        // A provider may be slow on a busy test machine.
        client_config.policies.attempt_timeout = Timeout::from_secs(20);
        client_config.policies.total_timeout = Timeout::from_secs(20);
        client_config.policies.retry.max_attempts = std::num::NonZeroU32::MIN;
        Self::with_client(config, client_config)
    }

    pub(crate) fn with_client(config: OpenIdConfig, client_config: HttpClientConfig) -> Self {
        let metrics = Metrics::new();
        let client = HttpClient::builder("provider")
            .config(client_config)
            .build()
            .unwrap();
        let key = Secret::new(COOKIE_KEY.to_owned());
        let used = UsedLoginsInMemory::new();
        let login = OpenIdLogin::new("provider", config, client, &key, used, &metrics).unwrap();
        Self { login, metrics }
    }

    pub(crate) async fn begin(&self, return_to: &str) -> StartedLogin {
        let started = self
            .login
            .begin(LocalPath::parse_or_root(return_to))
            .await
            .unwrap();
        let cookie = started.cookie.to_str().unwrap();
        assert!(cookie.ends_with("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"));
        StartedLogin {
            location: started.location.to_str().unwrap().to_owned(),
            cookie: cookie.split(';').next().unwrap().to_owned(),
        }
    }

    pub(crate) async fn finish(
        &self,
        cookie: &str,
        address: &str,
    ) -> Result<CompletedLogin, OpenIdError> {
        let query = address.strip_prefix(CALLBACK).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(
            COOKIE,
            HeaderValue::try_from(format!("a=b; {cookie}")).unwrap(),
        );
        let login = self.login.clone();
        let query = query.strip_prefix('?').map(str::to_owned);
        // In a separate task, as in a server.
        let finished = async move { login.finish(&headers, query.as_deref()).await };
        tokio::spawn(finished).await.unwrap()
    }

    pub(crate) async fn reason(&self, cookie: &str, address: &str) -> &'static str {
        match self.finish(cookie, address).await {
            Ok(_) => "SUCCESS",
            Err(error) => error.reason(),
        }
    }

    pub(crate) fn metrics(&self) -> String {
        self.metrics.render(Format::PrometheusText)
    }
}

/// Returns the encoded value of a URL parameter.
pub(crate) fn parameter<'a>(address: &'a str, name: &str) -> &'a str {
    let (_, query) = address.split_once('?').unwrap();
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).unwrap().1
}

/// Replaces the value of a URL parameter.
pub(crate) fn with_parameter(address: &str, name: &str, value: &str) -> String {
    let pair = format!("{name}={}", parameter(address, name));
    assert!(address.contains(&pair));
    address.replace(&pair, &format!("{name}={value}"))
}
