//! Authentication between services, for calls that a service makes on its own behalf (AUTH-6).

use std::sync::Arc;

use seaworthy::{
    auth::{
        BearerAuthentication, Peer, PeerAuthentication, SERVICE_TOKEN, ServiceTokens,
        token::{Algorithm, IssuerConfig, TokenSigner, TokenSignerConfig},
    },
    axum::http::{HeaderValue, request::Parts},
    config::Settings,
    core::Grants,
    http::{Authenticate, Authentication, tls::ClientCertificates},
    prelude::*,
};

use crate::{Role, bearer_from_issuer};

/// The name of the gateway in its tokens. `auth.proto` uses it as the role of its callers.
pub const GATEWAY: &str = "bff";
/// The name of the auth service: the audience of tokens for it.
pub const AUTH_SERVICE: &str = "auth-service";
/// The lifetime of a service token: longer than any call plus the difference of clocks.
const TOKEN_LIFETIME: Timeout = Timeout::from_secs(60);
/// The ID of the key that two services share.
const KEY_ID: &str = "shared";

/// The credentials of this service for calls to another service.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceCallsConfig {
    /// The secret that signs the tokens of this service, at least 32 bytes. The called service has
    /// the same secret, and no other service has it.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub secret: Option<Secret<String>>,
}

/// The credentials that this service accepts from another service. Without a secret and without
/// certificates it rejects all calls of services.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceCallersConfig {
    /// The secret that signs the tokens of the calling service, at least 32 bytes. The calling
    /// service has the same secret, and no other service has it.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub secret: Option<Secret<String>>,
    /// Further secrets whose tokens are accepted, while the secret is rotated.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub additional_verification_keys: Vec<Secret<String>>,
    /// Names in the client certificate of the calling service, instead of a token: a URI such as
    /// `spiffe://example.org/bff`, or a DNS name. Requires `server.grpc.tls.client_certificates`.
    pub certificates: Vec<String>,
}

impl ServiceCallsConfig {
    /// Returns the source of tokens with which `service` authenticates at `callee`, or `None`
    /// without a secret.
    ///
    /// # Errors
    /// [`StartError`] if the secret is too short.
    pub fn tokens(&self, service: &str, callee: &str) -> Result<Option<ServiceTokens>, StartError> {
        let Some(secret) = &self.secret else {
            return Ok(None);
        };
        let config = TokenSignerConfig {
            lifetime: TOKEN_LIFETIME,
            kind: SERVICE_TOKEN.to_owned(),
            ..TokenSignerConfig::default()
        };
        let signer = TokenSigner::with_secret(config, KEY_ID, Algorithm::Hs256, secret);
        let signer = signer.map_err(|error| {
            StartError::with_cause(
                "service tokens cannot be signed: check service_calls.secret",
                error,
            )
        })?;
        Ok(Some(ServiceTokens::new(signer, service, callee)))
    }
}

/// Authenticates services on routes that need the role of a service, and users on all others.
/// Services and users have separate keys, so roles in a token cannot turn one into the other.
pub struct UserOrServiceAuthentication<U> {
    users: U,
    services: Option<Arc<dyn Authenticate>>,
}

impl<U: Authenticate> UserOrServiceAuthentication<U> {
    /// Authenticates users with `users`, and calls of the service `caller` to this service,
    /// `callee`, with the credentials in `config`.
    ///
    /// # Errors
    /// [`StartError`] if a secret is too short, or if `certificates` is set and the gRPC listener
    /// does not request client certificates.
    pub fn new<C: Settings>(
        service: &Assembly<C>,
        users: U,
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
                users,
                services: tokens.map(|tokens| Arc::new(tokens) as Arc<dyn Authenticate>),
            });
        }
        let grpc = service.framework().server.grpc.as_ref();
        let tls = grpc.and_then(|grpc| grpc.tls.as_ref());
        if !tls.is_some_and(|tls| tls.client_certificates != ClientCertificates::None) {
            return Err(StartError::new(
                "service_calls.certificates is set, but the gRPC listener requests no client certificate: set server.grpc.tls.client_certificates",
            ));
        }
        let accepted = config.certificates.iter().map(|name| {
            let grants = Grants::new([caller], [""; 0]);
            Peer::new(name.as_str()).grants(grants)
        });
        let peers = PeerAuthentication::new(accepted);
        let services = match tokens {
            Some(tokens) => peers.or(tokens),
            None => peers,
        };
        Ok(Self {
            users,
            services: Some(Arc::new(services)),
        })
    }
}

/// Verifies tokens of services with the audience `callee`. The role of the caller is the subject of
/// the token.
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
    bearer_from_issuer(
        service,
        issuer,
        additional,
        "calls of services cannot be verified: check service_calls.secret and service_calls.additional_verification_keys",
    )
}

/// Returns whether a route requires a role that no user has.
fn is_for_services(route: &RouteOptions) -> bool {
    let mut roles = route.required_roles();
    roles.any(|role| Role::from_name(role).is_none())
}

impl<U: Authenticate> Authenticate for UserOrServiceAuthentication<U> {
    fn authenticate(
        &self,
        request: &Parts,
        context: &Arc<RequestContext>,
        route: &RouteOptions,
    ) -> Authentication {
        if !is_for_services(route) {
            return self.users.authenticate(request, context, route);
        }
        match &self.services {
            Some(services) => services.authenticate(request, context, route),
            // The HTTP stack then rejects the request.
            None => Authentication::Anonymous,
        }
    }

    fn has_credentials(&self, request: &Parts) -> bool {
        let services = self.services.as_ref();
        self.users.has_credentials(request)
            || services.is_some_and(|services| services.has_credentials(request))
    }

    fn challenge(&self, error: &Error, route: &RouteOptions) -> Option<HeaderValue> {
        if !is_for_services(route) {
            return self.users.challenge(error, route);
        }
        self.services.as_ref()?.challenge(error, route)
    }
}

#[cfg(test)]
mod tests {
    use seaworthy::contract::{ContractMethod as _, MethodAccess};

    use super::*;
    use crate::auth::v1::AuthServiceMethod;

    #[test]
    fn auth_methods_require_role_of_gateway_auth_6() {
        for method in AuthServiceMethod::ALL {
            assert_eq!(
                method.description().access,
                MethodAccess::Authenticated {
                    any_of_roles: &[GATEWAY],
                    all_of_scopes: &[],
                }
            );
        }
        assert!(Role::from_name(GATEWAY).is_none());
    }
}
