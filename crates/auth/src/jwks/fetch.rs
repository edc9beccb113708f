use http::header::ACCEPT;
use seaworthy_client::{ClientError, HttpClient};

use crate::token::{Algorithm, KeySet, KeySetError};

/// Maximum size of a key set, in bytes: 64 keys of 8192 bits with their certificates fit.
const MAX_BYTES: usize = 256 * 1024;

/// A fetch of the key set failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("the key set cannot be fetched")]
    Client(#[from] ClientError),
    #[error("the key set has more than {MAX_BYTES} bytes")]
    TooLarge,
    #[error(transparent)]
    KeySet(#[from] KeySetError),
}

/// Fetches the keys. Returns them with the bytes of their document.
pub(super) async fn fetch(
    client: &HttpClient,
    path: &str,
    algorithms: &[Algorithm],
) -> Result<(KeySet, Vec<u8>), FetchError> {
    let request = client
        .get(path)
        .header(ACCEPT, "application/jwk-set+json, application/json");
    let response = request.send().await?.success()?;
    let document = response.bytes().await?;
    if document.len() > MAX_BYTES {
        return Err(FetchError::TooLarge);
    }
    Ok((KeySet::parse(&document, algorithms)?, document.to_vec()))
}
