use http::{HeaderMap, HeaderName};
use seaworthy_core::Code;
use seaworthy_resilience::Outcome;

pub(super) const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// The status of a gRPC call: one of the seventeen codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RpcStatus(u8);

/// The names that gRPC libraries of other languages use in metrics, in the order of their numbers.
const NAMES: [&str; RpcStatus::COUNT] = [
    "OK",
    "Canceled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];

impl RpcStatus {
    pub(crate) const COUNT: usize = 17;
    pub(crate) const CANCELLED: Self = Self(1);
    /// The status of a response without a valid one.
    pub const UNKNOWN: Self = Self(2);

    /// Returns the status in headers or trailers. A number that gRPC does not define is `UNKNOWN`.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(GRPC_STATUS)?.to_str().ok();
        let number = text.and_then(|text| text.parse::<u8>().ok());
        Some(number.map_or(Self::UNKNOWN, Self::known))
    }

    fn known(number: u8) -> Self {
        if usize::from(number) < Self::COUNT {
            Self(number)
        } else {
            Self::UNKNOWN
        }
    }

    /// Whether the call succeeded.
    #[must_use]
    pub fn is_ok(self) -> bool {
        self.0 == 0
    }

    /// Returns the number of the code.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    pub(crate) fn name(self) -> &'static str {
        NAMES.get(usize::from(self.0)).unwrap_or(&"Unknown")
    }

    /// Whether the service caused the failure: the codes that OpenTelemetry counts as errors of a
    /// server.
    #[must_use]
    pub fn is_server_fault(self) -> bool {
        matches!(self.0, 2 | 4 | 12 | 13 | 14 | 15)
    }

    /// Returns the code of a failure whose message may contain internals. `None` for the others,
    /// whose message is for the client. `UNIMPLEMENTED` names what the service does not support.
    pub(crate) fn internal_failure(self) -> Option<Code> {
        match self.0 {
            2 | 13 | 15 => Some(Code::Internal),
            4 => Some(Code::DeadlineExceeded),
            14 => Some(Code::Unavailable),
            _ => None,
        }
    }

    /// Returns what the call shows about the latency of the service.
    pub(crate) fn outcome(self) -> Outcome {
        if self.is_ok() {
            Outcome::Success
        } else if self.is_server_fault() {
            Outcome::TRANSIENT
        } else {
            Outcome::Permanent
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_name_obs_4() {
        let mut headers = HeaderMap::new();
        assert_eq!(RpcStatus::of(&headers), None);
        for (text, name) in [
            ("0", "OK"),
            ("5", "NotFound"),
            ("16", "Unauthenticated"),
            ("17", "Unknown"),
            ("x", "Unknown"),
        ] {
            headers.insert(GRPC_STATUS, text.parse().unwrap());
            assert_eq!(RpcStatus::of(&headers).unwrap().name(), name);
        }
    }
}
