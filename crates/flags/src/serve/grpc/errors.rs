use std::sync::Arc;

use seaworthy_contract::{
    error::{ErrorFormat, Problems},
    tonic::{Code as GrpcCode, Status},
};
use seaworthy_core::{Code, Error, ResponseError};

use crate::ErrorCode;

/// Writes errors with the status codes of flagd.
pub(super) struct FlagdErrors;

impl ErrorFormat for FlagdErrors {
    fn grpc(&self, error: Error) -> Status {
        // flagd uses the status `DataLoss` for parse errors. `Code` has no such value.
        if error.reason() != ErrorCode::ParseError.as_str() {
            return Problems.grpc(error);
        }
        let mut status = Status::new(GrpcCode::DataLoss, error.message());
        status.set_source(Arc::new(ResponseError::new(error)));
        status
    }
}

/// Returns the error of a failed evaluation.
pub(super) fn failed(key: &str, error: ErrorCode) -> Error {
    let (code, message) = match error {
        ErrorCode::FlagNotFound => (Code::NotFound, format!("no flag has the key {key:?}")),
        ErrorCode::TypeMismatch => (Code::Invalid, format!("flag {key:?} has another type")),
        ErrorCode::ParseError => (
            Code::Internal,
            format!("the rule of flag {key:?} is not valid"),
        ),
        ErrorCode::General => (
            Code::Internal,
            format!("the rule of flag {key:?} names a variant that does not exist"),
        ),
    };
    Error::new(code, error.as_str(), message)
}
