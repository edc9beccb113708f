//! Secrets from AWS Secrets Manager (CONF-5): `aws:NAME`, or `aws:NAME#key` for a secret that is a
//! JSON object.
//!
//! Region, credentials and certificate authorities come from the variables that the tools of AWS
//! read. They cannot be settings, because settings refer to the secrets of the store.

mod access;
mod signature;
mod source;

pub(crate) use source::AwsSource;

/// The scheme of references to secrets in AWS Secrets Manager.
pub(crate) const SCHEME: &str = "aws";

#[cfg(test)]
mod tests;
