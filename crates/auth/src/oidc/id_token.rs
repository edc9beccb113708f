use std::time::SystemTime;

use aws_lc_rs::digest;
use seaworthy_core::Secret;

use super::{OpenIdError, pending::is_equal};
use crate::token::{Algorithm, TokenError, TokenVerifier, VerifiedToken, encode};

/// The maximum length of a subject in ASCII characters (Core 1.0, section 2).
const MAX_SUBJECT_LENGTH: usize = 255;

/// The expected claims of an ID token.
pub(super) struct Expected<'a> {
    /// The clients of this service.
    pub(super) client_ids: &'a [String],
    /// The access token that the provider sent with the ID token.
    pub(super) access_token: Option<&'a Secret<String>>,
    /// The nonce of the authorization request, if this service sent it.
    pub(super) nonce: Option<&'a str>,
}

/// Verifies an ID token as in OpenID Connect Core 1.0, section 3.1.3.7. The [`TokenVerifier`]
/// checks signature, algorithm, issuer, audience and times. This function checks the remaining
/// claims.
pub(super) async fn check(
    verifier: &TokenVerifier,
    token: &Secret<String>,
    expected: &Expected<'_>,
) -> Result<VerifiedToken, OpenIdError> {
    let verified = verifier.verify(token.expose(), SystemTime::now()).await?;
    let claims = verified.claims();
    if claims.issued_at().is_none() {
        return Err(TokenError::Claim.into());
    }
    let subject = claims.subject().ok_or(TokenError::Claim)?;
    if subject.len() > MAX_SUBJECT_LENGTH || !subject.is_ascii() {
        return Err(TokenError::Claim.into());
    }
    // No other client is trusted, so a token with a further audience is rejected.
    let is_own = |id: &str| expected.client_ids.iter().any(|own| own == id);
    let is_ours = claims
        .audience()
        .is_some_and(|audiences| audiences.iter().all(|audience| is_own(audience)));
    if !is_ours || claims.text("azp")?.is_some_and(|party| !is_own(party)) {
        return Err(OpenIdError::AuthorizedParty);
    }
    if let Some(nonce) = expected.nonce
        && !claims
            .text("nonce")?
            .is_some_and(|own| is_equal(own, nonce))
    {
        return Err(OpenIdError::Nonce);
    }
    if let Some(access_token) = expected.access_token
        && let Some(hash) = claims.text("at_hash")?
        && !is_equal(
            hash,
            &half_hash(verified.algorithm(), access_token.expose()),
        )
    {
        return Err(OpenIdError::AccessTokenHash);
    }
    Ok(verified)
}

/// Returns the left half of the hash of the signature algorithm (section 3.1.3.6).
fn half_hash(algorithm: Algorithm, access_token: &str) -> String {
    let hash = match algorithm {
        Algorithm::Hs256 | Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Es256 => {
            &digest::SHA256
        }
        Algorithm::Hs384 | Algorithm::Rs384 | Algorithm::Ps384 | Algorithm::Es384 => {
            &digest::SHA384
        }
        // Ed25519 hashes with SHA-512.
        Algorithm::Hs512
        | Algorithm::Rs512
        | Algorithm::Ps512
        | Algorithm::Es512
        | Algorithm::EdDsa => &digest::SHA512,
    };
    let digest = digest::digest(hash, access_token.as_bytes());
    let bytes = digest.as_ref();
    encode(bytes.get(..bytes.len() / 2).unwrap_or_default())
}
