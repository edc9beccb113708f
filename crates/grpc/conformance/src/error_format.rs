use seaworthy_contract::error::ErrorFormat;
use seaworthy_core::Error;
use tonic::{Code, Status};

/// Errors without details, as the runner requires.
pub(crate) struct Bare;

impl ErrorFormat for Bare {
    fn grpc(&self, error: Error) -> Status {
        Status::new(Code::from_i32(error.code().grpc()), error.message())
    }
}
