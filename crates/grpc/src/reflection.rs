use seaworthy_http::{Access, RouteOptions, Routes};
use seaworthy_service::StartError;
use tonic_reflection::server::Builder;

use crate::methods::{as_it_is, call};

const V1: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const V1_ALPHA: &str = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

/// Returns the reflection service in both versions.
///
/// # Errors
/// The descriptors cannot be read.
pub(crate) fn calls(descriptors: &[&'static [u8]]) -> Result<Routes, StartError> {
    let mut known: Vec<&[u8]> = Vec::new();
    let (mut v1, mut v1alpha) = (Builder::configure(), Builder::configure());
    for descriptors in descriptors {
        // Contracts that were compiled together have the same bytes.
        if !known.contains(descriptors) {
            known.push(descriptors);
            v1 = v1.register_encoded_file_descriptor_set(descriptors);
            v1alpha = v1alpha.register_encoded_file_descriptor_set(descriptors);
        }
    }
    let refused = |error| {
        StartError::with_cause(
            "the descriptors of the contracts cannot be read for reflection",
            error,
        )
    };
    let public = RouteOptions::new()
        .access(Access::Public)
        .streams_messages()
        .streams_response();
    let unchanged = |response| response;
    Ok(call(
        V1,
        v1.build_v1().map_err(refused)?,
        public.clone(),
        as_it_is,
        unchanged,
    )
    .merge(call(
        V1_ALPHA,
        v1alpha.build_v1alpha().map_err(refused)?,
        public,
        as_it_is,
        unchanged,
    )))
}
