use std::time::SystemTime;

use http::{HeaderValue, StatusCode};
use seaworthy_auth::{
    BearerAuthentication, BearerConfig, SERVICE_TOKEN, ServiceTokens,
    token::{
        Algorithm, Issuer, IssuerConfig, NewToken, SigningKey, TokenSigner, TokenSignerConfig,
        TokenVerifier,
    },
};
use seaworthy_client::{Credentials, CredentialsError, HttpClient};
use seaworthy_config::Loader;
use seaworthy_core::{Error, context};
use seaworthy_http::Routes;
use seaworthy_service::{NoSettings, RunningService, Service};

pub(crate) const ORDERS: &str = "orders";
pub(crate) const PAYMENTS: &str = "payments";

/// A running service, and the signer that it trusts.
pub(crate) struct TestApp {
    signer: TokenSigner,
    payments: RunningService,
}

/// Credentials with a fixed token.
pub(crate) struct StaticToken(pub(crate) String);

impl Credentials for StaticToken {
    fn authorization(&self) -> Result<HeaderValue, CredentialsError> {
        Ok(HeaderValue::try_from(format!("Bearer {}", self.0))?)
    }
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        let signer = signer("orders-1");
        let config = IssuerConfig {
            issuer: Some(ORDERS.to_owned()),
            audiences: vec![PAYMENTS.to_owned()],
            algorithms: vec![Algorithm::EdDsa],
            types: vec![SERVICE_TOKEN.to_owned()],
            // The subject, which is the name of the service, is its role.
            role_claims: vec!["sub".to_owned()],
            ..IssuerConfig::default()
        };
        let issuer = Issuer::with_keys(config, signer.verification().unwrap()).unwrap();
        let verifier = TokenVerifier::new([issuer]).unwrap();
        let payments = Service::new(PAYMENTS, "1.0.0")
            .start::<NoSettings, _>(Loader::for_tests(PAYMENTS), async |service| {
                service.authenticate(BearerAuthentication::new(
                    verifier,
                    BearerConfig::default(),
                    service.metrics(),
                ));
                let charge = Routes::new().post("/charge", async || actor());
                service.http(charge.with_options(|options| options.roles([ORDERS])));
                Ok(())
            })
            .await
            .unwrap();
        Self { signer, payments }
    }

    /// Returns the tokens of a service for another one.
    pub(crate) fn tokens(&self, service: &str, audience: &str) -> ServiceTokens {
        ServiceTokens::new(self.signer.clone(), service, audience)
    }

    /// Returns a token of orders for payments that was signed at this time.
    pub(crate) fn signed_at(&self, time: SystemTime) -> StaticToken {
        let token = NewToken::for_subject(ORDERS).audience(PAYMENTS);
        StaticToken(self.signer.sign_at(token, time).unwrap().expose().clone())
    }

    /// Calls payments with these credentials. Returns the status, and the actor or the reason of
    /// the rejection.
    pub(crate) async fn charge(
        &self,
        credentials: Option<impl Credentials>,
    ) -> (StatusCode, String) {
        let address = self.payments.addresses().http;
        let base = format!("clients.{PAYMENTS}.base_url=http://{address}");
        let mut client = None;
        let orders = Service::new(ORDERS, "1.0.0")
            .start::<NoSettings, _>(
                Loader::for_tests(ORDERS).overrides([base]),
                async |service| {
                    let builder = service.http_client_builder(PAYMENTS);
                    client = Some(match credentials {
                        Some(credentials) => builder.credentials(credentials).build()?,
                        None => builder.build()?,
                    });
                    Ok(())
                },
            )
            .await
            .unwrap();
        let response = send(&client.unwrap()).await;
        drop(orders);
        response
    }
}

async fn send(client: &HttpClient) -> (StatusCode, String) {
    let response = client.post("/charge").send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    if status.is_success() {
        return (status, text);
    }
    let problem: serde_json::Value = serde_json::from_str(&text).unwrap();
    (status, problem["reason"].as_str().unwrap().to_owned())
}

/// Creates a signer with a new key.
pub(crate) fn signer(key: &str) -> TokenSigner {
    let config = TokenSignerConfig {
        issuer: ORDERS.to_owned(),
        kind: SERVICE_TOKEN.to_owned(),
        ..TokenSignerConfig::default()
    };
    TokenSigner::new(config, SigningKey::generate(key, Algorithm::EdDsa).unwrap())
}

fn actor() -> Result<String, Error> {
    let context = context::current().ok_or_else(|| Error::internal("no request"))?;
    let actor = context.actor().map(|actor| actor.as_str().to_owned());
    Ok(actor.unwrap_or_else(|| "anonymous".to_owned()))
}
