use http::header::ACCEPT;
use seaworthy_client::{ClientError, HttpClient};

use crate::token::{Algorithm, KeySet, KeySetError};

/// A set of 64 keys of 8192 bits with their certificates is smaller.
const LARGEST: usize = 256 * 1024;

/// Why there are no newer keys.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("the key set cannot be fetched")]
    Client(#[from] ClientError),
    #[error("the key set has more than {LARGEST} bytes")]
    TooLarge,
    #[error(transparent)]
    KeySet(#[from] KeySetError),
}

/// The keys and the document that they came in.
pub(super) async fn fetch(
    client: &HttpClient,
    path: &str,
    algorithms: &[Algorithm],
) -> Result<(KeySet, Vec<u8>), FetchError> {
    let request = client
        .get(path)
        .header(ACCEPT, "application/jwk-set+json, application/json");
    let answer = request.send().await?.success()?;
    let document = answer.bytes().await?;
    if document.len() > LARGEST {
        return Err(FetchError::TooLarge);
    }
    Ok((KeySet::parse(&document, algorithms)?, document.to_vec()))
}
