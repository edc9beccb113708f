use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, StatusCode, header};
use seaworthy_client::HttpClient;
use seaworthy_core::Secret;
use serde::Deserialize;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::{ClientAuthentication, OpenIdConfig, OpenIdError, metadata::Metadata};

/// A code of the provider, with the values of its authorization request.
#[derive(Clone, Copy)]
pub(super) struct Code<'a> {
    pub(super) code: &'a Secret<String>,
    pub(super) redirect_uri: &'a str,
    /// The PKCE verifier.
    pub(super) verifier: &'a str,
}

/// The token response of the provider.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) access_token: Secret<String>,
    pub(super) id_token: Option<Secret<String>>,
    token_type: String,
}

/// The error response (RFC 6749, section 5.2).
#[derive(Deserialize)]
struct ErrorResponse {
    error: String,
}

/// Exchanges a code, with the PKCE verifier and the client credentials (RFC 6749, section 4.1.3,
/// and RFC 7636, section 4.5). It is not retried, because a provider revokes the tokens of a code
/// that it receives twice.
pub(super) async fn exchange(
    client: &HttpClient,
    config: &OpenIdConfig,
    metadata: &Metadata,
    code: Code<'_>,
) -> Result<Tokens, OpenIdError> {
    let (body, authorization) = form(config, metadata, code)?;
    let mut request = client
        .post(metadata.token_endpoint.as_str())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "application/json")
        .without_redirects()
        .body(body);
    if let Some(authorization) = authorization {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    let response = request.send().await.map_err(OpenIdError::Unavailable)?;
    match response.status() {
        StatusCode::OK => {
            let tokens: Tokens = response.json().await.map_err(OpenIdError::Unavailable)?;
            if !tokens.token_type.eq_ignore_ascii_case("bearer") {
                return Err(OpenIdError::InvalidResponse(
                    "the type of its access token is not supported",
                ));
            }
            Ok(tokens)
        }
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED => {
            let refused: ErrorResponse = response.json().await.map_err(OpenIdError::Unavailable)?;
            Err(match refused.error.as_str() {
                "invalid_grant" => OpenIdError::Code,
                "invalid_client" | "unauthorized_client" => OpenIdError::Client,
                _ => OpenIdError::InvalidResponse("it rejected the exchange of a code"),
            })
        }
        _ => match response.success() {
            Ok(_) => Err(OpenIdError::InvalidResponse(
                "it sent an unexpected response to the exchange of a code",
            )),
            Err(error) => Err(OpenIdError::Unavailable(error)),
        },
    }
}

/// Returns the body, and the `Authorization` header if the credentials are not in the body.
fn form(
    config: &OpenIdConfig,
    metadata: &Metadata,
    code: Code<'_>,
) -> Result<(String, Option<HeaderValue>), OpenIdError> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code.code.expose())
        .append_pair("redirect_uri", code.redirect_uri)
        .append_pair("code_verifier", code.verifier);
    let in_body = match config.client_authentication {
        Some(method) => method == ClientAuthentication::Post,
        None => metadata.needs_secret_in_body(),
    };
    let mut authorization = None;
    // A rotated secret takes effect without a restart (CONF-5).
    match config.client_secret.as_ref().map(Secret::current) {
        Some(secret) if in_body => {
            form.append_pair("client_id", &config.client_id)
                .append_pair("client_secret", secret.expose());
        }
        Some(secret) => authorization = Some(basic(&config.client_id, &secret)?),
        None => {
            form.append_pair("client_id", &config.client_id);
        }
    }
    Ok((form.finish(), authorization))
}

/// Returns the `Basic` credentials. Both parts are form-encoded (RFC 6749, section 2.3.1).
fn basic(id: &str, secret: &Secret<String>) -> Result<HeaderValue, OpenIdError> {
    let escaped = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Zeroizing::new(format!("{}:{}", escaped(id), escaped(secret.expose())));
    let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    let mut value = HeaderValue::try_from(text.as_str()).map_err(|_| OpenIdError::Client)?;
    value.set_sensitive(true);
    Ok(value)
}
