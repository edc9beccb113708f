use base64::{
    Engine as _, alphabet,
    engine::{
        DecodePaddingMode,
        general_purpose::{GeneralPurpose, GeneralPurposeConfig},
    },
};
use http::{HeaderMap, HeaderName};

const STATUS_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// The encoding that `tonic` accepts: standard base64 with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Removes status details that are not valid base64. `tonic` panics when it reads them, so a server
/// could end a task of its client.
pub(super) fn remove_malformed(headers: &mut HeaderMap) {
    let is_malformed = |details: &http::HeaderValue| BASE64.decode(details).is_err();
    if headers.get(STATUS_DETAILS).is_some_and(is_malformed) {
        headers.remove(STATUS_DETAILS);
    }
}
