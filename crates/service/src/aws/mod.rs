//! Secrets from AWS Secrets Manager (CONF-5): `aws:NAME`, or `aws:NAME#key` for a secret that is a
//! JSON object.
//!
//! Region, credentials and trust come from the variables that the tools of AWS read, because
//! settings contain what the store keeps.

mod access;
mod signature;
mod source;

pub(crate) use source::AwsSource;

/// The scheme of references to it.
pub(crate) const SCHEME: &str = "aws";

#[cfg(test)]
mod tests;
