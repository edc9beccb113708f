//! Calls that services make for themselves and not for a user (AUTH-6): how the caller proves who it is, and how the callee tells it from everybody else.

use std::sync::Arc;

use seaworthy::{
    auth::{
        BearerAuthentication, Peer, PeerAuthentication, SERVICE_TOKEN, ServiceTokens,
        token::{Algorithm, IssuerConfig, SigningKey, TokenSigner, TokenSignerConfig},
    },
    axum::http::{HeaderValue, request::Parts},
    config::Settings,
    core::Grants,
    http::{Authenticate, Authentication, tls::ClientCertificates},
    prelude::*,
};

use crate::{Role, bearer_of};

/// The name that the gateway uses when it calls. `auth.proto` uses it as the role of its callers.
pub const DOOR: &str = "bff";
/// The name by which the service of users is called.
pub const AUTH_SERVICE: &str = "auth-service";
/// Longer than any call and what clocks differ by; a token that is stolen is good for no longer.
const TOKEN_LIFE: Timeout = Timeout::from_secs(60);
/// The key that two services share has no other name.
const KEY: &str = "shared";

/// How this service proves to another one who it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceCallsConfig {
    /// The secret that its tokens are signed with, 32 bytes at least: the same at the service that is called, and known to nobody else.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub secret: Option<Secret<String>>,
}

/// How another service proves to this one who it is. Without a secret and without certificates no service gets in.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceCallersConfig {
    /// The secret that its tokens are signed with, 32 bytes at least: the same at the service that calls, and known to nobody else.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub secret: Option<Secret<String>>,
    /// Further secrets whose tokens are accepted, while the secret is rotated.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub additional_verification_keys: Vec<Secret<String>>,
    /// Names in a client certificate that it is known by instead: a URI such as `spiffe://example.org/bff`, or a DNS name. `server.grpc.tls.client_certificates` has to ask for it.
    pub certificates: Vec<String>,
}

impl ServiceCallsConfig {
    /// The tokens by which `service` proves who it is to `callee`; none without a secret.
    ///
    /// # Errors
    /// [`StartError`] for a secret that is too short.
    pub fn tokens(&self, service: &str, callee: &str) -> Result<Option<ServiceTokens>, StartError> {
        let Some(secret) = &self.secret else {
            return Ok(None);
        };
        let bytes = Secret::new(secret.expose().clone().into_bytes());
        let key = SigningKey::secret(KEY, Algorithm::Hs256, &bytes).map_err(|error| {
            StartError::because("no service can be called (service_calls.secret)", error)
        })?;
        let config = TokenSignerConfig {
            lifetime: TOKEN_LIFE,
            kind: SERVICE_TOKEN.to_owned(),
            ..TokenSignerConfig::default()
        };
        let signer = TokenSigner::new(config, key);
        Ok(Some(ServiceTokens::new(signer, service, callee)))
    }
}

/// Authenticates services on routes that need the role of a service, and users on all others.
/// Services and users have separate keys, so roles in a token cannot turn one into the other.
pub struct PeopleAndServices<P> {
    people: P,
    services: Option<Arc<dyn Authenticate>>,
}

impl<P: Authenticate> PeopleAndServices<P> {
    /// People are known by `people`; the one service that may call this one, `callee`, as its settings say.
    ///
    /// # Errors
    /// [`StartError`] for a secret that is too short, and for certificates that nobody asks for.
    pub fn new<C: Settings>(
        service: &Assembly<C>,
        people: P,
        config: &ServiceCallersConfig,
        caller: &str,
        callee: &str,
    ) -> Result<Self, StartError> {
        let tokens = config
            .secret
            .as_ref()
            .map(|secret| {
                bearer(
                    service,
                    secret,
                    &config.additional_verification_keys,
                    callee,
                )
            })
            .transpose()?;
        if config.certificates.is_empty() {
            return Ok(Self {
                people,
                services: tokens.map(|tokens| Arc::new(tokens) as Arc<dyn Authenticate>),
            });
        }
        let grpc = service.framework().server.grpc.as_ref();
        let tls = grpc.and_then(|grpc| grpc.tls.as_ref());
        if !tls.is_some_and(|tls| tls.client_certificates != ClientCertificates::None) {
            return Err(StartError::new(
                "service_calls.certificates names whom to believe, and nobody is asked for a certificate: set server.grpc.tls.client_certificates",
            ));
        }
        let known = config.certificates.iter().map(|name| {
            let grants = Grants::new([caller], [""; 0]);
            Peer::new(name.as_str()).grants(grants)
        });
        let peers = PeerAuthentication::new(known);
        let services = match tokens {
            Some(tokens) => peers.or(tokens),
            None => peers,
        };
        Ok(Self {
            people,
            services: Some(Arc::new(services)),
        })
    }
}

/// Believes the tokens of services that are meant for this one. What such a token may do is its subject: a service has the role of its name.
fn bearer<C: Settings>(
    service: &Assembly<C>,
    secret: &Secret<String>,
    additional: &[Secret<String>],
    callee: &str,
) -> Result<BearerAuthentication, StartError> {
    let issuer = IssuerConfig {
        algorithms: vec![Algorithm::Hs256],
        token_key: Some(secret.clone()),
        audiences: vec![callee.to_owned()],
        types: vec![SERVICE_TOKEN.to_owned()],
        role_claims: vec!["sub".to_owned()],
        scope_claims: Vec::new(),
        ..IssuerConfig::default()
    };
    bearer_of(
        service,
        issuer,
        additional,
        "calls of services cannot be verified: check service_calls.secret and service_calls.additional_verification_keys",
    )
}

/// Whether a route asks for a role that no person has.
fn is_for_services(route: &RouteOptions) -> bool {
    let mut roles = route.needed_roles();
    roles.any(|role| Role::named(role).is_none())
}

impl<P: Authenticate> Authenticate for PeopleAndServices<P> {
    fn authenticate(
        &self,
        request: &Parts,
        context: &Arc<RequestContext>,
        route: &RouteOptions,
    ) -> Authentication {
        if !is_for_services(route) {
            return self.people.authenticate(request, context, route);
        }
        match &self.services {
            Some(services) => services.authenticate(request, context, route),
            // The stack refuses it.
            None => Authentication::Anonymous,
        }
    }

    fn challenge(&self, refusal: &Error, route: &RouteOptions) -> Option<HeaderValue> {
        if !is_for_services(route) {
            return self.people.challenge(refusal, route);
        }
        self.services.as_ref()?.challenge(refusal, route)
    }
}

#[cfg(test)]
mod tests {
    use seaworthy::contract::{ContractMethod as _, MethodAccess};

    use super::*;
    use crate::auth::v1::AuthServiceMethod;

    #[test]
    fn calls_of_auth_need_the_role_of_the_gateway_auth_6() {
        for method in AuthServiceMethod::ALL {
            assert_eq!(
                method.description().access,
                MethodAccess::Authenticated {
                    any_of_roles: &[DOOR],
                    all_of_scopes: &[],
                }
            );
        }
        assert!(Role::named(DOOR).is_none());
    }
}
